package dev.cutover.control;

import dev.cutover.schema.Stage;
import java.util.Iterator;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A stage that one can go up to, as operators write it. */
final class UpStage implements ITypeConverter<Stage> {

    /** What a shell may complete it to. */
    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of(Stage.LIVE.wireName(), Stage.PROMOTED.wireName()).iterator();
        }
    }

    @Override
    public Stage convert(String text) {
        if (text.equals(Stage.LIVE.wireName())) {
            return Stage.LIVE;
        }
        if (text.equals(Stage.PROMOTED.wireName())) {
            return Stage.PROMOTED;
        }
        throw new TypeConversionException("must be live or promoted, but is '" + text + "'"
                + (text.equals(Stage.SHADOW.wireName()) ? " (that is rollback)" : ""));
    }
}
