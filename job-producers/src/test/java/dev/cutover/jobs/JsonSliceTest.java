package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.fasterxml.jackson.core.JsonPointer;
import dev.cutover.jobs.PollFault.Kind;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonSliceTest {

    @Test
    void everyValueIsTheBytesThatWereWritten() throws PollFault {
        String[] values = {
            "{ \"a\" : 1.50 }",
            "[1,  2]",
            "\"tëxt \\\" 𝄞\"",
            "450.00",
            "-1E+3",
            "1e-7",
            "12345678901234567890.10",
            "true",
            "null",
            "{}",
            "[]",
            "\"\""
        };
        StringBuilder object = new StringBuilder(" \n{");
        StringBuilder array = new StringBuilder("\t[");
        for (int i = 0; i < values.length; i++) {
            object.append(i == 0 ? "" : " ,")
                    .append("\"mémber ")
                    .append(i)
                    .append("\" : ")
                    .append(values[i]);
            array.append(i == 0 ? "" : ",  ").append(values[i]);
        }
        Map<String, JsonSlice> members = slice(object + "} ").members();
        var elements = slice(array + " ] ").elements();

        assertThat(members).hasSize(values.length);
        for (int i = 0; i < values.length; i++) {
            assertThat(text(members.get("mémber " + i))).isEqualTo(values[i]);
            assertThat(text(elements.get(i))).isEqualTo(values[i]);
        }
    }

    @Test
    void slicesOfSlicesHoldTheirPlaceInTheDocument() throws PollFault {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            String inner = "{\"k\":" + random.nextInt() + ",\"é\":[" + " ".repeat(random.nextInt(5)) + "\"x\"]}";
            String json = " ".repeat(random.nextInt(3)) + "{\"ä\":[" + "0, ".repeat(random.nextInt(4)) + "{ \"b~/\" :"
                    + inner + "}]}";
            int place = slice(json).members().get("ä").elements().size() - 1;

            assertThat(text(slice(json).at(JsonPointer.compile("/ä/" + place + "/b~0~1"))))
                    .as("seed %d, %s", seed, json)
                    .isEqualTo(inner);
        }
    }

    @Test
    void nothingIsAtAPlaceThatTheDocumentDoesNotHave() throws PollFault {
        JsonSlice document = slice("{\"a\":[1],\"b\":2}");

        assertThat(document.at(JsonPointer.compile("/c"))).isNull();
        assertThat(document.at(JsonPointer.compile("/a/1"))).isNull();
        assertThat(document.at(JsonPointer.compile("/a/x"))).isNull();
        assertThat(document.at(JsonPointer.compile("/b/c"))).isNull();
        assertThat(text(document.at(JsonPointer.empty()))).isEqualTo("{\"a\":[1],\"b\":2}");
    }

    @Test
    void aKeyIsATextOrAWholeNumberOfTheObjectItself() throws PollFault {
        JsonSlice object = slice("{\"in\":{\"k\":1},\"number\":123,\"text\":\"a\\u0062\",\"half\":1.5,\"no\":null}");

        assertThat(object.text("number")).isEqualTo("123");
        assertThat(object.text("text")).isEqualTo("ab");
        assertThat(object.text("half")).isNull();
        assertThat(object.text("no")).isNull();
        assertThat(object.text("k")).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "{", "{\"a\":1", "[1,2", "{\"a\":}", "<html>", "{} {}", "{}]", "nul", "\"half"})
    void whatIsNotOneWholeJsonValueIsRefused(String text) {
        assertThatThrownBy(() -> slice(text))
                .asInstanceOf(type(PollFault.class))
                .extracting(PollFault::kind)
                .isEqualTo(Kind.NOT_JSON);
    }

    @Test
    void nestingThatWouldOverflowTheStackIsRefused() {
        assertThatThrownBy(() -> slice("[".repeat(100_000))).isInstanceOf(PollFault.class);
    }

    private static JsonSlice slice(String json) throws PollFault {
        return JsonSlice.document(json.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(JsonSlice slice) {
        return new String(slice.bytes(), StandardCharsets.UTF_8);
    }
}
