package dev.cutover.rest;

/** A query parameter that is not what it must be; the message says what it must be. */
final class BadParameterException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String parameter;

    BadParameterException(String parameter, String message) {
        super(message, null, false, false);
        this.parameter = parameter;
    }

    String parameter() {
        return parameter;
    }
}
