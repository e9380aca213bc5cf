/* Real streams through the file source, the decoder and the tagged codec. They are not part of the
 * project: GROUNDSWELL_DATA says where they are, and without them the test is skipped. */
#include "ingest/base/utf8.h"
#include "ingest/files/files.h"
#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t now_ms = 1795253400000;

static const struct {
    const char *file;
    struct gs_decode_options options;
    size_t n_records, n_refused; /* as another JSON reader counts them */
    enum gs_reject refused_as;
} streams[] = {
    {"stocknet_2014.jsonl",
     {.ts = "/ts", .text = "/text", .lang = "/lang", .keep_extra = true, .reject_bad_utf8 = true},
     41877,
     0,
     GS_REJECT_NONE},
    /* 902 replies are empty. */
    {"guba_002340.jsonl",
     {.ts = "/ts",
      .source = "/board",
      .text = "/text",
      .keep_extra = true,
      .reject_bad_utf8 = true},
     51089,
     902,
     GS_REJECT_NO_TEXT},
    /* 54 have a time without a zone. */
    {"rss_articles.jsonl",
     {.ts = "/published",
      .title = "/title",
      .text = "/summary",
      .url = "/link",
      .keep_extra = true},
     1695,
     54,
     GS_REJECT_BAD_TIME},
};

/* What the message is written as reads back, and is written the same again. */
static void check_round_trip(const struct gs_message *message, struct gs_arena *arena)
{
    struct gs_tagged tagged = {.message = message, .title = message->title, .text = message->text};
    struct gs_tagged back;
    static struct gs_buf first = {.max = 16 << 20}; /* kept: 94,000 messages need them */
    static struct gs_buf second = {.max = 16 << 20};
    struct gs_error err = {0};

    gs_buf_reset(&first);
    gs_buf_reset(&second);
    gs_tagged_encode(&tagged, &first);
    assert_true(gs_buf_ok(&first));
    assert_int_equal(gs_utf8_check(gs_buf_str(&first)), first.len);
    assert_null(memchr(first.bytes, '\n', first.len));
    if (gs_tagged_decode(gs_buf_str(&first), arena, &back, &err) != GS_OK) {
        fail_msg("%s in %.*s", err.message, GS_STR_ARGS(gs_buf_str(&first)));
    }
    gs_tagged_encode(&back, &second);
    assert_true(gs_str_equal(gs_buf_str(&first), gs_buf_str(&second)));
}

static void run_stream(size_t row, const char *path)
{
    struct gs_decode_options options = streams[row].options;
    size_t refused[GS_N_REJECTS] = {0};
    struct gs_source *source = NULL;
    struct gs_decoder *decoder = NULL;
    struct gs_arena *arena = NULL;
    struct gs_record record;
    size_t n = 0;

    options.max_record_bytes = 1 << 20;
    assert_int_equal(gs_file_source_new(&path, 1, 1 << 20, &source, NULL), GS_OK);
    assert_int_equal(gs_decoder_new(&options, &decoder, NULL), GS_OK);
    assert_int_equal(gs_arena_new(32 << 20, &arena, NULL), GS_OK);
    while (gs_source_poll(source, 0, &record, NULL) == GS_OK) {
        struct gs_message message;
        struct gs_error err;
        const enum gs_reject why = gs_decode(decoder, &record, now_ms, arena, &message, &err);
        n++;
        if (why == GS_REJECT_NONE) {
            check_round_trip(&message, arena);
        } else if (refused[why]++ == 0) {
            print_message("  %s:%lld: %s: %s\n", streams[row].file, (long long)record.offset,
                          gs_reject_name(why), err.message);
        }
        gs_arena_reset(arena);
        if (n % 1000 == 0) {
            assert_int_equal(gs_source_commit(source, NULL), GS_OK);
        }
    }
    print_message("  %s: %zu records\n", streams[row].file, n);
    assert_int_equal(n, streams[row].n_records);
    for (unsigned i = 1; i < GS_N_REJECTS; i++) {
        assert_int_equal(refused[i], i == streams[row].refused_as ? streams[row].n_refused : 0);
    }
    gs_arena_free(arena);
    gs_decoder_free(decoder);
    gs_source_close(source);
}

static void real_streams(void **state)
{
    const char *data = getenv("GROUNDSWELL_DATA"); /* NOLINT(concurrency-mt-unsafe): one thread */
    char path[512];

    (void)state;
    for (size_t i = 0; i < GS_COUNT(streams); i++) {
        (void)snprintf(path, sizeof path, "%s/streams/%s",
                       data != NULL ? data : "../../shared/data", streams[i].file);
        if (access(path, R_OK) != 0) {
            print_message("skipped: no %s (GROUNDSWELL_DATA)\n", path);
            skip();
        }
        run_stream(i, path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_streams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
