package dev.cutover.schema;

/** A record that no reader can read: it goes to {@link Topics#DEAD_LETTERS}. The message says why. */
public final class PoisonException extends Exception {
    private static final long serialVersionUID = 1L;

    public PoisonException(String message) {
        super(message, null, false, false);
    }
}
