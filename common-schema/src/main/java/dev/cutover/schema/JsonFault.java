package dev.cutover.schema;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** What is wrong with a JSON or YAML document, in an operator's words: one line, no class names. */
public final class JsonFault extends Exception {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST_VALUE = 80;

    private final String path;
    private final int line;
    private final String problem;

    /**
     * A fault.
     *
     * @param path the value at fault, for example {@code positions[0].pnl}; empty where it is the whole document
     * @param line counted from 1; 0 where it is not known
     * @param problem what goes after the path, for example {@code must be a number, but is 'x'}
     */
    JsonFault(String path, int line, String problem, Throwable cause) {
        super(path.isEmpty() ? problem : path + " " + problem, cause);
        this.path = path;
        this.line = line;
        this.problem = problem;
    }

    String path() {
        return path;
    }

    int line() {
        return line;
    }

    String problem() {
        return problem;
    }

    /** @param parser still open, and where it stood when it failed */
    static JsonFault of(JsonProcessingException e, JsonParser parser) throws IOException {
        int line = e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getLineNr());
        if (e instanceof ValueInstantiationException && e.getCause() instanceof IllegalArgumentException rule) {
            // the rules of our own types name their field themselves
            return new JsonFault("", line, rule.getMessage(), rule);
        }
        String path = e instanceof JsonMappingException mapping ? path(mapping.getPath()) : "";
        // what an object holds too much or too little of is found at its end: that line would mislead
        boolean atTheEnd = e instanceof UnrecognizedPropertyException || parser.currentToken() == JsonToken.END_OBJECT;
        return new JsonFault(path, atTheEnd ? 0 : line, problem(e, parser), e);
    }

    private static String problem(JsonProcessingException e, JsonParser parser) throws IOException {
        if (e instanceof UnrecognizedPropertyException unknown) {
            return "is no field here; known are "
                    + unknown.getKnownPropertyIds().stream()
                            .map(Object::toString)
                            .sorted()
                            .collect(Collectors.joining(", "));
        }
        if (e.getCause() instanceof InputCoercionException range) {
            return "is out of range of " + range.getTargetType().getSimpleName() + ": " + clip(parser.getText());
        }
        if (e instanceof MismatchedInputException mismatch && mismatch.getTargetType() != null) {
            // at the end of an object Jackson finds what the object did not hold; what is null it may find before
            boolean isNull = e.getOriginalMessage().startsWith("Null value for creator property");
            return isNull || parser.currentToken() == JsonToken.END_OBJECT
                    ? "must be there"
                    : "must be " + words(mismatch.getTargetType()) + ", but is " + value(parser);
        }
        return "is not well-formed: " + oneLine(e.getOriginalMessage());
    }

    private static String words(Class<?> target) {
        if (target == long.class || target == int.class) {
            return "a whole number";
        }
        if (target == BigDecimal.class) {
            return "a number";
        }
        if (target == String.class) {
            return "a text";
        }
        if (target == boolean.class) {
            return "true or false";
        }
        if (target == Instant.class) {
            return "a UTC instant such as 2026-01-05T15:30:00.123Z";
        }
        if (target.isEnum()) {
            return "one of " + Arrays.toString(target.getEnumConstants());
        }
        return Collection.class.isAssignableFrom(target) ? "a list" : "an object";
    }

    private static String value(JsonParser parser) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == null || !token.isScalarValue()) {
            return token == JsonToken.START_ARRAY ? "a list" : "an object";
        }
        return token == JsonToken.VALUE_STRING ? "'" + clip(parser.getText()) + "'" : clip(parser.getText());
    }

    private static String clip(String text) {
        return text.length() <= LONGEST_VALUE ? text : text.substring(0, LONGEST_VALUE) + "…";
    }

    private static String path(List<JsonMappingException.Reference> steps) {
        StringBuilder path = new StringBuilder();
        for (JsonMappingException.Reference step : steps) {
            if (step.getFieldName() == null) {
                path.append('[').append(step.getIndex()).append(']');
            } else {
                path.append(path.isEmpty() ? "" : ".").append(step.getFieldName());
            }
        }
        return path.toString();
    }

    /** Without Jackson's notes on the source, and without the excerpts that the YAML parser indents. */
    private static String oneLine(String message) {
        return message.replaceAll(" \\(start marker at .*", "")
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith(" "))
                .collect(Collectors.joining(": "));
    }
}
