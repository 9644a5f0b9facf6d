package dev.cutover.jobs;

/**
 * Numbers that look random and are a pure function of a seed, names and an index: the same in any process, on any JVM.
 * Immutable.
 */
record Seeded(long key) {
    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    static Seeded of(long seed) {
        return new Seeded(mix(seed));
    }

    /** Another stream of numbers, told apart by the name. */
    Seeded at(String name) {
        // String.hashCode is fixed by its specification
        return at(name.hashCode());
    }

    Seeded at(long number) {
        return new Seeded(mix(key + GOLDEN_GAMMA * (number + 1)));
    }

    /** From 0, inclusive, to 1, exclusive. */
    double unit(long index) {
        return (at(index).key >>> 11) * 0x1.0p-53;
    }

    /** From {@code min}, inclusive, to {@code max}, exclusive. */
    double between(double min, double max, long index) {
        return min + (max - min) * unit(index);
    }

    /** A smooth curve from −1 to 1 that takes another random value at each whole x. */
    double noise(double x) {
        double floor = Math.floor(x);
        long index = (long) floor;
        double t = x - floor;
        double blend = t * t * (3 - 2 * t);
        double left = unit(index);
        double right = unit(index + 1);
        return 2 * (left + (right - left) * blend) - 1;
    }

    /** The finalizer of SplitMix64 (Steele, Lea and Flood, 2014). */
    private static long mix(long z) {
        long mixed = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}
