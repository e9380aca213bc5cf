/* Attributions of the golden encoders: complete, of the same output that the encoder gives, none for
 * template tokens, none for what the output does not depend on. */
#include "tests/unit/classifier/encoder/golden_fixture.h"

#include "classifier/explain/attribution.h"

#include <math.h>

enum { N = 9, LONG = 14 };

static const char *const folders[] = {"golden/encoder/bert-cls", "golden/encoder/roberta-cls",
                                      "golden/encoder/xlm-roberta-cls",
                                      "golden/encoder/distilbert-cls"};

struct bed {
    struct gs_attributor *attributor;
    int32_t ids[N];
    uint32_t starts[N], ends[N];
    double contributions[N];
};

/* The first and the last token are the template's. */
static struct gs_attribution_text make(struct bed *bed, const char *folder)
{
    struct gs_error err = {0};

    if (gs_attributor_new(folder, &bed->attributor, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    for (uint32_t t = 0; t < N; t++) {
        bed->ids[t] = (int32_t)(3 + 5 * t % 31);
        bed->starts[t] = t;
        bed->ends[t] = t == 0 || t == N - 1 ? t : t + 1;
    }
    return (struct gs_attribution_text){bed->ids, bed->starts, bed->ends, N};
}

static struct gs_attribution_sum run(struct bed *bed, const struct gs_attribution_text *text,
                                     enum gs_attribution method, size_t output)
{
    struct gs_attribution_sum sum;
    struct gs_error err = {0};

    if (gs_attributor_run(bed->attributor, method, text, output, bed->contributions, &sum, &err) !=
        GS_OK) {
        fail_msg("%s", err.message);
    }
    return sum;
}

static void ignore(void *arg, const char *line)
{
    (void)arg;
    (void)line;
}

static double total(const struct bed *bed)
{
    double sum = 0.0;
    for (size_t t = 0; t < N; t++) {
        sum += bed->contributions[t];
    }
    return sum;
}

/* What the folder's encoder answers in float. */
static void answer(const char *folder, const struct gs_attribution_text *text, float *ret)
{
    struct gs_encoder *encoder = load(folder, GS_ARITH_FP32);
    struct gs_encoder_workspace *workspace = work_for(encoder, 1);
    const size_t starts[] = {0, text->n};
    const struct gs_encoder_batch batch = {.ids = text->ids, .starts = starts, .n = 1};

    assert_int_equal(gs_encoder_run(encoder, workspace, &batch, NULL, ret, NULL), GS_OK);
    gs_encoder_workspace_free(workspace);
    gs_encoder_free(encoder);
}

static void what_is_said_adds_up(void **unused)
{
    (void)unused;
    for (size_t f = 0; f < GS_COUNT(folders); f++) {
        struct bed bed;
        float outputs[16];
        const struct gs_attribution_text text = make(&bed, folders[f]);
        answer(folders[f], &text, outputs);
        for (size_t output = 0; output < (f == 2 ? 1U : 2U); output++) { /* XLM-R's has one */
            const struct gs_attribution_sum sum =
                run(&bed, &text, GS_ATTRIBUTION_INTEGRATED, output);
            const double way = sum.output - sum.base;
            assert_true(fabs(sum.output - (double)outputs[output]) < 1e-4);
            assert_true(fabs(way) > 1e-3);
            assert_true(fabs(total(&bed) - way) < 0.02 * fabs(way) + 1e-4);
            assert_true(bed.contributions[0] == 0.0 && bed.contributions[N - 1] == 0.0);
        }
        gs_attributor_free(bed.attributor);
    }
}

/* An int8 folder is explained as what its weights stand for: as its fp32 origin, within rounding. */
static void rounded_weights_are_explained_too(void **unused)
{
    (void)unused;
    for (size_t f = 0; f < GS_COUNT(folders); f++) {
        char out[64];
        struct bed bed;
        double exact[N];
        const struct gs_encoder_batch none = {.n = 0};
        const struct gs_quantize_options options = {
            .dir = folders[f], .out = out, .calibration = &none, .smoothing = 0.5F};
        make_folder(out);
        assert_int_equal(gs_quantize(&options, ignore, NULL, NULL), GS_OK);
        struct gs_attribution_text text = make(&bed, folders[f]);
        const struct gs_attribution_sum sum = run(&bed, &text, GS_ATTRIBUTION_INTEGRATED, 0);
        memcpy(exact, bed.contributions, sizeof exact);
        gs_attributor_free(bed.attributor);
        text = make(&bed, out);
        const struct gs_attribution_sum rounded = run(&bed, &text, GS_ATTRIBUTION_INTEGRATED, 0);
        double apart = 0.0;
        double size = 0.0;
        for (size_t t = 0; t < N; t++) {
            apart = fmax(apart, fabs(bed.contributions[t] - exact[t]));
            size = fmax(size, fabs(exact[t]));
        }
        assert_true(apart > 0.0 && apart < 0.1 * size);
        assert_true(fabs(rounded.output - sum.output) < 0.05);
        gs_attributor_free(bed.attributor);
        remove_folder(out);
    }
}

/* A word moved: the path's begin stays, the contributions follow. One gradient says which way. */
static void a_change_is_seen_where_it_is(void **unused)
{
    struct bed bed;
    (void)unused;
    const struct gs_attribution_text text = make(&bed, folders[0]);
    const struct gs_attribution_sum before = run(&bed, &text, GS_ATTRIBUTION_GRADIENT, 1);
    const double gradient = total(&bed);
    assert_true(fabs(gradient) > 0.0);
    const struct gs_attribution_sum whole = run(&bed, &text, GS_ATTRIBUTION_INTEGRATED, 1);
    assert_true(before.base == whole.base && before.output == whole.output);
    bed.ids[4] = 2;
    const struct gs_attribution_sum after = run(&bed, &text, GS_ATTRIBUTION_INTEGRATED, 1);
    assert_true(after.base == whole.base);
    assert_true(after.output != whole.output);
    /* a longer text needs more room: the same answer again after it */
    int32_t ids[LONG];
    uint32_t starts[LONG];
    uint32_t ends[LONG];
    double contributions[LONG];
    struct gs_attribution_sum sum;
    for (uint32_t t = 0; t < LONG; t++) {
        ids[t] = 7;
        starts[t] = t;
        ends[t] = t + 1;
    }
    const struct gs_attribution_text longer = {ids, starts, ends, LONG};
    assert_int_equal(gs_attributor_run(bed.attributor, GS_ATTRIBUTION_INTEGRATED, &longer, 0,
                                       contributions, &sum, NULL),
                     GS_OK);
    const struct gs_attribution_sum again = run(&bed, &text, GS_ATTRIBUTION_INTEGRATED, 1);
    assert_true(again.base == after.base && again.output == after.output);
    gs_attributor_free(bed.attributor);
}

static void what_cannot_be_is_refused(void **unused)
{
    struct bed bed;
    struct gs_attribution_sum sum;
    struct gs_error err = {0};
    struct gs_attributor *none = NULL;
    (void)unused;
    struct gs_attribution_text text = make(&bed, folders[0]);
    assert_int_equal(gs_attributor_run(bed.attributor, GS_ATTRIBUTION_INTEGRATED, &text, 16,
                                       bed.contributions, &sum, &err),
                     GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "outputs, not 17"));
    bed.ids[3] = -1;
    assert_int_equal(gs_attributor_run(bed.attributor, GS_ATTRIBUTION_INTEGRATED, &text, 0,
                                       bed.contributions, &sum, &err),
                     GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "token id -1"));
    text.n = 0;
    assert_int_equal(gs_attributor_run(bed.attributor, GS_ATTRIBUTION_INTEGRATED, &text, 0,
                                       bed.contributions, &sum, &err),
                     GS_BAD_FORMAT);
    gs_attributor_free(bed.attributor);
    assert_int_equal(gs_attributor_new("golden/encoder/bert-base", &none, &err), GS_BAD_CONFIG);
    assert_non_null(strstr(err.message, "has no head"));
    assert_int_equal(gs_attributor_new("golden/encoder", &none, &err), GS_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_adds_up),
        cmocka_unit_test(rounded_weights_are_explained_too),
        cmocka_unit_test(a_change_is_seen_where_it_is),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
