/* Gradients of the network against central differences, in double: every parameter of tiny models
 * of each family and pooling, through every kind of head, on a ragged batch, with dropout on (its
 * pattern is a function of the seed, so that the loss is a smooth function of the weights). */
#include "classifier/train/encoder/loss.h"
#include "classifier/train/encoder/net.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { VOCAB = 9, POSITIONS = 8, N = 4, TOKENS = 13, N_OUT = 8 };

static uint64_t state = 1;
static double draw(void)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (double)(state >> 11) / 9007199254740992.0 * 2.0 - 1.0;
}

/* Pairs of the same length for R-Drop; one message of one token; for RoBERTa a pad token (1). */
static const int32_t ids[TOKENS] = {3, 8, 2, 5, 1, 3, 8, 2, 5, 1, 7, 4, 2};
static const uint32_t slots[TOKENS] = {3, 8, 2, 5, 1, 3, 8, 2, 5, 1, 7, 4, 2};
static const size_t starts[N + 1] = {0, 5, 10, 11, 13};

struct bed {
    struct gs_net net;
    struct gs_net_workspace *work;
    struct gs_net_dropout dropout;
    struct gs_loss loss;
    struct gs_loss_row rows[N];
    double targets[N][N_OUT], weights[N][N_OUT];
};

static const struct gs_net_batch batch = {ids, slots, starts, N};

/* Softmax of 3 (hard, soft, without its middle class, unknown), sigmoids of 5 (weighted, masked,
 * soft, unknown). */
static void set_targets(struct bed *bed)
{
    bed->loss = (struct gs_loss){.heads = {{0, 3, true, 1.0}, {3, 5, false, 0.3}},
                                 .n_heads = 2,
                                 .n_out = N_OUT,
                                 .temperature = 2.0};
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < N_OUT; j++) {
            bed->weights[i][j] = j == 4 ? 0.0 : 1.0 + 0.25 * (double)j;
            bed->targets[i][j] = j < 3 ? (j == i % 3 ? 0.9 : 0.05) : (double)((i + j) % 2);
        }
        bed->rows[i] = (struct gs_loss_row){.targets = bed->targets[i],
                                            .weights = bed->weights[i],
                                            .weight = {0.5, 0.25},
                                            .soft = {i == 1, i == 1}};
    }
    bed->weights[2][1] = 0.0;
    bed->targets[2][0] = 1.0;
    bed->targets[2][1] = bed->targets[2][2] = 0.0;
    bed->rows[3].weight[0] = 0.0;
    bed->rows[0].weight[1] = 0.0;
}

static void make(struct bed *bed, const struct gs_net_shape *shape)
{
    struct gs_net *net = &bed->net;
    *bed = (struct bed){.net = {.shape = *shape, .rows = gs_net_rows_pick()}};
    assert_int_equal(gs_net_layout_init(shape, &net->layout, NULL), GS_OK);
    assert_int_equal(gs_net_workspace_new(shape, TOKENS, N, POSITIONS, &bed->work, NULL), GS_OK);
    net->values = calloc(net->layout.n, sizeof *net->values);
    net->words = calloc(shape->vocab * shape->hidden, sizeof *net->words);
    assert_true(net->values != NULL && net->words != NULL);
    state = 7;
    for (size_t s = 0; s < net->layout.n_spans; s++) {
        const struct gs_net_span *span = &net->layout.spans[s];
        for (size_t i = 0; i < span->n; i++) {
            net->values[span->from + i] = 0.6 * draw();
        }
    }
    const size_t gammas[] = {net->layout.gamma, net->layout.layers[0].gamma1,
                             net->layout.layers[0].gamma2, net->layout.layers[1].gamma1,
                             net->layout.layers[1].gamma2};
    for (size_t g = 0; g < sizeof gammas / sizeof *gammas; g++) {
        for (size_t i = 0; i < shape->hidden; i++) {
            net->values[gammas[g] + i] += 1.0;
        }
    }
    for (size_t i = 0; i < shape->vocab * shape->hidden; i++) {
        net->words[i] = draw();
    }
    set_targets(bed);
}

static void done(struct bed *bed)
{
    free(bed->net.values);
    free(bed->net.words);
    gs_net_layout_done(&bed->net.layout);
    gs_net_workspace_free(bed->work);
}

static double loss_of(struct bed *bed, double *d_logits)
{
    double unused[N * N_OUT];
    const double *logits = gs_net_forward(&bed->net, bed->work, &batch, &bed->dropout);
    return gs_loss_run(&bed->loss, bed->rows, N, logits, d_logits == NULL ? unused : d_logits,
                       NULL);
}

/* || numeric - analytic || / || analytic || over n numbers at. */
static double apart(struct bed *bed, double *at, const double *analytic, size_t n,
                    double *ret_length)
{
    const double step = 1e-5;
    double difference = 0.0;
    double length = 0.0;

    for (size_t i = 0; i < n; i++) {
        const double kept = at[i];
        at[i] = kept + step;
        const double above = loss_of(bed, NULL);
        at[i] = kept - step;
        const double below = loss_of(bed, NULL);
        at[i] = kept;
        const double numeric = (above - below) / (2.0 * step);
        difference += (numeric - analytic[i]) * (numeric - analytic[i]);
        length += analytic[i] * analytic[i];
    }
    *ret_length = sqrt(length);
    return sqrt(difference) / (sqrt(length) + 1e-300);
}

static void check(const char *shows, struct bed *bed, size_t frozen)
{
    const struct gs_net_layout *layout = &bed->net.layout;
    const size_t n_words = bed->net.shape.vocab * bed->net.shape.hidden;
    double d_logits[N * N_OUT];
    double length = 0.0;
    struct gs_net_grads grads = {calloc(layout->n, sizeof(double)),
                                 calloc(n_words, sizeof(double))};

    assert_true(grads.values != NULL && grads.words != NULL);
    (void)loss_of(bed, d_logits);
    gs_net_backward(&bed->net, bed->work, &batch, &bed->dropout, d_logits, frozen, &grads);
    for (size_t s = 0; s < layout->n_spans; s++) {
        const struct gs_net_span *span = &layout->spans[s];
        if (span->n == 0) {
            continue;
        }
        const double *mine = grads.values + span->from;
        if (span->depth < frozen) {
            for (size_t i = 0; i < span->n; i++) {
                assert_true(mine[i] == 0.0);
            }
            continue;
        }
        const double error = apart(bed, bed->net.values + span->from, mine, span->n, &length);
        if (!(error < 1e-6 && length > 1e-4)) {
            fail_msg("%s: span %zu (depth %zu): relative error %g, length %g", shows, s,
                     span->depth, error, length);
        }
    }
    if (frozen == 0) {
        const double error = apart(bed, bed->net.words, grads.words, n_words, &length);
        if (!(error < 1e-6 && length > 1e-4)) {
            fail_msg("%s: words: relative error %g, length %g", shows, error, length);
        }
    }
    free(grads.values);
    free(grads.words);
}

static const struct {
    const char *shows;
    struct gs_net_shape shape;
} models[] = {
    {"bert, pooler",
     {8, 2, 2, 12, VOCAB, POSITIONS, 2, 0, 1e-12, GS_ACT_GELU, GS_NET_DENSE, GS_ACT_TANH, N_OUT}},
    {"bert, first token and mean, one head",
     {6, 2, 1, 10, VOCAB, POSITIONS, 2, 0, 1e-12, GS_ACT_GELU, GS_NET_CLS_MEAN, GS_ACT_NONE,
      N_OUT}},
    {"bert, tanh form of GELU, first token",
     {8, 2, 4, 12, VOCAB, POSITIONS, 2, 0, 1e-12, GS_ACT_GELU_TANH, GS_NET_CLS, GS_ACT_NONE,
      N_OUT}},
    {"roberta, positions from 2, its pad token inside, mean",
     {8, 2, 2, 12, VOCAB, POSITIONS, 1, 2, 1e-5, GS_ACT_GELU, GS_NET_MEAN, GS_ACT_NONE, N_OUT}},
    {"roberta, dense",
     {8, 2, 2, 12, VOCAB, POSITIONS, 1, 2, 1e-5, GS_ACT_GELU, GS_NET_DENSE, GS_ACT_TANH, N_OUT}},
    {"distilbert, relu, no types",
     {8, 2, 2, 12, VOCAB, POSITIONS, 0, 0, 1e-12, GS_ACT_RELU, GS_NET_DENSE, GS_ACT_RELU, N_OUT}},
};

static void every_parameter(void **unused)
{
    (void)unused;
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        struct bed bed;
        make(&bed, &models[m].shape);
        check(models[m].shows, &bed, 0);
        done(&bed);
    }
}

static void with_dropout(void **unused)
{
    (void)unused;
    for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
        struct bed bed;
        make(&bed, &models[m].shape);
        bed.dropout = (struct gs_net_dropout){0.2, 0.3, 0.1, 42, 5};
        check(models[m].shows, &bed, 0);
        done(&bed);
    }
}

static void with_r_drop(void **unused)
{
    struct bed bed;
    (void)unused;
    make(&bed, &models[1].shape);
    bed.dropout = (struct gs_net_dropout){0.2, 0.1, 0.1, 42, 5};
    bed.loss.r_drop = 0.7;
    bed.rows[1] = bed.rows[0];
    bed.rows[0].weight[1] = bed.rows[1].weight[1] = 0.25;
    check("R-Drop", &bed, 0);
    done(&bed);
}

static void frozen_parts_get_nothing(void **unused)
{
    (void)unused;
    for (size_t frozen = 1; frozen <= 3; frozen++) {
        struct bed bed;
        make(&bed, &models[0].shape);
        check("frozen", &bed, frozen);
        done(&bed);
    }
}

/* The fraction dropped, and the same numbers at a later place as in one go. */
static void dropout_draws(void **unused)
{
    enum { MANY = 4096 };
    static double ones[MANY];
    static double to[MANY];
    static double part[MANY];
    const struct gs_net_rows *rows = gs_net_rows_pick();
    const struct gs_noise noise = {9, 2, 4, 0.25};
    size_t dropped = 0;

    (void)unused;
    for (size_t i = 0; i < MANY; i++) {
        ones[i] = 1.0;
    }
    rows->drop(&noise, 0, ones, to, MANY);
    rows->drop(&noise, 136, ones, part, MANY - 136);
    for (size_t i = 0; i < MANY; i++) {
        dropped += to[i] == 0.0;
        assert_true(to[i] == 0.0 || fabs(to[i] - 4.0 / 3.0) < 1e-12);
        assert_true(i < 136 || to[i] == part[i - 136]);
    }
    assert_in_range(dropped, MANY / 4 - 120, MANY / 4 + 120);
    const struct gs_noise other = {9, 3, 4, 0.25};
    rows->drop(&other, 0, ones, part, MANY);
    size_t differ = 0;
    for (size_t i = 0; i < MANY; i++) {
        differ += part[i] != to[i];
    }
    assert_true(differ > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_parameter), cmocka_unit_test(with_dropout),
        cmocka_unit_test(with_r_drop),     cmocka_unit_test(frozen_parts_get_nothing),
        cmocka_unit_test(dropout_draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
