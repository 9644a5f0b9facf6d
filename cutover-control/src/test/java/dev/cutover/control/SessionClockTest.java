package dev.cutover.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.control.SessionClock.Session;
import dev.cutover.schema.MarketCalendar;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SessionClockTest {
    private static final MarketCalendar CALENDAR = MarketCalendar.shipped();

    private static Session session(String setting, String at) {
        return SessionClock.of(setting, CALENDAR).at(Instant.parse(at)).orElse(null);
    }

    @Test
    void fixedWindowsFollowEachOther() {
        Session session = session("30s", "2026-11-28T15:30:12.5Z");
        assertThat(session)
                .isEqualTo(new Session(
                        "30s@2026-11-28T15:30:00Z",
                        Instant.parse("2026-11-28T15:30:00Z"),
                        Instant.parse("2026-11-28T15:30:30Z")));
        assertThat(session("30s", "2026-11-28T15:30:00Z")).isEqualTo(session);
        assertThat(session("30s", "2026-11-28T15:30:29.999Z")).isEqualTo(session);
        assertThat(session("30s", "2026-11-28T15:30:30Z").from()).isEqualTo(session.until());
        assertThat(session("1h", "1969-12-31T23:59:59Z").id()).isEqualTo("1h@1969-12-31T23:00:00Z");
    }

    @Test
    void aMarketsSessionIsItsTradingDayWithItsBreaks() {
        assertThat(session("market:USA", "2026-11-30T14:30:00Z"))
                .isEqualTo(new Session(
                        "USA@2026-11-30T14:30:00Z",
                        Instant.parse("2026-11-30T14:30:00Z"),
                        Instant.parse("2026-11-30T21:00:00Z")));
        assertThat(session("market:USA", "2026-11-30T14:29:59Z")).as("before").isNull();
        assertThat(session("market:USA", "2026-11-30T21:00:00Z")).as("after").isNull();
        assertThat(session("market:USA", "2026-11-28T16:00:00Z"))
                .as("a Saturday")
                .isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"4s", "0s", "market:Atlantis", "30", "", "market:"})
    void whatIsNoClockIsRefused(String setting) {
        assertThatThrownBy(() -> SessionClock.of(setting, CALENDAR)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theRefusalNamesTheMarketsThatThereAre() {
        assertThatThrownBy(() -> SessionClock.of("market:Atlantis", CALENDAR)).hasMessageContaining("USA");
    }
}
