/* What doctor says of versions. */
#include "deploy/daemon/cli/doctor.h"

#include "tests/unit/gs_test.h"

static const struct {
    const char *shows;
    int client_version;
    int32_t metadata_version;
    const char *mechanism;
    enum gs_finding_level level;
    const char *says;
} versions[] = {
    {"as tested", 0x020002ff, 21, "GSSAPI", GS_FINDING_OK, "Kafka 3.9: assignor range, eager, "},
    {"not seen", 0x020002ff, -1, "GSSAPI", GS_FINDING_OK, "of a version that cannot be seen"},
    {"cooperative may be set", 0x020a0000, 21, "GSSAPI", GS_FINDING_OK, "cooperative-sticky may"},
    {"not yet", 0x020900ff, 21, "GSSAPI", GS_FINDING_OK, "range, eager, static"},
    {"KIP-848: the client is too old", 0x020e00ff, 30, "GSSAPI", GS_FINDING_WARN, "is not safe"},
    {"KIP-848: the broker is too old", 0x020f0000, 29, "GSSAPI", GS_FINDING_OK, "is not safe"},
    {"KIP-848: the broker is not known", 0x020f0000, -1, "GSSAPI", GS_FINDING_OK, "is not safe"},
    {"KIP-848: both", 0x020f0000, 30, "GSSAPI", GS_FINDING_WARN, "would be safe"},
    {"SCRAM against 4.0", 0x020002ff, 25, "SCRAM-SHA-256", GS_FINDING_FAIL, "Kafka 4.0"},
    {"SCRAM against 3.9", 0x020002ff, 21, "SCRAM-SHA-256", GS_FINDING_OK, "Kafka 3.9"},
    {"SCRAM, mended", 0x020601ff, 25, "SCRAM-SHA-256", GS_FINDING_OK, "Kafka 4.0"},
    {"markers may be lost", 0x020002ff, 31, "PLAIN", GS_FINDING_WARN, "Kafka 4.4"},
};

static void versions_and_what_applies(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(versions); i++) {
        const struct gs_probe_client client = {"sasl_ssl", versions[i].mechanism};
        struct gs_finding finding = {.check = "versions"};
        print_message("  %s\n", versions[i].shows);
        gs_doctor_judge_versions(versions[i].client_version, "x.y", versions[i].metadata_version,
                                 &client, &finding);
        assert_int_equal(finding.level, versions[i].level);
        assert_non_null(strstr(finding.what, versions[i].says));
        assert_int_equal(finding.cure[0] != '\0', versions[i].level != GS_FINDING_OK);
    }
}

static void the_client_of_a_configuration(void **state)
{
    static const struct gs_property properties[] = {{"security.protocol", "SASL_SSL"},
                                                    {"sasl.mechanisms", "PLAIN"}};
    struct gs_config config = {.kafka.properties = {properties, 2}};

    (void)state;
    struct gs_probe_client client = gs_doctor_client_of(&config);
    assert_string_equal(client.protocol, "SASL_SSL");
    assert_string_equal(client.mechanism, "PLAIN");
    config.kafka.properties.n = 0;
    client = gs_doctor_client_of(&config);
    assert_string_equal(client.protocol, "plaintext");
    assert_string_equal(client.mechanism, "GSSAPI");
}

static void levels_have_names(void **state)
{
    (void)state;
    assert_string_equal(gs_doctor_kafka_name(-1), "");
    assert_string_equal(gs_doctor_kafka_name(3), "");
    assert_string_equal(gs_doctor_kafka_name(7), "3.3");
    assert_string_equal(gs_doctor_kafka_name(19), "3.7");
    assert_string_equal(gs_doctor_kafka_name(25), "4.0");
    assert_string_equal(gs_doctor_kafka_name(99), "4.5 or later");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_and_what_applies),
        cmocka_unit_test(the_client_of_a_configuration),
        cmocka_unit_test(levels_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
