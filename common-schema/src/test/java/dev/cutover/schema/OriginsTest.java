package dev.cutover.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

    @ParameterizedTest
    @CsvSource({
        "http://dash.example, dash.example, true",
        "https://dash.example, dash.example:8090, true",
        "http://dash.example:3000, dash.example:8090, true",
        "HTTP://Dash.Example, dASH.eXAMPLE:80, true",
        "http://dash.example., dash.example, true",
        "http://dash.example, dash.example.:8090, true",
        "http://192.0.2.7:3000, 192.0.2.7:8090, true",
        "http://[2001:db8::7], [2001:DB8:0:0::7]:8090, true",
        "http://[2001:db8::7], 2001:db8::7, false",
        "http://[2001:db8::7], [2001:db8::8]:8090, false",
        "http://[nonsense], [nonsense], false",
        "http://evil.example, dash.example, false",
        "http://dash.example.evil.example, dash.example, false",
        "http://evil-dash.example, dash.example, false",
        "http://dash.example@evil.example, dash.example, false",
        "http://evil.example@dash.example, dash.example, false",
        "http://dash.example:80@evil.example, dash.example:80, false",
        "http://dash.example, dash.example@evil.example, false",
        "http://dash.example/, dash.example, false",
        "http://dash.example#.evil.example, dash.example, false",
        "http://dash.example:, dash.example, false",
        "http://dash.example:65536, dash.example, false",
        "http://dash.example.., dash.example, false",
        "http://., ., false",
        "ftp://dash.example, dash.example, false",
        "dash.example, dash.example, false",
        "null, null, false",
        "http://null, dash.example, false",
    })
    void aPageIsOfTheSameHostWhateverThePort(String origin, String host, boolean same) {
        assertThat(Origins.isSameHost(origin, host)).isEqualTo(same);
    }

    @Test
    void withoutAnOriginOrAHostNothingIsTheSame() {
        assertThat(Origins.isSameHost(null, "dash.example")).isFalse();
        assertThat(Origins.isSameHost("http://dash.example", null)).isFalse();
        assertThat(Origins.isSameHost(null, null)).isFalse();
        assertThat(Origins.isSameHost("http://", "")).isFalse();
        assertThat(Origins.isSameAddress(null, null)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "http://192.0.2.7:8070, 192.0.2.7:8070, true",
        "https://192.0.2.7, 192.0.2.7, true",
        "http://[2001:db8::7]:8070, [2001:db8::7]:8070, true",
        "http://192.0.2.7:3000, 192.0.2.7:8070, false",
        "http://192.0.2.7, 192.0.2.7:8070, false",
        "http://ops.example:8070, ops.example:8070, false",
        "http://192.0.2.7.evil.example, 192.0.2.7.evil.example, false",
        "http://192.0.2.999, 192.0.2.999, false",
    })
    void aPageIsOfTheSameAddressByHostAndPortAndNotByAName(String origin, String host, boolean same) {
        assertThat(Origins.isSameAddress(origin, host)).isEqualTo(same);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "LocalHost:8090",
                "localhost.",
                "localhost.:8090",
                "127.0.0.1",
                "127.0.0.1:8090",
                "127.255.0.254:1",
                "[::1]",
                "[::1]:8090",
                "[0:0:0:0:0:0:0:1]:8090",
                "[::ffff:127.0.0.1]:8090"
            })
    void aLoopbackHostIsAtHomeOnTheLoopbackInterface(String host) {
        assertThat(Origins.isForeignHost(host)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "evil.example",
                "evil.example:8090",
                "localhost.evil.example:8090",
                "127.0.0.1.evil.example",
                "127.0.0.1.nip.io:8090",
                "localhost@evil.example",
                "evil.example@localhost",
                "localhost:8090@evil.example",
                "localhost:8090:8090",
                "localhost:",
                "localhost:65536",
                "localhost,evil.example",
                "localhost..",
                ".localhost",
                "192.0.2.7:8090",
                "0.0.0.0:8090",
                "127.0.0.256",
                "[::2]:8090",
                "[::1",
                "::1",
                "[::1%lo]:8090",
                "[]",
                "null"
            })
    void everyOtherHostIsForeignThere(String host) {
        assertThat(Origins.isForeignHost(host)).isTrue();
    }

    @Test
    void noHostAtAllIsLetIn() {
        assertThat(Origins.isForeignHost(null)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1, true", "127.1.2.3, true", "::1, true", "0.0.0.0, false", "192.0.2.7, false"})
    void aServiceIsOnLoopbackOnlyWhereItsAddressIs(String address, boolean loopbackOnly) {
        assertThat(Origins.isLoopbackOnly(new InetSocketAddress(address, 80))).isEqualTo(loopbackOnly);
    }

    @Test
    void anAddressThatIsNotKnownIsNotLoopback() {
        assertThat(Origins.isLoopbackOnly(InetSocketAddress.createUnresolved("127.0.0.1", 80)))
                .isFalse();
    }
}
