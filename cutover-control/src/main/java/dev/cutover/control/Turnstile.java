package dev.cutover.control;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Lets a few callers at a time do what blocks, in the order of their coming; a few more may wait, and the rest are turned away,
 * so that what blocks never takes all of the HTTP threads. Any thread.
 */
final class Turnstile {

    /** Turned away: nothing was done. */
    static final class BusyException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        BusyException(String message) {
            super(message);
        }
    }

    private final String what;
    private final int capacity;
    private final int atOnce;
    private final Duration patience;
    /** Inside or waiting. */
    private final Semaphore places;

    private final Semaphore inside;

    private volatile boolean shut;

    /**
     * A turnstile that is open.
     *
     * @param what is done inside, for the message to those who are turned away
     * @param atOnce how many may be inside
     * @param waiting how many more may wait
     * @param patience how long one waits at most
     */
    Turnstile(String what, int atOnce, int waiting, Duration patience) {
        this.what = what;
        this.atOnce = atOnce;
        this.capacity = atOnce + waiting;
        this.patience = patience;
        this.places = new Semaphore(capacity);
        this.inside = new Semaphore(atOnce, true);
    }

    /** @throws BusyException when there is no place, or none became free in time */
    <T> T pass(Supplier<T> work) {
        if (!places.tryAcquire()) {
            throw new BusyException("too many " + what + " at once: " + capacity + " are under way or wait");
        }
        try {
            if (!inside.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new BusyException("the " + what + " before this one took longer than " + patience.toSeconds()
                        + " s; Kafka may be slow or away");
            }
            try {
                if (shut) {
                    throw new BusyException("no more " + what + ": the service is stopping");
                }
                return work.get();
            } finally {
                inside.release();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BusyException("interrupted while waiting for other " + what);
        } finally {
            places.release();
        }
    }

    /**
     * Lets nobody in any more, those who wait included, and waits for those inside to end.
     *
     * @return false when they did not end in time
     */
    boolean shut(Duration timeout) {
        shut = true;
        try {
            return inside.tryAcquire(atOnce, timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    boolean isFull() {
        return places.availablePermits() == 0;
    }
}
