package dev.cutover.schema;

/** An event that breaks the rules of its type. The message names the type, the field, the value and the rule. */
public final class InvalidEventException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final String field;

    InvalidEventException(String type, String field, Object value, String rule) {
        super(type + "." + field + " " + rule + ", but is " + (value instanceof String ? "'" + value + "'" : value));
        this.field = field;
    }

    InvalidEventException(String type, String problem, Throwable cause) {
        super(type + ": " + problem, cause);
        this.field = null;
    }

    InvalidEventException(String type, JsonFault fault) {
        super(type + (fault.path().isEmpty() ? ": " : "." + fault.path() + " ") + fault.problem(), fault);
        this.field = fault.path().isEmpty() ? null : fault.path();
    }

    /** The field at fault by its name on the wire; null where no single field is. */
    public String field() {
        return field;
    }
}
