package dev.cutover.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.Event.AccountBalance;
import dev.cutover.schema.Event.Heartbeat;
import dev.cutover.schema.Event.Position;
import dev.cutover.schema.Event.Positions;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class EventTest {
    private static final Instant NOW = Instant.parse("2026-01-05T15:30:00.123Z");

    @Test
    void theKeyIsTheKeyFieldAsText() {
        assertThat(Golden.events().get("account_balance").key()).isEqualTo("123");
        assertThat(Golden.events().get("positions").key()).isEqualTo("123");
        assertThat(Golden.events().get("intraday_bar").key()).isEqualTo("SPY");
        assertThat(Golden.events().get("vwap_update").key()).isEqualTo("SPY");
        assertThat(Golden.events().get("market_status").key()).isEqualTo("1");
        assertThat(Golden.events().get("heartbeat").key()).isEqualTo("heartbeat");
    }

    @Test
    void theScaleOfMoneyIsKept() {
        assertThat(balance(new BigDecimal("50000.00")).cash()).isEqualTo(new BigDecimal("50000.00"));
    }

    @Test
    void aNumberIsHeldInItsPlainForm() {
        assertThat(balance(new BigDecimal("1E+3")).cash()).isEqualTo(new BigDecimal("1000"));
    }

    @Test
    void aNumberWithMoreDigitsThanMoneyEverHasIsRefused() {
        assertThat(balance(BigDecimal.TEN.pow(40).subtract(BigDecimal.ONE)).cash())
                .isPositive();
        for (String number : List.of("1E+40", "-1E+40", "1E-41", "1E+2147483647", "1E-2147483647", "0E+2147483647")) {
            assertThatThrownBy(() -> balance(new BigDecimal(number)))
                    .isInstanceOf(InvalidEventException.class)
                    .hasMessage(
                            "account_balance.cash must have at most 40 digits before its decimal point, and after it,"
                                    + " but is " + new BigDecimal(number));
        }
    }

    @Test
    void anInstantBeyondTheYearsOfFourDigitsIsRefused() {
        for (Instant instant : List.of(Instant.MIN, Instant.MAX, Instant.parse("+10000-01-01T00:00:00Z"))) {
            assertThatThrownBy(() -> new Heartbeat(instant, 1))
                    .isInstanceOf(InvalidEventException.class)
                    .hasMessage("heartbeat.timestamp must lie in the years 0000 to 9999, but is " + instant);
        }
    }

    @Test
    void positionsAreACopyAndHoldNoHole() {
        List<Position> positions = new ArrayList<>();
        Positions event = new Positions(1, positions, NOW);
        positions.add(null);

        assertThat(event.positions()).isEmpty();
        assertThatThrownBy(() -> new Positions(1, Arrays.asList((Position) null), NOW))
                .isInstanceOf(InvalidEventException.class)
                .hasMessage("positions.positions[] must be there, but is null");
    }

    private static AccountBalance balance(BigDecimal cash) {
        return new AccountBalance(1, "ACC1", cash, BigDecimal.ZERO, BigDecimal.ZERO, NOW);
    }
}
