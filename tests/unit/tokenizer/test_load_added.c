/* Tokens beside vocab.txt: they are found with the ids that transformers gives them, or the folder
 * is refused with the file's name. */
#include "tokenizer_fixture.h"

#include <jansson.h>

static const char vocab[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nstock\n##s\nusr\n[unused1]\n";

#define TOKEN(content, flags) "{\"content\":\"" content "\"" flags "}"
#define PLAIN                                                                                      \
    ",\"lstrip\":false,\"rstrip\":false,\"single_word\":false,\"normalized\":false,\"special\":"   \
    "true"

static const struct {
    const char *shows;
    const char *config, *added, *map; /* the files' text; NULL: not there */
    const char *text;
    const char *want; /* the tokens between [CLS] and [SEP], or what the refusal says */
    bool refused;
} rows[] = {
    {"nothing beside it", NULL, NULL, NULL, "[USR] stocks", "[UNK] usr [UNK] stock ##s", false},
    {"added_tokens.json", "{}", "{\"[USR]\":9}", NULL, "[USR] stock", "[USR] stock", false},
    {"its tokens are looked for in lower case too", "{}", "{\"[USR]\":9}", NULL, "a[usr]stock",
     "[UNK] [USR] stock", false},
    {"but as they are where case counts", "{\"do_lower_case\":false}", "{\"[USR]\":9}", NULL,
     "[usr] [USR]", "[UNK] usr [UNK] [USR]", false},
    {"in the order of ids, not of the file", "{}", "{\"two b\":10,\"one a\":9}", NULL,
     "one a two b", "one a two b", false},
    {"a piece of the vocabulary keeps its id", "{}", "{\"stock\":5}", NULL, "stocks", "stock [UNK]",
     false},
    {"added_tokens_decoder", "{\"added_tokens_decoder\":{\"9\":" TOKEN("[USR]", PLAIN) "}}", NULL,
     NULL, "[USR] stock", "[USR] stock", false},
    {"a special token is looked for as it is",
     "{\"added_tokens_decoder\":{\"9\":" TOKEN("[USR]", PLAIN) "}}", NULL, NULL, "[usr]",
     "[UNK] usr [UNK]", false},
    {"a word alone",
     "{\"added_tokens_decoder\":{\"9\":" TOKEN(
         "USR", ",\"single_word\":true,\"normalized\":false,\"special\":false") "}}",
     NULL, NULL, "USR USRS", "USR usr ##s", false},
    {"the newer form overrules the older",
     "{\"added_tokens_decoder\":{\"9\":" TOKEN("[USR]", PLAIN) "}}", "{\"[OLD]\":9}", NULL, "[USR]",
     "[USR]", false},
    {"additional_special_tokens of the vocabulary",
     "{\"additional_special_tokens\":[\"[unused1]\"]}", NULL, NULL, "[unused1] stock",
     "[unused1] stock", false},
    {"they may be objects", "{\"additional_special_tokens\":[" TOKEN("[unused1]", "") "]}", NULL,
     NULL, "[unused1]", "[unused1]", false},
    {"one that is new", "{\"additional_special_tokens\":[\"[NEW]\"]}", NULL, NULL, "[NEW] stock",
     "[NEW] stock", false},
    {"special_tokens_map.json", "{}", NULL, "{\"additional_special_tokens\":[\"[unused1]\"]}",
     "[unused1]", "[unused1]", false},
    {"special in one file, added in the other", "{}", "{\"[USR]\":9}",
     "{\"additional_special_tokens\":[\"[USR]\"]}", "[usr] [USR]", "[UNK] usr [UNK] [USR]", false},
    {"an id that transformers would not give", "{}", "{\"[USR]\":30}", NULL, "",
     "added_tokens.json: added token 30 would have the id 9", true},
    {"another in the newer form", "{\"added_tokens_decoder\":{\"30\":" TOKEN("[USR]", PLAIN) "}}",
     NULL, NULL, "", "tokenizer_config.json: added token 30 would have the id 9", true},
    {"an id that is a text", "{}", "{\"[USR]\":\"9\"}", NULL, "", "added_tokens.json: a token's id",
     true},
    {"an empty token", "{}", "{\"\":9}", NULL, "", "added_tokens.json: added token 9 has 0 bytes",
     true},
    {"a list", "{}", "[]", NULL, "", "added_tokens.json: is not a JSON object", true},
    {"a decoder that is a list", "{\"added_tokens_decoder\":[]}", NULL, NULL, "",
     "tokenizer_config.json: \"added_tokens_decoder\" is not an object", true},
    {"a decoder without ids", "{\"added_tokens_decoder\":{\"x\":{}}}", NULL, NULL, "",
     "tokenizer_config.json: added_tokens_decoder: a key", true},
    {"a decoder without content", "{\"added_tokens_decoder\":{\"9\":{}}}", NULL, NULL, "",
     "tokenizer_config.json: added token 9 has no content", true},
    {"a flag that is a number",
     "{\"added_tokens_decoder\":{\"9\":" TOKEN("[USR]", ",\"lstrip\":1") "}}", NULL, NULL, "",
     "neither true nor false", true},
    {"special tokens that are no list", "{\"additional_special_tokens\":\"[USR]\"}", NULL, NULL, "",
     "is not a list", true},
    {"a special token that is a number", "{\"additional_special_tokens\":[7]}", NULL, NULL, "",
     "is not a text", true},
    {"a broken map", "{}", NULL, "{", "", "special_tokens_map.json: line 1", true},
};

static void put(const char *dir, const char *name, const char *text)
{
    char path[128];

    if (text != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, name);
        FILE *out = fopen(path, "w");
        assert_non_null(out);
        assert_true(fputs(text, out) >= 0);
        assert_int_equal(fclose(out), 0);
    }
}

/* The tokens' texts with a blank between, without the first and the last. */
static void join(const struct gs_tokenizer *tokenizer, const struct gs_encoding *got, char *to,
                 size_t size)
{
    size_t n = 0;

    to[0] = '\0';
    for (size_t i = 1; i + 1 < got->n && n + 1 < size; i++) {
        const struct gs_str piece = gs_tokenizer_piece(tokenizer, got->ids[i]);
        const int put =
            snprintf(to + n, size - n, "%s%.*s", i > 1 ? " " : "", (int)piece.len, piece.bytes);
        n += put > 0 ? (size_t)put : 0;
    }
}

static void check_refusal(enum gs_status status, const struct gs_error *err, const char *want)
{
    assert_int_equal(status, GS_BAD_FORMAT);
    if (strstr(err->message, want) == NULL) {
        fail_msg("%s", err->message);
    }
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct gs_tokenizer *tokenizer = NULL;
        struct gs_error err = {0};
        char path[64], line[256];

        print_message("  %s\n", rows[i].shows);
        make_folder("vocab.txt", gs_str(vocab), path, sizeof path);
        put(path, "tokenizer_config.json", rows[i].config);
        put(path, "added_tokens.json", rows[i].added);
        put(path, "special_tokens_map.json", rows[i].map);
        const enum gs_status status = gs_tokenizer_load(path, &tokenizer, &err);
        if (rows[i].refused) {
            check_refusal(status, &err, rows[i].want);
        } else {
            assert_int_equal(status, GS_OK);
            struct gs_tokenizer_workspace *work = new_work(tokenizer);
            const struct gs_encoding got = encode(tokenizer, work, gs_str(rows[i].text), 0);
            join(tokenizer, &got, line, sizeof line);
            assert_string_equal(line, rows[i].want);
            gs_tokenizer_workspace_free(work);
        }
        gs_tokenizer_free(tokenizer);
        drop_folder(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
