/* The cache of answers: bounded by entries and bytes, oldest out first, texts compared as a whole.
 */
#include "deploy/daemon/inference/batcher_cache.h"
#include "ingest/base/hash.h"
#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <stdlib.h>

static void put(struct gs_prediction_cache *cache, const char *text, size_t lang, float value,
                size_t want_dropped)
{
    const struct gs_str s = gs_str(text);
    const float logits[2] = {value, -value};
    assert_int_equal(gs_prediction_cache_put(cache, gs_prediction_hash(s, lang), s, lang, logits),
                     want_dropped);
}

/* The first logit, or -1000 when the text is not there. */
static float find(const struct gs_prediction_cache *cache, const char *text, size_t lang)
{
    const struct gs_str s = gs_str(text);
    const float *logits = gs_prediction_cache_find(cache, gs_prediction_hash(s, lang), s, lang);
    assert_true(logits == NULL || logits[1] == -logits[0]);
    return logits == NULL ? -1000.0F : logits[0];
}

static struct gs_prediction_cache *make(size_t entries, size_t bytes)
{
    struct gs_prediction_cache *cache = NULL;
    assert_int_equal(gs_prediction_cache_new(entries, bytes, 2, &cache, NULL), GS_OK);
    return cache;
}

static void what_was_put_is_found(void **state)
{
    struct gs_prediction_cache *cache = make(8, 4096);
    (void)state;
    assert_true(find(cache, "a", 0) == -1000.0F);
    put(cache, "a", 0, 1, 0);
    put(cache, "a", 1, 2, 0);
    put(cache, "", 0, 3, 0);
    assert_true(find(cache, "a", 0) == 1.0F);
    assert_true(find(cache, "a", 1) == 2.0F);
    assert_true(find(cache, "", 0) == 3.0F);
    assert_true(find(cache, "b", 0) == -1000.0F);
    gs_prediction_cache_free(cache);
}

/* Two texts with one hash: as if somebody had found a collision. */
static void a_collision_is_no_hit(void **state)
{
    struct gs_prediction_cache *cache = make(8, 4096);
    const float logits[2] = {1, -1};
    (void)state;
    (void)gs_prediction_cache_put(cache, 42, gs_str("good news"), 0, logits);
    assert_non_null(gs_prediction_cache_find(cache, 42, gs_str("good news"), 0));
    assert_null(gs_prediction_cache_find(cache, 42, gs_str("bad news!"), 0));
    assert_null(gs_prediction_cache_find(cache, 42, gs_str("good new"), 0));
    assert_null(gs_prediction_cache_find(cache, 42, gs_str("good news"), 1));
    gs_prediction_cache_free(cache);
}

/* Who knows the hash without the seed of the process cannot choose texts of one chain. */
static void the_hash_has_a_secret(void **state)
{
    const struct gs_str text = gs_str("a text of a stranger");
    (void)state;
    assert_int_equal(gs_prediction_hash(text, 1), gs_prediction_hash(text, 1));
    assert_int_not_equal(gs_prediction_hash(text, 1), gs_prediction_hash(text, 0));
    for (uint64_t lang = 0; lang < 4; lang++) {
        assert_int_not_equal(gs_prediction_hash(text, lang), gs_hash_seeded(text, lang));
    }
}

static void the_oldest_entries_go_first(void **state)
{
    struct gs_prediction_cache *cache = make(3, 4096);
    (void)state;
    put(cache, "a", 0, 1, 0);
    put(cache, "b", 0, 2, 0);
    put(cache, "c", 0, 3, 0);
    put(cache, "d", 0, 4, 1);
    assert_true(find(cache, "a", 0) == -1000.0F);
    assert_true(find(cache, "b", 0) == 2.0F);
    assert_true(find(cache, "d", 0) == 4.0F);
    gs_prediction_cache_free(cache);
}

/* A model of it: the last texts put, as many as entries and bytes allow, are found; earlier ones
 * never give a wrong answer. */
static void bytes_are_a_ring(void **state)
{
    enum { N = 3000, BYTES = 512 };
    struct gs_prediction_cache *cache = make(64, BYTES);
    static char texts[N][64];
    uint32_t random = 7;
    size_t dropped = 0;
    size_t kept = 0;
    (void)state;
    for (int i = 0; i < N; i++) {
        random = random * 1664525U + 1013904223U;
        (void)snprintf(texts[i], sizeof texts[i], "%d:%.*s", i, (int)(random >> 16) % 24,
                       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
        const struct gs_str s = gs_str(texts[i]);
        const float logits[2] = {(float)i, (float)-i};
        dropped += gs_prediction_cache_put(cache, gs_prediction_hash(s, 0), s, 0, logits);
        assert_true(find(cache, texts[i], 0) == (float)i);
        size_t bytes = 0;
        for (int back = i; back > i - 8 && back >= 0; back--) {
            bytes += strlen(texts[back]);
            const float found = find(cache, texts[back], 0);
            assert_true(found == (float)back || found == -1000.0F);
            assert_true(found == (float)back || bytes > BYTES - 64);
        }
    }
    for (int i = 0; i < N; i++) {
        const float found = find(cache, texts[i], 0);
        assert_true(found == (float)i || found == -1000.0F);
        kept += found == (float)i;
    }
    assert_int_equal(kept + dropped, N);
    gs_prediction_cache_free(cache);
}

static void a_long_text_is_not_kept(void **state)
{
    struct gs_prediction_cache *cache = make(8, 160);
    (void)state;
    put(cache, "0123456789", 0, 1, 0);
    put(cache, "0123456789a", 0, 2, 0); /* more than a sixteenth */
    assert_true(find(cache, "0123456789", 0) == 1.0F);
    assert_true(find(cache, "0123456789a", 0) == -1000.0F);
    gs_prediction_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_found),       cmocka_unit_test(a_collision_is_no_hit),
        cmocka_unit_test(the_oldest_entries_go_first), cmocka_unit_test(bytes_are_a_ring),
        cmocka_unit_test(a_long_text_is_not_kept),     cmocka_unit_test(the_hash_has_a_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
