/* Records that are no state of this watch. */
#include "tests/unit/alerting/detector/state_fixture.h"

static enum gs_status load_status(struct gs_state_log *log, const struct gs_watch_options *options,
                                  struct gs_error *err)
{
    struct gs_watch_load load = {.watch = watch_new(options)};
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < log->n && status == GS_OK; i++) {
        const struct gs_state_record record = gs_state_log_at(log, i);
        status = gs_watch_load_record(&load, record.key, record.value, err);
    }
    status = status == GS_OK ? gs_watch_load_end(&load, err) : status;
    gs_watch_free(load.watch);
    return status;
}

static struct gs_state_log some_state(void)
{
    struct stream stream = make_stream(13);
    struct gs_state_log log = {0};
    struct gs_watch *watch = watch_new(NULL);

    stream.n = stream.n / 3;
    play(watch, &stream, 500, NULL);
    assert_int_equal(gs_watch_save(watch, to_log, &log, NULL), GS_OK);
    gs_state_log_settle(&log);
    gs_watch_free(watch);
    stream_done(&stream);
    return log;
}

/* The first record of this type. */
static struct gs_state_log_entry *entry_of(struct gs_state_log *log, char type)
{
    for (size_t i = 0; i < log->n; i++) {
        if (log->entries[i].bytes[0] == type) {
            return &log->entries[i];
        }
    }
    fail_msg("no record %c", type);
    return NULL;
}

static void test_refuses_what_does_not_fit(void **state)
{
    static const struct {
        const char *shows;
        char type;
        int at; /* byte of the value that is changed */
        unsigned char to;
        enum gs_status status;
        const char *says;
    } rows[] = {
        {"a newer version", 'k', 0, GS_STATE_VERSION + 1, GS_BAD_FORMAT, "newer program"},
        {"version 0", 'c', 0, 0, GS_BAD_FORMAT, "damaged"},
        {"bins of another length", 'c', 1, 0x11, GS_BAD_CONFIG, "watch.bin"},
        {"a watermark out of the bin", 'c', 13, 0xFF, GS_BAD_FORMAT, "damaged"},
        {"a bool that is none", 'c', 9, 2, GS_BAD_FORMAT, "damaged"},
        {"a kind's level that is no number", 'g', 18, 0xFF, GS_BAD_FORMAT, "damaged"},
        {"a key born in the future", 'k', 8, 0x7F, GS_BAD_FORMAT, "damaged"},
        {"a message of another length", 'x', 25, 0x7F, GS_BAD_FORMAT, "damaged"},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_state_log log = some_state();
        struct gs_error err = {0};
        struct gs_state_log_entry *entry = entry_of(&log, rows[i].type);
        char *value = entry->bytes + entry->key_len;
        if (rows[i].type == 'g') { /* NaN: sign, exponent and mantissa */
            memset(value + 15, 0xFF, 4);
        }
        value[rows[i].at] = (char)rows[i].to;
        const enum gs_status status = load_status(&log, NULL, &err);
        if (status != rows[i].status || strstr(err.message, rows[i].says) == NULL) {
            fail_msg("%s: %d, \"%s\"", rows[i].shows, (int)status, err.message);
        }
        gs_state_log_done(&log);
    }
}

static void test_each_cut_is_refused_or_whole(void **state)
{
    static const char types[] = "cgkx";

    (void)state;
    for (size_t t = 0; t + 1 < sizeof types; t++) {
        struct gs_state_log log = some_state();
        struct gs_state_log_entry *entry = entry_of(&log, types[t]);
        for (uint32_t cut = 0; cut < entry->value_len; cut += 7) {
            const uint32_t whole = entry->value_len;
            entry->value_len = cut;
            (void)load_status(&log, NULL, &(struct gs_error){0}); /* ASan looks on */
            entry->value_len = whole;
        }
        assert_int_equal(load_status(&log, NULL, NULL), GS_OK);
        gs_state_log_done(&log);
    }
}

static void test_a_record_is_missing(void **state)
{
    static const char types[] = "cg";

    (void)state;
    for (size_t t = 0; t + 1 < sizeof types; t++) {
        struct gs_state_log log = some_state();
        struct gs_error err = {0};
        struct gs_state_log_entry *entry = entry_of(&log, types[t]);
        entry->gone = true;
        gs_state_log_settle(&log);
        assert_int_equal(load_status(&log, NULL, &err), GS_BAD_FORMAT);
        gs_state_log_done(&log);
    }
}

static void test_fewer_keys_are_wanted(void **state)
{
    struct gs_watch_options options;
    struct gs_state_log log = some_state();
    struct gs_error err = {0};

    (void)state;
    gs_watch_options_default(&options);
    options.max_keys = 3;
    assert_int_equal(load_status(&log, &options, &err), GS_BAD_CONFIG);
    assert_non_null(strstr(err.message, "watch.max_keys"));
    gs_state_log_done(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_what_does_not_fit),
        cmocka_unit_test(test_each_cut_is_refused_or_whole),
        cmocka_unit_test(test_a_record_is_missing),
        cmocka_unit_test(test_fewer_keys_are_wanted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
