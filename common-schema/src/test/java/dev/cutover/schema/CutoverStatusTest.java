package dev.cutover.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.CutoverStatus.Mode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CutoverStatusTest {
    private static final FeatureCatalog CATALOG = FeatureCatalog.shipped();

    @Test
    void theStatusOfFlagsThatWereNeverReadIsTheGoldenFile() {
        CutoverStatus status = CutoverStatus.of(CATALOG, Flag::initial, OptionalLong.empty());

        assertThat(new String(status.toJson(), UTF_8)).isEqualTo(Golden.text("golden-state/status-shadow.json"));
    }

    @Test
    void theStatusOfAPartialCutoverIsTheGoldenFile() {
        CutoverStatus status = CutoverStatus.of(CATALOG, stages("live"), OptionalLong.of(120));

        assertThat(new String(status.toJson(), UTF_8)).isEqualTo(Golden.text("golden-state/status-partial.json"));
    }

    @ParameterizedTest
    @CsvSource({
        "'', SHADOW, ⚪ SHADOW MODE",
        "live, PARTIAL, ⚡ PARTIAL CUTOVER (1/4)",
        "live promoted live, PARTIAL, ⚡ PARTIAL CUTOVER (3/4)",
        "live live promoted promoted, FULL, ✅ FULL CUTOVER (4/4)",
        "promoted promoted promoted promoted, FULL, ✅ FULL CUTOVER (4/4)",
    })
    void theHeadlineSaysHowFarTheDashboardHasCome(String stages, Mode mode, String headline) {
        CutoverStatus status = CutoverStatus.of(CATALOG, stages(stages), OptionalLong.of(1));

        assertThat(status.mode()).isEqualTo(mode);
        assertThat(status.headline()).isEqualTo(headline);
    }

    @Test
    void flagsAreStaleAfterFiveSecondsOrWhereTheyWereNeverRead() {
        assertThat(new CutoverStatus(Mode.SHADOW, List.of(), 4_999L).stale()).isFalse();
        assertThat(new CutoverStatus(Mode.SHADOW, List.of(), 5_000L).stale()).isTrue();
        assertThat(new CutoverStatus(Mode.SHADOW, List.of(), null).stale()).isTrue();
    }

    @Test
    void readinessIsSaidWithItsReasons() {
        assertThat(new String(new Health(List.of()).toJson(), UTF_8)).isEqualTo("{\"status\":\"ready\"}");
        assertThat(new String(new Health(List.of("the flags are not read yet")).toJson(), UTF_8))
                .isEqualTo("{\"status\":\"not_ready\",\"reasons\":[\"the flags are not read yet\"]}");
    }

    /** The features in the catalog's order at these stages; those left over were never changed. */
    private static Function<String, Flag> stages(String wireNames) {
        Map<String, Flag> flags = new HashMap<>();
        List<String> stages = wireNames.isEmpty() ? List.of() : List.of(wireNames.split(" ", -1));
        for (int i = 0; i < stages.size(); i++) {
            String feature = CATALOG.features().get(i).name();
            Flag live = FlagTest.LIVE;
            flags.put(
                    feature,
                    new Flag(
                            feature,
                            Stage.fromWireName(stages.get(i)),
                            live.version(),
                            live.rollout(),
                            live.sunset(),
                            live.guard(),
                            live.hold(),
                            live.forced(),
                            live.changeId(),
                            live.changedBy(),
                            live.changedAt(),
                            live.reason(),
                            live.since()));
        }
        return feature -> flags.getOrDefault(feature, Flag.initial(feature));
    }
}
