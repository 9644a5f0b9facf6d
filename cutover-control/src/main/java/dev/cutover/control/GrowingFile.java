package dev.cutover.control;

import java.io.Closeable;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/** A file of lines that is there from the first one on, and grows with each: of what has no end. Confined to one thread. */
final class GrowingFile implements Closeable {
    private final Writer writer;

    private GrowingFile(Writer writer) {
        this.writer = writer;
    }

    /**
     * Empty as yet.
     *
     * @throws IOException when it can't be written there, or is there already and not to be overwritten; {@link WholeFile#why}
     *     says which
     */
    static GrowingFile create(Path target, boolean overwrite) throws IOException {
        Set<StandardOpenOption> how = overwrite
                ? Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING)
                : Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        return new GrowingFile(
                Files.newBufferedWriter(target, StandardCharsets.UTF_8, how.toArray(StandardOpenOption[]::new)));
    }

    void println(String line) throws IOException {
        writer.write(line);
        writer.write('\n');
    }

    /** What was printed so far can be read. */
    void flush() throws IOException {
        writer.flush();
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }
}
