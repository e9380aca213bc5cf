#include "deploy/daemon/cli/json_member.h"
#include "tests/unit/gs_test.h"

#include <math.h>

static void test_an_object(void **state)
{
    struct gs_buf out = {.max = 4096};

    (void)state;
    gs_buf_putc(&out, '{');
    gs_member_text(&out, "text", gs_str("ends in {\""));
    gs_member_text(&out, "empty", gs_str(""));
    gs_member_text(&out, "missing", (struct gs_str){NULL, 0});
    gs_buf_puts(&out, ",\"inner\":{");
    gs_member_int(&out, "n", 0);
    gs_member_int(&out, "none", -1);
    gs_buf_putc(&out, '}');
    gs_member_number(&out, "x", 0.25);
    gs_member_number(&out, "nan", (double)NAN);
    gs_member_time(&out, "at", 1795253400000);
    gs_member_time(&out, "never", -1);
    gs_member_time(&out, "before", INT64_MIN);
    gs_buf_puts(&out, "}");
    gs_buf_putc(&out, '\0');
    assert_true(gs_buf_ok(&out));
    assert_string_equal(out.bytes, "{\"text\":\"ends in {\\\"\",\"empty\":\"\",\"missing\":null,"
                                   "\"inner\":{\"n\":0,\"none\":null},\"x\":0.25,\"nan\":null,"
                                   "\"at\":\"2026-11-21T09:30:00.000Z\",\"never\":null,"
                                   "\"before\":null}");
    gs_buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_an_object)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
