package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.schema.Health;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who is let in, and that every place is given back. */
class AdmissionTest {
    private final List<String> notReady = new ArrayList<>();

    private Admission admission(String host, Map<String, String> settings) {
        return new Admission(
                GatewayRig.settings(settings), new InetSocketAddress(host, 8090), () -> new Health(notReady));
    }

    private Admission admission(Map<String, String> settings) {
        return admission("127.0.0.1", settings);
    }

    private static EmbeddedChannel from(String address) {
        SocketAddress remote = new InetSocketAddress(address, 50_000);
        return new EmbeddedChannel() {
            @Override
            protected SocketAddress remoteAddress0() {
                return remote;
            }
        };
    }

    private static void close(EmbeddedChannel channel) {
        var unused = channel.close();
    }

    private static HttpHeaders headers(String... namesAndValues) {
        HttpHeaders headers = new DefaultHttpHeaders();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            headers.add(namesAndValues[i], namesAndValues[i + 1]);
        }
        return headers;
    }

    private static String why(Admission admission, EmbeddedChannel channel, HttpHeaders headers) {
        return admission
                .admit(channel, headers)
                .map(refused -> refused.why().code())
                .orElse("in");
    }

    private static String why(Admission admission, EmbeddedChannel channel) {
        return why(admission, channel, headers("Host", "localhost"));
    }

    @ParameterizedTest
    @CsvSource({
        "http://localhost:3000, 127.0.0.1:8090, in",
        "http://127.0.0.1, localhost:8090, in",
        "http://[::1]:3000, localhost:8090, in",
        "http://gateway.example:3000, gateway.example:8090, in",
        "https://gateway.example, Gateway.Example, in",
        "http://192.0.2.7, 192.0.2.7:8090, in",
        "https://dash.example, gateway.example, in",
        "HTTPS://DASH.EXAMPLE, gateway.example, in",
        "https://dash.example:444, gateway.example, foreign_origin",
        "http://dash.example, gateway.example, foreign_origin",
        "https://evil.example, gateway.example, foreign_origin",
        "https://evil.example, localhost:8090, foreign_origin",
        "http://localhost:3000, gateway.example, foreign_origin",
        "http://localhost@evil.example, localhost, foreign_origin",
        "http://localhost.evil.example, localhost, foreign_origin",
        "null, gateway.example, foreign_origin",
        "null, localhost, foreign_origin",
        "file://, localhost, foreign_origin",
        "'', localhost, foreign_origin",
    })
    void pagesMayConnectThatAreOfTheSameHostOrOfThisMachineOrListed(String origin, String host, String expected) {
        Admission admission = admission("0.0.0.0", Map.of("ws-origins", "https://dash.example"));
        EmbeddedChannel channel = from("192.0.2.1");
        assertThat(why(admission, channel, headers("Origin", origin, "Host", host)))
                .isEqualTo(expected);
        assertThat(admission.streams()).isEqualTo(expected.equals("in") ? 1 : 0);
        close(channel);
    }

    @Test
    void whoSaysNoOriginIsNoBrowserAndLetIn() {
        assertThat(why(admission("0.0.0.0", Map.of()), from("192.0.2.1"), headers("Host", "gateway.example")))
                .isEqualTo("in");
        assertThat(why(admission(Map.of()), from("127.0.0.1"), headers())).isEqualTo("in");
    }

    @Test
    void twoOriginsOrNoHostBesideOneAreForeign() {
        Admission admission = admission(Map.of());
        HttpHeaders two = headers("Origin", "http://localhost", "Origin", "https://evil.example", "Host", "localhost");
        assertThat(why(admission, from("127.0.0.1"), two)).isEqualTo("foreign_origin");
        assertThat(why(admission, from("127.0.0.1"), headers("Origin", "http://localhost")))
                .isEqualTo("foreign_origin");
    }

    @Test
    void aHostThatIsNotLoopbackIsForeignOnTheLoopbackInterfaceAlone() {
        Admission loopback = admission(Map.of());
        assertThat(loopback.isForeignHost(headers("Host", "evil.example"))).isTrue();
        assertThat(loopback.isForeignHost(headers("Host", "localhost", "Host", "evil.example")))
                .isTrue();
        assertThat(loopback.isForeignHost(headers("Host", "localhost:8090"))).isFalse();
        assertThat(loopback.isForeignHost(headers())).isFalse();
        assertThat(admission("0.0.0.0", Map.of()).isForeignHost(headers("Host", "evil.example")))
                .isFalse();
    }

    @Test
    void noMoreStreamsThanThereArePlacesAndAPlaceIsGivenBackWhenItsChannelCloses() {
        Admission admission = admission(Map.of("connections", "2"));
        EmbeddedChannel first = from("192.0.2.1");
        assertThat(why(admission, first)).isEqualTo("in");
        assertThat(why(admission, from("192.0.2.2"))).isEqualTo("in");
        assertThat(why(admission, from("192.0.2.3"))).isEqualTo("too_many_connections");
        close(first);
        close(first);
        assertThat(why(admission, from("192.0.2.3"))).isEqualTo("in");
        assertThat(why(admission, from("192.0.2.3"))).isEqualTo("too_many_connections");
    }

    @Test
    void noMoreStreamsOfOneAddressThanItMayHave() {
        Admission admission = admission(Map.of("connections-per-address", "2"));
        EmbeddedChannel first = from("192.0.2.1");
        assertThat(why(admission, first)).isEqualTo("in");
        assertThat(why(admission, from("192.0.2.1"))).isEqualTo("in");
        assertThat(why(admission, from("192.0.2.1"))).isEqualTo("too_many_connections_of_address");
        EmbeddedChannel other = from("192.0.2.2");
        assertThat(why(admission, other)).isEqualTo("in");
        assertThat(admission.addresses()).isEqualTo(2);
        close(other);
        assertThat(admission.addresses()).isEqualTo(1);
        close(first);
        assertThat(why(admission, from("192.0.2.1"))).isEqualTo("in");
        assertThat(admission.streams()).as("a refused one holds no place").isEqualTo(2);
    }

    @Test
    void theAddressesOfOneIpv6NetworkAreOne() {
        Admission admission = admission(Map.of("connections-per-address", "1"));
        assertThat(why(admission, from("2001:db8:0:7::1"))).isEqualTo("in");
        assertThat(why(admission, from("2001:db8:0:7:ffff::2"))).isEqualTo("too_many_connections_of_address");
        assertThat(why(admission, from("2001:db8:0:8::1"))).isEqualTo("in");
    }

    @Test
    void whoHasLeftBeforeItIsLetInHoldsNoPlace() {
        Admission admission = admission(Map.of());
        EmbeddedChannel gone = from("192.0.2.1");
        close(gone);
        assertThat(why(admission, gone)).isEqualTo("in");
        assertThat(admission.streams()).isZero();
        assertThat(admission.addresses()).isZero();
    }

    @Test
    void nobodyIsLetInBeforeTheGatewayIsReadyAndOnceItDrains() {
        Admission admission = admission(Map.of());
        notReady.add("the latest values are being read from Kafka");
        assertThat(admission.admit(from("192.0.2.1"), headers()))
                .hasValue(new Admission.Refused(Refusal.NOT_READY, "the latest values are being read from Kafka"));
        admission.drain();
        assertThat(why(admission, from("192.0.2.1"))).isEqualTo("draining");
        notReady.clear();
        assertThat(why(admission, from("192.0.2.1"))).isEqualTo("draining");
        assertThat(admission.streams()).isZero();
    }

    @Test
    void thereAreAFewSocketsMoreThanStreams() {
        Admission admission = admission(Map.of("connections", "2"));
        List<EmbeddedChannel> sockets = new ArrayList<>();
        for (int i = 0; i < 2 + Admission.MORE_SOCKETS; i++) {
            sockets.add(from("192.0.2.1"));
            assertThat(admission.accept(sockets.get(i))).isTrue();
        }
        EmbeddedChannel oneMore = from("192.0.2.1");
        assertThat(admission.accept(oneMore)).isFalse();
        close(oneMore);
        assertThat(admission.accept(from("192.0.2.1"))).isFalse();
        close(sockets.get(7));
        assertThat(admission.accept(from("192.0.2.1"))).isTrue();
        sockets.forEach(AdmissionTest::close);
        assertThat(admission.sockets()).isEqualTo(1);
    }

    @Test
    void manyLoopsAtOnceNeverGiveAwayMorePlacesThanThereAre() throws Exception {
        int threads = 4;
        Admission admission = admission(Map.of("connections", "10", "connections-per-address", "3"));
        AtomicInteger in = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        CyclicBarrier together = new CyclicBarrier(threads);
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> work = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                work.add(pool.submit(() -> {
                    together.await();
                    for (int i = 0; i < 200; i++) {
                        List<EmbeddedChannel> mine = new ArrayList<>();
                        for (int each = 0; each < 5; each++) {
                            EmbeddedChannel channel = from("192.0.2." + each);
                            if (why(admission, channel).equals("in")) {
                                most.accumulateAndGet(in.incrementAndGet(), Math::max);
                                mine.add(channel);
                            }
                        }
                        in.addAndGet(-mine.size());
                        mine.forEach(AdmissionTest::close);
                    }
                    return null;
                }));
            }
            for (Future<?> each : work) {
                each.get();
            }
        } finally {
            pool.shutdownNow();
        }
        assertThat(most.get()).isBetween(1, 10);
        assertThat(admission.streams()).isZero();
        assertThat(admission.addresses()).isZero();
    }
}
