package dev.cutover.control;

import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.HostAndPort;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.ServiceCommand;
import dev.cutover.schema.TopicProvisioner;
import picocli.CommandLine;

/** One control service by itself, against a cluster that is there. */
public final class ControlMain {
    private ControlMain() {}

    public static void main(String[] args) {
        ServiceCommand.main(command(), args);
    }

    /** The command that {@link #main} runs. */
    public static CommandLine command() {
        return ServiceCommand.of(
                "control",
                "Serves the operators' API, and writes the flags.",
                ControlSettings.all(),
                (settings, out) -> {
                    FeatureCatalog catalog = settings.catalog();
                    KafkaConnection kafka = settings.kafka();
                    var unused = TopicProvisioner.ensure(kafka, catalog);
                    Control control = Control.start(ControlSettings.from(settings), catalog, kafka, System.getenv());
                    out.println(control.name() + " listens on http://" + HostAndPort.of(control.address()));
                    out.flush();
                    return control::close;
                });
    }
}
