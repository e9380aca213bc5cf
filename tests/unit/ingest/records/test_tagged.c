#include "ingest/records/source.h"
#include "tests/unit/ingest/records/codec_fixture.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

static const struct gs_message message = {
    .id = TEXT("a1"),
    .ts_ms = 1795253400000,
    .source = TEXT("wire"),
    .url = TEXT("http://x"),
    .author = TEXT("A \"B\""),
    .extra = TEXT("{\"x\":[1,{\"y\":null}]}"),
    .traceparent = TEXT("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
};

static const struct gs_tagged full = {
    .message = &message,
    .title = TEXT("\xE8\x8C\x85\xE5\x8F\xB0 profit"),
    .text = TEXT("line\ntwo"),
    .lang = GS_LANG_MIXED,
    .sentiment = {0.91F, 0.07F, 0.02F},
    .topics = {{TEXT("legal"), 0.83F}, {TEXT("results"), 0.5F}},
    .n_topics = 2,
    .risks = {{TEXT("disclosure_violation"), 0.77F}},
    .n_risks = 1,
    .entities = {{.id = TEXT("600519.SH"),
                  .name = TEXT("\xE8\xB4\xB5\xE5\xB7\x9E\xE8\x8C\x85\xE5\x8F\xB0"),
                  .in_title = true,
                  .end = 6},
                 {.id = TEXT("X"),
                  .name = TEXT("Xco"),
                  .start = 5,
                  .end = 8,
                  .has_own = true,
                  .sentiment = {0.1F, 0.2F, 0.7F}}},
    .n_entities = 2,
    .story = 0x9f3c,
    .copy = 3,
    .tier = "fast",
    .degraded = true,
    .confidence = 0.91F,
    .model_name = TEXT("m"),
    .model_version = TEXT("1.0.0"),
    .model_sha256 = TEXT("ab"),
    .appended = TEXT("\"logits\":{\"sentiment\":[1.5,-2,0]}"),
};

#define SENTIMENT                                                                                  \
    "{\"label\":\"negative\",\"p\":{\"negative\":0.91,\"neutral\":0.07,\"positive\":0.02}"

static const char full_json[] =
    "{\"v\":1,\"id\":\"a1\",\"ts\":\"2026-11-21T09:30:00.000Z\",\"source\":\"wire\",\"lang\":"
    "\"mixed\","
    "\"title\":\"\xE8\x8C\x85\xE5\x8F\xB0 profit\",\"text\":\"line\\ntwo\",\"sentiment\":" SENTIMENT
    ",\"score\":-0.89},"
    "\"topics\":[{\"label\":\"legal\",\"p\":0.83},{\"label\":\"results\",\"p\":0.5}],"
    "\"risks\":[{\"label\":\"disclosure_violation\",\"p\":0.77}],"
    "\"entities\":[{\"id\":\"600519.SH\",\"name\":"
    "\"\xE8\xB4\xB5\xE5\xB7\x9E\xE8\x8C\x85\xE5\x8F\xB0\",\"in\":\"title\","
    "\"start\":0,\"end\":6,\"sentiment\":" SENTIMENT
    "}},{\"id\":\"X\",\"name\":\"Xco\",\"in\":\"text\",\"start\":5,"
    "\"end\":8,\"sentiment\":{\"label\":\"positive\",\"p\":{\"negative\":0.1,\"neutral\":0.2,"
    "\"positive\":0.7}}}],\"dup\":{\"group\":\"0000000000009f3c\",\"copy\":3},\"tier\":\"fast\","
    "\"degraded\":true,\"confidence\":0.91,\"abstained\":false,\"model\":{\"name\":\"m\","
    "\"version\":\"1.0.0\","
    "\"sha256\":\"ab\"},"
    "\"url\":\"http://x\",\"author\":\"A \\\"B\\\"\","
    "\"traceparent\":\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\",\"extra\":{\"x\":["
    "1,{\"y\":null}]},"
    "\"logits\":{\"sentiment\":[1.5,-2,0]}}";

static void tagged_has_the_order_of_its_contract(void **state)
{
    struct gs_buf out = {.max = 1 << 16};

    (void)state;
    gs_tagged_encode(&full, &out);
    assert_text(gs_buf_str(&out), full_json);
    gs_buf_done(&out);
}

static void tagged_leaves_out_what_is_absent(void **state)
{
    const struct gs_message bare = {.id = TEXT("1"), .ts_ms = 0, .source = TEXT("s")};
    const struct gs_tagged tagged = {.message = &bare,
                                     .text = TEXT("t"),
                                     .lang = GS_LANG_OTHER,
                                     .sentiment = {0, 1, 0},
                                     .abstained = true};
    struct gs_buf out = {.max = 1 << 16};

    (void)state;
    gs_tagged_encode(&tagged, &out);
    assert_text(gs_buf_str(&out),
                "{\"v\":1,\"id\":\"1\",\"ts\":\"1970-01-01T00:00:00.000Z\",\"source\":\"s\","
                "\"lang\":\"other\",\"text\":\"t\","
                "\"sentiment\":{\"label\":\"neutral\",\"p\":{\"negative\":0,\"neutral\":1,"
                "\"positive\":0},\"score\":0},"
                "\"topics\":[],\"risks\":[],\"entities\":[],\"confidence\":0,\"abstained\":true}");
    gs_buf_done(&out);
}

static void tagged_is_json_whatever_the_bytes(void **state)
{
    static const struct gs_message dirty = {.id = TEXT("\xFF\x01"), .source = TEXT("\xC0\xAF\0")};
    struct gs_tagged tagged = {
        .message = &dirty, .title = TEXT("\xED\xA0\x80"), .text = TEXT("\xF4\x90\x80\x80\"")};
    struct gs_buf out = {.max = 1 << 16};
    json_error_t why;

    (void)state;
    tagged.sentiment[0] = NAN;
    tagged.sentiment[1] = INFINITY;
    gs_tagged_encode(&tagged, &out);
    json_t *json = json_loadb(out.bytes, out.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    if (json == NULL) {
        fail_msg("%s in %.*s", why.text, GS_STR_ARGS(gs_buf_str(&out)));
    }
    json_decref(json);
    gs_buf_done(&out);
}

static void tagged_round_trips(void **state)
{
    struct gs_buf first = {.max = 1 << 16};
    struct gs_buf second = {.max = 1 << 16};
    struct gs_tagged tagged = full;
    struct gs_tagged back;
    struct gs_error err = {0};

    (void)state;
    tagged.appended = (struct gs_str){NULL, 0};
    gs_tagged_encode(&tagged, &first);
    if (gs_tagged_decode(gs_buf_str(&first), arena, &back, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(back.message->ts_ms, message.ts_ms);
    assert_true(gs_str_equal(back.message->title, full.title));
    assert_int_equal(back.lang, GS_LANG_MIXED);
    gs_tagged_encode(&back, &second);
    second.bytes[second.len] = '\0';
    assert_text(gs_buf_str(&first), second.bytes);
    gs_buf_done(&first);
    gs_buf_done(&second);
}

#define TAGGED                                                                                     \
    "\"v\":1,\"id\":\"i\",\"ts\":\"2026-11-21T09:30:00Z\",\"source\":\"s\",\"lang\":\"en\","       \
    "\"text\":\"abc\""
#define P "\"sentiment\":{\"p\":{\"negative\":0.2,\"neutral\":0.3,\"positive\":0.5}}"

static const struct {
    const char *shows, *json, *why; /* NULL: taken */
} tagged_texts[] = {
    {"the least there can be", "{" TAGGED "," P "}", NULL},
    {"unknown members everywhere",
     "{" TAGGED ",\"x\":1,\"sentiment\":{\"y\":2,\"p\":{\"negative\":0,\"neutral\":0,\"positive\":"
     "1,\"z\":[]}},"
     "\"topics\":[{\"label\":\"a\",\"p\":1,\"q\":{}}],\"dup\":{\"r\":0},\"model\":{\"s\":0}}",
     NULL},
    {"no sentiment", "{" TAGGED "}", "missing"},
    {"an entity of a field", "{" TAGGED "," P ",\"entities\":[{\"id\":\"a\",\"in\":\"field\"}]}",
     NULL},
    {"an entity of a field with a place",
     "{" TAGGED "," P ",\"entities\":[{\"id\":\"a\",\"in\":\"field\",\"start\":0,\"end\":1}]}",
     "of a field"},
    {"an entity of a text without a place",
     "{" TAGGED "," P ",\"entities\":[{\"id\":\"a\",\"in\":\"text\"}]}", "without id"},
    {"no id", "{\"v\":1,\"ts\":\"2026-11-21T09:30:00Z\",\"source\":\"s\",\"lang\":\"en\"," P "}",
     "missing"},
    {"sentiment without p", "{" TAGGED ",\"sentiment\":{\"label\":\"neutral\"}}", "without p"},
    {"p without positive", "{" TAGGED ",\"sentiment\":{\"p\":{\"negative\":0.2,\"neutral\":0.3}}}",
     "incomplete"},
    {"p of 2", "{" TAGGED ",\"sentiment\":{\"p\":{\"negative\":2,\"neutral\":0,\"positive\":0}}}",
     "0 to 1"},
    {"an unknown language", "{\"v\":1,\"lang\":\"de\"}", "lang"},
    {"a time that is none", "{\"v\":1,\"ts\":\"soon\"}", "ts"},
    {"a time as a number", "{\"v\":1,\"ts\":1}", "ts"},
    {"version 2", "{\"v\":2}", "version"},
    {"topics as an object", "{" TAGGED "," P ",\"topics\":{}}", "array"},
    {"a topic as a string", "{" TAGGED "," P ",\"topics\":[\"a\"]}", "label"},
    {"a topic without p", "{" TAGGED "," P ",\"topics\":[{\"label\":\"a\"}]}", "label"},
    {"an entity without place", "{" TAGGED "," P ",\"entities\":[{\"id\":\"a\"}]}", "entity"},
    {"an entity before its text",
     "{" TAGGED "," P ",\"entities\":[{\"id\":\"a\",\"start\":-1,\"end\":1}]}", "position"},
    {"an entity to the end of its text",
     "{" TAGGED "," P ",\"entities\":[{\"id\":\"a\",\"in\":\"text\",\"start\":0,\"end\":3}]}",
     NULL},
    {"an entity behind its text",
     "{" TAGGED "," P ",\"entities\":[{\"id\":\"a\",\"in\":\"text\",\"start\":0,\"end\":4}]}",
     "outside"},
    {"an entity that ends before it starts",
     "{" TAGGED "," P ",\"entities\":[{\"id\":\"a\",\"start\":2,\"end\":1}]}", "outside"},
    {"an entity in neither",
     "{" TAGGED "," P ",\"entities\":[{\"id\":\"a\",\"in\":\"body\",\"start\":0,\"end\":0}]}",
     "neither"},
    {"dup without hex", "{" TAGGED "," P ",\"dup\":{\"group\":\"x\",\"copy\":1}}", "group"},
    {"dup copy below 0", "{" TAGGED "," P ",\"dup\":{\"group\":\"0000000000000001\",\"copy\":-1}}",
     "copy"},
    {"both tiers", "{" TAGGED "," P ",\"tier\":\"fast+encoder\",\"degraded\":true}", NULL},
    {"an unknown tier", "{" TAGGED "," P ",\"tier\":\"x\"}", "tier"},
    {"abstained as a number", "{" TAGGED "," P ",\"abstained\":1}", "abstained"},
    {"extra as an array", "{" TAGGED "," P ",\"extra\":[]}", "extra"},
};

static void tagged_is_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(tagged_texts); i++) {
        struct gs_tagged back;
        struct gs_error err = {0};
        const char *why = tagged_texts[i].why;
        gs_arena_reset(arena);
        const enum gs_status got =
            gs_tagged_decode(gs_str(tagged_texts[i].json), arena, &back, &err);
        if (got != (why == NULL ? GS_OK : GS_BAD_FORMAT) ||
            (why != NULL && strstr(err.message, why) == NULL)) {
            fail_msg("%s: %s (%s)", tagged_texts[i].shows, gs_status_name(got), err.message);
        }
    }
}

static void too_many_labels_are_refused(void **state)
{
    struct gs_tagged back;

    (void)state;
    for (int n = GS_MAX_TAGS; n <= GS_MAX_TAGS + 1; n++) {
        struct gs_buf json = {.max = 1 << 16};
        gs_buf_puts(&json, "{" TAGGED "," P ",\"topics\":[");
        for (int i = 0; i < n; i++) {
            gs_buf_puts(&json, i == 0 ? "{\"label\":\"a\",\"p\":0}" : ",{\"label\":\"a\",\"p\":0}");
        }
        gs_buf_puts(&json, "]}");
        assert_int_equal(gs_tagged_decode(gs_buf_str(&json), arena, &back, NULL),
                         n <= GS_MAX_TAGS ? GS_OK : GS_BAD_FORMAT);
        gs_buf_done(&json);
    }
}

static void stream_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GS_N_STREAMS; i++) {
        assert_non_null(gs_stream_name((enum gs_stream)i));
    }
    assert_string_equal(gs_stream_name(GS_STREAM_TAGGED), "tagged");
    assert_string_equal(gs_stream_name(GS_STREAM_DLQ), "dlq");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tagged_has_the_order_of_its_contract),
        cmocka_unit_test(tagged_leaves_out_what_is_absent),
        cmocka_unit_test(tagged_is_json_whatever_the_bytes),
        cmocka_unit_test(tagged_round_trips),
        cmocka_unit_test(tagged_is_checked),
        cmocka_unit_test(too_many_labels_are_refused),
        cmocka_unit_test(stream_names),
    };

    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
