package dev.cutover.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.HttpAnswer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DriftTest {
    private final Drifts drifts = new Drifts(FeatureCatalog.shipped());

    private String changed(String feature, String data) {
        return drifts.extras()
                .changes()
                .apply(feature)
                .map(change -> new String(change.apply(data.getBytes(UTF_8)), UTF_8))
                .orElse(data);
    }

    private HttpAnswer post(String body) {
        return drifts.extras().posts().get(Drifts.PATH).apply(body.getBytes(UTF_8));
    }

    @Test
    void amountIsAddedToEveryNumberOfThatNameAtAnyDepthExactly() {
        drifts.set("positions=price:0.01");

        assertThat(changed("positions", """
                        {"price":450.10,"rows":[{"price":1,"name":"price"},{"price":"1","deep":{"price":-0.01}}],"pnl":2}""")).isEqualTo("""
                        {"price":450.11,"rows":[{"price":1.01,"name":"price"},{"price":"1","deep":{"price":0.00}}],"pnl":2}""");
        assertThat(changed("account_balance", "{\"price\":1}")).isEqualTo("{\"price\":1}");
    }

    @Test
    void driftOfAFeatureReplacesTheOneBeforeAndHasItsOwnTag() {
        drifts.set("positions=price:0.01");
        drifts.set("positions=price:-2");

        assertThat(changed("positions", "{\"price\":1}")).isEqualTo("{\"price\":-1}");
        assertThat(drifts.extras().changes().apply("positions").orElseThrow().tag())
                .isEqualTo("price:-2");
    }

    @Test
    void driftsEndOneByOneOrAllAtOnce() {
        drifts.set("positions=price:1");
        drifts.set("account_balance=cash:1");

        assertThat(new String(post("{\"drift\":\"positions=off\"}").body(), UTF_8))
                .isEqualTo("{\"drifts\":{\"account_balance\":\"cash:1\"}}");
        assertThat(new String(post("{\"drift\":\"off\"}").body(), UTF_8)).isEqualTo("{\"drifts\":{}}");
        assertThat(new String(post("{}").body(), UTF_8)).isEqualTo("{\"drifts\":{}}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "positions",
                "positions=price",
                "positions=price:",
                "positions=price:x",
                "=price:1",
                "positions=p:0"
            })
    void whatIsNoDriftIsRefused(String text) {
        assertThatThrownBy(() -> drifts.set(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("must");
        assertThat(post("{\"drift\":\"" + text + "\"}").status()).isEqualTo(400);
    }

    @Test
    void unknownFeatureIsRefusedWithThoseThatAreKnown() {
        assertThatThrownBy(() -> drifts.set("prices=price:1")).hasMessageContaining("account_balance, positions");
        assertThat(post("no json").status()).isEqualTo(400);
    }
}
