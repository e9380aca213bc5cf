#include "ingest/base/error.h"
#include "ingest/base/utf8.h"
#include "tests/unit/gs_test.h"

#include <errno.h>
#include <string.h>

static void a_failure_is_one_line(void **state)
{
    struct gs_error err = {0};

    (void)state;
    assert_int_equal(gs_fail(&err, GS_BAD_FORMAT, "line %d: %s", 7, "bad"), GS_BAD_FORMAT);
    assert_int_equal(err.status, GS_BAD_FORMAT);
    assert_string_equal(err.message, "line 7: bad");
    (void)gs_fail(&err, GS_BAD_FORMAT, "key \"%s\"", "a\nb\x1b[31m\x7f é");
    assert_string_equal(err.message, "key \"a?b?[31m? é\"");
    assert_int_equal(gs_fail(NULL, GS_CLOSED, "nobody listens"), GS_CLOSED);
}

static void a_long_message_is_cut(void **state)
{
    struct gs_error err;

    (void)state;
    (void)gs_fail(&err, GS_IO, "%0500d", 1);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

/* What is left of a text that does not fit: whole words, whole characters, and a sign that it goes
 * on. */
static void a_cut_is_between_words(void **state)
{
    struct gs_error err;

    (void)state;
    (void)gs_fail(
        &err, GS_IO, "%s%s", "a text of words and words and words and words and words and ",
        "words and words and words and words and words and words and words and words and "
        "words and words and words and words and words and words and words and words and "
        "words and words and words and words and words and words and words and words and ");
    const size_t len = strlen(err.message);
    assert_true(len > 180 && len < sizeof err.message);
    assert_string_equal(err.message + len - 3, "…");
    assert_true(strcmp(err.message + len - 8, "words…") == 0 ||
                strcmp(err.message + len - 6, "and…") == 0);
}

static void a_cut_is_between_characters(void **state)
{
    struct gs_error err;

    (void)state;
    for (int before = 0; before < 3; before++) {
        char text[400] = "xx";
        for (size_t i = (size_t)before; i + 3 < sizeof text; i += 3) {
            memcpy(text + i, "中", 4);
        }
        (void)gs_fail(&err, GS_IO, "%s", text);
        const size_t len = strlen(err.message);
        assert_int_equal(gs_utf8_check(gs_str(err.message)), len);
        assert_string_equal(err.message + len - 6, "中…");
    }
    (void)gs_fail(&err, GS_IO, "\"%.4s\" is not known", "中文");
    assert_string_equal(err.message, "\"中?\" is not known");
}

static void a_system_error_says_why(void **state)
{
    struct gs_error err;

    (void)state;
    assert_int_equal(gs_fail_errno(&err, ENOENT, "%s", "/x"), GS_IO);
    assert_string_equal(err.message, "/x: No such file or directory");
    (void)gs_fail_errno(&err, 99999, "/x");
    assert_non_null(strstr(err.message, "99999"));
}

static void every_status_has_a_name(void **state)
{
    (void)state;
    for (int status = GS_OK; status <= GS_FENCED; status++) {
        assert_string_not_equal(gs_status_name((enum gs_status)status), "UNKNOWN");
    }
    assert_string_equal(gs_status_name((enum gs_status)(GS_FENCED + 1)), "UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_one_line),   cmocka_unit_test(a_long_message_is_cut),
        cmocka_unit_test(a_cut_is_between_words),  cmocka_unit_test(a_cut_is_between_characters),
        cmocka_unit_test(a_system_error_says_why), cmocka_unit_test(every_status_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
