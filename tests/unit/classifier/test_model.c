/* A model folder: written, read back, asked, explained; and refused when anything in it is wrong.
 */
#include "tests/unit/classifier/fixture.h"
#include "tokenizer/ngram/ngrams.h"

#include <math.h>
#include <stdio.h>

static void test_hash_bits_are_the_tokenizers(void **state)
{
    (void)state;
    assert_int_equal(GS_HASH_HAN, GS_NGRAMS_HAN);
    assert_int_equal(GS_HASH_WORD, GS_NGRAMS_WORD);
    assert_int_equal(GS_FEATURES_VERSION, GS_NGRAMS_VERSION);
}

static void test_what_is_written_is_read(void **state)
{
    struct gs_model *model = fixture_model(1);
    struct gs_model *loaded = NULL;
    struct gs_model_workspace *work = NULL;
    struct gs_model_workspace *loaded_workspace = NULL;
    struct gs_error err = {0};
    char folder[64];
    uint32_t random = 5;
    (void)state;
    fixture_folder(folder);
    assert_int_equal(gs_trainer_write(model, folder, gs_str("\"provenance\": {\"seed\": 1}"), NULL),
                     GS_OK);
    if (gs_model_load(folder, &loaded, &err) != GS_OK) {
        print_error("%s\n", err.message);
        fail();
    }
    assert_string_equal(gs_model_info(loaded)->sha256, gs_model_info(model)->sha256);
    assert_int_equal(gs_model_info(loaded)->n_labels[GS_HEAD_TOPICS], 4);
    assert_string_equal(gs_model_info(loaded)->labels[GS_HEAD_TOPICS][2], "energy");
    assert_string_equal(gs_model_info(loaded)->labels_zh[GS_HEAD_SENTIMENT][0], "负面");
    assert_int_equal(gs_model_workspace_new(model, &work, NULL), GS_OK);
    assert_int_equal(gs_model_workspace_new(loaded, &loaded_workspace, NULL), GS_OK);
    for (size_t i = 0; i < 20; i++) {
        struct gs_prediction a = {0}, b = {0};
        uint32_t hashes[16];
        const size_t n =
            fixture_hashes(&random, i % 2 != 0 ? GS_HASH_HAN : 0, i % 3, i % 4, hashes);
        gs_model_predict(model, work, hashes, n, i % 4, &a);
        gs_model_predict(loaded, loaded_workspace, hashes, n, i % 4, &b);
        for (size_t s = 0; s < 3; s++) { /* the manifest holds six digits of the temperatures */
            assert_float_equal(a.p[0][s], b.p[0][s], 1e-4F);
        }
    }
    gs_model_workspace_free(work);
    gs_model_workspace_free(loaded_workspace);
    gs_model_free(model);
    gs_model_free(loaded);
    fixture_remove(folder);
}

static void test_probabilities_are_probabilities(void **state)
{
    struct gs_model *model = fixture_model(1);
    struct gs_model_workspace *work = NULL;
    uint32_t hashes[64];
    uint32_t random = 11;
    (void)state;
    assert_int_equal(gs_model_workspace_new(model, &work, NULL), GS_OK);
    for (size_t i = 0; i < 300; i++) {
        struct gs_prediction said;
        const size_t n = i % 60;
        for (size_t k = 0; k < n; k++) { /* known, unknown, of the other profile, 0 */
            hashes[k] = fixture_random(&random) % 1300 | (i % 3 == 0 ? GS_HASH_HAN : 0);
        }
        gs_model_predict(model, work, hashes, n, i % 7, &said);
        const float *p = said.p[GS_HEAD_SENTIMENT];
        assert_float_equal(p[0] + p[1] + p[2], 1.0F, 1e-5F);
        for (size_t s = 0; s < 3; s++) {
            assert_true(p[s] >= 0.0F && p[s] <= said.confidence);
        }
        for (size_t l = 0; l < 4; l++) {
            assert_true(said.p[GS_HEAD_TOPICS][l] > 0.0F && said.p[GS_HEAD_TOPICS][l] < 1.0F);
        }
        assert_string_equal(said.tier, "fast");
    }
    gs_model_workspace_free(work);
    gs_model_free(model);
}

static void test_repeats_and_order_do_not_matter(void **state)
{
    struct gs_model *model = fixture_model(1);
    struct gs_model_workspace *work = NULL;
    const uint32_t once[] = {100, 201, 1003};
    const uint32_t often[] = {1003, 201, 100, 100, 1003, 100};
    struct gs_prediction a = {0}, b = {0};
    (void)state;
    assert_int_equal(gs_model_workspace_new(model, &work, NULL), GS_OK);
    gs_model_predict(model, work, once, 3, 0, &a);
    gs_model_predict(model, work, often, 6, 0, &b);
    assert_memory_equal(a.logits[0], b.logits[0], 3 * sizeof(float));
    assert_memory_equal(a.logits[1], b.logits[1], 4 * sizeof(float));
    gs_model_workspace_free(work);
    gs_model_free(model);
}

static void test_abstains_below_the_margin(void **state)
{
    struct gs_model *model = fixture_model(1);
    struct gs_model_workspace *work = NULL;
    struct gs_prediction said;
    (void)state;
    assert_int_equal(gs_model_workspace_new(model, &work, NULL), GS_OK);
    gs_model_predict(model, work, (const uint32_t[]){100, 1001}, 2, 0, &said);
    assert_false(said.abstained);
    model->margin = 0.9999F;
    gs_model_predict(model, work, (const uint32_t[]){1001}, 1, 0, &said);
    assert_true(said.abstained);
    gs_model_workspace_free(work);
    gs_model_free(model);
}

/* hashes: the third is the first again, the fourth is unknown; at most 8. */
static void assert_complete(const struct gs_model *model, struct gs_model_workspace *work,
                            const uint32_t *hashes, size_t n, size_t profile)
{
    struct gs_prediction said;

    gs_model_predict(model, work, hashes, n, profile, &said);
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        for (size_t l = 0; l < model->n_labels[head]; l++) {
            float parts[8];
            float bias = NAN;
            gs_model_explain(model, work, hashes, n, profile, (enum gs_head)head, l, parts, &bias);
            float sum = bias;
            for (size_t i = 0; i < n; i++) {
                sum += parts[i];
            }
            assert_float_equal(sum, said.logits[head][l], 1e-4F);
            assert_float_equal(parts[0], parts[2], 1e-6F); /* twice the same: half each */
            assert_float_equal(parts[3], 0.0F, 0.0F);      /* not known: says nothing */
        }
    }
}

/* bias + contributions = logit, for every head, label and profile, with n-grams that repeat or are
 * unknown. */
static void test_explanations_are_complete(void **state)
{
    struct gs_model *model = fixture_model(1);
    struct gs_model_workspace *work = NULL;
    (void)state;
    assert_int_equal(gs_model_workspace_new(model, &work, NULL), GS_OK);
    for (size_t profile = 0; profile < GS_N_PROFILES; profile++) {
        const uint32_t bit = profile == GS_PROFILE_HAN ? GS_HASH_HAN : 0;
        const uint32_t hashes[] = {100 | bit, 1003 | bit, 100 | bit, 777777 | bit, 202 | bit};
        assert_complete(model, work, hashes, GS_COUNT(hashes), profile);
    }
    gs_model_workspace_free(work);
    gs_model_free(model);
}

static void test_explanation_points_at_what_matters(void **state)
{
    struct gs_model *model = fixture_model(1);
    struct gs_model_workspace *work = NULL;
    const uint32_t hashes[] = {1001, 1002, 100 + GS_POSITIVE, 1004};
    float parts[4];
    float bias = 0;
    (void)state;
    assert_int_equal(gs_model_workspace_new(model, &work, NULL), GS_OK);
    gs_model_explain(model, work, hashes, 4, 0, GS_HEAD_SENTIMENT, GS_POSITIVE, parts, &bias);
    for (size_t i = 0; i < 4; i++) {
        assert_true(i == 2 || parts[2] > 3.0F * fabsf(parts[i]));
    }
    gs_model_workspace_free(work);
    gs_model_free(model);
}

/* ---- hostile folders ---- */

static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    const size_t size = strlen(text) + strlen(to) + 1;
    char *out = malloc(size);
    assert_non_null(out);
    (void)snprintf(out, size, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return out;
}

static const struct {
    const char *shows;
    const char *from, *to, *says;
} broken[] = {
    {"another format", "groundswell-ngram", "groundswell-other", "format"},
    {"a later format", "\"format_version\": 1", "\"format_version\": 2", "format"},
    {"other n-grams", "\"features_version\": 1", "\"features_version\": 7", "features_version"},
    {"a spelling of Chinese that there is not", "\"chinese\": \"", "\"chinese\": \"pinyin ",
     "chinese"},
    {"a path instead of a file's name", "\"model.safetensors.gz\"", "\"../model.safetensors.gz\"",
     "plain name"},
    {"a checksum that is too short", "\"sha256\": \"", "\"sha256\": \"\", \"x\": \"", "sha256"},
    {"another checksum", "\"sha256\": \"", "\"was\": \"\", \"sha256\": \"00", "sha256"},
    {"no labels", "\"id\": \"negative\"", "\"id\": 3", "labels"},
    {"sentiments in another order", "\"id\": \"negative\"", "\"id\": \"positive\"", "labels"},
    {"a label twice", "\"id\": \"macro\"", "\"id\": \"company\"", "labels"},
    {"a label that is no name", "\"id\": \"macro\"", "\"id\": \"<b>\"", "labels"},
    {"a threshold above 1", "\"threshold\": ", "\"threshold\": 7, \"x\": ", "labels"},
    {"a temperature of 0",
     "\"temperature\": {\"en\": ", "\"temperature\": {\"en\": 0, \"x\": ", "temperature"},
    {"a margin that is text", "\"margin\": ", "\"margin\": \"a\", \"x\": ", "margin"},
    {"a column that means nothing", "\"topics/macro\"", "\"topics/no_such\"", "means nothing"},
    {"a column twice", "\"topics/macro\"", "\"topics/company\"", "twice"},
    {"no norm", "\"norm\"", "\"topics/policy\"", ""},
    {"a column too few", "\"topics/macro\", ", "", "fit"},
    {"not JSON at all", "{", "", "JSON"},
    {"a key twice", "\"format\":", "\"format\": \"x\", \"format\":", "JSON"},
};

static void test_broken_manifests_are_refused(void **state)
{
    struct gs_model *model = fixture_model(1);
    char folder[64];
    size_t n = 0;
    (void)state;
    fixture_folder(folder);
    assert_int_equal(gs_trainer_write(model, folder, (struct gs_str){"", 0}, NULL), GS_OK);
    gs_model_free(model);
    char *good = fixture_read(folder, "groundswell.json", &n);
    for (size_t i = 0; i < GS_COUNT(broken); i++) {
        struct gs_error err = {0};
        struct gs_model *loaded = NULL;
        char *bad = replaced(good, broken[i].from, broken[i].to);
        print_message("  %s\n", broken[i].shows);
        fixture_write(folder, "groundswell.json", bad, strlen(bad));
        assert_int_equal(gs_model_load(folder, &loaded, &err), GS_BAD_FORMAT);
        assert_null(loaded);
        assert_non_null(strstr(err.message, broken[i].says));
        free(bad);
    }
    free(good);
    fixture_remove(folder);
}

static void test_missing_files_are_named(void **state)
{
    struct gs_error err = {0};
    struct gs_model *loaded = NULL;
    (void)state;
    assert_int_equal(gs_model_load("/no/such/folder", &loaded, &err), GS_IO);
    assert_non_null(strstr(err.message, "/no/such/folder/groundswell.json"));
}

/* Any flipped byte or cut of the weights file is caught by the checksum. */
static void test_damaged_weights_are_refused(void **state)
{
    struct gs_model *model = fixture_model(1);
    struct gs_model *loaded = NULL;
    struct gs_error err = {0};
    char folder[64];
    size_t n = 0;
    (void)state;
    fixture_folder(folder);
    assert_int_equal(gs_trainer_write(model, folder, (struct gs_str){"", 0}, NULL), GS_OK);
    gs_model_free(model);
    char *good = fixture_read(folder, "model.safetensors.gz", &n);
    for (size_t i = 0; i < n; i += n / 13 + 1) {
        good[i] = (char)(good[i] ^ 1);
        fixture_write(folder, "model.safetensors.gz", good, n);
        assert_int_equal(gs_model_load(folder, &loaded, &err), GS_BAD_FORMAT);
        assert_non_null(strstr(err.message, "SHA-256"));
        good[i] = (char)(good[i] ^ 1);
        fixture_write(folder, "model.safetensors.gz", good, i);
        assert_int_equal(gs_model_load(folder, &loaded, &err), GS_BAD_FORMAT);
        assert_non_null(strstr(err.message, "SHA-256"));
    }
    free(good);
    fixture_remove(folder);
}

/* Weights that carry the right checksum but lie. */
static void load_lying(const char *folder, struct gs_model *model, const char *says)
{
    struct gs_model *loaded = NULL;
    struct gs_error err = {0};
    assert_int_equal(gs_model_write(model, folder, (struct gs_str){"", 0}, NULL), GS_OK);
    assert_int_equal(gs_model_load(folder, &loaded, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, says));
    assert_null(loaded);
}

static void test_lying_weights_are_refused(void **state)
{
    struct gs_model *model = fixture_model(1);
    struct gs_profile *p = &model->profiles[0];
    char folder[64];
    (void)state;
    fixture_folder(folder);
    const float scale = p->scale[3];
    p->scale[3] = NAN;
    load_lying(folder, model, "finite");
    p->scale[3] = INFINITY;
    load_lying(folder, model, "finite");
    p->scale[3] = 1e30F;
    load_lying(folder, model, "finite");
    p->scale[3] = scale;
    p->bias[2] = NAN;
    load_lying(folder, model, "finite");
    p->bias[2] = 0;
    const uint32_t key = p->keys[1];
    p->keys[1] = p->keys[0];
    load_lying(folder, model, "key");
    p->keys[1] = key;
    p->keys[0] = 0;
    load_lying(folder, model, "key");
    gs_model_free(model);
    fixture_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_bits_are_the_tokenizers),
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_probabilities_are_probabilities),
        cmocka_unit_test(test_repeats_and_order_do_not_matter),
        cmocka_unit_test(test_abstains_below_the_margin),
        cmocka_unit_test(test_explanations_are_complete),
        cmocka_unit_test(test_explanation_points_at_what_matters),
        cmocka_unit_test(test_broken_manifests_are_refused),
        cmocka_unit_test(test_missing_files_are_named),
        cmocka_unit_test(test_damaged_weights_are_refused),
        cmocka_unit_test(test_lying_weights_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
