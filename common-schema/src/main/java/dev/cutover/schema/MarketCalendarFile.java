package dev.cutover.schema;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.cutover.schema.MarketCalendar.Market;
import dev.cutover.schema.MarketCalendar.Session;
import java.io.IOException;
import java.io.InputStream;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Reads the YAML of a market calendar and checks all of it before anyone sees a market, so that {@link MarketClock}
 * needs no check of its own. Everything wrong is an {@link IllegalArgumentException} of one line: file, market, field,
 * problem, remedy. Used by one thread, once.
 */
final class MarketCalendarFile {

    private static final int MAX_WINDOW_MINUTES = 720;

    /** Any Monday: the week is checked on real dates, with the code that the clock will use. */
    private static final LocalDate A_MONDAY = LocalDate.of(2024, 1, 1);

    private static final ObjectMapper YAML = YAMLMapper.builder(new YAMLFactory())
            .addModule(new JavaTimeModule())
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            // Lenient, a date 20260101 would be read as a count of days.
            .defaultLeniency(false)
            .build()
            .setDefaultSetterInfo(JsonSetter.Value.forContentNulls(Nulls.FAIL));

    private final String file;

    /** @param file the name that messages give */
    MarketCalendarFile(String file) {
        this.file = file;
    }

    /** @throws IOException only if the stream fails; wrong content is an IllegalArgumentException */
    List<Market> read(InputStream yaml) throws IOException {
        List<Market> markets = new ArrayList<>();
        Set<Object> taken = new HashSet<>();
        for (JsonNode node : marketNodes(yaml)) {
            Market market = new MarketReader(marketName(node, markets.size() + 1)).read(node);
            MarketReader at = new MarketReader(market.country());
            at.require(
                    taken.add(market.id()),
                    "market_id",
                    market.id() + " is taken by a market above",
                    "give each its own");
            at.require(
                    taken.add(market.country()), "country", "is the name of a market above too", "give each its own");
            markets.add(market);
        }
        return markets;
    }

    private JsonNode marketNodes(InputStream yaml) throws IOException {
        JsonNode root;
        try {
            root = YAML.readTree(yaml);
        } catch (JsonProcessingException e) {
            JsonLocation where = e.getLocation();
            String place = where == null ? "" : " at line " + where.getLineNr() + ", column " + where.getColumnNr();
            throw new IllegalArgumentException(
                    file + ": cannot be parsed" + place + " (" + firstLine(e.getOriginalMessage())
                            + "); correct that line",
                    e);
        }
        JsonNode nodes = root.path("markets");
        if (root.size() != 1 || !nodes.isArray() || nodes.isEmpty()) {
            throw new IllegalArgumentException(
                    file + ": must hold the one field markets with a list of at least one market;"
                            + " start from the shipped markets.yaml");
        }
        return nodes;
    }

    /** What messages call a market before it could be read: by its country, or else by its place in the list. */
    private static String marketName(JsonNode node, int place) {
        String country = node.path("country").asText("");
        return country.isBlank() ? "number " + place : country;
    }

    private static String firstLine(String message) {
        return message == null ? "no reason given" : message.lines().findFirst().orElse("");
    }

    /** Reads and checks one market; knows what to call it in messages. */
    private final class MarketReader {

        private final String market;

        MarketReader(String market) {
            this.market = market;
        }

        Market read(JsonNode node) {
            MarketEntry entry;
            try {
                entry = YAML.treeToValue(node, MarketEntry.class);
            } catch (JsonMappingException e) {
                throw refused(e);
            } catch (JsonProcessingException e) {
                throw failure("entry", firstLine(e.getOriginalMessage()), "compare with the shipped markets.yaml", e);
            }
            int id = present(entry.marketId(), "market_id");
            require(id >= 1, "market_id", "is " + id, "give 1 or more");
            String country = present(entry.country(), "country");
            require(!country.isBlank(), "country", "is blank", "give the name that the dashboard shows");
            Map<DayOfWeek, List<Session>> weekly = weekly(present(entry.weeklySessions(), "weekly_sessions"));
            Market read = new Market(
                    id,
                    country,
                    present(entry.timeZone(), "time_zone"),
                    weekly,
                    window(entry.preOpenMinutes(), "pre_open_minutes"),
                    window(entry.preCloseMinutes(), "pre_close_minutes"),
                    holidays(present(entry.holidays(), "holidays")),
                    Map.copyOf(present(entry.earlyCloses(), "early_closes")),
                    specialDays(present(entry.specialDays(), "special_days")),
                    present(entry.holidaysKnownUntil(), "holidays_known_until"));
            checkEarlyCloses(read);
            checkSpecialDays(read);
            return read;
        }

        private Map<DayOfWeek, List<Session>> weekly(List<WeeklyEntry> entries) {
            Map<DayOfWeek, List<Session>> weekly = new EnumMap<>(DayOfWeek.class);
            for (int i = 0; i < entries.size(); i++) {
                String field = "weekly_sessions[" + i + "]";
                List<DayOfWeek> days = present(entries.get(i).days(), field + ".days");
                List<Session> sessions = sessions(entries.get(i).sessions(), field + ".sessions");
                for (DayOfWeek day : days) {
                    require(
                            weekly.put(day, sessions) == null,
                            field + ".days",
                            "names " + day + " a second time",
                            "write all sessions of a day in one entry");
                }
            }
            require(!weekly.isEmpty(), "weekly_sessions", "names no day", "give at least one day and session");
            Function<LocalDate, List<Session>> byDate = date -> weekly.getOrDefault(date.getDayOfWeek(), List.of());
            // Monday to the Monday after, so that the end of the week is held against its beginning.
            requireOrder("weekly_sessions", byDate, A_MONDAY, A_MONDAY.plusDays(7));
            return Map.copyOf(weekly);
        }

        private List<Session> sessions(List<SessionEntry> entries, String field) {
            require(!present(entries, field).isEmpty(), field, "is empty", "give at least one session");
            List<Session> sessions = new ArrayList<>();
            for (int i = 0; i < entries.size(); i++) {
                String at = field + "[" + i + "]";
                LocalTime open = wholeMinutes(entries.get(i).open(), at + ".open");
                LocalTime close = wholeMinutes(entries.get(i).close(), at + ".close");
                boolean previousDay = Objects.requireNonNullElse(entries.get(i).opensPreviousDay(), false);
                require(
                        previousDay || open.isBefore(close),
                        at,
                        "opens at " + open + " and closes at " + close,
                        "let it close later, or say opens_previous_day: true");
                sessions.add(new Session(open, previousDay, close));
            }
            return List.copyOf(sessions);
        }

        /** The clock takes sessions in order, and needs a gap between any two to turn in. */
        private void requireOrder(
                String field, Function<LocalDate, List<Session>> sessionsOf, LocalDate from, LocalDate until) {
            LocalDateTime lastClose = LocalDateTime.MIN;
            for (LocalDate date = from; !date.isAfter(until); date = date.plusDays(1)) {
                for (Session session : sessionsOf.apply(date)) {
                    LocalDateTime open = session.opensAt(date);
                    require(
                            open.isAfter(lastClose),
                            field,
                            "the session of " + date.getDayOfWeek() + " that opens at " + session.open()
                                    + " does not open after the session before it closes (" + lastClose.toLocalTime()
                                    + ")",
                            "list a day's sessions in order, leave a gap, or make one of two that touch");
                    lastClose = session.closesAt(date);
                }
            }
        }

        private Set<LocalDate> holidays(List<LocalDate> dates) {
            Set<LocalDate> holidays = new HashSet<>();
            for (LocalDate date : dates) {
                require(holidays.add(date), "holidays", date + " is listed twice", "remove one");
            }
            return Set.copyOf(holidays);
        }

        private Map<LocalDate, List<Session>> specialDays(List<SpecialDayEntry> entries) {
            Map<LocalDate, List<Session>> days = new LinkedHashMap<>();
            for (int i = 0; i < entries.size(); i++) {
                String field = "special_days[" + i + "]";
                LocalDate date = present(entries.get(i).date(), field + ".date");
                List<Session> sessions = sessions(entries.get(i).sessions(), field + ".sessions");
                require(days.put(date, sessions) == null, field + ".date", date + " is listed twice", "remove one");
            }
            return Map.copyOf(days);
        }

        private void checkEarlyCloses(Market read) {
            read.earlyCloses().forEach((date, time) -> {
                String field = "early_closes." + date;
                wholeMinutes(time, field);
                require(
                        !read.holidays().contains(date) && !read.specialDays().containsKey(date),
                        field,
                        "is a holiday or a special day as well",
                        "keep it in one of the lists");
                List<Session> regular = read.weekly().getOrDefault(date.getDayOfWeek(), List.of());
                require(
                        !regular.isEmpty(),
                        field,
                        "is a " + date.getDayOfWeek() + " without sessions",
                        "correct the date");
                LocalTime usual = regular.get(regular.size() - 1).close();
                require(
                        date.atTime(time).isAfter(regular.get(0).opensAt(date)) && time.isBefore(usual),
                        field,
                        time + " does not shorten the day, which trades from "
                                + regular.get(0).open() + " to " + usual,
                        "give a time between these, or list a holiday");
            });
        }

        private void checkSpecialDays(Market read) {
            for (LocalDate date : read.specialDays().keySet()) {
                String field = "special_days." + date;
                require(!read.holidays().contains(date), field, "is a holiday as well", "keep it in one of the lists");
                requireOrder(field, read::sessionsOf, date.minusDays(1), date.plusDays(1));
            }
        }

        private Duration window(Integer minutes, String field) {
            int value = present(minutes, field);
            require(
                    value >= 0 && value <= MAX_WINDOW_MINUTES,
                    field,
                    "is " + value,
                    "give 0 to " + MAX_WINDOW_MINUTES + " minutes");
            return Duration.ofMinutes(value);
        }

        private LocalTime wholeMinutes(LocalTime time, String field) {
            LocalTime present = present(time, field);
            require(
                    present.equals(present.truncatedTo(ChronoUnit.MINUTES)),
                    field,
                    "is " + present,
                    "give whole minutes, such as \"09:30\"");
            return present;
        }

        private <T> T present(T value, String field) {
            require(value != null, field, "is missing", "add it, as in the shipped markets.yaml");
            return value;
        }

        void require(boolean right, String field, String problem, String remedy) {
            if (!right) {
                throw failure(field, problem, remedy, null);
            }
        }

        private IllegalArgumentException refused(JsonMappingException e) {
            String field = e.getPath().stream()
                    .map(step -> step.getFieldName() == null ? "[" + step.getIndex() + "]" : "." + step.getFieldName())
                    .collect(Collectors.joining())
                    .replaceFirst("^\\.", "");
            if (e instanceof UnrecognizedPropertyException unknown) {
                String known = unknown.getKnownPropertyIds().stream()
                        .map(Object::toString)
                        .sorted()
                        .collect(Collectors.joining(", "));
                return failure(field, "is not a field of a market calendar", "remove it, or use one of " + known, e);
            }
            Class<?> wanted = e instanceof MismatchedInputException mismatch ? mismatch.getTargetType() : null;
            String problem = e instanceof InvalidFormatException invalid
                    ? "cannot be '" + invalid.getValue() + "'"
                    : "has the wrong shape";
            return failure(field.isEmpty() ? "entry" : field, problem, "give " + described(wanted), e);
        }

        private IllegalArgumentException failure(String field, String problem, String remedy, Throwable cause) {
            return new IllegalArgumentException(
                    file + ": market " + market + ": " + field + ": " + problem + "; " + remedy, cause);
        }

        private static String described(Class<?> wanted) {
            if (wanted == LocalDate.class) {
                return "a date, such as 2026-01-31";
            }
            if (wanted == LocalTime.class) {
                return "a time in quotes, such as \"09:30\"";
            }
            if (wanted == ZoneId.class) {
                return "an IANA time zone, such as Europe/London";
            }
            if (wanted == DayOfWeek.class) {
                return "a day, MONDAY to SUNDAY";
            }
            if (wanted == Integer.class) {
                return "a whole number";
            }
            return "what the shipped markets.yaml has in its place";
        }
    }

    // What the file holds, as it stands: all may be null until checked. Field names are the components' in snake case.

    record MarketEntry(
            Integer marketId,
            String country,
            ZoneId timeZone,
            Integer preOpenMinutes,
            Integer preCloseMinutes,
            List<WeeklyEntry> weeklySessions,
            List<LocalDate> holidays,
            Map<LocalDate, LocalTime> earlyCloses,
            List<SpecialDayEntry> specialDays,
            LocalDate holidaysKnownUntil) {}

    record WeeklyEntry(List<DayOfWeek> days, List<SessionEntry> sessions) {}

    record SpecialDayEntry(LocalDate date, List<SessionEntry> sessions) {}

    record SessionEntry(LocalTime open, Boolean opensPreviousDay, LocalTime close) {}
}
