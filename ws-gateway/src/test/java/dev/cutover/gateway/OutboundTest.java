package dev.cutover.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.gateway.Outbound.Offer;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OutboundTest {
    private static final long WAIT_NS = 30;

    private final GatewayRig rig = new GatewayRig();

    @AfterEach
    void everythingIsGivenBack() {
        rig.close();
    }

    /** A frame whose one reference is the caller's. */
    private Frame frame(String key) {
        return rig.frame("positions", 0, key, "{}");
    }

    private static Offer offerLatest(Outbound outbound, Frame frame, long nowNs) {
        Offer offer = outbound.offerLatest(frame, nowNs, WAIT_NS);
        if (offer == Offer.FULL || offer == Offer.OVERDUE) {
            frame.release();
        }
        return offer;
    }

    private static List<String> drained(Outbound outbound) {
        List<String> all = new ArrayList<>();
        Outbound.Entry entry;
        while ((entry = outbound.first()) != null) {
            outbound.removeFirst();
            all.add(entry instanceof Outbound.Event event ? event.frame().key.key + event.frame().offset : "message");
            entry.release();
        }
        assertThat(outbound.isEmpty()).isTrue();
        assertThat(outbound.bytes()).isZero();
        return all;
    }

    @Test
    void replacedValueMovesToTheEndSoThatOffsetsAscend() {
        Outbound outbound = new Outbound(1 << 20, new Outbound.Total());
        assertThat(offerLatest(outbound, frame("a"), 0)).isEqualTo(Offer.QUEUED);
        assertThat(offerLatest(outbound, frame("b"), 0)).isEqualTo(Offer.QUEUED);
        Frame replaced = frame("c");
        assertThat(offerLatest(outbound, replaced, 0)).isEqualTo(Offer.QUEUED);
        assertThat(offerLatest(outbound, frame("a"), 0)).isEqualTo(Offer.CONFLATED);
        assertThat(offerLatest(outbound, frame("c"), 0)).isEqualTo(Offer.CONFLATED);
        assertThat(replaced.references()).isZero();
        assertThat(drained(outbound)).containsExactly("b1", "a3", "c4");
    }

    @Test
    void messagesAndEventsOfEveryKeepTheirPlace() {
        Outbound outbound = new Outbound(1 << 20, new Outbound.Total());
        offerLatest(outbound, frame("a"), 0);
        ServerMessage pong = ServerMessages.pong(null);
        assertThat(outbound.offer(new Outbound.Message(pong), 0)).isEqualTo(Offer.QUEUED);
        assertThat(outbound.offer(new Outbound.Message(pong), 0)).isEqualTo(Offer.QUEUED);
        assertThat(outbound.offer(new Outbound.Event(frame("a")), 0)).isEqualTo(Offer.QUEUED);
        assertThat(outbound.offer(new Outbound.Event(frame("a")), 0)).isEqualTo(Offer.QUEUED);
        offerLatest(outbound, frame("a"), 0);
        assertThat(drained(outbound)).containsExactly("message", "message", "a1", "a2", "a3");
    }

    @Test
    void boundIsExact() {
        Frame first = frame("a");
        Frame second = frame("b");
        Outbound outbound = new Outbound(first.bytes() + second.bytes(), new Outbound.Total());
        assertThat(offerLatest(outbound, first, 0)).isEqualTo(Offer.QUEUED);
        assertThat(offerLatest(outbound, second, 0)).isEqualTo(Offer.QUEUED);
        assertThat(outbound.bytes()).isEqualTo(first.bytes() + second.bytes());
        assertThat(offerLatest(outbound, frame("c"), 0)).isEqualTo(Offer.FULL);
        Outbound.Control message = new Outbound.Control(WebSocketWire.INSTANCE.ping());
        assertThat(outbound.offer(message, 0)).isEqualTo(Offer.FULL);
        message.release();
        assertThat(drained(outbound)).containsExactly("a0", "b1");
    }

    @Test
    void boundIsOfTheBytesAfterTheReplacement() {
        Frame first = frame("a");
        Outbound outbound = new Outbound(first.bytes() + 20, new Outbound.Total());
        offerLatest(outbound, first, 0);
        assertThat(offerLatest(outbound, frame("a"), 0)).isEqualTo(Offer.CONFLATED);
        assertThat(offerLatest(outbound, rig.frame("positions", 0, "a", "{" + " ".repeat(100) + "}"), 0))
                .isEqualTo(Offer.FULL);
        assertThat(drained(outbound)).as("what waited before").containsExactly("a1");
    }

    @Test
    void keyIsOverdueOnceItWasPassedOverForLongerThanItsTime() {
        Outbound outbound = new Outbound(1 << 20, new Outbound.Total());
        offerLatest(outbound, frame("a"), 100);
        offerLatest(outbound, frame("b"), 120);
        assertThat(offerLatest(outbound, frame("a"), 120)).isEqualTo(Offer.CONFLATED);
        assertThat(offerLatest(outbound, frame("a"), 130)).isEqualTo(Offer.CONFLATED);
        assertThat(offerLatest(outbound, frame("a"), 131)).isEqualTo(Offer.OVERDUE);
        assertThat(offerLatest(outbound, frame("b"), 131)).isEqualTo(Offer.CONFLATED);
        assertThat(drained(outbound)).containsExactly("a3", "b5");
        assertThat(offerLatest(outbound, frame("a"), 1000))
                .as("its time begins anew")
                .isEqualTo(Offer.QUEUED);
        assertThat(offerLatest(outbound, frame("a"), 1030)).isEqualTo(Offer.CONFLATED);
        outbound.clear();
    }

    @Test
    void clearGivesBackAllThatWaits() {
        Outbound outbound = new Outbound(1 << 20, new Outbound.Total());
        Frame event = frame("a");
        Frame every = frame("b");
        Frame inSnapshot = frame("c");
        ByteBuf message = WebSocketWire.INSTANCE.ping();
        offerLatest(outbound, event, 0);
        outbound.offer(new Outbound.Event(every), 0);
        outbound.offer(new Outbound.Control(message), 0);
        outbound.offer(new Snapshot(List.of(inSnapshot)), 0);
        assertThat(outbound.snapshotEvents()).isEqualTo(1);
        outbound.clear();
        assertThat(List.of(event.references(), every.references(), inSnapshot.references(), message.refCnt()))
                .containsOnly(0);
        assertThat(outbound.bytes()).isZero();
        assertThat(outbound.isEmpty()).isTrue();
    }

    @Test
    void randomOffersBehaveAsASimpleListDoes() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            long most = 500L + random.nextInt(3000);
            Outbound outbound = new Outbound(most, new Outbound.Total());
            List<Frame> model = new ArrayList<>();
            Map<String, Long> waitingSince = new HashMap<>();
            for (long nowNs = 0; nowNs < 100; nowNs++) {
                if (random.nextInt(5) == 0 && !model.isEmpty()) {
                    Outbound.Event event = (Outbound.Event) outbound.first();
                    Frame wanted = model.remove(0);
                    assertThat(event.frame()).as("seed %s", seed).isSameAs(wanted);
                    waitingSince.remove(wanted.key.key);
                    outbound.removeFirst();
                    event.release();
                    continue;
                }
                Frame frame =
                        rig.frame("positions", 0, "" + random.nextInt(8), "{" + " ".repeat(random.nextInt(200)) + "}");
                Frame before = model.stream()
                        .filter(each -> each.key == frame.key)
                        .findFirst()
                        .orElse(null);
                long bytesAfter = bytes(model) - (before == null ? 0 : before.bytes()) + frame.bytes();
                Offer wanted;
                if (before != null && nowNs - waitingSince.get(frame.key.key) > WAIT_NS) {
                    wanted = Offer.OVERDUE;
                } else if (bytesAfter > most) {
                    wanted = Offer.FULL;
                } else {
                    wanted = before == null ? Offer.QUEUED : Offer.CONFLATED;
                    model.remove(before);
                    model.add(frame);
                    waitingSince.putIfAbsent(frame.key.key, nowNs);
                }
                assertThat(offerLatest(outbound, frame, nowNs))
                        .as("seed %s", seed)
                        .isEqualTo(wanted);
                assertThat(outbound.bytes()).as("seed %s", seed).isEqualTo(bytes(model));
                assertThat(model).as("seed %s", seed).isSortedAccordingTo(LatestValues.BY_POSITION);
            }
            outbound.clear();
        }
    }

    private static long bytes(List<Frame> frames) {
        return frames.stream().mapToLong(Frame::bytes).sum();
    }
}
