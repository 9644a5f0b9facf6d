package dev.cutover.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A flag before and after one change: what listeners are told, and what the audit topic keeps.
 *
 * @param before the initial flag where the feature had none
 */
public record FlagChange(Flag before, Flag after) {

    /**
     * The audit record: the whole new flag, {@code from}, the stage before, and {@code evidence} where there is some.
     *
     * @param evidence null for none
     */
    byte[] toAuditJson(ObjectNode evidence) {
        ObjectNode audit = Json.MAPPER.valueToTree(after);
        audit.put("from", before.stage().wireName());
        if (evidence != null) {
            audit.set("evidence", evidence);
        }
        try {
            return Json.MAPPER.writeValueAsBytes(audit);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an audit record that can't be written: " + this, e);
        }
    }
}
