#include "tests/unit/gs_test.h"
#include "tokenizer/ngram/ngrams.h"

#include <stdlib.h>

static size_t extract(struct gs_ngrams *ngrams, const char *text, const struct gs_feature **ret)
{
    return gs_ngrams_extract(ngrams, gs_str(text), ret);
}

static bool holds(const struct gs_feature *features, size_t n, uint32_t hash)
{
    for (size_t i = 0; i < n; i++) {
        if (features[i].hash == hash) {
            return true;
        }
    }
    return false;
}

/* Features of text covering exactly start..end, of a kind (GS_NGRAMS_WORD or 0); 0: none. */
static uint32_t hash_at(const struct gs_feature *features, size_t n, size_t start, size_t end,
                        uint32_t kind)
{
    for (size_t i = 0; i < n; i++) {
        if (features[i].start == start && features[i].end == end &&
            (features[i].hash & GS_NGRAMS_WORD) == kind) {
            return features[i].hash;
        }
    }
    return 0;
}

static const struct {
    const char *shows;
    const char *text;
    size_t n;
} counts[] = {
    {"empty text", "", 0},
    {"only white space", " \n\t ", 0},
    /* _a_: "_a", "_a_", "a_" and the word */
    {"one letter", "a", 4},
    /* _ab_: 2-grams 3, 3-grams 2, 4-gram 1, and the word */
    {"one word", "ab", 7},
    {"white space at the ends is nothing", "  ab \n", 7},
    /* two words alone, and their pair */
    {"two words make a pair", "ab a", 7 + 4 + 1},
    /* _涨_: an edge alone says nothing */
    {"one Han character", "\xE6\xB6\xA8", 1 + 2 + 1},
    {"two Han characters", "\xE6\xB6\xA8\xE5\x81\x9C", 2 + 3 + 2 + 1},
};

static void test_counts(void **state)
{
    struct gs_ngrams *ngrams = NULL;
    (void)state;
    assert_int_equal(gs_ngrams_new(64, &ngrams, NULL), GS_OK);
    for (size_t i = 0; i < GS_COUNT(counts); i++) {
        const struct gs_feature *features = NULL;
        print_message("  %s\n", counts[i].shows);
        assert_int_equal(extract(ngrams, counts[i].text, &features), counts[i].n);
    }
    gs_ngrams_free(ngrams);
}

static const struct {
    const char *shows;
    const char *a, *b;
    bool same;
} pairs[] = {
    {"case does not matter", "Profit Warning", "profit warning", true},
    {"a digit is a digit", "up 35%", "up 90%", true},
    {"how many digits does", "up 3%", "up 35%", false},
    {"runs of white space are one", "profit   warning", "profit warning", true},
    {"typographic apostrophe", "don\xE2\x80\x99t", "don't", true},
    {"order of words", "loss narrowed", "narrowed loss", false},
    {"accents are letters of their own", "cafe", "caf\xC3\xA9", false},
    {"accented capitals fold", "\xC3\x89t\xC3\xA9", "\xC3\xA9t\xC3\xA9", true},
    {"Cyrillic capitals fold", "\xD0\x91\xD0\xB0", "\xD0\xB1\xD0\xB0", true},
    {"order of Han characters", "\xE6\xB6\xA8\xE5\x81\x9C", "\xE5\x81\x9C\xE6\xB6\xA8", false},
};

static void test_same_or_other_features(void **state)
{
    struct gs_ngrams *ngrams = NULL;
    uint32_t first[256];
    (void)state;
    assert_int_equal(gs_ngrams_new(256, &ngrams, NULL), GS_OK);
    for (size_t i = 0; i < GS_COUNT(pairs); i++) {
        const struct gs_feature *features = NULL;
        print_message("  %s\n", pairs[i].shows);
        const size_t n = extract(ngrams, pairs[i].a, &features);
        for (size_t k = 0; k < n; k++) {
            first[k] = features[k].hash;
        }
        const size_t m = extract(ngrams, pairs[i].b, &features);
        bool same = n == m;
        for (size_t k = 0; k < n && same; k++) {
            same = first[k] == features[k].hash;
        }
        assert_int_equal(same, pairs[i].same);
    }
    gs_ngrams_free(ngrams);
}

/* "good" as a word, found at its place in the text. */
static uint32_t word_good(struct gs_ngrams *ngrams, const char *text)
{
    const struct gs_feature *features = NULL;
    const size_t n = extract(ngrams, text, &features);
    const size_t at = (size_t)(strstr(text, "good") - text);
    const uint32_t hash = hash_at(features, n, at, at + 4, GS_NGRAMS_WORD);
    assert_int_not_equal(hash, 0);
    return hash;
}

static const struct {
    const char *shows;
    const char *text;
    bool negated;
} scopes[] = {
    {"nothing negates", "results are good", false},
    {"not", "results not good", true},
    {"no", "no good news", true},
    {"isn't", "this isn't good", true},
    {"typographic isn't", "this isn\xE2\x80\x99t good", true},
    {"never, in capitals", "NEVER as good", true},
    {"notable is not a negation", "notable good", false},
    {"a comma ends the scope", "not bad, good", false},
    {"four words on it still reaches", "not one two three good", true},
    {"five words on it has ended", "not one two three four good", false},
};

static void test_negation(void **state)
{
    struct gs_ngrams *ngrams = NULL;
    (void)state;
    assert_int_equal(gs_ngrams_new(512, &ngrams, NULL), GS_OK);
    const uint32_t plain = word_good(ngrams, "good");
    for (size_t i = 0; i < GS_COUNT(scopes); i++) {
        print_message("  %s\n", scopes[i].shows);
        assert_int_equal(word_good(ngrams, scopes[i].text) != plain, scopes[i].negated);
    }
    gs_ngrams_free(ngrams);
}

static const struct {
    const char *shows;
    const char *text;
    bool han;
} profiles[] = {
    {"English", "Profit warning", false},
    {"Chinese", "\xE4\xB8\x9A\xE7\xBB\xA9\xE9\xA2\x84\xE5\x91\x8A", true},
    {"Chinese with a ticker", "$NRVN \xE4\xB8\x9A\xE7\xBB\xA9\xE9\xA2\x84\xE5\x91\x8A", true},
    {"one Han character in an English text", "Norvane (\xE4\xB8\x9A) issues a profit warning",
     false},
    {"digits are no letters", "2024 35% \xE6\xB6\xA8", true},
};

static void test_profile_bit_is_one_for_all(void **state)
{
    struct gs_ngrams *ngrams = NULL;
    (void)state;
    assert_int_equal(gs_ngrams_new(512, &ngrams, NULL), GS_OK);
    for (size_t i = 0; i < GS_COUNT(profiles); i++) {
        const struct gs_feature *features = NULL;
        print_message("  %s\n", profiles[i].shows);
        const size_t n = extract(ngrams, profiles[i].text, &features);
        assert_true(n > 0);
        for (size_t k = 0; k < n; k++) {
            assert_int_equal((features[k].hash & GS_NGRAMS_HAN) != 0, profiles[i].han);
        }
    }
    gs_ngrams_free(ngrams);
}

static const struct {
    const char *shows, *one, *other;
    bool same; /* with the fold on; off, they never are */
} written[] = {
    {"traditional as simplified", "債券違約", "债券违约", true},
    {"beside Latin and digits", "$NRVN 虧損 35%", "$NRVN 亏损 35%", true},
    {"in an English text", "Norvane (虧) issues a profit warning",
     "Norvane (亏) issues a profit warning", true},
    {"other words stay other", "債券違約", "债券兑付", false},
};

static void test_traditional_chinese_is_read_as_simplified_where_that_is_wanted(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(written); i++) {
        struct gs_feature kept[512];
        print_message("  %s\n", written[i].shows);
        for (int on = 0; on < 2; on++) {
            struct gs_ngrams *ngrams = NULL;
            const struct gs_feature *features = NULL;
            assert_int_equal(gs_ngrams_new(512, &ngrams, NULL), GS_OK);
            gs_ngrams_read_simplified(ngrams, on != 0);
            const size_t n = extract(ngrams, written[i].one, &features);
            memcpy(kept, features, n * sizeof *kept);
            const size_t m = extract(ngrams, written[i].other, &features);
            const bool same = m == n && memcmp(kept, features, n * sizeof *kept) == 0;
            assert_int_equal(same, on && written[i].same);
            gs_ngrams_free(ngrams);
        }
    }
}

static void test_places(void **state)
{
    static const char text[] = "a \xE6\xB6\xA8 \xF0\x9F\x9A\x80 ok";
    struct gs_ngrams *ngrams = NULL;
    const struct gs_feature *features = NULL;
    (void)state;
    assert_int_equal(gs_ngrams_new(512, &ngrams, NULL), GS_OK);
    const size_t n = extract(ngrams, text, &features);
    for (size_t i = 0; i < n; i++) {
        assert_true(features[i].start < features[i].end);
        assert_true(features[i].end <= sizeof text - 1);
        assert_int_not_equal((unsigned char)text[features[i].start] & 0xC0, 0x80);
    }
    gs_ngrams_free(ngrams);
}

static void test_bounded(void **state)
{
    struct gs_ngrams *ngrams = NULL;
    const struct gs_feature *features = NULL;
    char *text = malloc(100000);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', 100000);
    assert_int_equal(gs_ngrams_new(10, &ngrams, NULL), GS_OK);
    assert_int_equal(gs_ngrams_extract(ngrams, (struct gs_str){text, 100000}, &features), 10);
    const uint32_t first = features[0].hash;
    assert_int_equal(gs_ngrams_extract(ngrams, (struct gs_str){text, 3}, &features), 10);
    assert_int_equal(features[0].hash, first);
    gs_ngrams_free(ngrams);
    free(text);
    ngrams = NULL;
    assert_int_equal(gs_ngrams_new(0, &ngrams, NULL), GS_NO_MEMORY);
    assert_null(ngrams);
}

static void test_bad_utf8_is_counted_not_skipped(void **state)
{
    struct gs_ngrams *ngrams = NULL;
    const struct gs_feature *features = NULL;
    (void)state;
    assert_int_equal(gs_ngrams_new(64, &ngrams, NULL), GS_OK);
    const size_t n = gs_ngrams_extract(ngrams, (struct gs_str){"\xFF", 1}, &features);
    assert_true(n > 0);
    const uint32_t hash = features[0].hash;
    const size_t m = gs_ngrams_extract(ngrams, (struct gs_str){"\xFE", 1}, &features);
    assert_int_equal(m, n);
    assert_false(holds(features, m, hash));
    gs_ngrams_free(ngrams);
}

/* Models hold these numbers: a change of any needs a new GS_NGRAMS_VERSION. */
static void test_hashes_are_for_ever(void **state)
{
    struct gs_ngrams *ngrams = NULL;
    const struct gs_feature *features = NULL;
    uint32_t sum = 0;
    (void)state;
    assert_int_equal(GS_NGRAMS_VERSION, 1);
    assert_int_equal(gs_ngrams_new(512, &ngrams, NULL), GS_OK);
    size_t n = extract(ngrams, "Profit isn't up 5%, not yet.", &features);
    for (size_t i = 0; i < n; i++) {
        sum = sum * 31 + features[i].hash;
    }
    n = extract(ngrams, "\xE5\x87\x80\xE5\x88\xA9\xE6\xB6\xA6 ST 3%", &features);
    for (size_t i = 0; i < n; i++) {
        sum = sum * 31 + features[i].hash;
    }
    assert_int_equal(sum, 0x1eef0d65U);
    gs_ngrams_free(ngrams);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_same_or_other_features),
        cmocka_unit_test(test_negation),
        cmocka_unit_test(test_profile_bit_is_one_for_all),
        cmocka_unit_test(test_traditional_chinese_is_read_as_simplified_where_that_is_wanted),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_bad_utf8_is_counted_not_skipped),
        cmocka_unit_test(test_hashes_are_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
