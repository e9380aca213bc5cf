#include "tokenizer/models/unigram.h"

#include "tests/unit/tokenizer/models/pieces_fixture.h"

#include <stdlib.h>

static struct gs_unigram *model_of(const char *text)
{
    struct gs_unigram *unigram = NULL;
    struct gs_error err;
    json_t *json = json_of(text);

    if (gs_unigram_new(json, &unigram, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    json_decref(json);
    return unigram;
}

static const char *encode(const struct gs_unigram *unigram, const char *text, char *line,
                          size_t size)
{
    struct gs_unigram_workspace *work = NULL;
    struct gs_aligned aligned = as_it_is(gs_str(text));
    struct gs_pieces pieces = {0};

    assert_int_equal(gs_unigram_workspace_new(&work, NULL), GS_OK);
    assert_int_equal(gs_unigram_encode(unigram, work, &aligned, 0, aligned.len, &pieces, NULL),
                     GS_OK);
    (void)pieces_line(&pieces, line, size);
    gs_pieces_done(&pieces);
    gs_aligned_done(&aligned);
    gs_unigram_workspace_free(work);
    return line;
}

#define ABC "[\"<unk>\",0],[\"a\",0],[\"b\",0],[\"c\",0],[\"d\",0]"

/* Expected lines are those of tokenizers 0.23.3. */
static const struct {
    const char *shows;
    const char *model;
    const char *text;
    const char *line;
} cases[] = {
    {"empty word", "{\"unk_id\":0,\"vocab\":[" ABC "]}", "", ""},
    {"the better segmentation, not the longest piece",
     "{\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"a\",-1],[\"ab\",-9],[\"b\",-1]]}", "ab",
     "1:0-1 3:1-2"},
    {"pieces of several characters",
     "{\"unk_id\":0,\"vocab\":[" ABC ",[\"cd\",1],[\"ab\",2],[\"abc\",5],[\"abcd\",10]]}",
     "abcdacdxx", "8:0-4 1:4-5 5:5-7 0:7-9"},
    {"of equal sums the piece that begins first, that is the longer last piece",
     "{\"unk_id\":0,\"vocab\":[" ABC ",[\"ab\",0],[\"bc\",0]]}", "abc", "1:0-1 6:1-3"},
    {"a run of unknowns is one", "{\"unk_id\":0,\"vocab\":[" ABC "]}", "axyzb\xC3\xA9\xE6\xBC\xA2",
     "1:0-1 0:1-4 2:4-5 0:5-10"},
    {"the unknown piece's own text joins unknowns", "{\"unk_id\":0,\"vocab\":[" ABC "]}", "x<unk>a",
     "0:0-6 1:6-7"},
    {"unknown characters that together are a piece",
     "{\"unk_id\":0,\"vocab\":[[\"<unk>\",50],[\"xy\",40],[\"a\",30]]}", "axy", "2:0-1 1:1-3"},
    {"of equal pieces the last counts",
     "{\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"ab\",-1],[\"a\",-2],[\"b\",-2],[\"ab\",-5]]}", "ab",
     "2:0-1 3:1-2"},
    {"the empty piece is never found",
     "{\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"\",9],[\"a\",0]]}", "aa", "2:0-1 2:1-2"},
    {"unk_id may be anywhere", "{\"unk_id\":2,\"vocab\":[[\"a\",0],[\"b\",0],[\"?\",0]]}", "axb",
     "0:0-1 2:1-2 1:2-3"},
    {"bytes instead of an unknown, each covering all of it",
     "{\"unk_id\":0,\"byte_fallback\":true,\"vocab\":[[\"<unk>\",0],[\"a\",0],[\"<0xC3>\",0],"
     "[\"<0xA9>\",0]]}",
     "a\xC3\xA9", "1:0-1 2:1-3 3:1-3"},
    {"a byte is missing: unknown",
     "{\"unk_id\":0,\"byte_fallback\":true,\"vocab\":[[\"<unk>\",0],[\"a\",0],[\"<0xC3>\",0]]}",
     "\xC3\xA9"
     "a",
     "0:0-2 1:2-3"},
    {"bytes that are not UTF-8 are unknown characters", "{\"unk_id\":0,\"vocab\":[" ABC "]}",
     "a\xFF\xC3"
     "b",
     "1:0-1 0:1-3 2:3-4"},
    {"bytes are not taken where the unknown characters together are a piece",
     "{\"unk_id\":0,\"byte_fallback\":true,\"vocab\":[[\"<unk>\",50],[\"xy\",40],"
     "[\"<0x78>\",40],[\"<0x79>\",40]]}",
     "xy", "1:0-2"},
    {"the unknown costs 10 more than the worst piece",
     "{\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"a\",5],[\"ax\",-1]]}", "ax", "2:0-2"},
    {"and no more than 10", "{\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"a\",11],[\"ax\",-1]]}", "ax",
     "1:0-1 0:1-2"},
};

static void test_encode(void **state)
{
    char line[256];
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        struct gs_unigram *unigram = model_of(cases[i].model);
        print_message("  %s\n", cases[i].shows);
        assert_string_equal(encode(unigram, cases[i].text, line, sizeof line), cases[i].line);
        gs_unigram_free(unigram);
    }
}

static const struct {
    const char *shows;
    const char *model;
    const char *says;
} broken[] = {
    {"no vocabulary", "{\"unk_id\":0}", "model.vocab is no array"},
    {"empty vocabulary", "{\"unk_id\":0,\"vocab\":[]}", "model.vocab is no array"},
    {"no unk_id", "{\"vocab\":[[\"a\",0]]}", "model.unk_id is missing"},
    {"unk_id is null", "{\"unk_id\":null,\"vocab\":[[\"a\",0]]}", "model.unk_id is missing"},
    {"unk_id out of range", "{\"unk_id\":1,\"vocab\":[[\"a\",0]]}", "model.unk_id is not in"},
    {"unk_id is negative", "{\"unk_id\":-1,\"vocab\":[[\"a\",0]]}", "model.unk_id is not in"},
    {"a row without a score", "{\"unk_id\":0,\"vocab\":[[\"a\",0],[\"b\"]]}", "model.vocab[1]"},
    {"a score that is a text", "{\"unk_id\":0,\"vocab\":[[\"a\",\"0\"]]}", "model.vocab[0]"},
    {"a row that is a text", "{\"unk_id\":0,\"vocab\":[\"a\"]}", "model.vocab[0]"},
    {"byte_fallback is a number", "{\"unk_id\":0,\"byte_fallback\":1,\"vocab\":[[\"a\",0]]}",
     "model.byte_fallback"},
};

static void test_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(broken); i++) {
        struct gs_unigram *unigram = NULL;
        struct gs_error err;
        json_t *json = json_of(broken[i].model);
        print_message("  %s\n", broken[i].shows);
        assert_int_equal(gs_unigram_new(json, &unigram, &err), GS_BAD_FORMAT);
        assert_non_null(strstr(err.message, broken[i].says));
        assert_null(unigram);
        json_decref(json);
    }
}

/* The right column is what tokenizers 0.23.3 writes out after reading the left one. */
static const struct {
    const char *shows;
    double nearest, read;
} scores[] = {
    {"few digits are exact", -3.25, -3.25},
    {"15 digits are exact", 2.71828182845904, 2.71828182845904},
    {"17 digits, rounded twice", -15.275492379532281, -15.27549237953228},
    {"a tie of the 17th digit goes to even", -19.262588500976562, -19.26258850097656},
    {"a tie of the 16th digit", -908.2105102539062, -908.2105102539062},
    {"zero", 0, 0},
    {"small", 1e-5, 1e-5},
    {"whole numbers are written with .0", 3860115948457410.0, 3860115948457409.5},
};

static void test_scores(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(scores); i++) {
        print_message("  %s\n", scores[i].shows);
        assert_true(gs_unigram_score(scores[i].nearest) == scores[i].read);
    }
}

/* Every piece of a large random vocabulary is found again, and nothing that is none. */
static void test_trie(void **state)
{
    enum { N = 20000, MAX_LEN = 6 };
    static char texts[N][MAX_LEN];
    static struct gs_trie_piece pieces[N];
    struct gs_trie trie = {0};
    uint32_t random = 12345;
    (void)state;

    for (size_t i = 0; i < N; i++) {
        const size_t len = 1 + i % MAX_LEN;
        for (size_t k = 0; k < len; k++) {
            random = random * 1664525U + 1013904223U;
            texts[i][k] = (char)(random >> 24); /* every byte there is */
        }
        pieces[i] = (struct gs_trie_piece){{texts[i], len}, -(double)i, (int32_t)i, 0};
    }
    assert_int_equal(gs_trie_build(pieces, N, &trie, NULL), GS_OK);
    for (size_t i = 0; i < N; i++) {
        const bool last = i + 1 == N || !gs_str_equal(pieces[i].text, pieces[i + 1].text);
        int32_t id = -1;
        assert_true(gs_trie_find(&trie, pieces[i].text, &id));
        assert_true(!last || id == pieces[i].id); /* they are sorted now, the last of equals wins */
    }
    int32_t id = -1;
    assert_false(gs_trie_find(&trie, gs_str("no such piece"), &id));
    assert_false(gs_trie_find(&trie, gs_str(""), &id));
    gs_trie_done(&trie);
}

/* A word of 1 MB: linear time. */
static void test_long_word(void **state)
{
    enum { N = 1000000 };
    struct gs_unigram *unigram = model_of(
        "{\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"a\",-0.2],[\"aa\",-0.3],[\"aaa\",-0.3]]}");
    struct gs_unigram_workspace *work = NULL;
    struct gs_pieces pieces = {0};
    char *text = malloc(N);
    (void)state;

    assert_non_null(text);
    memset(text, 'a', N);
    struct gs_aligned aligned = as_it_is((struct gs_str){text, N});
    assert_int_equal(gs_unigram_workspace_new(&work, NULL), GS_OK);
    assert_int_equal(gs_unigram_encode(unigram, work, &aligned, 0, N, &pieces, NULL), GS_OK);
    uint32_t end = 0;
    for (size_t i = 0; i < pieces.n; i++) {
        assert_int_equal(pieces.starts[i], end);
        end = pieces.ends[i];
    }
    assert_int_equal(end, N);
    assert_int_equal(pieces.n,
                     N / 3 + 1); /* it is done in parts, but none is cut through a piece */
    gs_pieces_done(&pieces);
    gs_aligned_done(&aligned);
    gs_unigram_workspace_free(work);
    gs_unigram_free(unigram);
    free(text);
}

/* Unknown characters over more than a part of a long word are still one. */
static void test_long_unknown(void **state)
{
    enum { N = 9000 };
    struct gs_unigram *unigram = model_of("{\"unk_id\":0,\"vocab\":[" ABC ",[\"ab\",0.5]]}");
    char text[N + 1], line[64];
    (void)state;

    memset(text, 'x', N);
    memcpy(text, "ab", 2);
    text[N - 1] = 'a';
    text[N] = '\0';
    assert_string_equal(encode(unigram, text, line, sizeof line), "5:0-2 0:2-8999 1:8999-9000");
    gs_unigram_free(unigram);
}

/* A limit of 3 pieces ends the work early, with at least 3. */
static void test_limit(void **state)
{
    enum { N = 100000 };
    struct gs_unigram *unigram = model_of("{\"unk_id\":0,\"vocab\":[" ABC "]}");
    struct gs_unigram_workspace *work = NULL;
    struct gs_pieces pieces = {.limit = 3};
    char *text = malloc(N);
    (void)state;

    assert_non_null(text);
    memset(text, 'c', N);
    struct gs_aligned aligned = as_it_is((struct gs_str){text, N});
    assert_int_equal(gs_unigram_workspace_new(&work, NULL), GS_OK);
    assert_int_equal(gs_unigram_encode(unigram, work, &aligned, 0, N, &pieces, NULL), GS_OK);
    assert_in_range(pieces.n, 3, 10000);
    for (size_t i = 0; i < pieces.n; i++) {
        assert_int_equal(pieces.ids[i], 3);
        assert_int_equal(pieces.starts[i], i);
    }
    gs_pieces_done(&pieces);
    gs_aligned_done(&aligned);
    gs_unigram_workspace_free(work);
    gs_unigram_free(unigram);
    free(text);
}

/* A short word is finished whatever the limit: it is kept for texts with another one. */
static void test_limit_and_cache(void **state)
{
    struct gs_unigram *unigram = model_of("{\"unk_id\":0,\"vocab\":[" ABC "]}");
    struct gs_unigram_workspace *work = NULL;
    struct gs_aligned aligned = as_it_is(gs_str("ax"));
    char line[64];
    (void)state;

    assert_int_equal(gs_unigram_workspace_new(&work, NULL), GS_OK);
    for (size_t limit = 2; limit-- > 0;) {
        struct gs_pieces pieces = {.limit = limit};
        assert_int_equal(gs_unigram_encode(unigram, work, &aligned, 0, 2, &pieces, NULL), GS_OK);
        assert_string_equal(pieces_line(&pieces, line, sizeof line), "1:0-1 0:1-2");
        gs_pieces_done(&pieces);
    }
    gs_aligned_done(&aligned);
    gs_unigram_workspace_free(work);
    gs_unigram_free(unigram);
}

/* Two models that share a work do not see each other's words; places are those of each text. */
static void test_shared_work(void **state)
{
    struct gs_unigram *models[2] = {
        model_of("{\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"a\",0],[\"b\",0]]}"),
        model_of("{\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"ab\",0]]}"),
    };
    static const char *const lines[2] = {"1:3-4 2:4-5", "1:3-5"};
    struct gs_unigram_workspace *work = NULL;
    struct gs_aligned aligned = as_it_is(gs_str("..\tab"));
    char line[64];
    (void)state;

    assert_int_equal(gs_unigram_workspace_new(&work, NULL), GS_OK);
    for (size_t i = 0; i < 6; i++) {
        struct gs_pieces pieces = {0};
        assert_int_equal(gs_unigram_encode(models[i % 2], work, &aligned, 3, 5, &pieces, NULL),
                         GS_OK);
        assert_string_equal(pieces_line(&pieces, line, sizeof line), lines[i % 2]);
        gs_pieces_done(&pieces);
    }
    gs_aligned_done(&aligned);
    gs_unigram_workspace_free(work);
    gs_unigram_free(models[0]);
    gs_unigram_free(models[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode),          cmocka_unit_test(test_broken),
        cmocka_unit_test(test_scores),          cmocka_unit_test(test_trie),
        cmocka_unit_test(test_long_word),       cmocka_unit_test(test_long_unknown),
        cmocka_unit_test(test_shared_work),     cmocka_unit_test(test_limit),
        cmocka_unit_test(test_limit_and_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
