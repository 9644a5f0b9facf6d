package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.StringReader;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

final class FindingsPageTest {
    private static final String EVIL = "<script>alert('\"&\")</script>";
    private static final Instant AT = Instant.parse("2026-11-30T15:00:00.123Z");

    private static String page(String text, JsonNode one, JsonNode other) {
        Findings findings = new Findings(
                "positions: " + text,
                false,
                text,
                List.of(text),
                List.of("key", text),
                List.of(List.of(text, "1")),
                "REST",
                text,
                List.of(new FieldTally.Field(
                        "/" + text, 1, List.of(new FieldTally.Sample(text, "/" + text, text, one, other)))),
                List.of(text));
        return String.join("\n", FindingsPage.of(findings, AT));
    }

    private static Document parsed(String page) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory.newDocumentBuilder().parse(new InputSource(new StringReader(page)));
    }

    @Test
    void whatOthersWroteIsTextAndNoMarkup() throws Exception {
        String page = page(EVIL, TextNode.valueOf(EVIL), ParityRig.json("{'a':'</td>'}"));

        assertThat(page).doesNotContain("<script", "</script");
        Document document = parsed(page);
        assertThat(document.getElementsByTagName("script").getLength()).isZero();
        assertThat(texts(document.getElementsByTagName("td")))
                .contains(EVIL, TextNode.valueOf(EVIL).toString(), "{\"a\":\"</td>\"}");
    }

    private static List<String> texts(NodeList nodes) {
        return java.util.stream.IntStream.range(0, nodes.getLength())
                .mapToObj(i -> nodes.item(i).getTextContent())
                .toList();
    }

    @Test
    void thePageNeedsNothingFromAnywhere() throws Exception {
        String page = page("x", TextNode.valueOf("1"), null);
        Document document = parsed(page);
        for (String loads : List.of("link", "img", "iframe", "object", "script")) {
            assertThat(document.getElementsByTagName(loads).getLength())
                    .as(loads)
                    .isZero();
        }
        assertThat(page).doesNotContain("url(", "@import", "src=", "href=");
    }

    @Test
    void bothValuesStandSideBySideAndAValueThatIsNotThereIsNoNull() throws Exception {
        List<String> cells = texts(parsed(page("k", ParityRig.json("455.01"), ParityRig.json("455")))
                .getElementsByTagName("td"));
        assertThat(cells).containsSubsequence("455.01", "455");
        assertThat(texts(parsed(page("k", null, ParityRig.json("null"))).getElementsByTagName("td")))
                .containsSubsequence("nothing", "null");
    }

    @Test
    void charactersThatNoDocumentMayHoldAreShownAsSuch() throws Exception {
        String odd = "a\u0000b\u001bc\ud800d\uffffe\u0085\ud83d\ude00";
        String page = page(odd, TextNode.valueOf("x"), null);
        parsed(page);
        CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder();
        assertThat(encoder.canEncode(page)).isTrue();
        assertThat(page).contains("a\uFFFDb\uFFFDc\uFFFDd\uFFFDe\uFFFD\ud83d\ude00");
    }
}
