#include "ingest/records/record.h"
#include "tests/unit/gs_test.h"
#include "tests/unit/ingest/records/decode_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 2026-11-21T09:30:00Z */
static const int64_t now_ms = 1795253400000;

static struct gs_record record_of(struct gs_str value)
{
    return (struct gs_record){
        .topic = gs_str("news"), .offset = 7, .timestamp_ms = -1, .value = value};
}

/* Everything that one decoding needs. The value is on the heap at its exact size, so that ASan sees
 * a byte read too far. */
struct fixture {
    struct gs_decoder *decoder;
    struct gs_arena *arena;
    char *value;
    struct gs_message message;
    struct gs_error err;
};

static enum gs_reject run(struct fixture *f, const struct gs_decode_options *options,
                          struct gs_record record)
{
    assert_int_equal(gs_decoder_new(options, &f->decoder, &f->err), GS_OK);
    assert_int_equal(gs_arena_new(1 << 20, &f->arena, &f->err), GS_OK);
    f->err = (struct gs_error){0};
    f->value = NULL;
    if (record.value.bytes != NULL) {
        f->value = malloc(record.value.len + (record.value.len == 0));
        assert_non_null(f->value);
        memcpy(f->value, record.value.bytes, record.value.len);
        record.value.bytes = f->value;
    }
    return gs_decode(f->decoder, &record, now_ms, f->arena, &f->message, &f->err);
}

static void done(struct fixture *f)
{
    gs_decoder_free(f->decoder);
    gs_arena_free(f->arena);
    free(f->value);
}

static void assert_str(struct gs_str got, const char *want)
{
    if (want == NULL) {
        assert_null(got.bytes);
        return;
    }
    if (!gs_str_equal(got, gs_str(want))) {
        fail_msg("got \"%.*s\", want \"%s\"", GS_STR_ARGS(got), want);
    }
}

#define NEST8(c) c c c c c c c c
#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }

static const struct {
    const char *shows;
    struct gs_str value;
    enum gs_reject want;
    const char *why; /* part of the message */
} refused[] = {
    {"an empty value", TEXT(""), GS_REJECT_BAD_JSON, "ends too early"},
    {"only blanks", TEXT(" \n\t"), GS_REJECT_BAD_JSON, "ends too early"},
    {"truncated in a string", TEXT("{\"text\":\"abc"), GS_REJECT_BAD_JSON, "ends too early"},
    {"truncated in an escape", TEXT("{\"text\":\"abc\\"), GS_REJECT_BAD_JSON, "ends too early"},
    {"truncated in \\u", TEXT("{\"text\":\"\\u00"), GS_REJECT_BAD_JSON, ""},
    {"truncated behind a key", TEXT("{\"text\""), GS_REJECT_BAD_JSON, "ends too early"},
    {"truncated behind a colon", TEXT("{\"text\":"), GS_REJECT_BAD_JSON, "ends too early"},
    {"truncated behind a value", TEXT("{\"text\":\"a\""), GS_REJECT_BAD_JSON, "ends too early"},
    {"truncated word", TEXT("{\"text\":nul"), GS_REJECT_BAD_JSON, "ends too early"},
    {"truncated number", TEXT("{\"x\":-"), GS_REJECT_BAD_JSON, "ends too early"},
    {"trailing bytes", TEXT("{\"text\":\"a\"}x"), GS_REJECT_BAD_JSON, "behind the value"},
    {"two objects", TEXT("{\"text\":\"a\"}{}"), GS_REJECT_BAD_JSON, "behind the value"},
    {"a NUL behind the object", TEXT("{\"text\":\"a\"}\0"), GS_REJECT_BAD_JSON, "behind the value"},
    {"a raw NUL in a string", TEXT("{\"text\":\"a\0b\"}"), GS_REJECT_BAD_JSON, "control character"},
    {"a NUL in a key", TEXT("{\"te\\u0000xt\":1,\"text\":\"a\"}"), GS_REJECT_BAD_JSON,
     "NUL in a key"},
    {"a raw line feed in a string", TEXT("{\"text\":\"a\nb\"}"), GS_REJECT_BAD_JSON, "control"},
    {"an unknown escape", TEXT("{\"text\":\"\\x41\"}"), GS_REJECT_BAD_JSON, "escape"},
    {"\\u with three digits", TEXT("{\"text\":\"\\u041\"}"), GS_REJECT_BAD_JSON, "hexadecimal"},
    {"duplicate keys", TEXT("{\"text\":\"a\",\"text\":\"b\"}"), GS_REJECT_BAD_JSON, "twice"},
    {"duplicate keys, one escaped", TEXT("{\"text\":\"a\",\"te\\u0078t\":\"b\"}"),
     GS_REJECT_BAD_JSON, "twice"},
    {"duplicate keys in a part that is skipped", TEXT("{\"text\":\"a\",\"x\":[{\"b\":1,\"b\":1}]}"),
     GS_REJECT_BAD_JSON, "twice"},
    {"duplicate keys among many",
     TEXT("{\"text\":\"a\",\"a\":0,\"b\":0,\"c\":0,\"d\":0,\"e\":0,\"f\":0,\"g\":0,\"h\":0,\"i\":0,"
          "\"j\":0,"
          "\"k\":0,\"l\":0,\"m\":0,\"n\":0,\"o\":0,\"p\":0,\"q\":0,\"c\":1}"),
     GS_REJECT_BAD_JSON, "twice"},
    {"a comma behind the last member", TEXT("{\"text\":\"a\",}"), GS_REJECT_BAD_JSON, "no key"},
    {"a comma behind the last element", TEXT("{\"text\":\"a\",\"x\":[1,]}"), GS_REJECT_BAD_JSON,
     ""},
    {"no comma", TEXT("{\"text\":\"a\" \"x\":1}"), GS_REJECT_BAD_JSON, "comma"},
    {"no colon", TEXT("{\"text\" \"a\"}"), GS_REJECT_BAD_JSON, "colon"},
    {"a key without quotes", TEXT("{text:\"a\"}"), GS_REJECT_BAD_JSON, "no key"},
    {"single quotes", TEXT("{'text':'a'}"), GS_REJECT_BAD_JSON, "no key"},
    {"a bracket closed by a brace", TEXT("{\"text\":\"a\",\"x\":[1}"), GS_REJECT_BAD_JSON, "comma"},
    {"a leading zero", TEXT("{\"text\":\"a\",\"x\":01}"), GS_REJECT_BAD_JSON, ""},
    {"a plus sign", TEXT("{\"text\":\"a\",\"x\":+1}"), GS_REJECT_BAD_JSON, "not a value"},
    {"a point without digits", TEXT("{\"text\":\"a\",\"x\":1.}"), GS_REJECT_BAD_JSON,
     "decimal point"},
    {"an exponent without digits", TEXT("{\"text\":\"a\",\"x\":1e}"), GS_REJECT_BAD_JSON,
     "exponent"},
    {"NaN", TEXT("{\"text\":\"a\",\"x\":NaN}"), GS_REJECT_BAD_JSON, "not a value"},
    {"a number too large for a time", TEXT("{\"text\":\"a\",\"ts\":18446744073709551615}"),
     GS_REJECT_BAD_TIME, "too large"},
    {"a byte order mark inside", TEXT("{\"text\":\"a\"}\xEF\xBB\xBF{\"text\":\"a\"}"),
     GS_REJECT_BAD_JSON, "behind the value"},
    {"two byte order marks", TEXT("\xEF\xBB\xBF\xEF\xBB\xBF{\"text\":\"a\"}"), GS_REJECT_BAD_JSON,
     ""},
    {"a comment", TEXT("{\"text\":\"a\"/**/}"), GS_REJECT_BAD_JSON, ""},
    {"plain text where JSON is expected", TEXT("hello"), GS_REJECT_BAD_JSON, "not a value"},
    {"33 arrays", TEXT(NEST8("[") NEST8("[") NEST8("[") NEST8("[") "["), GS_REJECT_TOO_DEEP,
     "deep"},
    {"32 arrays below the object", TEXT("{\"x\":" NEST8("[") NEST8("[") NEST8("[") NEST8("[")),
     GS_REJECT_TOO_DEEP, "deep"},
    {"an array", TEXT("[1,2]"), GS_REJECT_NOT_OBJECT, "object"},
    {"a string", TEXT("\"text\""), GS_REJECT_NOT_OBJECT, "object"},
    {"null", TEXT("null"), GS_REJECT_NOT_OBJECT, "object"},
    {"a broken array is bad JSON first", TEXT("[1,"), GS_REJECT_BAD_JSON, "ends too early"},
    {"text is a number", TEXT("{\"text\":5}"), GS_REJECT_WRONG_TYPE, "text is not a string"},
    {"text is an object", TEXT("{\"text\":{\"a\":\"b\"}}"), GS_REJECT_WRONG_TYPE, "text is not"},
    {"title is an array", TEXT("{\"text\":\"a\",\"title\":[]}"), GS_REJECT_WRONG_TYPE,
     "title is not"},
    {"text is true", TEXT("{\"text\":true}"), GS_REJECT_WRONG_TYPE, "text is not"},
    {"id is a real", TEXT("{\"text\":\"a\",\"id\":1.5}"), GS_REJECT_WRONG_TYPE, "id is not"},
    {"id is false", TEXT("{\"text\":\"a\",\"id\":false}"), GS_REJECT_WRONG_TYPE, "id is not"},
    {"ts is an object", TEXT("{\"text\":\"a\",\"ts\":{}}"), GS_REJECT_WRONG_TYPE, "ts is not"},
    {"source is a number", TEXT("{\"text\":\"a\",\"source\":1}"), GS_REJECT_WRONG_TYPE,
     "source is"},
    {"bad JSON behind a wrong type", TEXT("{\"text\":5,}"), GS_REJECT_BAD_JSON, ""},
    {"no text", TEXT("{}"), GS_REJECT_NO_TEXT, "neither"},
    {"null text", TEXT("{\"text\":null,\"title\":null}"), GS_REJECT_NO_TEXT, "neither"},
    {"empty text", TEXT("{\"text\":\"\",\"title\":\"\"}"), GS_REJECT_NO_TEXT, "neither"},
    {"a time that is none", TEXT("{\"text\":\"a\",\"ts\":\"yesterday\"}"), GS_REJECT_BAD_TIME,
     "yesterday"},
    {"a time of blanks", TEXT("{\"text\":\"a\",\"ts\":\"  \"}"), GS_REJECT_BAD_TIME, "empty"},
    {"what is wrong with a time is readable",
     TEXT("{\"text\":\"a\",\"ts\":\"11\xE6\x9C\x88"
          "21\xE6\x97\xA5\"}"),
     GS_REJECT_BAD_TIME,
     "\"11\xE6\x9C\x88"
     "21\xE6\x97\xA5\""},
    {"a long time is cut at a character",
     TEXT("{\"text\":\"a\",\"ts\":\"" NEST8("\xE6\x9C\x88") NEST8("\xE6\x9C\x88") "\"}"),
     GS_REJECT_BAD_TIME,
     "\"" NEST8("\xE6\x9C\x88") "\xE6\x9C\x88\xE6\x9C\x88\xE6\x9C\x88\xE6\x9C\x88\xE6\x9C\x88\":"},
    {"30 February", TEXT("{\"text\":\"a\",\"ts\":\"2026-02-30T00:00:00Z\"}"), GS_REJECT_BAD_TIME,
     "day"},
    {"an absurd number", TEXT("{\"text\":\"a\",\"ts\":1e300}"), GS_REJECT_BAD_TIME, "too large"},
    {"beyond the skew", TEXT("{\"text\":\"a\",\"ts\":1795254000001}"), GS_REJECT_FUTURE_TIME,
     "future"},
    {"the last ms of 1989", TEXT("{\"text\":\"a\",\"ts\":\"1989-12-31T23:59:59.999Z\"}"),
     GS_REJECT_ANCIENT_TIME, "1990"},
    {"time zero", TEXT("{\"text\":\"a\",\"ts\":0}"), GS_REJECT_ANCIENT_TIME, "1990"},
};

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(refused); i++) {
        struct fixture f;
        const enum gs_reject got = run(&f, &usual_decode_options, record_of(refused[i].value));
        if (got != refused[i].want || strstr(f.err.message, refused[i].why) == NULL) {
            fail_msg("%s: %s (%s), want %s (%s)", refused[i].shows, gs_reject_name(got),
                     f.err.message, gs_reject_name(refused[i].want), refused[i].why);
        }
        done(&f);
    }
}

static const struct {
    const char *shows;
    struct gs_str value;
    const char *id, *source, *title, *text; /* id NULL: made */
    int64_t ts_ms;
} taken[] = {
    {"all fields",
     TEXT(" {\"id\":\"a1\",\"ts\":\"2026-11-21T09:30:00Z\",\"source\":\"wire\",\"title\":\"T\","
          "\"text\":\"B\"} "),
     "a1", "wire", "T", "B", 1795253400000},
    {"title alone", TEXT("{\"id\":\"1\",\"title\":\"T\"}"), "1", "news", "T", NULL, 1795253400000},
    {"an integer id is rendered", TEXT("{\"id\":-42,\"text\":\"B\"}"), "-42", "news", NULL, "B",
     1795253400000},
    {"the largest integer id", TEXT("{\"id\":9223372036854775807,\"text\":\"B\"}"),
     "9223372036854775807", "news", NULL, "B", 1795253400000},
    {"an integer id without a sign bit", TEXT("{\"id\":18446744073709551615,\"text\":\"B\"}"),
     "18446744073709551615", "news", NULL, "B", 1795253400000},
    {"numbers of any size in fields that nobody reads",
     TEXT("{\"id\":\"1\",\"text\":\"B\",\"x\":-9223372036854775809,\"y\":[1e999,"
          "123456789012345678901234567890]}"),
     "1", "news", NULL, "B", 1795253400000},
    {"an empty time is absent", TEXT("{\"id\":\"1\",\"text\":\"B\",\"ts\":\"\"}"), "1", "news",
     NULL, "B", 1795253400000},
    {"a byte order mark before the value", TEXT("\xEF\xBB\xBF{\"id\":\"1\",\"text\":\"B\"}"), "1",
     "news", NULL, "B", 1795253400000},
    {"a NUL in an id or a source is U+FFFD",
     TEXT("{\"id\":\"1\\u00002\",\"source\":\"a\\u0000x\",\"text\":\"B\"}"),
     "1\xEF\xBF\xBD"
     "2",
     "a\xEF\xBF\xBDx", NULL, "B", 1795253400000},
    {"a NUL beside a byte that is not UTF-8",
     TEXT("{\"id\":\"1\",\"source\":\"\\u0000\xFF\",\"text\":\"B\"}"), "1",
     "\xEF\xBF\xBD\xEF\xBF\xBD", NULL, "B", 1795253400000},
    {"null is absent",
     TEXT("{\"id\":null,\"ts\":null,\"source\":null,\"title\":null,\"text\":\"B\"}"), NULL, "news",
     NULL, "B", 1795253400000},
    {"an empty id is absent", TEXT("{\"id\":\"\",\"text\":\"B\"}"), NULL, "news", NULL, "B",
     1795253400000},
    {"epoch seconds", TEXT("{\"id\":\"1\",\"ts\":1700000000,\"text\":\"B\"}"), "1", "news", NULL,
     "B", 1700000000000},
    {"epoch seconds with a fraction", TEXT("{\"id\":\"1\",\"ts\":1700000000.25,\"text\":\"B\"}"),
     "1", "news", NULL, "B", 1700000000250},
    {"epoch ms as a string", TEXT("{\"id\":\"1\",\"ts\":\"1700000000123\",\"text\":\"B\"}"), "1",
     "news", NULL, "B", 1700000000123},
    {"just inside the skew", TEXT("{\"id\":\"1\",\"ts\":1795254000000,\"text\":\"B\"}"), "1",
     "news", NULL, "B", 1795254000000},
    {"the first ms of 1990", TEXT("{\"id\":\"1\",\"ts\":631152000000,\"text\":\"B\"}"), "1", "news",
     NULL, "B", 631152000000},
    {"escapes", TEXT("{\"id\":\"1\",\"text\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u8d35\"}"),
     "1", "news", NULL, "\"\\/\b\f\n\r\tA\xC3\xA9\xE8\xB4\xB5", 1795253400000},
    {"a surrogate pair", TEXT("{\"id\":\"1\",\"text\":\"\\ud83d\\uDE00!\"}"), "1", "news", NULL,
     "\xF0\x9F\x98\x80!", 1795253400000},
    {"half a pair becomes U+FFFD", TEXT("{\"id\":\"1\",\"text\":\"\\ud83dx\\ude00\"}"), "1", "news",
     NULL, "\xEF\xBF\xBDx\xEF\xBF\xBD", 1795253400000},
    {"two low halves", TEXT("{\"id\":\"1\",\"text\":\"\\udc00\\udc00\"}"), "1", "news", NULL,
     "\xEF\xBF\xBD\xEF\xBF\xBD", 1795253400000},
    {"two high halves and a low one", TEXT("{\"id\":\"1\",\"text\":\"\\ud83d\\ud83d\\ude00\"}"),
     "1", "news", NULL, "\xEF\xBF\xBD\xF0\x9F\x98\x80", 1795253400000},
    {"a high half before another escape", TEXT("{\"id\":\"1\",\"text\":\"\\ud83d\\u0041\"}"), "1",
     "news", NULL,
     "\xEF\xBF\xBD"
     "A",
     1795253400000},
    {"an escaped key", TEXT("{\"\\u0069d\":\"1\",\"te\\u0078t\":\"B\"}"), "1", "news", NULL, "B",
     1795253400000},
    {"bytes that are not UTF-8 pass in the text", TEXT("{\"id\":\"1\",\"text\":\"a\xFF\xC0z\"}"),
     "1", "news", NULL, "a\xFF\xC0z", 1795253400000},
    {"bytes that are not UTF-8 are repaired in the id", TEXT("{\"id\":\"1\xFF\",\"text\":\"B\"}"),
     "1\xEF\xBF\xBD", "news", NULL, "B", 1795253400000},
    {"32 levels",
     TEXT("{\"id\":\"1\",\"text\":\"B\",\"x\":" NEST8("[") NEST8("[")
              NEST8("[") "[[[[[[[" NEST8("]") NEST8("]") NEST8("]") "]]]]]]]"
                                                                    "}"),
     "1", "news", NULL, "B", 1795253400000},
    {"names and numbers in a part that is skipped",
     TEXT("{\"x\":{\"text\":\"no\",\"y\":[true,false,null,-0,0.5e-3,1E+2,{}]},\"id\":\"1\","
          "\"text\":\"B\"}"),
     "1", "news", NULL, "B", 1795253400000},
};

static void takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(taken); i++) {
        struct fixture f;
        const enum gs_reject got = run(&f, &usual_decode_options, record_of(taken[i].value));
        print_message("  %s\n", taken[i].shows);
        if (got != GS_REJECT_NONE) {
            fail_msg("%s: %s", gs_reject_name(got), f.err.message);
        }
        if (taken[i].id != NULL) {
            assert_str(f.message.id, taken[i].id);
        } else {
            assert_int_equal(f.message.id.len, 16);
        }
        assert_str(f.message.source, taken[i].source);
        assert_str(f.message.title, taken[i].title);
        assert_str(f.message.text, taken[i].text);
        assert_int_equal(f.message.ts_ms, taken[i].ts_ms);
        done(&f);
    }
}

/* ---- names of entities in fields ---- */

static const struct {
    const char *shows, *value;
    const char *want; /* the names with a bar behind each; NULL: wrong_type */
} named[] = {
    {"no field", "{\"text\":\"B\"}", ""},
    {"a text", "{\"text\":\"B\",\"board\":\"x\"}", "x|"},
    {"a list", "{\"text\":\"B\",\"tickers\":[\"A\",\"\\u0042\",\"C\"]}", "A|B|C|"},
    {"an empty list", "{\"text\":\"B\",\"tickers\":[]}", ""},
    {"numbers", "{\"text\":\"B\",\"tickers\":[600519,700],\"board\":1}", "600519|700|1|"},
    {"null", "{\"text\":\"B\",\"tickers\":[null,\"A\"],\"board\":null}", "A|"},
    {"below other members", "{\"meta\":{\"of\":[\"A\"],\"x\":[\"no\"]},\"text\":\"B\"}", "A|"},
    {"an element", "{\"pair\":[\"no\",\"A\"],\"text\":\"B\"}", "A|"},
    {"an element that is a list", "{\"pair\":[\"no\",[\"A\",\"C\"]],\"text\":\"B\"}", "A|C|"},
    {"sixteen, and those behind are left out",
     "{\"text\":\"B\",\"tickers\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]}",
     "1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|"},
    {"an object", "{\"text\":\"B\",\"board\":{\"a\":\"b\"}}", NULL},
    {"a list in a list", "{\"text\":\"B\",\"tickers\":[[\"A\"]]}", NULL},
    {"an object in a list", "{\"text\":\"B\",\"tickers\":[{\"a\":\"b\"}]}", NULL},
    {"true", "{\"text\":\"B\",\"board\":true}", NULL},
    {"a real", "{\"text\":\"B\",\"tickers\":[1.5]}", NULL},
};

static void fields_name_entities(void **state)
{
    static const char *const pointers[] = {"/tickers", "/board", "/meta/of", "/pair/1"};
    struct gs_decode_options options = usual_decode_options;

    (void)state;
    options.entities = pointers;
    options.n_entities = GS_COUNT(pointers);
    options.keep_extra = true;
    for (size_t i = 0; i < GS_COUNT(named); i++) {
        struct fixture f;
        char names[256] = "";
        size_t n = 0;
        print_message("  %s\n", named[i].shows);
        const enum gs_reject got = run(&f, &options, record_of(gs_str(named[i].value)));
        if (named[i].want == NULL) {
            assert_int_equal(got, GS_REJECT_WRONG_TYPE);
            assert_non_null(strstr(f.err.message, "entities is not"));
            done(&f);
            continue;
        }
        assert_int_equal(got, GS_REJECT_NONE);
        for (size_t k = 0; k < f.message.n_named; k++) {
            n += (size_t)snprintf(names + n, sizeof names - n, "%.*s|",
                                  GS_STR_ARGS(f.message.named[k]));
        }
        assert_string_equal(names, named[i].want);
        assert_null(f.message.extra.bytes); /* a pointer goes through each of them */
        done(&f);
    }
}

static void a_nul_in_the_text_is_text(void **state)
{
    struct fixture f;

    (void)state;
    assert_int_equal(run(&f, &usual_decode_options, record_of(gs_str("{\"text\":\"a\\u0000b\"}"))),
                     GS_REJECT_NONE);
    assert_int_equal(f.message.text.len, 3);
    assert_memory_equal(f.message.text.bytes, "a\0b", 3);
    done(&f);
}

static void other_fields_are_found(void **state)
{
    struct fixture f;

    (void)state;
    assert_int_equal(run(&f, &usual_decode_options,
                         record_of(gs_str("{\"text\":\"a\",\"url\":\"http://x\",\"lang\":\"zh\","
                                          "\"author\":\"\\u738b\"}"))),
                     GS_REJECT_NONE);
    assert_str(f.message.url, "http://x");
    assert_str(f.message.lang, "zh");
    assert_str(f.message.author, "\xE7\x8E\x8B");
    assert_str(f.message.extra, NULL);
    done(&f);
}

static void null_value(void **state)
{
    struct fixture f;

    (void)state;
    assert_int_equal(run(&f, &usual_decode_options, record_of((struct gs_str){NULL, 0})),
                     GS_REJECT_NULL_VALUE);
    done(&f);
}

static void size_bound(void **state)
{
    struct fixture f;
    struct gs_decode_options options = usual_decode_options;
    const struct gs_str value = gs_str("{\"text\":\"abc\"}");

    (void)state;
    options.max_record_bytes = value.len;
    assert_int_equal(run(&f, &options, record_of(value)), GS_REJECT_NONE);
    done(&f);
    options.max_record_bytes = value.len - 1;
    assert_int_equal(run(&f, &options, record_of(value)), GS_REJECT_TOO_LARGE);
    done(&f);
}

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

static void bad_utf8_policy(void **state)
{
    static const struct {
        const char *shows;
        struct gs_str value;
    } rows[] = {
        {"a stray byte in the text", TEXT("{\"text\":\"a\xFF\"}")},
        {"a stray byte in another field", TEXT("{\"text\":\"a\",\"x\":\"\x80\"}")},
        {"an overlong form", TEXT("{\"text\":\"\xC0\xAF\"}")},
        {"an encoded surrogate", TEXT("{\"text\":\"\xED\xA0\x80\"}")},
        {"a cut sequence", TEXT("{\"text\":\"\xE8\xB4\"}")},
        {"half a surrogate pair", TEXT("{\"text\":\"\\ud800\"}")},
        {"half a surrogate pair in a part that is skipped",
         TEXT("{\"text\":\"a\",\"x\":[\"\\udc00\"]}")},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct fixture f;
        struct gs_decode_options options = usual_decode_options;
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(run(&f, &options, record_of(rows[i].value)), GS_REJECT_NONE);
        done(&f);
        options.reject_bad_utf8 = true;
        assert_int_equal(run(&f, &options, record_of(rows[i].value)), GS_REJECT_BAD_UTF8);
        done(&f);
    }
}

static void extra_keeps_unknown_members(void **state)
{
    static const struct {
        const char *shows;
        struct gs_str value;
        const char *extra;
    } rows[] = {
        {"none", TEXT("{\"text\":\"a\"}"), NULL},
        {"one", TEXT("{\"text\":\"a\",\"x\":1}"), "{\"x\":1}"},
        {"before and behind, without blanks",
         TEXT("{ \"x\" : [ 1 , \"b c\" ] ,\n \"text\":\"a\", \"y\":\t{ \"z\": null } }"),
         "{\"x\":[1,\"b c\"],\"y\":{\"z\":null}}"},
        {"escapes stay, half pairs do not",
         TEXT("{\"text\":\"a\",\"k\\\"\":\"\\u00e9\\ud800\\ud83d\\ude00\\n\"}"),
         "{\"k\\\"\":\"\\u00e9\\ufffd\\ud83d\\ude00\\n\"}"},
        {"bytes that are not UTF-8", TEXT("{\"text\":\"a\",\"x\":\"\xFFz\"}"),
         "{\"x\":\"\xEF\xBF\xBDz\"}"},
        {"a null field is known", TEXT("{\"text\":\"a\",\"url\":null}"), NULL},
    };
    struct gs_decode_options options = usual_decode_options;

    (void)state;
    options.keep_extra = true;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct fixture f;
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(run(&f, &options, record_of(rows[i].value)), GS_REJECT_NONE);
        assert_str(f.message.extra, rows[i].extra);
        done(&f);
    }
}

static void extra_of_many_members(void **state)
{
    char value[4096] = "{\"text\":\"a\"";
    struct gs_decode_options options = usual_decode_options;
    struct fixture f;
    size_t n = strlen(value);

    (void)state;
    options.keep_extra = true;
    for (int i = 0; i < 200; i++) {
        n += (size_t)snprintf(value + n, sizeof value - n, ",\"m%d\":%d", i, i);
    }
    (void)snprintf(value + n, sizeof value - n, "}");
    assert_int_equal(run(&f, &options, record_of(gs_str(value))), GS_REJECT_NONE);
    assert_int_equal(f.message.extra.len, strlen(value) - strlen("\"text\":\"a\","));
    assert_memory_equal(f.message.extra.bytes, "{\"m0\":0,", 8);
    done(&f);
}

static void pointers_reach_inside(void **state)
{
    static const struct {
        const char *shows, *text, *title, *value, *want_text, *want_title;
        enum gs_reject want;
    } rows[] = {
        {"into objects", "/data/body", "/data/head", "{\"data\":{\"head\":\"H\",\"body\":\"B\"}}",
         "B", "H", 0},
        {"into arrays", "/items/1/t", "/items/0/t",
         "{\"items\":[{\"t\":\"0\"},{\"t\":\"1\"},{\"t\":\"2\"}]}", "1", "0", 0},
        {"~1 is a slash, ~0 a tilde", "/a~1b", "/m~0n", "{\"a/b\":\"B\",\"m~n\":\"H\"}", "B", "H",
         0},
        {"~01 is ~1", "/~01", NULL, "{\"~1\":\"B\"}", "B", NULL, 0},
        {"an empty name", "/", NULL, "{\"\":\"B\"}", "B", NULL, 0},
        {"a number is a name in an object", "/0", NULL, "{\"0\":\"B\"}", "B", NULL, 0},
        {"01 is no index", "/a/01", NULL, "{\"a\":[\"x\",\"y\"]}", NULL, NULL, GS_REJECT_NO_TEXT},
        {"behind the last element", "/a/2", NULL, "{\"a\":[\"x\",\"y\"]}", NULL, NULL,
         GS_REJECT_NO_TEXT},
        {"through a string", "/a/b", NULL, "{\"a\":\"x\"}", NULL, NULL, GS_REJECT_NO_TEXT},
        {"two pointers, one field", "/t", "/t", "{\"t\":\"B\"}", "B", "B", 0},
        {"one pointer below the other", "/t/u", "/t", "{\"t\":{\"u\":\"B\"}}", NULL, NULL,
         GS_REJECT_WRONG_TYPE},
        {"case counts", "/Text", NULL, "{\"text\":\"B\"}", NULL, NULL, GS_REJECT_NO_TEXT},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_decode_options options = usual_decode_options;
        struct fixture f;
        print_message("  %s\n", rows[i].shows);
        options.text = rows[i].text;
        options.title = rows[i].title;
        assert_int_equal(run(&f, &options, record_of(gs_str(rows[i].value))), rows[i].want);
        if (rows[i].want == GS_REJECT_NONE) {
            assert_str(f.message.text, rows[i].want_text);
            assert_str(f.message.title, rows[i].want_title);
        }
        done(&f);
    }
}

static void bad_pointers(void **state)
{
    static const struct {
        const char *shows, *pointer;
    } rows[] = {
        {"the whole document", ""},
        {"no slash", "text"},
        {"~ at the end", "/a~"},
        {"~2", "/a~2"},
        {"33 parts",
         "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/29/30/31/"
         "32/33"},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_decode_options options = usual_decode_options;
        struct gs_decoder *decoder = NULL;
        struct gs_error err = {0};
        print_message("  %s\n", rows[i].shows);
        options.author = rows[i].pointer;
        assert_int_equal(gs_decoder_new(&options, &decoder, &err), GS_BAD_CONFIG);
        assert_non_null(strstr(err.message, "author"));
        assert_null(decoder);
    }
}

static void plain_text(void **state)
{
    struct gs_decode_options options = usual_decode_options;
    struct fixture f;

    (void)state;
    options.plain_text = true;
    options.default_source = "desk";
    assert_int_equal(run(&f, &options, record_of(gs_str("{\"text\": broken"))), GS_REJECT_NONE);
    assert_str(f.message.text, "{\"text\": broken");
    assert_str(f.message.source, "desk");
    assert_int_equal(f.message.id.len, 16);
    done(&f);
    assert_int_equal(run(&f, &options, record_of(gs_str(""))), GS_REJECT_NO_TEXT);
    done(&f);
    options.reject_bad_utf8 = true;
    assert_int_equal(run(&f, &options, record_of(gs_str("a\xFF"))), GS_REJECT_BAD_UTF8);
    done(&f);
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
    assert_non_null(strstr(err.message, "memory"));
    gs_arena_free(arena);
    gs_decoder_free(decoder);
}

static void names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GS_N_REJECTS; i++) {
        assert_non_null(gs_reject_name((enum gs_reject)i));
    }
    assert_string_equal(gs_reject_name(GS_REJECT_BAD_UTF8), "bad_utf8");
    assert_string_equal(gs_reject_name(GS_REJECT_OUTPUT_TOO_LARGE), "output_too_large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses),
        cmocka_unit_test(takes),
        cmocka_unit_test(fields_name_entities),
        cmocka_unit_test(a_nul_in_the_text_is_text),
        cmocka_unit_test(other_fields_are_found),
        cmocka_unit_test(null_value),
        cmocka_unit_test(size_bound),
        cmocka_unit_test(id_and_source_bounds),
        cmocka_unit_test(bad_utf8_policy),
        cmocka_unit_test(extra_keeps_unknown_members),
        cmocka_unit_test(extra_of_many_members),
        cmocka_unit_test(pointers_reach_inside),
        cmocka_unit_test(bad_pointers),
        cmocka_unit_test(plain_text),
        cmocka_unit_test(source_falls_back),
        cmocka_unit_test(record_time_stands_in),
        cmocka_unit_test(ids_are_made),
        cmocka_unit_test(traceparent_is_picked_up),
        cmocka_unit_test(a_full_arena_is_too_large),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
