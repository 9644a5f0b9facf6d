package dev.cutover.jobs;

import dev.cutover.schema.CutoverStatus;
import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.FlagReader;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.Parts;
import dev.cutover.schema.ServiceCommand;
import dev.cutover.schema.ServiceEndpoints;
import dev.cutover.schema.Settings;
import dev.cutover.schema.TopicProvisioner;
import dev.cutover.schema.VitalsReporter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.PrintWriter;
import picocli.CommandLine;

/** The jobs by themselves: what a container starts, and {@code cutover run jobs}. */
public final class JobsMain {
    private JobsMain() {}

    public static void main(String[] args) {
        ServiceCommand.main(command(), args);
    }

    /** The command, to run by itself or as a part of another. */
    public static CommandLine command() {
        return ServiceCommand.of(
                "jobs", "Runs the jobs that produce the dashboard's events.", JobsSettings.ALL, JobsMain::start);
    }

    private static ServiceCommand.Running start(Settings given, PrintWriter out) {
        JobsSettings settings = JobsSettings.from(given);
        FeatureCatalog catalog = given.catalog();
        KafkaConnection kafka = given.kafka();
        Jobs.check(settings, catalog);
        return Parts.start(parts -> {
            // bound first: a taken port is to be known before the first event is out
            JobsHttp http = parts.add("http", JobsHttp.bind(given.get(Settings.HOST), settings.port()));
            var unused = TopicProvisioner.ensure(kafka, catalog);
            PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
            Jobs jobs = parts.add("jobs", Jobs.start(settings, catalog, kafka, registry));
            FlagReader flags = parts.add("flag reader", new FlagReader(kafka, "jobs-flags"));
            flags.bindTo(registry);
            parts.add("vitals", VitalsReporter.start("jobs", "jobs", () -> 0, kafka));
            http.serve(new ServiceEndpoints(jobs::health, () -> CutoverStatus.of(catalog, flags), registry::scrape));
            out.println("jobs run at Kafka " + kafka.bootstrap() + "; health and metrics at " + http.address());
            out.flush();
            return parts::close;
        });
    }
}
