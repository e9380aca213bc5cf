#include "classifier/eval/classification_metrics.h"
#include "tests/unit/gs_test.h"

static const char *const sentiments[] = {"negative", "neutral", "positive"};

static void add(struct gs_eval *eval, float a, float b, float c, size_t truth, bool binary)
{
    assert_int_equal(gs_eval_add_class(eval, (const float[]){a, b, c}, truth, binary, NULL), GS_OK);
}

static void test_by_hand(void **state)
{
    struct gs_eval *eval = NULL;
    struct gs_eval_report r;
    (void)state;
    assert_int_equal(gs_eval_new(3, sentiments, NULL, &eval, NULL), GS_OK);
    add(eval, 0.8F, 0.1F, 0.1F, 0, false); /* right */
    add(eval, 0.8F, 0.1F, 0.1F, 0, false); /* right */
    add(eval, 0.2F, 0.6F, 0.2F, 1, false); /* right */
    add(eval, 0.6F, 0.3F, 0.1F, 2, false); /* wrong */
    gs_eval_finish(eval, &r);
    assert_int_equal(r.n, 4);
    assert_float_equal((float)r.accuracy, 0.75F, 1e-6F);
    assert_float_equal((float)r.classes[0].precision, 2.0F / 3.0F, 1e-6F);
    assert_float_equal((float)r.classes[0].recall, 1.0F, 1e-6F);
    assert_float_equal((float)r.classes[0].f1, 0.8F, 1e-6F);
    assert_float_equal((float)r.classes[2].f1, 0.0F, 1e-6F);
    assert_float_equal((float)r.macro_f1, (0.8F + 1.0F + 0.0F) / 3.0F, 1e-6F);
    assert_float_equal((float)r.micro_f1, 0.75F, 1e-6F);
    assert_float_equal((float)r.weighted_f1, (2 * 0.8F + 1.0F) / 4.0F, 1e-6F);
    /* bins: 0.8 twice, both right: |1.6 - 2|; 0.6 twice, one right: |1.2 - 1| */
    assert_float_equal((float)r.ece, (0.4F + 0.2F) / 4.0F, 1e-5F);
    assert_float_equal((float)r.brier, (0.06F + 0.06F + 0.24F + (0.36F + 0.09F + 0.81F)) / 4.0F,
                       1e-5F);
    assert_int_equal(r.confusion[2][0], 1);
    assert_float_equal((float)r.coverage[4], 1.0F, 1e-6F); /* the surest half */
    assert_float_equal((float)r.coverage[9], 0.75F, 1e-6F);
    gs_eval_free(eval);
}

static void test_binary_rows_have_no_neutral(void **state)
{
    struct gs_eval *eval = NULL;
    struct gs_eval_report r;
    (void)state;
    assert_int_equal(gs_eval_new(3, sentiments, NULL, &eval, NULL), GS_OK);
    add(eval, 0.3F, 0.6F, 0.1F, 0, true);
    gs_eval_finish(eval, &r);
    assert_float_equal((float)r.accuracy, 1.0F, 1e-6F);
    assert_float_equal((float)r.ece, 0.25F, 1e-5F); /* 0.3 / 0.4 */
    gs_eval_free(eval);
}

static void test_labels_by_hand(void **state)
{
    static const char *const names[] = {"a", "b", "c"};
    const float thresholds[] = {0.5F, 0.5F, 0.3F};
    struct gs_eval *eval = NULL;
    struct gs_eval_report r;
    (void)state;
    assert_int_equal(gs_eval_new(3, names, thresholds, &eval, NULL), GS_OK);
    /* right, exactly */
    assert_int_equal(gs_eval_add_labels(eval, (const float[]){0.9F, 0.1F, 0.1F}, 7, 1, 0, NULL),
                     GS_OK);
    /* two labels, the second missed */
    assert_int_equal(gs_eval_add_labels(eval, (const float[]){0.8F, 0.4F, 0.1F}, 7, 3, 0, NULL),
                     GS_OK);
    /* none, and none said */
    assert_int_equal(gs_eval_add_labels(eval, (const float[]){0.2F, 0.1F, 0.1F}, 7, 0, 3, NULL),
                     GS_OK);
    /* c said at its own threshold, wrongly */
    assert_int_equal(gs_eval_add_labels(eval, (const float[]){0.1F, 0.2F, 0.35F}, 7, 2, 1, NULL),
                     GS_OK);
    gs_eval_finish(eval, &r);
    assert_float_equal((float)r.micro_f1, 2.0F * 2.0F / (3.0F + 4.0F), 1e-6F);
    assert_float_equal((float)r.accuracy, 0.75F, 1e-6F);
    assert_float_equal((float)r.top1_accuracy, 2.0F / 3.0F, 1e-6F);
    assert_float_equal((float)r.subset_accuracy, 0.5F, 1e-6F);
    gs_eval_free(eval);
}

static const struct masked {
    const char *shows;
    float p[3];
    uint64_t known, truth;
    size_t first;
    float accuracy, micro, top1, subset, ece, brier;
    size_t n;
} masked[] = {
    {"a wrong answer out of the set's space",
     {0.8F, 0.2F, 0.9F},
     3,
     1,
     0,
     1,
     1,
     1,
     1,
     0.2F,
     0.04F,
     1},
    {"the same, where the set knows it",
     {0.8F, 0.2F, 0.9F},
     7,
     1,
     0,
     0,
     2.0F / 3,
     0,
     0,
     1.3F / 3,
     0.89F / 3,
     1},
    {"the best of what is known is the answer",
     {0.3F, 0.6F, 0.9F},
     3,
     2,
     1,
     1,
     1,
     1,
     1,
     0.35F,
     0.125F,
     1},
    {"no label is known: the row is not there", {0.8F, 0.2F, 0.9F}, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0},
};

/* Three labels of which the row's set knows the first two: what is answered of the third counts
 * nowhere, not even where it is the best one. */
static void test_a_label_that_the_set_does_not_know(void **state)
{
    static const char *const names[] = {"a", "b", "c"};
    const float thresholds[] = {0.5F, 0.5F, 0.5F};
    (void)state;
    for (const struct masked *m = masked; m < masked + GS_COUNT(masked); m++) {
        struct gs_eval *eval = NULL;
        struct gs_eval_report r;
        print_message("  %s\n", m->shows);
        assert_int_equal(gs_eval_new(3, names, thresholds, &eval, NULL), GS_OK);
        assert_int_equal(gs_eval_add_labels(eval, m->p, m->known, m->truth, m->first, NULL), GS_OK);
        gs_eval_finish(eval, &r);
        assert_int_equal(r.n, m->n);
        assert_float_equal((float)r.accuracy, m->accuracy, 1e-6F);
        assert_float_equal((float)r.micro_f1, m->micro, 1e-6F);
        assert_float_equal((float)r.top1_accuracy, m->top1, 1e-6F);
        assert_float_equal((float)r.subset_accuracy, m->subset, 1e-6F);
        assert_float_equal((float)r.ece, m->ece, 1e-5F);
        assert_float_equal((float)r.brier, m->brier, 1e-5F);
        gs_eval_free(eval);
    }
}

static void test_metrics_by_name(void **state)
{
    struct gs_eval *eval = NULL;
    struct gs_eval_report r;
    double value = -1;
    (void)state;
    assert_int_equal(gs_eval_new(3, sentiments, NULL, &eval, NULL), GS_OK);
    add(eval, 0.8F, 0.1F, 0.1F, 0, false);
    gs_eval_finish(eval, &r);
    assert_true(gs_eval_metric(&r, "accuracy", &value));
    assert_float_equal((float)value, 1.0F, 1e-6F);
    assert_true(gs_eval_metric(&r, "f1:negative", &value));
    assert_true(gs_eval_metric(&r, "coverage_70", &value));
    assert_false(gs_eval_metric(&r, "top1_accuracy", &value)); /* one label only */
    assert_false(gs_eval_metric(&r, "f1:no_such", &value));
    assert_false(gs_eval_metric(&r, "", &value));
    gs_eval_free(eval);
}

static void test_nothing_counted_is_finite(void **state)
{
    struct gs_eval *eval = NULL;
    struct gs_eval_report r;
    struct gs_buf out = {.max = 1 << 16};
    (void)state;
    assert_int_equal(gs_eval_new(3, sentiments, NULL, &eval, NULL), GS_OK);
    gs_eval_finish(eval, &r);
    gs_eval_put_json(&r, &out);
    gs_buf_putc(&out, '\0');
    assert_true(gs_buf_ok(&out));
    assert_null(strstr(out.bytes, "null"));
    gs_buf_done(&out);
    gs_eval_free(eval);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_binary_rows_have_no_neutral),
        cmocka_unit_test(test_labels_by_hand),
        cmocka_unit_test(test_a_label_that_the_set_does_not_know),
        cmocka_unit_test(test_metrics_by_name),
        cmocka_unit_test(test_nothing_counted_is_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
