/* The weights file: for each profile keys, rows, scales and biases; safetensors, plain or in gzip.
 */
#include "classifier/format/gzip.h"
#include "classifier/format/safetensors.h"
#include "classifier/ngram/ngram_internal.h"
#include "ingest/base/buf.h"
#include "ingest/base/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_INFLATED = 1 << 29 };
static const double most = 1e6; /* magnitude of a scale or bias */

static const struct gs_tensor *part_of(const struct gs_safetensors *all, size_t profile,
                                       const char *part, enum gs_dtype dtype, size_t n_dims)
{
    char name[GS_MAX_NAME];
    (void)snprintf(name, sizeof name, "%s.%s", gs_profile_names[profile], part);
    const struct gs_tensor *tensor = gs_safetensors_find(all, name);
    return tensor != NULL && tensor->dtype == dtype && tensor->n_dims == n_dims ? tensor : NULL;
}

static bool read_floats(const struct gs_tensor *tensor, size_t n, float *to)
{
    if (tensor->shape[0] != n) {
        return false;
    }
    memcpy(to, tensor->bytes.bytes, n * sizeof *to);
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(to[i]) || fabs((double)to[i]) > most) {
            return false;
        }
    }
    return true;
}

static enum gs_status read_profile(const struct gs_safetensors *all, size_t which,
                                   struct gs_profile *profile, struct gs_error *err)
{
    const char *name = gs_profile_names[which];
    const struct gs_tensor *keys = part_of(all, which, "keys", GS_DTYPE_U32, 1);
    const struct gs_tensor *rows = part_of(all, which, "rows", GS_DTYPE_I8, 2);
    const struct gs_tensor *scale = part_of(all, which, "scale", GS_DTYPE_F32, 1);
    const struct gs_tensor *bias = part_of(all, which, "bias", GS_DTYPE_F32, 1);

    if (keys == NULL || rows == NULL || scale == NULL || bias == NULL) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: keys, rows, scale or bias is missing", name);
    }
    if (rows->shape[0] != keys->shape[0] || keys->shape[0] > GS_MAX_ROWS ||
        rows->shape[1] != profile->n_columns) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "%s: %zu keys and %zu columns do not fit rows of [%zu, %zu]", name,
                       keys->shape[0], profile->n_columns, rows->shape[0], rows->shape[1]);
    }
    if (!read_floats(scale, profile->n_columns, profile->scale) ||
        !read_floats(bias, profile->n_columns, profile->bias)) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: scale or bias: wrong length or not finite", name);
    }
    profile->n_rows = keys->shape[0];
    profile->width = gs_profile_width(profile->n_columns);
    profile->keys = malloc(keys->bytes.len + 1);
    profile->rows = gs_profile_rows_new(profile->n_rows, profile->width);
    if (profile->keys == NULL || profile->rows == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%s: %zu rows", name, profile->n_rows);
    }
    if (keys->bytes.len > 0) {
        memcpy(profile->keys, keys->bytes.bytes, keys->bytes.len);
        for (size_t i = 0; i < profile->n_rows; i++) { /* the file has no padding */
            memcpy(profile->rows + i * profile->width, rows->bytes.bytes + i * profile->n_columns,
                   profile->n_columns);
        }
    }
    return gs_profile_index(profile, err);
}

enum gs_status gs_weights_read(const char *path, struct gs_model *model, struct gs_error *err)
{
    struct gs_file file = {0};
    char hex[GS_SHA256_HEX];
    struct gs_safetensors *all = NULL;
    struct gs_buf inflated = {.max = MAX_INFLATED};
    struct gs_error why = {0};

    enum gs_status status = gs_file_read(path, MAX_INFLATED, &file, err);
    if (status != GS_OK) {
        return status;
    }
    status = gs_sha256_hex(file.bytes, hex, err);
    if (status != GS_OK) {
        goto done;
    }
    if (strcmp(hex, model->sha256) != 0) {
        status = gs_fail(err, GS_BAD_FORMAT, "%s: SHA-256 is not what groundswell.json says", path);
        goto done;
    }
    all = calloc(1, sizeof *all);
    if (all == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "%s: tensor directory", path);
        goto done;
    }
    struct gs_str bytes = file.bytes;
    if (gs_gzip_is(bytes)) {
        status = gs_gzip_get(file.bytes, &inflated, &why);
        bytes = gs_buf_str(&inflated);
    }
    if (status == GS_OK) {
        status = gs_safetensors_parse(bytes, all, &why);
    }
    for (size_t i = 0; i < GS_N_PROFILES && status == GS_OK; i++) {
        status = read_profile(all, i, &model->profiles[i], &why);
    }
    if (status != GS_OK) {
        status = gs_fail(err, status, "%s: %s", path, why.message);
    }

done:
    gs_buf_done(&inflated);
    free(all);
    gs_file_done(&file);
    return status;
}
