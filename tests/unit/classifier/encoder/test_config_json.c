/* config.json, modules.json and 1_Pooling/config.json: what is read from them, and each thing that
 * is refused, by the words of its refusal. */
#include "tests/unit/classifier/encoder/golden_fixture.h"

/* One member of a good config.json changed: value is JSON, or NULL to leave the member out. words
 * NULL: it loads. */
static const struct {
    const char *shows, *model, *key, *value, *words;
} edits[] = {
    {"as it is", "bert-cls", "transformers_version", "\"5\"", NULL},
    {"unknown members are passed over", "bert-cls", "a_new_thing", "[1, {}]", NULL},
    {"GELU by default", "bert-cls", "hidden_act", NULL, NULL},
    {"two labels by default", "bert-cls", "id2label", NULL, NULL},
    {"no architecture: a base model", "bert-cls", "architectures", NULL, NULL},
    {"null stands for absent", "bert-cls", "problem_type", "null", NULL},
    {"absolute positions", "bert-cls", "position_embedding_type", "\"absolute\"", NULL},
    {"DistilBERT by the general name of its width", "distilbert-cls", "hidden_size", "24", NULL},
    {"an XLM-R of RoBERTa's class", "xlm-roberta-cls", "architectures",
     "[\"RobertaForSequenceClassification\"]", NULL},

    {"no model_type", "bert-cls", "model_type", NULL, "model_type is missing"},
    {"another family", "bert-cls", "model_type", "\"t5\"", "\"t5\" is not supported"},
    {"a number for model_type", "bert-cls", "model_type", "4", "model_type is missing"},
    {"another family's class", "bert-cls", "architectures", "[\"RobertaModel\"]",
     "\"RobertaModel\" is not supported"},
    {"a class of tokens", "bert-cls", "architectures", "[\"BertForTokenClassification\"]",
     "ForTokenClassification"},
    {"two classes", "bert-cls", "architectures", "[\"BertModel\", \"BertModel\"]",
     "not a list of one"},
    {"a class that is not a text", "bert-cls", "architectures", "[3]", "not a list of one"},
    {"an activation we have not", "bert-cls", "hidden_act", "\"swish\"", "hidden_act \"swish\""},
    {"an activation that is no text", "bert-cls", "hidden_act", "1", "hidden_act"},
    {"an activation with control characters", "bert-cls", "hidden_act", "\"a\\nb\"", "\"a?b\""},
    {"DistilBERT's activation", "distilbert-cls", "activation", "\"mish\"", "activation \"mish\""},
    {"relative positions", "bert-cls", "position_embedding_type", "\"relative_key\"",
     "position_embedding_type \"relative_key\""},
    {"a decoder", "bert-cls", "is_decoder", "true", "is_decoder is not supported"},
    {"cross attention", "bert-cls", "add_cross_attention", "true", "add_cross_attention"},
    {"an encoder and decoder", "bert-cls", "is_encoder_decoder", "true", "is_encoder_decoder"},
    {"pruned heads", "bert-cls", "pruned_heads", "{\"0\": [1]}", "pruned_heads"},
    {"quantized by others", "bert-cls", "quantization_config", "{\"bits\": 4}",
     "quantization_config"},
    {"code of its own", "bert-cls", "auto_map", "{\"AutoModel\": \"x.Y\"}", "auto_map"},
    {"a width of 0", "bert-cls", "hidden_size", "0", "hidden_size is not a whole number"},
    {"a negative width", "bert-cls", "hidden_size", "-32", "hidden_size is not a whole number"},
    {"half a width", "bert-cls", "hidden_size", "31.5", "hidden_size is not a whole number"},
    {"a width in a text", "bert-cls", "hidden_size", "\"32\"", "hidden_size is not a whole number"},
    {"null for a width", "bert-cls", "hidden_size", "null", "hidden_size is not a whole number"},
    {"an absurd width", "bert-cls", "hidden_size", "1000000", "hidden_size is not a whole number"},
    {"an absurd number of layers", "bert-cls", "num_hidden_layers", "9223372036854775807",
     "num_hidden_layers is not a whole number"},
    {"no layer", "bert-cls", "num_hidden_layers", "0", "num_hidden_layers"},
    {"heads that do not divide the width", "bert-cls", "num_attention_heads", "5",
     "does not divide by 5 heads"},
    {"an absurd vocabulary", "bert-cls", "vocab_size", "1000000000", "vocab_size"},
    {"an absurd feed-forward width", "bert-cls", "intermediate_size", "10000000",
     "intermediate_size"},
    {"absurdly many positions", "bert-cls", "max_position_embeddings", "1000000",
     "max_position_embeddings"},
    {"no token type", "bert-cls", "type_vocab_size", "0", "type_vocab_size"},
    {"an eps of 0", "bert-cls", "layer_norm_eps", "0", "layer_norm_eps"},
    {"a negative eps", "bert-cls", "layer_norm_eps", "-1e-12", "layer_norm_eps"},
    {"an eps in a text", "bert-cls", "layer_norm_eps", "\"1e-12\"", "layer_norm_eps"},
    {"a pad token that leaves no position", "roberta-cls", "pad_token_id", "21", "pad_token_id"},
    {"a negative pad token", "roberta-cls", "pad_token_id", "-1", "pad_token_id"},
    {"no pad token", "roberta-cls", "pad_token_id", "null", "pad_token_id"},
    {"DistilBERT's two names disagree", "distilbert-cls", "hidden_size", "25",
     "dim and hidden_size disagree"},

    {"a label of id 7 among 3", "bert-cls", "id2label", "{\"0\":\"a\",\"1\":\"b\",\"7\":\"c\"}",
     "\"7\" is not an id below that"},
    {"an id that is no number", "bert-cls", "id2label", "{\"zero\":\"a\"}", "\"zero\""},
    {"an id written twice", "bert-cls", "id2label", "{\"0\":\"a\",\"00\":\"b\"}", "\"00\""},
    {"an id with a sign", "bert-cls", "id2label", "{\"-0\":\"a\"}", "\"-0\""},
    {"an empty id", "bert-cls", "id2label", "{\"\":\"a\"}", "\"\" is not an id"},
    {"a label that is a number", "bert-cls", "id2label", "{\"0\":1}", "not a text of 1 to"},
    {"an empty label", "bert-cls", "id2label", "{\"0\":\"\"}", "not a text of 1 to"},
    {"no label at all", "bert-cls", "id2label", "{}", "1 to 1024 labels"},
    {"labels in a list", "bert-cls", "id2label", "[\"a\"]", "id2label is not an object"},
    {"one label of two ids", "bert-cls", "id2label", "{\"0\":\"a\",\"1\":\"a\"}",
     "the same label \"a\""},
    {"label2id tells another id", "bert-cls", "label2id", "{\"negative\": 2}",
     "disagree about \"negative\""},
    {"label2id is a list", "bert-cls", "label2id", "[]", "label2id is not an object"},
    {"num_labels tells another number", "bert-cls", "num_labels", "4",
     "num_labels is 4 but id2label has 3"},
    {"a negative num_labels", "bert-cls", "num_labels", "-1", "num_labels"},
    {"too many labels", "bert-cls", "num_labels", "1025", "num_labels"},
    {"an unknown problem_type", "bert-cls", "problem_type", "\"ranking\"", "problem_type"},
    {"an unknown input of the head", "bert-cls", "groundswell_pooling", "\"max\"",
     "groundswell_pooling is not"},
    {"one class to choose from", "xlm-roberta-cls", "problem_type",
     "\"single_label_classification\"", "one label"},
};

static void edit_config(const char *folder, const char *model, const char *key, const char *value)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/config.json", model);
    json_t *config = golden_json(path);
    if (value == NULL) {
        assert_int_equal(json_object_del(config, key), 0);
    } else {
        json_t *new = json_loads(value, JSON_DECODE_ANY, NULL);
        assert_non_null(new);
        assert_int_equal(json_object_set_new(config, key, new), 0);
    }
    if (strcmp(key, "id2label") == 0) {
        (void)json_object_del(config, "label2id");
    }
    char *text = json_dumps(config, 0);
    write_text(folder, "config.json", text);
    free(text);
    json_decref(config);
}

static void expect(const char *shows, const char *folder, const char *file, const char *words)
{
    static struct gs_encoder_config config;
    struct gs_error err = {0};
    const enum gs_status status = gs_encoder_config_read(folder, &config, &err);

    print_message("  %s: %s\n", shows, err.message);
    assert_int_equal(status, words == NULL ? GS_OK : GS_BAD_FORMAT);
    if (words != NULL) {
        assert_non_null(strstr(err.message, words));
        assert_non_null(strstr(err.message, file));
        assert_null(strchr(err.message, '\n'));
    }
}

static void test_edits(void **state)
{
    char folder[64];
    (void)state;
    make_folder(folder);
    for (size_t i = 0; i < GS_COUNT(edits); i++) {
        edit_config(folder, edits[i].model, edits[i].key, edits[i].value);
        expect(edits[i].shows, folder, "config.json: ", edits[i].words);
    }
    remove_folder(folder);
}

static void test_what_is_read(void **state)
{
    static struct gs_encoder_config c;
    (void)state;
    assert_int_equal(gs_encoder_config_read("golden/encoder/roberta-cls", &c, NULL), GS_OK);
    assert_int_equal(c.family, GS_FAMILY_ROBERTA);
    assert_string_equal(c.model_type, "roberta");
    assert_true(c.classifies && c.problem == GS_MULTI_LABEL && c.activation == GS_ACT_RELU);
    assert_true(c.hidden == 40 && c.layers == 2 && c.heads == 5 && c.intermediate == 36);
    assert_true(c.vocab == 57 && c.positions == 22 && c.types == 1);
    assert_true(c.first_position == 2 && c.max_tokens == 20);
    assert_true(c.eps > 0.9e-5F && c.eps < 1.1e-5F);
    assert_int_equal(c.n_labels, 5);
    assert_string_equal(c.labels[4], "LABEL_4");

    assert_int_equal(gs_encoder_config_read("golden/encoder/bert-cls", &c, NULL), GS_OK);
    assert_string_equal(c.labels[1], "negative");
    assert_true(c.problem == GS_SINGLE_LABEL && c.pooling == GS_POOL_MEAN && !c.normalize);
    assert_true(c.first_position == 0 && c.max_tokens == 24);
    assert_int_equal(gs_encoder_config_read("golden/encoder/xlm-roberta-cls", &c, NULL), GS_OK);
    assert_int_equal(c.problem, GS_REGRESSION);
    assert_int_equal(gs_encoder_config_read("golden/encoder/roberta-base", &c, NULL), GS_OK);
    assert_true(c.pooling == GS_POOL_CLS && !c.normalize && !c.classifies && c.n_labels == 0);
    assert_int_equal(gs_encoder_config_read("golden/encoder/distilbert-base", &c, NULL), GS_OK);
    assert_true(c.pooling == GS_POOL_MEAN && c.normalize && c.types == 0 && c.max_tokens == 20);
    assert_int_equal(gs_encoder_config_read("golden/encoder/bert-base", &c, NULL), GS_OK);
    assert_true(c.pooling == GS_POOL_POOLER && c.activation == GS_ACT_GELU_TANH);
}

#define MODULE(path, type) "{\"path\":\"" path "\",\"type\":\"" type "\"}"
#define ST "sentence_transformers.models."

/* modules and pooling: the files' texts, NULL: there is none. */
static const struct {
    const char *shows, *modules, *pooling, *words;
} poolings[] = {
    {"neither file: the mean", NULL, NULL, NULL},
    {"a pooling without a list", NULL, "{\"pooling_mode_cls_token\":true}", NULL},
    {"two steps", "[" MODULE("", ST "Transformer") "," MODULE("1_Pooling", ST "Pooling") "]",
     "{\"word_embedding_dimension\":32,\"pooling_mode_mean_tokens\":true}", NULL},
    {"names of newer versions",
     "[" MODULE("", "sentence_transformers.base.modules.Transformer") "," MODULE(
         "1_Pooling", "sentence_transformers.sentence_transformer.modules.Pooling") "]",
     "{\"embedding_dimension\":32,\"pooling_mode\":[\"mean\"],\"include_prompt\":true}", NULL},
    {"another width", NULL, "{\"word_embedding_dimension\":384,\"pooling_mode\":\"cls\"}",
     "word_embedding_dimension is not the model's 32"},
    {"max pooling", NULL, "{\"pooling_mode\":\"max\"}", "\"max\" is not supported"},
    {"an unknown pooling", NULL, "{\"pooling_mode\":\"median\"}", "no known kind of pooling"},
    {"no pooling", NULL, "{}", "no known kind of pooling"},
    {"two poolings", NULL, "{\"pooling_mode_cls_token\":true,\"pooling_mode_mean_tokens\":true}",
     "more than one kind"},
    {"two poolings in a list", NULL, "{\"pooling_mode\":[\"cls\",\"mean\"]}", "no known kind"},
    {"1 for true", NULL, "{\"pooling_mode_cls_token\":1}", "is not true or false"},
    {"a list for a pooling", NULL, "[]", "not a JSON object"},
    {"a step we have not",
     "[" MODULE("", ST "Transformer") "," MODULE("1_Pooling", ST "Pooling") "," MODULE("2_Dense", ST
                                                                                       "Dense") "]",
     "{\"pooling_mode\":\"cls\"}", "Dense"},
    {"steps in another order", "[" MODULE("1_Pooling", ST "Pooling") "]", NULL, "Pooling"},
    {"no pooling among the steps", "[" MODULE("", ST "Transformer") "]", NULL, "no Pooling"},
    {"a step of somebody else", "[" MODULE("", "somebody.Transformer") "]", NULL, "somebody"},
    {"a transformer elsewhere", "[" MODULE("0_Transformer", ST "Transformer") "]", NULL,
     "0_Transformer"},
    {"a path that leads out", "[" MODULE("", ST "Transformer") "," MODULE("../x", ST "Pooling") "]",
     NULL, "plain name"},
    {"a step that is a number", "[1]", NULL, "no type"},
    {"an object for the list", "{}", NULL, "not a JSON list"},
};

static void test_poolings(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(poolings); i++) {
        char folder[64];
        char sub[80];
        make_folder(folder);
        copy_golden("bert-cls", "config.json", folder);
        if (poolings[i].modules != NULL) {
            write_text(folder, "modules.json", poolings[i].modules);
        }
        if (poolings[i].pooling != NULL) {
            (void)snprintf(sub, sizeof sub, "%s/1_Pooling", folder);
            assert_int_equal(mkdir(sub, 0700), 0);
            write_text(sub, "config.json", poolings[i].pooling);
        }
        const bool module = poolings[i].modules != NULL && poolings[i].words != NULL;
        expect(poolings[i].shows, folder,
               module ? "modules.json: " : "1_Pooling/config.json: ", poolings[i].words);
        remove_folder(folder);
    }
}

static const struct {
    const char *shows, *text, *words;
} files[] = {
    {"empty", "", "not JSON"},
    {"cut", "{\"model_type\":", "line 1: this is not JSON"},
    {"a list", "[]", "not a JSON object"},
    {"a key twice", "{\"model_type\":\"bert\",\n\"model_type\":\"bert\"}",
     "line 2: a key is there twice"},
    {"a huge number", "{\"hidden_size\":99999999999999999999999}", "a number is too large"},
    {"something behind", "{} {}", "not JSON"},
    {"not UTF-8", "{\"\xFF\":1}", "not JSON"},
    {"NaN", "{\"layer_norm_eps\":NaN}", "not JSON"},
};

static void test_broken_files(void **state)
{
    char folder[64];
    (void)state;
    make_folder(folder);
    for (size_t i = 0; i < GS_COUNT(files); i++) {
        write_text(folder, "config.json", files[i].text);
        expect(files[i].shows, folder, "config.json: ", files[i].words);
    }
    const size_t n = 2U << 20;
    char *deep = malloc(n);
    assert_non_null(deep);
    memset(deep, '[', n);
    write_bytes(folder, "config.json", deep, 100000);
    expect("100,000 levels", folder, "config.json: ", "nested too deeply");
    write_bytes(folder, "config.json", deep, n);
    expect("2 MB", folder, "config.json: ", "larger than");
    free(deep);
    remove_folder(folder);
}

static void test_absent(void **state)
{
    static struct gs_encoder_config config;
    struct gs_error err = {0};
    char longest[5000];
    (void)state;
    assert_int_equal(gs_encoder_config_read("/nonexistent", &config, &err), GS_IO);
    assert_non_null(strstr(err.message, "/nonexistent/config.json"));
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(gs_encoder_config_read(longest, &config, &err), GS_IO);
    assert_non_null(strstr(err.message, "too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edits),    cmocka_unit_test(test_what_is_read),
        cmocka_unit_test(test_poolings), cmocka_unit_test(test_broken_files),
        cmocka_unit_test(test_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
