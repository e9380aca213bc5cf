/* Lines of the journal: those that are read, and what is said of those that are not. */
#include "tests/unit/gs_test.h"

#include "deploy/daemon/journal/journal_line.h"

#define PREV "\"prev\":\"0000000000000000000000000000000000000000000000000000000000000000\""
#define ID "d079ed74e16f34ff"

static const struct {
    const char *shows;
    const char *line;
    const char *says; /* NULL: it is read */
} cases[] = {
    {"an ack",
     "{\"v\":1,\"at\":\"2026-11-21T09:30:00.000Z\",\"action\":\"ack\",\"target\":\"" ID
     "\",\"who\":\"anna\",\"verdict\":\"wrong\"," PREV "}",
     NULL},
    {"a mute with all it may have",
     "{\"v\":1,\"at\":\"2026-11-21T09:30:00Z\",\"action\":\"mute\",\"target\":\"entity:\\u8d35\","
     "\"who\":\"a\",\"why\":\"b\",\"until\":\"2026-11-21T10:30:00Z\"," PREV "}",
     NULL},
    {"members that nobody knows are passed over",
     "{\"v\":1,\"at\":\"2026-11-21T09:30:00Z\",\"more\":{\"x\":[1]},\"action\":\"unmute\","
     "\"target\":\"topic:x\",\"who\":\"a\"," PREV "}",
     NULL},
    {"a notice",
     "{\"v\":1,\"at\":\"2026-11-21T09:30:00Z\",\"action\":\"notice\",\"target\":\"" ID
     "\",\"who\":\"groundswell\",\"notice\":\"opened\",\"severity\":\"info\",\"silence\":\"none\","
     "\"risks\":2,\"broke\":false,\"rule\":\"negative_share\",\"title\":\"A \\u001b[31m\"," PREV
     "}",
     NULL},
    {"nothing", "", "byte 1: the text ends too early"},
    {"no JSON", "ack please", "byte 1:"},
    {"no object", "[1]", "not a JSON object"},
    {"two values", "{} {}", "byte 4: more text behind the value"},
    {"cut off", "{\"v\":1,\"at\":\"2026-11-2", "the text ends too early"},
    {"a member twice", "{\"v\":1,\"v\":1}", "twice"},
    {"another version", "{\"v\":2}", "\"v\" is not a number in its range"},
    {"no target",
     "{\"v\":1,\"at\":\"2026-11-21T09:30:00Z\",\"action\":\"mute\",\"who\":\"a\"," PREV "}",
     "\"target\" is missing"},
    {"an empty target",
     "{\"v\":1,\"at\":\"2026-11-21T09:30:00Z\",\"action\":\"mute\",\"target\":\"\",\"who\":"
     "\"a\"," PREV "}",
     "\"target\" is empty"},
    {"an ack of a key",
     "{\"v\":1,\"at\":\"2026-11-21T09:30:00Z\",\"action\":\"ack\",\"target\":\"topic:x\","
     "\"who\":\"a\"," PREV "}",
     "\"target\" is not an incident's id"},
    {"an action that there is not",
     "{\"v\":1,\"at\":\"2026-11-21T09:30:00Z\",\"action\":\"delete\"}",
     "\"action\" is none of the words"},
    {"no time", "{\"v\":1,\"at\":\"soon\"}", "\"at\" is not a time"},
    {"a time before all", "{\"v\":1,\"at\":\"1960-01-01T00:00:00Z\"}", "\"at\" is not a time"},
    {"a line feed in a name", "{\"who\":\"a\\nb\"}", "\"who\" holds a control character"},
    {"a name that is none", "{\"who\":[\"a\"]}", "\"who\" is not a text"},
    {"bytes that are not UTF-8", "{\"who\":\"\xff\"}", "\"who\" is not UTF-8"},
    {"a number that is none", "{\"risks\":1e9}", "\"risks\" is not a number in its range"},
    {"a bit that is none", "{\"broke\":1}", "\"broke\" is neither true nor false"},
};

static struct gs_arena *new_arena(void)
{
    struct gs_arena *arena = NULL;

    assert_int_equal(gs_arena_new(GS_JOURNAL_ARENA_BYTES, &arena, NULL), GS_OK);
    return arena;
}

static void test_cases(void **state)
{
    (void)state;
    struct gs_arena *arena = new_arena();

    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        struct gs_journal_line line = {.until_ms = 7}, again;
        struct gs_error err = {0};
        const enum gs_status status =
            gs_journal_line_decode(gs_str(cases[i].line), arena, &line, &err);
        print_message("  %s: %s\n", cases[i].shows, err.message);
        if (cases[i].says != NULL) {
            assert_int_equal(status, GS_BAD_FORMAT);
            assert_non_null(strstr(err.message, cases[i].says));
            assert_int_equal(line.until_ms, 7); /* untouched */
            continue;
        }
        assert_int_equal(status, GS_OK);
        struct gs_buf text = {.max = GS_JOURNAL_LINE_BYTES};
        gs_journal_line_encode(&line, &text);
        assert_int_equal(gs_journal_line_decode(gs_buf_str(&text), arena, &again, &err), GS_OK);
        assert_memory_equal(&line, &again, sizeof line);
        gs_buf_done(&text);
    }
    gs_arena_free(arena);
}

static void test_bounds(void **state)
{
    (void)state;
    struct gs_arena *arena = new_arena();
    struct gs_journal_line line;
    struct gs_error err = {0};
    struct gs_buf text = {.max = 1 << 20};

    gs_buf_puts(&text, "{\"who\":\"");
    for (int i = 0; i < GS_INCIDENT_NAME_BYTES; i++) {
        gs_buf_putc(&text, 'a');
    }
    gs_buf_puts(&text, "\"}");
    assert_int_equal(gs_journal_line_decode(gs_buf_str(&text), arena, &line, &err), GS_BAD_FORMAT);
    assert_string_equal(err.message, "\"who\" is too long");
    while (text.len <= GS_JOURNAL_LINE_BYTES) {
        gs_buf_puts(&text, "          ");
    }
    assert_int_equal(gs_journal_line_decode(gs_buf_str(&text), arena, &line, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "more than 16384"));
    gs_buf_done(&text);
    gs_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_bounds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
