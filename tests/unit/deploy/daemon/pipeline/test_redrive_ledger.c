/* Which letters were sent again: against a plain array of bools, as a note and back, and notes that are
 * none. */
#include "deploy/daemon/pipeline/redrive_ledger.h"

#include "tests/unit/gs_test.h"

#include <stdio.h>

enum { LETTERS = 400, ROUNDS = 60 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8U;
}

/* The group's offset and note become a ledger again. */
static void write_and_read(struct gs_ledger *ledger)
{
    struct gs_buf note = {.max = 1 << 20};
    struct gs_ledger again;

    gs_ledger_write(ledger, &note);
    assert_true(gs_buf_ok(&note));
    assert_int_equal(gs_ledger_read(ledger->first, gs_buf_str(&note), &again, NULL), GS_OK);
    assert_int_equal(again.first, ledger->first);
    assert_int_equal(again.n, ledger->n);
    gs_ledger_done(ledger);
    gs_buf_done(&note);
    *ledger = again;
}

/* Runs over letters with holes between their offsets; each run sends some of those that wait. */
static void a_ledger_knows_what_was_sent(void **state)
{
    int64_t offsets[LETTERS];
    bool sent[LETTERS] = {false};
    uint32_t random = 1;
    struct gs_ledger ledger = {.n = 0};

    (void)state;
    for (int i = 0; i < LETTERS; i++) {
        offsets[i] = (i == 0 ? 5 : offsets[i - 1]) + 1 + (int64_t)(next_random(&random) % 3) * 7;
    }
    for (int round = 0; round < ROUNDS; round++) {
        int64_t before = -1;
        for (int i = 0; i < LETTERS; i++) {
            if (offsets[i] < ledger.first) {
                continue;
            }
            const bool send = !sent[i] && next_random(&random) % 20 == 0;
            assert_int_equal(gs_ledger_sent(&ledger, offsets[i]), sent[i]);
            assert_int_equal(gs_ledger_pass(&ledger, before, offsets[i], send, NULL), GS_OK);
            sent[i] = sent[i] || send;
            before = offsets[i];
        }
        write_and_read(&ledger);
        for (int i = 0; i < LETTERS; i++) {
            assert_int_equal(gs_ledger_sent(&ledger, offsets[i]), sent[i]);
        }
    }
    gs_ledger_done(&ledger);
}

static void all_sent_is_one_position(void **state)
{
    static const int64_t offsets[] = {12, 13, 20, 21, 40};
    struct gs_ledger ledger;
    struct gs_buf note = {.max = 64};
    int64_t before = -1;

    (void)state;
    assert_int_equal(gs_ledger_read(-1, (struct gs_str){NULL, 0}, &ledger, NULL), GS_OK);
    gs_ledger_trim(&ledger, 10);
    for (size_t i = 0; i < GS_COUNT(offsets); i++) {
        assert_int_equal(gs_ledger_pass(&ledger, before, offsets[i], true, NULL), GS_OK);
        before = offsets[i];
    }
    assert_int_equal(ledger.first, 41);
    assert_int_equal(ledger.n, 0);
    gs_ledger_write(&ledger, &note);
    assert_true(gs_str_equal(gs_buf_str(&note), gs_str("1")));
    gs_buf_done(&note);
    gs_ledger_done(&ledger);
}

/* Letters that retention has deleted do not matter, whether they waited or not. */
static void what_is_gone_is_forgotten(void **state)
{
    struct gs_ledger ledger;

    (void)state;
    /* waits 3, sent 2, waits 4, sent 1: 10-12, 13-14, 15-18, 19 */
    assert_int_equal(gs_ledger_read(10, gs_str("1DCEB"), &ledger, NULL), GS_OK);
    assert_int_equal(ledger.n, 2);
    gs_ledger_trim(&ledger, 14);
    assert_int_equal(ledger.first, 15);
    assert_int_equal(ledger.n, 1);
    assert_false(gs_ledger_sent(&ledger, 15));
    assert_true(gs_ledger_sent(&ledger, 19));
    gs_ledger_trim(&ledger, 100);
    assert_int_equal(ledger.first, 100);
    assert_int_equal(ledger.n, 0);
    gs_ledger_done(&ledger);
}

static const struct {
    const char *shows;
    int64_t offset;
    const char *note;
} wrong[] = {
    {"another version", 5, "2DC"},
    {"somebody's own text", 5, "checkpoint"},
    {"a run of nothing", 5, "1AC"},
    {"a run that waits and is followed by none", 5, "1D"},
    {"a length that does not end", 5, "1Dg"},
    {"a sign that is no digit", 5, "1D!"},
    {"past the last offset", 5, "1D__________________H"},
    {"over the last offset", INT64_MAX - 2, "1DC"},
    {"a note without an offset", -1, "1DC"},
};

static void notes_that_are_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(wrong); i++) {
        struct gs_ledger ledger;
        struct gs_error err = {GS_OK, ""};
        print_message("  %s\n", wrong[i].shows);
        assert_int_equal(gs_ledger_read(wrong[i].offset, gs_str(wrong[i].note), &ledger, &err),
                         GS_BAD_FORMAT);
        gs_ledger_done(&ledger);
    }
}

/* Every other letter: the note is full one day, letters beside sent ones still go. */
static void a_note_is_bounded(void **state)
{
    struct gs_ledger ledger = {.n = 0};
    struct gs_buf note = {.max = 1 << 20};
    int64_t offset = 0;

    (void)state;
    while (gs_ledger_fits(&ledger, offset)) {
        assert_int_equal(gs_ledger_pass(&ledger, offset, offset + 1, true, NULL), GS_OK);
        offset += 2;
        assert_true(offset < 100000);
    }
    gs_ledger_write(&ledger, &note);
    assert_in_range(note.len, GS_LEDGER_MAX_NOTE - 100, GS_LEDGER_MAX_NOTE);
    assert_true(gs_ledger_fits(&ledger, offset - 1)); /* that one was sent */
    gs_buf_done(&note);
    gs_ledger_done(&ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ledger_knows_what_was_sent),
        cmocka_unit_test(all_sent_is_one_position),
        cmocka_unit_test(what_is_gone_is_forgotten),
        cmocka_unit_test(notes_that_are_none),
        cmocka_unit_test(a_note_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
