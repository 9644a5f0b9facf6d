package dev.cutover.control;

import java.time.Instant;
import java.util.List;

/** What comes of looking at something that REST served. */
sealed interface Judgement {
    /** It was compared; of a list, one verdict for each key that it lacks. */
    record Judged(List<Verdict> verdicts) implements Judgement {
        public Judged {
            verdicts = List.copyOf(verdicts);
        }
    }

    /**
     * The event log may not be there yet.
     *
     * @param until when it is to be looked at again, should no event come before
     */
    record Wait(Instant until) implements Judgement {}

    /** It is not compared, since what it would be compared with is not known; counted, and no verdict. */
    record Passed(Why why) implements Judgement {}

    /** There is nothing in it that could be wrong. */
    record Nothing() implements Judgement {}

    /** For what reason something is passed. */
    enum Why {
        /** It was made of what stood in the log before judging began. */
        EARLY,
        /** What it was made of is not kept any more. */
        FORGOTTEN,
        /** It was made of a topic that was made anew since. */
        OTHER_TOPIC,
        /** Too much waits. */
        CROWDED
    }
}
