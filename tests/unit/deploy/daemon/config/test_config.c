#include "deploy/daemon/config/config.h"
#include "deploy/daemon/config/options.h"

#include "tests/unit/gs_test.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum gs_status parse(const char *yaml, const char *const *overrides, size_t n,
                            struct gs_config **ret, struct gs_diagnostics *diagnostics)
{
    const struct gs_config_input input = {.yaml = gs_str(yaml),
                                          .name = "t.yaml",
                                          .dir = "/etc/gs",
                                          .overrides = overrides,
                                          .n_overrides = n};
    return gs_config_parse(&input, ret, diagnostics, NULL);
}

/* "line: text" of every finding, one a line. */
static void listed(const struct gs_diagnostics *diagnostics, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < diagnostics->n; i++) {
        const size_t at = strlen(text);
        (void)snprintf(text + at, size - at, "%s:%d: %s\n", diagnostics->items[i].place,
                       diagnostics->items[i].line, diagnostics->items[i].text);
    }
}

/* ---- every default ---- */

static void the_defaults_are_valid(void **state)
{
    (void)state;
    struct gs_config *config = NULL;

    assert_int_equal(gs_config_defaults(&config, NULL), GS_OK);
    assert_int_equal(config->input.kind, GS_INPUT_KAFKA);
    assert_int_equal(config->input.topics.n, 1);
    assert_string_equal(config->input.topics.items[0], "groundswell.raw");
    assert_string_equal(config->input.pointers.author, "/author");
    assert_null(config->input.default_source);
    assert_int_equal(config->input.max_record_bytes, 1048576);
    assert_int_equal(config->kafka.delivery, GS_EXACTLY_ONCE);
    assert_int_equal(config->kafka.start, GS_START_EARLIEST);
    assert_int_equal(config->kafka.transaction_timeout_ms, 10000);
    assert_non_null(config->kafka.instance);
    assert_string_equal(config->output.topics[GS_STREAM_DLQ], "groundswell.dlq");
    assert_string_equal(config->output.files[GS_STREAM_ALERTS], "-");
    assert_null(config->output.files[GS_STREAM_TAGGED]);
    assert_int_equal(config->batch.max_time_ms, 100);
    assert_true(config->text.html && config->text.use_default_rules);
    assert_int_equal(config->watch.options.bin_ms, 300000);
    assert_true(config->watch.options.tolerance_logit == 0.4);
    assert_int_equal(config->watch.options.min_stories, 3);
    assert_int_equal(config->watch.max_gauge_keys, 50);
    assert_string_equal(config->http.address, "127.0.0.1");
    assert_int_equal(config->http.port, 9464);
    assert_int_equal(config->log.level, GS_LOG_INFO);
    assert_false(config->log.json);
    gs_config_free(config);
}

/* The detector has its own idea of the defaults; the two must not drift apart. */
static void the_watch_has_the_same_defaults(void **state)
{
    (void)state;
    struct gs_config *config = NULL;
    struct gs_watch_options options;

    gs_watch_options_default(&options);
    assert_int_equal(gs_config_defaults(&config, NULL), GS_OK);
    assert_memory_equal(&config->watch.options, &options, sizeof options);
    gs_config_free(config);
}

/* store_whole() relies on the table for this. */
static void every_range_fits_its_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < gs_n_options; i++) {
        const struct gs_option *option = &gs_options[i];
        const bool whole = option->type == GS_OPT_UINT || option->type == GS_OPT_DURATION ||
                           option->type == GS_OPT_SIZE;
        print_message("  %s\n", option->name);
        assert_ptr_equal(gs_option_find(option->name), option); /* no name twice */
        assert_true(option->offset + option->size <= sizeof(struct gs_config));
        assert_true(strlen(option->help) > 8);
        if (whole) {
            assert_true(option->size == 4 || option->size == 8);
            assert_true(option->min >= 0 && option->max > option->min);
            assert_true(option->max <= (option->size == 4 ? 2147483647.0 : 9007199254740992.0));
        }
        if (option->type == GS_OPT_ENUM) {
            assert_true(option->size == 4 || option->size == 1);
            assert_non_null(option->values);
        }
        if (option->type == GS_OPT_DOUBLE) {
            assert_int_equal(option->size, sizeof(double));
        }
    }
}

/* ---- good files ---- */

static void a_file_sets_what_it_names(void **state)
{
    (void)state;
    static const char yaml[] = "input:\n"
                               "  kind: file\n"
                               "  files: [a.jsonl, /abs/b.gz, \"-\"]\n"
                               "  pointers: {id: , text: /data/body~1x}\n"
                               "  max_future: 1.5h\n"
                               "output:\n"
                               "  kind: file\n"
                               "  files:\n"
                               "    tagged: out/t.jsonl.gz\n"
                               "    alerts:\n"
                               "kafka:\n"
                               "text:\n"
                               "  max_bytes: 2 KiB\n"
                               "  rules:\n"
                               "    - {name: n, pattern: \"a+\", replace: \"\"}\n"
                               "    - name: m\n"
                               "      pattern: '\\d'\n"
                               "      replace: $1\n"
                               "watch: {bin: 900, min_excess_share: 0.25}\n"
                               "log: {format: json, level: debug}\n";
    struct gs_config *config = NULL;
    struct gs_diagnostics diagnostics = {.n = 0};

    assert_int_equal(parse(yaml, NULL, 0, &config, &diagnostics), GS_OK);
    assert_int_equal(config->input.kind, GS_INPUT_FILE);
    assert_int_equal(config->input.files.n, 3);
    assert_string_equal(config->input.files.items[0], "/etc/gs/a.jsonl");
    assert_string_equal(config->input.files.items[1], "/abs/b.gz");
    assert_string_equal(config->input.files.items[2], "-");
    assert_null(config->input.pointers.id);
    assert_string_equal(config->input.pointers.text, "/data/body~1x");
    assert_string_equal(config->input.pointers.title, "/title");
    assert_int_equal(config->input.max_future_ms, 5400000);
    assert_string_equal(config->output.files[GS_STREAM_TAGGED], "/etc/gs/out/t.jsonl.gz");
    assert_null(config->output.files[GS_STREAM_ALERTS]);
    assert_int_equal(config->text.max_bytes, 2048);
    assert_int_equal(config->text.rules.n, 2);
    assert_string_equal(config->text.rules.items[0].replace, "");
    assert_string_equal(config->text.rules.items[1].pattern, "\\d");
    assert_int_equal(config->watch.options.bin_ms, 900000);
    assert_true(config->watch.options.min_excess_share == 0.25);
    assert_true(config->log.json);
    assert_int_equal(config->log.level, GS_LOG_DEBUG);
    gs_config_free(config);
    gs_diagnostics_done(&diagnostics);
}

static void overrides_win_and_environment_is_between(void **state)
{
    (void)state;
    static const char *const overrides[] = {
        "http.port=7777", "input.topics=a,b", "kafka.properties.security.protocol=SSL",
        "kafka.properties.client.id=second", "model.path=models/x"};
    static const char *const env[] = {"GROUNDSWELL_HTTP_PORT=6666",
                                      "GROUNDSWELL_HTTP_ADDRESS=::1",
                                      "GROUNDSWELL_INPUT_POINTERS_ID=/x/id",
                                      "GROUNDSWELL_WATCH_MAX_KEYS=12",
                                      "GROUNDSWELL_SOMETHING_ELSE=1",
                                      "HOME=/",
                                      NULL};
    const struct gs_config_input input = {
        .yaml = gs_str("http: {port: 5555}\nwatch: {max_keys: 11}\n"
                       "kafka: {properties: {client.id: first, client.rack: y}}\n"),
        .name = "t.yaml",
        .dir = "/etc/gs",
        .overrides = overrides,
        .n_overrides = GS_COUNT(overrides),
        .environ_vars = env};
    struct gs_config *config = NULL;
    struct gs_diagnostics diagnostics = {.n = 0};

    assert_int_equal(gs_config_parse(&input, &config, &diagnostics, NULL), GS_OK);
    assert_int_equal(config->http.port, 7777);
    assert_string_equal(config->http.address, "::1");
    assert_string_equal(config->input.pointers.id, "/x/id");
    assert_int_equal(config->watch.options.max_keys, 12);
    assert_int_equal(config->input.topics.n, 2);
    assert_string_equal(config->input.topics.items[1], "b");
    assert_int_equal(config->kafka.properties.n, 3);
    assert_string_equal(config->kafka.properties.items[0].value, "second");
    assert_string_equal(config->kafka.properties.items[2].name, "security.protocol");
    assert_string_equal(config->model.path, "models/x"); /* relative to where one types it */
    gs_config_free(config);
    gs_diagnostics_done(&diagnostics);
}

/* ---- diagnostics ---- */

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

/* What a what-if shows of two configurations, and whether it tags once for both. */
static void values_are_written_and_what_they_bear_on_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *set, *name, *written;
        enum gs_bearing bearing;
    } rows[] = {
        {"watch.clear_after=90m", "watch.clear_after", "90m", GS_BEARS_ON_ALERTS},
        {"watch.clear_after=2d", "watch.clear_after", "2d", GS_BEARS_ON_ALERTS},
        {"watch.info_false_alarms=0.05", "watch.info_false_alarms", "0.05", GS_BEARS_ON_ALERTS},
        {"watch.min_stories=7", "watch.min_stories", "7", GS_BEARS_ON_ALERTS},
        {"incidents.least_severity=topic:*=warning", "incidents.least_severity", "topic:*=warning",
         GS_BEARS_ON_ALERTS},
        {"observations.sources=true", "observations.sources", "true", GS_BEARS_ON_ALERTS},
        {"model.tier=fast", "model.tier", "fast", GS_BEARS_ON_TAGS},
        {"watch.grave_risks=default,fraud", "watch.grave_risks", "default,fraud",
         GS_BEARS_ON_ALERTS},
        {"input.max_record_bytes=2MiB", "input.max_record_bytes", "2097152", GS_BEARS_ON_TAGS},
        {"incidents.quiet_hours=22:00-07:00", "incidents.quiet_hours", "22:00-07:00",
         GS_BEARS_ON_NOTHING},
        {"batch.max_messages=7", "batch.max_messages", "7", GS_BEARS_ON_NOTHING},
    };
    struct gs_config *defaults = NULL;

    assert_int_equal(gs_config_defaults(&defaults, NULL), GS_OK);
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_diagnostics diagnostics = {0};
        struct gs_config *config = NULL;
        struct gs_buf out = {.max = 1024};
        const struct gs_option *option = gs_option_find(rows[i].name);
        print_message("  %s\n", rows[i].set);
        assert_int_equal(parse("", &rows[i].set, 1, &config, &diagnostics), GS_OK);
        gs_option_write(option, config, &out);
        assert_true(gs_str_equal(gs_buf_str(&out), gs_str(rows[i].written)));
        assert_false(gs_option_is_same(option, defaults, config));
        assert_int_equal(gs_option_bearing(option), rows[i].bearing);
        assert_true(gs_config_tags_alike(defaults, config) ==
                    (rows[i].bearing != GS_BEARS_ON_TAGS));
        gs_buf_done(&out);
        gs_config_free(config);
        gs_diagnostics_done(&diagnostics);
    }
    gs_config_free(defaults);
}

static void no_secret_is_written(void **state)
{
    (void)state;
    const char *const set = "kafka.properties.sasl.password=hunter2";
    struct gs_diagnostics diagnostics = {0};
    struct gs_config *config = NULL;
    struct gs_buf out = {.max = 1 << 20};

    assert_int_equal(parse("", &set, 1, &config, &diagnostics), GS_OK);
    for (size_t i = 0; i < gs_n_options; i++) {
        gs_option_write(&gs_options[i], config, &out);
    }
    gs_buf_putc(&out, '\0');
    assert_true(gs_buf_ok(&out));
    assert_null(strstr(out.bytes, "hunter2"));
    gs_buf_done(&out);
    gs_config_free(config);
    gs_diagnostics_done(&diagnostics);
}

static void secrets_are_read_from_files(void **state)
{
    (void)state;
    char path[] = "/tmp/gs-secret-XXXXXX";
    char yaml[256];
    struct gs_config *config = NULL;
    struct gs_diagnostics diagnostics = {.n = 0};
    const int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "hunter2\n", 8), 8);
    (void)close(fd);
    (void)snprintf(yaml, sizeof yaml,
                   "kafka: {properties: {sasl.password: \"@%s\", client.rack: \"@@x\"}}\n", path);
    assert_int_equal(parse(yaml, NULL, 0, &config, &diagnostics), GS_OK);
    assert_string_equal(config->kafka.properties.items[0].value, "hunter2");
    assert_string_equal(config->kafka.properties.items[1].value, "@x");
    gs_config_free(config);
    gs_diagnostics_done(&diagnostics);
    (void)unlink(path);
}

/* A chat's address is a secret: it may stand in a file, and no finding shows it. */
static void addresses_are_checked_and_may_be_files(void **state)
{
    (void)state;
    char path[] = "/tmp/gs-address-XXXXXX";
    char yaml[512];
    char text[4096];
    struct gs_config *config = NULL;
    struct gs_diagnostics diagnostics = {.n = 0};
    const int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "https://hooks.example/T0/s3cret\n", 32), 32);
    (void)close(fd);
    (void)snprintf(yaml, sizeof yaml,
                   "notify:\n  alertmanager: {urls: [http://a:9093, https://b/]}\n"
                   "  webhook: {urls: [\"@%s\"], shape: slack}\n",
                   path);
    assert_int_equal(parse(yaml, NULL, 0, &config, &diagnostics), GS_OK);
    assert_int_equal(config->notify.alertmanager.urls.n, 2);
    assert_string_equal(config->notify.webhook.urls.items[0], "https://hooks.example/T0/s3cret");
    assert_int_equal(config->notify.webhook.shape, GS_SHAPE_SLACK);
    gs_config_free(config);
    config = NULL;
    assert_int_equal(parse("notify:\n"
                           "  external_url: desk\n"
                           "  alertmanager:\n"
                           "    urls: [\"a:9093\"]\n"
                           "    username: x\n"
                           "  webhook:\n"
                           "    urls:\n"
                           "      - ftp://s3cret/\n"
                           "      - \"@/nowhere\"\n"
                           "    shape: wecom\n"
                           "    secret_file: x\n",
                           NULL, 0, &config, &diagnostics),
                     GS_BAD_CONFIG);
    listed(&diagnostics, text, sizeof text);
    assert_null(strstr(text, "s3cret"));
    assert_string_equal(
        text, "t.yaml:4: notify.alertmanager.urls: must begin with http:// or https://\n"
              "t.yaml:8: notify.webhook.urls: must begin with http:// or https://\n"
              "t.yaml:9: notify.webhook.urls: the file \"/nowhere\" does not exist\n"
              "t.yaml:2: notify.external_url: must begin with http:// or https://\n"
              "t.yaml:5: notify.alertmanager.username: and notify.alertmanager.password_file need "
              "each other\n"
              "t.yaml:11: notify.webhook.secret_file: is of no use: wecom has its secret in the "
              "address\n");
    gs_diagnostics_done(&diagnostics);
    (void)unlink(path);
}

static void a_file_that_is_not_there(void **state)
{
    (void)state;
    struct gs_config *config = NULL;
    struct gs_diagnostics diagnostics = {.n = 0};
    struct gs_error err = {.status = GS_OK};

    assert_int_equal(gs_config_load("/nonexistent.yaml", NULL, 0, &config, &diagnostics, &err),
                     GS_IO);
    assert_non_null(strstr(err.message, "/nonexistent.yaml"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_valid),
        cmocka_unit_test(the_watch_has_the_same_defaults),
        cmocka_unit_test(every_range_fits_its_field),
        cmocka_unit_test(a_file_sets_what_it_names),
        cmocka_unit_test(overrides_win_and_environment_is_between),
        cmocka_unit_test(what_is_wrong_is_said_with_its_line),
        cmocka_unit_test(overrides_are_checked_alike),
        cmocka_unit_test(bounds_are_kept),
        cmocka_unit_test(findings_are_bounded_and_counted),
        cmocka_unit_test(values_are_written_and_what_they_bear_on_is_known),
        cmocka_unit_test(no_secret_is_written),
        cmocka_unit_test(secrets_are_read_from_files),
        cmocka_unit_test(addresses_are_checked_and_may_be_files),
        cmocka_unit_test(a_file_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
