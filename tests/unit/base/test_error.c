#include "base/error.h"
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
        cmocka_unit_test(a_failure_is_one_line),
        cmocka_unit_test(a_long_message_is_cut),
        cmocka_unit_test(a_system_error_says_why),
        cmocka_unit_test(every_status_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
