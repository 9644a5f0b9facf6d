package dev.cutover.control;

import static dev.cutover.control.ParityRig.INTRADAY;
import static dev.cutover.control.ParityRig.POSITIONS;
import static dev.cutover.control.ParityRig.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.Feature;
import dev.cutover.schema.ParityRules;
import dev.cutover.schema.ParityRules.Rule;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.TypeConversionException;

final class CompareRulesTest {
    private static final Rule IGNORED = new Rule("/server_time", null, "ops", null, "it is the server's");

    @Command
    private static final class Probe {
        @Mixin
        private CompareRules rules;
    }

    private static Feature with(Feature feature, Rule... rules) {
        return new Feature(
                feature.name(),
                feature.topic(),
                feature.partitions(),
                feature.delivery(),
                feature.events(),
                feature.rest(),
                new ParityRules(feature.parity().lag(), feature.parity().arrays(), List.of(rules)));
    }

    private static CompareRules.Applied applied(Feature feature, String... options) {
        Probe probe = new Probe();
        var unused = new CommandLine(probe).parseArgs(options);
        return probe.rules.applied(feature);
    }

    @Test
    void withoutOptionsTheCatalogsRulesHold() {
        Feature feature = with(POSITIONS, IGNORED);
        CompareRules.Applied applied = applied(feature);
        assertThat(applied.lag()).isEqualTo(Duration.ofSeconds(2));
        assertThat(applied.comparison(feature)
                        .compare(json("{'server_time':1,'n':1}"), json("{'server_time':2,'n':1}"))
                        .isEqual())
                .isTrue();
    }

    @Test
    void exactLeavesOutTheCatalogsRulesButNotWhatTellsElementsApart() {
        Feature feature = with(POSITIONS, IGNORED);
        Comparison comparison = applied(feature, "--exact").comparison(feature);
        assertThat(comparison
                        .compare(json("{'server_time':1}"), json("{'server_time':2}"))
                        .isEqual())
                .isFalse();
        assertThat(comparison
                        .compare(
                                json("{'positions':[{'symbol':'A'},{'symbol':'B'}]}"),
                                json("{'positions':[{'symbol':'B'},{'symbol':'A'}]}"))
                        .isEqual())
                .isTrue();
    }

    @Test
    void whatTheOptionsAskForIsAdded() {
        CompareRules.Applied applied = applied(
                POSITIONS, "--exact", "--ignore", "/timestamp", "--tolerance", "/positions/*/pnl=0.5", "--lag", "7s");
        assertThat(applied.lag()).isEqualTo(Duration.ofSeconds(7));
        Comparison comparison = applied.comparison(POSITIONS);
        assertThat(comparison
                        .compare(
                                json("{'timestamp':1,'positions':[{'symbol':'A','pnl':1.5}]}"),
                                json("{'timestamp':2,'positions':[{'symbol':'A','pnl':2}]}"))
                        .isEqual())
                .isTrue();
    }

    @Test
    void ofAnEventsDataTheRulesOfThatPartOfTheBodyHold() {
        Feature feature = with(
                INTRADAY,
                new Rule("/bars/*/volume", new BigDecimal("5"), null, null, null),
                new Rule("/vwap/vwap", null, null, null, null));
        CompareRules.Applied applied = applied(feature);
        Comparison bars =
                applied.comparison(feature, feature.event("intraday_bar").orElseThrow());
        Comparison vwap =
                applied.comparison(feature, feature.event("vwap_update").orElseThrow());
        assertThat(bars.compare(json("{'volume':1,'vwap':1}"), json("{'volume':6,'vwap':2}"))
                        .differences())
                .extracting(Difference::pointer)
                .containsExactly("/vwap");
        assertThat(vwap.compare(json("{'volume':1,'vwap':1}"), json("{'volume':6,'vwap':2}"))
                        .differences())
                .extracting(Difference::pointer)
                .containsExactly("/volume");
    }

    @Test
    void whatIsAskedForIsOfTheEventsDataItself() {
        CompareRules.Applied applied = applied(INTRADAY, "--ignore", "/volume");
        Comparison bars =
                applied.comparison(INTRADAY, INTRADAY.event("intraday_bar").orElseThrow());
        assertThat(bars.compare(json("{'volume':1}"), json("{'volume':6}")).isEqual())
                .isTrue();
    }

    @Test
    void arraysOfABodyThatIsTheDataAreTheDatas() {
        Feature feature = with(POSITIONS);
        assertThat(feature.parity().arrays()).isEqualTo(Map.of("/positions", "symbol"));
        assertThat(applied(feature)
                        .comparison(feature, feature.events().get(0))
                        .compare(
                                json("{'positions':[{'symbol':'A'},{'symbol':'B'}]}"),
                                json("{'positions':[{'symbol':'B'},{'symbol':'A'}]}"))
                        .isEqual())
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/cash", "/cash=", "=1", "cash=1", "/cash=-1", "/cash=a lot"})
    void aToleranceThatIsNoneIsRefused(String text) {
        assertThatThrownBy(() -> new CompareRules.ToTolerance().convert(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("must be");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "timestamp"})
    void aFieldThatIsNoPointerIsRefused(String text) {
        assertThatThrownBy(() -> new CompareRules.ToIgnored().convert(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("JSON pointer such as /timestamp");
    }
}
