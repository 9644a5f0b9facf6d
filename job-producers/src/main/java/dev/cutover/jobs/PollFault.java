package dev.cutover.jobs;

import java.util.Locale;

/** Why a poll, or an element of what it brought, can't be used: nothing is emitted of it. The message says what was found. */
final class PollFault extends Exception {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST = 300;

    /** What went wrong, and what an operator can do. */
    enum Kind {
        UNREACHABLE("is the service running, and is the URL of --source right?"),
        TIMEOUT("raise --poll-timeout if the service may take that long"),
        /** The connection ended within the answer. */
        CUT_SHORT("look into the service's log"),
        STATUS("look into the service's log; are the path under rest.upstream in the catalog, and the key, right?"),
        TOO_BIG("raise --poll-bytes if the answer is to be that big"),
        NOT_JSON("is the path under rest.upstream in the catalog right?"),
        /** JSON, but not the body that the catalog describes. */
        WRONG_SHAPE("do 'at' under rest.upstream, 'one' and 'all' in the catalog describe this answer?"),
        /** One element that is no event of its type. */
        BAD_ELEMENT("mend it in the service, or the event type in the catalog");

        private final String next;

        Kind(String next) {
            this.next = next;
        }

        /** For metrics: {@code cut-short}. */
        String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** What to do next. */
        String next() {
            return next;
        }
    }

    private final Kind kind;

    /** @param what may hold what the service wrote: it is cut, and made one line */
    PollFault(Kind kind, String what) {
        super(oneLine(what), null, false, false);
        this.kind = kind;
    }

    private static String oneLine(String what) {
        String line = what.replaceAll("\\p{Cntrl}", "?");
        return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "…";
    }

    Kind kind() {
        return kind;
    }
}
