package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** docs/asyncapi.yaml as a document; {@link AsyncApiSystemTest} holds it to what is really said. */
final class AsyncApiTest {
    private final AsyncApi document = new AsyncApi();

    private List<String> references() {
        return document.root.findValuesAsText("$ref");
    }

    @Test
    void itIsAsyncApiThreeAndEveryReferenceLeadsSomewhere() {
        assertThat(document.root.path("asyncapi").asText()).isEqualTo("3.0.0");
        for (String reference : references()) {
            if (reference.startsWith("#")) {
                assertThat(document.at(reference).isMissingNode()).as(reference).isFalse();
            } else {
                assertThat(AsyncApi.FILE.resolveSibling(reference))
                        .satisfies(file -> assertThat(Files.isRegularFile(file)).isTrue());
            }
        }
    }

    @Test
    void nothingIsDefinedThatNothingUses() {
        Set<String> used = Set.copyOf(references());
        for (String kind : List.of("messages", "schemas")) {
            for (String name : AsyncApi.names(document.root.path("components").path(kind))) {
                assertThat(used).contains("#/components/" + kind + "/" + name);
            }
        }
        for (String channel : AsyncApi.names(document.root.path("channels"))) {
            for (String message :
                    AsyncApi.names(document.root.path("channels").path(channel).path("messages"))) {
                assertThat(used).contains("#/channels/" + channel + "/messages/" + message);
            }
        }
    }

    @Test
    void anOperationsMessagesAreThoseOfItsChannel() {
        Set<String> all = new TreeSet<>();
        document.root.path("operations").properties().forEach(operation -> {
            String channel = operation.getValue().at("/channel/$ref").asText();
            operation.getValue().path("messages").forEach(message -> assertThat(
                            message.path("$ref").asText())
                    .startsWith(channel + "/messages/"));
            all.addAll(document.messagesOf(operation.getKey()));
        });
        assertThat(all).isEqualTo(document.messages());
    }

    @Test
    void everyMessageHasExamplesWhichAreValidAndNotWithAMemberMore() {
        for (String message : document.messages()) {
            assertThat(document.examples(message)).as(message).isNotEmpty();
            for (JsonNode example : document.examples(message)) {
                assertThat(example.path("type").asText()).isEqualTo(message);
                assertThat(document.faults(example)).as(example.toString()).isEmpty();
                ObjectNode surplus = example.deepCopy();
                surplus.put("surplus", 1);
                assertThat(document.faults(surplus)).as(surplus.toString()).isNotEmpty();
                ObjectNode untyped = example.deepCopy();
                untyped.put("type", "another");
                assertThat(document.faults(untyped)).isNotEmpty();
            }
        }
    }

    @Test
    void anEventsDataIsHeldToItsOwnSchema() {
        for (String type : List.of("account_balance", "positions", "intraday_bar", "vwap_update", "market_status")) {
            ObjectNode event = document.examples(type).get(0).deepCopy();
            event.putObject("data");
            assertThat(document.faults(event)).as(type).isNotEmpty();
        }
    }
}
