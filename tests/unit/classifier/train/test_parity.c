/* The trainer beside PyTorch: logits, loss, every part of the gradient, and the losses of the steps
 * that AdamW makes, as tests/golden/train/make.py found them in double. */
#include "tests/unit/classifier/encoder/golden_fixture.h"

#include "classifier/train/encoder/optimizer.h"
#include "classifier/train/encoder/pretrained.h"

#include <string.h>

enum { N = 5, N_OUT = 8, MAX_IDS = 32 };

struct bed {
    const json_t *golden, *model;
    struct gs_pretrained *base;
    struct gs_net_workspace *work;
    int32_t ids[MAX_IDS], touched[MAX_IDS];
    uint32_t slots[MAX_IDS];
    size_t starts[N + 1], n_touched;
    float targets[N * N_OUT], weights[N * N_OUT], d_logits[N * N_OUT];
    struct gs_loss loss;
    struct gs_loss_row rows[N];
    struct gs_net_grads grads;
    const float *logits;
};

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static double item(const json_t *list, size_t i)
{
    assert_true(json_is_number(json_array_get(list, i)));
    return json_number_value(json_array_get(list, i));
}

static void close_to(const char *what, double got, double wanted, double tolerance)
{
    if (!(fabs(got - wanted) <= tolerance * (fabs(wanted) + 1e-3))) {
        fail_msg("%s: %.9g, PyTorch has %.9g", what, got, wanted);
    }
}

static void read_batch(struct bed *bed)
{
    const json_t *lists = json_object_get(bed->golden, "lists");
    const json_t *row_weights = json_object_get(bed->golden, "row_weights");
    size_t at = 0;

    for (size_t i = 0; i < N; i++) {
        const json_t *list = json_array_get(lists, i);
        bed->starts[i] = at;
        for (size_t t = 0; t < json_array_size(list); t++, at++) {
            const int32_t id = (int32_t)item(list, t);
            size_t slot = 0;
            while (slot < bed->n_touched && bed->touched[slot] != id) {
                slot++;
            }
            bed->touched[slot] = id;
            bed->n_touched += slot == bed->n_touched;
            bed->ids[at] = id;
            bed->slots[at] = (uint32_t)slot;
        }
        bed->rows[i] = (struct gs_loss_row){.targets = bed->targets + i * N_OUT,
                                            .weights = bed->weights + i * N_OUT,
                                            .weight = {item(json_array_get(row_weights, 0), i),
                                                       item(json_array_get(row_weights, 1), i)}};
    }
    bed->starts[N] = at;
    for (size_t i = 0; i < (size_t)N * N_OUT; i++) {
        bed->targets[i] = (float)item(json_object_get(bed->golden, "targets"), i);
        bed->weights[i] = (float)item(json_object_get(bed->golden, "weights"), i);
    }
    const size_t n_single = (size_t)number(bed->golden, "n_single");
    bed->loss = (struct gs_loss){
        .heads = {{0, n_single, true, 1.0},
                  {n_single, N_OUT - n_single, false, number(bed->golden, "factor")}},
        .n_heads = 2,
        .n_out = N_OUT,
        .temperature = 1.0};
}

static void by_formula(float *to, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = 0.3F * formula_weight(name, (uint32_t)i);
    }
}

static void make(struct bed *bed, const json_t *golden, const json_t *model)
{
    static const char *const poolings[] = {"cls", "mean", "cls_mean", "pooler"};
    const char *pooling = json_string_value(json_object_get(model, "pooling"));
    char dir[128];

    *bed = (struct bed){.golden = golden, .model = model};
    (void)snprintf(dir, sizeof dir, "golden/encoder/%s",
                   json_string_value(json_object_get(model, "model")));
    struct gs_pretrained_options options = {.dir = dir, .n_out = N_OUT};
    while (strcmp(poolings[options.pooling], pooling) != 0) {
        options.pooling++;
    }
    assert_int_equal(gs_pretrained_load(&options, &bed->base, NULL), GS_OK);
    struct gs_net *net = &bed->base->net;
    const struct gs_net_layout *at = &net->layout;
    const size_t h = net->shape.hidden;
    if (options.pooling == GS_NET_DENSE) {
        by_formula(net->values + at->dense, h * h, "dense");
        by_formula(net->values + at->dense_bias, h, "dense_bias");
    }
    by_formula(net->values + at->out, N_OUT * at->pooled, "out");
    by_formula(net->values + at->out_bias, N_OUT, "out_bias");
    read_batch(bed);
    assert_int_equal(gs_net_workspace_new(&net->shape, MAX_IDS, N, MAX_IDS, &bed->work, NULL),
                     GS_OK);
    bed->grads.values = calloc(at->n, sizeof(float));
    bed->grads.words = calloc(MAX_IDS * h, sizeof(float));
    assert_true(bed->grads.values != NULL && bed->grads.words != NULL);
}

static void done(struct bed *bed)
{
    free(bed->grads.values);
    free(bed->grads.words);
    gs_net_workspace_free(bed->work);
    gs_pretrained_free(bed->base);
}

static double pass(struct bed *bed)
{
    const struct gs_net *net = &bed->base->net;
    const struct gs_net_batch batch = {bed->ids, bed->slots, bed->starts, N};
    const struct gs_net_dropout none = {0};

    memset(bed->grads.values, 0, net->layout.n * sizeof(float));
    memset(bed->grads.words, 0, MAX_IDS * net->shape.hidden * sizeof(float));
    bed->logits = gs_net_forward(net, bed->work, &batch, &none);
    const double loss = gs_loss_run(&bed->loss, bed->rows, N, bed->logits, bed->d_logits, NULL);
    gs_net_backward(net, bed->work, &batch, &none, bed->d_logits, 0, &bed->grads);
    return loss;
}

static void check_part(const char *what, const json_t *wanted, double square, double along)
{
    close_to(what, sqrt(square), item(wanted, 0), 2e-5);
    /* a sum of products of both signs: held to the length of the gradient */
    if (!(fabs(along - item(wanted, 1)) <= 2e-5 * (item(wanted, 0) + 1e-3))) {
        fail_msg("%s: along the probe %.9g, PyTorch has %.9g", what, along, item(wanted, 1));
    }
}

static void check_gradients(struct bed *bed)
{
    const struct gs_net_layout *at = &bed->base->net.layout;
    const size_t h = bed->base->net.shape.hidden;
    const json_t *all = json_object_get(bed->model, "gradients");
    size_t part = 0;
    double square = 0.0;
    double along = 0.0;

    for (size_t s = 0; s < at->n_spans; s++) {
        const struct gs_net_span *span = &at->spans[s];
        char what[64];
        square = along = 0.0;
        for (size_t i = 0; i < span->n; i++) {
            const double d = (double)bed->grads.values[span->from + i];
            square += d * d;
            along += d * (double)formula_weight("probe", (uint32_t)i);
        }
        if (span->n > 0) {
            (void)snprintf(what, sizeof what, "part %zu, depth %zu", part, span->depth);
            check_part(what, json_array_get(all, part++), square, along);
        }
    }
    assert_int_equal(part, json_array_size(all));
    square = along = 0.0;
    for (size_t i = 0; i < bed->n_touched * h; i++) {
        const size_t index = (size_t)bed->touched[i / h] * h + i % h;
        const double d = (double)bed->grads.words[i];
        square += d * d;
        along += d * (double)formula_weight("probe", (uint32_t)index);
    }
    check_part("words", json_object_get(bed->model, "words"), square, along);
}

static void check_steps(struct bed *bed)
{
    const struct gs_optimizer_options options = {.lr = number(bed->golden, "lr"),
                                                 .head_lr = number(bed->golden, "head_lr"),
                                                 .beta1 = number(bed->golden, "beta1"),
                                                 .beta2 = number(bed->golden, "beta2"),
                                                 .eps = number(bed->golden, "eps"),
                                                 .decay = number(bed->golden, "decay"),
                                                 .clip = 1.0,
                                                 .layer_decay = number(bed->golden, "layer_decay")};
    const json_t *losses = json_object_get(bed->model, "losses");
    struct gs_optimizer optimizer;

    assert_int_equal(gs_optimizer_init(&optimizer, &options, &bed->base->net, 1, NULL), GS_OK);
    for (size_t i = 0; i < json_array_size(losses); i++) {
        const struct gs_optimizer_step step = {.lr_share = 1.0,
                                               .grads = &bed->grads,
                                               .n_shards = 1,
                                               .touched = bed->touched,
                                               .n_touched = bed->n_touched};
        assert_true(gs_optimizer_run(&optimizer, &step) > 0.0);
        close_to("loss of a step", pass(bed), item(losses, i), 1e-4);
    }
    gs_optimizer_done(&optimizer);
}

static void as_pytorch(void **unused)
{
    json_error_t where = {0};
    json_t *golden = json_load_file("golden/train/golden.json", 0, &where);
    const json_t *models = json_object_get(golden, "models");

    (void)unused;
    assert_true(json_array_size(models) == 5);
    for (size_t m = 0; m < json_array_size(models); m++) {
        struct bed bed;
        make(&bed, golden, json_array_get(models, m));
        print_message("  %s, %s\n", json_string_value(json_object_get(bed.model, "model")),
                      json_string_value(json_object_get(bed.model, "pooling")));
        close_to("loss", pass(&bed), number(bed.model, "loss"), 5e-6);
        for (size_t i = 0; i < (size_t)N * N_OUT; i++) {
            close_to("logit", (double)bed.logits[i], item(json_object_get(bed.model, "logits"), i),
                     1e-4);
        }
        check_gradients(&bed);
        check_steps(&bed);
        done(&bed);
    }
    json_decref(golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_pytorch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
