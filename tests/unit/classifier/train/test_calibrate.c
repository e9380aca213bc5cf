/* Calibration makes held-out answers likelier, and int8 rows say what float columns say. */
#include "classifier/train/calibrate.h"
#include "tests/unit/classifier/fixture.h"

#include <math.h>

static double parabola(const double *params, const void *arg)
{
    const double *at = arg;
    const double x = params[0] - at[0];
    const double y = params[1] - at[1];
    return x * x + 3.0 * y * y + 0.5 * x * y;
}

static void test_minimise_finds_the_minimum(void **state)
{
    const double at[] = {2.5, -1.25};
    double params[2] = {0, 0};
    (void)state;
    gs_minimise(parabola, at, params, 2, 20.0, 12);
    assert_float_equal((float)params[0], 2.5F, 0.02F);
    assert_float_equal((float)params[1], -1.25F, 0.02F);
}

struct losses {
    double before, after;
    size_t n;
};

static void on_log(void *arg, const char *json)
{
    struct losses *losses = arg;
    const char *before = strstr(json, "\"loss_before\":");
    const char *after = strstr(json, "\"loss_after\":");
    if (before != NULL && after != NULL) {
        losses->before += strtod(before + 14, NULL);
        losses->after += strtod(after + 13, NULL);
        losses->n++;
    }
}

static void test_temperature_never_makes_it_worse(void **state)
{
    struct gs_trainer *trainer = fixture_trainer(3);
    struct gs_model *model = NULL;
    struct losses losses = {0};
    (void)state;
    const struct gs_train_listener listener = {.log = on_log, .arg = &losses};
    assert_int_equal(gs_trainer_run(trainer, &listener, &model, NULL), GS_OK);
    assert_int_equal(losses.n, GS_N_HEADS * GS_N_MODEL_LANGS);
    assert_true(losses.after <= losses.before + 1e-3);
    gs_trainer_free(trainer);
    gs_model_free(model);
}

/* Mean loss of the sentiment over rows that no training has seen. */
static double fresh_loss(const struct gs_model *model)
{
    struct gs_model_workspace *work = NULL;
    uint32_t random = 4242;
    double loss = 0.0;
    assert_int_equal(gs_model_workspace_new(model, &work, NULL), GS_OK);
    for (size_t i = 0; i < 300; i++) {
        struct gs_prediction said;
        uint32_t hashes[16];
        const size_t n = fixture_hashes(&random, 0, i % 3, i % 4, hashes);
        gs_model_predict(model, work, hashes, n, 0, &said);
        loss -= log((double)said.p[GS_HEAD_SENTIMENT][i % 3] + 1e-12);
    }
    gs_model_workspace_free(work);
    return loss / 300.0;
}

static void test_calibrated_is_likelier_than_margins(void **state)
{
    struct gs_model *model = fixture_model(3);
    struct gs_profile *p = &model->profiles[GS_PROFILE_ALPHABETIC];
    const double calibrated = fresh_loss(model);
    (void)state;
    for (size_t c = 0; c < p->n_columns; c++) { /* a factor off, as a raw margin is */
        p->scale[c] *= p->names[c][0] == 'n' ? 1.0F : 0.2F;
        p->bias[c] *= 0.2F;
    }
    assert_true(calibrated < fresh_loss(model));
    gs_model_free(model);
}

/* The same columns as float and as int8: scores of the training rows differ by rounding only. */
static void test_int8_agrees_with_float(void **state)
{
    enum { N = 8 };
    float weights[2 * N];
    uint32_t hashes[N];
    uint32_t df[N];
    uint8_t squares[N];
    struct gs_trainer *t = calloc(1, sizeof *t);
    struct gs_columns columns[GS_N_PROFILES] = {0};
    struct gs_model *model = NULL;
    struct gs_model_workspace *work = NULL;
    float scores[GS_MAX_WIDTH];
    size_t n_rows = 0;
    (void)state;
    assert_non_null(t);
    t->options = gs_train_defaults();
    t->options.name = "small";
    (void)snprintf(t->labels[1][0].id, GS_MAX_NAME, "company");
    t->n_labels[1] = 1;
    double sum = 0.0;
    for (size_t j = 0; j < N; j++) {
        hashes[j] = (uint32_t)(10 + j);
        df[j] = 1;
        squares[j] = (uint8_t)(j + 1);
        weights[j] = 0.0F;
        weights[N + j] = sinf((float)j * 1.7F) * 0.37F;
        sum += (double)weights[N + j];
    }
    t->vocabulary[0] =
        (struct gs_vocabulary){.n = N, .hashes = hashes, .df = df, .squares = {squares, squares}};
    columns[0].n = 2;
    columns[0].weights = weights;
    columns[0].squares[0] = 0;
    columns[0].squares[1] = -1;
    columns[0].bias[1] = 0.25F;
    (void)snprintf(columns[0].names[0], sizeof columns[0].names[0], "norm");
    (void)snprintf(columns[0].names[1], sizeof columns[0].names[1], "topics/company");
    assert_int_equal(gs_model_assemble(t, columns, &model, NULL), GS_OK);
    assert_int_equal(gs_model_workspace_new(model, &work, NULL), GS_OK);
    (void)gs_profile_scores(model, work, hashes, N, scores, &n_rows);
    assert_int_equal(n_rows, N);
    const double exact = sum / sqrt(N * (N + 1) / 2.0) + 0.25; /* squares are 1..N */
    assert_float_equal(scores[1], (float)exact, 0.37F / 127.0F);
    gs_model_workspace_free(work);
    gs_model_free(model);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_minimise_finds_the_minimum),
        cmocka_unit_test(test_temperature_never_makes_it_worse),
        cmocka_unit_test(test_calibrated_is_likelier_than_margins),
        cmocka_unit_test(test_int8_agrees_with_float),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
