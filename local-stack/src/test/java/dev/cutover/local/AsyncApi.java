package dev.cutover.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** docs/asyncapi.yaml: its messages, by name, and what it says of a frame. */
final class AsyncApi {
    static final Path FILE =
            Path.of("..", "docs", "asyncapi.yaml").toAbsolutePath().normalize();

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String MESSAGES = "/components/messages/";

    /** The whole document, as it stands. */
    final JsonNode root;

    private final JsonSchemaFactory schemas = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
    private final Map<String, JsonSchema> payloads = new HashMap<>();

    AsyncApi() {
        try {
            root = new YAMLMapper().readTree(FILE.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The names of all messages. */
    Set<String> messages() {
        return names(root.at("/components/messages"));
    }

    /** The names of an operation's messages. */
    Set<String> messagesOf(String operation) {
        Set<String> names = new TreeSet<>();
        for (JsonNode message : root.path("operations").path(operation).path("messages")) {
            String inChannel = message.path("$ref").asText();
            String inComponents = at(inChannel).path("$ref").asText();
            names.add(inComponents.substring(inComponents.lastIndexOf('/') + 1));
        }
        return names;
    }

    /** The payloads of a message's examples. */
    List<JsonNode> examples(String message) {
        List<JsonNode> payloads = new ArrayList<>();
        root.at(MESSAGES + message + "/examples").forEach(example -> payloads.add(example.path("payload")));
        return payloads;
    }

    /** What is wrong with a frame, held to the message that its type names; empty where nothing is. */
    Set<String> faults(JsonNode frame) {
        String type = frame.path("type").asText();
        if (!messages().contains(type)) {
            return Set.of("there is no message " + type);
        }
        Set<String> faults = new TreeSet<>();
        for (ValidationMessage fault :
                payloads.computeIfAbsent(type, this::payload).validate(frame)) {
            faults.add(fault.getMessage());
        }
        return faults;
    }

    /** The document itself is the root of the schema, at its own place, so that its references are found. */
    private JsonSchema payload(String message) {
        ObjectNode whole = root.deepCopy();
        whole.put("$ref", "#" + MESSAGES + message + "/payload");
        return schemas.getSchema(FILE.toUri(), whole);
    }

    JsonNode read(String frame) {
        try {
            return JSON.readTree(frame);
        } catch (IOException e) {
            throw new UncheckedIOException("not JSON: " + frame, e);
        }
    }

    /** What a reference within the document names; missing where there is nothing. */
    JsonNode at(String reference) {
        return root.at(reference.substring(1));
    }

    static Set<String> names(JsonNode object) {
        Set<String> names = new TreeSet<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
