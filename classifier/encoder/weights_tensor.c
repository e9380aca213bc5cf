/* One tensor of a weights file, converted: F32, F16 and BF16 to fp32, every value checked to be finite. */
#include "classifier/encoder/weights_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64, FULL_NAME = GS_TENSOR_NAME + 16 };
/* Far above any weight of use, and low enough that a layer's sums stay finite in practice. */
static const float most = 1e6F;

/* A piece of memory begins with the piece before it, a cache line further are the numbers. */
struct block {
    struct block *before;
};

void *gs_weights_take(struct gs_encoder_weights *weights, size_t size)
{
    if (size > SIZE_MAX - (size_t)(2 * LINE)) {
        return NULL;
    }
    const size_t whole = LINE + (size + LINE - 1) / LINE * LINE;
    struct block *block = aligned_alloc(LINE, whole);
    if (block == NULL) {
        return NULL;
    }
    block->before = weights->owner;
    weights->owner = block;
    weights->bytes += whole;
    return (char *)block + LINE;
}

void gs_encoder_weights_done(struct gs_encoder_weights *weights)
{
    struct block *block = weights->owner;
    while (block != NULL) {
        struct block *before = block->before;
        free(block);
        block = before;
    }
    *weights = (struct gs_encoder_weights){0};
}

static void print_shape(const struct gs_tensor *t, char *to, size_t size)
{
    size_t at = 0;
    to[0] = '\0';
    for (size_t i = 0; i < t->n_dims && at + 24 < size; i++) {
        const int n = snprintf(to + at, size - at, "%s%zu", i > 0 ? ", " : "", t->shape[i]);
        at += n > 0 ? (size_t)n : 0;
    }
}

/* The tensor if it is there with this shape, else NULL; err says so. */
static const struct gs_tensor *find(const struct gs_weights_reader *r, const char *name,
                                    size_t rows, size_t columns)
{
    const struct gs_tensor *t = gs_safetensors_find(r->all, name);

    if (t == NULL) {
        (void)gs_fail(r->err, GS_BAD_FORMAT, "%s: tensor %s is missing", r->path.text, name);
        return NULL;
    }
    const size_t dims = columns == 0 ? 1 : 2;
    if (t->n_dims != dims || t->shape[0] != rows || (dims == 2 && t->shape[1] != columns)) {
        char shape[64];
        char wanted[64];
        print_shape(t, shape, sizeof shape);
        (void)snprintf(wanted, sizeof wanted, dims == 2 ? "%zu, %zu" : "%zu", rows, columns);
        (void)gs_fail(r->err, GS_BAD_FORMAT, "%s: %s is [%s], config.json makes it [%s]",
                      r->path.text, name, shape, wanted);
        return NULL;
    }
    return t;
}

static bool sane(const float *values, size_t n)
{
    bool good = true;
    for (size_t i = 0; i < n; i++) {
        good = good && fabsf(values[i]) <= most;
    }
    return good;
}

static enum gs_status copy_floats(struct gs_weights_reader *r, const struct gs_tensor *t,
                                  const float **ret)
{
    const size_t n = gs_tensor_count(t);

    if (t->dtype != GS_DTYPE_F32 && t->dtype != GS_DTYPE_F16 && t->dtype != GS_DTYPE_BF16) {
        return gs_fail(r->err, GS_BAD_FORMAT, "%s: %s is not of type F32, F16 or BF16",
                       r->path.text, t->name);
    }
    float *values = gs_weights_take(r->weights, n * sizeof *values);
    if (values == NULL) {
        return gs_fail(r->err, GS_NO_MEMORY, "%s: %s", r->path.text, t->name);
    }
    if (!gs_tensor_floats(t, values) || !sane(values, n)) {
        return gs_fail(r->err, GS_BAD_FORMAT,
                       "%s: %s holds NaN, infinity or a number beyond 1000000", r->path.text,
                       t->name);
    }
    *ret = values;
    return GS_OK;
}

enum gs_status gs_weights_floats(struct gs_weights_reader *r, const char *name, size_t rows,
                                 size_t columns, const float **ret)
{
    const struct gs_tensor *t = find(r, name, rows, columns);
    const enum gs_status status = t == NULL ? GS_BAD_FORMAT : copy_floats(r, t, ret);
    if (status == GS_OK) {
        r->weights->n_parameters += gs_tensor_count(t);
    }
    return status;
}

/* Factors are not parameters; a scale may be 0 (a row of zeros), no factor is negative. */
static enum gs_status read_factors(struct gs_weights_reader *r, const char *name, size_t n,
                                   bool may_be_0, const float **ret)
{
    const struct gs_tensor *t = find(r, name, n, 0);
    enum gs_status status = t == NULL ? GS_BAD_FORMAT : copy_floats(r, t, ret);
    for (size_t i = 0; i < n && status == GS_OK; i++) {
        if (!((*ret)[i] > 0.0F || (may_be_0 && (*ret)[i] == 0.0F))) {
            status = gs_fail(r->err, GS_BAD_FORMAT, "%s: %s holds a factor that is not positive",
                             r->path.text, name);
        }
    }
    return status;
}

static enum gs_status read_int8(struct gs_weights_reader *r, const char *name,
                                const struct gs_tensor *t, struct gs_matrix *ret)
{
    char part[FULL_NAME];

    if (!r->weights->int8) {
        return gs_fail(r->err, GS_BAD_FORMAT,
                       "%s: %s is of type I8, but the file was not made by `groundswell quantize`",
                       r->path.text, t->name);
    }
    int8_t *values = gs_weights_take(r->weights, t->bytes.len);
    if (values == NULL) {
        return gs_fail(r->err, GS_NO_MEMORY, "%s: %s", r->path.text, t->name);
    }
    memcpy(values, t->bytes.bytes, t->bytes.len);
    ret->q8 = values;
    r->weights->n_parameters += t->bytes.len;
    (void)snprintf(part, sizeof part, "%s.weight_scale", name);
    const enum gs_status status = read_factors(r, part, ret->n, true, &ret->scale);
    (void)snprintf(part, sizeof part, "%s.smooth", name);
    if (status != GS_OK || gs_safetensors_find(r->all, part) == NULL) {
        return status;
    }
    return read_factors(r, part, ret->k, false, &ret->smooth);
}

enum gs_status gs_weights_matrix(struct gs_weights_reader *r, const char *name, size_t n, size_t k,
                                 bool with_bias, struct gs_matrix *ret)
{
    char part[FULL_NAME];

    *ret = (struct gs_matrix){.n = n, .k = k};
    (void)snprintf(part, sizeof part, "%s.weight", name);
    const struct gs_tensor *t = find(r, part, n, k);
    if (t == NULL) {
        return GS_BAD_FORMAT;
    }
    const enum gs_status status = t->dtype == GS_DTYPE_I8
                                      ? read_int8(r, name, t, ret)
                                      : gs_weights_floats(r, part, n, k, &ret->values);
    if (status != GS_OK || !with_bias) {
        return status;
    }
    (void)snprintf(part, sizeof part, "%s.bias", name);
    return gs_weights_floats(r, part, n, 0, &ret->bias);
}

enum gs_status gs_weights_norm(struct gs_weights_reader *r, const char *name, size_t n,
                               const float **ret_gamma, const float **ret_beta)
{
    char part[FULL_NAME];

    (void)snprintf(part, sizeof part, "%s.gamma", name);
    const bool old = gs_safetensors_find(r->all, part) != NULL;
    (void)snprintf(part, sizeof part, old ? "%s.gamma" : "%s.weight", name);
    const enum gs_status status = gs_weights_floats(r, part, n, 0, ret_gamma);
    if (status != GS_OK) {
        return status;
    }
    (void)snprintf(part, sizeof part, old ? "%s.beta" : "%s.bias", name);
    return gs_weights_floats(r, part, n, 0, ret_beta);
}
