#include "ingest/base/clock.h"
#include "ingest/base/log.h"
#include "tests/unit/gs_test.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* What one call of gs_log() writes to stderr. */
static const char *logged(enum gs_log_level level, const char *message)
{
    static char text[8192];
    int ends[2];
    const int old = dup(STDERR_FILENO);

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    gs_log(level, "tag lane 0", "%s", message);
    assert_true(dup2(old, STDERR_FILENO) >= 0);
    const ssize_t n = read(ends[0], text, sizeof text - 1);
    text[n < 0 ? 0 : n] = '\0';
    (void)close(old);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return text;
}

static void a_line_of_text(void **state)
{
    (void)state;
    gs_log_configure(GS_LOG_INFO, false);
    assert_string_equal(logged(GS_LOG_WARNING, "slow"), "groundswell: warning: tag lane 0: slow\n");
    assert_string_equal(logged(GS_LOG_DEBUG, "unseen"), "");
    gs_log_configure(GS_LOG_DEBUG, false);
    assert_string_equal(logged(GS_LOG_DEBUG, "seen"), "groundswell: debug: tag lane 0: seen\n");
}

static void input_cannot_forge_a_line(void **state)
{
    (void)state;
    gs_log_configure(GS_LOG_INFO, false);
    assert_string_equal(
        logged(GS_LOG_INFO, "a\ngroundswell: error: b\x1b[31m\x7f"),
        "groundswell: info: tag lane 0: a\\x0agroundswell: error: b\\x1b[31m\\x7f\n");
}

static void a_line_of_json(void **state)
{
    (void)state;
    gs_log_configure(GS_LOG_INFO, true);
    const char *line = logged(GS_LOG_ERROR, "a\"b\n");
    assert_memory_equal(line, "{\"time\":\"20", 11);
    assert_non_null(strstr(
        line, "\",\"level\":\"error\",\"where\":\"tag lane 0\",\"message\":\"a\\\"b\\n\"}\n"));
    gs_log_configure(GS_LOG_INFO, false);
}

static void a_long_message_is_whole(void **state)
{
    char message[6001] = "";

    (void)state;
    for (size_t i = 0; i + 12 < sizeof message; i += 12) {
        memcpy(message + i, "词语 words ", 12);
    }
    const char *line = logged(GS_LOG_INFO, message);
    assert_string_equal(strstr(line, "0: ") + 3 + strlen(message), "\n");
    assert_memory_equal(strstr(line, "0: ") + 3, message, strlen(message));
}

static void clocks(void **state)
{
    (void)state;
    assert_true(gs_clock_wall_ms() > 1600000000000);
    const int64_t before = gs_clock_monotonic_ns();
    assert_true(gs_clock_monotonic_ns() >= before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_text), cmocka_unit_test(input_cannot_forge_a_line),
        cmocka_unit_test(a_line_of_json), cmocka_unit_test(a_long_message_is_whole),
        cmocka_unit_test(clocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
