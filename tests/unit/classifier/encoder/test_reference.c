/* The fp32 encoder answers like PyTorch: golden files of tests/golden/encoder, made by
 * transformers. */
#include "tests/unit/classifier/encoder/golden_fixture.h"

enum { MAX_IDS = 4096, MAX_ROWS = 32 };
static const double most_off = 1e-5; /* 1e-4 is what is asked for */

struct batch {
    int32_t ids[MAX_IDS];
    size_t starts[MAX_ROWS + 1];
    size_t n;
};

static void read_batch(const json_t *rows, struct batch *ret)
{
    ret->n = json_array_size(rows);
    ret->starts[0] = 0;
    assert_in_range(ret->n, 1, MAX_ROWS);
    for (size_t i = 0; i < ret->n; i++) {
        const json_t *ids = json_object_get(json_array_get(rows, i), "ids");
        const size_t n = json_array_size(ids);
        assert_true(ret->starts[i] + n <= MAX_IDS);
        for (size_t t = 0; t < n; t++) {
            ret->ids[ret->starts[i] + t] = (int32_t)json_integer_value(json_array_get(ids, t));
        }
        ret->starts[i + 1] = ret->starts[i] + n;
    }
}

/* The largest difference to what the rows give under key; -1 when they give nothing. */
static double difference(const json_t *rows, const char *key, const float *got, size_t width)
{
    double worst = -1.0;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *want = json_object_get(json_array_get(rows, i), key);
        if (want == NULL) {
            continue;
        }
        assert_int_equal(json_array_size(want), width);
        for (size_t j = 0; j < width; j++) {
            const double w = json_real_value(json_array_get(want, j));
            worst = fmax(worst, fabs(w - (double)got[i * width + j]));
        }
    }
    return worst;
}

/* One message at a time gives the very bits that the batch gave. */
static void check_alone(const struct gs_encoder *encoder, const struct batch *all,
                        const float *pooled, const float *logits)
{
    const struct gs_encoder_info *info = gs_encoder_info(encoder);
    const size_t width = info->config->hidden;
    struct gs_encoder_workspace *work = work_for(encoder, 1);
    float *p = calloc(width, sizeof *p);
    float *l = calloc(info->n_logits + 1, sizeof *l);
    assert_true(p != NULL && l != NULL);
    for (size_t i = 0; i < all->n; i++) {
        const size_t starts[2] = {0, all->starts[i + 1] - all->starts[i]};
        const struct gs_encoder_batch one = {all->ids + all->starts[i], starts, 1};
        assert_int_equal(gs_encoder_run(encoder, work, &one, p, l, NULL), GS_OK);
        assert_memory_equal(p, pooled + i * width, width * sizeof *p);
        assert_memory_equal(l, logits + i * info->n_logits, info->n_logits * sizeof *l);
    }
    free(p);
    free(l);
    gs_encoder_workspace_free(work);
}

static void check_rows(const char *shows, const char *folder, const json_t *rows, bool classifies)
{
    static struct batch all;
    struct gs_encoder *encoder = load(folder, GS_ARITH_FP32);
    const struct gs_encoder_info *info = gs_encoder_info(encoder);
    read_batch(rows, &all);
    struct gs_encoder_workspace *work = work_for(encoder, all.n);
    float *pooled = calloc(all.n * info->config->hidden, sizeof *pooled);
    float *logits = calloc(all.n * info->n_logits + 1, sizeof *logits);
    assert_true(pooled != NULL && logits != NULL);
    const struct gs_encoder_batch batch = {all.ids, all.starts, all.n};

    assert_int_equal(info->n_logits > 0, classifies);
    assert_int_equal(gs_encoder_run(encoder, work, &batch, pooled, logits, NULL), GS_OK);
    const double p = difference(rows, "pooled", pooled, info->config->hidden);
    const double l = difference(rows, "logits", logits, info->n_logits);
    print_message("  %s: worst difference%s %.1e%s\n", shows, p < 0.0 ? " of logits" : "",
                  fmax(p, l), p < 0.0 || l < 0.0 ? "" : ", logits and embeddings");
    assert_true(p <= most_off && l <= most_off);
    assert_true(p >= 0.0 || l >= 0.0);
    assert_true(!classifies || l >= 0.0);
    check_alone(encoder, &all, pooled, logits);
    free(pooled);
    free(logits);
    gs_encoder_workspace_free(work);
    gs_encoder_free(encoder);
}

static const struct {
    const char *shows, *folder;
    bool classifies;
} folders[] = {
    {"BERT with three labels, GELU", "bert-cls", true},
    {"BERT without a head, its pooler's embeddings, tanh form of GELU", "bert-base", false},
    {"BERT of old names (gamma, beta, position_ids), ReLU", "bert-old-names", true},
    {"RoBERTa in F16, multi-label, ReLU", "roberta-cls", true},
    {"RoBERTa without a head, first token", "roberta-base", false},
    {"XLM-R in BF16, regression", "xlm-roberta-cls", true},
    {"XLM-R without a head, mean of unit length", "xlm-roberta-base", false},
    {"DistilBERT with four labels", "distilbert-cls", true},
    {"DistilBERT without a head, mean of unit length, ReLU", "distilbert-base", false},
};

static void test_folders(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(folders); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s/golden.json", folders[i].folder);
        json_t *golden = golden_json(path);
        (void)snprintf(path, sizeof path, "%s/%s", golden_root, folders[i].folder);
        check_rows(folders[i].shows, path, json_object_get(golden, "cases"), folders[i].classifies);
        json_decref(golden);
    }
}

static bool contains(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

/* fill_by_formula() of golden/encoder/make.py */
static float *formula_tensor(const char *name, const json_t *shape, struct gs_tensor *ret)
{
    size_t n = 1;
    *ret = (struct gs_tensor){.dtype = GS_DTYPE_F32, .n_dims = json_array_size(shape)};
    (void)snprintf(ret->name, sizeof ret->name, "%s", name);
    for (size_t i = 0; i < ret->n_dims; i++) {
        ret->shape[i] = (size_t)json_integer_value(json_array_get(shape, i));
        n *= ret->shape[i];
    }
    float *values = calloc(n, sizeof *values);
    if (values == NULL) {
        abort();
    }
    const bool norm = contains(name, "LayerNorm.weight") || contains(name, "layer_norm.weight");
    const double scale = contains(name, "embeddings") ? 1.0 : sqrt(3.0 / (double)ret->shape[1]);
    for (size_t i = 0; i < n; i++) {
        const double w = (double)formula_weight(name, (uint32_t)i);
        values[i] = (float)(ret->n_dims == 1 ? (norm ? 1.0 + 0.25 * w : 0.25 * w) : w * scale);
    }
    ret->bytes = (struct gs_str){(const char *)values, n * sizeof *values};
    return values;
}

static void write_formula(const char *folder, const json_t *model)
{
    const json_t *list = json_object_get(model, "tensors");
    const size_t n = json_array_size(list);
    struct gs_tensor *tensors = calloc(n, sizeof *tensors);
    float **values = calloc(n, sizeof *values);
    struct gs_buf out = {.max = 1 << 26};
    if (tensors == NULL || values == NULL) {
        abort();
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *row = json_array_get(list, i);
        values[i] = formula_tensor(json_string_value(json_array_get(row, 0)),
                                   json_array_get(row, 1), &tensors[i]);
    }
    gs_safetensors_write(&out, tensors, n);
    assert_true(gs_buf_ok(&out));
    write_bytes(folder, "model.safetensors", out.bytes, out.len);
    char *config = json_dumps(json_object_get(model, "config"), 0);
    assert_non_null(config);
    write_text(folder, "config.json", config);
    free(config);
    gs_buf_done(&out);
    for (size_t i = 0; i < n; i++) {
        free(values[i]);
    }
    free(values);
    free(tensors);
}

static void test_formulas(void **state)
{
    json_t *golden = golden_json("formula.json");
    const json_t *models = json_object_get(golden, "cases");
    (void)state;
    assert_true(json_array_size(models) >= 5);
    for (size_t i = 0; i < json_array_size(models); i++) {
        const json_t *model = json_array_get(models, i);
        char folder[64];
        make_folder(folder);
        write_formula(folder, model);
        check_rows(json_string_value(json_object_get(model, "shows")), folder,
                   json_object_get(model, "rows"), true);
        remove_folder(folder);
    }
    json_decref(golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folders),
        cmocka_unit_test(test_formulas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
