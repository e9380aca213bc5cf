/* What combine fits, against searches that try everything: weights and temperatures on a dense grid,
 * gates by each pair of levels; and where nothing can be fitted. */
#include "classifier/train/combine.h"
#include "classifier/train/threshold_fit.h"
#include "tests/unit/gs_test.h"

#include <math.h>
#include <stdlib.h>

enum { N = 240, N_TOPICS = 3, N_OUT = GS_N_SENTIMENTS + N_TOPICS };

struct made {
    struct gs_combine_row rows[N];
    float fast[N][N_OUT], encoder[N][N_OUT];
    float half[GS_MAX_LABELS];
    struct gs_combine_data data;
};

static float noise(uint32_t *state)
{
    float sum = 0.0F;
    for (int i = 0; i < 4; i++) {
        *state = *state * 1664525U + 1013904223U;
        sum += (float)(*state >> 8) / 16777216.0F - 0.5F;
    }
    return 1.7F * sum; /* about a normal one of sd 1 */
}

/* Two tiers that know the truth with noise of their own; the encoder is the better and too sure. */
static void make(struct made *m)
{
    uint32_t state = 7;
    *m = (struct made){.data = {.n_labels = {GS_N_SENTIMENTS, N_TOPICS, 0}, .n = N}};
    for (size_t i = 0; i < N; i++) {
        struct gs_combine_row *row = &m->rows[i];
        const size_t sentiment = (i * 7 + i / 5) % 3;
        *row = (struct gs_combine_row){.lang = GS_LANG_EN, .sentiment = (int8_t)sentiment};
        row->has[GS_HEAD_TOPICS] = true;
        row->knows[GS_HEAD_TOPICS] = 7;
        row->labels[GS_HEAD_TOPICS] = 1U << (i % 5 % 3) | (i % 4 == 0 ? 2U : 0U);
        for (size_t k = 0; k < N_OUT; k++) {
            const bool is = k < GS_N_SENTIMENTS
                                ? k == sentiment
                                : (row->labels[GS_HEAD_TOPICS] >> (k - GS_N_SENTIMENTS) & 1U) != 0;
            m->fast[i][k] = (is ? 0.5F : -0.5F) + 1.2F * noise(&state);
            m->encoder[i][k] = 2.0F * ((is ? 0.7F : -0.7F) + noise(&state));
        }
        row->sureness[GS_HEAD_SENTIMENT] = (float)((i * 37) % 101) / 100.0F;
        row->sureness[GS_HEAD_TOPICS] = (float)((i * 53) % 97) / 96.0F;
    }
    for (size_t l = 0; l < GS_MAX_LABELS; l++) {
        m->half[l] = 0.5F;
    }
    m->data.rows = m->rows;
    m->data.fast = m->fast[0];
    m->data.encoder = m->encoder[0];
    m->data.fast_thresholds[GS_HEAD_TOPICS] = m->half;
    m->data.encoder_thresholds[GS_LANG_EN][GS_HEAD_TOPICS] = m->half;
    m->data.encodes[GS_LANG_EN] = true;
}

static struct made *made(void)
{
    struct made *m = malloc(sizeof *m);
    assert_non_null(m);
    make(m);
    return m;
}

static double likelihood(const struct made *m, double weight, double temperature)
{
    double loss = 0.0;
    for (size_t i = 0; i < N; i++) {
        double z[GS_N_SENTIMENTS];
        double sum = 0.0;
        for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
            z[s] = ((double)m->encoder[i][s] + weight * (double)m->fast[i][s]) / temperature;
            sum += exp(z[s]);
        }
        loss += log(sum) - z[m->rows[i].sentiment];
    }
    return loss;
}

static void the_sentiment_is_as_likely_as_can_be(void **state)
{
    struct made *m = made();
    struct gs_combine_head head;
    double least = INFINITY;
    (void)state;
    assert_int_equal(gs_combine_fit_head(&m->data, GS_HEAD_SENTIMENT, GS_LANG_EN, &head, NULL),
                     GS_OK);
    for (int w = 0; w <= 100; w++) {
        for (int t = 0; t < 140; t++) {
            least = fmin(least, likelihood(m, 0.02 * w, 0.5 * pow(1.02, t)));
        }
    }
    const double got = likelihood(m, (double)head.fast, (double)head.temperature);
    print_message("  weight %.3f, temperature %.3f: %.4f, the grid's best %.4f\n",
                  (double)head.fast, (double)head.temperature, got, least);
    assert_true(got <= least + 0.01);
    assert_true(head.fast > 0.2F && head.fast < 1.9F && head.temperature > 1.2F);
    assert_false(head.few);
    assert_int_equal(head.n, N);
    free(m);
}

static double topics_likelihood(const struct made *m, double weight, double temperature)
{
    double loss = 0.0;
    for (size_t i = 0; i < N; i++) {
        for (size_t l = 0; l < N_TOPICS; l++) {
            const size_t k = GS_N_SENTIMENTS + l;
            const double z =
                ((double)m->encoder[i][k] + weight * (double)m->fast[i][k]) / temperature;
            loss += log1p(exp((m->rows[i].labels[1] >> l & 1U) != 0 ? -z : z));
        }
    }
    return loss;
}

static void the_topics_too(void **state)
{
    struct made *m = made();
    struct gs_combine_head head;
    double least = INFINITY;
    (void)state;
    assert_int_equal(gs_combine_fit_head(&m->data, GS_HEAD_TOPICS, GS_LANG_EN, &head, NULL), GS_OK);
    for (int w = 0; w <= 100; w++) {
        for (int t = 0; t < 140; t++) {
            least = fmin(least, topics_likelihood(m, 0.02 * w, 0.5 * pow(1.02, t)));
        }
    }
    const double got = topics_likelihood(m, (double)head.fast, (double)head.temperature);
    print_message("  weight %.3f, temperature %.3f: %.4f, the grid's best %.4f\n",
                  (double)head.fast, (double)head.temperature, got, least);
    assert_true(got <= least + 0.01);
    for (size_t l = 0; l < N_TOPICS; l++) {
        assert_true(head.thresholds[l] >= 0.1F && head.thresholds[l] <= 0.7F);
    }
    free(m);
}

/* ---- gates ---- */

static double micro_of(const struct made *m, const struct gs_combine_fit *fit, enum gs_head head,
                       enum gs_combine_system system)
{
    struct gs_combine_figures f;
    assert_int_equal(gs_combine_measure(&m->data, fit, head, GS_LANG_EN, system, &f, NULL), GS_OK);
    assert_int_equal(f.n, N);
    return f.micro;
}

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a;
    const float y = *(const float *)b;
    return x > y ? 1 : x < y ? -1 : 0;
}

/* The k-th of 20 levels of a head's sureness, from the surest down. */
static float level(const struct made *m, size_t head, size_t k)
{
    float all[N];
    for (size_t i = 0; i < N; i++) {
        all[i] = m->rows[i].sureness[head];
    }
    qsort(all, N, sizeof *all, ascending);
    return ceilf(all[N - 1 - k * (N - 1) / 19] * 1e4F) / 1e4F;
}

static size_t n_passing(const struct made *m, float sentiment, float topics)
{
    size_t n = 0;
    for (size_t i = 0; i < N; i++) {
        n += m->rows[i].sureness[0] >= sentiment && m->rows[i].sureness[1] >= topics;
    }
    return n;
}

static void gates_let_pass_as_many_as_may(void **state)
{
    static const double losses[] = {0.0, 0.01, 0.05, 1.0};
    struct made *m = made();
    struct gs_combine_fit *fit = malloc(sizeof *fit);
    struct gs_combine_fit *other = malloc(sizeof *other);
    (void)state;
    assert_non_null(fit);
    assert_non_null(other);
    for (size_t c = 0; c < GS_COUNT(losses); c++) {
        size_t best = 0;
        assert_int_equal(gs_combine_fit(&m->data, losses[c], fit, NULL), GS_OK);
        const double wanted[] = {micro_of(m, fit, 0, GS_COMBINE_SUM) - losses[c],
                                 micro_of(m, fit, 1, GS_COMBINE_SUM) - losses[c]};
        *other = *fit;
        for (size_t k = 0; k < 400; k++) {
            const float gates[] = {level(m, 0, k % 20), level(m, 1, k / 20)};
            other->heads[0][GS_LANG_EN].gate = gates[0];
            other->heads[1][GS_LANG_EN].gate = gates[1];
            const size_t n = n_passing(m, gates[0], gates[1]);
            if (n > best && micro_of(m, other, 0, GS_COMBINE_CASCADE) >= wanted[0] - 1e-9 &&
                micro_of(m, other, 1, GS_COMBINE_CASCADE) >= wanted[1] - 1e-9) {
                best = n;
            }
        }
        print_message("  loss %.2f: %zu of %d rows\n", losses[c], fit->n_alone[GS_LANG_EN], N);
        assert_int_equal(fit->n[GS_LANG_EN], N);
        assert_int_equal(fit->n_alone[GS_LANG_EN], best);
        if (best > 0) {
            assert_int_equal(
                best, n_passing(m, fit->heads[0][GS_LANG_EN].gate, fit->heads[1][GS_LANG_EN].gate));
            assert_true(micro_of(m, fit, 0, GS_COMBINE_CASCADE) >= wanted[0] - 1e-9);
            assert_true(micro_of(m, fit, 1, GS_COMBINE_CASCADE) >= wanted[1] - 1e-9);
        } else {
            assert_true(fit->heads[0][GS_LANG_EN].gate < 0.0F);
        }
    }
    assert_int_equal(fit->n_alone[GS_LANG_EN], N); /* at any loss all of them */
    free(fit);
    free(other);
    free(m);
}

/* ---- where there is little or nothing to fit ---- */

static void drop_rows(struct made *m)
{
    m->data.n = 0;
}

static void keep_some(struct made *m)
{
    m->data.n = GS_COMBINE_LEAST_ROWS - 1;
}

static void one_class(struct made *m)
{
    for (size_t i = 0; i < N; i++) {
        m->rows[i].sentiment = GS_NEGATIVE;
        m->rows[i].labels[GS_HEAD_TOPICS] = 7;
    }
}

static void nothing_said(struct made *m)
{
    for (size_t i = 0; i < N; i++) {
        m->rows[i].sentiment = -1;
        m->rows[i].has[GS_HEAD_TOPICS] = false;
    }
}

static void another_language(struct made *m)
{
    for (size_t i = 0; i < N; i++) {
        m->rows[i].lang = GS_LANG_ZH;
    }
}

static void no_label_known(struct made *m)
{
    for (size_t i = 0; i < N; i++) {
        m->rows[i].sentiment = -1;
        m->rows[i].knows[GS_HEAD_TOPICS] = 0;
        m->rows[i].labels[GS_HEAD_TOPICS] = 0;
    }
}

static const struct {
    const char *shows;
    void (*change)(struct made *m);
    size_t n;
} little[] = {
    {"no rows", drop_rows, 0},
    {"a row too few", keep_some, GS_COMBINE_LEAST_ROWS - 1},
    {"rows of one class", one_class, N},
    {"rows that say nothing", nothing_said, 0},
    {"rows of a language without an encoder", another_language, 0},
    {"rows whose file knows no label", no_label_known, 0},
};

static void too_little_is_said_and_not_fitted(void **state)
{
    struct gs_combine_fit *fit = malloc(sizeof *fit);
    (void)state;
    assert_non_null(fit);
    for (size_t i = 0; i < GS_COUNT(little); i++) {
        struct made *m = made();
        print_message("  %s\n", little[i].shows);
        little[i].change(m);
        assert_int_equal(gs_combine_fit(&m->data, 0.01, fit, NULL), GS_OK);
        for (size_t h = 0; h <= GS_HEAD_TOPICS; h++) {
            const struct gs_combine_head *head = &fit->heads[h][GS_LANG_EN];
            assert_true(head->few);
            assert_int_equal(head->n, little[i].n);
            assert_float_equal(head->fast, 0.35F, 1e-6F);
            assert_float_equal(head->temperature, 1.0F, 1e-6F);
            assert_float_equal(head->margin, 0.1F, 1e-6F);
        }
        for (size_t l = 0; l < N_TOPICS; l++) {
            const float threshold = fit->heads[GS_HEAD_TOPICS][GS_LANG_EN].thresholds[l];
            assert_true(threshold >= 0.1F && threshold <= 0.7F);
        }
        free(m);
    }
    free(fit);
}

static void equal_logits_are_fitted_to_something_finite(void **state)
{
    struct made *m = made();
    struct gs_combine_fit *fit = malloc(sizeof *fit);
    (void)state;
    assert_non_null(fit);
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < N_OUT; k++) {
            m->fast[i][k] = 0.0F;
            m->encoder[i][k] = 0.0F;
        }
        m->rows[i].sureness[0] = m->rows[i].sureness[1] = 0.5F;
    }
    assert_int_equal(gs_combine_fit(&m->data, 0.01, fit, NULL), GS_OK);
    for (size_t h = 0; h <= GS_HEAD_TOPICS; h++) {
        const struct gs_combine_head *head = &fit->heads[h][GS_LANG_EN];
        assert_true(isfinite(head->fast) && head->fast >= 0.0F && head->fast <= 2.0F);
        assert_true(head->temperature >= 0.2F && head->temperature <= 8.0F);
        assert_true(isfinite(head->gate) && head->gate <= 1.0F);
    }
    free(fit);
    free(m);
}

/* A label that one tier does not know has the other's logit, without weight or temperature. */
static void what_one_tier_does_not_know_is_the_others(void **state)
{
    struct made *m = made();
    struct gs_combine_fit *fit = malloc(sizeof *fit);
    const float *thresholds = NULL;
    float p[GS_MAX_LABELS];
    (void)state;
    assert_non_null(fit);
    for (size_t i = 0; i < N; i++) {
        for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
            m->fast[i][s] = NAN; /* no sentiment in this language */
        }
        m->rows[i].sureness[GS_HEAD_SENTIMENT] = -1.0F;
        m->encoder[i][GS_N_SENTIMENTS + 1] = NAN; /* the encoder lacks a topic */
    }
    assert_int_equal(gs_combine_fit(&m->data, 1.0, fit, NULL), GS_OK);
    assert_int_equal(fit->n_alone[GS_LANG_EN], 0);
    assert_true(fit->heads[GS_HEAD_SENTIMENT][GS_LANG_EN].gate < 0.0F);
    assert_false(
        gs_combine_answer(&m->data, fit, 3, GS_HEAD_SENTIMENT, GS_COMBINE_FAST, p, &thresholds));
    assert_true(
        gs_combine_answer(&m->data, fit, 3, GS_HEAD_SENTIMENT, GS_COMBINE_SUM, p, &thresholds));
    double sum = 0.0;
    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        sum += exp((double)m->encoder[3][s]);
    }
    assert_float_equal(p[0], (float)(exp((double)m->encoder[3][0]) / sum), 1e-5F);
    assert_true(
        gs_combine_answer(&m->data, fit, 3, GS_HEAD_TOPICS, GS_COMBINE_SUM, p, &thresholds));
    assert_float_equal(p[1], 1.0F / (1.0F + expf(-m->fast[3][GS_N_SENTIMENTS + 1])), 1e-6F);
    assert_ptr_equal(thresholds, fit->heads[GS_HEAD_TOPICS][GS_LANG_EN].thresholds);
    free(fit);
    free(m);
}

/* The sum is what the folder's reader makes of the same numbers. */
static void the_sum_is_weighted_and_cooled(void **state)
{
    struct made *m = made();
    struct gs_combine_fit *fit = calloc(1, sizeof *fit);
    const float *thresholds = NULL;
    float p[GS_MAX_LABELS];
    (void)state;
    assert_non_null(fit);
    fit->heads[GS_HEAD_TOPICS][GS_LANG_EN] =
        (struct gs_combine_head){.fast = 0.4F, .temperature = 1.6F, .gate = -1.0F};
    assert_true(
        gs_combine_answer(&m->data, fit, 9, GS_HEAD_TOPICS, GS_COMBINE_SUM, p, &thresholds));
    for (size_t l = 0; l < N_TOPICS; l++) {
        const size_t k = GS_N_SENTIMENTS + l;
        const float z = (m->encoder[9][k] + 0.4F * m->fast[9][k]) / 1.6F;
        assert_float_equal(p[l], 1.0F / (1.0F + expf(-z)), 1e-6F);
    }
    free(fit);
    free(m);
}

/* Topics that no encoder knows: thresholds are those of the fast tier's logits. */
static void labels_of_one_tier_have_thresholds(void **state)
{
    struct made *m = made();
    struct gs_combine_head head;
    struct gs_threshold_fit *fit = calloc(1, sizeof *fit);
    bool any = false;
    (void)state;
    assert_non_null(fit);
    for (size_t i = 0; i < N; i++) {
        for (size_t l = 0; l < N_TOPICS; l++) {
            const size_t k = GS_N_SENTIMENTS + l;
            m->encoder[i][k] = NAN;
            gs_threshold_count(&fit->of[l], 1.0 / (1.0 + exp(-(double)m->fast[i][k])),
                               (m->rows[i].labels[1] >> l & 1U) != 0);
        }
    }
    gs_threshold_average(N_TOPICS, fit);
    assert_int_equal(gs_combine_fit_head(&m->data, GS_HEAD_TOPICS, GS_LANG_EN, &head, NULL), GS_OK);
    for (size_t l = 0; l < N_TOPICS; l++) {
        assert_float_equal(head.thresholds[l], (float)gs_threshold_at(gs_threshold_best(fit, l)),
                           1e-6F);
        any = any || fabsf(head.thresholds[l] - 0.5F) > 0.01F;
    }
    assert_true(any); /* 0.5 is what nothing at all gives */
    free(fit);
    free(m);
}

static void a_tier_alone_is_cooled_to_its_likeliest(void **state)
{
    struct made *m = made();
    size_t n = 0;
    double least = INFINITY;
    double at = 0.0;
    (void)state;
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < N_OUT; k++) {
            m->fast[i][k] = 0.0F;
        }
    }
    for (int k = 0; k < 555; k++) {
        const double t = 0.5 * pow(1.005, k);
        at = likelihood(m, 0.0, t) < least ? t : at;
        least = fmin(least, likelihood(m, 0.0, t));
    }
    assert_float_equal(gs_combine_fit_alone(&m->data, GS_LANG_EN, &n), (float)at, 0.03F);
    assert_int_equal(n, N);
    m->data.n = 5;
    assert_float_equal(gs_combine_fit_alone(&m->data, GS_LANG_EN, &n), 1.0F, 0.0F);
    assert_int_equal(n, 5);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sentiment_is_as_likely_as_can_be),
        cmocka_unit_test(the_topics_too),
        cmocka_unit_test(gates_let_pass_as_many_as_may),
        cmocka_unit_test(too_little_is_said_and_not_fitted),
        cmocka_unit_test(equal_logits_are_fitted_to_something_finite),
        cmocka_unit_test(what_one_tier_does_not_know_is_the_others),
        cmocka_unit_test(the_sum_is_weighted_and_cooled),
        cmocka_unit_test(labels_of_one_tier_have_thresholds),
        cmocka_unit_test(a_tier_alone_is_cooled_to_its_likeliest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
