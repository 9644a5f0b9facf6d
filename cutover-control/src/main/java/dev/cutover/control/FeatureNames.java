package dev.cutover.control;

import dev.cutover.schema.Feature;
import dev.cutover.schema.FeatureCatalog;
import java.util.Iterator;

/** What a shell may complete a feature's name to; the service knows which there are. Made anew by picocli for each command. */
final class FeatureNames implements Iterable<String> {

    @Override
    public Iterator<String> iterator() {
        return FeatureCatalog.shipped().features().stream().map(Feature::name).iterator();
    }
}
