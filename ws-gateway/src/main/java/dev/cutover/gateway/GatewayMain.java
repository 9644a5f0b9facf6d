package dev.cutover.gateway;

import dev.cutover.schema.FeatureCatalog;
import dev.cutover.schema.HostAndPort;
import dev.cutover.schema.KafkaConnection;
import dev.cutover.schema.ServiceCommand;
import dev.cutover.schema.TopicProvisioner;
import picocli.CommandLine;

/** One gateway by itself, against a cluster that is there. */
public final class GatewayMain {
    private GatewayMain() {}

    public static void main(String[] args) {
        ServiceCommand.main(command(), args);
    }

    /** The command that {@link #main} runs. */
    public static CommandLine command() {
        return ServiceCommand.of(
                "gateway",
                "Pushes the events of Kafka to WebSocket subscribers.",
                GatewaySettings.all(),
                (settings, out) -> {
                    FeatureCatalog catalog = settings.catalog();
                    KafkaConnection kafka = settings.kafka();
                    Gateway gateway = Gateway.start(
                            GatewaySettings.from(settings), catalog, kafka, TopicProvisioner.ensure(kafka, catalog));
                    out.println(gateway.name() + " listens on ws://" + HostAndPort.of(gateway.address()) + "/ws/");
                    out.flush();
                    return gateway::close;
                });
    }
}
