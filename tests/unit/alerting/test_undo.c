#include "tests/unit/alerting/watch_helper.h"

static void test_log_reads_backwards(void **state)
{
    (void)state;
    struct gs_undo undo = {.txn = 1};
    struct gs_undo_entry entry;
    const void *payload = NULL;

    for (uint32_t i = 0; i < 1000; i++) {
        char *to = gs_undo_push(
            &undo, (struct gs_undo_entry){.kind = GS_UNDO_ITEM, .at = i, .size = i % 5 * 8});
        assert_non_null(to);
        memset(to, (int)(i & 0xFF), i % 5 * 8);
    }
    for (uint32_t i = 1000; i-- > 0;) {
        assert_true(gs_undo_pop(&undo, &entry, &payload));
        assert_int_equal(entry.at, i);
        assert_int_equal(entry.size, i % 5 * 8);
        for (uint32_t j = 0; j < entry.size; j++) {
            assert_int_equal(((const unsigned char *)payload)[j], i & 0xFF);
        }
    }
    assert_false(gs_undo_pop(&undo, &entry, &payload));
    free(undo.bytes);
}

struct item {
    struct gs_link at;
    uint64_t value;
};

/* Items come and go at random over two transactions; undoing the second gives the first's end, free
 * list too. */
static void test_slab_comes_back(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct rng rng = {seed};
        struct gs_undo undo = {.txn = 0};
        struct gs_slab slab;
        static uint32_t used[20000];
        size_t n = 0;
        uint64_t want = 0;
        gs_slab_init(&slab, 0, sizeof(struct item));
        for (int txn = 0; txn < 2; txn++) {
            undo.txn++;
            undo.len = 0;
            slab.before = slab.now;
            for (int i = 0; i < 3000; i++) {
                const uint64_t what = rng_below(&rng, 5);
                if (what < 3 || n == 0) {
                    used[n] = gs_slab_take(&slab, &undo);
                    assert_int_not_equal(used[n], GS_NONE);
                    ((struct item *)gs_slab_at(&slab, used[n++]))->value = rng_next(&rng);
                } else if (what == 3) {
                    ((struct item *)gs_slab_touch(&slab, &undo, used[rng_below(&rng, n)]))->value++;
                } else {
                    const size_t at = rng_below(&rng, n);
                    gs_slab_give(&slab, &undo, used[at]);
                    used[at] = used[--n];
                }
            }
            want = txn == 0 ? digest_items(&slab) : want;
        }
        assert_true(digest_items(&slab) != want);
        struct gs_undo_entry entry;
        const void *payload = NULL;
        while (gs_undo_pop(&undo, &entry, &payload)) {
            memcpy(gs_slab_at(&slab, entry.at), payload, slab.item_size);
        }
        slab.now = slab.before;
        assert_true(digest_items(&slab) == want);
        gs_slab_done(&slab);
        free(undo.bytes);
    }
}

/* When the log itself found no memory, an undo leaves an empty watch that works. */
static void test_undo_without_memory_empties(void **state)
{
    (void)state;
    struct stream stream = {.rng = {1}};
    struct records *records = records_new();
    struct gs_watch *watch = watch_new(NULL);
    struct gs_watch_counts counts;

    stream_fill(&stream, "topic:a", t0, t0 + HOUR_MS, 200, 0.3);
    play(watch, &stream, 50, records);
    gs_watch_begin(watch);
    (void)add_message(watch, &stream.messages[0]);
    watch->undo.failed = true; /* as gs_undo_push() does */
    gs_watch_undo(watch);
    gs_watch_counts(watch, &counts);
    assert_int_equal(counts.keys, 0);
    play(watch, &stream, 50, records);
    gs_watch_counts(watch, &counts);
    assert_int_equal(counts.keys, 1);
    gs_watch_free(watch);
    stream_done(&stream);
    records_free(records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_reads_backwards),
        cmocka_unit_test(test_slab_comes_back),
        cmocka_unit_test(test_undo_without_memory_empties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
