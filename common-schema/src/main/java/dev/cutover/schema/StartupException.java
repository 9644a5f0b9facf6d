package dev.cutover.schema;

/**
 * A service can't start, and the operator can mend it: the message is one line that says what, where and what to do next. It
 * is printed as it stands, without a stack trace.
 */
public final class StartupException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StartupException(String message) {
        super(message);
    }

    public StartupException(String message, Throwable cause) {
        super(message, cause);
    }
}
