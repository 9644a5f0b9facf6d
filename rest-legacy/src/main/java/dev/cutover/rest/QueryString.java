package dev.cutover.rest;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Reads a query. Javalin's own reader drops all parameters when one can't be decoded: a list would answer for a key. */
final class QueryString {
    private QueryString() {}

    /**
     * The parameters with their values, decoded, in the order of the query; one without a value has an empty one.
     *
     * @param raw as on the wire, without its question mark; null where there is none
     * @throws IllegalArgumentException when a percent sign is not followed by two hexadecimal digits
     */
    static Map<String, List<String>> parse(String raw) {
        Map<String, List<String>> parameters = new HashMap<>();
        if (raw == null) {
            return parameters;
        }
        for (String parameter : raw.split("&", -1)) {
            if (!parameter.isEmpty()) {
                int equals = parameter.indexOf('=');
                String name = equals < 0 ? parameter : parameter.substring(0, equals);
                String value = equals < 0 ? "" : parameter.substring(equals + 1);
                parameters
                        .computeIfAbsent(decode(name), each -> new ArrayList<>())
                        .add(decode(value));
            }
        }
        return parameters;
    }

    /** The query as it is, without one of its parameters; empty where nothing else is in it. */
    static String without(String name, String raw) {
        return Arrays.stream(raw.split("&", -1))
                .filter(parameter -> !parameter.isEmpty()
                        && !decode(parameter.substring(0, nameLength(parameter)))
                                .equals(name))
                .collect(Collectors.joining("&"));
    }

    private static int nameLength(String parameter) {
        int equals = parameter.indexOf('=');
        return equals < 0 ? parameter.length() : equals;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }
}
