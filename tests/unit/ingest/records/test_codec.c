#include "ingest/records/record.h"
#include "ingest/records/source.h"
#include "tests/unit/gs_test.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static struct gs_arena *arena;

static int make_arena(void **state)
{
    (void)state;
    return gs_arena_new(4 << 20, &arena, NULL) == GS_OK ? 0 : -1;
}

static int drop_arena(void **state)
{
    (void)state;
    gs_arena_free(arena);
    return 0;
}

static void assert_text(struct gs_str got, const char *want)
{
    if (!gs_str_equal(got, gs_str(want))) {
        fail_msg("got  %.*s\nwant %s", GS_STR_ARGS(got), want);
    }
}

/* ---- observations ---- */

#define OUTLINE                                                                                    \
    "00000001fedcba98000000030000000400000005000000060000000780000000"                             \
    "21f0000000000000000000000000000000000000000000000000000000000000"                             \
    "00000000000000000000000000000000"

static const struct {
    const char *shows;
    struct gs_observation observation;
    const char *json;
} observations[] = {
    {"everything",
     {.key = TEXT("topic:results"),
      .id = TEXT("a1"),
      .ts_ms = 1795253400123,
      .source = TEXT("wire"),
      .p_negative = 0.91F,
      .story = 0x9f3c000000000001,
      .excerpt = TEXT("Profit fell"),
      .url = TEXT("https://a.example/1"),
      .name = TEXT("Company results"),
      .tier = 2},
     "{\"v\":1,\"key\":\"topic:results\",\"name\":\"Company "
     "results\",\"tier\":2,\"id\":\"a1\",\"ts\":1795253400123,\"source\":\"wire\","
     "\"p\":0.91,"
     "\"dup\":\"9f3c000000000001\",\"text\":\"Profit fell\","
     "\"url\":\"https://a.example/1\"}"},
    {"an outline",
     {.key = TEXT("k"),
      .id = TEXT("i"),
      .ts_ms = 1,
      .source = TEXT("s"),
      .story = 1,
      .outline = {.bands = {1, 0xFEDCBA98, 3, 4, 5, 6, 7, 0x80000000}, .cells = {0x21, 0xF0}}},
     "{\"v\":1,\"key\":\"k\",\"id\":\"i\",\"ts\":1,\"source\":\"s\",\"p\":0,"
     "\"dup\":\"0000000000000001\",\"outline\":\"" OUTLINE "\"}"},
    {"no duplicate group, no text",
     {.key = TEXT("k"), .id = TEXT(""), .source = TEXT("")},
     "{\"v\":1,\"key\":\"k\",\"id\":\"\",\"ts\":0,\"source\":\"\",\"p\":0}"},
    {"certain, a time before the epoch, Han, what JSON escapes",
     {.key = TEXT("entity:\xE8\x8C\x85\xE5\x8F\xB0"),
      .id = TEXT("\"\\\n"),
      .ts_ms = -1,
      .source = TEXT("s"),
      .p_negative = 1,
      .story = 1,
      .excerpt = TEXT("")},
     "{\"v\":1,\"key\":\"entity:\xE8\x8C\x85\xE5\x8F\xB0\",\"id\":\"\\\"\\\\\\n\",\"ts\":-1,"
     "\"source\":\"s\",\"p\":1,"
     "\"dup\":\"0000000000000001\",\"text\":\"\"}"},
    {"a probability of nine digits",
     {.key = TEXT("k"),
      .id = TEXT("i"),
      .ts_ms = 1,
      .source = TEXT("s"),
      .p_negative = 0.123456791F},
     "{\"v\":1,\"key\":\"k\",\"id\":\"i\",\"ts\":1,\"source\":\"s\",\"p\":0.12345679}"},
    {"a probability too small for a fraction",
     {.key = TEXT("k"), .id = TEXT("i"), .ts_ms = 1, .source = TEXT("s"), .p_negative = 1.5e-9F},
     "{\"v\":1,\"key\":\"k\",\"id\":\"i\",\"ts\":1,\"source\":\"s\",\"p\":1.50000001e-09}"},
};

static void assert_same(const struct gs_observation *a, const struct gs_observation *b)
{
    assert_true(gs_str_equal(a->name, b->name));
    assert_true(gs_str_equal(a->key, b->key));
    assert_true(gs_str_equal(a->id, b->id));
    assert_int_equal(a->ts_ms, b->ts_ms);
    assert_true(gs_str_equal(a->source, b->source));
    assert_true(a->p_negative == b->p_negative);
    assert_int_equal(a->story, b->story);
    assert_memory_equal(&a->outline, &b->outline, sizeof a->outline);
    assert_true(gs_str_equal(a->excerpt, b->excerpt));
    assert_int_equal(a->excerpt.bytes == NULL, b->excerpt.bytes == NULL);
    assert_true(gs_str_equal(a->url, b->url));
    assert_int_equal(a->url.bytes == NULL, b->url.bytes == NULL);
    assert_int_equal(a->tier, b->tier);
}

static void observations_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(observations); i++) {
        struct gs_buf out = {.max = 4096};
        struct gs_observation back;
        struct gs_error err = {0};
        print_message("  %s\n", observations[i].shows);
        gs_observation_encode(&observations[i].observation, &out);
        assert_true(gs_buf_ok(&out));
        assert_text(gs_buf_str(&out), observations[i].json);
        if (gs_observation_decode(gs_buf_str(&out), arena, &back, &err) != GS_OK) {
            fail_msg("%s", err.message);
        }
        assert_same(&observations[i].observation, &back);
        gs_buf_done(&out);
    }
}

static void every_probability_reads_back(void **state)
{
    (void)state;
    /* Every 10007th float from the smallest normal to 1. */
    for (uint32_t bits = 0x00800000; bits <= 0x3F800000; bits += 10007) {
        struct gs_observation o = observations[1].observation;
        struct gs_observation back;
        struct gs_buf out = {.max = 4096};
        float p = 0;
        memcpy(&p, &bits, sizeof bits);
        o.p_negative = (double)p;
        gs_observation_encode(&o, &out);
        gs_arena_reset(arena);
        assert_int_equal(gs_observation_decode(gs_buf_str(&out), arena, &back, NULL), GS_OK);
        if (back.p_negative != o.p_negative) {
            fail_msg("%.9g came back as %.9g", (double)o.p_negative, (double)back.p_negative);
        }
        gs_buf_done(&out);
    }
}

#define OBSERVATION "\"v\":1,\"key\":\"k\",\"id\":\"i\",\"ts\":1,\"source\":\"s\",\"p\":0.5"

static const struct {
    const char *shows;
    struct gs_str json;
    const char *why; /* NULL: taken */
} observation_texts[] = {
    {"blanks and another order",
     TEXT(" { \"p\" : 5e-1 , \"source\":\"s\",\"ts\":1,\"id\":\"i\",\"key\":\"k\",\"v\":1 } "),
     NULL},
    {"unknown members", TEXT("{" OBSERVATION ",\"x\":[{\"p\":2}]}"), NULL},
    {"empty", TEXT(""), "ends too early"},
    {"not an object", TEXT("[]"), "not an object"},
    {"trailing bytes", TEXT("{" OBSERVATION "} 1"), "behind"},
    {"cut", TEXT("{" OBSERVATION), "ends too early"},
    {"a member twice", TEXT("{" OBSERVATION ",\"p\":0.5}"), "twice"},
    {"another version",
     TEXT("{\"v\":2,\"key\":\"k\",\"id\":\"i\",\"ts\":1,\"source\":\"s\",\"p\":0.5}"), "version"},
    {"no version", TEXT("{\"key\":\"k\",\"id\":\"i\",\"ts\":1,\"source\":\"s\",\"p\":0.5}"),
     "missing"},
    {"no key", TEXT("{\"v\":1,\"id\":\"i\",\"ts\":1,\"source\":\"s\",\"p\":0.5}"), "missing"},
    {"no p", TEXT("{\"v\":1,\"key\":\"k\",\"id\":\"i\",\"ts\":1,\"source\":\"s\"}"), "missing"},
    {"an empty key",
     TEXT("{\"v\":1,\"key\":\"\",\"id\":\"i\",\"ts\":1,\"source\":\"s\",\"p\":0.5}"), "key"},
    {"p above 1",
     TEXT("{\"v\":1,\"key\":\"k\",\"id\":\"i\",\"ts\":1,\"source\":\"s\",\"p\":1.0001}"), "0 to 1"},
    {"p below 0", TEXT("{\"v\":1,\"key\":\"k\",\"id\":\"i\",\"ts\":1,\"source\":\"s\",\"p\":-0.1}"),
     "0 to 1"},
    {"p is null", TEXT("{\"v\":1,\"key\":\"k\",\"id\":\"i\",\"ts\":1,\"source\":\"s\",\"p\":null}"),
     "0 to 1"},
    {"p is a string",
     TEXT("{\"v\":1,\"key\":\"k\",\"id\":\"i\",\"ts\":1,\"source\":\"s\",\"p\":\"0.5\"}"),
     "0 to 1"},
    {"ts is a real",
     TEXT("{\"v\":1,\"key\":\"k\",\"id\":\"i\",\"ts\":1.5,\"source\":\"s\",\"p\":0.5}"), "ts"},
    {"id is a number", TEXT("{\"v\":1,\"key\":\"k\",\"id\":7,\"ts\":1,\"source\":\"s\",\"p\":0.5}"),
     "id"},
    {"a record from before there were links", TEXT("{" OBSERVATION ",\"text\":\"t\"}"), NULL},
    {"a link", TEXT("{" OBSERVATION ",\"url\":\"https://a.example/\"}"), NULL},
    {"a link that is a number", TEXT("{" OBSERVATION ",\"url\":1}"), "url"},
    {"a NUL in a key",
     TEXT(
         "{\"v\":1,\"key\":\"source:a\\u0000x\",\"id\":\"i\",\"ts\":1,\"source\":\"s\",\"p\":0.5}"),
     "NUL"},
    {"a tier", TEXT("{" OBSERVATION ",\"tier\":9}"), NULL},
    {"a tier that is none", TEXT("{" OBSERVATION ",\"tier\":0}"), "tier"},
    {"a tier beyond the last", TEXT("{" OBSERVATION ",\"tier\":266}"), "tier"},
    {"a tier in words", TEXT("{" OBSERVATION ",\"tier\":\"high\"}"), "tier"},
    {"dup too short", TEXT("{" OBSERVATION ",\"dup\":\"abc\"}"), "dup"},
    {"dup in upper case", TEXT("{" OBSERVATION ",\"dup\":\"9F3C000000000001\"}"), "dup"},
    {"an outline", TEXT("{" OBSERVATION ",\"outline\":\"" OUTLINE "\"}"), NULL},
    {"an outline that is short", TEXT("{" OBSERVATION ",\"outline\":\"00\"}"), "outline"},
    {"an outline that is long", TEXT("{" OBSERVATION ",\"outline\":\"" OUTLINE "00\"}"), "outline"},
    {"an outline that is none", TEXT("{" OBSERVATION ",\"outline\":\"x" OUTLINE "\"}"), "outline"},
    {"an outline that is a number", TEXT("{" OBSERVATION ",\"outline\":7}"), "outline"},
    {"dup of zero", TEXT("{" OBSERVATION ",\"dup\":\"0000000000000000\"}"), "dup"},
    {"bytes that are not UTF-8", TEXT("{" OBSERVATION ",\"text\":\"\xFF\"}"), "UTF-8"},
    {"half a surrogate pair", TEXT("{" OBSERVATION ",\"text\":\"\\ud800\"}"), "surrogate"},
};

static void observations_are_checked(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(observation_texts); i++) {
        struct gs_observation back;
        struct gs_error err = {0};
        const char *why = observation_texts[i].why;
        const enum gs_status got =
            gs_observation_decode(observation_texts[i].json, arena, &back, &err);
        if (got != (why == NULL ? GS_OK : GS_BAD_FORMAT) ||
            (why != NULL && strstr(err.message, why) == NULL)) {
            fail_msg("%s: %s (%s)", observation_texts[i].shows, gs_status_name(got), err.message);
        }
    }
}

static void keys_and_excerpts_have_bounds(void **state)
{
    static const struct {
        const char *shows, *name;
        int len;
        enum gs_status want;
    } rows[] = {
        {"the longest key", "key", GS_MAX_KEY, GS_OK},
        {"a key too long", "key", GS_MAX_KEY + 1, GS_BAD_FORMAT},
        {"the longest excerpt", "text", GS_MAX_EXCERPT, GS_OK},
        {"an excerpt too long", "text", GS_MAX_EXCERPT + 1, GS_BAD_FORMAT},
        {"the longest link", "url", GS_MAX_URL, GS_OK},
        {"a link too long", "url", GS_MAX_URL + 1, GS_BAD_FORMAT},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        char filler[GS_MAX_URL + 8];
        char json[2048];
        struct gs_observation back;
        print_message("  %s\n", rows[i].shows);
        memset(filler, 'x', sizeof filler);
        const bool key = strcmp(rows[i].name, "key") == 0;
        (void)snprintf(json, sizeof json,
                       "{\"v\":1,\"key\":\"%.*s\",\"id\":\"i\",\"ts\":1,\"source\":\"s\",\"p\":0.5,"
                       "\"%s\":\"%.*s\"}",
                       key ? rows[i].len : 1, filler, key ? "text" : rows[i].name,
                       key ? 1 : rows[i].len, filler);
        assert_int_equal(gs_observation_decode(gs_str(json), arena, &back, NULL), rows[i].want);
    }
}

static void a_full_arena_is_no_memory(void **state)
{
    struct gs_arena *small = NULL;
    struct gs_observation observation;
    struct gs_tagged tagged;
    const struct gs_str json = gs_str("{" OBSERVATION ",\"text\":\"\\n\"}");

    (void)state;
    assert_int_equal(gs_arena_new(16, &small, NULL), GS_OK);
    assert_int_equal(gs_observation_decode(json, small, &observation, NULL), GS_NO_MEMORY);
    assert_int_equal(gs_tagged_decode(json, small, &tagged, NULL), GS_NO_MEMORY);
    gs_arena_free(small);
}

/* ---- tagged ---- */

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
        cmocka_unit_test(observations_round_trip),
        cmocka_unit_test(every_probability_reads_back),
        cmocka_unit_test(observations_are_checked),
        cmocka_unit_test(keys_and_excerpts_have_bounds),
        cmocka_unit_test(a_full_arena_is_no_memory),
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
