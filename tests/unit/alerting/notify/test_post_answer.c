/* What a receiver's answer says. */
#include "tests/unit/gs_test.h"

#include "alerting/notify/post_answer.h"
#include "ingest/base/attr.h"

#include <string.h>

#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static const struct {
    const char *shows;
    struct gs_str answer;
    const char *said;
} cases[] = {
    {"nothing", TEXT(""), ""},
    {"Alertmanager's own", TEXT("\"end time must not be before start\\n\""),
     "end time must not be before start"},
    {"the checks before it", TEXT("{\"code\":602,\"message\":\"labels in body\"}"),
     "labels in body"},
    {"an error inside", TEXT("{\"a\":[{\"error\":1}],\"error\":\"x\"}"), "x"},
    {"a text that is none", TEXT("{\"message\":{\"a\":1}}"), "{\"message\":{\"a\":1}}"},
    {"a page", TEXT("<html>\r\n<b>502\x1b</b>"), "<html>  <b>502 </b>"},
    {"half a JSON", TEXT("{\"message\":\"x"), "{\"message\":\"x"},
    {"bytes that are no text", TEXT("\xff\x00\xe5\x8c"), "? ??"},
};

static void answers_are_read(void **state)
{
    char said[GS_POST_SAID];

    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        print_message("  %s\n", cases[i].shows);
        gs_post_answer_text(cases[i].answer, said);
        assert_string_equal(said, cases[i].said);
    }
}

static void a_long_one_is_cut_at_a_character(void **state)
{
    char answer[3000];
    char said[GS_POST_SAID];

    (void)state;
    for (size_t i = 0; i < sizeof answer; i++) {
        answer[i] = "\xe5\x8c\x97"[i % 3];
    }
    gs_post_answer_text((struct gs_str){answer, sizeof answer}, said);
    assert_int_equal(strlen(said), 198);
}

static const struct {
    const char *shows;
    struct gs_str answer;
    int64_t code; /* -1: none */
} codes[] = {
    {"well, by WeCom and DingTalk", TEXT("{\"errcode\":0,\"errmsg\":\"ok\"}"), 0},
    {"well, by Feishu", TEXT("{\"StatusCode\":0,\"StatusMessage\":\"success\"}"), 0},
    {"DingTalk's refusal", TEXT("{\"errcode\":310000,\"errmsg\":\"sign not match\"}"), 310000},
    {"Feishu's", TEXT("{\"data\":{\"code\":1},\"code\":19024,\"msg\":\"Key Words Not Found\"}"),
     19024},
    {"no number", TEXT("{\"code\":\"0\"}"), -1},
    {"beyond 64 bits", TEXT("{\"code\":99999999999999999999}"), -1},
    {"no object", TEXT("ok"), -1},
    {"nothing", TEXT(""), -1},
};

static void codes_are_found(void **state)
{
    int64_t code = 0;

    (void)state;
    for (size_t i = 0; i < GS_COUNT(codes); i++) {
        print_message("  %s\n", codes[i].shows);
        assert_int_equal(gs_post_answer_code(codes[i].answer, &code), codes[i].code >= 0);
        assert_true(codes[i].code < 0 || code == codes[i].code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_read),
        cmocka_unit_test(codes_are_found),
        cmocka_unit_test(a_long_one_is_cut_at_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
