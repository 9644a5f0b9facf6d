package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.cutover.jobs.PollFault.Kind;
import dev.cutover.schema.FeatureCatalog;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

final class PollFaultsTest {
    private final ManualClock clock = new ManualClock("2026-01-05T15:30:00Z");
    private final PollPlan plan = PollPlan.of(
                    FeatureCatalog.shipped(),
                    URI.create("http://legacy"),
                    Given.settings("poll-keys", "intraday=SPY").poll())
            .get(0);
    private final Poll poll = plan.polls().get(0);
    private final PollFaults faults = new PollFaults(plan, clock, Given.metrics());
    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

    @BeforeEach
    void listen() {
        logged.start();
        logger().addAppender(logged);
    }

    @AfterEach
    void listenNoMore() {
        logger().detachAppender(logged);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(PollFaults.class);
    }

    @Test
    void aServiceThatIsAwayIsSaidOnceInThirtySecondsWithWhatToDo() {
        for (int second = 0; second <= 60; second++) {
            faults.failed(poll, new PollFault(Kind.UNREACHABLE, "it can't be reached: no connection"));
            clock.advance(Duration.ofSeconds(1));
        }
        faults.answered(poll, List.of(), true);
        faults.answered(poll, List.of(), true);

        assertThat(lines())
                .containsExactly(
                        "feature account_balance: GET http://legacy/api/account/balance/: it can't be reached: no connection;"
                                + " nothing is emitted of it; is the service running, and is the URL of --source right?",
                        "feature account_balance: GET http://legacy/api/account/balance/: it can't be reached: no connection;"
                                + " nothing is emitted of it; 30 faults since the last such line;"
                                + " is the service running, and is the URL of --source right?",
                        "feature account_balance: GET http://legacy/api/account/balance/: it can't be reached: no connection;"
                                + " nothing is emitted of it; 30 faults since the last such line;"
                                + " is the service running, and is the URL of --source right?",
                        "feature account_balance is polled well again, after 61 faults");
    }

    @Test
    void aServiceThatComesAndGoesDoesNotFillTheLog() {
        for (int second = 0; second < 30; second++) {
            faults.failed(poll, new PollFault(Kind.STATUS, "the service answered 503"));
            faults.answered(poll, List.of(), true);
            clock.advance(Duration.ofSeconds(1));
        }

        assertThat(lines()).hasSize(2);
    }

    private List<String> lines() {
        return logged.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }
}
