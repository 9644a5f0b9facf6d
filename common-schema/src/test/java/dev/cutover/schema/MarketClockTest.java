package dev.cutover.schema;

import static dev.cutover.schema.Event.MarketStatus.Status.CLOSED;
import static dev.cutover.schema.Event.MarketStatus.Status.OPEN;
import static dev.cutover.schema.Event.MarketStatus.Status.PRECLOSE;
import static dev.cutover.schema.Event.MarketStatus.Status.PREOPEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cutover.schema.Event.MarketStatus.Status;
import dev.cutover.schema.MarketCalendar.Market;
import dev.cutover.schema.MarketClock.Reading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class MarketClockTest {

    private static final MarketCalendar SHIPPED = MarketCalendar.shipped();

    /** A right file, small enough to be broken one line at a time. */
    private static final String SMALL = """
            markets:
              - market_id: 1
                country: Testland
                time_zone: America/New_York
                pre_open_minutes: 30
                pre_close_minutes: 10
                holidays_known_until: 2026-12-31
                weekly_sessions:
                  - days: [MONDAY, TUESDAY]
                    sessions:
                      - {open: "09:00", close: "11:00"}
                      - {open: "12:00", close: "15:00"}
                holidays: [2026-01-05]
                early_closes: {2026-01-06: "13:00"}
                special_days:
                  - {date: 2026-01-10, sessions: [{open: "10:00", close: "11:00"}]}
            """;

    @TempDir
    private Path dir;

    // ---- the shipped calendar

    @Test
    void shippedCalendarHoldsTheTenMarketsInTheOrderOfTheirIds() {
        assertThat(SHIPPED.markets()).extracting(Market::id).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        assertThat(SHIPPED.markets())
                .extracting(Market::country)
                .containsExactly(
                        "Japan",
                        "China",
                        "India",
                        "Germany",
                        "United Kingdom",
                        "Pre_USA",
                        "USA",
                        "Canada",
                        "Mexico",
                        "Futures");
    }

    @ParameterizedTest
    @CsvSource({
        "Japan, 2025-09-23", // an equinox
        "China, 2026-02-23", // last day of a Spring Festival that began on the Monday before
        "India, 2026-01-15", // declared three days ahead
        "Germany, 2025-12-31",
        "United Kingdom, 2027-12-28",
        "Pre_USA, 2025-01-09",
        "USA, 2026-07-03",
        "Canada, 2025-08-04",
        "Mexico, 2025-12-12",
    })
    void holidayIsClosedFromMidnightToMidnight(String country, LocalDate holiday) {
        Market market = market(country);
        Instant midnight = holiday.atStartOfDay(market.timeZone()).toInstant();
        Reading reading = MarketClock.read(market, midnight);
        assertThat(reading.status()).isEqualTo(CLOSED);
        assertThat(midnight.plusSeconds(reading.secondsToNextEvent()))
                .isAfterOrEqualTo(
                        holiday.plusDays(1).atStartOfDay(market.timeZone()).toInstant());
    }

    // ---- a day

    @ParameterizedTest
    @CsvSource({
        "USA, 2025-06-03T08:59:59, CLOSED, 2025-06-03T09:00",
        "USA, 2025-06-03T09:00:00, PREOPEN, 2025-06-03T09:30",
        "USA, 2025-06-03T09:30:00, OPEN, 2025-06-03T15:50",
        "USA, 2025-06-03T15:50:00, PRECLOSE, 2025-06-03T16:00",
        "USA, 2025-06-03T16:00:00, CLOSED, 2025-06-04T09:00",
        "Pre_USA, 2025-06-03T04:00:00, OPEN, 2025-06-03T09:20",
        "Pre_USA, 2025-06-03T09:30:00, CLOSED, 2025-06-04T03:30",
        "Japan, 2025-06-03T15:25:00, PRECLOSE, 2025-06-03T15:30",
        "China, 2025-06-03T09:15:00, PREOPEN, 2025-06-03T09:30",
        "India, 2025-06-03T15:15:00, PRECLOSE, 2025-06-03T15:30",
        "Germany, 2025-06-03T09:00:00, OPEN, 2025-06-03T17:25",
        "United Kingdom, 2025-06-03T07:50:00, PREOPEN, 2025-06-03T08:00",
        "Canada, 2025-06-03T12:00:00, OPEN, 2025-06-03T15:50",
    })
    void dayRunsThroughPreopenOpenPrecloseAndClosed(
            String country, LocalDateTime local, Status status, LocalDateTime next) {
        assertReading(market(country), local, status, next);
    }

    @Test
    void partOfASecondCountsAsAWholeOne() {
        Instant open = at("America/New_York", "2025-06-03T09:30");
        assertThat(MarketClock.read(market("USA"), open.minusNanos(1))).isEqualTo(new Reading(PREOPEN, 1));
        assertThat(MarketClock.read(market("USA"), open.minusMillis(1500))).isEqualTo(new Reading(PREOPEN, 2));
        assertThat(MarketClock.read(market("USA"), open.minusSeconds(2))).isEqualTo(new Reading(PREOPEN, 2));
    }

    @ParameterizedTest
    @CsvSource({
        "Japan, 2025-06-03T11:29:59, OPEN, 2025-06-03T11:30",
        "Japan, 2025-06-03T11:30:00, CLOSED, 2025-06-03T12:30",
        "Japan, 2025-06-03T12:29:59, CLOSED, 2025-06-03T12:30",
        "Japan, 2025-06-03T12:30:00, OPEN, 2025-06-03T15:25",
        "China, 2025-06-03T11:30:00, CLOSED, 2025-06-03T13:00",
        "China, 2025-06-03T13:00:00, OPEN, 2025-06-03T14:57",
    })
    void lunchBreakIsClosedUntilTheReopeningWithoutPrecloseBeforeOrPreopenAfter(
            String country, LocalDateTime local, Status status, LocalDateTime next) {
        assertReading(market(country), local, status, next);
    }

    @Test
    void weekendIsClosedUntilMondaysPreopen() {
        assertReading(market("Germany"), "2025-06-20T17:30", CLOSED, "2025-06-23T08:50");
        assertReading(market("Germany"), "2025-06-22T12:00", CLOSED, "2025-06-23T08:50");
    }

    @Test
    void goldenWeekIsOneClosureOfEightDays() {
        assertReading(market("China"), "2025-09-30T15:00", CLOSED, "2025-10-09T09:15");
        assertReading(market("China"), "2025-10-05T10:00", CLOSED, "2025-10-09T09:15");
    }

    @Test
    void windowsOfNoLengthLeaveOutTheirStatus() throws IOException {
        Market market =
                market(SMALL.replace("minutes: 30", "minutes: 0").replace("minutes: 10", "minutes: 0"), "Testland");
        assertReading(market, "2026-01-11T12:00", CLOSED, "2026-01-12T09:00");
        assertReading(market, "2026-01-12T14:59", OPEN, "2026-01-12T15:00");
    }

    @Test
    void preopenNeverReachesBackOverAClose() throws IOException {
        Market market = market(
                SMALL.replace("minutes: 30", "minutes: 720")
                        .replace("{open: \"09:00\"", "{open: \"18:00\", opens_previous_day: true"),
                "Testland");
        assertReading(market, "2026-01-12T15:00", PREOPEN, "2026-01-12T18:00");
    }

    @Test
    void precloseLongerThanTheLastSessionFillsItAndNoMore() throws IOException {
        Market market = market(SMALL.replace("minutes: 10", "minutes: 300"), "Testland");
        assertReading(market, "2026-01-12T11:30", CLOSED, "2026-01-12T12:00");
        assertReading(market, "2026-01-12T12:00", PRECLOSE, "2026-01-12T15:00");
    }

    // ---- early closes and special days

    @ParameterizedTest
    @CsvSource({
        "USA, 2025-11-28T12:49:59, OPEN, 2025-11-28T12:50",
        "USA, 2025-11-28T12:50:00, PRECLOSE, 2025-11-28T13:00",
        "USA, 2025-11-28T13:00:00, CLOSED, 2025-12-01T09:00",
        "Pre_USA, 2025-11-28T09:00:00, OPEN, 2025-11-28T09:20",
        "United Kingdom, 2025-12-24T12:30:00, CLOSED, 2025-12-29T07:50",
        "Germany, 2026-12-30T13:55:00, PRECLOSE, 2026-12-30T14:00",
    })
    void earlyCloseMovesThePrecloseWindowWithIt(
            String country, LocalDateTime local, Status status, LocalDateTime next) {
        assertReading(market(country), local, status, next);
    }

    @Test
    void earlyCloseInTheLunchBreakDropsTheAfternoon() throws IOException {
        Market market = market(SMALL.replace("\"13:00\"", "\"11:30\""), "Testland");
        assertReading(market, "2026-01-06T10:50", PRECLOSE, "2026-01-06T11:00");
        assertReading(market, "2026-01-06T11:00", CLOSED, "2026-01-10T09:30");
    }

    @Test
    void specialDayHasItsOwnSessions() {
        assertReading(market("India"), "2025-02-01T10:00", OPEN, "2025-02-01T15:15");
        assertReading(market("India"), "2025-10-21T13:30", PREOPEN, "2025-10-21T13:45");
        assertReading(market("India"), "2025-10-21T13:45", OPEN, "2025-10-21T14:30");
        assertReading(market("India"), "2025-10-21T14:45", CLOSED, "2025-10-23T09:00");
    }

    // ---- across midnight

    @ParameterizedTest
    @CsvSource({
        "2025-06-02T23:59:59, OPEN, 2025-06-03T16:45", // Monday evening trades for Tuesday
        "2025-06-03T00:00:00, OPEN, 2025-06-03T16:45",
        "2025-06-03T16:45:00, PRECLOSE, 2025-06-03T17:00",
        "2025-06-03T17:00:00, CLOSED, 2025-06-03T17:45", // the daily break
        "2025-06-03T17:45:00, PREOPEN, 2025-06-03T18:00",
        "2025-06-06T17:00:00, CLOSED, 2025-06-08T17:45", // Friday to Sunday
        "2025-06-08T18:00:00, OPEN, 2025-06-09T16:45",
    })
    void sessionAcrossMidnightBelongsToTheDayThatItClosesOn(LocalDateTime local, Status status, LocalDateTime next) {
        assertReading(market("Futures"), local, status, next);
    }

    @Test
    void earlyHaltOfFuturesEndsTheSessionThatBeganTheEveningBeforeAndTheNextReopensThatEvening() {
        assertReading(market("Futures"), "2026-01-18T18:00", OPEN, "2026-01-19T12:45");
        assertReading(market("Futures"), "2026-01-19T13:00", CLOSED, "2026-01-19T17:45");
        assertReading(
                market("Futures"), "2026-06-19T13:00", CLOSED, "2026-06-21T17:45"); // on a Friday: the weekend follows
    }

    @Test
    void holidayOfFuturesTakesAwayTheEveningBeforeAndReopensOnItsOwn() {
        assertReading(market("Futures"), "2025-12-24T13:15", CLOSED, "2025-12-25T17:45");
        assertReading(market("Futures"), "2025-12-25T18:00", OPEN, "2025-12-26T16:45");
    }

    // ---- daylight saving

    @ParameterizedTest
    @CsvSource({
        // from a Friday's close to the Monday's pre-open; the wall clock says PT65H in New York and PT63H20M in London
        "USA, 2025-03-07T16:00, PT64H",
        "USA, 2025-10-31T16:00, PT66H",
        "USA, 2026-03-06T16:00, PT64H",
        "Canada, 2026-10-30T16:00, PT66H",
        "United Kingdom, 2025-03-28T16:30, PT62H20M",
        "United Kingdom, 2025-10-24T16:30, PT64H20M",
        "United Kingdom, 2027-10-29T16:30, PT64H20M",
    })
    void weekendOfAClockChangeIsAnHourShorterOrLonger(String country, LocalDateTime close, Duration closed) {
        Market market = market(country);
        assertThat(MarketClock.read(market, close.atZone(market.timeZone()).toInstant()))
                .isEqualTo(new Reading(CLOSED, closed.toSeconds()));
    }

    @Test
    void sundayEveningOpensByTheNewOffsetOnTheDayOfTheChange() {
        assertThat(MarketClock.read(market("Futures"), Instant.parse("2025-03-09T21:59:00Z")))
                .isEqualTo(new Reading(PREOPEN, 60));
        assertThat(MarketClock.read(market("Futures"), Instant.parse("2025-11-02T22:59:00Z")))
                .isEqualTo(new Reading(PREOPEN, 60));
    }

    @ParameterizedTest
    @ValueSource(strings = {"America/Mexico_City", "Asia/Tokyo", "Asia/Kolkata"})
    void zoneWithoutDaylightSavingKeepsItsHoursWhenNewYorkChanges(String zone) throws IOException {
        Market market = market(SMALL.replace("America/New_York", zone), "Testland");
        for (String tuesday : new String[] {"2025-03-04", "2025-03-11", "2025-10-28", "2025-11-04"}) {
            LocalDateTime close = LocalDate.parse(tuesday).atTime(15, 0);
            assertThat(MarketClock.read(market, close.atZone(market.timeZone()).toInstant()))
                    .isEqualTo(new Reading(
                            CLOSED,
                            Duration.ofDays(6).minusHours(6).minusMinutes(30).toSeconds()));
        }
    }

    @Test
    void mexicosBellFollowsNewYorkThoughMexicoCityHasNoDaylightSaving() {
        Market mexico = market("Mexico");
        ZoneId city = ZoneId.of("America/Mexico_City");
        assertThat(statusAt(mexico, city, "2025-01-15T08:29:59")).isEqualTo(PREOPEN);
        assertThat(statusAt(mexico, city, "2025-01-15T08:30:00")).isEqualTo(OPEN);
        assertThat(statusAt(mexico, city, "2025-01-15T15:00:00")).isEqualTo(CLOSED);
        assertThat(statusAt(mexico, city, "2025-07-15T07:29:59")).isEqualTo(PREOPEN);
        assertThat(statusAt(mexico, city, "2025-07-15T07:30:00")).isEqualTo(OPEN);
        assertThat(statusAt(mexico, city, "2025-07-15T14:00:00")).isEqualTo(CLOSED);
    }

    @Test
    void timeThatTheClockSkipsIsTheInstantOfTheJump() throws IOException {
        // New York jumps from 02:00 to 03:00 at 07:00Z on Sunday 2025-03-09
        Market market = sundayMarket("{open: \"02:30\", close: \"03:30\"}");
        assertThat(MarketClock.read(market, Instant.parse("2025-03-09T06:59:50Z")))
                .isEqualTo(new Reading(PREOPEN, 10));
        assertThat(MarketClock.read(market, Instant.parse("2025-03-09T07:00:00Z")))
                .isEqualTo(new Reading(OPEN, 1200));
        assertThat(MarketClock.read(market, Instant.parse("2025-03-09T07:30:00Z"))
                        .status())
                .isEqualTo(CLOSED);
    }

    @Test
    void breakThatTheClockSkipsDoesNotInterruptTheSession() throws IOException {
        Market market = sundayMarket("{open: \"01:00\", close: \"02:10\"}, {open: \"02:50\", close: \"04:00\"}");
        // 01:00 EST is 06:00Z and 03:50 EDT is 07:50Z
        assertThat(MarketClock.read(market, Instant.parse("2025-03-09T06:00:00Z")))
                .isEqualTo(new Reading(OPEN, 6600));
        assertThat(MarketClock.read(market, Instant.parse("2025-03-09T07:00:00Z")))
                .isEqualTo(new Reading(OPEN, 3000));
    }

    @Test
    void breakBetweenTwoTradingDaysThatTheClockSkipsDoesNotInterruptTheSession() throws IOException {
        Market market = market(
                SMALL.replaceAll("minutes: \\d+", "minutes: 0")
                        .replace(SMALL.substring(SMALL.indexOf("      - days"), SMALL.indexOf("    holidays:")), """
                              - days: [SUNDAY]
                                sessions: [{open: "01:00", close: "02:10"}]
                              - days: [MONDAY]
                                sessions: [{open: "02:50", opens_previous_day: true, close: "04:00"}]
                        """)
                        .replace("{2026-01-06: \"13:00\"}", "{}"),
                "Testland");
        assertReading(market, "2025-03-09T01:00", OPEN, "2025-03-10T04:00");
    }

    @Test
    void timeThatTheClockRepeatsCountsOnItsFirstPass() throws IOException {
        // New York repeats 01:00 to 02:00 on Sunday 2025-11-02: first from 05:00Z, again from 06:00Z
        Market market = sundayMarket("{open: \"01:15\", close: \"01:45\"}");
        assertThat(MarketClock.read(market, Instant.parse("2025-11-02T05:15:00Z")))
                .isEqualTo(new Reading(OPEN, 1200));
        assertThat(MarketClock.read(market, Instant.parse("2025-11-02T05:45:00Z"))
                        .status())
                .isEqualTo(CLOSED);
        assertThat(MarketClock.read(market, Instant.parse("2025-11-02T06:30:00Z"))
                        .status())
                .isEqualTo(CLOSED);
    }

    @Test
    void sessionAcrossTheRepeatedHourLastsAnHourLonger() throws IOException {
        Market market = sundayMarket("{open: \"00:30\", close: \"03:00\"}");
        assertThat(MarketClock.read(market, Instant.parse("2025-11-02T04:30:00Z")))
                .isEqualTo(new Reading(OPEN, Duration.ofMinutes(150 + 60 - 10).toSeconds()));
    }

    // ---- past what is known

    @Test
    void pastTheKnownHolidaysTheWeeklySessionsGoOn() {
        assertReading(market("USA"), "2028-07-04T10:00", OPEN, "2028-07-04T15:50"); // Independence Day, not listed
        assertReading(market("USA"), "2041-06-08T12:00", CLOSED, "2041-06-10T09:00");
    }

    @Test
    void holidaysAreKnownToTheEndOfTheLastKnownDayInTheMarketsZone() {
        Market usa = market("USA");
        assertThat(usa.holidaysKnown(at("America/New_York", "2027-12-31T23:59:59")))
                .isTrue();
        assertThat(usa.holidaysKnown(at("America/New_York", "2028-01-01T00:00")))
                .isFalse();
    }

    @Test
    void expectedHolidayCountsThoughItIsNotKnown() {
        Market china = market("China");
        assertReading(china, "2027-02-08T10:00", CLOSED, "2027-02-12T09:15");
        assertThat(china.holidaysKnown(at("Asia/Shanghai", "2027-02-08T10:00"))).isFalse();
    }

    // ---- at any time

    @Test
    void statusHoldsUntilTheNextEventAndIsAnotherThenForAllMarketsOverThreeYears() {
        long seed = RandomGenerator.getDefault().nextLong();
        Random random = new Random(seed);
        Instant from = Instant.parse("2025-01-01T00:00:00Z");
        long spanSeconds =
                Duration.between(from, Instant.parse("2028-01-01T00:00:00Z")).toSeconds();
        for (Market market : SHIPPED.markets()) {
            for (int i = 0; i < 3_000; i++) {
                Instant at = from.plusSeconds(random.nextLong(spanSeconds)).plusNanos(random.nextInt(1_000_000_000));
                Reading reading = MarketClock.read(market, at);
                String where = market.country() + " at " + at + " " + reading + ", seed " + seed;
                long seconds = reading.secondsToNextEvent();
                assertThat(seconds).as(where).isPositive();
                assertThat(MarketClock.read(market, at.plusSeconds(seconds)).status())
                        .as("at the next event, %s", where)
                        .isNotEqualTo(reading.status());
                for (long before : new long[] {seconds - 1, random.nextLong(seconds)}) {
                    assertThat(MarketClock.read(market, at.plusSeconds(before)).status())
                            .as("after %s s, %s", before, where)
                            .isEqualTo(reading.status());
                }
            }
        }
    }

    // ---- files

    @Test
    void operatorsFileTakesThePlaceOfTheShippedOne() throws IOException {
        Path file = write(SMALL);
        assertThat(MarketCalendar.load(file).markets())
                .extracting(Market::country)
                .containsExactly("Testland");
    }

    @Test
    void timesWithoutQuotesAreReadAsTimes() throws IOException {
        Market market = market(SMALL.replace("\"", ""), "Testland");
        assertReading(market, "2026-01-12T12:00", OPEN, "2026-01-12T14:50");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            id: 1 | id: 0 | market_id: is 0; give 1 or more
            id: 1 | id: one | market_id: has the wrong shape; give a whole number
            close: "11:00" | close: "11:00", x: 1 | weekly_sessions[0].sessions[0].x: is not a field
            America/New_York | Amerika/Nyack | time_zone: cannot be 'Amerika/Nyack'; give an IANA time zone
            time_zone: America/New_York | | time_zone: is missing; add it
            minutes: 30 | minutes: 721 | pre_open_minutes: is 721; give 0 to 720 minutes
            minutes: 30 | minutes: -1 | pre_open_minutes: is -1; give 0 to 720 minutes
            minutes: 10 | minutes: 1.5 | pre_close_minutes: cannot be '1.5'; give a whole number
            TUESDAY | MOONDAY | weekly_sessions[0].days[1]: cannot be 'MOONDAY'; give a day
            TUESDAY | MONDAY | weekly_sessions[0].days: names MONDAY a second time; write
            MONDAY, TUESDAY | | weekly_sessions: names no day; give at least one
            09:00 | 9 am | weekly_sessions[0].sessions[0].open: cannot be '9 am'; give a time in quotes
            09:00 | 09:00:30 | weekly_sessions[0].sessions[0].open: is 09:00:30; give whole minutes
            [2026-01-05] | [2026-02-30] | holidays[0]: cannot be '2026-02-30'; give a date, such as
            [2026-01-05] | [20260105] | holidays[0]: cannot be '20260105'; give a date
            [2026-01-05] | [2026-01-05, 2026-01-05] | holidays: 2026-01-05 is listed twice; remove one
            [2026-01-05] | [2026-01-05, ~] | holidays[1]: has the wrong shape; give a date
            [2026-01-05] | [2026-01-06] | early_closes.2026-01-06: is a holiday or a special day as well; keep
            [2026-01-05] | [2026-01-10] | special_days.2026-01-10: is a holiday as well; keep
            2026-01-06 | 2026-01-07 | early_closes.2026-01-07: is a WEDNESDAY without sessions; correct
            2026-01-06 | 2026-01-36 | early_closes: cannot be '2026-01-36'; give a date
            13:00 | 09:00 | early_closes.2026-01-06: 09:00 does not shorten the day, which trades from 09:00 to
            13:00 | 15:00 | early_closes.2026-01-06: 15:00 does not shorten the day, which trades from 09:00 to
            until: 2026-12-31 | until: soon | holidays_known_until: cannot be 'soon'; give a date
            [{open: "10:00", close: "11:00"}] | [] | special_days[0].sessions: is empty; give at least one
            """)
    void badFieldIsRefusedInOneLineThatNamesFileMarketFieldAndRemedy(String right, String wrong, String message)
            throws IOException {
        assertRefused(right, wrong == null ? "" : wrong, message);
    }

    @Test
    void unknownFieldIsRefusedWithTheKnownOnes() throws IOException {
        assertRefused(
                "country: Testland",
                "country: Testland\n    isin: x",
                "isin: is not a field of a market calendar; remove it, or use one of country, early_closes, holidays,");
    }

    @Test
    void sessionThatClosesBeforeItOpensIsRefusedUnlessItSaysSo() throws IOException {
        assertRefused(
                "{open: \"09:00\", close: \"11:00\"}",
                "{open: \"09:00\", close: \"08:00\"}",
                "weekly_sessions[0].sessions[0]: opens at 09:00 and closes at 08:00;"
                        + " let it close later, or say opens_previous_day: true");
    }

    @Test
    void sessionsThatTouchOrOverlapAreRefused() throws IOException {
        assertRefused(
                "open: \"12:00\"",
                "open: \"11:00\"",
                "weekly_sessions: the session of MONDAY that opens at 11:00 does not open after the session before it"
                        + " closes (11:00); list a day's sessions in order");
        assertRefused(
                "open: \"09:00\"",
                "open: \"14:00\", opens_previous_day: true",
                "weekly_sessions: the session of TUESDAY that opens at 14:00 does not open after");
        assertRefused(
                "2026-01-10, sessions: [{open: \"10:00\"",
                "2026-01-13, sessions: [{open: \"10:00\", opens_previous_day: true",
                "special_days.2026-01-13: the session of TUESDAY that opens at 10:00 does not open after");
    }

    @Test
    void weekThatNeverClosesIsRefused() throws IOException {
        assertRefused(
                SMALL.substring(SMALL.indexOf("[MONDAY"), SMALL.indexOf("    holidays:")),
                """
                [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY]
                        sessions: [{open: "00:00", opens_previous_day: true, close: "00:00"}]
                """,
                "weekly_sessions: the session of TUESDAY that opens at 00:00 does not open after");
    }

    @Test
    void marketWithoutANameIsNamedByItsPlace() throws IOException {
        Path file = write(SMALL.replace("country: Testland", "country: \"\""));
        assertThatThrownBy(() -> MarketCalendar.load(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(file + ": market number 1: country: is blank; give the name that the dashboard shows");
    }

    @Test
    void marketsMayNotShareAnIdOrAName() throws IOException {
        String second = SMALL.replace("markets:\n", "").replace("country: Testland", "country: Otherland");
        Path sameId = write(SMALL + second);
        assertThatThrownBy(() -> MarketCalendar.load(sameId))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(sameId + ": market Otherland: market_id: 1 is taken by a market above; give each its own");
        Path sameName = write(SMALL + second.replace("Otherland", "Testland").replace("market_id: 1", "market_id: 2"));
        assertThatThrownBy(() -> MarketCalendar.load(sameName))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        sameName + ": market Testland: country: is the name of a market above too; give each its own");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "markets: []", "markets: 3", "market: []", "markets: [{}]\nholidays: []"})
    void fileThatIsNoListOfMarketsIsRefused(String content) throws IOException {
        Path file = write(content);
        assertThatThrownBy(() -> MarketCalendar.load(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(file + ": must hold the one field markets with a list of at least one market;"
                        + " start from the shipped markets.yaml");
    }

    @Test
    void brokenYamlIsRefusedWithItsLine() throws IOException {
        Path broken = write(SMALL.replace("[2026-01-05]", "[2026-01-05"));
        assertThatThrownBy(() -> MarketCalendar.load(broken))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(broken + ": cannot be parsed at line ")
                .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
        Path twice = write(SMALL.replace("country: Testland", "country: Testland\n    country: Otherland"));
        assertThatThrownBy(() -> MarketCalendar.load(twice))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(twice + ": cannot be parsed at line 4")
                .hasMessageContaining("Duplicate field 'country'");
    }

    @Test
    void missingFileIsRefusedByName() {
        Path file = dir.resolve("nowhere.yaml");
        assertThatThrownBy(() -> MarketCalendar.load(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(file + ": the market calendar cannot be read (NoSuchFileException);"
                        + " name a file that exists and that this user may read");
    }

    // ---- helpers

    private void assertRefused(String right, String wrong, String message) throws IOException {
        assertThat(SMALL).contains(right);
        Path file = write(SMALL.replace(right, wrong));
        assertThatThrownBy(() -> MarketCalendar.load(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(file + ": market Testland: " + message)
                .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
    }

    private Market sundayMarket(String sessions) throws IOException {
        return market(
                SMALL.replace("[MONDAY, TUESDAY]", "[SUNDAY]")
                        .replace("          - {open: \"09:00\", close: \"11:00\"}\n", "")
                        .replace("- {open: \"12:00\", close: \"15:00\"}", "[" + sessions + "]")
                        .replace("{2026-01-06: \"13:00\"}", "{}"),
                "Testland");
    }

    private Market market(String yaml, String country) throws IOException {
        return market(MarketCalendar.load(write(yaml)), country);
    }

    private static Market market(String country) {
        return market(SHIPPED, country);
    }

    private static Market market(MarketCalendar calendar, String country) {
        return calendar.markets().stream()
                .filter(market -> market.country().equals(country))
                .findFirst()
                .orElseThrow();
    }

    private Path write(String yaml) throws IOException {
        return Files.writeString(Files.createTempFile(dir, "markets", ".yaml"), yaml);
    }

    private static void assertReading(Market market, String local, Status status, String next) {
        assertReading(market, LocalDateTime.parse(local), status, LocalDateTime.parse(next));
    }

    private static void assertReading(Market market, LocalDateTime local, Status status, LocalDateTime next) {
        Instant at = local.atZone(market.timeZone()).toInstant();
        Instant event = next.atZone(market.timeZone()).toInstant();
        assertThat(MarketClock.read(market, at))
                .isEqualTo(new Reading(status, Duration.between(at, event).toSeconds()));
    }

    private static Status statusAt(Market market, ZoneId zone, String local) {
        return MarketClock.read(market, LocalDateTime.parse(local).atZone(zone).toInstant())
                .status();
    }

    private static Instant at(String zone, String local) {
        return LocalDateTime.parse(local).atZone(ZoneId.of(zone)).toInstant();
    }

    @Test
    void tradingDayReachesFromTheFirstOpenToTheLastCloseItsBreakIncluded() {
        Market japan = MarketCalendar.shipped().market("Japan").orElseThrow();
        MarketClock.Hours monday = MarketClock.tradingDay(japan, Instant.parse("2026-01-05T00:00:00Z"))
                .orElseThrow();

        assertThat(monday.open()).isEqualTo("2026-01-05T00:00:00Z");
        assertThat(MarketClock.read(japan, Instant.parse("2026-01-05T03:00:00Z"))
                        .status())
                .isEqualTo(CLOSED);
        assertThat(MarketClock.tradingDay(japan, Instant.parse("2026-01-05T03:00:00Z")))
                .contains(monday);
        assertThat(MarketClock.tradingDay(japan, monday.close())).isEmpty();
        assertThat(MarketClock.tradingDay(japan, monday.open().minusNanos(1))).isEmpty();
    }

    @Test
    void tradingDayThatOpensInTheEveningBelongsToTheNextDate() {
        Market futures = MarketCalendar.shipped().market("Futures").orElseThrow();
        // Sunday evening in Chicago
        Instant evening = Instant.parse("2026-01-11T23:30:00Z");

        MarketClock.Hours hours = MarketClock.tradingDay(futures, evening).orElseThrow();

        assertThat(hours.open()).isBeforeOrEqualTo(evening);
        assertThat(hours.close()).isAfter(Instant.parse("2026-01-12T18:00:00Z"));
    }

    @Test
    void jobsAreBoundToEmitWhileTheirMarketIsNotClosed() {
        MarketCalendar calendar = MarketCalendar.shipped();
        ActiveHours usa = new ActiveHours.Market("USA");

        assertThat(calendar.isActive(usa, Instant.parse("2026-01-05T15:30:00Z")))
                .isTrue();
        assertThat(calendar.isActive(usa, Instant.parse("2026-01-04T15:30:00Z")))
                .isFalse();
        assertThat(calendar.isActive(new ActiveHours.Always(), Instant.parse("2026-01-04T15:30:00Z")))
                .isTrue();
        assertThatThrownBy(() -> calendar.isActive(new ActiveHours.Market("Mars"), Instant.EPOCH))
                .hasMessageContaining("'Mars'");
    }
}
