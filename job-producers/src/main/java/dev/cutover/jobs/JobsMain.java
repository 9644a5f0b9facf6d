package dev.cutover.jobs;

import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.FlagReader;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.ServiceCommand;
import dev.cutover.schema.Settings;
import dev.cutover.schema.TopicProvisioner;
import dev.cutover.schema.Topics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.PrintWriter;
import java.time.Duration;
import picocli.CommandLine;

/** The jobs by themselves: what a container starts, and {@code cutover run jobs}. */
public final class JobsMain {
    private static final Duration PROVISION_TIMEOUT = Duration.ofSeconds(15);

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
        Jobs.check(settings);
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        // bound first: a taken port is to be known before the first event is out
        JobsHttp http = JobsHttp.bind(given.get(Settings.HOST), settings.port());
        Jobs jobs = null;
        try {
            TopicProvisioner.ensure(kafka, Topics.specs(catalog), PROVISION_TIMEOUT);
            jobs = Jobs.start(settings, catalog, kafka, registry);
            FlagReader flags = new FlagReader(kafka, "jobs-flags");
            http.serve(jobs::health, catalog, flags, registry);
            out.println("jobs run at Kafka " + kafka.bootstrap() + "; health and metrics at " + http.address());
            out.flush();
            return closing(http, flags, jobs);
        } catch (RuntimeException e) {
            if (jobs != null) {
                jobs.close();
            }
            http.close();
            throw e;
        }
    }

    private static ServiceCommand.Running closing(JobsHttp http, FlagReader flags, Jobs jobs) {
        return () -> {
            http.close();
            flags.close();
            jobs.close();
        };
    }
}
