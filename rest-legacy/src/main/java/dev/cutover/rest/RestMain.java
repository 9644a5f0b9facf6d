package dev.cutover.rest;

import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.HostAndPort;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.ServiceCommand;
import dev.cutover.schema.TopicProvisioner;
import picocli.CommandLine;

/** One REST service by itself, against a cluster that is there. */
public final class RestMain {
    private RestMain() {}

    public static void main(String[] args) {
        ServiceCommand.main(command(), args);
    }

    /** The command that {@link #main} runs. */
    public static CommandLine command() {
        return ServiceCommand.of(
                "rest",
                "Serves REST snapshots of each feature until it is promoted.",
                RestSettings.all(),
                (settings, out) -> {
                    RestSettings own = RestSettings.from(settings);
                    FeatureCatalog catalog = settings.catalog();
                    KafkaConnection kafka = settings.kafka();
                    var unused = TopicProvisioner.ensure(kafka, catalog);
                    RestLegacy rest = RestLegacy.start(own, catalog, kafka);
                    out.println("REST listens on http://" + HostAndPort.of(rest.address()));
                    out.flush();
                    return rest::close;
                });
    }
}
