/* model.safetensors of an encoder: what each tensor has to be, under which names it is found, and
 * what the int8 folder of `quantize` adds. */
#include "tests/unit/classifier/encoder/golden_fixture.h"

#include "classifier/encoder/weights.h"

enum { MAX_TENSORS = 128 };

/* A golden model's file in memory, to be changed and written again. */
struct model {
    struct gs_file file;
    struct gs_safetensors *all;
    struct gs_tensor tensors[MAX_TENSORS];
    size_t n;
};

static void take(const char *name, struct model *ret)
{
    ret->file = golden_file(name, "model.safetensors");
    ret->all = calloc(1, sizeof *ret->all);
    assert_non_null(ret->all);
    assert_int_equal(gs_safetensors_parse(ret->file.bytes, ret->all, NULL), GS_OK);
    ret->n = 0;
    assert_true(ret->all->n <= MAX_TENSORS);
    for (size_t i = 0; i < ret->all->n; i++) {
        if (ret->all->tensors[i].dtype != GS_DTYPE_OTHER) { /* position_ids: not written again */
            ret->tensors[ret->n++] = ret->all->tensors[i];
        }
    }
}

static struct gs_tensor *at(struct model *model, const char *name)
{
    for (size_t i = 0; i < model->n; i++) {
        if (strcmp(model->tensors[i].name, name) == 0) {
            return &model->tensors[i];
        }
    }
    fail_msg("%s is not in the model", name);
    return NULL;
}

static void drop(struct model *model, const char *name)
{
    struct gs_tensor *t = at(model, name);
    *t = model->tensors[--model->n];
}

static void put(const struct model *model, const char *const (*metadata)[2], size_t n_metadata,
                const char *folder)
{
    struct gs_buf out = {.max = 1 << 22};
    gs_safetensors_write_header(&out, metadata, n_metadata, model->tensors, model->n);
    for (size_t i = 0; i < model->n; i++) {
        gs_buf_put(&out, model->tensors[i].bytes);
    }
    assert_true(gs_buf_ok(&out));
    write_bytes(folder, "model.safetensors", out.bytes, out.len);
    gs_buf_done(&out);
}

static void done(struct model *model)
{
    free(model->all);
    gs_file_done(&model->file);
}

static enum gs_status read_folder(const char *folder, struct gs_encoder_weights *ret,
                                  struct gs_error *err)
{
    static struct gs_encoder_config config;
    assert_int_equal(gs_encoder_config_read(folder, &config, NULL), GS_OK);
    return gs_encoder_weights_read(folder, &config, ret, err);
}

/* words NULL: it loads, and is done with. */
static void expect(const char *shows, const char *folder, const char *words)
{
    struct gs_encoder_weights weights = {0};
    struct gs_error err = {0};
    const enum gs_status status = read_folder(folder, &weights, &err);

    print_message("  %s: %s\n", shows, err.message);
    assert_int_equal(status, words == NULL ? GS_OK : GS_BAD_FORMAT);
    if (words != NULL) {
        assert_non_null(strstr(err.message, words));
        assert_null(strchr(err.message, '\n'));
        assert_null(weights.owner);
    }
    gs_encoder_weights_done(&weights);
}

static void test_what_is_read(void **state)
{
    struct gs_encoder_weights w = {0};
    (void)state;
    assert_int_equal(read_folder("golden/encoder/bert-cls", &w, NULL), GS_OK);
    assert_true(w.words.n == 61 && w.words.k == 32 && w.words.values != NULL);
    assert_true(w.dense.n == 32 && w.out.n == 3 && w.out.k == 32 && w.out.bias != NULL);
    assert_true(w.dense_activation == GS_ACT_TANH && w.type0 != NULL && !w.int8);
    assert_int_equal(w.layers[1].feed_in.n, 48);
    assert_int_equal((uintptr_t)w.layers[1].feed_in.values % 64, 0);
    assert_int_equal(strlen(w.sha256), 64);
    /* words, positions, types, norm; per layer four squares, two wide ones, biases, norms; head */
    assert_int_equal(w.n_parameters, (61 + 24 + 2 + 2) * 32 +
                                         2 * (4 * (32 * 32 + 32) + 2 * 32 * 48 + 48 + 32 + 4 * 32) +
                                         33 * 32 + 3 * 33);
    gs_encoder_weights_done(&w);
    assert_null(w.owner);
    gs_encoder_weights_done(&w);

    assert_int_equal(read_folder("golden/encoder/distilbert-cls", &w, NULL), GS_OK);
    assert_true(w.type0 == NULL && w.dense_activation == GS_ACT_RELU && w.out.n == 4);
    gs_encoder_weights_done(&w);
    assert_int_equal(read_folder("golden/encoder/roberta-base", &w, NULL), GS_OK);
    assert_true(w.out.n == 0 && w.dense.n == 40); /* the pooler, though nothing asks for it */
    gs_encoder_weights_done(&w);
}

static const float nan_bits = NAN;
static const float too_large = 2e6F;
static float broken[61 * 32];

static struct gs_str with_last(const struct gs_tensor *t, const float *value)
{
    memcpy(broken, t->bytes.bytes, t->bytes.len);
    memcpy((char *)broken + t->bytes.len - 4, value, 4);
    return (struct gs_str){(const char *)broken, t->bytes.len};
}

static void change(struct model *m, const char *what)
{
    static const char words[] = "bert.embeddings.word_embeddings.weight";
    static const char query[] = "bert.encoder.layer.1.attention.self.query.weight";

    if (strcmp(what, "missing") == 0) {
        drop(m, query);
    } else if (strcmp(what, "missing head") == 0) {
        drop(m, "classifier.bias");
    } else if (strcmp(what, "missing pooler") == 0) {
        drop(m, "bert.pooler.dense.weight");
    } else if (strcmp(what, "vocabulary") == 0) {
        at(m, words)->shape[0] = 60;
        at(m, words)->bytes.len -= 32 * sizeof(float);
    } else if (strcmp(what, "turned") == 0) {
        at(m, "bert.encoder.layer.0.intermediate.dense.weight")->shape[0] = 32;
        at(m, "bert.encoder.layer.0.intermediate.dense.weight")->shape[1] = 48;
    } else if (strcmp(what, "three dimensions") == 0) {
        at(m, query)->n_dims = 3;
        at(m, query)->shape[2] = 1;
    } else if (strcmp(what, "NaN") == 0) {
        at(m, words)->bytes = with_last(at(m, words), &nan_bits);
    } else if (strcmp(what, "too large") == 0) {
        at(m, query)->bytes = with_last(at(m, query), &too_large);
    } else if (strcmp(what, "U32") == 0) {
        at(m, query)->dtype = GS_DTYPE_U32;
    } else if (strcmp(what, "I8") == 0) {
        at(m, query)->dtype = GS_DTYPE_I8;
        at(m, query)->bytes.len /= 4;
    } else if (strcmp(what, "a third layer") == 0) {
        (void)snprintf(at(m, query)->name, GS_TENSOR_NAME,
                       "bert.encoder.layer.2.attention.self.query.weight");
    } else {
        assert_string_equal(what, "");
    }
}

static const struct {
    const char *what, *words;
} changes[] = {
    {"", NULL},
    {"missing", "layer.1.attention.self.query.weight is missing"},
    {"missing head", "classifier.bias is missing"},
    {"missing pooler", "bert.pooler.dense.weight is missing"},
    {"vocabulary", "word_embeddings.weight is [60, 32], config.json makes it [61, 32]"},
    {"turned", "intermediate.dense.weight is [32, 48], config.json makes it [48, 32]"},
    {"three dimensions", "is [32, 32, 1], config.json makes it [32, 32]"},
    {"NaN", "word_embeddings.weight holds NaN"},
    {"too large", "query.weight holds NaN, infinity or a number beyond"},
    {"U32", "query.weight is not of type F32, F16 or BF16"},
    {"I8", "not made by `groundswell quantize`"},
    {"a third layer", "holds bert.encoder.layer.2.attention.self.query.weight, but config.json"},
};

static void test_changes(void **state)
{
    char folder[64];
    (void)state;
    make_folder(folder);
    copy_golden("bert-cls", "config.json", folder);
    for (size_t i = 0; i < GS_COUNT(changes); i++) {
        struct model model;
        take("bert-cls", &model);
        change(&model, changes[i].what);
        put(&model, NULL, 0, folder);
        expect(changes[i].what, folder, changes[i].words);
        done(&model);
    }
    remove_folder(folder);
}

/* The same answers under "bert.…", without it, and in F32 under the old names. */
static void test_prefix(void **state)
{
    static const struct {
        const char *golden, *prefix;
    } rows[] = {{"bert-base", "bert."},
                {"roberta-base", "roberta."},
                {"xlm-roberta-base", "roberta."},
                {"distilbert-base", "distilbert."}};
    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        char folder[64];
        struct model model;
        struct gs_encoder_weights plain = {0};
        struct gs_encoder_weights prefixed = {0};
        make_folder(folder);
        copy_golden(rows[i].golden, "config.json", folder);
        take(rows[i].golden, &model);
        put(&model, NULL, 0, folder);
        assert_int_equal(read_folder(folder, &plain, NULL), GS_OK);
        for (size_t t = 0; t < model.n; t++) {
            char name[GS_TENSOR_NAME];
            memcpy(name, model.tensors[t].name, sizeof name);
            (void)snprintf(model.tensors[t].name, GS_TENSOR_NAME, "%s%.100s", rows[i].prefix, name);
        }
        put(&model, NULL, 0, folder);
        assert_int_equal(read_folder(folder, &prefixed, NULL), GS_OK);
        assert_memory_equal(plain.words.values, prefixed.words.values,
                            plain.words.n * plain.words.k * sizeof(float));
        assert_int_equal(plain.n_parameters, prefixed.n_parameters);
        assert_int_equal(plain.dense.n, prefixed.dense.n);
        gs_encoder_weights_done(&plain);
        gs_encoder_weights_done(&prefixed);
        done(&model);
        remove_folder(folder);
    }
}

/* Turns a matrix into I8 with scales and smoothing, as `quantize` writes it. */
static void make_int8(struct model *m, const char *name, const float *scale, const float *smooth)
{
    char full[GS_TENSOR_NAME];
    (void)snprintf(full, sizeof full, "%s.weight", name);
    struct gs_tensor *t = at(m, full);
    t->dtype = GS_DTYPE_I8;
    t->bytes.len /= 4; /* whatever these bytes are */
    const float *factors[2] = {scale, smooth};
    static const char *const parts[2] = {"weight_scale", "smooth"};
    for (size_t i = 0; i < 2; i++) {
        struct gs_tensor *factor = &m->tensors[m->n++];
        const size_t n = t->shape[i];
        *factor = (struct gs_tensor){.dtype = GS_DTYPE_F32, .n_dims = 1, .shape = {n}};
        (void)snprintf(factor->name, sizeof factor->name, "%.100s.%s", name, parts[i]);
        factor->bytes = (struct gs_str){(const char *)factors[i], n * sizeof(float)};
    }
}

static void test_int8(void **state)
{
    static const char name[] = "bert.encoder.layer.0.output.dense";
    static const char *const ours[][2] = {{"format", "groundswell-int8"}, {"version", "1"}};
    static const char *const newer[][2] = {{"format", "groundswell-int8"}, {"version", "2"}};
    static const char *const other[][2] = {{"format", "groundswell-int4"}, {"version", "1"}};
    char folder[64];
    struct model model;
    struct gs_encoder_weights w = {0};
    float scale[32];
    float smooth[48];
    (void)state;
    for (size_t i = 0; i < 32; i++) {
        scale[i] = (float)i; /* the first row is all zeros */
    }
    for (size_t i = 0; i < 48; i++) {
        smooth[i] = 1.0F + (float)i;
    }
    make_folder(folder);
    copy_golden("bert-cls", "config.json", folder);
    take("bert-cls", &model);
    make_int8(&model, name, scale, smooth);
    put(&model, ours, 2, folder);
    assert_int_equal(read_folder(folder, &w, NULL), GS_OK);
    const struct gs_matrix *q = &w.layers[0].feed_out;
    assert_true(w.int8 && q->values == NULL && q->q8 != NULL && q->bias != NULL);
    assert_memory_equal(q->q8, at(&model, "bert.encoder.layer.0.output.dense.weight")->bytes.bytes,
                        q->n * q->k);
    assert_memory_equal(q->scale, scale, sizeof scale);
    assert_memory_equal(q->smooth, smooth, sizeof smooth);
    assert_non_null(w.layers[0].key.values);
    gs_encoder_weights_done(&w);

    struct gs_encoder *encoder = NULL;
    struct gs_error err = {0};
    assert_int_equal(gs_encoder_load(folder, GS_ARITH_FP32, &encoder, &err), GS_BAD_CONFIG);
    assert_non_null(strstr(err.message, "holds int8 weights"));
    encoder = load(folder, GS_ARITH_AUTO);
    assert_int_equal(gs_encoder_info(encoder)->arithmetic, GS_ARITH_INT8);
    gs_encoder_free(encoder);

    put(&model, newer, 2, folder);
    expect("a newer version", folder, "version \"2\" is not groundswell-int8, version 1");
    put(&model, other, 2, folder);
    expect("another format of ours", folder, "format groundswell-int4");
    put(&model, NULL, 0, folder);
    expect("I8 without our mark", folder, "not made by");
    smooth[3] = 0.0F;
    put(&model, ours, 2, folder);
    expect("smoothing by 0", folder, "smooth holds a factor that is not positive");
    smooth[3] = 1.0F;
    scale[3] = -1.0F;
    put(&model, ours, 2, folder);
    expect("a negative scale", folder, "weight_scale holds a factor that is not positive");
    drop(&model, "bert.encoder.layer.0.output.dense.weight_scale");
    put(&model, ours, 2, folder);
    expect("no scale", folder, "dense.weight_scale is missing");
    done(&model);
    remove_folder(folder);
}

static void test_absent(void **state)
{
    char folder[64];
    struct gs_encoder_weights w = {0};
    struct gs_error err = {0};
    (void)state;
    make_folder(folder);
    copy_golden("bert-cls", "config.json", folder);
    assert_int_equal(read_folder(folder, &w, &err), GS_IO);
    assert_non_null(strstr(err.message, "model.safetensors: No such file"));
    write_text(folder, "pytorch_model.bin", "\x80\x02");
    expect("pickle only", folder, "pytorch_model.bin: pickle is never read");
    write_text(folder, "model.safetensors.index.json", "{}");
    expect("several files", folder, "the weights are in several files");
    write_text(folder, "model.safetensors", "");
    expect("an empty file", folder, "shorter than its header's length");
    remove_file(folder, "model.safetensors");
    char path[128];
    (void)snprintf(path, sizeof path, "%s/model.safetensors", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(read_folder(folder, &w, &err), GS_IO);
    assert_non_null(strstr(err.message, "not a regular file"));
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read), cmocka_unit_test(test_changes),
        cmocka_unit_test(test_prefix),       cmocka_unit_test(test_int8),
        cmocka_unit_test(test_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
