/* Runs both folders over the same texts side by side and adds up how far pooled vectors (cosine),
 * logits and labels differ, and how large the weights files are. */
#include "deploy/daemon/workbench/quantize_cost.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

void gs_id_texts_done(struct gs_id_texts *texts)
{
    free(texts->ids);
    free(texts->starts);
    free(texts->sentiments);
    *texts = (struct gs_id_texts){0};
}

/* One of the two models at work. */
struct side {
    struct gs_encoder *encoder;
    struct gs_encoder_workspace *work;
    const struct gs_encoder_info *info;
    float *pooled, *logits; /* of one text */
};

static void side_done(struct side *side)
{
    gs_encoder_workspace_free(side->work);
    gs_encoder_free(side->encoder);
    free(side->pooled);
    free(side->logits);
}

static enum gs_status side_open(const char *dir, enum gs_arithmetic arithmetic, struct side *side,
                                struct gs_error *err)
{
    enum gs_status status = gs_encoder_load(dir, arithmetic, &side->encoder, err);
    if (status != GS_OK) {
        return status;
    }
    side->info = gs_encoder_info(side->encoder);
    side->pooled = malloc(side->info->config->hidden * sizeof *side->pooled);
    side->logits = calloc(side->info->n_logits + 1, sizeof *side->logits);
    if (side->pooled == NULL || side->logits == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%s", dir);
    }
    return gs_encoder_workspace_new(side->encoder, side->info->config->max_tokens, 1, &side->work,
                                    err);
}

static enum gs_status side_run(struct side *side, const struct gs_id_texts *texts, size_t i,
                               struct gs_error *err)
{
    const size_t starts[2] = {0, texts->starts[i + 1] - texts->starts[i]};
    const struct gs_encoder_batch one = {texts->ids + texts->starts[i], starts, 1};
    return gs_encoder_run(side->encoder, side->work, &one, side->pooled,
                          side->info->n_logits > 0 ? side->logits : NULL, err);
}

static double cosine(const float *a, const float *b, size_t n)
{
    double ab = 0.0;
    double aa = 0.0;
    double bb = 0.0;
    for (size_t i = 0; i < n; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return aa > 0.0 && bb > 0.0 ? ab / sqrt(aa * bb) : aa == bb ? 1.0 : 0.0;
}

static size_t largest(const float *x, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++) {
        best = x[i] > x[best] ? i : best;
    }
    return best;
}

/* Labels chosen one by one (multi-label): alike when the same ones pass one half. */
static bool agree(const struct gs_encoder_config *config, const float *a, const float *b, size_t n)
{
    if (config->problem == GS_SINGLE_LABEL) {
        return largest(a, n) == largest(b, n);
    }
    for (size_t i = 0; config->problem == GS_MULTI_LABEL && i < n; i++) {
        if ((a[i] > 0.0F) != (b[i] > 0.0F)) {
            return false;
        }
    }
    return true;
}

/* The model's label with the sentiment's name; n_labels: it has none. */
static size_t label_of(const struct gs_encoder_config *config, int sentiment)
{
    size_t l = 0;
    while (sentiment >= 0 && l < config->n_labels &&
           strcasecmp(config->labels[l], gs_sentiment_name((enum gs_sentiment)sentiment)) != 0) {
        l++;
    }
    return sentiment >= 0 ? l : config->n_labels;
}

static void add_logits(const struct side *before, const struct side *after, int sentiment,
                       struct gs_quantize_cost *cost)
{
    const struct gs_encoder_config *config = before->info->config;
    const size_t n = before->info->n_logits;
    const size_t label = label_of(config, sentiment);

    for (size_t j = 0; j < n; j++) {
        const double off = fabs((double)before->logits[j] - (double)after->logits[j]);
        cost->logit_mean += off / (double)n;
        cost->logit_worst = fmax(cost->logit_worst, off);
    }
    cost->n_agree += agree(config, before->logits, after->logits, n);
    if (label < config->n_labels && config->problem == GS_SINGLE_LABEL) {
        cost->n_labelled++;
        cost->n_right[0] += largest(before->logits, n) == label;
        cost->n_right[1] += largest(after->logits, n) == label;
    }
}

static enum gs_status size_of(const char *dir, size_t *ret, struct gs_error *err)
{
    char path[4096];
    struct stat info;

    (void)snprintf(path, sizeof path, "%s/model.safetensors", dir);
    if (stat(path, &info) != 0) {
        return gs_fail_errno(err, errno, "%s", path);
    }
    *ret = (size_t)info.st_size;
    return GS_OK;
}

enum gs_status gs_quantize_cost(const char *before, const char *after,
                                const struct gs_id_texts *texts, struct gs_quantize_cost *ret,
                                struct gs_error *err)
{
    struct side sides[2] = {{0}, {0}};
    struct gs_quantize_cost cost = {.n = texts->n, .cosine_worst = 1.0};

    enum gs_status status = side_open(before, GS_ARITH_FP32, &sides[0], err);
    if (status == GS_OK) {
        status = side_open(after, GS_ARITH_INT8, &sides[1], err);
    }
    for (size_t i = 0; i < texts->n && status == GS_OK; i++) {
        status = side_run(&sides[0], texts, i, err);
        if (status == GS_OK) {
            status = side_run(&sides[1], texts, i, err);
        }
        if (status == GS_OK) {
            const double same =
                cosine(sides[0].pooled, sides[1].pooled, sides[0].info->config->hidden);
            cost.cosine_mean += same / (double)texts->n;
            cost.cosine_worst = fmin(cost.cosine_worst, same);
            cost.n_logits = sides[0].info->n_logits;
            if (cost.n_logits > 0) {
                add_logits(&sides[0], &sides[1], texts->sentiments[i], &cost);
            }
        }
    }
    status = status == GS_OK ? size_of(before, &cost.bytes[0], err) : status;
    status = status == GS_OK ? size_of(after, &cost.bytes[1], err) : status;
    if (status == GS_OK) {
        cost.logit_mean /= texts->n > 0 ? (double)texts->n : 1.0;
        *ret = cost;
    }
    side_done(&sides[0]);
    side_done(&sides[1]);
    return status;
}

void gs_quantize_cost_print(const struct gs_quantize_cost *cost, FILE *out)
{
    const double n = cost->n > 0 ? (double)cost->n : 1.0;

    (void)fprintf(out, "%-34s %12s %12s\n", "", "fp32", "int8");
    (void)fprintf(out, "%-34s %12.1f %12.1f\n", "model.safetensors, MB",
                  (double)cost->bytes[0] / 1e6, (double)cost->bytes[1] / 1e6);
    (void)fprintf(out, "%-34s %12zu\n", "texts compared", cost->n);
    (void)fprintf(out, "%-34s %12s %12.5f\n", "embeddings: cosine, mean", "1", cost->cosine_mean);
    (void)fprintf(out, "%-34s %12s %12.5f\n", "embeddings: cosine, worst", "1", cost->cosine_worst);
    if (cost->n_logits > 0) {
        (void)fprintf(out, "%-34s %12s %11.2f%%\n", "same label as fp32", "",
                      100.0 * (double)cost->n_agree / n);
        (void)fprintf(out, "%-34s %12s %12.4f\n", "logits: difference, mean", "", cost->logit_mean);
        (void)fprintf(out, "%-34s %12s %12.4f\n", "logits: difference, worst", "",
                      cost->logit_worst);
    }
    if (cost->n_labelled > 0) {
        const double labelled = (double)cost->n_labelled;
        (void)fprintf(out, "%-34s %11.2f%% %11.2f%%\n", "accuracy (sentiment)",
                      100.0 * (double)cost->n_right[0] / labelled,
                      100.0 * (double)cost->n_right[1] / labelled);
    }
}
