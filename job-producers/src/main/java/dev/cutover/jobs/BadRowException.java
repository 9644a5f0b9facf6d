package dev.cutover.jobs;

/** A row that is no bar; the message says why, without file and line. */
final class BadRowException extends Exception {
    private static final long serialVersionUID = 1L;

    BadRowException(String reason) {
        super(reason);
    }
}
