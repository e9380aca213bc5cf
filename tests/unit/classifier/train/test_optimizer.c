/* The optimizer's own rules, beside what test_parity.c holds to PyTorch: lazy averages of word
 * embeddings, clipping, the schedule, threads. */
#include "tests/unit/gs_test.h"

#include "classifier/train/encoder/optimizer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VOCAB = 6, H = 4, STEPS = 40 };

static const struct gs_net_shape shape = {H, 1,     2,           6,          VOCAB,       5, 2,
                                          0, 1e-12, GS_ACT_GELU, GS_NET_CLS, GS_ACT_NONE, 3};
static const struct gs_optimizer_options usual = {.lr = 0.01,
                                                  .head_lr = 0.1,
                                                  .beta1 = 0.9,
                                                  .beta2 = 0.98,
                                                  .eps = 1e-6,
                                                  .decay = 0.1,
                                                  .clip = 1.0,
                                                  .layer_decay = 0.9,
                                                  .ema = 0.9};

struct bed {
    struct gs_net net;
    struct gs_optimizer optimizer;
    struct gs_net_grads grads[2];
};

static void make(struct bed *bed, const struct gs_optimizer_options *options, size_t n_threads)
{
    struct gs_net *net = &bed->net;
    *bed = (struct bed){.net = {.shape = shape, .rows = gs_net_rows_pick()}};
    assert_int_equal(gs_net_layout_init(&shape, &net->layout, NULL), GS_OK);
    net->values = calloc(net->layout.n, sizeof *net->values);
    net->words = calloc((size_t)VOCAB * H, sizeof *net->words);
    if (net->values == NULL || net->words == NULL) {
        fail();
        return;
    }
    for (size_t i = 0; i < net->layout.n; i++) {
        net->values[i] = sinf((float)i);
    }
    for (size_t i = 0; i < (size_t)VOCAB * H; i++) {
        net->words[i] = cosf((float)i);
    }
    for (size_t s = 0; s < 2; s++) {
        bed->grads[s].values = calloc(net->layout.n, sizeof(float));
        bed->grads[s].words = calloc((size_t)VOCAB * H, sizeof(float));
        assert_true(bed->grads[s].values != NULL && bed->grads[s].words != NULL);
    }
    assert_int_equal(gs_optimizer_init(&bed->optimizer, options, net, n_threads, NULL), GS_OK);
}

static void done(struct bed *bed)
{
    gs_optimizer_done(&bed->optimizer);
    for (size_t s = 0; s < 2; s++) {
        free(bed->grads[s].values);
        free(bed->grads[s].words);
    }
    free(bed->net.values);
    free(bed->net.words);
    gs_net_layout_done(&bed->net.layout);
}

/* Two of the words at a time, in turns; word 5 never. */
static double one_step(struct bed *bed, size_t number, float size)
{
    const int32_t touched[2] = {(int32_t)(number % 5), (int32_t)((number + 2) % 5)};

    for (size_t s = 0; s < 2; s++) {
        for (size_t i = 0; i < bed->net.layout.n; i++) {
            bed->grads[s].values[i] = size * sinf((float)(i * 7 + number * 3 + s));
        }
        for (size_t i = 0; i < 2 * (size_t)H; i++) {
            bed->grads[s].words[i] = size * cosf((float)(i * 5 + number + s));
        }
    }
    const struct gs_optimizer_step step = {
        .lr_share = 1.0, .grads = bed->grads, .n_shards = 2, .touched = touched, .n_touched = 2};
    return gs_optimizer_run(&bed->optimizer, &step);
}

/* An average of all rows at every step, as it would be made without laziness. */
static void lazy_averages_are_the_plain_ones(void **unused)
{
    struct bed bed;
    double plain[VOCAB * H];

    (void)unused;
    make(&bed, &usual, 1);
    for (size_t i = 0; i < (size_t)VOCAB * H; i++) {
        plain[i] = (double)bed.net.words[i];
    }
    for (size_t n = 1; n <= STEPS; n++) {
        (void)one_step(&bed, n, 1.0F);
        const double decay = fmin(usual.ema, (1.0 + (double)n) / (10.0 + (double)n));
        for (size_t i = 0; i < (size_t)VOCAB * H; i++) {
            plain[i] = decay * plain[i] + (1.0 - decay) * (double)bed.net.words[i];
        }
    }
    gs_optimizer_settle(&bed.optimizer);
    for (size_t i = 0; i < (size_t)VOCAB * H; i++) {
        assert_true(fabs((double)bed.optimizer.ema_words[i] - plain[i]) < 1e-5);
        assert_true(i < 5 * (size_t)H || bed.net.words[i] == cosf((float)i));
    }
    done(&bed);
}

/* After a short gradient, one ten times as long is clipped to the same step; its length is told as
 * it was. (A first step of Adam's would be the same without clipping.) */
static void long_gradients_are_clipped(void **unused)
{
    struct bed a;
    struct bed b;

    (void)unused;
    make(&a, &usual, 1);
    make(&b, &usual, 1);
    (void)one_step(&a, 1, 0.01F);
    (void)one_step(&b, 1, 0.01F);
    const double length = one_step(&a, 2, 1.0F);
    const double longer = one_step(&b, 2, 10.0F);
    assert_true(length > 1.0 && fabs(longer / length - 10.0) < 1e-4);
    for (size_t i = 0; i < a.net.layout.n; i++) {
        assert_true(fabsf(a.net.values[i] - b.net.values[i]) < 1e-5F);
    }
    done(&a);
    done(&b);
}

static void a_gradient_that_is_no_number_changes_nothing(void **unused)
{
    struct bed bed;

    (void)unused;
    make(&bed, &usual, 1);
    assert_true(!isfinite(one_step(&bed, 1, INFINITY)));
    assert_int_equal(bed.optimizer.step, 0);
    for (size_t i = 0; i < bed.net.layout.n; i++) {
        assert_true(bed.net.values[i] == sinf((float)i));
    }
    done(&bed);
}

static void threads_do_not_matter(void **unused)
{
    struct bed one;
    struct bed many;

    (void)unused;
    make(&one, &usual, 1);
    make(&many, &usual, 5);
    for (size_t n = 1; n < 5; n++) {
        assert_true(one_step(&one, n, 1.0F) == one_step(&many, n, 1.0F));
    }
    assert_memory_equal(one.net.values, many.net.values, one.net.layout.n * sizeof(float));
    assert_memory_equal(one.net.words, many.net.words, (size_t)VOCAB * H * sizeof(float));
    assert_memory_equal(one.optimizer.ema, many.optimizer.ema, one.net.layout.n * sizeof(float));
    done(&one);
    done(&many);
}

static void schedules(void **unused)
{
    static const struct {
        const char *shows;
        uint64_t step;
        double warm_up;
        bool cosine;
        double want;
    } cases[] = {
        {"the first of ten rising steps", 0, 0.1, false, 0.1},
        {"the last of them", 9, 0.1, false, 1.0},
        {"half of the way down", 54, 0.1, false, 46.0 / 91.0},
        {"the last step is not wasted", 99, 0.1, false, 1.0 / 91.0},
        {"no warm-up", 0, 0.0, false, 100.0 / 101.0},
        {"a cosine stays high", 32, 0.1, true, 0.5 - 0.5 * -0.7010},
        {"a cosine at the end", 99, 0.1, true, 0.000298},
    };

    (void)unused;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        const double got = gs_schedule(cases[i].step, 100, cases[i].warm_up, cases[i].cosine);
        if (!(fabs(got - cases[i].want) < 2e-3)) {
            fail_msg("%s: %g, not %g", cases[i].shows, got, cases[i].want);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lazy_averages_are_the_plain_ones),
        cmocka_unit_test(long_gradients_are_clipped),
        cmocka_unit_test(a_gradient_that_is_no_number_changes_nothing),
        cmocka_unit_test(threads_do_not_matter),
        cmocka_unit_test(schedules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
