package dev.cutover.control;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Adds up what the prober saw get lost within each session. Each time that a process is started its part is another, so that a
 * restart or another active instance within a session takes nothing away: parts add up. Owned by the prober's thread.
 */
final class SessionLosses {
    private final SessionClock sessions;
    private final String part;
    /** By feature, of its newest session. */
    private final Map<String, SessionTally> tallies = new HashMap<>();

    /**
     * Has seen nothing yet.
     *
     * @param part unique for this process
     */
    SessionLosses(SessionClock sessions, String part) {
        this.sessions = sessions;
        this.part = part;
    }

    /**
     * Counts one observation, in the session that it began in.
     *
     * @return this part's tally, where it has changed or is of a new session
     */
    Optional<SessionTally> add(Observation observation) {
        Optional<SessionClock.Session> session = sessions.at(observation.from());
        if (session.isEmpty()) {
            session = sessions.at(observation.until());
        }
        return session.flatMap(its -> add(observation, its));
    }

    private Optional<SessionTally> add(Observation observation, SessionClock.Session session) {
        SessionTally before = tallies.get(observation.feature());
        boolean begins = before == null || !before.session().equals(session.id());
        boolean lost = observation.gaps() > 0 || observation.drops() > 0;
        // who is connected to no gateway has not watched this session
        boolean watches = observation.connectionsUp() > 0 || lost;
        if (!watches || (!begins && !lost)) {
            return Optional.empty();
        }
        SessionTally tally = new SessionTally(
                observation.feature(),
                session.id(),
                part,
                session.from(),
                session.until(),
                0,
                0,
                0,
                0,
                0,
                (begins ? 0 : before.gaps()) + observation.gaps(),
                (begins ? 0 : before.drops()) + observation.drops(),
                0,
                null,
                observation.until());
        tallies.put(observation.feature(), tally);
        return Optional.of(tally);
    }
}
