package dev.cutover.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How an existing service is asked. */
final class UpstreamQueryTest {
    private static final Feature.Rest POSITIONS = rest("positions");
    private static final Feature.Rest BARS = rest("intraday");
    private static final Feature.Rest MARKETS = rest("global_market");

    private static Feature.Rest rest(String feature) {
        return FeatureCatalog.shipped().feature(feature).orElseThrow().rest().orElseThrow();
    }

    private static Feature.Rest mapped(String one, String all) {
        return new Feature.Rest(
                POSITIONS.path(),
                POSITIONS.parameter(),
                POSITIONS.one(),
                POSITIONS.all(),
                new Feature.Upstream(new Feature.Source(one, ""), new Feature.Source(all, "/items")));
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "-,/api/positions/,''",
                "account_id=7,/api/positions/?account_id=7,account_id=7",
                "account_id=a%26b,/api/positions/?account_id=a%26b,account_id=a%26b",
                "account_id=a+b,/api/positions/?account_id=a%20b,account_id=a+b",
            })
    void withoutAMappingItIsAskedAsWeAre(String query, String target, String normalised) throws Exception {
        UpstreamQuery asked = UpstreamQuery.of(POSITIONS, query);
        assertThat(asked.target()).isEqualTo(target);
        assertThat(asked.asked().normalised(POSITIONS)).isEqualTo(normalised);
    }

    @Test
    void theKeyGoesToItsPlaceAndTheRestOfTheQueryFollows() throws Exception {
        Feature.Rest paths = mapped("/v1/accounts/{key}/positions", "/v1/positions?page=all");
        assertThat(UpstreamQuery.of(paths, "account_id=7").target()).isEqualTo("/v1/accounts/7/positions");
        assertThat(UpstreamQuery.of(paths, "a=1&account_id=7&b=%7e").target())
                .isEqualTo("/v1/accounts/7/positions?a=1&b=%7e");
        assertThat(UpstreamQuery.of(paths, null).target()).isEqualTo("/v1/positions?page=all");
        assertThat(UpstreamQuery.of(paths, "a=1").target()).isEqualTo("/v1/positions?page=all&a=1");
        assertThat(UpstreamQuery.of(paths, "account_id=../../admin").target())
                .isEqualTo("/v1/accounts/..%2F..%2Fadmin/positions");
    }

    @Test
    void whatParametersDoThatTheCatalogDoesNotKnowNobodyCanCompare() throws Exception {
        assertThat(UpstreamQuery.of(POSITIONS, "account_id=7&fields=a").asked()).isNull();
        assertThat(UpstreamQuery.of(MARKETS, "_=17").asked()).isNull();
        assertThat(UpstreamQuery.of(BARS, "symbol=SPY&limit=5").asked().normalised(BARS))
                .isEqualTo("limit=5&symbol=SPY");
        assertThat(UpstreamQuery.of(POSITIONS, "account_id=7&limit=5").asked()).isNull();
        assertThat(UpstreamQuery.of(BARS, "symbol=SPY&limit=ten").asked())
                .as("it is passed on, and not for us to judge")
                .isNull();
    }

    @Test
    void oddKeysArePassedOnAsTheyAre() throws Exception {
        for (String query : new String[] {"account_id=", "account_id=1&account_id=2", "account_id"}) {
            assertThat(UpstreamQuery.of(POSITIONS, query))
                    .isEqualTo(new UpstreamQuery("/api/positions/?" + query, null));
        }
    }

    @Test
    void whereThereIsNoListAKeyMustBeNamed() {
        for (String query : new String[] {null, "limit=5", "symbol=", "symbol=A&symbol=B"}) {
            assertThatThrownBy(() -> UpstreamQuery.of(BARS, query)).isInstanceOf(BadParameterException.class);
        }
    }

    @Test
    void whatNoUriMayHoldIsEscaped() throws Exception {
        assertThat(UpstreamQuery.of(POSITIONS, "account_id=7&x=a|b\"c<d>^`{e}\\")
                        .target())
                .isEqualTo("/api/positions/?account_id=7&x=a%7Cb%22c%3Cd%3E%5E%60%7Be%7D%5C");
        assertThatThrownBy(() -> UpstreamQuery.of(POSITIONS, "account_id=%zz"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
