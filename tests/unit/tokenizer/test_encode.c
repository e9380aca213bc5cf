/* Texts that files from outside do not show: broken UTF-8, limits, long texts, added tokens. */
#include "tokenizer_fixture.h"

static const char wordpiece[] =
    "{\"version\":\"1.0\",\"added_tokens\":["
    "{\"id\":0,\"content\":\"[PAD]\",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,"
    "\"normalized\":false,\"special\":true},"
    "{\"id\":14,\"content\":\"<x>\",\"single_word\":false,\"lstrip\":true,\"rstrip\":true,"
    "\"normalized\":false,\"special\":false},"
    "{\"id\":15,\"content\":\"<x>y\",\"single_word\":true,\"lstrip\":false,\"rstrip\":false,"
    "\"normalized\":false,\"special\":false}],"
    "\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":%s,\"handle_chinese_chars\":true,"
    "\"strip_accents\":null,\"lowercase\":true},\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"
    "\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",3],\"cls\":[\"[CLS]\",2]},"
    "\"decoder\":null,\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\","
    "\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":8,\"vocab\":{\"[PAD]\":0,"
    "\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"stock\":4,\"##s\":5,\"e\":6,\"##e\":7,\",\":8,"
    "\"\\u80a1\":9,\"\\ufffd\":10,\"##\\ufffd\":11,\"##\\u00f8\":12,\"\\u4e8f\":13}}}";

static struct gs_tokenizer *make(const char *clean)
{
    char path[64], text[4096];

    (void)snprintf(text, sizeof text, wordpiece, clean);
    make_folder("tokenizer.json", gs_str(text), path, sizeof path);
    struct gs_tokenizer *tokenizer = load(path);
    drop_folder(path);
    return tokenizer;
}

static const struct {
    const char *shows;
    const char *clean;
    const char *text;
    size_t len, max_tokens;
    const char *line;
} rows[] = {
    {"empty text", "true", "", 0, 0, "[CLS]:0-0 [SEP]:0-0"},
    {"longest piece first", "true", "stocks", 6, 0, "[CLS]:0-0 stock:0-5 ##s:5-6 [SEP]:0-0"},
    {"one unknown tail makes the word unknown", "true", "stockz", 6, 0,
     "[CLS]:0-0 [UNK]:0-6 [SEP]:0-0"},
    {"a word of more characters than the most is unknown", "true", "stockssss", 9, 0,
     "[CLS]:0-0 [UNK]:0-9 [SEP]:0-0"},
    {"as many are not", "true", "stocksss", 8, 0,
     "[CLS]:0-0 stock:0-5 ##s:5-6 ##s:6-7 ##s:7-8 [SEP]:0-0"},
    {"an accent belongs to its letter", "true", "e\xCC\x81s, \xC3\xA9", 8, 0,
     "[CLS]:0-0 e:0-1 ##s:3-4 ,:4-5 e:6-8 [SEP]:0-0"},
    {"a mark that stays takes the place of the one that it is put before", "true",
     "e\xCC\x81\xE3\x80\xAE", 6, 0, "[CLS]:0-0 [UNK]:0-3 [SEP]:0-0"},
    {"a letter that is another one afterwards", "true", "E\xC3\x98", 3, 0,
     "[CLS]:0-0 e:0-1 ##\xC3\xB8:1-3 [SEP]:0-0"},
    {"a Han character is a word", "true", "e\xE8\x82\xA1s", 5, 0,
     "[CLS]:0-0 e:0-1 \xE8\x82\xA1:1-4 [UNK]:4-5 [SEP]:0-0"},
    {"a broken byte is left out with the controls", "true", "e\xFFs\x80", 4, 0,
     "[CLS]:0-0 e:0-1 ##s:2-3 [SEP]:0-0"},
    {"and is U+FFFD where they stay, one for each byte", "false", "e\xE8\x82s", 4, 0,
     "[CLS]:0-0 e:0-1 ##\xEF\xBF\xBD:1-2 ##\xEF\xBF\xBD:2-3 ##s:3-4 [SEP]:0-0"},
    {"one that begins a word", "false", "\xF0\x9F", 2, 0,
     "[CLS]:0-0 \xEF\xBF\xBD:0-1 ##\xEF\xBF\xBD:1-2 [SEP]:0-0"},
    {"a cut text still ends in SEP", "true", "e e e e", 7, 4,
     "[CLS]:0-0 e:0-1 e:2-3 [SEP]:0-0 ..."},
    {"exactly as many as allowed", "true", "e e", 3, 4, "[CLS]:0-0 e:0-1 e:2-3 [SEP]:0-0"},
    {"room for none", "true", "e e", 3, 2, "[CLS]:0-0 [SEP]:0-0 ..."},
    {"room for none and none to come", "true", "  ", 2, 2, "[CLS]:0-0 [SEP]:0-0"},
    {"an added token takes white space on both sides", "true", "e \t<x> e", 8, 0,
     "[CLS]:0-0 e:0-1 <x>:1-7 e:7-8 [SEP]:0-0"},
    {"the longest of two", "true", "<x>y", 4, 0, "[CLS]:0-0 <x>y:0-4 [SEP]:0-0"},
    {"a single word that goes on is none, and nothing inside it", "true", "<x>ye", 5, 0,
     "[CLS]:0-0 [UNK]:0-1 [UNK]:1-2 [UNK]:2-3 [UNK]:3-5 [SEP]:0-0"},
    {"an added token next to broken bytes", "true", "\xFF<x>y\xFF", 6, 0,
     "[CLS]:0-0 <x>y:1-5 [SEP]:0-0"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gs_tokenizer *tokenizer = make(rows[i].clean);
        struct gs_tokenizer_workspace *work = new_work(tokenizer);
        char line[1024];
        const struct gs_encoding got =
            encode(tokenizer, work, (struct gs_str){rows[i].text, rows[i].len}, rows[i].max_tokens);
        print_message("  %s\n", rows[i].shows);
        assert_string_equal(encoding_line(tokenizer, &got, line, sizeof line), rows[i].line);
        gs_tokenizer_workspace_free(work);
        gs_tokenizer_free(tokenizer);
    }
}

static void test_info(void **state)
{
    (void)state;
    struct gs_tokenizer *tokenizer = make("true");
    const struct gs_tokenizer_info *info = gs_tokenizer_info(tokenizer);

    assert_string_equal(info->kind, "wordpiece");
    assert_int_equal(info->n_vocab, 16);
    assert_int_equal(info->n_special, 2);
    assert_int_equal(info->pad, 0);
    assert_int_equal(info->unk, 1);
    assert_int_equal(info->cls, 2);
    assert_int_equal(info->sep, 3);
    assert_int_equal(info->mask, GS_NO_TOKEN);
    assert_int_equal(info->max_tokens, 0);
    assert_true(info->memory_bytes > 1000);
    assert_null(gs_tokenizer_piece(tokenizer, 16).bytes);
    assert_null(gs_tokenizer_piece(tokenizer, -1).bytes);
    assert_true(gs_str_equal(gs_tokenizer_piece(tokenizer, 15), gs_str("<x>y")));
    gs_tokenizer_free(tokenizer);
}

/* The model reads 虧 as 亏, where that is wanted; offsets are those of the text as it came. */
static void test_traditional_chinese(void **state)
{
    static const char text[] = "e虧\xFF,虧s";
    struct gs_tokenizer *tokenizer = make("true");
    struct gs_tokenizer_workspace *work = new_work(tokenizer);
    char line[256];

    (void)state;
    struct gs_encoding got = encode(tokenizer, work, gs_str(text), 0);
    assert_string_equal(encoding_line(tokenizer, &got, line, sizeof line),
                        "[CLS]:0-0 e:0-1 [UNK]:1-4 ,:5-6 [UNK]:6-9 [UNK]:9-10 [SEP]:0-0");
    gs_tokenizer_read_simplified(tokenizer, true);
    got = encode(tokenizer, work, gs_str(text), 0);
    assert_string_equal(encoding_line(tokenizer, &got, line, sizeof line),
                        "[CLS]:0-0 e:0-1 亏:1-4 ,:5-6 亏:6-9 [UNK]:9-10 [SEP]:0-0");
    gs_tokenizer_workspace_free(work);
    gs_tokenizer_free(tokenizer);
}

/* The start of a long text is what a short text with that start is, wherever it is cut. */
static void test_long_text(void **state)
{
    enum { N = 1 << 17 };
    static const char *const folders[] = {"golden/tokenizer/uncased", "golden/tokenizer/cased",
                                          "golden/tokenizer/unigram", "golden/tokenizer/bpe"};
    static const char part[] =
        "shares of Norvane fell, 6% \xE8\x82\xA1 <tag>  don't buy e\xCC\x81 ";
    char *text = malloc(N);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < N; i++) {
        text[i] = part[i % (sizeof part - 1)];
    }
    for (size_t f = 0; f < sizeof folders / sizeof folders[0]; f++) {
        struct gs_tokenizer *tokenizer = load(folders[f]);
        struct gs_tokenizer_workspace *work = new_work(tokenizer);
        struct gs_tokenizer_workspace *other = new_work(tokenizer);
        const struct gs_encoding all = encode(tokenizer, work, (struct gs_str){text, 20000}, 0);
        for (size_t most = 3; most < 700; most += 233) {
            const struct gs_encoding cut = encode(tokenizer, other, (struct gs_str){text, N}, most);
            assert_int_equal(cut.n, most);
            assert_true(cut.truncated);
            assert_memory_equal(cut.ids, all.ids, (most - 1) * sizeof *cut.ids);
            assert_memory_equal(cut.starts, all.starts, (most - 1) * sizeof *cut.starts);
            assert_memory_equal(cut.ends, all.ends, (most - 1) * sizeof *cut.ends);
        }
        gs_tokenizer_workspace_free(work);
        gs_tokenizer_workspace_free(other);
        gs_tokenizer_free(tokenizer);
    }
    free(text);
}

static void test_too_long(void **state)
{
    enum { N = (16 << 20) + 1 };
    struct gs_tokenizer *tokenizer = make("true");
    struct gs_tokenizer_workspace *work = new_work(tokenizer);
    struct gs_encoding encoding;
    struct gs_error err;
    char *text = calloc(N, 1);

    (void)state;
    assert_non_null(text);
    assert_int_equal(
        gs_tokenizer_encode(tokenizer, work, (struct gs_str){text, N}, 0, &encoding, &err),
        GS_NO_MEMORY);
    assert_non_null(strstr(err.message, "16777217"));
    free(text);
    gs_tokenizer_workspace_free(work);
    gs_tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_info),
        cmocka_unit_test(test_traditional_chinese),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
