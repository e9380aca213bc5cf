#include "ingest/text/duplicates.h"
#include "tests/unit/gs_test.h"

static struct gs_duplicates *make(size_t n_places)
{
    struct gs_duplicates *duplicates = NULL;

    assert_int_equal(gs_duplicates_new(n_places, &duplicates, NULL), GS_OK);
    gs_duplicates_begin(duplicates);
    return duplicates;
}

static void copies_are_counted_from_one(void **state)
{
    struct gs_duplicates *duplicates = make(64);
    (void)state;

    assert_int_equal(gs_duplicates_count(duplicates, 7), 1);
    assert_int_equal(gs_duplicates_count(duplicates, 7), 2);
    assert_int_equal(gs_duplicates_count(duplicates, 8), 1);
    assert_int_equal(gs_duplicates_count(duplicates, 7), 3);
    gs_duplicates_free(duplicates);
}

static void no_fingerprint_is_not_counted(void **state)
{
    struct gs_duplicates *duplicates = make(64);
    (void)state;

    assert_int_equal(gs_duplicates_count(duplicates, 0), 0);
    assert_int_equal(gs_duplicates_count(duplicates, 0), 0);
    gs_duplicates_free(duplicates);
}

static void undo_forgets_the_batch_and_only_it(void **state)
{
    struct gs_duplicates *duplicates = make(64);
    (void)state;

    assert_int_equal(gs_duplicates_count(duplicates, 7), 1);
    gs_duplicates_begin(duplicates);
    assert_int_equal(gs_duplicates_count(duplicates, 7), 2);
    assert_int_equal(gs_duplicates_count(duplicates, 9), 1);
    assert_int_equal(gs_duplicates_count(duplicates, 9), 2);
    gs_duplicates_undo(duplicates);
    assert_int_equal(gs_duplicates_count(duplicates, 7), 2);
    assert_int_equal(gs_duplicates_count(duplicates, 9), 1);
    gs_duplicates_free(duplicates);
}

/* Two places only: the story that keeps coming outlives a hundred that come once. */
static void a_story_that_keeps_coming_is_not_given_up(void **state)
{
    struct gs_duplicates *duplicates = make(2);
    const uint64_t ours = 1ULL << 32; /* may lie in place 0 or 1 */
    (void)state;

    for (uint32_t i = 1; i <= 100; i++) {
        assert_int_equal(gs_duplicates_count(duplicates, ours), i);
        (void)gs_duplicates_count(duplicates, (1ULL << 32) + 2 * (uint64_t)i);
    }
    gs_duplicates_free(duplicates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_counted_from_one),
        cmocka_unit_test(no_fingerprint_is_not_counted),
        cmocka_unit_test(undo_forgets_the_batch_and_only_it),
        cmocka_unit_test(a_story_that_keeps_coming_is_not_given_up),
    };
    return cmocka_run_group_tests_name("text/duplicates", tests, NULL, NULL);
}
