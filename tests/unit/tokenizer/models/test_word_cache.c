#include "tokenizer/models/word_cache.h"

#include "ingest/base/attr.h"
#include "tests/unit/gs_test.h"

#include <stdlib.h>

/* Bytes right before the end of a block: one read too far is seen. */
static bool find(struct gs_word_cache *cache, uint32_t model, const char *word, size_t len,
                 struct gs_word_slot **slot)
{
    char *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, word, len);
    const bool found = gs_word_cache_find(cache, model, copy, len, slot);
    free(copy);
    return found;
}

/* Words that differ in one byte, in length or only by a NUL are different words. */
static void test_words(void **state)
{
    static const char letters[GS_CACHE_WORD + 1] = "abcdefghijklmnopqrstuvwx";
    struct gs_word_cache *cache = gs_word_cache_new();
    struct gs_word_slot *slot = NULL;
    (void)state;

    assert_non_null(cache);
    for (size_t len = 1; len <= GS_CACHE_WORD; len++) {
        char other[GS_CACHE_WORD];
        assert_false(find(cache, 1, letters, len, &slot));
        gs_word_cache_note(slot, 0, len, 7);
        gs_word_cache_keep(slot, 1);
        assert_true(find(cache, 1, letters, len, &slot));
        assert_int_equal(slot->n, 1);
        assert_int_equal(slot->ends[0], len);
        memcpy(other, letters, len);
        for (size_t i = 0; i < len; i++) {
            other[i] = '\0';
            assert_false(find(cache, 1, other, len, &slot));
            other[i] = letters[i];
        }
    }
    free(cache);
}

/* A word that was never kept is not there, whatever is in its place, until it is kept. */
static void add_new(struct gs_word_cache *cache, const char *word, size_t len)
{
    struct gs_word_slot *slot = NULL;

    assert_false(gs_word_cache_find(cache, 1, word, len, &slot));
    assert_false(gs_word_cache_find(cache, 1, word, len, &slot));
    gs_word_cache_note(slot, 0, len, 1);
    gs_word_cache_keep(slot, 1);
    assert_true(gs_word_cache_find(cache, 1, word, len, &slot));
}

/* All words of 1 to 7 bytes of four letters. */
static void test_short_words(void **state)
{
    struct gs_word_cache *cache = gs_word_cache_new();
    (void)state;

    assert_non_null(cache);
    for (size_t len = 1; len <= 7; len++) {
        for (unsigned n = 0; n < 1U << 2 * len; n++) {
            char word[7];
            for (size_t i = 0; i < len; i++) {
                word[i] = (char)(n >> 2 * i & 3U);
            }
            add_new(cache, word, len);
        }
    }
    free(cache);
}

/* More words than places: 24 bytes that differ in a third of them, and words that end in NULs. */
static void test_many_words(void **state)
{
    struct gs_word_cache *cache = gs_word_cache_new();
    (void)state;

    assert_non_null(cache);
    for (uint64_t n = 1; n <= 60000; n++) {
        char word[GS_CACHE_WORD] = "sixteen bytes...";
        memcpy(word + 8 * (n % 3), &n, sizeof n);
        add_new(cache, word, sizeof word);
    }
    for (uint64_t n = 1; n <= 3000; n++) {
        char word[GS_CACHE_WORD] = {0};
        memcpy(word, &n, 4);
        for (size_t len = 4; len <= sizeof word; len++) {
            add_new(cache, word, len);
        }
    }
    free(cache);
}

static void test_models(void **state)
{
    struct gs_word_cache *cache = gs_word_cache_new();
    struct gs_word_slot *slot = NULL;
    const uint32_t first = gs_word_cache_model(), second = gs_word_cache_model();
    (void)state;

    assert_non_null(cache);
    assert_int_not_equal(first, 0);
    assert_int_not_equal(first, second);
    assert_false(find(cache, first, "word", 4, &slot));
    gs_word_cache_note(slot, 0, 4, 3);
    gs_word_cache_keep(slot, first);
    assert_false(find(cache, second, "word", 4, &slot));
    free(cache);
}

/* Five pieces are kept, of a word of six nothing is; a word that was begun and not kept is not
 * there. */
static void test_pieces(void **state)
{
    struct gs_word_cache *cache = gs_word_cache_new();
    struct gs_word_slot *slot = NULL;
    (void)state;

    assert_non_null(cache);
    for (size_t n = 0; n <= GS_CACHE_PIECES + 3; n++) {
        const char word[2] = {'w', (char)('0' + n)};
        assert_false(find(cache, 1, word, 2, &slot));
        for (size_t i = 0; i < n; i++) {
            gs_word_cache_note(slot, i, i + 1, (int32_t)i);
        }
        assert_false(find(cache, 1, word, 2, &slot));
        for (size_t i = 0; i < n; i++) {
            gs_word_cache_note(slot, i, i + 1, (int32_t)i);
        }
        gs_word_cache_keep(slot, 1);
        assert_int_equal(find(cache, 1, word, 2, &slot), n <= GS_CACHE_PIECES);
        if (n <= GS_CACHE_PIECES) {
            assert_int_equal(slot->n, n);
        }
    }
    free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),      cmocka_unit_test(test_short_words),
        cmocka_unit_test(test_many_words), cmocka_unit_test(test_models),
        cmocka_unit_test(test_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
