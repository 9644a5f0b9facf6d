package dev.cutover.schema;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Where a feature stands on its way from REST to WebSocket. */
public enum Stage {
    /** REST is the source of truth; the WebSocket carries the same in parallel. */
    SHADOW,
    /** Pages read the WebSocket; REST still answers, deprecated. */
    LIVE,
    /** REST answers 410. */
    PROMOTED;

    /** One step up at a time; back to shadow from anywhere. */
    public boolean canMoveTo(Stage to) {
        return switch (this) {
            case SHADOW -> to == LIVE;
            case LIVE -> to == PROMOTED || to == SHADOW;
            case PROMOTED -> to == SHADOW;
        };
    }

    /** The name on the wire: lower case. */
    @JsonValue
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The stage of that name.
     *
     * @throws IllegalArgumentException when no stage has it
     */
    @JsonCreator
    public static Stage fromWireName(String name) {
        for (Stage stage : values()) {
            if (stage.wireName().equals(name)) {
                return stage;
            }
        }
        throw new IllegalArgumentException("stage must be shadow, live or promoted, but is '" + name + "'");
    }
}
