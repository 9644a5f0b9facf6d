package dev.cutover.local;

import dev.cutover.schema.StartupException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.kafka.common.utils.Utils;

/**
 * A data directory that no other broker, of this process or another, can have until it is closed. Its lock file marks it as
 * ours, so that no other directory is ever emptied. Taken and closed by one thread at a time.
 */
final class DataDirectory implements AutoCloseable {

    /** Written first and never deleted, so that it marks the directory as an embedded broker's. */
    private static final String LOCK_FILE = "cutover.lock";

    /**
     * What this process has locked, as the operating system sees it: POSIX drops a lock as soon as the process closes
     * any channel on that file, so that a second start here must be refused before it opens one.
     */
    private static final Set<Path> LOCKED_HERE = ConcurrentHashMap.newKeySet();

    final Path path;
    private final FileChannel lock;

    private DataDirectory(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Takes the directory until it is closed.
     *
     * @param fresh whether it is emptied first
     * @throws StartupException it is in use, holds other things than ours, or can't be read and written
     */
    static DataDirectory take(Path wanted, boolean fresh) {
        try {
            Path path = (Files.isDirectory(wanted) ? wanted : Files.createDirectories(wanted)).toRealPath();
            refuseForeign(path);
            if (!LOCKED_HERE.add(path)) {
                throw inUse(path);
            }
            FileChannel channel = null;
            try {
                channel =
                        FileChannel.open(path.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                if (channel.tryLock() == null) {
                    throw inUse(path);
                }
                DataDirectory taken = new DataDirectory(path, channel);
                if (fresh) {
                    taken.empty();
                }
                return taken;
            } catch (IOException | StartupException e) {
                new DataDirectory(path, channel).close();
                throw e;
            }
        } catch (IOException e) {
            throw new StartupException(
                    "cannot use " + wanted + " as data directory (" + e + "); make it a directory that can be read"
                            + " and written, or choose another with --data-dir",
                    e);
        }
    }

    /** The lock's file stays: it is held, and marks the directory as ours. */
    private void empty() throws IOException {
        try (Stream<Path> all = Files.walk(path)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                if (!each.equals(path) && !each.equals(path.resolve(LOCK_FILE))) {
                    Files.delete(each);
                }
            }
        }
    }

    private static void refuseForeign(Path path) throws IOException {
        try (Stream<Path> entries = Files.list(path)) {
            if (Files.notExists(path.resolve(LOCK_FILE)) && entries.findAny().isPresent()) {
                throw new StartupException(path + " holds files that are not an embedded broker's; choose a new or"
                        + " empty directory with --data-dir");
            }
        }
    }

    private static StartupException inUse(Path path) {
        return new StartupException(
                path + " is in use by another running stack; stop that one, or choose another with --data-dir");
    }

    @Override
    public void close() {
        Utils.closeQuietly(lock, LOCK_FILE);
        LOCKED_HERE.remove(path);
    }
}
