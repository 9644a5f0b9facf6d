package dev.cutover.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Bodies of any shape; the same in another form; and the same but for one thing. */
final class RandomBody {
    /** An array in a member of this name has elements with this key field, wherever it is. */
    static final Map<String, String> ARRAYS = Map.of("/rows", "id", "/*/rows", "id", "/*/*/rows", "id");

    private static final List<String> NAMES = List.of("a", "b/c", "~d", "é", "price", "x y", "0", "");
    private final Random random;

    RandomBody(Random random) {
        this.random = random;
    }

    ObjectNode body() {
        return object(3);
    }

    private ObjectNode object(int depth) {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        for (String name : NAMES) {
            if (random.nextInt(3) > 0) {
                object.set(name, value(depth - 1));
            }
        }
        // ARRAYS knows three levels
        if (random.nextBoolean() && depth > 0) {
            object.set("rows", rows(depth - 1));
        }
        return object;
    }

    private ArrayNode rows(int depth) {
        ArrayNode rows = JsonNodeFactory.instance.arrayNode();
        for (int i = random.nextInt(5); i > 0; i--) {
            ObjectNode row = object(Math.min(depth, 0));
            row.remove("rows");
            row.set("id", i % 2 == 0 ? TextNode.valueOf("k" + i) : DecimalNode.valueOf(BigDecimal.valueOf(i)));
            rows.add(row);
        }
        return rows;
    }

    private JsonNode value(int depth) {
        int kind = random.nextInt(depth > 0 ? 8 : 6);
        if (kind == 6) {
            return object(depth);
        }
        if (kind == 7) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode();
            for (int i = random.nextInt(4); i > 0; i--) {
                array.add(scalar(random.nextInt(6)));
            }
            return array;
        }
        return scalar(kind);
    }

    private JsonNode scalar(int kind) {
        return switch (kind) {
            case 0 -> TextNode.valueOf(Integer.toString(random.nextInt(5)));
            case 1 -> BooleanNode.valueOf(random.nextBoolean());
            case 2 -> NullNode.getInstance();
            case 3 -> DecimalNode.valueOf(new BigDecimal(random.nextInt(2_000_000) - 1_000_000).movePointLeft(4));
            case 4 -> JsonNodeFactory.instance.numberNode(random.nextInt(4));
            default -> TextNode.valueOf("text " + random.nextInt(3));
        };
    }

    /** The same: members in another order, numbers in another form, rows in another order. */
    JsonNode sameInOtherForm(JsonNode node) {
        return same(node, "");
    }

    private JsonNode same(JsonNode node, String name) {
        if (node.isNumber()) {
            BigDecimal number = node.decimalValue();
            return switch (random.nextInt(3)) {
                case 0 -> DecimalNode.valueOf(number.setScale(number.scale() + 1 + random.nextInt(3)));
                case 1 -> DecimalNode.valueOf(new BigDecimal(number.unscaledValue() + "e" + -number.scale()));
                default -> DecimalNode.valueOf(number.stripTrailingZeros());
            };
        }
        if (node.isObject()) {
            List<Map.Entry<String, JsonNode>> members = new ArrayList<>(node.properties());
            Collections.shuffle(members, random);
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            members.forEach(member -> object.set(member.getKey(), same(member.getValue(), member.getKey())));
            return object;
        }
        if (node.isArray()) {
            List<JsonNode> elements = new ArrayList<>();
            node.forEach(element -> elements.add(same(element, "")));
            if (name.equals("rows")) {
                Collections.shuffle(elements, random);
            }
            return JsonNodeFactory.instance.arrayNode().addAll(elements);
        }
        return node.deepCopy();
    }

    /** A body that was changed in one place. */
    record Injected(JsonNode body, String what) {}

    /** Changes one member or element, at any depth. */
    Injected inject(ObjectNode original) {
        ObjectNode body = original.deepCopy();
        List<JsonNode> containers = new ArrayList<>();
        collect(body, containers);
        while (true) {
            JsonNode container = containers.get(random.nextInt(containers.size()));
            String what = container instanceof ObjectNode object ? change(object) : change((ArrayNode) container);
            if (what != null) {
                return new Injected(body, what);
            }
        }
    }

    private static void collect(JsonNode node, List<JsonNode> containers) {
        if (node.isContainerNode()) {
            containers.add(node);
            node.forEach(each -> collect(each, containers));
        }
    }

    private String change(ObjectNode object) {
        if (object.isEmpty() || random.nextInt(4) == 0) {
            object.set("added", random.nextBoolean() ? NullNode.getInstance() : value(1));
            return "added a member";
        }
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        String name = names.get(random.nextInt(names.size()));
        if (random.nextInt(3) == 0) {
            object.remove(name);
            return "dropped " + name;
        }
        JsonNode before = object.get(name);
        object.set(name, other(before));
        return name + " was " + before;
    }

    /** Null where nothing can be changed. */
    private String change(ArrayNode array) {
        if (array.isEmpty() || random.nextInt(3) == 0) {
            int at = random.nextInt(array.size() + 1);
            array.insert(at, scalar(random.nextInt(6)));
            return "added an element at " + at;
        }
        int at = random.nextInt(array.size());
        if (random.nextBoolean()) {
            array.remove(at);
            return "dropped an element at " + at;
        }
        JsonNode before = array.get(at);
        array.set(at, other(before));
        return "element " + at + " was " + before;
    }

    /** Anything that is not the same. */
    private JsonNode other(JsonNode value) {
        if (value.isNumber() && random.nextBoolean()) {
            return random.nextBoolean()
                    ? TextNode.valueOf(value.asText())
                    : DecimalNode.valueOf(value.decimalValue().add(new BigDecimal("0.0001")));
        }
        if (value.isTextual() && value.textValue().matches("\\d+") && random.nextBoolean()) {
            return DecimalNode.valueOf(new BigDecimal(value.textValue()));
        }
        while (true) {
            JsonNode other = value(1);
            boolean equal = (value.isNumber() && other.isNumber())
                    ? value.decimalValue().compareTo(other.decimalValue()) == 0
                    : value.equals(other);
            boolean alike = value.isContainerNode() && other.getNodeType() == value.getNodeType();
            if (!equal && !alike) {
                return other;
            }
        }
    }
}
