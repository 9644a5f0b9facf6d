package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.control.Observation.Freshness;
import dev.cutover.control.Observation.TypeSeen;
import dev.cutover.control.RequestBody.BadBodyException;
import dev.cutover.schema.FeatureCatalog;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PageReportsTest {
    private static final Instant NOW = Instant.parse("2026-01-05T15:30:00Z");
    private static final String WHOLE = """
            {"feature":"intraday","client":"page-7","from":"2026-01-05T15:29:00Z","until":"2026-01-05T15:29:59.5Z",
             "frames":{"intraday_bar":240,"vwap_update":4},"gaps":1,"drops":2,"mismatches":3,
             "freshness":{"samples":5,"median_ms":-12,"worst_ms":870}}""";

    private final PageReports reports = new PageReports(FeatureCatalog.shipped());

    private Observation read(String body) {
        return reports.read(body.getBytes(StandardCharsets.UTF_8), NOW);
    }

    @Test
    void aReportIsAnObservationOfThePage() {
        Observation seen = read(WHOLE);

        assertThat(seen.feature()).isEqualTo("intraday");
        assertThat(seen.source()).isEqualTo(Observation.Source.PAGE);
        assertThat(seen.instance()).isEqualTo("page-7");
        assertThat(seen.from()).isEqualTo("2026-01-05T15:29:00Z");
        assertThat(seen.until()).isEqualTo("2026-01-05T15:29:59.5Z");
        assertThat(seen.types())
                .isEqualTo(Map.of(
                        "intraday_bar", new TypeSeen(240, 0, 0, null), "vwap_update", new TypeSeen(4, 0, 0, null)));
        assertThat(seen.gaps()).isEqualTo(1);
        assertThat(seen.drops()).isEqualTo(2);
        assertThat(seen.mismatches()).isEqualTo(3);
        assertThat(seen.freshness()).isEqualTo(new Freshness(5, -12L, 870L));
        assertThat(seen.connectionsUp() + seen.connectionsDown()).isZero();
    }

    @Test
    void countsMayBeLeftOut() {
        Observation seen = read("{\"feature\":\"positions\",\"client\":\"page-7\",\"from\":\"2026-01-05T15:29:00Z\","
                + "\"until\":\"2026-01-05T15:30:00Z\"}");

        assertThat(seen.types()).isEmpty();
        assertThat(seen.gaps() + seen.drops() + seen.mismatches()).isZero();
        assertThat(seen.freshness()).isEqualTo(Freshness.NONE);
    }

    /** Each puts one thing in place of another, in the whole report. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "intraday"                     | "weather"                | feature must be one of account_balance
            "page-7"                       | ""                       | client must be there
            "page-7"                       | 7                        | client must be a text
            "gaps":1                       | "gap":1                  | 'gap' is no field here
            "gaps":1                       | "gaps":-1                | gaps must be a whole number
            "gaps":1                       | "gaps":1.5               | gaps must be a whole number
            "gaps":1                       | "gaps":1000000001        | gaps must be a whole number
            "2026-01-05T15:29:00Z"         | "2026-01-05T15:29:59.5Z" | from must be before until
            "2026-01-05T15:29:00Z"         | "2026-01-05T14:29:00Z"   | from must be before until, by 60 minutes
            "2026-01-05T15:29:00Z"         | null                     | from must be there
            "2026-01-05T15:29:00Z"         | "yesterday"              | from
            "2026-01-05T15:29:59.5Z"       | "2026-01-05T15:35:01Z"   | until must not lie in the future
            "vwap_update":4                | "positions":4            | 'frames.positions' is no field here
            "vwap_update":4                | "vwap_update":"4"        | frames.vwap_update must be a whole number
            {"intraday_bar":240,"vwap_update":4} | 7                  | frames must be an object
            "median_ms":-12,               | ``                       | freshness must have median_ms and worst_ms
            "samples":5                    | "samples":0              | freshness must have median_ms and worst_ms
            "median_ms":-12                | "median_ms":900          | freshness.median_ms must not be more
            """)
    void whatAPageCannotKnowIsRefused(String part, String instead, String message) {
        String body = WHOLE.replace(part, instead == null ? "" : instead);
        assertThat(body).isNotEqualTo(WHOLE);

        assertThatThrownBy(() -> read(body))
                .isInstanceOf(BadBodyException.class)
                .hasMessageContaining(message);
    }
}
