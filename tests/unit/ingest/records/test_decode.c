#include "ingest/records/record.h"

#include "tests/unit/ingest/records/decode_fixture.h"

#include <stdio.h>

#define NEST8(c) c c c c c c c c

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
        cmocka_unit_test(a_nul_in_the_text_is_text),
        cmocka_unit_test(null_value),
        cmocka_unit_test(size_bound),
        cmocka_unit_test(bad_utf8_policy),
        cmocka_unit_test(plain_text),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
