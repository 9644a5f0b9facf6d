package dev.cutover.local;

import dev.cutover.schema.StartupException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.server.fault.FaultHandler;
import org.apache.kafka.server.fault.LoggingFaultHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread group of one broker. Every thread that Kafka starts inherits it, so that Kafka's wish to end the process
 * is traced to the broker that failed, and stops that one alone.
 *
 * <p>Kafka ends the process in two ways. Fatal faults go to a fault handler: the one given here. A lost log directory
 * or a fatal error in a request calls {@link Exit}, whose procedures are the whole JVM's; replacing them is safe
 * because threads outside these groups keep Kafka's own behaviour, and replacing them twice changes nothing. Kafka's
 * callers expect no return, so these throw; the failed thread ends, and its log line says why.
 */
final class BrokerThreads extends ThreadGroup {

    private static final Logger LOG = LoggerFactory.getLogger(BrokerThreads.class);

    private final BiFunction<String, Throwable, StartupException> fail;

    /** @param fail stops the broker; called on whichever of its threads failed, with what happened and why, or null */
    BrokerThreads(BiFunction<String, Throwable, StartupException> fail) {
        super("embedded-broker");
        this.fail = fail;
    }

    FaultHandler faultHandler(String name, boolean fatal, Runnable action) {
        if (!fatal) {
            return new LoggingFaultHandler(name, action);
        }
        return (message, cause) -> {
            action.run();
            return fail.apply(name + ": " + message, cause);
        };
    }

    /** Kafka only asks some of its threads to end; here those are awaited that would keep the JVM alive. */
    void joinNonDaemons() {
        long endNs = System.nanoTime() + EmbeddedBroker.CLOSE_LIMIT.toNanos();
        Thread[] all = new Thread[activeCount() + 16];
        for (Thread thread : Arrays.asList(all).subList(0, enumerate(all))) {
            long leftMs = Math.max(1, TimeUnit.NANOSECONDS.toMillis(endNs - System.nanoTime()));
            if (!thread.isDaemon()) {
                Utils.swallow(LOG, () -> thread.join(leftMs));
            }
        }
    }

    static void takeExits() {
        Exit.setExitProcedure((status, message) -> {
            failIfBroker("a request handler met a fatal error");
            System.exit(status);
        });
        Exit.setHaltProcedure((status, message) -> {
            failIfBroker("its data directory cannot be read or written any more");
            Runtime.getRuntime().halt(status);
        });
    }

    private static void failIfBroker(String what) {
        if (Thread.currentThread().getThreadGroup() instanceof BrokerThreads threads) {
            throw threads.fail.apply(what, null);
        }
    }
}
