/* What a folder may hold, and what is refused: by the file's name and one reason. */
#include "tokenizer_fixture.h"

#include <jansson.h>

static const char base[] =
    "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[],"
    "\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true,"
    "\"handle_chinese_chars\":true,\"strip_accents\":null,\"lowercase\":true},"
    "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"
    "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["
    "{\"SpecialToken\":{\"id\":\"[CLS]\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\","
    "\"type_id\":0}},{\"SpecialToken\":{\"id\":\"[SEP]\",\"type_id\":0}}],\"pair\":[],"
    "\"special_tokens\":{\"[CLS]\":{\"id\":\"[CLS]\",\"ids\":[2],\"tokens\":[\"[CLS]\"]},"
    "\"[SEP]\":{\"id\":\"[SEP]\",\"ids\":[3],\"tokens\":[\"[SEP]\"]}}},\"decoder\":null,"
    "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\","
    "\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":100,"
    "\"vocab\":{\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"stock\":4,\"##s\":5}}}";

#define TOKEN(id, content)                                                                         \
    "{\"id\":" id ",\"content\":\"" content "\",\"single_word\":false,\"lstrip\":false,"           \
    "\"rstrip\":false,\"normalized\":true,\"special\":false}"
#define WORDPIECE(unk, max, vocab)                                                                 \
    "{\"type\":\"WordPiece\",\"unk_token\":" unk ",\"continuing_subword_prefix\":\"##\","          \
    "\"max_input_chars_per_word\":" max ",\"vocab\":" vocab "}"
#define TEMPLATE(single, special)                                                                  \
    "{\"type\":\"TemplateProcessing\",\"single\":" single                                          \
    ",\"pair\":[],\"special_tokens\":" special "}"

/* The base with one part in the place of another. why is NULL: it loads. */
static const struct {
    const char *part, *json, *why;
} parts[] = {
    {"version", "\"1.0\"", NULL},
    {"version", "\"2.0\"", "\"version\""},
    {"surprise", "1", "the file: \"surprise\" is not supported"},
    {"model", "null", "\"model\" is missing"},
    {"model", "{\"type\":\"WordLevel\",\"vocab\":{}}", "model WordLevel is not supported"},
    {"model", "{\"type\":7}", "model (not a text) is not supported"},
    {"model", "{\"type\":\"\\u001b[31m\"}", "model ?[31m is not supported"},
    {"model", WORDPIECE("\"[UNK]\"", "100", "{}"), "\"vocab\" is not an object with pieces"},
    {"model", WORDPIECE("\"[UNK]\"", "100", "[]"), "\"vocab\" is not an object with pieces"},
    {"model", WORDPIECE("\"[unk]\"", "100", "{\"a\":0}"), "\"unk_token\" is not in \"vocab\""},
    {"model", WORDPIECE("\"a\"", "-1", "{\"a\":0}"), "\"max_input_chars_per_word\" is not a whole"},
    {"model", WORDPIECE("\"a\"", "1e99", "{\"a\":0}"), "\"max_input_chars_per_word\" is not"},
    {"model", WORDPIECE("7", "100", "{\"a\":0}"), "\"unk_token\" is not a text"},
    {"model", WORDPIECE("\"a\"", "100", "{\"a\":0,\"b\":0}"), "two pieces of the vocabulary"},
    {"model", WORDPIECE("\"a\"", "100", "{\"a\":-1}"), "an id that is not in 0 to"},
    {"model", WORDPIECE("\"a\"", "100", "{\"a\":4194304}"), "an id that is not in 0 to"},
    {"model", WORDPIECE("\"a\"", "100", "{\"a\":0.5}"), "an id that is not in 0 to"},
    {"model", "{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}", "supported only together"},
    {"model", "{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"a\",\"b\"]]}", ""},
    {"model", "{\"type\":\"Unigram\",\"unk_id\":9,\"vocab\":[[\"a\",0.5]]}", ""},
    {"normalizer", "null", NULL},
    {"normalizer", "{\"type\":\"ByteLevel\"}", "normalizer ByteLevel is not supported"},
    {"normalizer", "{}", "normalizer (not a text) is not supported"},
    {"normalizer", "[]", "normalizer (not a text) is not supported"},
    {"normalizer", "{\"type\":\"NFC\",\"fast\":true}", "\"fast\" is not supported"},
    {"normalizer", "{\"type\":\"BertNormalizer\"}", "\"clean_text\" is neither true nor false"},
    {"normalizer", "{\"type\":\"Strip\",\"strip_left\":true}", "\"strip_right\" is missing"},
    {"normalizer", "{\"type\":\"Strip\",\"strip_left\":1,\"strip_right\":true}",
     "\"strip_left\" is neither"},
    {"normalizer", "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"a+\"},\"content\":\"\"}",
     "Replace with the Regex \"a+\" is not supported"},
    {"normalizer", "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":\"\"}",
     "Replace of an empty text"},
    {"normalizer", "{\"type\":\"Replace\",\"pattern\":{},\"content\":\"\"}", "has not one pattern"},
    {"normalizer", "{\"type\":\"Replace\",\"pattern\":\"a\",\"content\":\"\"}", "is not an object"},
    {"normalizer", "{\"type\":\"Prepend\",\"prepend\":\"\"}", "Prepend of an empty text"},
    {"normalizer", "{\"type\":\"Precompiled\",\"precompiled_charsmap\":null}", "has no map"},
    {"normalizer", "{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}", ""},
    {"normalizer", "{\"type\":\"Sequence\",\"normalizers\":{}}", "no list of normalizers"},
    {"normalizer", "{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},{\"type\":\"X\"}]}",
     "normalizer X is not supported"},
    {"pre_tokenizer", "null", NULL},
    {"pre_tokenizer", "{\"type\":\"Digits\",\"individual_digits\":true}",
     "pre_tokenizer Digits is not supported"},
    {"pre_tokenizer", "{\"type\":\"Split\"}", "pre_tokenizer Split is not supported"},
    {"pre_tokenizer", "{\"type\":\"Punctuation\",\"behavior\":\"Removed\"}", "Isolated only"},
    {"pre_tokenizer", "{\"type\":\"Punctuation\"}", NULL},
    {"pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"ab\"}", "is not one character"},
    {"pre_tokenizer", "{\"type\":\"Metaspace\"}", "is not one character"},
    {"pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"add_prefix_space\":false}",
     "does not match"},
    {"pre_tokenizer", "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"x\"}",
     "this \"prepend_scheme\" is not supported"},
    {"pre_tokenizer", "{\"type\":\"ByteLevel\",\"add_prefix_space\":true}",
     "supported only together"},
    {"pre_tokenizer", "{\"type\":\"ByteLevel\"}", "\"add_prefix_space\" is neither"},
    {"pre_tokenizer",
     "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"ByteLevel\",\"add_prefix_space\":true},"
     "{\"type\":\"Whitespace\"}]}",
     "ByteLevel is not supported before another one"},
    {"pre_tokenizer", "{\"type\":\"Sequence\"}", "no list of pretokenizers"},
    {"post_processor", "null", NULL},
    {"post_processor", "{\"type\":\"Magic\"}", "post_processor Magic is not supported"},
    {"post_processor", TEMPLATE("[]", "{}"), "does not have the text exactly once"},
    {"post_processor",
     TEMPLATE("[{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\","
              "\"type_id\":0}}]",
              "{}"),
     "does not have the text exactly once"},
    {"post_processor", TEMPLATE("[{\"Sequence\":{\"id\":\"B\",\"type_id\":0}}]", "{}"),
     "a part that is not supported"},
    {"post_processor", TEMPLATE("[{\"SpecialToken\":{\"id\":\"[X]\",\"type_id\":0}}]", "{}"),
     "no ids for the token [X]"},
    {"post_processor", "{\"type\":\"BertProcessing\",\"sep\":[\"a\",99],\"cls\":[\"b\",2]}",
     "adds the token 99 of a vocabulary of 6"},
    {"post_processor", "{\"type\":\"BertProcessing\",\"sep\":[\"a\",-1],\"cls\":[\"b\",2]}",
     "an id that is none"},
    {"post_processor", "{\"type\":\"BertProcessing\",\"sep\":\"a\",\"cls\":[\"b\",2]}",
     "is not a token and its id"},
    {"post_processor", "{\"type\":\"RobertaProcessing\",\"sep\":[\"a\",1],\"cls\":[\"b\",2]}",
     "no \"trim_offsets\""},
    {"post_processor",
     "{\"type\":\"Sequence\",\"processors\":[{\"type\":\"BertProcessing\",\"sep\":[\"a\",1],"
     "\"cls\":[\"b\",2]},{\"type\":\"BertProcessing\",\"sep\":[\"a\",1],\"cls\":[\"b\",2]}]}",
     "adds tokens twice"},
    {"added_tokens", "[" TOKEN("6", "new") "]", NULL},
    {"added_tokens", "[" TOKEN("4", "stock") "]", NULL},
    {"added_tokens", "{}", "\"added_tokens\" is not a list"},
    {"added_tokens", "[7]", "an added token is not an object"},
    {"added_tokens", "[{\"id\":6}]", "no id or no content"},
    {"added_tokens", "[{\"id\":6,\"content\":\"a\"}]", "\"single_word\" is neither"},
    {"added_tokens", "[" TOKEN("7", "new") "]", "added token 7 would have the id 6"},
    {"added_tokens", "[" TOKEN("6", "stock") "]", "added token 6 would have the id 4"},
    {"added_tokens", "[" TOKEN("6", "") "]", "added token 6 has 0 bytes"},
    {"added_tokens", "[" TOKEN("6", "a") "," TOKEN("7", "a") "]", "added token 7 is there twice"},
    {"added_tokens", "[" TOKEN("6", "a") "," TOKEN("7", "A") "]",
     "two added tokens are the same once they are normalized"},
    {"added_tokens", "[" TOKEN("6", "\\u0301") "]", "is empty once it is normalized"},
    {"truncation",
     "{\"direction\":\"Right\",\"max_length\":128,\"strategy\":\"LongestFirst\",\"stride\":0}",
     NULL},
    {"truncation", "{\"direction\":\"Left\",\"max_length\":128}", "on another side than Right"},
    {"truncation", "{\"strategy\":\"OnlySecond\",\"max_length\":128}", "with this strategy"},
    {"truncation", "{\"max_length\":2}", "leaves none beside the 2 special ones"},
    {"truncation", "{\"max_length\":\"many\"}", "\"max_length\" is not a whole number"},
    {"padding", "{\"strategy\":{\"Fixed\":128}}", NULL},
};

static void check_load(const char *name, struct gs_str bytes, const char *why, const char *shown)
{
    struct gs_tokenizer *tokenizer = NULL;
    struct gs_error err = {0};
    char path[64];

    make_folder(name, bytes, path, sizeof path);
    const enum gs_status status = gs_tokenizer_load(path, &tokenizer, &err);
    if (why == NULL) {
        if (status != GS_OK) {
            fail_msg("%.200s: %s", shown, err.message);
        }
        gs_tokenizer_free(tokenizer);
    } else {
        if (status != GS_BAD_FORMAT || strstr(err.message, why) == NULL ||
            strncmp(err.message, path, strlen(path)) != 0 || strchr(err.message, '\n') != NULL) {
            fail_msg("%.200s: %s (%s)", shown, err.message, gs_status_name(status));
        }
        assert_null(tokenizer);
    }
    drop_folder(path);
}

static void test_parts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        json_t *json = json_loads(base, 0, NULL);
        json_t *part = json_loads(parts[i].json, JSON_DECODE_ANY, NULL);
        assert_non_null(part);
        assert_int_equal(json_object_set_new(json, parts[i].part, part), 0);
        char *text = json_dumps(json, 0);
        check_load("tokenizer.json", gs_str(text), parts[i].why, parts[i].json);
        free(text);
        json_decref(json);
    }
}

/* Files that are no such object at all. */
static void test_files(void **state)
{
    static const struct {
        const char *text, *why;
    } files[] = {
        {base, NULL},
        {"", "is empty"},
        {"[]", "is not a JSON object"},
        {"{\"version\":\"1.0\"", "line 1"},
        {"{\"version\":\"1.0\",\"version\":\"1.0\"}", "duplicate object key"},
        {"{\"version\":\"\xFF\"}", "unable to decode byte"},
        {"{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"\\u0000\":1}}}", "NUL"},
        {"{\"version\":1e999}", "line 1"},
    };
    static char deep[40000];

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        check_load("tokenizer.json", gs_str(files[i].text), files[i].why, files[i].text);
    }
    (void)snprintf(deep, sizeof deep, "{\"normalizer\":");
    memset(deep + strlen(deep), '[', 30000);
    check_load("tokenizer.json", gs_str(deep), "depth", "a deep file");
}

/* A Sequence in a Sequence, and so on. */
static void test_deep_sequence(void **state)
{
    json_t *json = json_loads(base, 0, NULL);
    json_t *step = json_loads("{\"type\":\"NFC\"}", 0, NULL);

    (void)state;
    for (int i = 0; i < 20; i++) {
        step = json_pack("{s:s,s:[o]}", "type", "Sequence", "normalizers", step);
    }
    assert_int_equal(json_object_set_new(json, "normalizer", step), 0);
    char *text = json_dumps(json, 0);
    check_load("tokenizer.json", gs_str(text), "so deep", "a deep sequence");
    free(text);
    json_decref(json);
}

static void test_vocab(void **state)
{
    static const struct {
        const char *text, *why;
    } files[] = {
        {"[PAD]\n[UNK]\n[CLS]\n[SEP]\nstock\n##s", NULL},
        {"[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\nstock\r\n", NULL},
        {"[PAD]\n[UNK]\n[CLS]\nstock\n", "has not both of the tokens"},
        {"[PAD]\n[CLS]\n[SEP]\nstock\n", "no token for the unknown"},
        {"", "no token for the unknown"},
        {"[PAD]\n[UNK]\n\xC3\n", "byte 12 is not UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        check_load("vocab.txt", gs_str(files[i].text), files[i].why, files[i].text);
    }
}

/* tokenizer_config.json beside vocab.txt says whether to lower-case, and what tokens are called. */
static void test_config(void **state)
{
    static const struct {
        const char *config, *line;
        size_t max_tokens;
    } rows[] = {
        {"{}", "[CLS]:0-0 stock:0-5 ##s:5-6 e:7-9 \xE8\x82\xA1:9-12 [SEP]:0-0", 0},
        {"{\"do_lower_case\":false,\"model_max_length\":512}",
         "[CLS]:0-0 [UNK]:0-6 [UNK]:7-9 \xE8\x82\xA1:9-12 [SEP]:0-0", 512},
        {"{\"strip_accents\":false,\"model_max_length\":1e30}",
         "[CLS]:0-0 stock:0-5 ##s:5-6 \xC3\xA9:7-9 \xE8\x82\xA1:9-12 [SEP]:0-0", 0},
        {"{\"tokenize_chinese_chars\":false,\"cls_token\":{\"content\":\"[X]\"}}",
         "[X]:0-0 stock:0-5 ##s:5-6 [UNK]:7-12 [SEP]:0-0", 0},
    };
    static const char vocab[] =
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\nstock\n##s\ne\n\xC3\xA9\n\xE8\x82\xA1\n[X]\n";

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[64], file[128], line[512];
        make_folder("vocab.txt", gs_str(vocab), path, sizeof path);
        (void)snprintf(file, sizeof file, "%s/tokenizer_config.json", path);
        FILE *out = fopen(file, "w");
        assert_non_null(out);
        assert_true(fputs(rows[i].config, out) >= 0);
        assert_int_equal(fclose(out), 0);
        struct gs_tokenizer *tokenizer = load(path);
        struct gs_tokenizer_workspace *work = new_work(tokenizer);
        const struct gs_encoding got =
            encode(tokenizer, work, gs_str("Stocks \xC3\x89\xE8\x82\xA1"), 0);
        assert_string_equal(encoding_line(tokenizer, &got, line, sizeof line), rows[i].line);
        assert_int_equal(gs_tokenizer_info(tokenizer)->max_tokens, rows[i].max_tokens);
        gs_tokenizer_workspace_free(work);
        gs_tokenizer_free(tokenizer);
        drop_folder(path);
    }
}

static void test_broken_config(void **state)
{
    struct gs_tokenizer *tokenizer = NULL;
    struct gs_error err = {0};
    char path[64];

    (void)state;
    make_folder("tokenizer_config.json", gs_str("{\"do_lower_case\":3}"), path, sizeof path);
    assert_int_equal(gs_tokenizer_load(path, &tokenizer, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "tokenizer_config.json"));
    drop_folder(path);
}

static void test_no_folder(void **state)
{
    struct gs_tokenizer *tokenizer = NULL;
    struct gs_error err = {0};

    (void)state;
    assert_int_equal(gs_tokenizer_load("/nowhere", &tokenizer, &err), GS_IO);
    assert_string_equal(err.message, "/nowhere: has neither tokenizer.json nor vocab.txt");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),         cmocka_unit_test(test_files),
        cmocka_unit_test(test_deep_sequence), cmocka_unit_test(test_vocab),
        cmocka_unit_test(test_config),        cmocka_unit_test(test_broken_config),
        cmocka_unit_test(test_no_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
