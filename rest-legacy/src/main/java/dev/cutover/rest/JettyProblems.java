package dev.cutover.rest;

import dev.cutover.schema.HttpAnswer;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** What is answered where a request does not get as far as Javalin: the same form of problem as everywhere. */
final class JettyProblems extends ErrorHandler {
    private static final HttpField TYPE = new HttpField(HttpHeader.CONTENT_TYPE, HttpAnswer.PROBLEM);
    private static final HttpField NO_STORE = new HttpField(HttpHeader.CACHE_CONTROL, "no-store");

    @Override
    public boolean errorPageForMethod(String method) {
        return true;
    }

    @Override
    protected void generateResponse(
            Request request, Response response, int code, String message, Throwable cause, Callback callback) {
        response.getHeaders().put(TYPE);
        response.getHeaders().put(NO_STORE);
        response.write(true, body(code, message), callback);
    }

    private static ByteBuffer body(int status, String reason) {
        String title = HttpStatus.getMessage(status);
        return ByteBuffer.wrap(HttpAnswer.problem(status, title, "the request was refused: " + reason)
                .body());
    }
}
