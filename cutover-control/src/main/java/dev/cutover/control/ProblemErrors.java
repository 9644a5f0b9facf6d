package dev.cutover.control;

import dev.cutover.schema.HttpAnswer;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** What the HTTP server itself refuses, before there is a request that a handler could answer: also a problem detail. */
final class ProblemErrors extends ErrorHandler {

    @Override
    protected void generateResponse(
            Request request, Response response, int code, String message, Throwable cause, Callback callback) {
        HttpAnswer answer = problem(code, message);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, answer.contentType());
        response.write(true, ByteBuffer.wrap(answer.body()), callback);
    }

    private static HttpAnswer problem(int code, String message) {
        String title = HttpStatus.getMessage(code);
        return HttpAnswer.problem(code, title, message == null ? title : message);
    }
}
