package dev.cutover.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FlagTest {
    /** The flag of {@code golden-state/flag.json}. */
    static final Flag LIVE = new Flag(
            "positions",
            Stage.LIVE,
            4,
            100,
            Instant.parse("2026-03-01T00:00:00Z"),
            Flag.Guard.ON,
            false,
            true,
            "7c0e4b1e-1f6e-4f5b-9d0a-0d5b7a4f6a11",
            "operator-1",
            Instant.parse("2026-01-05T15:30:00.123Z"),
            "parity holds — três sessões",
            Instant.parse("2026-01-05T15:30:00.123Z"));

    /** A flag in shadow, changed so many times. */
    static Flag shadow(String feature, long version) {
        return new Flag(
                feature, Stage.SHADOW, version, 100, null, Flag.Guard.ON, false, false, null, null, null, null, null);
    }

    @ParameterizedTest
    @CsvSource({
        "SHADOW, SHADOW, false",
        "SHADOW, LIVE, true",
        "SHADOW, PROMOTED, false",
        "LIVE, SHADOW, true",
        "LIVE, LIVE, false",
        "LIVE, PROMOTED, true",
        "PROMOTED, SHADOW, true",
        "PROMOTED, LIVE, false",
        "PROMOTED, PROMOTED, false",
    })
    void aStageMovesOneUpAtATimeAndBackToShadowFromAnywhere(Stage from, Stage to, boolean moves) {
        assertThat(from.canMoveTo(to)).isEqualTo(moves);
    }

    @Test
    void theFlagRecordIsTheGoldenFile() {
        assertThat(new String(LIVE.toJson(), UTF_8)).isEqualTo(golden("flag"));
        assertThat(new String(Flag.initial("positions").toJson(), UTF_8)).isEqualTo(golden("flag-initial"));
    }

    @Test
    void theAuditRecordIsTheFlagAndTheStageBefore() {
        FlagChange change = new FlagChange(Flag.initial("positions"), LIVE);

        assertThat(new String(change.toAuditJson(null), UTF_8)).isEqualTo(golden("flag-audit"));
    }

    @Test
    void evidenceOfAChangeIsInTheAuditRecordAlone() throws JsonFault {
        ObjectNode evidence = Json.MAPPER.createObjectNode().put("breach", "mismatch");
        FlagChange change = new FlagChange(Flag.initial("positions"), LIVE);

        JsonNode audit = Json.read(Json.MAPPER, JsonNode.class, change.toAuditJson(evidence));

        assertThat(audit.path("evidence")).isEqualTo(evidence);
        assertThat(new String(LIVE.toJson(), UTF_8)).doesNotContain("evidence");
    }

    @Test
    void holdAndGuardChangeWithoutMovingTheStage() {
        Flag held = LIVE.withHold(true, "guard", "values differ");
        assertThat(held.hold()).isTrue();
        assertThat(held.stage()).isEqualTo(Stage.LIVE);
        assertThat(held.changedBy()).isEqualTo("guard");
        assertThat(held.withHold(false, "operator-1", "looked at").hold()).isFalse();
        assertThat(LIVE.withGuard(Flag.Guard.WARN, "operator-1", "first day").guard())
                .isEqualTo(Flag.Guard.WARN);
    }

    @Test
    void whatIsWrittenIsReadBack() {
        for (Flag flag : new Flag[] {LIVE, Flag.initial("positions")}) {
            assertThat(Flag.fromJson("positions", flag.toJson())).isEqualTo(flag);
        }
    }

    @Test
    void aFieldOfANewerWriterIsIgnored() {
        String newer = golden("flag").replace("{\"feature\"", "{\"canary\":[1],\"feature\"");

        assertThat(Flag.fromJson("positions", newer.getBytes(UTF_8))).isEqualTo(LIVE);
    }

    @Test
    void aRecordFromBeforeThereWasSinceEnteredItsStageWhenItWasChanged() {
        String older = golden("flag").replace(",\"since\":\"2026-01-05T15:30:00.123Z\"", "");

        assertThat(Flag.fromJson("positions", older.getBytes(UTF_8))).isEqualTo(LIVE);
    }

    @Test
    void aChangeThatLeavesTheStageLeavesItsBeginning() {
        Instant later = Instant.parse("2026-02-01T00:00:00Z");
        Instant date = Instant.parse("2026-04-01T00:00:00Z");

        Flag dated = LIVE.withSunset(date).stamped(LIVE, "c", later);
        assertThat(dated.version()).isEqualTo(5);
        assertThat(dated.sunset()).isEqualTo(date);
        assertThat(dated.changedAt()).isEqualTo(later);
        assertThat(dated.since()).isEqualTo(LIVE.since());

        Flag promoted = LIVE.at(Stage.PROMOTED, "operator-2", "signed off").stamped(LIVE, "c", later);
        assertThat(promoted.since()).isEqualTo(later);
    }

    @Test
    void goingPastTheGateIsMarkedForThatChangeAlone() {
        Flag forced = LIVE.at(Stage.PROMOTED, "operator-2", "now").pastTheGate();

        assertThat(forced.forced()).isTrue();
        assertThat(forced.at(Stage.SHADOW, "operator-2", "oh").forced()).isFalse();
    }

    @Test
    void backInShadowNoDateIsSetForTheEndpointToGo() {
        assertThat(LIVE.at(Stage.SHADOW, "operator-2", "oh").sunset()).isNull();
        assertThat(LIVE.at(Stage.PROMOTED, "operator-2", "done").sunset()).isEqualTo(LIVE.sunset());
    }

    @Test
    void aFeatureThatWasNeverChangedIsInShadow() {
        Flag initial = Flag.initial("positions");

        assertThat(initial.stage()).isEqualTo(Stage.SHADOW);
        assertThat(initial.version()).isZero();
        assertThat(initial.rollout()).isEqualTo(100);
        assertThat(initial.guard()).isEqualTo(Flag.Guard.ON);
        assertThat(initial.changeId()).isNull();
    }

    @Test
    void aFlagAtAnotherStageKeepsAllElse() {
        Flag promoted = LIVE.at(Stage.PROMOTED, "operator-2", "signed off");

        assertThat(promoted)
                .usingRecursiveComparison()
                .ignoringFields("stage", "changedBy", "reason", "forced")
                .isEqualTo(LIVE);
        assertThat(promoted.stage()).isEqualTo(Stage.PROMOTED);
        assertThat(promoted.changedBy()).isEqualTo("operator-2");
        assertThat(promoted.reason()).isEqualTo("signed off");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"live\"|\"LIVE\"|stage must be shadow, live or promoted, but is 'LIVE'",
                "\"live\"|1|stage",
                "\"live\"|null|a flag must have feature, stage and guard, but has 'positions', null and ON",
                "\"guard\":\"on\"|\"guard\":\"sleepy\"|guard must be on, warn or off, but is 'sleepy'",
                "\"guard\":\"on\"|\"guard\":\"ON\"|guard must be on, warn or off, but is 'ON'",
                "\"version\":4|\"version\":-1|version must not be negative, but is -1",
                "\"version\":4|\"version\":\"4\"|version must be a whole number, but is '4'",
                "\"version\":4|\"version\":4.5|version must be a whole number, but is 4.5",
                "\"rollout\":100|\"rollout\":101|rollout must be 0 to 100, but is 101",
                "\"rollout\":100|\"rollout\":-1|rollout must be 0 to 100, but is -1",
                "\"rollout\":100|\"rollout\":null|rollout must be a whole number, but is null",
                "\"rollout\":100,|``|rollout must be there",
                "\"hold\":false|\"hold\":0|hold must be true or false, but is 0",
                "\"2026-03-01T00:00:00Z\"|\"soon\"|sunset must be a UTC instant",
                "\"changed_by\":\"operator-1\"|\"changed_by\":7|changed_by must be a text, but is 7",
                "\"positions\"|\"intraday\"|the record's key is 'positions', its flag is of 'intraday'",
                "\"positions\"|null|a flag must have feature, stage and guard, but has 'null', LIVE and ON",
                "{|[|must be an object, but is a list",
                "}|``|is not well-formed: Unexpected end-of-input",
            })
    void aRecordThatIsNoFlagOfItsFeatureIsRefused(String stands, String put, String message) {
        String json = golden("flag").replace(stands, put);

        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> Flag.fromJson("positions", json.getBytes(UTF_8)))
                .withMessageContaining(message);
    }

    private static String golden(String file) {
        return Golden.text("golden-state/" + file + ".json");
    }
}
