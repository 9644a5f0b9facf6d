package dev.cutover.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class EndToEndTest {

    @Test
    void whatIsOfOneConnectionStaysThere() {
        Map<String, List<String>> headers = Map.of(
                "connection", List.of("keep-alive, X-Once", "close"),
                "keep-alive", List.of("timeout=5"),
                "x-once", List.of("1"),
                "te", List.of("trailers"),
                "transfer-encoding", List.of("chunked"),
                "upgrade", List.of("websocket"),
                "host", List.of("rest.example"),
                "content-length", List.of("0"),
                "authorization", List.of("Bearer x"),
                "cookie", List.of("a=1", "b=2"));
        assertThat(EndToEnd.ofRequest(headers))
                .containsOnlyKeys("authorization", "cookie")
                .containsEntry("cookie", List.of("a=1", "b=2"));
    }

    @Test
    void anAnswersNamesAreTakenInAnyCase() {
        assertThat(EndToEnd.ofAnswer(Map.of(
                        "Connection", List.of("close"),
                        "Transfer-Encoding", List.of("chunked"),
                        "Content-Length", List.of("2"),
                        "ETag", List.of("\"1\""))))
                .containsOnlyKeys("Content-Length", "ETag");
    }
}
