package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A number that two JSON documents share when they say the same: whatever the order of members and of an array's elements, and
 * the form of numbers. It recognises one event on two paths, where a collision costs one wrong sample; what is judged is compared
 * value by value, and not by this.
 */
final class DataHash {
    private static final long ODD = 0x9E3779B97F4A7C15L;

    private DataHash() {}

    /** @param leftOut tells by its pointer which value is passed over, with all that it holds */
    static long of(JsonNode document, Predicate<String> leftOut) {
        return of(document, "", leftOut);
    }

    private static long of(JsonNode node, String pointer, Predicate<String> leftOut) {
        if (node.isObject()) {
            long sum = 1;
            for (Map.Entry<String, JsonNode> member : node.properties()) {
                String its = pointer + "/" + member.getKey().replace("~", "~0").replace("/", "~1");
                if (!leftOut.test(its)) {
                    sum += mix(mix(member.getKey().hashCode()) ^ of(member.getValue(), its, leftOut));
                }
            }
            return mix(sum);
        }
        if (node.isArray()) {
            long sum = 2;
            for (JsonNode element : node) {
                sum += mix(of(element, pointer + "/*", leftOut));
            }
            return mix(sum);
        }
        return mix(scalar(node));
    }

    private static long scalar(JsonNode node) {
        if (node.isNumber()) {
            // by value; + 0.0 makes one of both zeros
            return 3L * Double.doubleToLongBits(node.doubleValue() + 0.0);
        }
        if (node.isTextual()) {
            return 5L * node.textValue().hashCode() + node.textValue().length();
        }
        return node.isBoolean() ? (node.booleanValue() ? 7 : 11) : 13;
    }

    /** The finisher of SplittableRandom: each bit of the input moves about half of the output's. */
    private static long mix(long value) {
        long mixed = value * ODD;
        mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}
