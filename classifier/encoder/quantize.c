/* An fp32 folder → an int8 folder: calibrate, smooth, round, write. */
#include "classifier/encoder/quantize.h"
#include "classifier/encoder/weights_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct job {
    const struct gs_quantize_options *options;
    struct gs_encoder_config config;
    struct gs_encoder_weights weights;
    struct gs_calibration *seen;   /* [layers][GS_N_PRODUCTS]; NULL: no texts */
    struct gs_smoothing *smoothed; /* the same */
    gs_log_line_fn *log;
    void *log_arg;
};

static const char *const product_names[GS_N_PRODUCTS] = {"query, key, value", "attention output",
                                                         "feed in", "feed out"};

static enum gs_status read_source(struct job *job, struct gs_error *err)
{
    const char *dir = job->options->dir;

    enum gs_status status = gs_encoder_config_read(dir, &job->config, err);
    if (status == GS_OK) {
        status = gs_encoder_weights_read(dir, &job->config, &job->weights, err);
    }
    if (status == GS_OK && job->weights.int8) {
        status = gs_fail(err, GS_BAD_CONFIG,
                         "%s: holds int8 weights already; give the fp32 folder it was made from",
                         gs_folder_shown(dir, "model.safetensors").text);
    }
    return status;
}

static void say_smoothing(const struct job *job)
{
    char line[160];
    for (size_t i = 0; i < job->config.layers * GS_N_PRODUCTS; i++) {
        const struct gs_smoothing *s = &job->smoothed[i];
        (void)snprintf(line, sizeof line,
                       "layer %zu, %s: smoothing %s, expected squared error %.2g -> %.2g of the "
                       "output's",
                       i / GS_N_PRODUCTS, product_names[i % GS_N_PRODUCTS],
                       s->recipe == NULL ? "none" : s->recipe, s->before, s->after);
        job->log(job->log_arg, line);
    }
}

static enum gs_status smooth(struct job *job, struct gs_error *err)
{
    const struct gs_encoder_batch *texts = job->options->calibration;
    const size_t n = job->config.layers * GS_N_PRODUCTS;

    if (texts == NULL || texts->n == 0 || job->options->smoothing == 0.0F) {
        job->log(job->log_arg, "no calibration or no smoothing: inputs are rounded as they are");
        return GS_OK;
    }
    job->seen = calloc(n, sizeof *job->seen);
    job->smoothed = calloc(n, sizeof *job->smoothed);
    if (job->seen == NULL || job->smoothed == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "calibration");
    }
    enum gs_status status = gs_calibrate(&job->config, &job->weights, texts, job->seen, err);
    if (status == GS_OK) {
        status = gs_smooth(&job->config, &job->weights, job->seen, job->options->smoothing,
                           job->smoothed, err);
    }
    if (status == GS_OK) {
        say_smoothing(job);
    }
    return status;
}

/* ---- rounding ---- */

/* Computes what rounding row i adds to its output on average, as far as inputs have a mean. */
static double mean_change(const struct gs_matrix *m, size_t i, const float *mean)
{
    double change = 0.0;
    for (size_t j = 0; j < m->k; j++) {
        const float w = m->values[i * m->k + j];
        change += (double)(m->scale[i] * (float)m->q8[i * m->k + j] - w) * (double)mean[j];
    }
    return change;
}

/* mean: of the inputs as the product gets them; NULL: unknown. */
static enum gs_status round_matrix(struct job *job, const float *mean, struct gs_matrix *m,
                                   struct gs_error *err)
{
    int8_t *q8 = gs_weights_take(&job->weights, m->n * m->k);
    float *scale = gs_weights_take(&job->weights, m->n * sizeof *scale);
    float *bias = gs_weights_take(&job->weights, m->n * sizeof *bias);
    if (q8 == NULL || scale == NULL || bias == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "int8 weights");
    }
    for (size_t i = 0; i < m->n; i++) {
        scale[i] = gs_pack_round(m->values + i * m->k, m->k, q8 + i * m->k);
    }
    m->q8 = q8;
    m->scale = scale;
    if (mean != NULL && m->bias != NULL) {
        for (size_t i = 0; i < m->n; i++) {
            bias[i] = m->bias[i] - (float)mean_change(m, i, mean);
        }
        m->bias = bias;
    }
    m->values = NULL;
    return GS_OK;
}

/* The middle of a product's rows after smoothing: kept rows were seen before it. */
static void mean_inputs(const struct gs_calibration *seen, const struct gs_smoothing *done,
                        const float *smooth, float *ret)
{
    for (size_t j = 0; j < seen->k; j++) {
        double sum = 0.0;
        for (size_t i = 0; i < seen->n_rows; i++) {
            sum += (double)(seen->rows[i * seen->k + j]);
        }
        const float mean = (float)(sum / (double)seen->n_rows);
        const float centre = done->centred ? 0.5F * (seen->min[j] + seen->max[j]) : 0.0F;
        ret[j] = (mean - centre) * (smooth == NULL ? 1.0F : smooth[j]);
    }
}

static enum gs_status round_product(struct job *job, size_t at, struct gs_matrix *const *parts,
                                    size_t n_parts, struct gs_error *err)
{
    float *mean = NULL;
    enum gs_status status = GS_OK;

    if (job->smoothed != NULL && job->seen[at].n_rows > 0) {
        mean = calloc(parts[0]->k, sizeof *mean);
        if (mean == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "int8 weights");
        }
        mean_inputs(&job->seen[at], &job->smoothed[at], parts[0]->smooth, mean);
    }
    for (size_t p = 0; p < n_parts && status == GS_OK; p++) {
        status = round_matrix(job, mean, parts[p], err);
    }
    free(mean);
    return status;
}

static enum gs_status round_all(struct job *job, struct gs_error *err)
{
    enum gs_status status = round_matrix(job, NULL, &job->weights.words, err);

    for (size_t l = 0; l < job->config.layers && status == GS_OK; l++) {
        struct gs_encoder_layer *layer = &job->weights.layers[l];
        struct gs_matrix *const qkv[] = {&layer->query, &layer->key, &layer->value};
        struct gs_matrix *const others[] = {&layer->attention_out, &layer->feed_in,
                                            &layer->feed_out};
        const size_t at = l * GS_N_PRODUCTS;
        status = round_product(job, at + GS_PRODUCT_QKV, qkv, 3, err);
        for (size_t p = 1; p < GS_N_PRODUCTS && status == GS_OK; p++) {
            status = round_product(job, at + p, &others[p - 1], 1, err);
        }
    }
    return status;
}

enum gs_status gs_quantize(const struct gs_quantize_options *options,
                           void (*log)(void *arg, const char *line), void *log_arg,
                           struct gs_error *err)
{
    struct job *job = calloc(1, sizeof *job);
    if (job == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "quantize");
    }
    job->options = options;
    job->log = log;
    job->log_arg = log_arg;
    enum gs_status status = read_source(job, err);
    if (status == GS_OK) {
        status = smooth(job, err);
    }
    if (status == GS_OK) {
        status = round_all(job, err);
    }
    if (status == GS_OK) {
        status = gs_quantize_write(&job->config, &job->weights, options->dir, options->out, log,
                                   log_arg, err);
    }
    gs_encoder_weights_done(&job->weights);
    free(job->seen);
    free(job->smoothed);
    free(job);
    return status;
}
