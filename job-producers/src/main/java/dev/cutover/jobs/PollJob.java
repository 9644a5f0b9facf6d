package dev.cutover.jobs;

import dev.cutover.jobs.PollClient.Answer;
import dev.cutover.jobs.PollClient.Asking;
import dev.cutover.jobs.PollFault.Kind;
import dev.cutover.schema.Health;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.common.errors.RecordTooLargeException;

/**
 * Polls an existing REST service for one feature, and emits what is due of its answers as they come. A poll that can't be used
 * emits nothing: while the service is away the feature is silent. An answer that is slow holds up neither the other keys nor the
 * next slot; it is taken up when it is there.
 *
 * <p>Owned by its thread in the scheduler; the answers cross to it by one queue. {@link #health} may be asked by any thread.
 */
final class PollJob implements Job {
    private record Answered(Poll poll, Answer answer) {}

    private final PollPlan plan;
    private final int mostUnderWay;
    private final Asking service;
    private final EventPublisher publisher;
    private final Clock clock;
    private final PollFaults faults;
    private final BlockingQueue<Answered> answers = new LinkedBlockingQueue<>();
    private final Map<Poll, PollState> states = new HashMap<>();
    private final Set<Poll> underWay = new HashSet<>();

    /** @param mostUnderWay requests at a time */
    PollJob(
            PollPlan plan,
            int mostUnderWay,
            Asking service,
            EventPublisher publisher,
            Clock clock,
            JobsMetrics metrics) {
        this.plan = plan;
        this.mostUnderWay = mostUnderWay;
        this.service = service;
        this.publisher = publisher;
        this.clock = clock;
        this.faults = new PollFaults(plan, clock, metrics);
        plan.polls().forEach(poll -> states.put(poll, new PollState()));
    }

    @Override
    public String name() {
        return "poll-" + plan.feature().name().replace('_', '-');
    }

    @Override
    public Outcome run(Slot slot) throws InterruptedException {
        for (Answered late = answers.poll(); late != null; late = answers.poll()) {
            take(late, slot);
        }
        Queue<Poll> waiting = new ArrayDeque<>(plan.polls());
        waiting.removeAll(underWay);
        while (true) {
            while (!waiting.isEmpty() && underWay.size() < mostUnderWay) {
                ask(waiting.remove());
            }
            if (underWay.isEmpty()) {
                return Outcome.DONE;
            }
            // the client ends every request in time, so that the first of these waits ends, too
            Answered next = waiting.isEmpty() ? answers.poll(leftMs(slot), TimeUnit.MILLISECONDS) : answers.take();
            if (next == null) {
                return Outcome.DONE;
            }
            take(next, slot);
        }
    }

    /** Until the next slot, by a wall clock that may be set while this waits. */
    private long leftMs(Slot slot) {
        long leftMs =
                Duration.between(clock.instant(), slot.at().plus(plan.period())).toMillis();
        return Math.max(0, Math.min(leftMs, plan.period().toMillis()));
    }

    private void ask(Poll poll) {
        underWay.add(poll);
        var unused = service.get(poll.uri(), states.get(poll).etag())
                .thenAccept(answer -> answers.add(new Answered(poll, answer)));
    }

    private void take(Answered answered, Slot slot) {
        Poll poll = answered.poll();
        underWay.remove(poll);
        PollState state = states.get(poll);
        List<PollFault> bad = List.of();
        try {
            if (answered.answer() instanceof Answer.Body body) {
                PolledBody read = PolledBody.read(poll, body.bytes());
                bad = read.faults();
                state.shows(read.events(), bad.isEmpty() ? body.etag() : null);
            } else if (answered.answer() instanceof Answer.Failed failed) {
                throw failed.fault();
            }
        } catch (PollFault fault) {
            faults.failed(poll, fault);
            return;
        }
        bad = Stream.concat(bad.stream(), emit(state, slot).stream()).toList();
        faults.answered(poll, bad, !state.isEmpty());
    }

    /** Emits what is due, and tells which events Kafka will never take. */
    private List<PollFault> emit(PollState state, Slot slot) {
        List<PollFault> tooBig = new ArrayList<>();
        for (PolledEvent event : state.due(slot.at(), plan.period())) {
            try {
                state.sent(event, slot.at(), publisher.send(event.type().type(), event.key(), event.data()));
            } catch (RecordTooLargeException e) {
                String what = "the " + event.type().type() + " of '" + event.key() + "' is too big for Kafka: ";
                tooBig.add(new PollFault(Kind.BAD_ELEMENT, what + e.getMessage()));
            }
        }
        return tooBig;
    }

    /** Ready once the feature has been polled, and while anything of it can be read. */
    Health health() {
        return faults.health();
    }
}
