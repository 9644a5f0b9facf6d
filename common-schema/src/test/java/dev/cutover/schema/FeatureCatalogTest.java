package dev.cutover.schema;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.Feature.Delivery;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.Feature.KeyBody;
import dev.cutover.schema.Feature.ListBody;
import dev.cutover.schema.Feature.Member;
import dev.cutover.schema.Feature.Rest;
import dev.cutover.schema.Feature.Source;
import dev.cutover.schema.Feature.Upstream;
import dev.cutover.schema.Feature.View;
import dev.cutover.schema.ParityRules.Rule;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class FeatureCatalogTest {
    private static final String VALID = """
            features:
              - name: quotes
                topic: events.quotes
                partitions: 2
                delivery: latest
                events:
                  - {type: quote, key: symbol, cadence: 500ms, view: latest}
                rest: {path: /api/quotes, parameter: symbol, one: quote, all: {quotes: quote}}
              - name: trades
                topic: events.trades
                partitions: 3
                delivery: every
                events:
                  - {type: trade, key: symbol, cadence: 1m, view: {series: {by: trade_id, depth: 100}}}
                rest: {path: /api/trades, parameter: symbol, one: {symbol: $key, trades: trade}}
            heartbeat: {topic: events.heartbeat, cadence: 30s}
            """;

    @TempDir
    Path folder;

    @Test
    void theShippedCatalogHoldsTheFourFeaturesInTheirCutoverOrder() {
        View latest = new View.Latest();
        EventType balance = event(
                "account_balance", 10, latest, "account_id account_number cash buying_power portfolio_value timestamp");
        EventType positions = event("positions", 10, latest, "account_id positions timestamp");
        EventType bar = event(
                "intraday_bar",
                1,
                new View.Series("timestamp_minute", 390),
                "symbol country timestamp_minute open high low close volume final");
        EventType vwap = event("vwap_update", 60, latest, "symbol country vwap volume timestamp");
        EventType market =
                event("market_status", 10, latest, "market_id country status seconds_to_next_event timestamp");
        FeatureCatalog expected = new FeatureCatalog(
                List.of(
                        new Feature(
                                "account_balance",
                                "events.account-balance",
                                3,
                                Delivery.LATEST,
                                List.of(balance),
                                Optional.of(new Rest(
                                        "/api/account/balance",
                                        "account_id",
                                        new KeyBody.Data(balance),
                                        new ListBody("accounts", balance),
                                        asItIs("/api/account/balance", "account_id", "/accounts"))),
                                ParityRules.EXACT),
                        new Feature(
                                "positions",
                                "events.positions",
                                3,
                                Delivery.LATEST,
                                List.of(positions),
                                Optional.of(new Rest(
                                        "/api/positions",
                                        "account_id",
                                        new KeyBody.Data(positions),
                                        new ListBody("accounts", positions),
                                        asItIs("/api/positions", "account_id", "/accounts"))),
                                new ParityRules(ParityRules.EXACT.lag(), Map.of("/positions", "symbol"), List.of())),
                        new Feature(
                                "intraday",
                                "events.intraday",
                                3,
                                Delivery.EVERY,
                                List.of(bar, vwap),
                                Optional.of(new Rest(
                                        "/api/intraday/bars",
                                        "symbol",
                                        new KeyBody.Members(List.of(
                                                new Member.KeyText("symbol"),
                                                new Member.Entries("bars", bar),
                                                new Member.Newest("vwap", vwap))),
                                        null,
                                        asItIs("/api/intraday/bars", "symbol", null))),
                                ParityRules.EXACT),
                        new Feature(
                                "global_market",
                                "events.global-market",
                                3,
                                Delivery.LATEST,
                                List.of(market),
                                Optional.of(new Rest(
                                        "/api/global-market/status",
                                        null,
                                        null,
                                        new ListBody("markets", market),
                                        asItIs("/api/global-market/status", null, "/markets"))),
                                ParityRules.EXACT)),
                new FeatureCatalog.HeartbeatStream("events.heartbeat", Duration.ofSeconds(30)));

        assertThat(FeatureCatalog.shipped()).isEqualTo(expected);
    }

    @Test
    void activeHoursRequiredFieldsAnUpstreamAndParityRulesAreRead() {
        Feature feature = FeatureCatalog.load(file("""
                        features:
                          - name: quotes
                            topic: events.quotes
                            partitions: 2
                            delivery: latest
                            events:
                              - {type: quote, key: symbol, cadence: 1s, view: latest, active: "market:USA", required: [symbol, bid]}
                            rest:
                              path: /api/quotes
                              parameter: symbol
                              one: quote
                              all: {quotes: quote}
                              upstream:
                                one: {path: "/v1/quote/{key}", at: /result}
                                all: {path: "/v1/quotes?full=1", at: /result/items}
                            parity:
                              lag: 500ms
                              arrays: {/levels: price}
                              ignore:
                                - {field: /served_at, owner: desk, until: 2030-01-31, why: stamped by REST}
                                - {field: /node}
                              tolerances:
                                - {field: /levels/*/size, within: 0.5, owner: desk, until: "2030-01-31T12:00:00Z"}
                        heartbeat: {topic: events.heartbeat, cadence: 30s}
                        """)).feature("quotes").orElseThrow();

        assertThat(feature.events().get(0).active()).isEqualTo(new ActiveHours.Market("USA"));
        assertThat(feature.events().get(0).required()).containsExactly("symbol", "bid");
        assertThat(feature.rest().orElseThrow().upstream())
                .isEqualTo(new Upstream(
                        new Source("/v1/quote/{key}", "/result"), new Source("/v1/quotes?full=1", "/result/items")));
        assertThat(feature.parity())
                .isEqualTo(new ParityRules(
                        Duration.ofMillis(500),
                        Map.of("/levels", "price"),
                        List.of(
                                new Rule(
                                        "/served_at",
                                        null,
                                        "desk",
                                        Instant.parse("2030-01-31T00:00:00Z"),
                                        "stamped by REST"),
                                new Rule("/node", null, null, null, null),
                                new Rule(
                                        "/levels/*/size",
                                        new BigDecimal("0.5"),
                                        "desk",
                                        Instant.parse("2030-01-31T12:00:00Z"),
                                        null))));
    }

    @Test
    void ruleIsADebtWithoutAnOwnerADateOrPastIt() {
        Instant now = Instant.parse("2026-01-05T00:00:00Z");
        assertThat(new Rule("/a", null, "desk", now.plusSeconds(1), null).debt(now))
                .isNull();
        assertThat(new Rule("/a", null, "desk", now, null).debt(now))
                .contains("/a has expired")
                .contains("desk");
        assertThat(new Rule("/a", null, "desk", null, null).debt(now)).contains("no date");
        assertThat(new Rule("/a", null, null, now.plusSeconds(1), null).debt(now))
                .contains("no owner");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "active: always | active: 'market:' | must be always, or market:NAME",
                "active: always | active: nights | must be always, or market:NAME",
                "lag: 1s | lag: 2h | must be 1h at most",
                "lag: 1s | lag: soon | lag",
                "lag: 1s | log: 1s | has no field 'log'",
                "at: /items | at: items | must be a JSON pointer",
                "path: /v1/quotes | path: '/v1/{key}' | must not hold {key}",
                "path: '/v1/quote/{key}' | path: /v1/quote | must hold {key}",
                "within: 1 | within: -1 | must be 0 or more",
                "within: 1 | within: one | must have a number 'within'",
                "until: 2030-01-31 | until: soon | must be a date",
                "field: /bid | field: '' | must name a field",
            })
    void whatParityUpstreamAndActiveHoursMustBeIsSaid(String good, String bad, String why) {
        String yaml = """
                features:
                  - name: quotes
                    topic: events.quotes
                    partitions: 2
                    delivery: latest
                    events:
                      - {type: quote, key: symbol, cadence: 1s, view: latest, active: always}
                    rest:
                      path: /api/quotes
                      parameter: symbol
                      one: quote
                      all: {quotes: quote}
                      upstream: {one: {path: '/v1/quote/{key}'}, all: {path: /v1/quotes, at: /items}}
                    parity:
                      lag: 1s
                      tolerances: [{field: /bid, within: 1, owner: desk, until: 2030-01-31}]
                heartbeat: {topic: events.heartbeat, cadence: 30s}
                """;
        assertThat(yaml).contains(good);
        FeatureCatalog unused = FeatureCatalog.load(file(yaml));

        assertThatThrownBy(() -> FeatureCatalog.load(file(yaml.replace(good, bad))))
                .isInstanceOf(StartupException.class)
                .hasMessageContaining("own.yaml: feature 'quotes'")
                .hasMessageContaining(why);
    }

    @Test
    void everyShippedEventTypeAndTheHeartbeatHaveARecord() {
        Stream<String> types = FeatureCatalog.shipped().features().stream()
                .flatMap(feature -> feature.events().stream())
                .map(EventType::type);

        assertThat(Stream.concat(types, Stream.of(Event.Heartbeat.TYPE)))
                .containsExactlyInAnyOrderElementsOf(EventCodec.types());
    }

    @Test
    void keyAndSeriesFieldsOfTheShippedCatalogAreThoseOfTheEvents() throws IOException {
        Map<String, Event> examples = EventCodec.types().stream()
                .collect(toMap(Function.identity(), type -> Golden.events().get(type)));
        for (Feature feature : FeatureCatalog.shipped().features()) {
            for (EventType type : feature.events()) {
                var data = Json.MAPPER.readTree(Golden.event(type.type()));
                assertThat(data.path(type.key()).asText())
                        .isEqualTo(examples.get(type.type()).key());
                if (type.view() instanceof View.Series series) {
                    assertThat(data.path(series.by()).isValueNode()).isTrue();
                }
            }
        }
    }

    @Test
    void aFeatureAndAnEventTypeAreFoundByName() {
        FeatureCatalog catalog = FeatureCatalog.shipped();

        assertThat(catalog.feature("intraday").orElseThrow().event("vwap_update"))
                .isPresent();
        assertThat(catalog.feature("intraday").orElseThrow().slowestCadence()).isEqualTo(Duration.ofSeconds(60));
        assertThat(catalog.event("vwap_update").orElseThrow().key()).isEqualTo("symbol");
        assertThat(catalog.feature("vwap_update")).isEmpty();
        assertThat(catalog.event("intraday")).isEmpty();
    }

    @Test
    void anOwnFileReplacesTheShippedOne() {
        FeatureCatalog catalog = FeatureCatalog.load(file(VALID));

        assertThat(catalog.features()).extracting(Feature::name).containsExactly("quotes", "trades");
        assertThat(catalog.event("quote").orElseThrow().cadence()).isEqualTo(Duration.ofMillis(500));
        assertThat(catalog.event("trade").orElseThrow().view()).isEqualTo(new View.Series("trade_id", 100));
    }

    /** What stands in the valid file, what is put there instead, and what is said of it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "partitions: 2|partitons: 2|features[0].partitions must be there",
                "partitions: 2|`partitions: 2\n    replicas: 3`|own.yaml: features[0].replicas is no field here; known are"
                        + " delivery, events, name, parity, partitions, rest, topic",
                "cadence: 30s}|cadence: 30s, port: 1}|heartbeat.port is no field here; known are cadence, topic",
                "`    topic: events.quotes\n`|``|features[0].topic must be there",
                "delivery: latest|delivery:|features[0].delivery must be there",
                ", cadence: 500ms|``|features[0].events[0].cadence must be there",
                "heartbeat: {topic: events.heartbeat, cadence: 30s}|``|heartbeat must be there",
                "partitions: 2|partitions: two|line 4: features[0].partitions must be a whole number, but is 'two'",
                "partitions: 2|partitions: 2.5|features[0].partitions must be a whole number, but is 2.5",
                "partitions: 2|partitions: 0|feature 'quotes', partitions: must be 1 to 10000, but is 0",
                "partitions: 2|partitions: 10001|feature 'quotes', partitions: must be 1 to 10000, but is 10001",
                "partitions: 2|`partitions: 2\n    partitions: 3`|is not well-formed: Duplicate field 'partitions'",
                "name: quotes|name: Quotes|feature 'Quotes': the name must match [a-z][a-z0-9_]{0,63}",
                "name: quotes|name: account-quotes|feature 'account-quotes': the name must match",
                "name: trades|name: quotes|feature 'quotes': is there twice",
                "topic: events.trades|topic: events.quotes|feature 'trades', topic: is another entry's topic",
                "topic: events.trades|topic: config.features|feature 'trades', topic: is another entry's topic, or"
                        + " Cutover's own: 'config.features'",
                "topic: events.heartbeat|topic: events.quotes|heartbeat.topic: is another entry's topic",
                "topic: events.trades|topic: events_trades|feature 'trades', topic: must match",
                "type: trade,|type: quote,|feature 'trades', event 'quote': the type is there twice",
                "type: trade,|type: heartbeat,|feature 'trades', event 'heartbeat': the type is there twice",
                "type: trade,|type: Trade,|feature 'trades', event 'Trade': the type must match",
                "key: symbol, cadence: 1m|key: ' ', cadence: 1m|feature 'trades', event 'trade', key: must name a field",
                "delivery: every|delivery: EVERY|feature 'trades', delivery: must be latest or every, but is 'EVERY'",
                "cadence: 1m|cadence: 1 minute|feature 'trades', event 'trade', cadence: must be a duration such as"
                        + " 500ms, 10s, 5m, 2h or 7d, but is '1 minute'",
                "cadence: 1m|cadence: 0s|feature 'trades', event 'trade', cadence: must be from 1ms to 7d, but is '0s'",
                "cadence: 1m|cadence: 8d|feature 'trades', event 'trade', cadence: must be from 1ms to 7d, but is '8d'",
                "cadence: 30s|cadence: 500ms|heartbeat.cadence: must be whole seconds",
                "view: latest|view: newest|feature 'quotes', event 'quote', view: must be latest or"
                        + " {series: {by: FIELD, depth: N}}, but is \"newest\"",
                "depth: 100|depth: 0|feature 'trades', event 'trade', view: depth must be at least 1, but is 0",
                "depth: 100|depth: many|feature 'trades', event 'trade', view: must be latest or",
                "by: trade_id, |``|feature 'trades', event 'trade', view: must be latest or",
                "by: trade_id|by: ' '|feature 'trades', event 'trade', view: must be latest or",
                "depth: 100}|depth: 100, of: x}|feature 'trades', event 'trade', view: must be latest or",
                "depth: 100}}|depth: 100}, latest: true}|feature 'trades', event 'trade', view: must be latest or",
                "view: latest|view:|feature 'quotes', event 'quote', view: must be latest or",
                "`path: /api/quotes`|`path: /api/quotes/`|feature 'quotes', rest, path: must match",
                "`path: /api/quotes`|`path: /api/trades`|feature 'trades', rest, path: is another feature's, or a service's own",
                "path: /api/quotes|path: /metrics|feature 'quotes', rest, path: is another feature's, or a service's own",
                "`path: /api/quotes, `|``|feature 'quotes', rest, path: must match",
                "one: quote|one: trade|feature 'quotes', rest, one: must be an event type of this feature, but is 'trade'",
                "one: quote|one: {}|feature 'quotes', rest, one: must be an event type, or members",
                "`parameter: symbol, one: quote, `|`one: quote, `|feature 'quotes', rest: must have both 'parameter', which names a key, and 'one'",
                "`parameter: symbol, one: quote, `|`parameter: symbol, `|feature 'quotes', rest: must have both 'parameter'",
                "`, parameter: symbol, one: quote, all: {quotes: quote}`|``|feature 'quotes', rest: must have a body: 'one', 'all', or both",
                "parameter: symbol|parameter: Symbol|feature 'quotes', rest, parameter: must match",
                "`all: {quotes: quote}`|`all: quote`|feature 'quotes', rest, all: must be one member: {NAME: TYPE}",
                "`all: {quotes: quote}`|`all: {quotes: quote}, list: x`|feature 'quotes', rest: has no field 'list'; known are [all, one, parameter, path, upstream]",
                "$key, trades: trade|$key, trades: fill|feature 'trades', rest, one, trades: must be an event type of this feature, but is 'fill'",
                "`{symbol: $key, trades: trade}`|trade|feature 'trades', rest, one: must name an event type whose view is latest",
            })
    void aBrokenRuleIsRefusedWithFileAndPlace(String stands, String put, String message) {
        int at = VALID.indexOf(stands);
        assertThat(at).isNotNegative();

        assertRefused(VALID.substring(0, at) + put + VALID.substring(at + stands.length()), message);
    }

    @Test
    void listsWithoutEntriesAreRefused() {
        String heartbeat = "heartbeat: {topic: events.heartbeat, cadence: 30s}\n";
        String feature = "features: [{name: a, topic: t, partitions: 1, delivery: latest, events: ";

        assertRefused("features: []\n" + heartbeat, "features: must be a list of one entry or more, none empty");
        assertRefused("features: [null]\n" + heartbeat, "features: must be a list of one entry or more, none empty");
        assertRefused("features: 7\n" + heartbeat, "features must be a list, but is 7");
        assertRefused("features:\n" + heartbeat, "features must be there");
        assertRefused(feature + "[]}]\n" + heartbeat, "feature 'a', events: must be a list of one entry or more");
        assertRefused(feature + "[null]}]\n" + heartbeat, "feature 'a', events: must be a list of one entry or more");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "``|is empty",
                "# only a comment|is empty",
                "plain text|must be an object, but is 'plain text'",
                "[]|must be an object, but is a list",
                "features: [|is not well-formed: while parsing a flow node: expected the node content",
                "{\"features\": \"unclosed|is not well-formed: while scanning a quoted scalar",
            })
    void aFileThatIsNoCatalogIsRefusedInOneLine(String yaml, String message) {
        assertRefused(yaml, message);
    }

    @Test
    void aSecondDocumentIsRefused() {
        assertRefused(VALID + "---\n" + VALID, "goes on after its end");
    }

    @Test
    void aFileThatIsNotThereIsRefusedByItsPath() {
        Path missing = folder.resolve("none.yaml");

        assertThatExceptionOfType(StartupException.class)
                .isThrownBy(() -> FeatureCatalog.load(missing))
                .withMessage("can't read the feature catalog " + missing + ": there is no such file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0000", "\u00ff\u00fe"})
    void bytesThatAreNoTextAreRefused(String bytes) throws IOException {
        Path file = folder.resolve("binary.yaml");
        Files.write(file, bytes.getBytes(StandardCharsets.ISO_8859_1));

        assertThatExceptionOfType(StartupException.class)
                .isThrownBy(() -> FeatureCatalog.load(file))
                .withMessageStartingWith(file.toString());
    }

    private void assertRefused(String yaml, String message) {
        Path file = file(yaml);
        assertThatExceptionOfType(StartupException.class)
                .isThrownBy(() -> FeatureCatalog.load(file))
                .satisfies(e -> {
                    assertThat(e).hasMessageStartingWith(file.toString()).hasMessageContaining(message);
                    assertThat(e.getMessage().lines()).as(e.getMessage()).hasSize(1);
                    assertThat(e.getMessage()).doesNotContain("dev.cutover").doesNotContain("java.");
                });
    }

    private Path file(String yaml) {
        try {
            return Files.writeString(folder.resolve("own.yaml"), yaml);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** @param required with spaces, the key first */
    private static EventType event(String type, int cadenceSeconds, View view, String required) {
        List<String> fields = List.of(required.split(" "));
        return new EventType(
                type, fields.get(0), Duration.ofSeconds(cadenceSeconds), view, new ActiveHours.Always(), fields);
    }

    /** An existing service whose endpoint is as the feature's own. */
    private static Upstream asItIs(String path, String parameter, String array) {
        return new Upstream(
                parameter == null ? null : new Source(path + "/?" + parameter + "={key}", ""),
                array == null ? null : new Source(path + "/", array));
    }
}
