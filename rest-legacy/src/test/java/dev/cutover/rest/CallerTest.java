package dev.cutover.rest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class CallerTest {

    @Test
    void whoSaysWhatItIsIsThat() {
        assertThat(Caller.of("prober", "Java", "10.0.0.1")).isEqualTo(new Caller("prober", "prober"));
        assertThat(Caller.of(" fallback ", "Mozilla", "10.0.0.1")).isEqualTo(new Caller("fallback", "fallback"));
        assertThat(Caller.of("reports", null, "10.0.0.1")).isEqualTo(new Caller("reports", "other"));
        assertThat(Caller.of("Prober", null, "10.0.0.1").kind()).isEqualTo("other");
    }

    @Test
    void whoSaysNothingIsItsProductAndItsAddress() {
        assertThat(Caller.of(null, "curl/8.5 (x86_64)", "127.0.0.1"))
                .isEqualTo(new Caller("curl/8.5 127.0.0.1", "other"));
        assertThat(Caller.of(" ", " ", "127.0.0.1").name()).isEqualTo("(no user agent) 127.0.0.1");
        assertThat(Caller.of(null, null, "127.0.0.1").name()).isEqualTo("(no user agent) 127.0.0.1");
        // it can't pass as one of ours
        assertThat(Caller.of(null, "prober", "127.0.0.1").kind()).isEqualTo("other");
    }

    @Test
    void aNameIsShortAndBreaksNothing() {
        assertThat(Caller.of("a|b\tc" + "x".repeat(500), null, "127.0.0.1").name())
                .startsWith("a_b_cx")
                .hasSize(80);
    }
}
