package dev.cutover.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.ComparePlan.Live;
import dev.cutover.control.ComparePlan.Recorded;
import dev.cutover.control.ComparePlan.Windows;
import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.Json;
import dev.cutover.schema.ServiceCommand;
import dev.cutover.schema.Settings;
import dev.cutover.schema.StartupException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cutover compare FEATURE}: what REST says and what the events say, or two windows of the events. */
@Command(
        name = "compare",
        description = {
            "Compares REST with the event log, by the same rules as the parity that gates a promotion.",
            "  --for 60s             against running services: REST is asked for a rotating sample of keys (the default)",
            "  --from T --until T    over the recorded past: what REST has served in that window",
            "  … --with T            two windows of the feature's events with each other: the second begins at T",
            "TIME is an instant with its zone (2026-01-05T15:30:00Z, 2026-01-05T10:30-05:00), a date (0:00 UTC), or how"
                    + " long ago (15m, 2h).",
            "Exit codes: 0 everything compared matches, if late at times; 1 something differs, nothing could be compared, or"
                    + " it failed; 2 wrong usage. Ctrl-C shows what was found by then."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class CompareCommand implements Callable<Integer> {
    private static final int MOST_SAMPLED = 1_000;

    @Parameters(
            paramLabel = "FEATURE",
            description = "the feature, for example positions",
            completionCandidates = FeatureNames.class)
    private String feature;

    @Mixin
    private ComparePlan.Options times;

    @Option(names = "--key", paramLabel = "KEY", split = ",", description = "only this key; may be given again")
    private List<String> keys;

    @Option(
            names = "--sample",
            paramLabel = "N",
            defaultValue = "5",
            description = "with --for: for how many keys REST is asked at each cadence (default ${DEFAULT-VALUE})")
    private int sample;

    @Mixin
    private CompareRules rules;

    @Option(names = "--json", description = "print one JSON document in place of the table")
    private boolean json;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "also write a page with the values that differ; it needs nothing but a browser")
    private Path html;

    @Option(names = "--force", description = "replace the page if it is there")
    private boolean force;

    @Option(
            names = "--kafka",
            paramLabel = "NAME=VALUE",
            description = "one of Kafka's own settings, for example security.protocol=SSL; may be given again")
    private Map<String, String> kafka;

    @Spec
    private CommandSpec spec;

    /** What was found. */
    private record Outcome(ObjectNode json, Findings findings, boolean good, boolean nothing, String why) {}

    /** With the address options, and the catalog's. */
    static CommandLine command() {
        CommandLine command = Addresses.command(
                new CompareCommand(),
                Map.of(
                        Settings.HOST.name(),
                        "where to look for the services",
                        Settings.REST_PORT.name(),
                        "the port of REST there",
                        Settings.KAFKA_PORT.name(),
                        "the port of the embedded Kafka there",
                        Settings.BOOTSTRAP.name(),
                        "the Kafka cluster, in place of the embedded one"));
        command.getCommandSpec()
                .addOption(OptionSpec.builder(Settings.FEATURES.option())
                        .paramLabel(Settings.FEATURES.value())
                        .type(String.class)
                        .description(Settings.FEATURES.doc())
                        .build());
        return command;
    }

    @Override
    public Integer call() {
        if (force && html == null) {
            throw new ParameterException(spec.commandLine(), "--force goes with --html alone");
        }
        if (sample < 1 || sample > MOST_SAMPLED) {
            throw new ParameterException(
                    spec.commandLine(), "--sample must be from 1 to " + MOST_SAMPLED + ", but is " + sample);
        }
        ComparePlan plan = times.plan(spec, now());
        PrintWriter err = spec.commandLine().getErr();
        Settings settings;
        try {
            settings = Addresses.resolve(
                    spec,
                    List.of(Settings.HOST, Settings.KAFKA_PORT, Settings.BOOTSTRAP, Settings.FEATURES),
                    kafka == null ? Map.of() : kafka);
            Feature compared = feature(settings.catalog());
            return Interruption.run(() -> compare(plan, compared, settings));
        } catch (Settings.SettingException e) {
            err.println(e.getMessage());
            return ServiceCommand.USAGE;
        } catch (StartupException e) {
            err.println(e.getMessage());
            return ServiceCommand.FAILED;
        }
    }

    private Feature feature(FeatureCatalog catalog) {
        return catalog.feature(feature)
                .orElseThrow(() -> new ParameterException(
                        spec.commandLine(),
                        "the catalog has no feature '" + feature + "'; it has "
                                + catalog.features().stream().map(Feature::name).collect(Collectors.joining(", "))
                                + "; give another one by --features FILE, as the services have it"));
    }

    private int compare(ComparePlan plan, Feature compared, Settings settings) throws InterruptedException {
        if (html == null) {
            return tell(find(plan, compared, settings), null);
        }
        try (WholeFile file = WholeFile.create(html, force)) {
            return tell(find(plan, compared, settings), file);
        } catch (IOException e) {
            spec.commandLine().getErr().println("can't write " + html + ": " + WholeFile.why(e));
            return ServiceCommand.FAILED;
        }
    }

    private Outcome find(ComparePlan plan, Feature compared, Settings settings) throws InterruptedException {
        if (!(plan instanceof Windows) && compared.rest().isEmpty()) {
            throw new StartupException(compared.name() + " has no REST endpoint that its events could be compared with;"
                    + " --with compares two windows of them");
        }
        ProgressLine progress =
                new ProgressLine(spec.commandLine().getErr(), ProgressLine.Place.of(false), System::nanoTime);
        try (ComparedTopics topics = ComparedTopics.open(settings.kafka(), compared, !(plan instanceof Windows))) {
            CompareRules.Applied applied = rules.applied(compared);
            return plan instanceof Windows windows
                    ? windows(windows, topics, applied, progress)
                    : parity(plan, topics, applied, progress);
        } catch (InterruptException e) {
            throw new InterruptedException();
        } catch (KafkaException e) {
            throw new StartupException("Kafka failed: " + e.getMessage() + "; run it again", e);
        }
    }

    private Outcome parity(
            ComparePlan plan, ComparedTopics topics, CompareRules.Applied applied, ProgressLine progress) {
        ParityReport report = new ParityReport(topics.feature(), wanted());
        Instant began = now();
        Span span;
        if (plan instanceof Live live) {
            LiveComparison comparison = new LiveComparison(
                    topics,
                    applied,
                    wanted(),
                    report,
                    progress,
                    Addresses.resolve(spec, "http", Settings.REST_PORT),
                    sample,
                    Clock.systemUTC(),
                    System::nanoTime);
            boolean whole = wholly(() -> comparison.run(live.length()));
            span = new Span(true, began, now(), !whole, comparison.answers());
        } else {
            Recorded recorded = (Recorded) plan;
            RecordedComparison comparison = new RecordedComparison(topics, applied, report, progress, System::nanoTime);
            boolean whole = wholly(() -> comparison.run(recorded.from(), recorded.until(), began));
            span = new Span(false, recorded.from(), recorded.until(), !whole, Map.of());
        }
        return new Outcome(
                report.toJson(span),
                report.findings(span),
                report.isGood(),
                report.compared() == 0,
                whyNothing(report, span, topics));
    }

    private static String whyNothing(ParityReport report, Span span, ComparedTopics topics) {
        if (!report.notJudged().isEmpty()) {
            return String.join("; ", report.notJudged());
        }
        String log = topics.served(0).topic();
        if (!span.live()) {
            return log + " has no record of that window";
        }
        return span.answers().isEmpty()
                ? "REST was asked nothing, as " + topics.events(0).topic() + " tells of no key; do the jobs run?"
                : "REST answered " + span.answers() + ", and nothing of it has come to " + log
                        + "; does that REST write to this Kafka?";
    }

    private Outcome windows(Windows plan, ComparedTopics topics, CompareRules.Applied applied, ProgressLine progress) {
        Duration distance = Duration.between(plan.first().from(), plan.second().from());
        WindowComparison comparison = new WindowComparison(
                topics.feature(),
                wanted(),
                type -> new ShiftedComparison(
                        applied.comparison(topics.feature(), type),
                        distance,
                        plan.timeWithin() == null ? type.cadence() : plan.timeWithin()));
        WindowReader reader =
                new WindowReader(topics, plan.first(), plan.second(), comparison, progress, System::nanoTime);
        boolean whole = wholly(reader::run);
        WindowReport report =
                new WindowReport(topics.feature().name(), plan.first(), plan.second(), !whole, comparison.result());
        return new Outcome(
                report.toJson(),
                report.findings(),
                report.isGood(),
                report.compared() == 0,
                "no key has events in both windows");
    }

    /** Finer than any event's. */
    private static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS);
    }

    private interface Part {
        void run() throws InterruptedException;
    }

    /** Whether it came to its end; what Ctrl-C leaves is still told, and so the thread goes on. */
    private static boolean wholly(Part part) {
        try {
            part.run();
            return true;
        } catch (InterruptedException | InterruptException e) {
            boolean unused = Thread.interrupted();
            return false;
        }
    }

    private Set<String> wanted() {
        return keys == null ? Set.of() : Set.copyOf(keys);
    }

    /** @param file null for none */
    private int tell(Outcome outcome, WholeFile file) throws InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        if (json) {
            spec.commandLine().getOut().println(pretty(outcome.json()));
        } else {
            FindingsText.print(outcome.findings(), spec.commandLine());
        }
        if (outcome.nothing()) {
            err.println("nothing could be compared: " + outcome.why());
        }
        if (file != null) {
            try {
                for (String line : FindingsPage.of(outcome.findings(), Instant.now())) {
                    file.println(line);
                }
                file.complete();
            } catch (IOException e) {
                err.println("can't write " + html + ": " + WholeFile.why(e));
                return ServiceCommand.FAILED;
            }
        }
        return outcome.good() ? ServiceCommand.OK : ServiceCommand.FAILED;
    }

    private static String pretty(ObjectNode document) {
        try {
            return Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(document);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a report that can't be written", e);
        }
    }
}
