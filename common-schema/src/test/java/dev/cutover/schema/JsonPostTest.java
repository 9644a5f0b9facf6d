package dev.cutover.schema;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JsonPostTest {

    @Test
    void whatIsNoBrowserAndPagesOfThisMachineMayAsk() {
        assertThat(JsonPost.refusedOrigin(null, "127.0.0.1:8000", true)).isEmpty();
        assertThat(JsonPost.refusedOrigin("http://localhost:3000", "127.0.0.1:8000", true))
                .isEmpty();
    }

    @Test
    void pagesOfOtherHostsMayNotButThoseOfTheAddressThatIsAsked() {
        assertThat(JsonPost.refusedOrigin("https://evil.example", "127.0.0.1:8000", true))
                .hasValueSatisfying(refusal -> {
                    assertThat(refusal.status()).isEqualTo(403);
                    assertThat(refusal.code()).isEqualTo("foreign_origin");
                });
        assertThat(JsonPost.refusedOrigin("http://192.168.0.5:8070", "192.168.0.5:8070", true))
                .isPresent();
        assertThat(JsonPost.refusedOrigin("http://192.168.0.5:8070", "192.168.0.5:8070", false))
                .isEmpty();
        assertThat(JsonPost.refusedOrigin("null", "192.168.0.5:8070", false)).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/json", "Application/JSON; charset=utf-8"})
    void jsonIsTaken(String type) {
        assertThat(JsonPost.refusedContent(type, 10, 10)).isEmpty();
        assertThat(JsonPost.refusedContent(type, -1, 10)).isEmpty();
        assertThat(JsonPost.refusedContent(type, 11, 10))
                .hasValueSatisfying(refusal -> assertThat(refusal.status()).isEqualTo(413));
    }

    @ParameterizedTest
    @ValueSource(strings = {"text/plain", "application/x-www-form-urlencoded", "text/plain;application/json", ""})
    void whatABrowserSendsUnaskedIsNot(String type) {
        assertThat(JsonPost.refusedContent(type, 1, 10))
                .hasValueSatisfying(refusal -> assertThat(refusal.status()).isEqualTo(415));
        assertThat(JsonPost.refusedContent(null, 1, 10)).isPresent();
    }
}
