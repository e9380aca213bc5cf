/* What a row's targets are: what a set does not know costs nothing, a teacher is taken as it is
 * meant; and which rows an epoch sees. */
#include "tests/unit/gs_test.h"

#include "classifier/train/encoder/tune_data.h"
#include "classifier/train/encoder/tune_order.h"
#include "classifier/train/encoder/tune_quality.h"

#include <math.h>
#include <string.h>

enum { OUT = 3 + 2 + 1 };

/* Set 0 knows all; set 1 sentiment without neutral; set 2 the topic "a" alone; set 3 has a teacher. */
static void make(struct gs_tune_data *data)
{
    static const float teacher[OUT] = {2.0F, 0.0F, -2.0F, 1.0F, -1.0F, 3.0F};
    const struct gs_tune_row rows[] = {
        {.set = 0, .sentiment = 2, .has = {false, true, true}, .labels = {0, 3, 1}},
        {.set = 0, .sentiment = 0, .has = {false, true, true}, .labels = {0, 2, 0}},
        {.set = 1, .sentiment = 0, .binary = true},
        {.set = 2, .sentiment = -1, .has = {false, true, false}, .labels = {0, 1, 0}},
        {.set = 3, .sentiment = -1},
        {.set = 3, .sentiment = 1},
    };
    const int32_t ids[3] = {1, 2, 3};
    size_t label = 0;

    *data = (struct gs_tune_data){.n_sets = 4};
    for (size_t s = 0; s < 4; s++) {
        data->sets[s].weight = 1.0;
    }
    assert_int_equal(gs_tune_label(data, GS_HEAD_TOPICS, "a", &label, NULL), GS_OK);
    assert_int_equal(gs_tune_label(data, GS_HEAD_TOPICS, "b", &label, NULL), GS_OK);
    assert_int_equal(gs_tune_label(data, GS_HEAD_RISKS, "r", &label, NULL), GS_OK);
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_tune_row row = rows[i];
        row.n = 3;
        assert_int_equal(gs_tune_add(data, &row, ids, row.set == 3 ? teacher : NULL, NULL), GS_OK);
    }
    assert_int_equal(gs_tune_data_finish(data, NULL), GS_OK);
}

/* NOLINTNEXTLINE(readability-function-size): a table */
static void targets(void **unused)
{
    const double p0 = 1.0 / (1.0 + exp(-1.0) + exp(-2.0)); /* the teacher's best at temperature 2 */
    const double p1 = 1.0 / (1.0 + exp(-2.0) + exp(-4.0)); /* and at 1 */
    const struct {
        const char *shows;
        size_t row;
        double targets[OUT], weights[OUT], head[3];
        bool soft[3];
    } cases[] = {
        {"all is known, sentiment is smoothed",
         0,
         {0.1 / 3, 0.1 / 3, 0.9 + 0.1 / 3, 1, 1, 1},
         {1, 1, 1, 1, 1, 1},
         {1, 1, 1},
         {false}},
        {"without neutral the smoothing goes to two",
         2,
         {0.95, 0, 0.05, 0, 0, 0},
         {1, 0, 1, 0, 0, 0},
         {1, 0, 0},
         {false}},
        {"a set knows the labels that its rows carry",
         3,
         {0, 0, 0, 1, 0, 0},
         {1, 1, 1, 1, 0, 0},
         {0, 1, 0},
         {false}},
        {"a teacher alone, at the temperature",
         4,
         {p0, p0 * exp(-1.0), p0 * exp(-2.0), 1 / (1 + exp(-0.5)), 1 / (1 + exp(0.5)),
          1 / (1 + exp(-1.5))},
         {1, 1, 1, 1, 1, 1},
         {1, 1, 1},
         {true, true, true}},
        {"a teacher beside a label, at 1",
         5,
         {0.75 * 0.1 / 3 + 0.25 * p1, 0.75 * (0.9 + 0.1 / 3) + 0.25 * p1 * exp(-2.0),
          0.75 * 0.1 / 3 + 0.25 * p1 * exp(-4.0), 1 / (1 + exp(-0.5)), 1 / (1 + exp(0.5)),
          1 / (1 + exp(-1.5))},
         {1, 1, 1, 1, 1, 1},
         {1, 1, 1},
         {false, true, true}},
    };
    const struct gs_tune_targets options = {
        .smoothing = 0.1, .temperature = 2.0, .teacher = 0.25, .factors = {1, 1, 1}};
    struct gs_tune_data data;
    struct gs_loss loss;
    float class_weights[OUT];

    (void)unused;
    make(&data);
    gs_tune_loss(&data, &options, &loss);
    assert_int_equal(loss.n_out, OUT);
    gs_tune_class_weights(&data, false, class_weights);
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        float got[OUT];
        float weights[OUT];
        struct gs_loss_row row;
        print_message("  %s\n", cases[i].shows);
        gs_tune_row_targets(&data, &loss, &options, class_weights, &data.rows[cases[i].row], got,
                            weights, &row);
        for (size_t h = 0; h < 3; h++) {
            assert_true(row.weight[h] == cases[i].head[h]);
            assert_int_equal(row.soft[h], cases[i].soft[h]);
        }
        for (size_t l = 0; l < OUT; l++) {
            const size_t h = l < 3 ? 0 : l < 5 ? 1 : 2;
            assert_true(row.weight[h] == 0.0 || fabs((double)got[l] - cases[i].targets[l]) < 1e-6);
            assert_true(row.weight[h] == 0.0 || (double)weights[l] == cases[i].weights[l]);
        }
    }
    gs_tune_data_done(&data);
}

/* The gradient of what is not known is exactly nothing. */
static void the_unknown_has_no_gradient(void **unused)
{
    const struct gs_tune_targets options = {.temperature = 1.0, .factors = {1, 1, 1}};
    struct gs_tune_data data;
    struct gs_loss loss;
    float class_weights[OUT];
    float t[OUT];
    float w[OUT];
    float d[OUT];
    const float logits[OUT] = {0.3F, 2.0F, -1.0F, 0.5F, 0.7F, -0.2F};

    (void)unused;
    make(&data);
    gs_tune_loss(&data, &options, &loss);
    gs_tune_class_weights(&data, false, class_weights);
    for (size_t i = 2; i <= 3; i++) {
        struct gs_loss_row row;
        gs_tune_row_targets(&data, &loss, &options, class_weights, &data.rows[i], t, w, &row);
        assert_true(gs_loss_run(&loss, &row, 1, logits, d, NULL) > 0.0);
        const bool known[2][OUT] = {{true, false, true, false, false, false},
                                    {false, false, false, true, false, false}};
        for (size_t l = 0; l < OUT; l++) {
            assert_int_equal(d[l] != 0.0F, known[i - 2][l]);
        }
    }
    gs_tune_data_done(&data);
}

static void an_epoch_sees_rows_by_weight(void **unused)
{
    struct gs_tune_data data;
    uint32_t order[64];
    uint32_t again[64];
    size_t seen[6] = {0};

    (void)unused;
    make(&data);
    data.sets[0].weight = 2.5;
    data.sets[1].weight = 0.4;
    assert_true(gs_tune_order_most(&data) <= GS_COUNT(order));
    const size_t n = gs_tune_order(&data, 1, 3, 2, 2, order);
    assert_int_equal(n, 5 + 0 + 1 + 2);
    for (size_t i = 0; i < n; i++) {
        seen[order[i]]++;
    }
    assert_int_equal(seen[0] + seen[1], 5);
    assert_true(seen[0] >= 2 && seen[1] >= 2);
    assert_int_equal(seen[2], 0);
    assert_int_equal(seen[3] + seen[4] + seen[5], 3);
    assert_int_equal(gs_tune_order(&data, 1, 3, 2, 2, again), n);
    assert_memory_equal(order, again, n * sizeof *order);
    size_t other = 0;
    for (size_t epoch = 4; epoch < 9; epoch++) {
        (void)gs_tune_order(&data, 1, epoch, 2, 2, again);
        other += memcmp(order, again, n * sizeof *order) != 0;
    }
    assert_true(other >= 4);
    gs_tune_data_done(&data);
}

/* Rows whose logits are twice too large; a label that is best said from p = 0.3 on. */
static void calibration_finds_temperature_and_threshold(void **unused)
{
    enum { N = 400 };
    static float logits[N * OUT];
    static uint32_t rows[N];
    struct gs_tune_data data = {.n_sets = 1, .sets = {{.weight = 1.0}}};
    const struct gs_tune_targets options = {.temperature = 1.0, .factors = {1, 1, 1}};
    struct gs_loss loss;
    struct gs_tune_calibration calibration;
    struct gs_tune_quality quality;
    size_t label = 0;
    uint32_t state = 1;

    (void)unused;
    assert_int_equal(gs_tune_label(&data, GS_HEAD_TOPICS, "a", &label, NULL), GS_OK);
    for (uint32_t i = 0; i < N; i++) {
        const int32_t id = 1;
        state = state * 1664525U + 1013904223U;
        const double u = (double)(state >> 8) / 16777216.0;
        const double p = 0.05 + 0.9 * (double)i / N; /* of being positive, against negative */
        const struct gs_tune_row row = {.n = 1,
                                        .valid = i > 3,
                                        .sentiment = u < p ? 2 : 0,
                                        .has = {false, true, false},
                                        .labels = {0, p > 0.3, 0}};
        assert_int_equal(gs_tune_add(&data, &row, &id, NULL, NULL), GS_OK);
        rows[i] = i;
        float *z = logits + (size_t)i * 4;
        z[0] = 0.0F;
        z[1] = -30.0F;
        z[2] = (float)(2.0 * log(p / (1.0 - p)));
        z[3] = (float)log(p / (1.0 - p));
    }
    data.rows[0].labels[1] = 1; /* an example to train on */
    data.sets[0].knows[1] = 1;
    data.rows[0].sentiment = 0;
    data.rows[1].sentiment = 2;
    assert_int_equal(gs_tune_data_finish(&data, NULL), GS_OK);
    gs_tune_loss(&data, &options, &loss);
    const struct gs_tune_answers answers = {&data, &loss, rows, N, logits};
    assert_int_equal(gs_tune_calibrate(&answers, &calibration, NULL), GS_OK);
    assert_true(fabsf(calibration.temperature[GS_HEAD_SENTIMENT][0] - 2.0F) < 0.5F);
    gs_tune_measure(&answers, &calibration, &quality);
    assert_int_equal(quality.n[GS_HEAD_SENTIMENT], N);
    assert_true(quality.micro[GS_HEAD_TOPICS] > 0.99);
    assert_true(quality.micro[GS_HEAD_SENTIMENT] > 0.65 && quality.n[GS_HEAD_RISKS] == 0);
    gs_tune_data_done(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets),
        cmocka_unit_test(the_unknown_has_no_gradient),
        cmocka_unit_test(an_epoch_sees_rows_by_weight),
        cmocka_unit_test(calibration_finds_temperature_and_threshold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
