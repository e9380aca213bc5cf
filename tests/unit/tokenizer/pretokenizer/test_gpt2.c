#include "tokenizer/models/pieces.h"

#include "ingest/base/attr.h"
#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <stdlib.h>

/* The words with | between them. */
static const char *words(const char *text, size_t n, char *line)
{
    /* exact size: one byte read too far is seen */
    char *copy = malloc(n == 0 ? 1 : n);
    size_t len = 0;

    assert_non_null(copy);
    memcpy(copy, text, n);
    for (size_t at = 0; at < n;) {
        const size_t end = gs_gpt2_word_end(copy, at, n);
        assert_true(end > at && end <= n);
        if (at > 0) {
            line[len++] = '|';
        }
        memcpy(line + len, copy + at, end - at);
        len += end - at;
        at = end;
    }
    line[len] = '\0';
    free(copy);
    return line;
}

/* Expected words are those of the ByteLevel pre-tokenizer of tokenizers 0.23.3. */
static const struct {
    const char *shows;
    const char *text, *words;
} cases[] = {
    {"nothing", "", ""},
    {"a space belongs to the word behind it", "up 3 %", "up| 3| %"},
    {"letters, numbers and the rest part", "abc123!?def", "abc|123|!?|def"},
    {"contractions", "it's we're I'll he'd they've I'm don't",
     "it|'s| we|'re| I|'ll| he|'d| they|'ve| I|'m| don|'t"},
    {"contractions are lower case", "IT'S", "IT|'|S"},
    {"a contraction goes first, also inside a word", "'stop", "'s|top"},
    {"half a contraction", "'r 'v 'l", "'|r| '|v| '|l"},
    {"a contraction behind a space is none", "a 's", "a| '|s"},
    {"an apostrophe at the end", "a'", "a|'"},
    {"of several spaces the last goes to the word", "a   b", "a|  | b"},
    {"line breaks do not", "a\n\nb", "a|\n|\n|b"},
    {"one line break", "a\nb", "a|\n|b"},
    {"spaces at the end stay together", "a   ", "a|   "},
    {"a space before a line break", "a \n b", "a| \n| b"},
    {"a tab is no space", "a\tb", "a|\t|b"},
    {"wide spaces", "a\xE3\x80\x80\xE3\x80\x80 b", "a|\xE3\x80\x80\xE3\x80\x80| b"},
    {"a wide space before a word is a word",
     "a\xE3\x80\x80"
     "b",
     "a|\xE3\x80\x80|b"},
    {"Chinese is letters",
     "\xE6\xB6\xA8\xE5\x81\x9C"
     "3\xE5\x80\x8D\xE3\x80\x82",
     "\xE6\xB6\xA8\xE5\x81\x9C|3|\xE5\x80\x8D|\xE3\x80\x82"},
    {"a combining mark is no letter", "e\xCC\x81t", "e|\xCC\x81|t"},
    {"Roman numerals and fractions are numbers", "x\xE2\x85\xA7\xC2\xBDy",
     "x|\xE2\x85\xA7\xC2\xBD|y"},
    {"emoji are the rest", "\xF0\x9F\x9A\x80\xF0\x9F\x9A\x80 go",
     "\xF0\x9F\x9A\x80\xF0\x9F\x9A\x80| go"},
    {"no-break space is a space",
     "a\xC2\xA0"
     "b",
     "a|\xC2\xA0|b"},
    {"zero-width space is the rest",
     "a\xE2\x80\x8B"
     "b",
     "a|\xE2\x80\x8B|b"},
    {"letters of Unicode 16", "a\xF0\x90\x97\x80 b", "a\xF0\x90\x97\x80| b"},
    {"bytes that are not UTF-8 are the rest",
     "a\xFF\xC3"
     "b",
     "a|\xFF\xC3|b"},
};

static void test_words(void **state)
{
    char line[256];
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        print_message("  %s\n", cases[i].shows);
        assert_string_equal(words(cases[i].text, strlen(cases[i].text), line), cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
