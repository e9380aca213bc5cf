/* Making inputs easier to round in 7 bits, exactly undone by the weights:
 *
 *     W x + b  =  (W / s) (s (x - c)) + (b + W c)
 *
 * c, an input's middle, costs nothing at run time: what comes from a layer normalization has c
 * taken from its beta. The residual path carries the same rows, so c is given back in the bias of
 * the product whose outputs are added to them next: the attention's output for rows that enter
 * query, key and value, the second of the feed-forward's two for rows that enter its first
 * (move_centre()). s is multiplied when a row is rounded, which is read anyway.
 * Inputs that are often large get a small s, so that they do not cost the row's others their
 * resolution.
 *
 * Sources: Xiao et al. 2022, arXiv:2211.10438 (SmoothQuant's s = w^(1-a) / x^a); Wei et al. 2023,
 *          arXiv:2304.09145 (shifting). */
#include "classifier/encoder/quantize.h"
#include "classifier/encoder/weights_internal.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Says how s is made of the norm w of an input's weights and its size x, which is rms^(1 - peak)
 * max^peak: s = w^.w / x^.x. The first makes (sum of s^2 x^2) (sum of w^2 / s^2), the error if a
 * row's range grew with its length, least; real rows have peaks, so others are tried. Seeking s for
 * the ranges of the kept rows themselves fits those and was worse on other texts. */
struct recipe {
    const char *name;
    float w, x, peak;
};
static const struct recipe recipes[] = {{"even", 0.5F, 0.5F, 0.0F},
                                        {"weak", 0.25F, 0.25F, 0.0F},
                                        {"peaks", 0.5F, 0.5F, 0.5F},
                                        {"strong", 0.5F, 0.75F, 0.5F},
                                        {"weak, peaks", 0.25F, 0.5F, 0.5F}};

static const float rounder = 12582912.0F; /* 1.5 * 2^23: added and taken away, it rounds */
/* No input or weight counts as smaller than this share of the largest. */
static const float least_share = 1e-4F;

/* One product while s is chosen. Arrays are [k] but where said otherwise. */
struct product {
    struct gs_matrix *parts[3];
    size_t n_parts, k;
    const struct gs_calibration *seen;
    float *centre, *largest_x, *rms_x, *norm_w, *s, *best_s, *row;
    double *squares_w, *squares_x; /* sums over outputs and over kept rows */
    int8_t *q8;
};

static bool product_take(struct product *p)
{
    const size_t k = p->k;
    float *floats = calloc(7 * k, sizeof *floats);
    p->squares_w = calloc(2 * k, sizeof *p->squares_w);
    p->q8 = malloc(k);
    p->centre = floats;
    if (floats == NULL || p->squares_w == NULL || p->q8 == NULL) {
        return false;
    }
    p->squares_x = p->squares_w + k;
    p->largest_x = floats + k;
    p->norm_w = floats + 2 * k;
    p->s = floats + 3 * k;
    p->best_s = floats + 4 * k;
    p->row = floats + 5 * k;
    p->rms_x = floats + 6 * k;
    return true;
}

static void product_done(struct product *p)
{
    free(p->centre);
    free(p->squares_w);
    free(p->q8);
}

static void raise_to_share(float *x, size_t n)
{
    float most = FLT_MIN;
    for (size_t j = 0; j < n; j++) {
        most = fmaxf(most, x[j]);
    }
    for (size_t j = 0; j < n; j++) {
        x[j] = fmaxf(x[j], most * least_share);
    }
}

static void measure(struct product *p, bool centred)
{
    const struct gs_calibration *seen = p->seen;
    for (size_t j = 0; j < p->k; j++) {
        p->centre[j] = centred ? 0.5F * (seen->min[j] + seen->max[j]) : 0.0F;
        p->largest_x[j] =
            fmaxf(fabsf(seen->min[j] - p->centre[j]), fabsf(seen->max[j] - p->centre[j]));
    }
    for (size_t i = 0; i < seen->n_rows; i++) {
        for (size_t j = 0; j < p->k; j++) {
            const double x = (double)(seen->rows[i * p->k + j] - p->centre[j]);
            p->squares_x[j] += x * x;
        }
    }
    for (size_t a = 0; a < p->n_parts; a++) {
        const struct gs_matrix *part = p->parts[a];
        assert(part != NULL);
        for (size_t i = 0; i < part->n * p->k; i++) {
            const float w = part->values[i];
            p->squares_w[i % p->k] += (double)w * (double)w;
        }
    }
    for (size_t j = 0; j < p->k; j++) {
        p->rms_x[j] = (float)sqrt(p->squares_x[j] / (double)seen->n_rows);
        p->norm_w[j] = (float)sqrt(p->squares_w[j]);
    }
    raise_to_share(p->rms_x, p->k);
    raise_to_share(p->largest_x, p->k);
    raise_to_share(p->norm_w, p->k);
}

/* The geometric mean becomes 1. */
static void centre_logs(struct product *p)
{
    double logs = 0.0;
    for (size_t j = 0; j < p->k; j++) {
        logs += (double)logf(p->s[j]);
    }
    const float mean = expf((float)(logs / (double)p->k));
    for (size_t j = 0; j < p->k; j++) {
        p->s[j] /= mean;
    }
}

static void make_s(struct product *p, const struct recipe *recipe)
{
    for (size_t j = 0; j < p->k; j++) {
        const float x =
            (1.0F - recipe->peak) * logf(p->rms_x[j]) + recipe->peak * logf(p->largest_x[j]);
        p->s[j] = expf(recipe->w * logf(p->norm_w[j]) - recipe->x * x);
    }
    centre_logs(p);
}

/* Computes what rounding the kept rows with p->s changes in the outputs, squared; errors of inputs
 * count as independent of each other. */
static double input_error(const struct product *p)
{
    double error = 0.0;
    for (size_t i = 0; i < p->seen->n_rows; i++) {
        const float *x = p->seen->rows + i * p->k;
        float min = FLT_MAX;
        float max = -FLT_MAX;
        for (size_t j = 0; j < p->k; j++) {
            p->row[j] = (x[j] - p->centre[j]) * p->s[j];
            min = fminf(min, p->row[j]);
            max = fmaxf(max, p->row[j]);
        }
        const float scale = fmaxf((max - min) / 127.0F, FLT_MIN);
        const float inverse = 1.0F / scale;
        for (size_t j = 0; j < p->k; j++) {
            const float q = (p->row[j] - min) * inverse + rounder - rounder;
            const double off = (double)((min + scale * q - p->row[j]) / p->s[j]);
            error += off * off * p->squares_w[j];
        }
    }
    return error;
}

/* The same of rounding the weights. */
static double weight_error(const struct product *p)
{
    double error = 0.0;
    for (size_t a = 0; a < p->n_parts; a++) {
        for (size_t i = 0; i < p->parts[a]->n; i++) {
            const float *w = p->parts[a]->values + i * p->k;
            for (size_t j = 0; j < p->k; j++) {
                p->row[j] = w[j] / p->s[j];
            }
            const float scale = gs_pack_round(p->row, p->k, p->q8);
            for (size_t j = 0; j < p->k; j++) {
                const double off = (double)((scale * (float)p->q8[j] - p->row[j]) * p->s[j]);
                error += off * off * p->squares_x[j];
            }
        }
    }
    return error;
}

/* Relative to the outputs' own size. */
static double total_error(struct product *p)
{
    double size = DBL_MIN;
    for (size_t j = 0; j < p->k; j++) {
        size += p->squares_x[j] * p->squares_w[j];
    }
    return (input_error(p) + weight_error(p)) / size;
}

static void keep_best(struct product *p, const struct recipe *recipe, double error,
                      struct gs_smoothing *said)
{
    said->recipe = recipe->name;
    said->after = error;
    memcpy(p->best_s, p->s, p->k * sizeof *p->s);
}

/* p->best_s and what it is worth. alpha below 0: the best recipe; else SmoothQuant's. */
static struct gs_smoothing choose(struct product *p, float alpha)
{
    static const struct recipe none = {NULL, 0.0F, 0.0F, 0.0F};
    const struct recipe fixed = {"alpha", 1.0F - alpha, alpha, 1.0F};
    struct gs_smoothing said = {0};

    make_s(p, &none);
    said.before = total_error(p);
    keep_best(p, &none, said.before, &said);
    if (alpha >= 0.0F) {
        make_s(p, &fixed);
        keep_best(p, &fixed, total_error(p), &said);
        return said;
    }
    for (size_t i = 0; i < GS_COUNT(recipes); i++) {
        make_s(p, &recipes[i]);
        const double error = total_error(p);
        if (error < said.after) {
            keep_best(p, &recipes[i], error, &said);
        }
    }
    return said;
}

/* ---- applying it ---- */

static bool take_copy(struct gs_encoder_weights *weights, const float *from, size_t n, float **ret)
{
    *ret = gs_weights_take(weights, n * sizeof **ret);
    if (*ret != NULL) {
        memcpy(*ret, from, n * sizeof **ret);
    }
    return *ret != NULL;
}

/* part := W / s, s, b + W c. */
static bool apply(struct gs_encoder_weights *weights, const struct product *p, bool smoothed,
                  struct gs_matrix *part, const float *s)
{
    float *values = NULL;
    float *bias = NULL;
    if (!take_copy(weights, part->values, part->n * p->k, &values) ||
        !take_copy(weights, part->bias, part->n, &bias)) {
        return false;
    }
    for (size_t i = 0; i < part->n; i++) {
        float *w = values + i * p->k;
        double shift = 0.0;
        for (size_t j = 0; j < p->k; j++) {
            shift += (double)w[j] * (double)p->centre[j];
            w[j] /= p->best_s[j];
        }
        bias[i] = (float)((double)bias[i] + shift);
    }
    part->values = values;
    part->bias = bias;
    part->smooth = smoothed ? s : NULL;
    return true;
}

/* Rows lose c where they are made and get it back where they are next added to. */
static bool move_centre(struct gs_encoder_weights *weights, const struct product *p,
                        const float **beta, struct gs_matrix *next)
{
    float *shifted = NULL;
    float *bias = NULL;
    if (!take_copy(weights, *beta, p->k, &shifted) ||
        !take_copy(weights, next->bias, p->k, &bias)) {
        return false;
    }
    for (size_t j = 0; j < p->k; j++) {
        shifted[j] -= p->centre[j];
        bias[j] += p->centre[j];
    }
    *beta = shifted;
    next->bias = bias;
    return true;
}

static struct product describe(struct gs_encoder_layer *layer, enum gs_product which)
{
    switch (which) {
    case GS_PRODUCT_QKV:
        return (struct product){.parts = {&layer->query, &layer->key, &layer->value}, .n_parts = 3};
    case GS_PRODUCT_ATTENTION:
        return (struct product){.parts = {&layer->attention_out}, .n_parts = 1};
    case GS_PRODUCT_IN:
        return (struct product){.parts = {&layer->feed_in}, .n_parts = 1};
    default:
        return (struct product){.parts = {&layer->feed_out}, .n_parts = 1};
    }
}

/* Finds where the rows that enter a product were normalized, and where they are added next. NULL:
 * they come from elsewhere and have no middle to move. */
static const float **beta_before(struct gs_encoder_weights *weights, size_t l,
                                 enum gs_product which)
{
    switch (which) {
    case GS_PRODUCT_QKV:
        return l == 0 ? &weights->beta : &weights->layers[l - 1].out_beta;
    case GS_PRODUCT_IN:
        return &weights->layers[l].attention_beta;
    default:
        return NULL;
    }
}

static enum gs_status smooth_one(struct gs_encoder_weights *weights, size_t l,
                                 enum gs_product which, const struct gs_calibration *seen,
                                 float alpha, struct gs_smoothing *ret, struct gs_error *err)
{
    struct gs_encoder_layer *layer = &weights->layers[l];
    const float **beta = beta_before(weights, l, which);
    struct product p = describe(layer, which);
    float *s = NULL;

    p.k = seen->k;
    p.seen = seen;
    bool good = product_take(&p);
    if (good) {
        measure(&p, beta != NULL);
        *ret = choose(&p, alpha);
        ret->centred = beta != NULL;
        good = take_copy(weights, p.best_s, p.k, &s);
    }
    for (size_t a = 0; a < p.n_parts && good; a++) {
        good = apply(weights, &p, ret->recipe != NULL, p.parts[a], s);
    }
    if (good && beta != NULL) {
        good = move_centre(weights, &p, beta,
                           which == GS_PRODUCT_QKV ? &layer->attention_out : &layer->feed_out);
    }
    product_done(&p);
    return good ? GS_OK : gs_fail(err, GS_NO_MEMORY, "smoothing");
}

enum gs_status gs_smooth(const struct gs_encoder_config *config, struct gs_encoder_weights *weights,
                         const struct gs_calibration *calibrations, float alpha,
                         struct gs_smoothing *ret, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    for (size_t l = 0; l < config->layers; l++) {
        for (size_t p = 0; p < GS_N_PRODUCTS && status == GS_OK; p++) {
            const size_t at = l * GS_N_PRODUCTS + p;
            status =
                smooth_one(weights, l, (enum gs_product)p, &calibrations[at], alpha, &ret[at], err);
        }
    }
    return status;
}
