package dev.cutover.control;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cutover.control.ControlClient.NoAnswerException;
import dev.cutover.control.ControlClient.RefusedException;
import dev.cutover.control.ControlClient.Reply;
import dev.cutover.schema.Flag;
import dev.cutover.schema.Json;
import dev.cutover.schema.Stage;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code cutover sign-off FEATURE}. */
@Command(
        name = "sign-off",
        description = {
            "Puts on record that the team agrees to a step. The one to promoted asks for it.",
            "It counts for what was seen before it: a sign-off from before the flip to live is none for promoted."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        usageHelpWidth = 110)
final class SignOffCommand implements Callable<Integer> {

    @Parameters(
            paramLabel = "FEATURE",
            description = "the feature, for example positions",
            completionCandidates = FeatureNames.class)
    private String feature;

    @Option(
            names = "--to",
            paramLabel = "live|promoted",
            required = true,
            converter = UpStage.class,
            completionCandidates = UpStage.Names.class,
            description = "the stage that is agreed to")
    private Stage to;

    @Option(names = "--by", paramLabel = "NAME", required = true, description = "who signs; kept for good")
    private String by;

    @Option(names = "--note", paramLabel = "NOTE", description = "what they have to say")
    private String note;

    @Option(names = "--json", description = "print the sign-off as the service gives it")
    private boolean json;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        return Operator.run(spec, json, this::sign);
    }

    private void sign(ControlClient control) throws NoAnswerException, RefusedException {
        ObjectNode body =
                Json.MAPPER.createObjectNode().put("to", to.wireName()).put("by", by);
        if (note != null) {
            body.put("note", note);
        }
        Reply reply = control.post(ControlClient.feature(feature) + "/sign-off", body);
        CommandLine command = spec.commandLine();
        PrintWriter out = command.getOut();
        if (json) {
            out.println(reply.text());
            return;
        }
        SignOff signed = Operator.read(SignOff.class, reply.document());
        out.println("✍ " + signed.feature() + ": " + Table.plain(signed.by()) + " signed off the step to "
                + signed.to().wireName());
        Flag flag = Operator.flag(
                control.get(ControlClient.feature(feature)).document().path("flag"));
        if (to == Stage.PROMOTED && flag.stage() == Stage.SHADOW) {
            out.println("⚠ " + signed.feature() + " is shadow: what counts is a sign-off that is given after the flip");
        } else if (flag.stage().canMoveTo(to)) {
            out.println("to go on: ./cutover checklist " + signed.feature() + " --watch" + Change.address(command));
        }
    }
}
