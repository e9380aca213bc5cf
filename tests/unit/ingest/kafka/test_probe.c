/* A probe: the list of addresses, and the answers' bytes. The answers are those of a Kafka 3.9.2, cut
 * short where they repeat themselves. */
#include "ingest/kafka/probe.h"

#include "tests/unit/gs_test.h"

#define BYTES(s)                                                                                   \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static const struct {
    const char *shows, *brokers;
    size_t i;
    const char *host, *port; /* NULL: there is none */
} lists[] = {
    {"one", "a:9093", 0, "a", "9093"},
    {"the usual port", "kafka", 0, "kafka", "9092"},
    {"the second", "a:1, b:2", 1, "b", "2"},
    {"the last without a port", "a:1,b", 1, "b", "9092"},
    {"no third", "a:1,b:2", 2, NULL, NULL},
    {"none", "", 0, NULL, NULL},
    {"commas only", ", ,", 0, NULL, NULL},
    {"a protocol in front", "SASL_SSL://a:1,PLAINTEXT://b:2", 1, "b", "2"},
    {"IPv6", "[::1]:9094", 0, "::1", "9094"},
    {"IPv6 without a port", "[fe80::1]", 0, "fe80::1", "9092"},
};

static void addresses_of_a_list(void **state)
{
    char host[256];
    char port[16];

    (void)state;
    for (size_t i = 0; i < GS_COUNT(lists); i++) {
        print_message("  %s\n", lists[i].shows);
        assert_int_equal(gs_probe_split(lists[i].brokers, lists[i].i, host, port),
                         lists[i].host != NULL);
        if (lists[i].host != NULL) {
            assert_string_equal(host, lists[i].host);
            assert_string_equal(port, lists[i].port);
        }
    }
}

static void long_names_are_cut(void **state)
{
    char list[700];
    char host[256];
    char port[16];

    (void)state;
    memset(list, 'h', sizeof list);
    list[600] = ':';
    memset(list + 601, '7', sizeof list - 602);
    list[sizeof list - 1] = '\0';
    assert_true(gs_probe_split(list, 0, host, port));
    assert_int_equal(strlen(host), 255);
    assert_int_equal(strlen(port), 15);
}

/* Correlation id, no error, one api (18: 0 to 4), no throttle, three tags: what is supported (one
 * feature), its epoch, what is finalized (two features, metadata.version at 21). */
#define ID "grwd"
#define API "\0\0\x02\0\x12\0\0\0\x04\0\0\0\0\0"
#define SUPPORTED "\0\x17\x02\x11metadata.version\0\1\0\x15\0"
#define EPOCH "\1\x08\0\0\0\0\0\0\0\5"
#define FINALIZED "\2\x2a\3\x0etest.version1\0\1\0\0\0\x11metadata.version\0\x15\0\x15\0"

static const struct {
    const char *shows;
    struct gs_str bytes;
    bool answer;
    int32_t level;
} versions[] = {
    {"a broker of 3.9", BYTES(ID API "\3" SUPPORTED EPOCH FINALIZED), true, 21},
    {"nothing finalized", BYTES(ID API "\2" SUPPORTED EPOCH), true, -1},
    {"no tags", BYTES(ID API "\0"), true, -1},
    {"an old broker", BYTES(ID "\0\x23\0\0\0\0"), true, -1},
    {"cut off in the tags", BYTES(ID API "\3" SUPPORTED EPOCH "\2\x28\3"), true, -1},
    {"a level that is not whole", BYTES(ID API "\1\2\x13\2\x11metadata.version\0"), true, -1},
    {"more features than bytes", BYTES(ID API "\1\2\5\xff\xff\xff\xff\x0f"), true, -1},
    {"somebody else's answer", BYTES("grwe" API "\0"), false, -1},
    {"nothing", BYTES(""), false, -1},
    {"half an id", BYTES("gr"), false, -1},
};

static void answers_to_api_versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(versions); i++) {
        int32_t level = 7;
        print_message("  %s\n", versions[i].shows);
        assert_int_equal(gs_probe_read_versions(versions[i].bytes, &level), versions[i].answer);
        assert_int_equal(level, versions[i].level);
    }
}

static const struct {
    const char *shows;
    struct gs_str bytes;
    bool answer, sasl;
    const char *mechanisms;
} handshakes[] = {
    {"a SASL port", BYTES(ID "\0\x21\0\0\0\2\0\5PLAIN\0\x0dSCRAM-SHA-256"), true, true,
     "PLAIN,SCRAM-SHA-256"},
    {"out of place", BYTES(ID "\0\x22\0\0\0\0"), true, false, ""},
    {"cut off", BYTES(ID "\0\x21\0\0\0\2\0\5PLA"), false, true, ""},
    {"somebody else's answer", BYTES("abcd\0\x21\0\0\0\0"), false, false, ""},
    {"a name that does not fit", BYTES(ID "\0\x21\0\0\0\1\0\x1eMECHANISM-MECHANISM-MECHANISM!"),
     true, true, ""},
};

static void answers_to_a_handshake(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(handshakes); i++) {
        bool sasl = false;
        char mechanisms[24];
        print_message("  %s\n", handshakes[i].shows);
        assert_int_equal(
            gs_probe_read_handshake(handshakes[i].bytes, &sasl, mechanisms, sizeof mechanisms),
            handshakes[i].answer);
        assert_int_equal(sasl, handshakes[i].sasl);
        assert_string_equal(mechanisms, handshakes[i].mechanisms);
    }
}

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the order in which a row reads well
static const struct {
    enum gs_probe_speaks speaks;
    const char *protocol, *mechanism;
    bool fits;
    const char *what, *cure;
} ports[] = {
    {GS_PROBE_PLAINTEXT, "plaintext", "GSSAPI", true, "speaks Kafka", ""},
    {GS_PROBE_PLAINTEXT, "PLAINTEXT", "GSSAPI", true, "speaks Kafka", ""},
    {GS_PROBE_PLAINTEXT, "ssl", "GSSAPI", false, "the client wants TLS",
     "security.protocol: plaintext"},
    {GS_PROBE_PLAINTEXT, "SASL_SSL", "PLAIN", false, "the client wants TLS",
     "security.protocol: plaintext"},
    {GS_PROBE_PLAINTEXT, "sasl_plaintext", "PLAIN", false, "no log-in",
     "security.protocol: plaintext"},
    {GS_PROBE_SASL, "plaintext", "GSSAPI", false, "wants a log-in by SASL (SCRAM-SHA-512)",
     "sasl.mechanism: SCRAM-SHA-512"},
    {GS_PROBE_SASL, "sasl_ssl", "SCRAM-SHA-512", false, "the client wants TLS",
     "security.protocol: sasl_plaintext"},
    {GS_PROBE_SASL, "sasl_plaintext", "PLAIN", false, "this port knows SCRAM-SHA-512",
     "SCRAM-SHA-512"},
    {GS_PROBE_SASL, "sasl_plaintext", "SCRAM-SHA-5", false, "this port knows", "SCRAM-SHA-512"},
    {GS_PROBE_SASL, "SASL_PLAINTEXT", "scram-sha-512", true, "SASL (SCRAM-SHA-512)", ""},
    {GS_PROBE_TLS, "ssl", "GSSAPI", true, "speaks TLS", ""},
    {GS_PROBE_TLS, "sasl_ssl", "PLAIN", true, "speaks TLS", ""},
    {GS_PROBE_TLS, "plaintext", "GSSAPI", false, "wants TLS", "security.protocol: ssl"},
    {GS_PROBE_TLS, "sasl_plaintext", "PLAIN", false, "wants TLS", "security.protocol: sasl_ssl"},
    {GS_PROBE_HTTP, "plaintext", "GSSAPI", false, "web server", "kafka.brokers"},
    {GS_PROBE_OTHER, "ssl", "GSSAPI", false, "no Kafka broker", "kafka.brokers"},
    {GS_PROBE_NOTHING, "plaintext", "GSSAPI", false, "says nothing", "broker"},
};

static void a_port_and_a_client(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(ports); i++) {
        struct gs_probe probe = {.speaks = ports[i].speaks};
        const struct gs_probe_client client = {ports[i].protocol, ports[i].mechanism};
        struct gs_probe_verdict verdict;
        if (probe.speaks == GS_PROBE_SASL) {
            (void)strcpy(probe.mechanisms, "SCRAM-SHA-512");
        }
        print_message("  %d and %s\n", (int)ports[i].speaks, ports[i].protocol);
        gs_probe_judge(&probe, &client, &verdict);
        assert_int_equal(verdict.fits, ports[i].fits);
        assert_non_null(strstr(verdict.what, ports[i].what));
        assert_non_null(strstr(verdict.cure, ports[i].cure));
        assert_int_equal(verdict.cure[0] == '\0', ports[i].fits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_a_list),    cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(a_port_and_a_client),    cmocka_unit_test(answers_to_api_versions),
        cmocka_unit_test(answers_to_a_handshake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
