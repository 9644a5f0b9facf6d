package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Json;
import dev.cutover.schema.JsonFault;
import dev.cutover.schema.ParityRules.Rule;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ComparisonTest {
    private static final Comparison EXACT = Comparison.of(Map.of(), List.of());

    private static JsonNode json(String text) {
        try {
            return Json.read(
                    Json.MAPPER, JsonNode.class, text.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
        } catch (JsonFault e) {
            throw new IllegalArgumentException(text, e);
        }
    }

    private static List<String> pointers(Comparison comparison, String rest, String log) {
        return comparison.compare(json(rest), json(log)).differences().stream()
                .map(Difference::pointer)
                .toList();
    }

    private static Comparison ignoring(String pattern) {
        return Comparison.of(Map.of(), List.of(new Rule(pattern, null, "me", Instant.MAX, null)));
    }

    private static Comparison within(String pattern, String within) {
        return Comparison.of(Map.of(), List.of(new Rule(pattern, new BigDecimal(within), "me", Instant.MAX, null)));
    }

    @Test
    void everyInjectedDifferenceIsFoundAndNoneWhereTheFormAloneDiffers() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        RandomBody bodies = new RandomBody(new Random(seed));
        Comparison comparison = Comparison.of(RandomBody.ARRAYS, List.of());
        for (int i = 0; i < 5_000; i++) {
            ObjectNode body = bodies.body();
            JsonNode same = bodies.sameInOtherForm(body);
            assertThat(comparison.compare(body, same).differences())
                    .as("%s and %s, seed %s", body, same, seed)
                    .isEmpty();
            RandomBody.Injected injected = bodies.inject(body);
            JsonNode changed = bodies.sameInOtherForm(injected.body());
            String what = "%s: %s and %s, seed %s".formatted(injected.what(), body, changed, seed);
            assertThat(comparison.compare(changed, body).differences()).as(what).isNotEmpty();
            assertThat(comparison.compare(body, changed).differences()).as(what).isNotEmpty();
        }
    }

    @Test
    void whatDiffersIsAtItsPointerOnBothSides() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        RandomBody bodies = new RandomBody(new Random(seed));
        Comparison comparison = Comparison.of(RandomBody.ARRAYS, List.of());
        for (int i = 0; i < 2_000; i++) {
            ObjectNode body = bodies.body();
            JsonNode changed = bodies.inject(body).body();
            for (Difference difference : comparison.compare(changed, body).differences()) {
                String where = "%s: %s and %s, seed %s".formatted(difference, changed, body, seed);
                JsonPointer pointer = JsonPointer.compile(difference.pointer());
                if (difference.rest() != null) {
                    assertThat(changed.at(pointer)).as(where).isEqualTo(difference.rest());
                } else if (changed.at(pointer.head()).isObject()) {
                    assertThat(changed.at(pointer).isMissingNode()).as(where).isTrue();
                } else {
                    assertThat(body.at(pointer)).as(where).isEqualTo(difference.log());
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1.0", "1, 1e0", "100, 1E+2", "0, -0.0", "0, 0e9", "0.1, 1e-1", "1e400, 10e399"})
    void numbersAreEqualByValue(String one, String other) {
        assertThat(pointers(EXACT, "{'n':" + one + "}", "{'n':" + other + "}")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"1, '\"1\"'", "null, 0", "true, 1", "false, null", "{}, []", "1, 1.00000000000000000001", "'\"\"', null"
    })
    void whatOnlyLooksAlikeDiffers(String one, String other) {
        assertThat(pointers(EXACT, "{'n':" + one + "}", "{'n':" + other + "}")).containsExactly("/n");
    }

    @Test
    void aNullIsNotNothing() {
        assertThat(EXACT.compare(json("{'a':null}"), json("{}")).differences())
                .containsExactly(new Difference("/a", json("null"), null));
        assertThat(EXACT.compare(json("{}"), json("{'a':null}")).differences())
                .containsExactly(new Difference("/a", null, json("null")));
    }

    @Test
    void pointersAreEscaped() {
        assertThat(pointers(EXACT, "{'a/b':{'c~d':1}}", "{'a/b':{'c~d':2}}")).containsExactly("/a~1b/c~0d");
        assertThat(pointers(EXACT, "1", "2")).containsExactly("");
    }

    @Test
    void elementsWithAKeyFieldGoByItAndAreNamedByTheirPlaceInRestsBody() {
        Comparison comparison = Comparison.of(Map.of("/p", "s"), List.of());
        String log = "{'p':[{'s':'A','n':1},{'s':'B','n':2},{'s':1,'n':3}]}";
        assertThat(pointers(comparison, "{'p':[{'s':1.0,'n':3},{'s':'B','n':2},{'s':'A','n':1}]}", log))
                .isEmpty();
        assertThat(pointers(comparison, "{'p':[{'s':1,'n':3},{'s':'B','n':9},{'s':'A','n':1}]}", log))
                .containsExactly("/p/1/n");
        assertThat(pointers(comparison, "{'p':[{'s':'B','n':2},{'s':'A','n':1}]}", log))
                .containsExactly("/p/2");
        assertThat(pointers(comparison, "{'p':[{'s':'1','n':3},{'s':'B','n':2},{'s':'A','n':1}]}", log))
                .containsExactly("/p/0", "/p/2");
    }

    @Test
    void elementsWithoutAKeyAndWithTheSameKeyAreComparedToo() {
        Comparison comparison = Comparison.of(Map.of("/p", "s"), List.of());
        assertThat(pointers(comparison, "{'p':[1,{'s':'A'},{'s':'A'}]}", "{'p':[1,{'s':'A'},{'s':'A'}]}"))
                .isEmpty();
        assertThat(pointers(comparison, "{'p':[{'s':'A'}]}", "{'p':[{'s':'A'},{'s':'A'}]}"))
                .containsExactly("/p/1");
        assertThat(pointers(comparison, "{'p':[{'n':1}]}", "{'p':[{'s':'A','n':1}]}"))
                .containsExactly("/p/0", "/p/0");
        assertThat(pointers(comparison, "{'p':[{'s':[]},2]}", "{'p':[{'s':[]},3]}"))
                .containsExactly("/p/1");
    }

    @Test
    void theArrayOfASeriesGoesByItsField() {
        Comparison comparison =
                Comparison.of(FeatureCatalog.shipped().feature("intraday").orElseThrow());
        String one = "{'bars':[{'timestamp_minute':'1','c':1},{'timestamp_minute':'2','c':2}]}";
        String other = "{'bars':[{'timestamp_minute':'2','c':2},{'timestamp_minute':'1','c':1}]}";
        assertThat(pointers(comparison, one, other)).isEmpty();
        assertThat(pointers(EXACT, one, other)).isNotEmpty();
    }

    @Test
    void anIgnoredFieldMayDifferOrBeMissingWithAllThatIsInIt() {
        assertThat(pointers(ignoring("/a"), "{'a':1,'b':1}", "{'b':2}")).containsExactly("/b");
        assertThat(pointers(ignoring("/a"), "{'a':{'x':1}}", "{'a':{'x':2}}")).isEmpty();
        assertThat(pointers(ignoring("/*/x"), "{'a':{'x':1,'y':1},'b':{'x':1}}", "{'a':{'x':2,'y':2},'b':{'x':2}}"))
                .containsExactly("/a/y");
        assertThat(pointers(ignoring("/l/*/x"), "{'l':[{'x':1},{'x':1,'y':1}]}", "{'l':[{'x':2},{'x':2,'y':2}]}"))
                .containsExactly("/l/1/y");
        assertThat(pointers(ignoring("/l/1"), "{'l':[1,2,3]}", "{'l':[1,9,4]}")).containsExactly("/l/2");
        assertThat(pointers(ignoring("/a~1b"), "{'a/b':1}", "{'a/b':2}")).isEmpty();
    }

    @Test
    void aRuleThatHasExpiredOrBelongsToNobodyHoldsHereAllTheSame() {
        Comparison comparison = Comparison.of(Map.of(), List.of(new Rule("/a", null, null, Instant.EPOCH, null)));
        assertThat(pointers(comparison, "{'a':1}", "{'a':2}")).isEmpty();
    }

    @Test
    void aToleranceIsForNumbersAlone() {
        assertThat(pointers(within("/n", "0.01"), "{'n':1.00}", "{'n':1.01}")).isEmpty();
        assertThat(pointers(within("/n", "0.01"), "{'n':1.00}", "{'n':1.0101}")).containsExactly("/n");
        assertThat(pointers(within("/n", "5"), "{'n':1}", "{'n':'1'}")).containsExactly("/n");
        assertThat(pointers(within("/n", "5"), "{}", "{'n':1}")).containsExactly("/n");
        assertThat(pointers(within("/*/n", "1"), "{'a':{'n':1},'n':1}", "{'a':{'n':2},'n':2}"))
                .containsExactly("/n");
        assertThat(pointers(within("/n", "1"), "{'n':1e999999999}", "{'n':1}")).containsExactly("/n");
    }

    @Test
    void ofTwoTolerancesTheWiderHolds() {
        Comparison comparison = Comparison.of(
                Map.of(),
                List.of(
                        new Rule("/*", new BigDecimal("2"), "me", Instant.MAX, null),
                        new Rule("/n", new BigDecimal("1"), "me", Instant.MAX, null)));
        assertThat(pointers(comparison, "{'n':1}", "{'n':3}")).isEmpty();
    }

    @Test
    void noiseIsListedAndNotCountedWhereverItsElementStands() {
        Comparison comparison = Comparison.of(Map.of("/p", "s"), List.of());
        Set<String> noise = comparison.differing(
                json("{'t':1,'p':[{'s':'A','x':1},{'s':'B','x':1}]}"),
                json("{'t':2,'p':[{'s':'B','x':2},{'s':'A','x':1}]}"));
        Comparison.Result found = comparison.compare(
                json("{'t':3,'p':[{'s':'B','x':7},{'s':'A','x':9}]}"),
                json("{'p':[{'s':'A','x':1},{'s':'B','x':1}]}"),
                noise);
        assertThat(found.noise()).containsExactlyInAnyOrder("/t", "/p/0/x");
        assertThat(found.differences()).extracting(Difference::pointer).containsExactly("/p/1/x");
    }

    @Test
    void aDifferenceKeepsItsFormInJsonAndTellsNothingFromNull() throws Exception {
        for (Difference difference : List.of(
                new Difference("/a", null, json("null")),
                new Difference("/a", json("null"), null),
                new Difference("/a", json("1.5"), json("{'b':[]}")))) {
            String text = Json.MAPPER.writeValueAsString(difference);
            assertThat(Json.MAPPER.readValue(text, Difference.class)).as(text).isEqualTo(difference);
        }
        assertThat(Json.MAPPER.writeValueAsString(new Difference("/a", null, json("null"))))
                .isEqualTo("{\"pointer\":\"/a\",\"log\":null}");
    }
}
