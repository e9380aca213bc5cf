#include "tokenizer/models/pieces.h"

#include "ingest/base/hash.h"
#include "tests/unit/tokenizer/models/pieces_fixture.h"

#include <stdlib.h>

static const char *encode(const char *model, const char *text, char *line, size_t size)
{
    struct gs_bpe *bpe = NULL;
    struct gs_bpe_workspace *work = NULL;
    struct gs_aligned aligned = as_it_is(gs_str(text));
    struct gs_pieces pieces = {0};
    struct gs_error err;
    json_t *json = json_of(model);

    if (gs_bpe_new(json, &bpe, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    json_decref(json);
    assert_int_equal(gs_bpe_workspace_new(&work, NULL), GS_OK);
    assert_int_equal(gs_bpe_encode(bpe, work, &aligned, 0, aligned.len, &pieces, NULL), GS_OK);
    (void)pieces_line(&pieces, line, size);
    gs_pieces_done(&pieces);
    gs_aligned_done(&aligned);
    gs_bpe_workspace_free(work);
    gs_bpe_free(bpe);
    return line;
}

#define ABC "\"a\":1,\"b\":2,\"c\":3,\"d\":4"

/* Expected lines are those of tokenizers 0.23.3 behind its byte-level pre-tokenizer. */
static const struct {
    const char *shows;
    const char *model;
    const char *text;
    const char *line;
} cases[] = {
    {"no merges: bytes", "{\"vocab\":{" ABC "},\"merges\":[]}", "cab", "3:0-1 1:1-2 2:2-3"},
    {"the merge of lowest rank comes first",
     "{\"vocab\":{" ABC ",\"ab\":5,\"bc\":6},\"merges\":[\"b c\",\"a b\"]}", "abc", "1:0-1 6:1-3"},
    {"merges as pairs of texts",
     "{\"vocab\":{" ABC ",\"ab\":5,\"abc\":6},\"merges\":[[\"a\",\"b\"],[\"ab\",\"c\"]]}", "abcd",
     "6:0-3 4:3-4"},
    {"of equals the left one comes first", "{\"vocab\":{" ABC ",\"aa\":5},\"merges\":[\"a a\"]}",
     "aaa", "5:0-2 1:2-3"},
    {"a comment of merges.txt has no rank",
     "{\"vocab\":{" ABC ",\"ab\":5},\"merges\":[\"#version: 0.2\",\"a b\"]}", "ab", "5:0-2"},
    {"bytes are spelt as printable characters",
     "{\"vocab\":{\"\xC4\xA0\":0,\"\xC3\x83\":1,\"\xC2\xA9\":2,\"\xC3\x83\xC2\xA9\":3,"
     "\"\xC4\xA0\xC3\x83\xC2\xA9\":4},"
     "\"merges\":[\"\xC3\x83 \xC2\xA9\",\"\xC4\xA0 \xC3\x83\xC2\xA9\"]}",
     " \xC3\xA9", "4:0-3"},
    {"a part of a character covers all of it",
     "{\"vocab\":{\"\xC3\x83\":1,\"\xC2\xA9\":2},\"merges\":[]}", "\xC3\xA9", "1:0-2 2:0-2"},
    {"unknown bytes are unknown one by one",
     "{\"unk_token\":\"?\",\"vocab\":{" ABC ",\"?\":0},\"merges\":[]}", "axyb",
     "1:0-1 0:1-2 0:2-3 2:3-4"},
    {"fuse_unk makes them one",
     "{\"unk_token\":\"?\",\"fuse_unk\":true,\"vocab\":{" ABC ",\"?\":0},\"merges\":[]}", "axyb",
     "1:0-1 0:1-3 2:3-4"},
    {"nothing is unknown: they are left out, and what follows is counted from the left",
     "{\"unk_token\":null,\"vocab\":{" ABC "},\"merges\":[]}", "axb", "1:0-1 2:1-2"},
    {"bytes left out do not part a merge", "{\"vocab\":{" ABC ",\"ab\":5},\"merges\":[\"a b\"]}",
     "axb", "5:0-2"},
    {"ignore_merges takes a word that is a piece",
     "{\"ignore_merges\":true,\"vocab\":{" ABC ",\"abc\":5},\"merges\":[]}", "abc", "5:0-3"},
    {"and merges the others",
     "{\"ignore_merges\":true,\"vocab\":{" ABC ",\"abc\":5,\"ab\":6},\"merges\":[\"a b\"]}", "abca",
     "6:0-2 3:2-3 1:3-4"},
    {"without it the word is merged",
     "{\"ignore_merges\":false,\"vocab\":{" ABC ",\"abc\":5,\"ab\":6},\"merges\":[\"a b\"]}", "abc",
     "6:0-2 3:2-3"},
    {"empty affixes and a dropout of 0 are none",
     "{\"continuing_subword_prefix\":\"\",\"end_of_word_suffix\":\"\",\"dropout\":0.0,"
     "\"vocab\":{" ABC "},\"merges\":[]}",
     "a", "1:0-1"},
    {"a pair that has gone is not merged",
     "{\"vocab\":{" ABC ",\"ab\":5,\"bc\":6,\"abc\":7,\"bcd\":8},"
     "\"merges\":[\"b c\",\"a b\",\"bc d\",\"a bc\"]}",
     "abcd", "1:0-1 8:1-4"},
};

static void test_encode(void **state)
{
    char line[256];
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        print_message("  %s\n", cases[i].shows);
        assert_string_equal(encode(cases[i].model, cases[i].text, line, sizeof line),
                            cases[i].line);
    }
}

static const struct {
    const char *shows;
    const char *model;
    const char *says;
} broken[] = {
    {"no merges", "{\"vocab\":{\"a\":0}}", "model.vocab and model.merges"},
    {"no vocabulary", "{\"merges\":[]}", "model.vocab and model.merges"},
    {"dropout", "{\"dropout\":0.1,\"vocab\":{\"a\":0},\"merges\":[]}", "model.dropout"},
    {"a prefix", "{\"continuing_subword_prefix\":\"##\",\"vocab\":{\"a\":0},\"merges\":[]}",
     "model.continuing_subword_prefix is not supported"},
    {"a suffix", "{\"end_of_word_suffix\":\"</w>\",\"vocab\":{\"a\":0},\"merges\":[]}",
     "model.end_of_word_suffix is not supported"},
    {"byte_fallback where bytes are missing",
     "{\"byte_fallback\":true,\"vocab\":{\"a\":0},\"merges\":[]}", "model.byte_fallback"},
    {"an unknown that is no piece where bytes are missing",
     "{\"unk_token\":\"?\",\"vocab\":{\"a\":0},\"merges\":[]}", "model.unk_token"},
    {"unk_token is a number", "{\"unk_token\":3,\"vocab\":{\"a\":0},\"merges\":[]}",
     "model.unk_token is no text"},
    {"ignore_merges is a text", "{\"ignore_merges\":\"yes\",\"vocab\":{\"a\":0},\"merges\":[]}",
     "model.ignore_merges"},
    {"an id is negative", "{\"vocab\":{\"a\":-1},\"merges\":[]}", "the id of \"a\""},
    {"an id is a text", "{\"vocab\":{\"a\":\"0\"},\"merges\":[]}", "the id of \"a\""},
    {"an id past 31 bits", "{\"vocab\":{\"a\":2147483648},\"merges\":[]}", "the id of \"a\""},
    {"a merge of one", "{\"vocab\":{\"a\":0},\"merges\":[\"a\"]}", "model.merges[0]"},
    {"a merge of three", "{\"vocab\":{\"a\":0},\"merges\":[\"a a a\"]}", "model.merges[0]"},
    {"a merge that is a number", "{\"vocab\":{\"a\":0},\"merges\":[7]}", "model.merges[0]"},
    {"a merge of what is no piece", "{\"vocab\":{\"a\":0},\"merges\":[\"a b\"]}",
     "model.merges[0] has or makes"},
    {"a merge into what is no piece", "{\"vocab\":{\"a\":0},\"merges\":[[\"a\",\"a\"]]}",
     "model.merges[0] has or makes"},
};

static void test_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(broken); i++) {
        struct gs_bpe *bpe = NULL;
        struct gs_error err;
        json_t *json = json_of(broken[i].model);
        print_message("  %s\n", broken[i].shows);
        assert_int_equal(gs_bpe_new(json, &bpe, &err), GS_BAD_FORMAT);
        if (strstr(err.message, broken[i].says) == NULL) {
            fail_msg("%s", err.message);
        }
        assert_null(bpe);
        json_decref(json);
    }
}

/* Of 62 x 62 pairs every second is merged: all are found, and no others. */
static void test_many_merges(void **state)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    enum { N = sizeof letters - 1 };
    struct gs_bpe *bpe = NULL;
    struct gs_bpe_workspace *work = NULL;
    struct gs_pieces pieces = {0};
    json_t *vocab = json_object(), *merges = json_array();
    (void)state;

    for (size_t i = 0; i < N; i++) {
        json_object_set_new(vocab, (const char[]){letters[i], '\0'}, json_integer((json_int_t)i));
    }
    for (size_t i = 0; i < (size_t)N * N; i += 2) {
        const char pair[] = {letters[i / N], letters[i % N], '\0'};
        const char merge[] = {letters[i / N], ' ', letters[i % N], '\0'};
        json_object_set_new(vocab, pair, json_integer((json_int_t)N + (json_int_t)i));
        json_array_append_new(merges, json_string(merge));
    }
    json_t *model = json_pack("{s:o,s:o}", "vocab", vocab, "merges", merges);
    assert_int_equal(gs_bpe_new(model, &bpe, NULL), GS_OK);
    assert_int_equal(gs_bpe_workspace_new(&work, NULL), GS_OK);
    for (size_t i = 0; i < (size_t)N * N; i++) {
        struct gs_aligned text =
            as_it_is((struct gs_str){(const char[]){letters[i / N], letters[i % N]}, 2});
        pieces.n = 0;
        assert_int_equal(gs_bpe_encode(bpe, work, &text, 0, 2, &pieces, NULL), GS_OK);
        assert_int_equal(pieces.n, i % 2 == 0 ? 1 : 2);
        assert_int_equal(pieces.ids[0], i % 2 == 0 ? N + i : i / N);
        gs_aligned_done(&text);
    }
    json_decref(model);
    gs_pieces_done(&pieces);
    gs_bpe_workspace_free(work);
    gs_bpe_free(bpe);
}

/* a^(2^k) is a piece up to k = 10: 256 kB take as many joins, each log n. */
static void test_long_word(void **state)
{
    enum { N = 1 << 18, LEVELS = 10 };
    struct gs_bpe *bpe = NULL;
    struct gs_bpe_workspace *work = NULL;
    struct gs_pieces pieces = {0};
    char *text = malloc(N);
    json_t *vocab = json_object(), *merges = json_array();
    (void)state;

    assert_non_null(text);
    memset(text, 'a', N);
    for (int k = 0; k <= LEVELS; k++) {
        const size_t len = (size_t)1 << k;
        char piece[(1 << LEVELS) + 1];
        memcpy(piece, text, len);
        piece[len] = '\0';
        json_object_set_new(vocab, piece, json_integer(k));
        if (k > 0) {
            json_t *pair = json_array();
            json_array_append_new(pair, json_stringn(text, len / 2));
            json_array_append_new(pair, json_stringn(text, len / 2));
            json_array_append_new(merges, pair);
        }
    }
    json_t *model = json_pack("{s:o,s:o}", "vocab", vocab, "merges", merges);
    struct gs_aligned aligned = as_it_is((struct gs_str){text, N});
    assert_int_equal(gs_bpe_new(model, &bpe, NULL), GS_OK);
    assert_int_equal(gs_bpe_workspace_new(&work, NULL), GS_OK);
    assert_int_equal(gs_bpe_encode(bpe, work, &aligned, 0, N, &pieces, NULL), GS_OK);
    assert_int_equal(pieces.n, N >> LEVELS);
    for (size_t i = 0; i < pieces.n; i++) {
        assert_int_equal(pieces.ids[i], LEVELS);
        assert_int_equal(pieces.starts[i], i << LEVELS);
    }
    json_decref(model);
    gs_pieces_done(&pieces);
    gs_aligned_done(&aligned);
    gs_bpe_workspace_free(work);
    gs_bpe_free(bpe);
    free(text);
}

enum { MANY = GS_HASH_MAX_RUN + GS_HASH_MAX_RUN / 2 };

/* `"x"` and MANY merges "p x": the table's hash knows the low 32 bits of a pair, which are the right
 * piece's id, and as many of the left one's as it needs: one, with this number of merges. */
static json_t *merges_with_one(size_t step)
{
    json_t *vocab = json_pack("{s:i}", "x", 1), *merges = json_array();

    for (size_t i = 0; i < MANY; i++) {
        char text[32];
        const int len = snprintf(text, sizeof text, "p%zu x", i);
        json_array_append_new(merges, json_stringn(text, (size_t)len));
        json_object_setn_new(vocab, text, (size_t)len - 2,
                             json_integer(2 + (json_int_t)(step * i)));
        text[len - 2] = 'x';
        json_object_setn_new(vocab, text, (size_t)len - 1, json_integer((json_int_t)(1 << 20)));
    }
    return json_pack("{s:o,s:o}", "vocab", vocab, "merges", merges);
}

static json_t *merges_with_every_id(void)
{
    return merges_with_one(1);
}

static json_t *merges_with_even_ids(void)
{
    return merges_with_one(2);
}

static void test_made_to_collide(void **state)
{
    static const struct {
        const char *shows;
        json_t *(*model)(void);
        const char *words; /* NULL: it is read */
    } rows[] = {
        {"left pieces of all ids", merges_with_every_id, NULL},
        {"left pieces of even ids only", merges_with_even_ids, "model.merges are made"},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_bpe *bpe = NULL;
        struct gs_error err = {0};
        json_t *model = rows[i].model();
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(gs_bpe_new(model, &bpe, &err),
                         rows[i].words == NULL ? GS_OK : GS_BAD_FORMAT);
        assert_true(rows[i].words == NULL || strstr(err.message, rows[i].words) != NULL);
        gs_bpe_free(bpe);
        json_decref(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode),          cmocka_unit_test(test_broken),
        cmocka_unit_test(test_many_merges),     cmocka_unit_test(test_long_word),
        cmocka_unit_test(test_made_to_collide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
