package dev.cutover.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cutover.control.ControlSettings;
import dev.cutover.gateway.GatewaySettings;
import dev.cutover.jobs.JobsSettings;
import dev.cutover.rest.RestSettings;
import dev.cutover.schema.Setting;
import dev.cutover.schema.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** docs/settings.md is made from the settings; {@code -Dcutover.docs.write} writes it anew. */
final class SettingsDocTest {
    private static final Path PAGE = Path.of("..", "docs", "settings.md");

    private static String page() {
        return """
                # Settings

                Every setting can be given as an option, in the environment, or as a line `name=value` of a settings file
                (`--config FILE`), where its name is the option's without the dashes. The command line wins over the
                environment, the environment over the file. Any of Kafka's own settings passes through: `kafka.NAME=VALUE` in
                the file, `--kafka NAME=VALUE` on the command line.

                `CUTOVER_LOG` sets the level of the log (`DEBUG`, `INFO`, `WARN`, `ERROR`), `CUTOVER_LIBRARY_LOG` that of the
                libraries; `CUTOVER_JAVA_OPTS` adds options for the JVM that `./cutover` starts.

                ## Every service

                %s
                ## `./cutover up`

                `up` takes all settings of this page but `--gateway-name`.

                %s
                ## Jobs: `./cutover run jobs`

                %s
                ## Gateway: `./cutover run gateway`

                %s
                ## REST: `./cutover run rest`

                %s
                ## Control: `./cutover run control`

                %s
                `WS_FEATURE_<NAME>=true` in the environment of its start makes a feature live that was never changed before; from
                then on the flag alone counts.
                """.formatted(
                        Setting.markdown(Settings.COMMON),
                        Setting.markdown(UpSettings.OWN),
                        Setting.markdown(JobsSettings.OWN),
                        Setting.markdown(GatewaySettings.OWN),
                        Setting.markdown(RestSettings.OWN),
                        Setting.markdown(ControlSettings.OWN));
    }

    @Test
    void thePageNamesEverySettingAsItIs() throws IOException {
        if (System.getProperty("cutover.docs.write") != null) {
            Files.writeString(PAGE, page());
        }
        assertThat(PAGE)
                .as("make it anew with ./mvnw test -pl local-stack -am -Dtest=SettingsDocTest"
                        + " -Dsurefire.failIfNoSpecifiedTests=false -Dcutover.docs.write=true")
                .hasContent(page());
    }
}
