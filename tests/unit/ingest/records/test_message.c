/* What becomes of the fields: bounds, defaults, ids. */
#include "ingest/records/record.h"

#include "tests/unit/ingest/records/decode_fixture.h"

#include <stdio.h>

static void id_and_source_bounds(void **state)
{
    static const struct {
        const char *shows, *field;
        size_t len;
        enum gs_reject want;
    } rows[] = {
        {"the longest id", "id", GS_MAX_ID, GS_REJECT_NONE},
        {"an id too long", "id", GS_MAX_ID + 1, GS_REJECT_TOO_LARGE},
        {"the longest source", "source", GS_MAX_SOURCE, GS_REJECT_NONE},
        {"a source too long", "source", GS_MAX_SOURCE + 1, GS_REJECT_TOO_LARGE},
    };
    char value[1024];
    char filler[GS_MAX_ID + 2];

    (void)state;
    memset(filler, 'x', sizeof filler);
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct fixture f;
        print_message("  %s\n", rows[i].shows);
        (void)snprintf(value, sizeof value, "{\"text\":\"a\",\"%s\":\"%.*s\"}", rows[i].field,
                       (int)rows[i].len, filler);
        assert_int_equal(run(&f, &usual_decode_options, record_of(gs_str(value))), rows[i].want);
        done(&f);
    }
}

static void source_falls_back(void **state)
{
    static const struct {
        const char *shows, *topic, *configured, *want;
    } rows[] = {
        {"the topic", "news.en", NULL, "news.en"},
        {"a file's name without its folder", "../data/streams/rss.jsonl", NULL, "rss.jsonl"},
        {"stdin", "-", NULL, "stdin"},
        {"what is configured", "news.en", "wire", "wire"},
        {"a name that is not UTF-8", "a/\xFF", NULL, "unknown"},
        {"a path that ends in a slash", "a/", NULL, "unknown"},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_decode_options options = usual_decode_options;
        struct gs_record record = record_of(gs_str("{\"text\":\"a\"}"));
        struct fixture f;
        print_message("  %s\n", rows[i].shows);
        options.default_source = rows[i].configured;
        record.topic = gs_str(rows[i].topic);
        assert_int_equal(run(&f, &options, record), GS_REJECT_NONE);
        assert_str(f.message.source, rows[i].want);
        done(&f);
    }
}

static void record_time_stands_in(void **state)
{
    static const struct {
        const char *shows;
        int64_t timestamp_ms, want;
    } rows[] = {
        {"the record's", 1700000000000, 1700000000000},
        {"none: now", -1, 1795253400000},
        {"absurdly late: now", 9000000000000, 1795253400000},
        {"absurdly early: now", 5, 1795253400000},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_record record = record_of(gs_str("{\"text\":\"a\"}"));
        struct fixture f;
        print_message("  %s\n", rows[i].shows);
        record.timestamp_ms = rows[i].timestamp_ms;
        assert_int_equal(run(&f, &usual_decode_options, record), GS_REJECT_NONE);
        assert_int_equal(f.message.ts_ms, rows[i].want);
        done(&f);
    }
}

/* The id that is made for a record, as a number. */
static uint64_t made_id(struct gs_record record)
{
    struct fixture f;
    char text[17] = {0};

    assert_int_equal(run(&f, &usual_decode_options, record), GS_REJECT_NONE);
    assert_int_equal(f.message.id.len, 16);
    memcpy(text, f.message.id.bytes, 16);
    done(&f);
    return strtoull(text, NULL, 16);
}

static void ids_are_made(void **state)
{
    const char *with_time = "{\"text\":\"a\",\"ts\":1700000000,\"source\":\"s\"}";
    struct gs_record record = record_of(gs_str(with_time));
    const uint64_t id = made_id(record);

    (void)state;
    record.offset = 8;
    assert_int_equal(made_id(record), id); /* the place does not matter when there is a time */
    record.value = gs_str("{\"source\":\"s\",\"ts\":\"1700000000000\",\"text\":\"a\"}");
    assert_int_equal(made_id(record), id);
    record.value = gs_str("{\"text\":\"b\",\"ts\":1700000000,\"source\":\"s\"}");
    assert_int_not_equal(made_id(record), id);
    record.value = gs_str("{\"title\":\"a\",\"ts\":1700000000,\"source\":\"s\"}");
    assert_int_not_equal(made_id(record), id);
    record.value = gs_str("{\"text\":\"a\",\"ts\":1700000001,\"source\":\"s\"}");
    assert_int_not_equal(made_id(record), id);
    record.value = gs_str("{\"text\":\"a\",\"ts\":1700000000,\"source\":\"t\"}");
    assert_int_not_equal(made_id(record), id);

    record.value = gs_str("{\"text\":\"a\"}");
    const uint64_t timeless = made_id(record);
    assert_int_equal(made_id(record), timeless);
    record.offset = 9; /* two equal lines of a file are two messages */
    assert_int_not_equal(made_id(record), timeless);
}

static void traceparent_is_picked_up(void **state)
{
    static const char good[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    static const struct {
        const char *shows, *name, *value, *want;
    } rows[] = {
        {"well formed", "traceparent", good, good},
        {"another header", "tracestate", good, NULL},
        {"too short", "traceparent", "00-4bf9", NULL},
        {"upper case", "traceparent", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
         NULL},
        {"a digit for a dash", "traceparent",
         "00-4bf92f3577b34da6a3ce929d0e0e4736000f067aa0ba902b7-01", NULL},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        const struct gs_header headers[] = {{gs_str("x"), {NULL, 0}},
                                            {gs_str(rows[i].name), gs_str(rows[i].value)}};
        struct gs_record record = record_of(gs_str("{\"text\":\"a\"}"));
        struct fixture f;
        print_message("  %s\n", rows[i].shows);
        record.headers = headers;
        record.n_headers = 2;
        assert_int_equal(run(&f, &usual_decode_options, record), GS_REJECT_NONE);
        assert_str(f.message.traceparent, rows[i].want);
        done(&f);
    }
}

static void a_full_arena_is_too_large(void **state)
{
    struct gs_decoder *decoder = NULL;
    struct gs_arena *arena = NULL;
    struct gs_message message;
    struct gs_error err;
    const struct gs_record record =
        record_of(gs_str("{\"id\":\"1\",\"text\":\"a long text with an escape\\n\"}"));

    (void)state;
    assert_int_equal(gs_decoder_new(&usual_decode_options, &decoder, &err), GS_OK);
    assert_int_equal(gs_arena_new(16, &arena, &err), GS_OK);
    assert_int_equal(gs_decode(decoder, &record, now_ms, arena, &message, &err),
                     GS_REJECT_TOO_LARGE);
    assert_int_equal(err.status, GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "memory"));
    gs_arena_free(arena);
    gs_decoder_free(decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(id_and_source_bounds),     cmocka_unit_test(source_falls_back),
        cmocka_unit_test(record_time_stands_in),    cmocka_unit_test(ids_are_made),
        cmocka_unit_test(traceparent_is_picked_up), cmocka_unit_test(a_full_arena_is_too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
