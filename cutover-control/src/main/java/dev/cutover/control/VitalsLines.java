package dev.cutover.control;

import dev.cutover.control.ServiceVitals.Figures;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The lines of a checklist that tell how the services bear the flip. Pure. */
final class VitalsLines {
    /** Those that a flip concerns; the jobs go on as before. */
    static final List<String> SERVICES = List.of("gateway", "rest", "control");

    /** Services tell of themselves every ten seconds. */
    private static final Duration TELLS_WITHIN = Duration.ofSeconds(60);
    /** Less is noise, whatever the factor. */
    private static final double CPU_FLOOR_CORES = 0.1;

    private static final long MIB = 1024 * 1024;
    private static final double HEAP_FLOOR_BYTES = 32.0 * MIB;

    private final Evidence evidence;

    VitalsLines(Evidence evidence) {
        this.evidence = evidence;
    }

    ChecklistLine errors() {
        String line = "errors";
        String text = "no error was logged since the flip";
        List<String> logged = new ArrayList<>();
        List<String> unheard = new ArrayList<>();
        for (String service : SERVICES) {
            ServiceVitals vitals = evidence.vitals().get(service);
            if (vitals != null && vitals.errors() > 0) {
                logged.add(service + " logged " + vitals.errors());
            }
            if (vitals == null || vitals.heardAt() == null) {
                unheard.add("nothing was heard of " + service);
            } else if (Duration.between(vitals.heardAt(), evidence.now()).compareTo(TELLS_WITHIN) > 0) {
                unheard.add(service + " was last heard of at " + ChecklistLine.time(vitals.heardAt()));
            }
        }
        if (!logged.isEmpty()) {
            return ChecklistLine.fail(
                    line,
                    text,
                    String.join(", ", logged),
                    "read the logs; roll back and promote again, or force once the errors are understood");
        }
        return unheard.isEmpty()
                ? ChecklistLine.ok(line, text, "none by " + String.join(", ", SERVICES))
                : ChecklistLine.waiting(line, text, String.join(", ", unheard), "each service at work");
    }

    ChecklistLine load() {
        String line = "load";
        String text = "CPU and heap after collection are not above "
                + number(evidence.thresholds().vitalsFactor()) + " times what they were before the flip";
        List<String> measured = new ArrayList<>();
        List<String> above = new ArrayList<>();
        List<String> unknown = new ArrayList<>();
        for (String service : SERVICES) {
            ServiceVitals vitals = evidence.vitals().get(service);
            String lack = lack(service, vitals);
            if (lack != null) {
                unknown.add(lack);
                continue;
            }
            measured.add(service + " " + inWords(vitals));
            if (isAbove(vitals)) {
                above.add(service);
            }
        }
        String figures = String.join("; ", measured);
        if (!above.isEmpty()) {
            return ChecklistLine.fail(
                    line, text, figures, "less load on " + String.join(" and ", above) + ", or more instances of it");
        }
        return unknown.isEmpty()
                ? ChecklistLine.ok(line, text, figures)
                : ChecklistLine.waiting(line, text, figures, String.join("; ", unknown));
    }

    /** What is missing for a comparison; null where it can be made. */
    private static String lack(String service, ServiceVitals vitals) {
        if (vitals == null || vitals.after() == null) {
            return "a full minute of " + service + " since the flip";
        }
        Figures before = vitals.before();
        if (before == null || (before.heapAfterGcBytes() < 0 && vitals.after().heapAfterGcBytes() >= 0)) {
            return "figures of " + service + (before == null ? "" : "'s heap") + " from before the flip, of which there"
                    + " are none: roll back, and promote again once it has run for a few minutes, or force";
        }
        return null;
    }

    private boolean isAbove(ServiceVitals vitals) {
        double factor = evidence.thresholds().vitalsFactor();
        Figures before = vitals.before();
        Figures after = vitals.after();
        boolean cpu = before.cpuCores() >= 0
                && after.cpuCores() > Math.max(before.cpuCores() * factor, before.cpuCores() + CPU_FLOOR_CORES);
        boolean heap = before.heapAfterGcBytes() >= 0
                && after.heapAfterGcBytes()
                        > Math.max(before.heapAfterGcBytes() * factor, before.heapAfterGcBytes() + HEAP_FLOOR_BYTES);
        return cpu || heap;
    }

    private static String inWords(ServiceVitals vitals) {
        Figures before = vitals.before();
        Figures after = vitals.after();
        return cores(after.cpuCores()) + " and " + heap(after.heapAfterGcBytes()) + " (before: "
                + cores(before.cpuCores()) + " and " + heap(before.heapAfterGcBytes())
                + (before.warmingUp() ? ", of its first minutes alone" : "") + ")";
    }

    private static String cores(double cores) {
        return cores < 0 ? "CPU unknown" : number(cores) + " cores";
    }

    private static String heap(long bytes) {
        return bytes < 0 ? "no collection yet" : bytes / MIB + " MiB";
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value).replaceAll("\\.?0+$", "");
    }
}
