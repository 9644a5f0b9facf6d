package dev.cutover.schema;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import org.junit.jupiter.api.Test;

final class HostAndPortTest {

    @Test
    void onlyAnIpv6AddressHasBrackets() {
        assertThat(HostAndPort.of("localhost", 8090)).isEqualTo("localhost:8090");
        assertThat(HostAndPort.of("127.0.0.1", 8090)).isEqualTo("127.0.0.1:8090");
        assertThat(HostAndPort.of("::1", 8090)).isEqualTo("[::1]:8090");
    }

    @Test
    void theAddressOfASocketIsOneThatAUrlCanHold() throws Exception {
        InetAddress ipv6 = InetAddress.getByName("2001:db8::7");

        String authority = HostAndPort.of(new InetSocketAddress(ipv6, 8070));

        assertThat(authority).isEqualTo("[2001:db8:0:0:0:0:0:7]:8070");
        assertThat(URI.create("http://" + authority).getPort()).isEqualTo(8070);
    }
}
