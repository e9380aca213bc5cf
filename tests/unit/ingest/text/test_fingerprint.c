#include "tests/unit/ingest/text/text_rows.h"

#include <xxhash.h>

static const struct {
    const char *shows;
    const char *a;
    const char *b;
} same[] = {
    {"case", "Apple FALLS", "apple falls"},
    {"punctuation and blanks", "Apple: falls 5%!", "apple falls, 5 %"},
    {"a retweet", "RT @bob: Apple falls", "Apple falls"},
    {"a retweet of a retweet", "RT @user: RT @eve: Apple falls", "Apple falls"},
    {"another link", "Apple falls https://t.co/abc", "Apple falls https://t.co/xyz"},
    {"a masked link", "Apple falls http", "Apple falls"},
    {"another mention", "@bob Apple falls", "@eve_2 Apple falls"},
    {"emoji", "Apple falls 😱", "Apple falls"},
    {"Han punctuation", "茅台涨停！", "茅台 涨停"},
};

static const struct {
    const char *shows;
    const char *a;
    const char *b;
} different[] = {
    {"words", "Apple falls", "Apple rises"},
    {"numbers", "up 5", "up 6"},
    {"Han", "茅台涨停", "茅台跌停"},
    {"accents are letters", "Nestl\xC3\xA9", "Nestle"},
    {"RT inside a word", "RTX up", "X up"},
    {"RT in the middle", "sell RT buy", "sell buy"},
    {"http inside a word", "xhttp", "x"},
    {"a price behind '@'", "buy @150", "buy @160"},
    {"order", "a b", "b a"},
};

static void test_copies_share_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(same); i++) {
        print_message("  %s\n", same[i].shows);
        assert_int_equal(gs_fingerprint(gs_str(same[i].a)), gs_fingerprint(gs_str(same[i].b)));
        assert_true(gs_fingerprint(gs_str(same[i].a)) != 0);
    }
}

static void test_other_texts_do_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(different); i++) {
        print_message("  %s\n", different[i].shows);
        assert_int_not_equal(gs_fingerprint(gs_str(different[i].a)),
                             gs_fingerprint(gs_str(different[i].b)));
    }
}

static void test_nothing_left_is_zero(void **state)
{
    static const char *const empty[] = {"", "  ", "!!! 😱", "RT @bob: http", "https://t.co/x"};

    (void)state;
    for (size_t i = 0; i < GS_COUNT(empty); i++) {
        assert_int_equal(gs_fingerprint(gs_str(empty[i])), 0);
    }
}

static void test_it_is_xxh3_of_what_is_kept_at_any_length(void **state)
{
    enum { N = 5000 };
    char *spaced = malloc((size_t)2 * N);
    char *kept = malloc(N);

    (void)state;
    assert_non_null(spaced);
    assert_non_null(kept);
    for (size_t i = 0; i < N; i++) {
        kept[i] = (char)('a' + i * i % 7);
        spaced[2 * i] = (char)(kept[i] - ('a' - 'A'));
        spaced[2 * i + 1] = '.';
    }
    for (size_t n = 1; n <= N; n += n < 1100 ? 1 : 487) {
        assert_int_equal(gs_fingerprint((struct gs_str){spaced, 2 * n}), XXH3_64bits(kept, n));
    }
    free(spaced);
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copies_share_it),
        cmocka_unit_test(test_other_texts_do_not),
        cmocka_unit_test(test_nothing_left_is_zero),
        cmocka_unit_test(test_it_is_xxh3_of_what_is_kept_at_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
