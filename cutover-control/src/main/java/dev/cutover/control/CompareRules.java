package dev.cutover.control;

import com.fasterxml.jackson.core.JsonPointer;
import dev.cutover.schema.Durations;
import dev.cutover.schema.Feature;
import dev.cutover.schema.Feature.EventType;
import dev.cutover.schema.Feature.KeyBody;
import dev.cutover.schema.Feature.Member;
import dev.cutover.schema.ParityRules;
import dev.cutover.schema.ParityRules.Rule;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that change by which rules {@code compare} compares. */
final class CompareRules {
    @Option(
            names = "--ignore",
            paramLabel = "POINTER",
            converter = ToIgnored.class,
            description = "a field that is not compared, as a JSON pointer into one key's body, such as /timestamp or"
                    + " /positions/*/pnl (* is any member or element); may be given again")
    private List<Rule> ignored;

    @Option(
            names = "--tolerance",
            paramLabel = "POINTER=AMOUNT",
            converter = ToTolerance.class,
            description = "by how much the numbers of a field may differ, such as /cash=0.01; may be given again")
    private List<Rule> tolerances;

    @Option(
            names = "--lag",
            paramLabel = "DURATION",
            converter = ToDuration.class,
            description = "by how much REST may be late, such as 2s (default: as the catalog has it)")
    private Duration lag;

    @Option(
            names = "--exact",
            description = "without the catalog's ignored fields and tolerances; those of these options still count")
    private boolean exact;

    static final class ToIgnored implements ITypeConverter<Rule> {
        @Override
        public Rule convert(String text) {
            return rule(text, null);
        }
    }

    static final class ToTolerance implements ITypeConverter<Rule> {
        @Override
        public Rule convert(String text) {
            int equals = text.lastIndexOf('=');
            try {
                BigDecimal within = new BigDecimal(text.substring(equals + 1));
                if (equals > 0 && within.signum() >= 0) {
                    return rule(text.substring(0, equals), within);
                }
            } catch (NumberFormatException e) {
                // said below
            }
            throw new TypeConversionException(
                    "must be a field and an amount of 0 or more, such as /cash=0.01, but is '" + text + "'");
        }
    }

    static final class ToDuration implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            try {
                return Durations.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage() + ", but is '" + text + "'");
            }
        }
    }

    private static Rule rule(String pointer, BigDecimal within) {
        try {
            if (!pointer.isEmpty()) {
                return new Rule(JsonPointer.compile(pointer).toString(), within, null, null, "asked for");
            }
        } catch (IllegalArgumentException e) {
            // said below
        }
        throw new TypeConversionException("must be a JSON pointer such as /timestamp, but is '" + pointer + "'");
    }

    /**
     * The rules that hold, for a feature.
     *
     * @param catalog its own, as far as they count
     * @param asked those of the options
     */
    record Applied(ParityRules catalog, List<Rule> asked) {

        Duration lag() {
            return catalog.lag();
        }

        /** Of a key's body, by all of the rules. */
        Comparison comparison(Feature feature) {
            List<Rule> all = new ArrayList<>(catalog.rules());
            all.addAll(asked);
            return Comparison.of(feature, new ParityRules(catalog.lag(), catalog.arrays(), all));
        }

        Judge judge(Feature feature) {
            return new Judge(feature, comparison(feature), lag(), Judge.TIMEOUT);
        }

        /**
         * Of the data of one event type: what the catalog says of REST's body holds for the part of it that the data becomes; what
         * was asked for is of the data itself.
         */
        Comparison comparison(Feature feature, EventType type) {
            String place = place(feature, type);
            Map<String, String> arrays = new HashMap<>();
            catalog.arrays().forEach((pointer, field) -> {
                if (isBelow(place, pointer)) {
                    arrays.put(pointer.substring(place.length()), field);
                }
            });
            List<Rule> rules = new ArrayList<>(asked);
            for (Rule rule : catalog.rules()) {
                if (isBelow(place, rule.field())) {
                    rules.add(new Rule(
                            rule.field().substring(place.length()),
                            rule.within(),
                            rule.owner(),
                            rule.until(),
                            rule.why()));
                }
            }
            return Comparison.of(arrays, rules);
        }

        private static boolean isBelow(String place, String pointer) {
            return pointer.startsWith(place + "/");
        }

        /** Where the type's data stands in REST's body of one key: a pointer; empty where it is all of it. */
        private static String place(Feature feature, EventType type) {
            KeyBody one = feature.rest().map(Feature.Rest::one).orElse(null);
            if (one instanceof KeyBody.Members body) {
                for (Member member : body.members()) {
                    if (member instanceof Member.Entries entries
                            && entries.type().equals(type)) {
                        return "/" + escaped(member.name()) + "/*";
                    }
                    if (member instanceof Member.Newest newest && newest.type().equals(type)) {
                        return "/" + escaped(member.name());
                    }
                }
            }
            return "";
        }

        private static String escaped(String name) {
            return name.replace("~", "~0").replace("/", "~1");
        }
    }

    Applied applied(Feature feature) {
        ParityRules own = feature.parity();
        List<Rule> asked = new ArrayList<>();
        if (ignored != null) {
            asked.addAll(ignored);
        }
        if (tolerances != null) {
            asked.addAll(tolerances);
        }
        return new Applied(
                new ParityRules(lag == null ? own.lag() : lag, own.arrays(), exact ? List.of() : own.rules()), asked);
    }
}
