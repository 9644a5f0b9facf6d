package dev.cutover.schema;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class OriginsTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://localhost",
                "https://localhost",
                "http://localhost:3000",
                "HTTP://LOCALHOST:3000",
                "http://127.0.0.1:8070",
                "https://127.255.0.254",
                "http://[::1]",
                "http://[::1]:65535"
            })
    void pagesOfThisMachineAreLoopback(String origin) {
        assertThat(Origins.isLoopback(origin)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "localhost",
                "ftp://localhost",
                "file://",
                "http://localhost.example.com",
                "http://127.0.0.1.example.com",
                "http://example.com",
                "http://example.com?http://localhost",
                "http://localhost@example.com",
                "http://localhost:80@example.com",
                "http://user@localhost",
                "http://localhost/",
                "http://localhost:",
                "http://localhost:65536",
                "http://localhost:123456",
                "http://128.0.0.1",
                "http://127.0.0.256",
                "http://127.0.0",
                "http://[::2]",
                "http://::1",
                "http://localhost\n",
                "http://localhost http://example.com"
            })
    void everythingElseIsNot(String origin) {
        assertThat(Origins.isLoopback(origin)).isFalse();
    }

    @Test
    void noOriginIsNoLoopbackOrigin() {
        assertThat(Origins.isLoopback(null)).isFalse();
    }
}
