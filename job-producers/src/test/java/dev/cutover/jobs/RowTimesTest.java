package dev.cutover.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RowTimesTest {
    private static final RowTimes NEW_YORK = new RowTimes(ZoneId.of("America/New_York"));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1460727000",
                "1460727000000",
                "2016-04-15T13:30:00Z",
                "2016-04-15T13:30:00.000Z",
                "2016-04-15T13:30Z",
                "2016-04-15 13:30:00Z",
                "2016-04-15T15:30:00+02:00",
                "2016-04-15 09:30:00-04:00",
                "2016-04-15T09:30:00-0400",
                "2016-04-15 09:30:00 -04",
                "2016-04-15 09:30:00",
                "2016-04-15T09:30:00",
                "2016-04-15 09:30"
            })
    void oneInstantInManyForms(String text) throws BadRowException {
        assertThat(NEW_YORK.parse(text, null)).isEqualTo("2016-04-15T13:30:00Z");
    }

    @Test
    void millisecondsReachBackBefore2001() throws BadRowException {
        assertThat(NEW_YORK.parse("946684800000", null)).isEqualTo("2000-01-01T00:00:00Z");
        assertThat(NEW_YORK.parse("946684800", null)).isEqualTo("2000-01-01T00:00:00Z");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "noon", "15/04/2016 09:30", "2016-04-15", "2016-02-30 09:30:00", "-5", "1e9"})
    void whatIsNoTimeIsRefusedWithTheFormsThatAre(String text) {
        assertThatThrownBy(() -> new RowTimes(ZoneOffset.UTC).parse(text, null))
                .isInstanceOf(BadRowException.class)
                .hasMessage("the time '" + text + "' is neither seconds nor milliseconds since 1970, nor like"
                        + " 2016-04-15T13:30:00Z or 2016-04-15 13:30:00");
    }

    @Test
    void theHourThatClocksRepeatIsTakenTheSecondTimeOnceTheFirstHasPassed() throws BadRowException {
        Instant firstPass = NEW_YORK.parse("2016-11-06 01:59:00", Instant.parse("2016-11-06T05:58:00Z"));
        Instant secondPass = NEW_YORK.parse("2016-11-06 01:00:00", firstPass);

        assertThat(firstPass).isEqualTo("2016-11-06T05:59:00Z");
        assertThat(secondPass).isEqualTo("2016-11-06T06:00:00Z");
    }

    @Test
    void aTimeThatClocksSkipIsRefused() {
        assertThatThrownBy(() -> NEW_YORK.parse("2016-03-13 02:30:00", null))
                .hasMessage("the time '2016-03-13T02:30' does not exist in America/New_York, whose clocks skip it;"
                        + " is --source-zone right?");
    }
}
