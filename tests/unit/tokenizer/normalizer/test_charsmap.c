#include "tokenizer/normalizer/charsmap_graphemes.h"

#include "tests/unit/tokenizer/models/pieces_fixture.h"
#include "tests/unit/tokenizer/normalizer/charsmap_fixture.h"

#include <stdlib.h>

/* ™ → TM, ﬁ → fi, unit separator → nothing, no-break space → space, A → a, e + acute → é,
 * ½ → 1⁄2, zero-width space → nothing, ％ → %,
 * acute → apostrophe, CR LF → LF */
static const struct map_row rows[] = {
    {"\xE2\x84\xA2", "TM"},
    {"\xEF\xAC\x81", "fi"},
    {"\x1F", ""},
    {"\xC2\xA0", " "},
    {"A", "a"},
    {"e\xCC\x81", "\xC3\xA9"},
    {"\xC2\xBD", "1\xE2\x81\x84"
                 "2"},
    {"\xE2\x80\x8B", ""},
    {"\xEF\xBC\x85", "%"},
    {"\xCC\x81", "'"},
    {"\r\n", "\n"},
};

static struct gs_charsmap *map_of_rows(void)
{
    static struct map_blob blob;
    struct gs_charsmap *map = NULL;
    struct gs_error err;

    blob = (struct map_blob){.n_units = MAP_BLOCK};
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        map_add(&blob, rows[i]);
    }
    char *text = map_base64(&blob);
    assert_non_null(text);
    if (gs_charsmap_new(gs_str(text), &map, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    free(text);
    return map;
}

/* "text start-end start-end", one pair a byte. */
static void apply(const struct gs_charsmap *map, const char *text, char *line, size_t size)
{
    struct gs_aligned in = as_it_is(gs_str(text)), out = {0};
    size_t n = 0;

    assert_int_equal(gs_charsmap_apply(map, &in, &out, NULL), GS_OK);
    n += (size_t)snprintf(line, size, "%.*s", (int)out.len, out.bytes);
    for (size_t i = 0; i < out.len && n < size; i++) {
        n += (size_t)snprintf(line + n, size - n, " %u-%u", out.starts[i], out.ends[i]);
    }
    gs_aligned_done(&in);
    gs_aligned_done(&out);
}

/* Expected lines are those of the Precompiled normalizer of tokenizers 0.23.3 with the same map. */
static const struct {
    const char *shows;
    const char *text, *line;
} cases[] = {
    {"nothing", "", ""},
    {"plain ASCII", "abc", "abc 0-1 1-2 2-3"},
    {"ASCII that is in the map", "bAc", "bac 0-1 1-2 2-3"},
    {"one becomes two", "x\xE2\x84\xA2y", "xTMy 0-1 1-4 1-4 4-5"},
    {"one becomes nothing: charged to the one before",
     "a\x1F"
     "b",
     "ab 0-1 2-3"},
    {"the first becomes nothing: everything lags behind",
     "\x1F"
     "ab",
     "ab 0-1 1-2"},
    {"the second of two new ones takes the place of one that goes", "\xE2\x84\xA2\x1Fg",
     "TMg 0-3 3-4 4-5"},
    {"two become one, as a cluster", "e\xCC\x81t", "\xC3\xA9t 0-1 0-1 3-4"},
    {"one becomes three characters", "\xC2\xBD",
     "1\xE2\x81\x84"
     "2 0-2 0-2 0-2 0-2 0-2"},
    {"a cluster is replaced whole by what its beginning stands for", "A\xCC\x88", "a 0-1"},
    {"a cluster of 5 bytes too", "\xE2\x84\xA2\xCC\x81", "TM 0-3 3-5"},
    {"a cluster of 6 bytes goes by characters", "\xEF\xAC\x81\xE2\x83\x9D",
     "fi\xE2\x83\x9D 0-3 0-3 3-6 3-6 3-6"},
    {"plain ASCII may begin a cluster: of its marks only the first is replaced",
     "zx\xCC\x81\xCC\x88", "zx'\xCC\x88 0-1 1-2 2-4 4-6 4-6"},
    {"marks alone are a cluster", "\xCC\x81\xCC\x88", "' 0-2"},
    {"CR LF is a cluster of two", "a\r\nb\rc", "a\nb\rc 0-1 1-2 3-4 4-5 5-6"},
    {"characters that are not in the map", "\xE6\xB6\xA8\xEF\xBC\x85\xF0\x9F\x9A\x80",
     "\xE6\xB6\xA8%\xF0\x9F\x9A\x80 0-3 0-3 0-3 3-6 6-10 6-10 6-10 6-10"},
    {"everything goes", "\x1F\xE2\x80\x8B", ""},
};

static void test_apply(void **state)
{
    struct gs_charsmap *map = map_of_rows();
    char line[256];
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        print_message("  %s\n", cases[i].shows);
        apply(map, cases[i].text, line, sizeof line);
        assert_string_equal(line, cases[i].line);
    }
    gs_charsmap_free(map);
}

/* A map of two blocks, a → b, that one fault is put into. */
struct fault {
    const char *shows;
    size_t unit; /* this unit is set to value; SIZE_MAX: none */
    uint32_t value;
    uint32_t trie_len; /* instead of the right one; 0: the right one */
    const char *texts;
    size_t texts_len;
    const char *says; /* NULL: it is fine */
};

static const struct fault faults[] = {
    {"as it should be", SIZE_MAX, 0, 0, "b", 2, NULL},
    {"the last text needs no NUL", SIZE_MAX, 0, 0, "b", 1, NULL},
    {"no trie at all", SIZE_MAX, 0, 2, "b", 2, "a trie of"},
    {"a trie longer than the map", SIZE_MAX, 0, 4 * 256 * 3, "b", 2, "a trie of"},
    {"half a block", SIZE_MAX, 0, 4 * 300, "b", 2, "a trie of"},
    {"a length of 4 GB", SIZE_MAX, 0, 0xFFFFFC00U, "b", 2, "a trie of"},
    {"the root points outside", 0, 5000U << 10, 0, "b", 2, "points outside"},
    {"a node points outside", 'a', (0x3FFU << 10) | 1U << 8 | 'a', 0, "b", 2, "points outside"},
    {"a node points far outside", 'a', 0x7FFFFF00U | 'a', 0, "b", 2, "points outside"},
    {"a leaf points behind the texts", 256, 1U << 31 | 3, 0, "b", 2, "points to no text"},
    {"a leaf points into a character", 256, 1U << 31 | 1, 0, "\xC3\xA9", 3, "points to no text"},
    {"texts that are not UTF-8", SIZE_MAX, 0, 0, "\xC3", 2, "not UTF-8"},
    {"a node that is its own child: walks end with the text", 'a', ('a' ^ 0U) << 10 | (uint32_t)'a',
     0, "b", 2, NULL},
};

static void test_faults(void **state)
{
    enum { UNITS = 2 * MAP_BLOCK };
    static const size_t units_len = (size_t)4 * UNITS;
    (void)state;
    for (size_t i = 0; i < GS_COUNT(faults); i++) {
        const struct fault *fault = &faults[i];
        static struct map_blob blob;
        struct gs_charsmap *map = NULL;
        struct gs_error err = {0};
        unsigned char bytes[4 + 4 * UNITS + 8];
        print_message("  %s\n", fault->shows);
        blob = (struct map_blob){.n_units = MAP_BLOCK};
        map_add(&blob, (struct map_row){"a", "b"});
        if (fault->unit != SIZE_MAX) {
            blob.units[fault->unit] = fault->value;
        }
        put_u32(bytes, fault->trie_len != 0 ? fault->trie_len : 4 * UNITS);
        for (size_t k = 0; k < UNITS; k++) {
            put_u32(bytes + 4 + 4 * k, blob.units[k]);
        }
        memcpy(bytes + 4 + units_len, fault->texts, fault->texts_len);
        char *text = base64_of(bytes, 4 + units_len + fault->texts_len);
        assert_non_null(text);
        assert_int_equal(gs_charsmap_new(gs_str(text), &map, &err),
                         fault->says == NULL ? GS_OK : GS_BAD_FORMAT);
        if (fault->says != NULL) {
            assert_null(map);
            assert_non_null(strstr(err.message, fault->says));
        } else {
            char line[64];
            apply(map, "aaa\xC3\xA9", line, sizeof line);
        }
        gs_charsmap_free(map);
        free(text);
    }
}

static const struct {
    const char *shows;
    const char *base64;
    const char *says;
} texts[] = {
    {"no text", "", "a trie of 0 bytes"},
    {"three characters", "AAA", "not base64"},
    {"a character of another alphabet", "AA-_", "not base64"},
    {"a line break", "AAA\n", "not base64"},
    {"padding before the end", "AA==AAAA", "not base64"},
    {"padding alone", "====", "not base64"},
    {"one padding where two belong", "A=AA", "not base64"},
    {"bits left over", "AAB=", "not base64"},
    {"too short for a length", "AAA=", "a trie of 0 bytes"},
};

static void test_base64(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(texts); i++) {
        struct gs_charsmap *map = NULL;
        struct gs_error err = {0};
        print_message("  %s\n", texts[i].shows);
        assert_int_equal(gs_charsmap_new(gs_str(texts[i].base64), &map, &err), GS_BAD_FORMAT);
        assert_non_null(strstr(err.message, texts[i].says));
    }
}

/* The clusters' lengths in bytes, each a digit. */
static const struct {
    const char *shows;
    const char *text, *lens;
} clusters[] = {
    {"letters", "abc", "111"},
    {"GB3: CR LF", "a\r\nb", "121"},
    {"GB3: not LF CR", "\n\r", "11"},
    {"GB5: a mark behind a control is alone", "\t\xCC\x81", "12"},
    {"GB6: L and V", "\xE1\x84\x80\xE1\x85\xA1", "6"},
    {"GB6 to 8: L V T", "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8", "9"},
    {"GB7: syllable without a tail and T", "\xEA\xB0\x80\xE1\x86\xA8", "6"},
    {"GB8: syllable with a tail and V", "\xEA\xB0\x81\xE1\x85\xA1", "33"},
    {"GB9: marks", "e\xCC\x81\xCC\x88x", "51"},
    {"GB9: joiner",
     "a\xE2\x80\x8D"
     "b",
     "41"},
    {"GB9a: spacing mark", "\xE0\xA4\x95\xE0\xA4\xBE", "6"},
    {"GB9b: prepended mark",
     "\xD8\x80"
     "1",
     "3"},
    {"GB9b: not before a control", "\xD8\x80\n", "21"},
    {"GB9c: consonants with a linker", "\xE0\xA4\x95\xE0\xA5\x8D\xE0\xA4\xB7", "9"},
    {"GB9c: consonants without", "\xE0\xA4\x95\xE0\xA4\xB7", "33"},
    {"GB9c: a linker without a consonant before", "\xE0\xA5\x8D\xE0\xA4\xB7", "33"},
    {"GB9c: linker, joiner, consonant", "\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8D\xE0\xA4\xB7", "c"},
    {"GB9c: linker and a non-joiner, consonant", "\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8C\xE0\xA4\xB7",
     "93"},
    {"GB11: two emoji joined", "\xE2\x9D\xA4\xE2\x80\x8D\xE2\x9D\xA4", "9"},
    {"GB11: with a selector between", "\xE2\x9D\xA4\xEF\xB8\x8F\xE2\x80\x8D\xE2\x9D\xA4", "c"},
    {"GB11: two joiners do not join", "\xE2\x9D\xA4\xE2\x80\x8D\xE2\x80\x8D\xE2\x9D\xA4", "93"},
    {"GB11: a letter and a joiner do not", "a\xE2\x80\x8D\xE2\x9D\xA4", "43"},
    {"GB12: flags are pairs",
     "\xF0\x9F\x87\xA9\xF0\x9F\x87\xAA\xF0\x9F\x87\xA8\xF0\x9F\x87\xB3\xF0\x9F\x87\xA9", "884"},
    {"bytes that are not UTF-8 are alone", "a\xCC\x81\xFF\xCC\x81", "312"},
};

static void test_clusters(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(clusters); i++) {
        const size_t n = strlen(clusters[i].text);
        char lens[32] = "";
        size_t k = 0;
        print_message("  %s\n", clusters[i].shows);
        for (size_t at = 0; at < n && k < sizeof lens - 1; k++) {
            const size_t end = gs_grapheme_end(clusters[i].text, at, n);
            assert_true(end > at && end - at < 16);
            lens[k] = "0123456789abcdef"[end - at];
            at = end;
        }
        assert_string_equal(lens, clusters[i].lens);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_clusters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
