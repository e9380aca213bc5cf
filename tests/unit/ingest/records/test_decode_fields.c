/* Which fields are read: pointers, names of entities, and what is kept of all others. */
#include "ingest/records/record.h"

#include "tests/unit/ingest/records/decode_fixture.h"

#include <stdio.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_name_entities),        cmocka_unit_test(other_fields_are_found),
        cmocka_unit_test(extra_keeps_unknown_members), cmocka_unit_test(extra_of_many_members),
        cmocka_unit_test(pointers_reach_inside),       cmocka_unit_test(bad_pointers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
