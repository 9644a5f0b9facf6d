package dev.cutover.control;

import dev.cutover.schema.ServiceCommand;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Ends a command that runs long in order when SIGINT or SIGTERM comes: its thread is interrupted, and once it has cleaned up the
 * process ends with the command's own exit code in place of the signal's number.
 */
final class Interruption {
    private static final long CLEAN_UP_SECONDS = 3;

    /** The work of one command. */
    interface Work {
        int run() throws InterruptedException;
    }

    private Interruption() {}

    /**
     * Runs the work on the calling thread.
     *
     * @return the exit code; {@link ServiceCommand#FAILED} when the work does not catch its interruption
     */
    static int run(Work work) {
        Thread worker = Thread.currentThread();
        CompletableFuture<Integer> ended = new CompletableFuture<>();
        Thread hook = new Thread(() -> interruptAndHalt(worker, ended), "shutdown");
        Runtime.getRuntime().addShutdownHook(hook);
        int code = ServiceCommand.FAILED;
        try {
            code = work.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            ended.complete(code);
            forget(hook);
        }
        return code;
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // it runs already, and ends the process with the code that it was given
        }
    }

    private static void interruptAndHalt(Thread worker, CompletableFuture<Integer> ended) {
        worker.interrupt();
        int code;
        try {
            code = ended.get(CLEAN_UP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            code = ServiceCommand.FAILED; // it writes to what nobody reads, perhaps
        }
        Runtime.getRuntime().halt(code);
    }
}
