package dev.cutover.local;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The directions in which modules may know each other. */
final class LayeringTest {
    private static final JavaClasses ALL = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.cutover");
    private static final List<String> SERVICES = List.of("jobs", "gateway", "rest", "control");

    @ParameterizedTest
    @ValueSource(strings = {"jobs", "gateway", "rest", "control"})
    void aServiceKnowsNoOtherServiceAndNotTheLocalStack(String service) {
        String[] others = SERVICES.stream()
                .filter(other -> !other.equals(service))
                .map(other -> "dev.cutover." + other + "..")
                .toArray(String[]::new);
        ArchRule rule = noClasses()
                .that()
                .resideInAPackage("dev.cutover." + service + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others)
                .orShould()
                .dependOnClassesThat()
                .resideInAPackage("dev.cutover.local..")
                .allowEmptyShould(true);
        rule.check(ALL);
    }

    @Test
    void whatIsSharedKnowsNoService() {
        noClasses()
                .that()
                .resideInAPackage("dev.cutover.schema..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.cutover.jobs..",
                        "dev.cutover.gateway..",
                        "dev.cutover.rest..",
                        "dev.cutover.control..",
                        "dev.cutover.local..")
                .check(ALL);
    }

    @Test
    void theBrokerIsKnownToTheLocalStackAlone() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.cutover.local..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("kafka..", "scala..", "org.apache.kafka.server..", "org.apache.kafka.metadata..")
                .check(ALL);
    }

    @Test
    void nettyIsKnownToTheGatewayAlone() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.cutover.gateway..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.netty..")
                .check(ALL);
    }

    /** Or the gateway's class path would need what it does not carry. */
    @Test
    void theHttpServerIsKnownToTheServicesThatHaveOneAlone() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.cutover.jobs..", "dev.cutover.gateway..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.javalin..", "org.eclipse.jetty..")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("dev.cutover.schema.HttpServer")
                .check(ALL);
        noClasses()
                .that()
                .resideInAPackage("dev.cutover.schema..")
                .and()
                .haveNameNotMatching(".*\\.HttpServer(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.javalin..", "org.eclipse.jetty..")
                .check(ALL);
    }

    /** For the same reason. */
    @Test
    void kafkaStreamsIsKnownToTheServicesThatRunItAlone() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.cutover.jobs..", "dev.cutover.gateway..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.kafka.streams..")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("dev.cutover.schema.StreamsSettings")
                .check(ALL);
        noClasses()
                .that()
                .resideInAPackage("dev.cutover.schema..")
                .and()
                .doNotHaveFullyQualifiedName("dev.cutover.schema.StreamsSettings")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.kafka.streams..")
                .check(ALL);
    }

    @Test
    void classesAreFinalUnlessTheyAreInterfacesOrSealed() {
        classes()
                .that()
                .areNotInterfaces()
                .and()
                .areNotAnonymousClasses()
                .and()
                .areNotEnums()
                .should()
                .haveModifier(JavaModifier.FINAL)
                .check(ALL.that(com.tngtech.archunit.base.DescribedPredicate.describe(
                        "not generated", (JavaClass each) -> !each.getName().contains("$$"))));
    }

    @Test
    void nothingMutableIsStatic() {
        ArchRuleDefinition.fields()
                .that()
                .areStatic()
                .and()
                .doNotHaveModifier(JavaModifier.SYNTHETIC)
                .should()
                .beFinal()
                .check(ALL);
    }
}
