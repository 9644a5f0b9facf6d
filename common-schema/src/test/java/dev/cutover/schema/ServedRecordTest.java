package dev.cutover.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cutover.schema.ServedRecord.Kind;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ServedRecordTest {
    private static final Instant NOW = Instant.parse("2026-01-05T15:30:00.123Z");

    private static ServedRecord entry(Reference reference, Long offset) {
        return new ServedRecord(
                Kind.ENTRY,
                "positions",
                "123",
                offset == null ? null : "kq3",
                offset == null ? null : 0,
                offset,
                "account_id=123",
                "prober",
                reference,
                NOW,
                NOW,
                "00ff00ff00ff00ff",
                Json.MAPPER.createObjectNode().put("cash", new BigDecimal("50000.00")),
                null);
    }

    @Test
    void whatIsWrittenIsReadBack() throws JsonFault {
        ServedRecord list = new ServedRecord(
                Kind.LIST,
                "positions",
                null,
                "kq3",
                2,
                7L,
                "",
                "other",
                Reference.MATERIALISED,
                NOW,
                NOW,
                null,
                null,
                List.of("123", "124"));
        for (ServedRecord record :
                List.of(entry(Reference.MATERIALISED, 1050L), entry(Reference.UPSTREAM, null), list)) {
            assertThat(ServedRecord.fromJson(record.toJson())).isEqualTo(record);
        }
        assertThat(list.recordKey()).isEmpty();
    }

    @Test
    void recordThatLacksWhatItsKindNeedsIsRefused() {
        assertThatThrownBy(() -> entry(Reference.MATERIALISED, null)).hasMessageContaining("offset");
        assertThatThrownBy(() -> ServedRecord.fromJson("{}".getBytes(java.nio.charset.StandardCharsets.UTF_8)))
                .isInstanceOf(JsonFault.class);
    }

    @Test
    void aNumberThatNobodyCanHoldIsAFaultLikeAnyOther() {
        byte[] json = "{\"kind\":\"entry\",\"body\":{\"n\":1e99999999999}}".getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> ServedRecord.fromJson(json)).isInstanceOf(JsonFault.class);
        assertThatThrownBy(() -> Json.read(Json.MAPPER, JsonNode.class, json))
                .isInstanceOf(JsonFault.class)
                .hasMessageContaining("beyond all bounds");
    }
}
