#include "tests/unit/ingest/records/codec_fixture.h"

#include <math.h>
#include <stdio.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(observations_round_trip),
        cmocka_unit_test(every_probability_reads_back),
        cmocka_unit_test(observations_are_checked),
        cmocka_unit_test(keys_and_excerpts_have_bounds),
        cmocka_unit_test(a_full_arena_is_no_memory),
    };

    return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
