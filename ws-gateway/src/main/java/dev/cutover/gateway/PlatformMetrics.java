package dev.cutover.gateway;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import io.micrometer.core.instrument.binder.netty4.NettyAllocatorMetrics;
import io.micrometer.core.instrument.binder.netty4.NettyEventExecutorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.util.concurrent.EventExecutor;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClient;
import org.apache.kafka.clients.consumer.Consumer;

/** What the libraries beneath a gateway measure of themselves: the JVM, Netty, Kafka's clients. Any thread; reads no network. */
final class PlatformMetrics implements AutoCloseable {
    private final JvmGcMetrics gc = new JvmGcMetrics();
    private final KafkaClientMetrics consumer;
    private final KafkaClientMetrics admin;

    PlatformMetrics(
            MeterRegistry registry,
            ByteBufAllocatorMetricProvider allocator,
            Iterable<EventExecutor> loops,
            Consumer<byte[], byte[]> consumer,
            Admin admin) {
        new JvmMemoryMetrics().bindTo(registry);
        gc.bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new NettyAllocatorMetrics(allocator).bindTo(registry);
        new NettyEventExecutorMetrics(loops).bindTo(registry);
        this.consumer = new KafkaClientMetrics(consumer);
        this.consumer.bindTo(registry);
        this.admin = new KafkaClientMetrics((AdminClient) admin); // as every Admin is that Kafka makes
        this.admin.bindTo(registry);
    }

    @Override
    public void close() {
        admin.close();
        consumer.close();
        gc.close();
    }
}
