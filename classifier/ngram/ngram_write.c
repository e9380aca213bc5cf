/* A model in memory → its folder. */
#include "classifier/format/gzip.h"
#include "classifier/format/safetensors.h"
#include "classifier/ngram/ngram_internal.h"
#include "ingest/base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE = 1 << 30, N_PARTS = 4 };

static const char weights_file[] = "model.safetensors.gz";

static enum gs_status write_file(const char *dir, const char *name, const struct gs_buf *buf,
                                 struct gs_error *err)
{
    char path[4096];
    if (!gs_buf_ok(buf)) {
        return gs_fail(err, GS_NO_MEMORY, "%s", name);
    }
    const int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof path) {
        return gs_fail(err, GS_IO, "%s: path too long", dir);
    }
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return gs_fail_errno(err, errno, "%s", path);
    }
    const size_t written = fwrite(buf->bytes, 1, buf->len, file);
    if (fclose(file) != 0 || written != buf->len) {
        return gs_fail_errno(err, errno, "%s", path);
    }
    return GS_OK;
}

static struct gs_tensor part(size_t profile, const char *name, enum gs_dtype dtype, size_t n,
                             size_t width, const void *bytes)
{
    struct gs_tensor t = {.dtype = dtype, .n_dims = width > 0 ? 2 : 1, .shape = {n, width}};
    const size_t size = dtype == GS_DTYPE_I8 ? 1 : 4;
    (void)snprintf(t.name, sizeof t.name, "%s.%s", gs_profile_names[profile], name);
    t.bytes = (struct gs_str){bytes, n * size * (width > 0 ? width : 1)};
    return t;
}

/* Rows without the padding that they have in memory. */
static enum gs_status pack_rows(const struct gs_profile *p, int8_t **ret, struct gs_error *err)
{
    int8_t *packed = malloc(p->n_rows * p->n_columns + 1);
    if (packed == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%zu rows", p->n_rows);
    }
    for (size_t i = 0; i < p->n_rows; i++) {
        memcpy(packed + i * p->n_columns, p->rows + i * p->width, p->n_columns);
    }
    *ret = packed;
    return GS_OK;
}

static enum gs_status put_weights(struct gs_buf *out, const struct gs_model *model,
                                  struct gs_error *err)
{
    struct gs_tensor tensors[N_PARTS * GS_N_PROFILES];
    int8_t *packed[GS_N_PROFILES] = {NULL};
    enum gs_status status = GS_OK;
    size_t n = 0;

    for (size_t i = 0; i < GS_N_PROFILES && status == GS_OK; i++) {
        const struct gs_profile *p = &model->profiles[i];
        status = pack_rows(p, &packed[i], err);
        tensors[n++] = part(i, "rows", GS_DTYPE_I8, p->n_rows, p->n_columns, packed[i]);
        tensors[n - 1].n_dims = 2;
        tensors[n++] = part(i, "keys", GS_DTYPE_U32, p->n_rows, 0, p->keys);
        tensors[n++] = part(i, "scale", GS_DTYPE_F32, p->n_columns, 0, p->scale);
        tensors[n++] = part(i, "bias", GS_DTYPE_F32, p->n_columns, 0, p->bias);
    }
    if (status == GS_OK) {
        gs_safetensors_write(out, tensors, n);
    }
    for (size_t i = 0; i < GS_N_PROFILES; i++) {
        free(packed[i]);
    }
    return status;
}

static void put_head(struct gs_buf *out, const struct gs_model *model, size_t head)
{
    gs_buf_printf(out, "    \"%s\": {\n      \"temperature\": {", gs_head_name((enum gs_head)head));
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
        gs_buf_printf(out, "%s\"%s\": ", lang > 0 ? ", " : "", gs_lang_name((enum gs_lang)lang));
        gs_buf_json_number(out, (double)model->temperature[head][lang]);
    }
    gs_buf_puts(out, "},\n");
    if (head == GS_HEAD_SENTIMENT) {
        gs_buf_puts(out, "      \"margin\": ");
        gs_buf_json_number(out, (double)model->margin);
        gs_buf_puts(out, ",\n");
    }
    gs_buf_puts(out, "      \"labels\": [");
    for (size_t l = 0; l < model->n_labels[head]; l++) {
        gs_buf_printf(out, "%s\n        {\"id\": ", l > 0 ? "," : "");
        gs_buf_json_str(out, gs_str(model->labels[head][l].id));
        gs_buf_puts(out, ", \"zh\": ");
        gs_buf_json_str(out, gs_str(model->labels[head][l].zh));
        if (head != GS_HEAD_SENTIMENT) {
            gs_buf_puts(out, ", \"threshold\": ");
            gs_buf_json_number(out, (double)model->thresholds[head][l]);
        }
        gs_buf_putc(out, '}');
    }
    gs_buf_puts(out, "\n      ]\n    }");
}

static void put_columns(struct gs_buf *out, const struct gs_profile *profile, const char *name)
{
    gs_buf_printf(out, "    \"%s\": {\"rows\": %zu, \"least_squares\": {", name, profile->n_rows);
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        gs_buf_printf(out, "%s\"%s\": %d", head > 0 ? ", " : "", gs_head_name((enum gs_head)head),
                      profile->least_squares[head]);
    }
    gs_buf_puts(out, "}, \"columns\": [");
    for (size_t c = 0; c < profile->n_columns; c++) {
        gs_buf_printf(out, "%s%s", c > 0 ? "," : "", c % 4 == 0 ? "\n      " : " ");
        gs_buf_json_str(out, gs_str(profile->names[c]));
    }
    gs_buf_puts(out, "\n    ]}");
}

static void put_manifest(struct gs_buf *out, const struct gs_model *model, size_t bytes,
                         struct gs_str notes)
{
    gs_buf_printf(out,
                  "{\n  \"format\": \"groundswell-ngram\",\n  \"format_version\": 1,\n"
                  "  \"name\": \"%s\",\n  \"version\": \"%s\",\n  \"tier\": \"fast\",\n"
                  "  \"features_version\": %d,\n  \"chinese\": \"%s\",\n",
                  model->name, model->version, GS_FEATURES_VERSION,
                  model->simplified ? "simplified" : "as_written");
    gs_buf_printf(out, "  \"weights\": {\"file\": \"%s\", \"bytes\": %zu, \"sha256\": \"%s\"},\n",
                  model->weights_file, bytes, model->sha256);
    gs_buf_puts(out, "  \"unknown_logit\": ");
    gs_buf_json_number(out, (double)model->unknown_logit);
    gs_buf_puts(out, ",\n  \"heads\": {\n");
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        put_head(out, model, head);
        gs_buf_puts(out, head + 1 < GS_N_HEADS ? ",\n" : "\n");
    }
    gs_buf_puts(out, "  },\n  \"profiles\": {\n");
    for (size_t i = 0; i < GS_N_PROFILES; i++) {
        put_columns(out, &model->profiles[i], gs_profile_names[i]);
        gs_buf_puts(out, i + 1 < GS_N_PROFILES ? ",\n" : "\n");
    }
    gs_buf_puts(out, "  }");
    if (notes.len > 0) {
        gs_buf_puts(out, ",\n  ");
        gs_buf_put(out, notes);
    }
    gs_buf_puts(out, "\n}\n");
}

enum gs_status gs_model_write(struct gs_model *model, const char *dir, struct gs_str notes,
                              struct gs_error *err)
{
    struct gs_buf weights = {.max = MAX_FILE};
    struct gs_buf packed = {.max = MAX_FILE};
    struct gs_buf manifest = {.max = MAX_FILE};

    enum gs_status status = put_weights(&weights, model, err);
    if (status == GS_OK) {
        status = gs_gzip_put(gs_buf_str(&weights), &packed, err);
    }
    if (status == GS_OK) {
        status = gs_sha256_hex(gs_buf_str(&packed), model->sha256, err);
    }
    if (status == GS_OK) {
        memcpy(model->weights_file, weights_file, sizeof weights_file);
        put_manifest(&manifest, model, packed.len, notes);
        status = write_file(dir, weights_file, &packed, err);
    }
    if (status == GS_OK) {
        status = write_file(dir, "groundswell.json", &manifest, err);
    }
    gs_buf_done(&weights);
    gs_buf_done(&packed);
    gs_buf_done(&manifest);
    return status;
}
