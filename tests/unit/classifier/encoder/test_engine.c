/* The int8 engine: an answer is the same bits whatever it was batched with, in every row of kernels
 * and however weights arrived; and it is close to fp32's. The linker sends allocations through
 * here: running makes none. */
#include "classifier/encoder/engine.h"
#include "ingest/base/attr.h"
#include "tests/unit/classifier/encoder/engine_fixture.h"

static const struct shape shapes[] = {
    {"BERT, first token through a pooler", 64, 3, 4, 128, 3, 0, true, false, GS_POOL_POOLER,
     GS_ACT_GELU, GS_ACT_TANH},
    {"mean of all tokens, to unit length", 64, 2, 2, 256, 0, 0, true, true, GS_POOL_MEAN,
     GS_ACT_GELU, GS_ACT_TANH},
    {"RoBERTa: positions begin at 2", 32, 2, 2, 64, 2, 2, true, false, GS_POOL_MEAN, GS_ACT_GELU,
     GS_ACT_TANH},
    {"DistilBERT: no token types, ReLU before the head", 128, 2, 8, 64, 5, 0, false, false,
     GS_POOL_CLS, GS_ACT_GELU, GS_ACT_RELU},
    {"no width is a multiple of anything", 42, 3, 3, 99, 17, 0, true, true, GS_POOL_CLS,
     GS_ACT_GELU_TANH, GS_ACT_TANH},
    {"heads of one value, one label", 5, 1, 5, 7, 1, 0, true, false, GS_POOL_CLS, GS_ACT_RELU,
     GS_ACT_TANH},
};

enum { N_MESSAGES = 24, MAX_WIDTH = 128, MAX_LABELS = 17 };

/* ---- no allocation while running ---- */

/* NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the linker's names */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

static int fails_at = -1; /* the allocation, from 0, that fails; -1: none */
static int n_allocations;

static bool fails(void)
{
    return n_allocations++ == fails_at;
}
void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}
void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}
void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, size);
}
/* NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming) */

/* ---- running ---- */

struct answers {
    float pooled[N_MESSAGES * MAX_WIDTH], logits[N_MESSAGES * MAX_LABELS];
};

static struct gs_engine *make_engine(const struct fixture *f,
                                     const struct gs_encoder_kernels *kernels, size_t group_tokens)
{
    struct gs_engine *engine = NULL;
    struct gs_error err = {0};
    assert_int_equal(
        gs_engine_new_with(&f->config, &f->weights, kernels, group_tokens, &engine, &err), GS_OK);
    return engine;
}

static void run_with(const struct gs_engine *engine, const struct gs_encoder_batch *batch,
                     float *pooled, float *logits)
{
    struct gs_engine_workspace *work = NULL;
    struct gs_error err = {0};
    const size_t n_tokens = batch->starts[batch->n] - batch->starts[0];
    const size_t room = n_tokens < engine->config.max_tokens ? engine->config.max_tokens : n_tokens;
    assert_int_equal(gs_engine_workspace_new(engine, room, batch->n, &work, &err), GS_OK);
    gs_engine_run(engine, work, batch, pooled, logits);
    gs_engine_workspace_free(work);
}

static void run_all(const struct fixture *f, const struct gs_encoder_kernels *kernels,
                    size_t group_tokens, const struct gs_encoder_batch *batch, struct answers *ret)
{
    struct gs_engine *engine = make_engine(f, kernels, group_tokens);
    memset(ret, 0, sizeof *ret);
    run_with(engine, batch, ret->pooled, f->config.n_labels > 0 ? ret->logits : NULL);
    gs_engine_free(engine);
}

static const struct gs_encoder_kernels *best(void)
{
    const struct gs_encoder_kernels *const *rows = NULL;
    const size_t n = gs_encoder_kernels(&rows);
    return rows[n - 1];
}

static struct answers *answers_new(void)
{
    struct answers *answers = calloc(1, sizeof *answers);
    assert_non_null(answers);
    return answers;
}

/* ---- tests ---- */

/* Message number from of batch alone. */
static struct gs_encoder_batch alone(const struct gs_encoder_batch *batch, size_t from,
                                     size_t starts[2])
{
    starts[0] = 0;
    starts[1] = batch->starts[from + 1] - batch->starts[from];
    return (struct gs_encoder_batch){batch->ids + batch->starts[from], starts, 1};
}

static void test_a_message_alone_gives_the_same_bits(void **state)
{
    (void)state;
    struct answers *want = answers_new();
    for (size_t s = 0; s < GS_COUNT(shapes); s++) {
        struct fixture *f = fixture_new(&shapes[s]);
        const size_t h = f->config.hidden;
        const size_t l = f->config.n_labels;
        const struct gs_encoder_batch batch = fixture_batch(f, N_MESSAGES);
        struct gs_engine *engine = make_engine(f, best(), 0);
        print_message("  %s\n", shapes[s].shows);
        run_with(engine, &batch, want->pooled, l > 0 ? want->logits : NULL);
        for (size_t i = 0; i < batch.n; i++) {
            size_t starts[2];
            float pooled[MAX_WIDTH];
            float logits[MAX_LABELS];
            const struct gs_encoder_batch one = alone(&batch, i, starts);
            run_with(engine, &one, pooled, l > 0 ? logits : NULL);
            assert_memory_equal(pooled, want->pooled + i * h, h * sizeof *pooled);
            assert_memory_equal(logits, want->logits + i * l, l * sizeof *logits);
        }
        gs_engine_free(engine);
        fixture_free(f);
    }
    free(want);
}

/* The same messages in another order. */
static struct gs_encoder_batch shuffled(struct fixture *f, const struct gs_encoder_batch *batch,
                                        size_t *order)
{
    size_t *starts = fixture_keep(f, malloc((batch->n + 1) * sizeof *starts));
    int32_t *ids = fixture_keep(f, malloc(batch->starts[batch->n] * sizeof *ids));
    for (size_t i = 0; i < batch->n; i++) {
        const size_t other = fixture_random(f) % (i + 1);
        order[i] = i;
        order[i] = order[other];
        order[other] = i;
    }
    starts[0] = 0;
    for (size_t i = 0; i < batch->n; i++) {
        const size_t from = batch->starts[order[i]];
        const size_t len = batch->starts[order[i] + 1] - from;
        memcpy(ids + starts[i], batch->ids + from, len * sizeof *ids);
        starts[i + 1] = starts[i] + len;
    }
    return (struct gs_encoder_batch){ids, starts, batch->n};
}

static void test_order_and_grouping_do_not_show(void **state)
{
    static const size_t groups[] = {1, 7, 48, 10000};
    (void)state;
    struct answers *want = answers_new();
    struct answers *got = answers_new();
    for (size_t s = 0; s < GS_COUNT(shapes); s++) {
        struct fixture *f = fixture_new(&shapes[s]);
        const size_t h = f->config.hidden;
        const size_t l = f->config.n_labels;
        const struct gs_encoder_batch batch = fixture_batch(f, N_MESSAGES);
        run_all(f, best(), 0, &batch, want);
        for (size_t g = 0; g < GS_COUNT(groups); g++) {
            size_t order[N_MESSAGES];
            const struct gs_encoder_batch other = shuffled(f, &batch, order);
            run_all(f, best(), groups[g], &other, got);
            for (size_t i = 0; i < batch.n; i++) {
                assert_memory_equal(got->pooled + i * h, want->pooled + order[i] * h,
                                    h * sizeof *got->pooled);
                assert_memory_equal(got->logits + i * l, want->logits + order[i] * l,
                                    l * sizeof *got->logits);
            }
        }
        fixture_free(f);
    }
    free(want);
    free(got);
}

static void test_every_row_of_kernels_gives_the_same_bits(void **state)
{
    const struct gs_encoder_kernels *const *rows = NULL;
    const size_t n_rows = gs_encoder_kernels(&rows);
    (void)state;
    if (n_rows < 2) {
        print_message("  no row beside the scalar one on this CPU\n");
        skip();
    }
    struct answers *want = answers_new();
    struct answers *got = answers_new();
    for (size_t s = 0; s < GS_COUNT(shapes); s++) {
        struct fixture *f = fixture_new(&shapes[s]);
        const struct gs_encoder_batch batch = fixture_batch(f, N_MESSAGES);
        run_all(f, rows[0], 0, &batch, want);
        for (size_t r = 1; r < n_rows; r++) {
            run_all(f, rows[r], 0, &batch, got);
            print_message("  %s: %s\n", rows[r]->name, shapes[s].shows);
            assert_memory_equal(got, want, sizeof *got);
        }
        fixture_free(f);
    }
    free(want);
    free(got);
}

/* The last layer's short cut (queries of the first token alone) is taken when only logits are
 * asked for, and not when the mean of all tokens is. */
static void test_what_else_is_asked_for_does_not_show(void **state)
{
    (void)state;
    struct answers *both = answers_new();
    struct answers *one = answers_new();
    for (size_t s = 0; s < GS_COUNT(shapes); s++) {
        struct fixture *f = fixture_new(&shapes[s]);
        const struct gs_encoder_batch batch = fixture_batch(f, N_MESSAGES);
        struct gs_engine *engine = make_engine(f, best(), 0);
        if (f->config.n_labels > 0) {
            run_with(engine, &batch, both->pooled, both->logits);
            run_with(engine, &batch, NULL, one->logits);
            run_with(engine, &batch, one->pooled, NULL);
            assert_memory_equal(one, both, sizeof *one);
        }
        gs_engine_free(engine);
        fixture_free(f);
    }
    free(both);
    free(one);
}

static struct gs_matrix rounded(struct fixture *f, const struct gs_matrix *from)
{
    int8_t *q8 = fixture_keep(f, malloc(from->n * from->k));
    float *scale = fixture_keep(f, malloc(from->n * sizeof *scale));
    for (size_t j = 0; j < from->n; j++) {
        scale[j] = gs_pack_round(from->values + j * from->k, from->k, q8 + j * from->k);
    }
    return (struct gs_matrix){
        .n = from->n, .k = from->k, .q8 = q8, .scale = scale, .bias = from->bias};
}

static void round_layers(struct fixture *f)
{
    for (size_t l = 0; l < f->config.layers; l++) {
        struct gs_encoder_layer *layer = &f->layers[l];
        struct gs_matrix *all[] = {&layer->query,         &layer->key,     &layer->value,
                                   &layer->attention_out, &layer->feed_in, &layer->feed_out};
        for (size_t i = 0; i < GS_COUNT(all); i++) {
            *all[i] = rounded(f, all[i]);
        }
    }
}

static void test_weights_rounded_before_and_at_loading_are_the_same(void **state)
{
    (void)state;
    struct answers *want = answers_new();
    struct answers *got = answers_new();
    for (size_t s = 0; s < GS_COUNT(shapes); s++) {
        struct fixture *f = fixture_new(&shapes[s]);
        const struct gs_encoder_batch batch = fixture_batch(f, N_MESSAGES);
        run_all(f, best(), 0, &batch, want);
        round_layers(f);
        run_all(f, best(), 0, &batch, got);
        assert_memory_equal(got, want, sizeof *got);
        fixture_free(f);
    }
    free(want);
    free(got);
}

static double cosine(const float *a, const float *b, size_t n)
{
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return ab / sqrt(aa * bb);
}

static double least_cosine(const struct fixture *f, const struct answers *a,
                           const struct answers *b)
{
    double least = 1.0;
    for (size_t i = 0; i < N_MESSAGES; i++) {
        const size_t at = i * f->config.hidden;
        least = fmin(least, cosine(a->pooled + at, b->pooled + at, f->config.hidden));
    }
    return least;
}

static void run_reference(const struct fixture *f, const struct gs_encoder_batch *batch,
                          struct answers *ret)
{
    struct gs_reference_workspace *work = NULL;
    struct gs_error err = {0};
    assert_int_equal(
        gs_reference_workspace_new(&f->config, batch->starts[batch->n], batch->n, &work, &err),
        GS_OK);
    gs_reference_run(&f->config, &f->weights, work, batch, ret->pooled,
                     f->config.n_labels > 0 ? ret->logits : NULL);
    gs_reference_workspace_free(work);
}

static void test_answers_are_near_those_of_fp32(void **state)
{
    (void)state;
    struct answers *want = answers_new();
    struct answers *got = answers_new();
    for (size_t s = 0; s < GS_COUNT(shapes); s++) {
        struct fixture *f = fixture_new(&shapes[s]);
        const struct gs_encoder_batch batch = fixture_batch(f, N_MESSAGES);
        run_all(f, best(), 0, &batch, got);
        run_reference(f, &batch, want);
        const double least = least_cosine(f, got, want);
        float worst = 0.0F;
        for (size_t i = 0; i < N_MESSAGES * f->config.n_labels; i++) {
            worst = fmaxf(worst, fabsf(got->logits[i] - want->logits[i]));
        }
        print_message("  cosine %.5f, logits off by %.4f: %s\n", least, (double)worst,
                      shapes[s].shows);
        assert_true(least > 0.998);
        assert_true(worst < 0.12F);
        fixture_free(f);
    }
    free(want);
    free(got);
}

/* Inputs times s and weights through s are the same product, but for rounding. */
static void smooth(struct fixture *f, struct gs_matrix *m, const float *by)
{
    float *values = fixture_keep(f, malloc(m->n * m->k * sizeof *values));
    for (size_t i = 0; i < m->n * m->k; i++) {
        values[i] = m->values[i] / by[i % m->k];
    }
    m->values = values;
    m->smooth = by;
}

static void test_smoothing_is_undone_by_the_weights(void **state)
{
    (void)state;
    struct answers *want = answers_new();
    struct answers *got = answers_new();
    struct fixture *f = fixture_new(&shapes[1]);
    const struct gs_encoder_batch batch = fixture_batch(f, N_MESSAGES);
    run_reference(f, &batch, want);
    for (size_t l = 0; l < f->config.layers; l++) {
        struct gs_encoder_layer *layer = &f->layers[l];
        const float *by = fixture_floats(f, f->config.hidden, 2.0F, 0.3F);
        smooth(f, &layer->query, by);
        smooth(f, &layer->key, by);
        smooth(f, &layer->value, by);
        smooth(f, &layer->attention_out, fixture_floats(f, f->config.hidden, 0.5F, 0.05F));
        smooth(f, &layer->feed_in, fixture_floats(f, f->config.hidden, 2.0F, 0.3F));
        smooth(f, &layer->feed_out, fixture_floats(f, f->config.intermediate, 1.0F, 0.1F));
    }
    run_all(f, best(), 0, &batch, got);
    assert_true(least_cosine(f, got, want) > 0.998);
    fixture_free(f);
    free(want);
    free(got);
}

static void test_three_roundings_of_one_input_are_refused(void **state)
{
    (void)state;
    struct gs_engine *engine = NULL;
    struct gs_error err = {0};
    struct fixture *f = fixture_new(&shapes[0]);
    f->layers[1].key.smooth = fixture_floats(f, f->config.hidden, 1.0F, 0.1F);
    assert_int_equal(gs_engine_new(&f->config, &f->weights, &engine, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "layer 1"));
    assert_null(engine);
    fixture_free(f);
}

static void test_running_does_not_allocate(void **state)
{
    (void)state;
    struct answers *got = answers_new();
    struct fixture *f = fixture_new(&shapes[0]);
    struct gs_engine_workspace *work = NULL;
    struct gs_error err = {0};
    const struct gs_encoder_batch batch = fixture_batch(f, N_MESSAGES);
    struct gs_engine *engine = make_engine(f, best(), 0);
    assert_int_equal(gs_engine_workspace_new(engine, batch.starts[batch.n], batch.n, &work, &err),
                     GS_OK);
    const int before = n_allocations;
    gs_engine_run(engine, work, &batch, got->pooled, got->logits);
    assert_int_equal(n_allocations, before);
    gs_engine_workspace_free(work);
    gs_engine_free(engine);
    fixture_free(f);
    free(got);
}

static void test_every_allocation_may_fail(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(&shapes[0]);
    struct gs_error err = {0};
    int n_failed = 0;
    bool failed = true;
    for (int at = 0; failed; at++) {
        struct gs_engine *engine = NULL;
        struct gs_engine_workspace *work = NULL;
        n_allocations = 0;
        fails_at = at;
        enum gs_status status = gs_engine_new(&f->config, &f->weights, &engine, &err);
        if (status == GS_OK) {
            status = gs_engine_workspace_new(engine, MAX_TOKENS, 1, &work, &err);
        }
        failed = status != GS_OK;
        assert_true(!failed || status == GS_NO_MEMORY);
        n_failed += failed;
        gs_engine_workspace_free(work);
        gs_engine_free(engine);
    }
    fails_at = -1;
    assert_int_equal(n_failed, 4);
    fixture_free(f);
}

static void test_rounding_keeps_to_a_scale_an_output(void **state)
{
    static const float values[] = {0.5F, -1.0F, 0.25F, 1.0F, 0.0F};
    int8_t q8[GS_COUNT(values)];
    (void)state;
    const float scale = gs_pack_round(values, GS_COUNT(values), q8);
    for (size_t i = 0; i < GS_COUNT(values); i++) {
        assert_true(fabsf(scale * (float)q8[i] - values[i]) <= 0.51F / 127.0F);
    }
    assert_int_equal(q8[4], 0);
    assert_true(gs_pack_round((const float[]){0.0F, -0.0F}, 2, q8) == 0.0F);
    assert_int_equal(q8[0], 0);
    assert_true(gs_pack_round((const float[]){1e-40F, 3e-44F}, 2, q8) == 0.0F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_message_alone_gives_the_same_bits),
        cmocka_unit_test(test_order_and_grouping_do_not_show),
        cmocka_unit_test(test_every_row_of_kernels_gives_the_same_bits),
        cmocka_unit_test(test_what_else_is_asked_for_does_not_show),
        cmocka_unit_test(test_weights_rounded_before_and_at_loading_are_the_same),
        cmocka_unit_test(test_answers_are_near_those_of_fp32),
        cmocka_unit_test(test_smoothing_is_undone_by_the_weights),
        cmocka_unit_test(test_three_roundings_of_one_input_are_refused),
        cmocka_unit_test(test_running_does_not_allocate),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_rounding_keeps_to_a_scale_an_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
