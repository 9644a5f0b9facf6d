package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Flag;
import dev.cutover.schema.FlagWriter.Outcome;
import dev.cutover.schema.Stage;
import dev.cutover.schema.StartupException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FirstStartTest {
    private final Map<String, Flag> flags = new HashMap<>();
    private final List<Flag> written = new ArrayList<>();

    private Outcome write(String feature, OptionalLong expected, UnaryOperator<Flag> change) {
        assertThat(expected).hasValue(0);
        Flag next = change.apply(Flag.initial(feature));
        written.add(next);
        return new Outcome.Written(next);
    }

    private void start(Map<String, String> environment) {
        FirstStart.of(environment, FeatureCatalog.shipped())
                .write(feature -> flags.getOrDefault(feature, Flag.initial(feature)), this::write);
    }

    @Test
    void whatIsTrueInTheEnvironmentIsLiveAndMarkedAsForced() {
        start(Map.of("WS_FEATURE_GLOBAL_MARKET", "true", "PATH", "/bin"));

        assertThat(written).singleElement().satisfies(flag -> {
            assertThat(flag.feature()).isEqualTo("global_market");
            assertThat(flag.stage()).isEqualTo(Stage.LIVE);
            assertThat(flag.changedBy()).isEqualTo("environment");
            assertThat(flag.reason()).isEqualTo("WS_FEATURE_GLOBAL_MARKET=true at the first start");
            assertThat(flag.forced()).isTrue();
        });
    }

    @Test
    void aFlagThatWasEverWrittenIsLeftAsItIs() {
        flags.put(
                "positions",
                new Flag(
                        "positions",
                        Stage.SHADOW,
                        2,
                        100,
                        null,
                        Flag.Guard.ON,
                        false,
                        false,
                        "c",
                        "a",
                        null,
                        "r",
                        null));

        start(Map.of("WS_FEATURE_POSITIONS", "true", "WS_FEATURE_INTRADAY", "true"));

        assertThat(written).extracting(Flag::feature).containsExactly("intraday");
    }

    @Test
    void falseEmptyAndUnknownFeaturesWriteNothing() {
        start(Map.of("WS_FEATURE_POSITIONS", "false", "WS_FEATURE_INTRADAY", "", "WS_FEATURE_NOPE", "true"));

        assertThat(written).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "yes", "True", " "})
    void anyOtherValueStopsTheStartInOneLineThatNamesTheVariable(String value) {
        assertThatThrownBy(() -> start(Map.of("WS_FEATURE_POSITIONS", value)))
                .isInstanceOf(StartupException.class)
                .hasMessage("WS_FEATURE_POSITIONS must be true or false, but is '" + value + "'");
    }

    @Test
    void somebodyWhoWasFasterIsFine() {
        FirstStart.of(Map.of("WS_FEATURE_POSITIONS", "true"), FeatureCatalog.shipped())
                .write(Flag::initial, (feature, expected, change) -> new Outcome.Conflict(Flag.initial(feature), 0));
    }

    @Test
    void aKafkaThatFailsStopsTheStart() {
        assertThatThrownBy(() -> FirstStart.of(Map.of("WS_FEATURE_POSITIONS", "true"), FeatureCatalog.shipped())
                        .write(Flag::initial, (feature, expected, change) -> {
                            throw ControlRig.writeFailure("away");
                        }))
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("WS_FEATURE_POSITIONS");
    }
}
