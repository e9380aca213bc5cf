#include "deploy/daemon/config/options.h"

#include "tests/unit/deploy/daemon/config/config_fixture.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
        cmocka_unit_test(values_are_written_and_what_they_bear_on_is_known),
        cmocka_unit_test(no_secret_is_written),
        cmocka_unit_test(secrets_are_read_from_files),
        cmocka_unit_test(addresses_are_checked_and_may_be_files),
        cmocka_unit_test(a_file_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
