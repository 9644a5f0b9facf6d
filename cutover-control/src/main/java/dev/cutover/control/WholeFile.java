package dev.cutover.control;

import java.io.Closeable;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A file of lines that comes to be whole or not at all: it is written beside its place, and moved there at its end. Confined
 * to one thread.
 */
final class WholeFile implements Closeable {
    private final Path target;
    private final Path part;
    private final boolean overwrite;
    private final Writer writer;

    private WholeFile(Path target, boolean overwrite) throws IOException {
        this.target = target;
        this.overwrite = overwrite;
        // of this process: two may write the same file, and the last one wins whole
        this.part = target.resolveSibling(
                target.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        this.writer = Files.newBufferedWriter(part, StandardCharsets.UTF_8);
    }

    /** @throws IOException when it can't be written there, or is there already and not to be overwritten */
    static WholeFile create(Path target, boolean overwrite) throws IOException {
        Path absolute = target.toAbsolutePath();
        if (absolute.getFileName() == null || (Files.exists(absolute) && !Files.isRegularFile(absolute))) {
            throw new IOException("it is there, and no file that may be replaced");
        }
        if (Files.exists(absolute) && !overwrite) {
            throw new FileAlreadyExistsException(absolute.toString());
        }
        return new WholeFile(absolute, overwrite);
    }

    /** Why something went wrong with a file, in a few words. */
    static String why(IOException e) {
        if (e instanceof FileAlreadyExistsException) {
            return "it is there already; --force replaces it";
        }
        if (e instanceof NoSuchFileException) {
            return "there is no such directory";
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    void println(String line) throws IOException {
        writer.write(line);
        writer.write('\n');
    }

    /** All lines are written: the file comes to be. */
    void complete() throws IOException {
        writer.close();
        if (overwrite) {
            Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
        } else {
            Files.move(part, target);
        }
    }

    /** Unless it was completed, nothing of it stays. */
    @Override
    public void close() throws IOException {
        try {
            writer.close();
        } finally {
            Files.deleteIfExists(part);
        }
    }
}
