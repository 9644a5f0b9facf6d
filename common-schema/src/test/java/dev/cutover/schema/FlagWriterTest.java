package dev.cutover.schema;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.cutover.schema.FlagWriter.FlagWriteException;
import dev.cutover.schema.FlagWriter.Outcome;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each try gets a producer of Kafka's own mock, which the test has prepared; what it commits comes into the flag log. */
final class FlagWriterTest {
    private static final Instant NOW = Instant.parse("2026-01-05T15:30:00.123456Z");
    private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final FlagLog flagLog = new FlagLog();
    private final FlagReader reader = new FlagReader(flagLog.consumer, System::nanoTime);
    private final List<LoggedProducer> made = new ArrayList<>();
    private final List<Consumer<LoggedProducer>> prepared = new ArrayList<>();
    private final FlagWriter writer = new FlagWriter(this::producer, reader, CLOCK, TIMEOUT);

    @BeforeEach
    void start() {
        reader.start();
        reader.caughtUp().orTimeout(10, TimeUnit.SECONDS).join();
    }

    @AfterEach
    void everyProducerIsClosed() {
        reader.close();
        assertThat(made).allMatch(MockProducer::closed);
    }

    @Test
    void flagAndAuditRecordAreWrittenInOneTransaction() {
        Outcome outcome = writer.write("positions", OptionalLong.of(0), this::toLive);

        Flag written = reader.flag("positions");
        assertThat(outcome).isEqualTo(new Outcome.Written(written));
        assertThat(written)
                .isEqualTo(Flag.initial("positions")
                        .at(Stage.LIVE, "operator-1", "parity holds")
                        .stamped(FlagTest.shadow("positions", 0), written.changeId(), NOW));
        assertThat(made).hasSize(1);
        assertThat(made.get(0).commitCount()).isEqualTo(1);
        assertThat(made.get(0).history())
                .extracting(ProducerRecord::topic, record -> new String(record.key(), UTF_8), ProducerRecord::timestamp)
                .containsExactly(
                        tuple(Topics.FLAGS, "positions", NOW.toEpochMilli()),
                        tuple(Topics.FLAG_AUDIT, "positions", NOW.toEpochMilli()));
        assertThat(made.get(0).history().get(1).value())
                .isEqualTo(new FlagChange(Flag.initial("positions"), written).toAuditJson(null));
    }

    @Test
    void aWriteReturnsOnlyWhenItsReaderHasSeenTheChange() {
        // a commit is answered before its marker stands in the log: here the log shows it two polls later
        prepared.add(producer -> producer.visible = record -> {
            flagLog.consumer.scheduleNopPollTask();
            flagLog.consumer.scheduleNopPollTask();
            flagLog.consumer.schedulePollTask(() -> flagLog.append(record.key(), record.value()));
        });

        writer.write("positions", OptionalLong.of(0), this::toLive);

        assertThat(reader.flag("positions").stage()).isEqualTo(Stage.LIVE);
    }

    @Test
    void aFlagWithAnotherVersionThanExpectedIsAConflict() {
        Flag other = someoneElses(1);
        flagLog.append(other);

        Outcome outcome = writer.write("positions", OptionalLong.of(0), this::toLive);

        assertThat(outcome).isEqualTo(new Outcome.Conflict(other, 0));
        assertThat(made).hasSize(1);
        assertThat(made.get(0).history()).isEmpty();
    }

    @Test
    void withoutAnExpectedVersionTheFlagAsItStandsIsChanged() {
        flagLog.append(someoneElses(7));

        writer.write("positions", OptionalLong.empty(), this::toLive);

        assertThat(reader.flag("positions").version()).isEqualTo(8);
    }

    @Test
    void aFencedWriterWhoseVersionIsUnchangedTriesAgain() {
        prepared.add(producer -> producer.initTransactionException = new ProducerFencedException("at the start"));
        prepared.add(producer -> producer.commitTransactionException = new ProducerFencedException("at the commit"));
        prepared.add(producer -> producer.sendException =
                new KafkaException("in an error state", new InvalidProducerEpochException("at the second send")));

        Outcome outcome = writer.write("positions", OptionalLong.of(0), this::toLive);

        assertThat(outcome).isEqualTo(new Outcome.Written(reader.flag("positions")));
        assertThat(reader.flag("positions").version()).isEqualTo(1);
        assertThat(made).hasSize(4);
    }

    @Test
    void aWriterThatSomebodyWasFasterThanIsToldWho() {
        Flag other = someoneElses(1);
        prepared.add(producer -> {
            producer.commitTransactionException = new ProducerFencedException("fenced");
            producer.beforeCommit = () -> flagLog.append(other);
        });

        assertThat(writer.write("positions", OptionalLong.empty(), this::toLive))
                .isEqualTo(new Outcome.Conflict(other, 0));
    }

    @Test
    void aCommitWhoseAnswerWasLostIsFoundInTheLogAndNotMadeAgain() {
        prepared.add(producer -> producer.afterCommit = () -> {
            throw new KafkaException("the answer was lost");
        });

        Outcome outcome = writer.write("positions", OptionalLong.of(0), this::toLive);

        assertThat(outcome).isEqualTo(new Outcome.Written(reader.flag("positions")));
        assertThat(reader.flag("positions").version()).isEqualTo(1);
        assertThat(made).hasSize(2);
        assertThat(made.get(1).history()).isEmpty();
    }

    @Test
    void ownChangeIsReportedEvenWhenAnotherCameRightBehindIt() {
        prepared.add(producer -> producer.afterCommit = () -> {
            flagLog.append(someoneElses(2));
            throw new KafkaException("the answer was lost");
        });

        assertThat(writer.write("positions", OptionalLong.of(0), this::toLive))
                .isInstanceOfSatisfying(
                        Outcome.Written.class,
                        written -> assertThat(written.flag().version()).isEqualTo(1));
        assertThat(reader.flag("positions").version()).isEqualTo(2);
    }

    @Test
    void aWriterThatIsAlwaysFencedGivesUpAfterFiveTriesWithoutCallingItAConflict() {
        for (int i = 0; i < 9; i++) {
            prepared.add(producer -> producer.commitTransactionException = new ProducerFencedException("fenced"));
        }

        assertThatExceptionOfType(FlagWriteException.class)
                .isThrownBy(() -> writer.write("positions", OptionalLong.of(0), this::toLive))
                .withMessage("the flag of positions may not have been written: fenced; look at its status before trying"
                        + " again");
        assertThat(made).hasSize(5);
    }

    @Test
    void whatAnotherTryCanNotMendEndsTheWriteAtOnce() {
        List<KafkaException> failures = List.of(
                new TimeoutException("no broker"),
                new TransactionalIdAuthorizationException("not allowed"),
                new KafkaException("in an error state", new TransactionalIdAuthorizationException("not allowed")));
        for (KafkaException failure : failures) {
            made.clear();
            prepared.add(producer -> producer.initTransactionException = failure);

            assertThatExceptionOfType(FlagWriteException.class)
                    .isThrownBy(() -> writer.write("positions", OptionalLong.of(0), this::toLive))
                    .withMessageStartingWith("the flag of positions may not have been written: ")
                    .withCause(failure);
            assertThat(made).hasSize(1);
        }
    }

    @Test
    void anInterruptedWriteEndsAndTheThreadStaysInterrupted() {
        prepared.add(producer -> producer.initTransactionException = new InterruptException("interrupted"));

        assertThatThrownBy(() -> writer.write("positions", OptionalLong.of(0), this::toLive))
                .isInstanceOf(FlagWriteException.class);

        assertThat(Thread.interrupted()).isTrue();
        assertThat(made).hasSize(1);
    }

    @Test
    void aChangeThatRefusesEndsTheWriteWithNothingWritten() {
        assertThatThrownBy(() -> writer.write("positions", OptionalLong.of(0), flag -> {
                    throw new IllegalStateException("the guard holds it");
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("the guard holds it");
        assertThat(made.get(0).history()).isEmpty();
    }

    @Test
    void aProducerThatDoesNotCloseIsNoFailureOfTheWrite() {
        prepared.add(producer -> producer.failsToClose = true);

        assertThat(writer.write("positions", OptionalLong.of(0), this::toLive)).isInstanceOf(Outcome.Written.class);
        assertThat(made).hasSize(1);
    }

    @Test
    void aLogThatCanNotBeReadToItsEndEndsTheWriteBeforeAnythingIsWritten() {
        flagLog.appendMarker(); // the mock's position never comes past it
        FlagWriter impatient = new FlagWriter(this::producer, reader, CLOCK, Duration.ofMillis(50));

        assertThatExceptionOfType(FlagWriteException.class)
                .isThrownBy(() -> impatient.write("positions", OptionalLong.of(0), this::toLive))
                .withMessage("the flag log could not be read to its end within 50 ms");
        assertThat(made.get(0).history()).isEmpty();
    }

    @Test
    void aCommittedChangeThatIsNotReadBackIsSaidToBeWritten() {
        prepared.add(producer -> producer.visible = record -> {});
        FlagWriter impatient = new FlagWriter(this::producer, reader, CLOCK, Duration.ofMillis(200));

        assertThatExceptionOfType(FlagWriteException.class)
                .isThrownBy(() -> impatient.write("positions", OptionalLong.of(0), this::toLive))
                .withMessage("the change of positions was written, but not read back within 200 ms");
    }

    @Test
    void aWriteWithAClosedReaderFailsAtOnce() {
        reader.close();

        assertThatExceptionOfType(FlagWriteException.class)
                .isThrownBy(() -> writer.write("positions", OptionalLong.of(0), this::toLive))
                .withMessage("the flag log could not be read to its end: the flag reader is closed");
    }

    private Flag toLive(Flag flag) {
        return flag.at(Stage.LIVE, "operator-1", "parity holds");
    }

    private static Flag someoneElses(long version) {
        return Flag.initial("positions")
                .at(Stage.LIVE, "operator-2", "faster")
                .stamped(FlagTest.shadow("positions", version - 1), "other-" + version, NOW);
    }

    private LoggedProducer producer() {
        LoggedProducer producer = new LoggedProducer();
        if (!prepared.isEmpty()) {
            prepared.remove(0).accept(producer);
        }
        made.add(producer);
        return producer;
    }

    private final class LoggedProducer extends MockProducer<byte[], byte[]> {
        private Runnable beforeCommit = () -> {};
        private Runnable afterCommit = () -> {};
        private Consumer<ProducerRecord<byte[], byte[]>> visible =
                record -> flagLog.append(record.key(), record.value());
        private boolean failsToClose;

        LoggedProducer() {
            super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
        }

        @Override
        public void commitTransaction() {
            beforeCommit.run();
            super.commitTransaction();
            history().stream()
                    .filter(record -> record.topic().equals(Topics.FLAGS))
                    .forEach(visible);
            afterCommit.run();
        }

        @Override
        public void close(Duration timeout) {
            super.close(timeout);
            if (failsToClose) {
                throw new KafkaException("Failed to close kafka producer");
            }
        }
    }
}
