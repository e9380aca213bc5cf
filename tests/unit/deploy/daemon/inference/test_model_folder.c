/* Folders with both tiers: what their groundswell.json makes of the labels, and what is refused. */
#include "tests/unit/deploy/daemon/folder_fixture.h"

#include <math.h>
#include <string.h>

#define TOP(more)                                                                                  \
    "{\"format\":\"groundswell-encoder\",\"format_version\":1,\"name\":\"both\",\"version\":"      \
    "\"1\"" more
#define NEG "{\"id\":\"negative\",\"native\":\"Bearish\"}"
#define NEU "{\"id\":\"neutral\",\"native\":1}"
#define POS "{\"id\":\"positive\",\"zh\":\"看多\",\"native\":\"Bullish\"}"
#define HEADS(more) ",\"heads\":{\"sentiment\":{\"labels\":[" NEG "," NEU "," POS "]" more "}}"

static const struct {
    const char *shows, *json, *says;
} refused[] = {
    {"not JSON", "{\"format\":", "line 1"},
    {"a list", "[1]", "groundswell.json: not a JSON object"},
    {"a control character", "{\"a\x01\":1}", "line 1"},
    {"a line break in a name", TOP(",\"a\\nERROR\":1" HEADS("") "}"), "\"a?ERROR\""},
    {"depth without end", "[[[[[[[[[[[[[[[[[[", "line 1"},
    {"a key twice", TOP(",\"name\":\"x\"" HEADS("") "}"), "duplicate"},
    {"another format", "{\"format\":\"groundswell-other\"}", "format is not"},
    {"a later format", "{\"format\":\"groundswell-encoder\",\"format_version\":2}",
     "format_version is not 1"},
    {"a name that is a path",
     "{\"format\":\"groundswell-encoder\",\"format_version\":1,\"name\":\"../"
     "x\",\"version\":\"1\"}",
     "name or version"},
    {"a member that is misspelt", TOP(HEADS("") ",\"cascades\":{}}"), "\"cascades\""},
    {"a spelling of Chinese that there is not", TOP(",\"chinese\":\"pinyin\"" HEADS("") "}"),
     "chinese: not"},
    {"a spelling that is no text", TOP(",\"chinese\":true" HEADS("") "}"), "chinese: not"},
    {"a fast tier outside", TOP(",\"fast\":\"../fast\"" HEADS("") "}"), "fast: not the plain name"},
    {"a fast tier that is not there", TOP(",\"fast\":\"slow\"" HEADS("") "}"),
     "slow/groundswell.json"},
    {"tokens that are none", TOP(",\"max_tokens\":1.5" HEADS("") "}"), "max_tokens"},
    {"too few tokens", TOP(",\"max_tokens\":3" HEADS("") "}"), "max_tokens"},
    {"no heads", TOP("}"), "heads: not an object"},
    {"an unknown head", TOP(",\"heads\":{\"mood\":{}}}"), "\"mood\""},
    {"a head that is a list", TOP(",\"heads\":{\"topics\":[]}}"), "heads.topics: not an object"},
    {"no labels", TOP(",\"heads\":{\"topics\":{}}}"), "heads.topics.labels: 0 labels"},
    {"two sentiments", TOP(",\"heads\":{\"sentiment\":{\"labels\":[" NEG "," NEU "]}}}"),
     "2 labels, not 3"},
    {"sentiments in another order",
     TOP(",\"heads\":{\"sentiment\":{\"labels\":[" NEU "," NEG "," POS "]}}}"), "in this order"},
    {"a native label that is none",
     TOP(",\"heads\":{\"sentiment\":{\"labels\":[" NEG "," NEU ",{\"id\":\"positive\"}]}}}"),
     "number 2: config.json's id2label has no such label"},
    {"an output that is none",
     TOP(",\"heads\":{\"topics\":{\"labels\":[{\"id\":\"a\",\"native\":3}]}}}"), "no such label"},
    {"a negative output",
     TOP(",\"heads\":{\"topics\":{\"labels\":[{\"id\":\"a\",\"native\":-1}]}}}"), "no such label"},
    {"no output for negative",
     TOP(",\"heads\":{\"sentiment\":{\"labels\":[{\"id\":\"negative\",\"native\":null}," NEU "," POS
         "]}}}"),
     "no such label"},
    {"a label twice",
     TOP(",\"heads\":{\"topics\":{\"labels\":[{\"id\":\"a\",\"native\":0},{\"id\":\"a\",\"native\":"
         "1}]}}}"),
     "number 1: its id was there before"},
    {"a label without a name", TOP(",\"heads\":{\"topics\":{\"labels\":[{\"native\":0}]}}}"),
     "number 0"},
    {"a member of a label that is misspelt",
     TOP(",\"heads\":{\"topics\":{\"labels\":[{\"id\":\"a\",\"native\":0,\"treshold\":1}]}}}"),
     "\"treshold\""},
    {"a threshold above 1",
     TOP(",\"heads\":{\"topics\":{\"labels\":[{\"id\":\"a\",\"native\":0,\"threshold\":2}]}}}"),
     "threshold is not in 0 to 1"},
    {"labels other than the fast tier's",
     TOP(",\"fast\":\"fast\",\"heads\":{\"topics\":{\"labels\":[{\"id\":\"a\",\"native\":0}]}}}"),
     "heads.topics.labels: 1 labels, not 26"},
    {"a temperature of 0", TOP(HEADS(",\"temperature\":{\"en\":0}") "}"), "temperature.en"},
    {"a language that is none", TOP(HEADS(",\"temperature\":{\"fr\":1}") "}"), "\"fr\""},
    {"a margin that is text", TOP(HEADS(",\"margin\":\"0.1\"") "}"), "heads.sentiment.margin"},
    {"several sentiments at once", TOP(HEADS(",\"kind\":\"multi\"") "}"), "kind: not \"single\""},
    {"gates without a fast tier", TOP(HEADS("") ",\"cascade\":{}}"), "there is no fast tier"},
    {"a gate above 1",
     TOP(",\"fast\":\"fast\"" HEADS("") ",\"cascade\":{\"sentiment\":{\"en\":1.5}}}"),
     "cascade.sentiment.en"},
    {"a gate of a head that the encoder lacks",
     TOP(",\"fast\":\"fast\"" HEADS("") ",\"cascade\":{\"topics\":{\"en\":0.5}}}"),
     "cascade.topics: the encoder has no such head"},
};

static void broken_manifests_are_refused(void **state)
{
    const struct gs_model_choice choice = {.tier = GS_TIER_AUTO};
    char folder[] = "/tmp/gs-folder-XXXXXX";
    (void)state;
    cascade_make(folder, GOLDEN_SENTIMENT, "{}");
    for (size_t i = 0; i < GS_COUNT(refused); i++) {
        struct gs_model_folder *loaded = NULL;
        struct gs_error err = {0};
        print_message("  %s\n", refused[i].shows);
        cascade_write(folder, refused[i].json);
        const enum gs_status status = gs_model_folder_load(folder, &choice, &loaded, &err);
        print_message("    %s\n", err.message);
        assert_int_not_equal(status, GS_OK);
        assert_null(loaded);
        assert_non_null(strstr(err.message, folder));
        assert_non_null(strstr(err.message, "groundswell.json"));
        for (const char *c = err.message; *c != '\0'; c++) {
            assert_true((unsigned char)*c >= ' '); /* one line, whatever the file says */
        }
        assert_non_null(strstr(err.message, refused[i].says));
    }
    cascade_remove(folder);
}

static void both_tiers_are_told_of(void **state)
{
    char folder[] = "/tmp/gs-folder-XXXXXX";
    (void)state;
    cascade_make(folder, GOLDEN_SENTIMENT,
                 TOP(",\"fast\":\"fast\",\"max_tokens\":16" HEADS(
                     ",\"temperature\":{\"zh\":2},\"margin\":0.25") ",\"cascade\":{\"sentiment\":{"
                                                                    "\"zh\":0.5}}}"));
    struct gs_model_folder *loaded = folder_load(folder, GS_TIER_AUTO);
    const struct gs_model_info *info = gs_model_info(loaded->model);
    assert_true(info->fast && info->encodes && info->cascades);
    assert_true(info->of_encoder[0] && !info->of_encoder[1] && !info->of_encoder[2]);
    assert_int_equal(info->max_tokens, 16);
    assert_int_equal(info->n_labels[GS_HEAD_TOPICS], 26);
    assert_string_equal(info->name, "both");
    assert_string_equal(info->labels_zh[0][GS_POSITIVE], "看多");

    const float raw[3] = {2, -1, 4}; /* bullish, neutral, bearish */
    struct gs_prediction en = {0}, zh = {0};
    gs_model_answer(loaded->model, raw, 0, &en);
    gs_model_answer(loaded->model, raw, 1, &zh);
    assert_true(en.logits[0][GS_NEGATIVE] == 4 && en.logits[0][GS_NEUTRAL] == -1 &&
                en.logits[0][GS_POSITIVE] == 2);
    assert_true(zh.logits[0][GS_NEGATIVE] == 2 && zh.logits[0][GS_POSITIVE] == 1);
    assert_float_equal(en.p[0][0], 1 / (1 + expf(-5) + expf(-2)), 1e-6F);
    assert_false(en.abstained);
    const float close[3] = {2, -1, 2.2F};
    gs_model_answer(loaded->model, close, 0, &en);
    assert_true(en.abstained);
    const float wild[3] = {INFINITY, NAN, -INFINITY}; /* says nothing, but says it in numbers */
    gs_model_answer(loaded->model, wild, 0, &en);
    assert_float_equal(en.p[0][0] + en.p[0][1] + en.p[0][2], 1, 1e-6F);
    gs_model_folder_drop(loaded);

    loaded = folder_load(folder, GS_TIER_ENCODER); /* no gate opens then */
    assert_false(gs_model_info(loaded->model)->cascades);
    gs_model_folder_drop(loaded);
    loaded = folder_load(folder, GS_TIER_FAST);
    info = gs_model_info(loaded->model);
    assert_true(info->fast && !info->encodes && loaded->tokenizers[0] == NULL);
    assert_string_equal(info->name, "both");
    gs_model_folder_drop(loaded);
    cascade_remove(folder);
}

static size_t ids_of(const struct gs_model_folder *folder, const char *text, int32_t *ids)
{
    struct gs_tokenizer_workspace *work = NULL;
    struct gs_encoding got = {0};
    assert_int_equal(gs_tokenizer_workspace_new(folder->tokenizers[0], &work, NULL), GS_OK);
    assert_int_equal(gs_tokenizer_encode(folder->tokenizers[0], work, gs_str(text), 64, &got, NULL),
                     GS_OK);
    memcpy(ids, got.ids, got.n * sizeof *ids);
    gs_tokenizer_workspace_free(work);
    return got.n;
}

/* Whether an encoder reads 業績 as 业绩 is its manifest's choice; without one, as published. */
static void an_encoder_may_read_traditional_chinese_as_simplified(void **state)
{
    static const struct {
        const char *json;
        bool same;
    } said[] = {
        {TOP(HEADS("") "}"), false},
        {TOP(",\"chinese\":\"as_written\"" HEADS("") "}"), false},
        {TOP(",\"chinese\":\"simplified\"" HEADS("") "}"), true},
    };
    (void)state;
    for (size_t i = 0; i < GS_COUNT(said); i++) {
        char folder[] = "/tmp/gs-folder-XXXXXX";
        int32_t one[64], other[64];
        cascade_make(folder, GOLDEN_SENTIMENT, said[i].json);
        struct gs_model_folder *loaded = folder_load(folder, GS_TIER_AUTO);
        const size_t n = ids_of(loaded, "業績虧損", one);
        const size_t m = ids_of(loaded, "业绩亏损", other);
        assert_int_equal(gs_model_info(loaded->model)->encoders[0].simplified, said[i].same);
        assert_int_equal(n == m && memcmp(one, other, n * sizeof *one) == 0, said[i].same);
        gs_model_folder_drop(loaded);
        cascade_remove(folder);
    }
}

/* Some heads from one encoder: two of its outputs are topics, of which several may hold. */
static void an_encoder_may_have_topics(void **state)
{
    char folder[] = "/tmp/gs-folder-XXXXXX";
    (void)state;
    cascade_make(folder, GOLDEN_TOPICS,
                 TOP(",\"heads\":{\"risks\":{\"kind\":\"single\",\"labels\":[{\"id\":\"b\","
                     "\"native\":3},{\"id\":\"c\",\"native\":\"宏观\"}]},\"topics\":{\"labels\":[{"
                     "\"id\":\"legal\",\"native\":0,\"threshold\":0.7}]}}}"));
    struct gs_model_folder *loaded = folder_load(folder, GS_TIER_AUTO);
    struct gs_prediction said = {0};
    const float raw[4] = {1, 5, 0, 2};
    gs_model_answer(loaded->model, raw, 0, &said);
    assert_float_equal(said.p[GS_HEAD_TOPICS][0], 1 / (1 + expf(-1)), 1e-6F);
    assert_float_equal(said.p[GS_HEAD_RISKS][0], 1 / (1 + expf(-2)), 1e-6F);
    assert_float_equal(said.p[GS_HEAD_RISKS][0] + said.p[GS_HEAD_RISKS][1], 1, 1e-6F);
    assert_float_equal(said.thresholds[GS_HEAD_TOPICS][0], 0.7F, 1e-6F);
    assert_true(said.abstained && said.p[GS_HEAD_SENTIMENT][GS_NEUTRAL] == 1);
    assert_string_equal(said.tier, "encoder");
    assert_true(gs_model_info(loaded->model)->single[GS_HEAD_RISKS]);
    gs_model_folder_drop(loaded);
    cascade_remove(folder);
}

static void a_tokenizer_of_another_model_is_refused(void **state)
{
    const struct gs_model_choice choice = {.tier = GS_TIER_AUTO};
    char folder[] = "/tmp/gs-folder-XXXXXX";
    char path[4200];
    struct gs_model_folder *loaded = NULL;
    struct gs_error err = {0};
    (void)state;
    cascade_make(folder, GOLDEN_SENTIMENT, TOP(HEADS("") "}"));
    cascade_path(path, folder, "tokenizer.json");
    assert_int_equal(unlink(path), 0);
    assert_int_not_equal(gs_model_folder_load(folder, &choice, &loaded, &err), GS_OK);
    assert_non_null(strstr(err.message, folder));
    cascade_path(path, folder, "vocab.txt");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n", file);
    for (int i = 0; i < 200; i++) {
        (void)fprintf(file, "word%d\n", i);
    }
    assert_int_equal(fclose(file), 0);
    assert_int_equal(gs_model_folder_load(folder, &choice, &loaded, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "205 tokens"));
    assert_int_equal(unlink(path), 0);
    cascade_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(broken_manifests_are_refused),
        cmocka_unit_test(both_tiers_are_told_of),
        cmocka_unit_test(an_encoder_may_read_traditional_chinese_as_simplified),
        cmocka_unit_test(an_encoder_may_have_topics),
        cmocka_unit_test(a_tokenizer_of_another_model_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
