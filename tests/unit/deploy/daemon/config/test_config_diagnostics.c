/* What is found wrong with a configuration, and that it is bounded. */
#include "tests/unit/deploy/daemon/config/config_fixture.h"

#include <stdlib.h>

static const struct {
    const char *shows;
    const char *yaml;
    const char *says; /* the whole list */
} cases[] = {
    {"an unknown key and the nearest name", "http:\n  prot: 1\n",
     "t.yaml:2: http.prot: there is no such setting; did you mean http.port?\n"},
    {"a key at the wrong place", "port: 1\n",
     "t.yaml:1: port: there is no such setting; did you mean http.port?\n"},
    {"a key's own line, not its value's", "kafka:\n  brokers: x\nno_such:\n  a: 1\n",
     "t.yaml:3: no_such: there is no such setting; configuration.md lists them all\n"},
    {"nothing is near", "\nkubernetes: {}\n",
     "t.yaml:2: kubernetes: there is no such setting; configuration.md lists them all\n"},
    {"a misspelt group", "kafak: {}\n",
     "t.yaml:1: kafak: there is no such setting; did you mean kafka?\n"},
    {"out of range", "http: {port: 65536}\n",
     "t.yaml:1: http.port: \"65536\" must be a whole number from 0 to 65535\n"},
    {"wrong type: list for a number", "http: {port: [1]}\n",
     "t.yaml:1: http.port: \"[…]\" must be a whole number from 0 to 65535\n"},
    {"wrong type: text for a list", "input: {topics: a}\n",
     "t.yaml:1: input.topics: \"a\" must be a list of names of letters, digits, \".\", \"_\" and "
     "\"-\", each at most 249\n"},
    {"wrong type: value for a group", "http: 9464\n",
     "t.yaml:1: http: is a group of settings, not a value\n"},
    {"negative", "http: {port: -1}\n",
     "t.yaml:1: http.port: \"-1\" must be a whole number from 0 to 65535\n"},
    {"not whole", "lanes: {tag: 1.5}\n",
     "t.yaml:1: lanes.tag: \"1.5\" must be a whole number from 1 to 256\n"},
    {"hexadecimal", "lanes: {tag: 0x10}\n",
     "t.yaml:1: lanes.tag: \"0x10\" must be a whole number from 1 to 256\n"},
    {"nan", "watch: {fdr_q: nan}\n",
     "t.yaml:1: watch.fdr_q: \"nan\" must be a number from 1e-06 to 1\n"},
    {"infinite", "watch: {fdr_q: 1e999}\n",
     "t.yaml:1: watch.fdr_q: \"1e999\" must be a number from 1e-06 to 1\n"},
    {"yes is not a boolean here", "kafka: {strict: yes}\n",
     "t.yaml:1: kafka.strict: \"yes\" must be true or false\n"},
    {"unknown choice", "kafka: {delivery: maybe}\n",
     "t.yaml:1: kafka.delivery: \"maybe\" must be one of exactly_once or at_least_once\n"},
    {"a duration's unit", "watch: {bin: 5 minutes}\n",
     "t.yaml:1: watch.bin: \"5 minutes\" must be a duration (ms, s, m, h, d) from 1m to 1h\n"},
    {"a part of a millisecond", "batch: {max_time: 0.0015s}\n",
     "t.yaml:1: batch.max_time: \"0.0015s\" must be a duration (ms, s, m, h, d) from 1ms to 1m\n"},
    {"a size's unit", "text: {max_bytes: 1MB}\n",
     "t.yaml:1: text.max_bytes: \"1MB\" must be a size (B, KiB, MiB, GiB) from 64B to 16MiB\n"},
    {"no value", "kafka:\n  brokers:\n",
     "t.yaml:2: kafka.brokers: has no value; it must be a text\n"},
    {"not a pointer", "input: {pointers: {id: data/id}}\n",
     "t.yaml:1: input.pointers.id: \"data/id\" must be a JSON pointer (RFC 6901) such as "
     "/data/title, or nothing\n"},
    {"a bad escape in a pointer", "input: {pointers: {id: /a~2}}\n",
     "t.yaml:1: input.pointers.id: \"/a~2\" must be a JSON pointer (RFC 6901) such as "
     "/data/title, or nothing\n"},
    {"not a topic name", "output:\n  topics:\n    dlq: \"a b\"\n",
     "t.yaml:3: output.topics.dlq: \"a b\" must be a name of letters, digits, \".\", \"_\" and "
     "\"-\", at most 249\n"},
    {"set twice", "http:\n  port: 1\n  port: 2\n",
     "t.yaml:3: http.port: is set twice, first on line 2\n"},
    {"a group twice", "http: {port: 1}\nlog: {level: info}\nhttp: {enabled: true}\n",
     "t.yaml:3: http: is set twice, first on line 1\n"},
    {"all at once", "http: {port: x, prot: 1}\nwatch: {bin: 7}\n",
     "t.yaml:1: http.port: \"x\" must be a whole number from 0 to 65535\n"
     "t.yaml:1: http.prot: there is no such setting; did you mean http.port?\n"
     "t.yaml:2: watch.bin: \"7\" must be a duration (ms, s, m, h, d) from 1m to 1h\n"},
    {"a rule without a pattern", "text:\n  rules:\n    - {name: x, replace: y}\n",
     "t.yaml:3: text.rules: a rule needs a name, a pattern and a replace (\"\" deletes)\n"},
    {"a rule with a stranger", "text:\n  rules:\n    - {name: x, pattern: p, replace: y, f: 1}\n",
     "t.yaml:3: text.rules: \"f\": a rule has the texts name, pattern and replace\n"},
    {"a property twice", "kafka:\n  properties:\n    client.id: 1\n    client.id: 2\n",
     "t.yaml:4: kafka.properties.client.id: is set twice\n"},
    {"a secret that is not there",
     "kafka:\n  properties:\n    sasl.password: \"@/nonexistent/file\"\n",
     "t.yaml:3: kafka.properties.sasl.password: the file \"/nonexistent/file\" does not exist\n"},
    {"a secret that never ends", "kafka:\n  properties:\n    sasl.password: \"@/dev/zero\"\n",
     "t.yaml:3: kafka.properties.sasl.password: the file \"/dev/zero\" is not a regular file of at "
     "most 64 "
     "KiB\n"},
    {"a secret is not shown", "kafka:\n  properties: hunter2\n",
     "t.yaml:2: kafka.properties: must be a mapping of librdkafka properties to texts\n"},
    {"not YAML", "http:\n  port: [1\n",
     "t.yaml:3: not YAML: did not find expected ',' or ']', while parsing a flow sequence\n"},
    {"not UTF-8", "http:\n  address: \"\xff\"\n",
     "t.yaml:1: not YAML: invalid leading UTF-8 octet\n"},
    {"an alias", "http: &a {port: 1}\n",
     "t.yaml:1: anchors (&name) and tags (!name) are not supported\n"},
    {"a tag", "http: {port: !!int 1}\n",
     "t.yaml:1: anchors (&name) and tags (!name) are not supported\n"},
    {"two documents", "http: {port: 1}\n---\nhttp: {port: 2}\n",
     "t.yaml:2: a second document (---): one file is one document\n"},
    {"a list is no configuration", "- a\n- b\n",
     "t.yaml:1: the file is not a mapping of settings (\"input:\", \"kafka:\", …)\n"},
    {"a key that is a list", "? [a]\n: 1\n",
     "t.yaml:1: a key must be a text, not a list or a mapping\n"},
    {"a NUL in a text", "kafka: {brokers: \"a\\0b\"}\n",
     "t.yaml:1: a text must not hold a NUL character\n"},
    {"control characters are shown, not sent", "\"a\\eb\": 1\n",
     "t.yaml:1: a\\x1bb: there is no such setting; configuration.md lists them all\n"},
    {"bins that do not divide an hour", "watch: {bin: 7m}\n",
     "t.yaml:1: watch.bin: an hour must be a whole number of bins, such as 5m or 15m\n"},
    {"thresholds in the wrong order", "watch:\n  info_evidence: 500\n",
     "t.yaml:2: watch.warning_evidence: must not be below watch.info_evidence\n"},
    {"a constant threshold that means nothing", "watch: {info_evidence: .5, warning_evidence: 1}\n",
     "t.yaml:1: watch.info_evidence: is 0 (the budget) or at least 1\n"},
    {"warnings that cost more than all alerts", "watch: {info_false_alarms: 0.001}\n",
     "t.yaml:1: watch.warning_false_alarms: must not be above watch.info_false_alarms\n"},
    {"files into Kafka", "input: {kind: file, files: [x]}\n",
     "t.yaml:1: output.kind: kafka needs input.kind kafka, since results and offsets commit "
     "together; write file\n"},
    {"file input without files", "input:\n  kind: file\noutput: {kind: file}\n",
     "t.yaml:2: input.files: is empty: file input needs a file\n"},
    {"reading what one writes", "input: {topics: [groundswell.dlq]}\n",
     "t.yaml:1: output.topics.dlq: \"groundswell.dlq\" is an input topic too\n"},
    {"two streams in one topic", "output:\n  topics: {tagged: x, alerts: x}\n",
     "t.yaml:2: output.topics.alerts: \"x\" is output.topics.tagged too\n"},
    {"a property that nobody knows", "kafka:\n  properties:\n    sasl.passwort: x\n",
     "t.yaml:3: kafka.properties: kafka property sasl.passwort: librdkafka has no such property; "
     "did you mean sasl.password?\n"},
    {"a property of ours", "kafka:\n  properties: {isolation.level: read_uncommitted}\n",
     "t.yaml:2: kafka.properties: kafka property isolation.level may not be set: aborted records "
     "would be read\n"},
    {"a property's value", "kafka:\n  properties: {socket.timeout.ms: soon}\n",
     "t.yaml:2: kafka.properties: kafka property socket.timeout.ms: Invalid value for "
     "configuration "
     "property \"socket.timeout.ms\"\n"},
    {"a placeholder", "kafka:\n  brokers: \"${BROKERS:-localhost:9092}\"\n",
     "t.yaml:2: kafka.brokers: \"${…}\" is not replaced from the environment; set "
     "GROUNDSWELL_KAFKA_BROKERS there, or give --set kafka.brokers=VALUE\n"},
    {"a placeholder for a number", "http: {port: \"${PORT}\"}\n",
     "t.yaml:1: http.port: \"${…}\" is not replaced from the environment; set "
     "GROUNDSWELL_HTTP_PORT there, or give --set http.port=VALUE\n"},
    {"a placeholder in a list", "input:\n  topics:\n    - \"${TOPIC}\"\n",
     "t.yaml:3: input.topics: \"${…}\" is not replaced from the environment; set "
     "GROUNDSWELL_INPUT_TOPICS there, or give --set input.topics=VALUE\n"},
    {"a secret's placeholder", "kafka:\n  properties:\n    sasl.password: \"${SECRET}\"\n",
     "t.yaml:3: kafka.properties.sasl.password: \"${…}\" is not replaced from the environment; "
     "write \"@/path/of/file\" for a value that is in a file, or give --set "
     "kafka.properties.sasl.password=VALUE\n"},
    {"an input topic named twice", "input: {topics: [raw, wire, raw]}\n",
     "t.yaml:1: input.topics: \"raw\" is named twice\n"},
    {"a file read and written",
     "input: {kind: file, files: [/x]}\noutput: {kind: file, files: {dlq: /x}}\n",
     "t.yaml:2: output.files.dlq: \"/x\" is an input file too\n"},
    {"two streams in one file",
     "input: {kind: file, files: [/x]}\noutput: {kind: file, files: {dlq: /y, alerts: /y}}\n",
     "t.yaml:2: output.files.dlq: \"/y\" is output.files.alerts too\n"},
    {"a setting dotted and nested", "kafka.brokers: a:1\nkafka:\n  brokers: b:1\n",
     "t.yaml:3: kafka.brokers: is set twice, first on line 1\n"},
    {"a bad value has no consequences", "input: {kind: file, files: 7x}\noutput: {kind: file}\n",
     "t.yaml:1: input.files: \"7x\" must be a list of paths\n"},
    {"a misspelt name has none", "input: {kind: file, file: [x]}\noutput: {kind: file}\n",
     "t.yaml:1: input.file: there is no such setting; did you mean input.files?\n"},
    {"a rule's stranger has none", "text:\n  rules:\n    - {name: x, patern: p, replace: y}\n",
     "t.yaml:3: text.rules: \"patern\": a rule has the texts name, pattern and replace\n"},
    {"an address that is a name", "http: {address: localhost}\n",
     "t.yaml:1: http.address: \"localhost\" is not an IPv4 or IPv6 address such as 127.0.0.1 or "
     "::1\n"},
};

static void what_is_wrong_is_said_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        struct gs_config *config = NULL;
        struct gs_diagnostics diagnostics = {.n = 0};
        char text[4096];

        print_message("  %s\n", cases[i].shows);
        assert_int_equal(parse(cases[i].yaml, NULL, 0, &config, &diagnostics), GS_BAD_CONFIG);
        assert_null(config);
        listed(&diagnostics, text, sizeof text);
        assert_string_equal(text, cases[i].says);
        gs_diagnostics_done(&diagnostics);
    }
}

static void overrides_are_checked_alike(void **state)
{
    (void)state;
    static const char *const overrides[] = {"http.prot=1", "http.port=x", "nonsense", "=1",
                                            "text.rules=[{name: a}]"};
    static const char *const env[] = {"GROUNDSWELL_HTTP_PROT=1", "GROUNDSWELL_LOG_LEVEL=loud",
                                      NULL};
    const struct gs_config_input input = {.yaml = {"", 0},
                                          .name = "t.yaml",
                                          .overrides = overrides,
                                          .n_overrides = GS_COUNT(overrides),
                                          .environ_vars = env};
    struct gs_config *config = NULL;
    struct gs_diagnostics diagnostics = {.n = 0};
    char text[4096];

    assert_int_equal(gs_config_parse(&input, &config, &diagnostics, NULL), GS_BAD_CONFIG);
    listed(&diagnostics, text, sizeof text);
    assert_string_equal(
        text, "GROUNDSWELL_HTTP_PROT:0: there is no such setting; configuration.md lists them all\n"
              "GROUNDSWELL_LOG_LEVEL:0: log.level: \"loud\" must be one of debug, info, warning or "
              "error\n"
              "--set:0: http.prot: there is no such setting; did you mean http.port?\n"
              "--set:0: http.port: \"x\" must be a whole number from 0 to 65535\n"
              "--set:0: \"nonsense\" is not NAME=VALUE\n"
              "--set:0: \"=1\" is not NAME=VALUE\n"
              "--set:0: text.rules: a rule needs a name, a pattern and a replace (\"\" deletes)\n");
    gs_diagnostics_done(&diagnostics);
}

/* ---- bounds ---- */

static char *repeated(const char *first, const char *piece, size_t n)
{
    const size_t len = strlen(piece);
    char *text = malloc(strlen(first) + n * len + 1);

    assert_non_null(text);
    (void)snprintf(text, strlen(first) + 1, "%s", first);
    char *at = text + strlen(first);
    for (size_t i = 0; i < n; i++) {
        memcpy(at, piece, len);
        at += len;
    }
    *at = '\0';
    return text;
}

static void bounds_are_kept(void **state)
{
    (void)state;
    static const struct {
        const char *shows, *first, *piece;
        size_t n;
        const char *says;
    } rows[] = {
        {"longer than 1 MiB", "", "# x\n", 300000, "t.yaml:1: the file is longer than 1 MiB\n"},
        {"too deep", "a: ", "[", 40, "t.yaml:1: nested deeper than 32 levels\n"},
        {"too many values", "input:\n  topics:\n", "    - a\n", 30000,
         "t.yaml:20000: the file holds more than 20,000 values, or more than fits\n"},
        {"too many topics", "input:\n  topics:\n", "    - a\n", 2000,
         "t.yaml:2: input.topics: more than 1024 of them\n"},
    };
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_config *config = NULL;
        struct gs_diagnostics diagnostics = {.n = 0};
        char text[4096];
        char *yaml = repeated(rows[i].first, rows[i].piece, rows[i].n);

        print_message("  %s\n", rows[i].shows);
        assert_int_equal(parse(yaml, NULL, 0, &config, &diagnostics), GS_BAD_CONFIG);
        listed(&diagnostics, text, sizeof text);
        assert_string_equal(text, rows[i].says);
        gs_diagnostics_done(&diagnostics);
        free(yaml);
    }
}

static void findings_are_bounded_and_counted(void **state)
{
    (void)state;
    struct gs_config *config = NULL;
    struct gs_diagnostics diagnostics = {.n = 0};
    char *yaml = repeated("", "zzzzzzzzzz: 1\n", 500);

    assert_int_equal(parse(yaml, NULL, 0, &config, &diagnostics), GS_BAD_CONFIG);
    assert_int_equal(diagnostics.n, GS_MAX_DIAGNOSTICS);
    assert_int_equal(gs_diagnostics_count(&diagnostics), 500);
    gs_diagnostics_done(&diagnostics);
    free(yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_said_with_its_line),
        cmocka_unit_test(overrides_are_checked_alike),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(findings_are_bounded_and_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
