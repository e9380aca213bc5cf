#include "tests/unit/alerting/detector/watch_helper.h"

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
        memset(to, (int)(i & 0xFF), (size_t)(i % 5) * 8);
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

struct churn {
    struct rng rng;
    struct gs_pool pool;
    struct gs_undo undo;
    uint32_t used[8000];
    size_t n;
};

static void take_touch_or_give(struct churn *churn)
{
    const uint64_t what = rng_below(&churn->rng, 5);

    if (what < 3 || churn->n == 0) {
        const uint32_t i = gs_pool_alloc(&churn->pool, &churn->undo);
        assert_int_not_equal(i, GS_NONE);
        ((struct item *)gs_pool_at(&churn->pool, i))->value = rng_next(&churn->rng);
        churn->used[churn->n++] = i;
        return;
    }
    const size_t at = rng_below(&churn->rng, churn->n);
    if (what == 3) {
        ((struct item *)gs_pool_save(&churn->pool, &churn->undo, churn->used[at]))->value++;
    } else {
        gs_pool_release(&churn->pool, &churn->undo, churn->used[at]);
        churn->used[at] = churn->used[--churn->n];
    }
}

static void transaction(struct churn *churn)
{
    churn->undo.txn++;
    churn->undo.len = 0;
    churn->pool.before = churn->pool.now;
    for (int i = 0; i < 3000; i++) {
        take_touch_or_give(churn);
    }
}

/* Items come and go at random over two transactions; undoing the second gives the first's end, free
 * list too. */
static void test_pool_comes_back(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        static struct churn churn;
        struct gs_undo_entry entry;
        const void *payload = NULL;
        churn = (struct churn){.rng = {seed}};
        gs_pool_init(&churn.pool, 0, sizeof(struct item));
        transaction(&churn);
        const uint64_t want = digest_items(&churn.pool);
        transaction(&churn);
        assert_true(digest_items(&churn.pool) != want);
        while (gs_undo_pop(&churn.undo, &entry, &payload)) {
            memcpy(gs_pool_at(&churn.pool, entry.at), payload, churn.pool.item_size);
        }
        churn.pool.now = churn.pool.before;
        assert_true(digest_items(&churn.pool) == want);
        gs_pool_done(&churn.pool);
        free(churn.undo.bytes);
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
        cmocka_unit_test(test_pool_comes_back),
        cmocka_unit_test(test_undo_without_memory_empties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
