package dev.cutover.local;

import dev.cutover.schema.StartupException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The directory in which one stack at a time keeps its data. Its lock file marks it as ours, so that {@code --fresh} never
 * empties another directory. Confined to the thread that starts and closes the stack.
 */
final class DataDirectory implements AutoCloseable {
    private static final String LOCK = "cutover.lock";

    private final Path path;
    private final FileChannel channel;
    private final FileLock lock;

    private DataDirectory(Path path, FileChannel channel, FileLock lock) {
        this.path = path;
        this.channel = channel;
        this.lock = lock;
    }

    /** @throws StartupException when it can't be used, is another stack's, or is to be emptied and not ours */
    static DataDirectory open(Path path, boolean fresh) {
        try {
            requireOurs(path);
            Files.createDirectories(path);
            DataDirectory opened = lock(path);
            if (fresh) {
                opened.empty();
            }
            return opened;
        } catch (IOException e) {
            throw new StartupException(
                    "can't use the data directory " + path + ": " + e + "; choose another with --data-dir", e);
        }
    }

    private static void requireOurs(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        if (!Files.isDirectory(path)) {
            throw new StartupException("the data directory " + path + " is a file; choose another with --data-dir");
        }
        try (Stream<Path> entries = Files.list(path)) {
            if (!Files.exists(path.resolve(LOCK)) && entries.findAny().isPresent()) {
                throw new StartupException("the directory " + path
                        + " holds other things than Cutover's data; choose an empty or new one with --data-dir");
            }
        }
    }

    private static DataDirectory lock(Path path) throws IOException {
        FileChannel channel =
                FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // held by this very process: said below, like any other holder
        }
        if (lock == null) {
            channel.close();
            throw new StartupException("the data directory " + path
                    + " is in use by another running stack; stop that one, or choose another with --data-dir");
        }
        return new DataDirectory(path, channel, lock);
    }

    private void empty() throws IOException {
        try (Stream<Path> all = Files.walk(path)) {
            List<Path> deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
            for (Path each : deepestFirst) {
                if (!each.equals(path) && !each.equals(path.resolve(LOCK))) {
                    Files.delete(each);
                }
            }
        } catch (DirectoryNotEmptyException e) {
            throw new IOException("somebody else writes into it while it is emptied", e);
        }
    }

    /** Where the broker keeps its logs. */
    Path kafka() {
        return path.resolve("kafka");
    }

    @Override
    public void close() {
        try {
            lock.release();
            channel.close();
        } catch (IOException e) {
            throw new IllegalStateException("can't unlock " + path, e);
        }
    }
}
