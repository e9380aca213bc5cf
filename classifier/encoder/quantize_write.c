/* The int8 folder's weights. Tensors keep the names and the order of the source's file. */
#include "classifier/encoder/quantize.h"
#include "classifier/encoder/weights_internal.h"

#include "ingest/base/file.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char weights_file[] = "model.safetensors";

/* Parts of a layer by the names that BERT and RoBERTa, and DistilBERT, give them. */
static const struct {
    const char *name;
    size_t at; /* in struct gs_encoder_layer */
} matrices[] = {
    {"attention.self.query.", offsetof(struct gs_encoder_layer, query)},
    {"attention.self.key.", offsetof(struct gs_encoder_layer, key)},
    {"attention.self.value.", offsetof(struct gs_encoder_layer, value)},
    {"attention.output.dense.", offsetof(struct gs_encoder_layer, attention_out)},
    {"intermediate.dense.", offsetof(struct gs_encoder_layer, feed_in)},
    {"output.dense.", offsetof(struct gs_encoder_layer, feed_out)},
    {"attention.q_lin.", offsetof(struct gs_encoder_layer, query)},
    {"attention.k_lin.", offsetof(struct gs_encoder_layer, key)},
    {"attention.v_lin.", offsetof(struct gs_encoder_layer, value)},
    {"attention.out_lin.", offsetof(struct gs_encoder_layer, attention_out)},
    {"ffn.lin1.", offsetof(struct gs_encoder_layer, feed_in)},
    {"ffn.lin2.", offsetof(struct gs_encoder_layer, feed_out)},
};
static const struct {
    const char *name;
    size_t gamma, beta;
} norms[] = {
    {"attention.output.LayerNorm.", offsetof(struct gs_encoder_layer, attention_gamma),
     offsetof(struct gs_encoder_layer, attention_beta)},
    {"output.LayerNorm.", offsetof(struct gs_encoder_layer, out_gamma),
     offsetof(struct gs_encoder_layer, out_beta)},
    {"sa_layer_norm.", offsetof(struct gs_encoder_layer, attention_gamma),
     offsetof(struct gs_encoder_layer, attention_beta)},
    {"output_layer_norm.", offsetof(struct gs_encoder_layer, out_gamma),
     offsetof(struct gs_encoder_layer, out_beta)},
};
/* Heads of pretraining, which no task here reads. */
static const char *const unread[] = {"cls.", "lm_head.", "vocab_"};

struct writer {
    const struct gs_encoder_config *config;
    const struct gs_encoder_weights *weights;
    struct gs_encoder_weights kept; /* owns converted numbers */
    struct gs_tensor *tensors;      /* [GS_MAX_TENSORS] */
    size_t n, n_int8, int8_bytes, n_vectors;
    gs_log_line_fn *log;
    void *log_arg;
    struct gs_error *err;
};

static void say(const struct writer *w, const char *what, const struct gs_tensor *t)
{
    char line[GS_TENSOR_NAME + 96];
    char shape[64] = "";
    for (size_t i = 0, at = 0; i < t->n_dims && at + 24 < sizeof shape; i++) {
        at += (size_t)snprintf(shape + at, sizeof shape - at, "%s%zu", i > 0 ? ", " : "",
                               t->shape[i]);
    }
    (void)snprintf(line, sizeof line, "%s: %s [%s]", what, t->name, shape);
    w->log(w->log_arg, line);
}

/* Adds name + suffix; bytes are borrowed. */
static enum gs_status add(struct writer *w, const char *name, const char *suffix,
                          enum gs_dtype dtype, size_t rows, size_t columns, const void *values)
{
    if (w->n == GS_MAX_TENSORS || strlen(name) + strlen(suffix) >= sizeof w->tensors[0].name) {
        return gs_fail(w->err, GS_BAD_FORMAT, "%s: too many tensors or too long a name", name);
    }
    const size_t width = dtype == GS_DTYPE_I8 ? 1 : sizeof(float);
    struct gs_tensor *t = &w->tensors[w->n++];
    *t = (struct gs_tensor){.dtype = dtype,
                            .n_dims = columns == 0 ? 1 : 2,
                            .shape = {rows, columns},
                            .bytes = {values, rows * (columns == 0 ? 1 : columns) * width}};
    (void)snprintf(t->name, sizeof t->name, "%s%s", name, suffix);
    if (dtype == GS_DTYPE_I8) {
        w->n_int8++;
        w->int8_bytes += t->bytes.len;
    }
    return GS_OK;
}

/* base: the name without "weight". */
static enum gs_status add_matrix(struct writer *w, const char *name, const struct gs_matrix *m)
{
    char base[GS_TENSOR_NAME];
    (void)snprintf(base, sizeof base, "%.*s", (int)(strlen(name) - strlen("weight")), name);
    enum gs_status status = add(w, name, "", GS_DTYPE_I8, m->n, m->k, m->q8);
    if (status == GS_OK) {
        status = add(w, name, "_scale", GS_DTYPE_F32, m->n, 0, m->scale);
    }
    if (status == GS_OK && m->smooth != NULL) {
        status = add(w, base, "smooth", GS_DTYPE_F32, m->k, 0, m->smooth);
    }
    return status;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
    const size_t n = strlen(text);
    const size_t m = strlen(with);
    return n >= m && strcmp(text + n - m, with) == 0;
}

/* Or gamma, its old name; else it is the bias, or beta. */
static bool is_weight(const char *last)
{
    return strcmp(last, "weight") == 0 || strcmp(last, "gamma") == 0;
}

/* A tensor of layer that rounding or smoothing may have changed. *ret_known: it was one. */
static enum gs_status add_of_layer(struct writer *w, const char *name, const char *rest,
                                   const struct gs_encoder_layer *layer, bool *ret_known)
{
    const size_t hidden = w->config->hidden;

    for (size_t i = 0; i < GS_COUNT(matrices); i++) {
        if (begins(rest, matrices[i].name)) {
            const struct gs_matrix *m = (const void *)((const char *)layer + matrices[i].at);
            *ret_known = true;
            return is_weight(rest + strlen(matrices[i].name))
                       ? add_matrix(w, name, m)
                       : add(w, name, "", GS_DTYPE_F32, m->n, 0, m->bias);
        }
    }
    for (size_t i = 0; i < GS_COUNT(norms); i++) {
        if (begins(rest, norms[i].name)) {
            const bool gamma = is_weight(rest + strlen(norms[i].name));
            const float *const *values =
                (const void *)((const char *)layer + (gamma ? norms[i].gamma : norms[i].beta));
            *ret_known = true;
            return add(w, name, "", GS_DTYPE_F32, hidden, 0, *values);
        }
    }
    return GS_OK;
}

/* The layer that a name speaks of, and what it says behind the number; NULL: of none. */
static const char *layer_of(const struct writer *w, const char *name, size_t *ret_layer)
{
    char *rest = NULL;
    const char *at = strstr(name, "encoder.layer.");
    at = at != NULL ? at : strstr(name, "transformer.layer.");
    if (at == NULL) {
        return NULL;
    }
    at = strstr(at, "layer.") + strlen("layer.");
    *ret_layer = strtoull(at, &rest, 10);
    return rest != at && *rest == '.' && *ret_layer < w->config->layers ? rest + 1 : NULL;
}

static enum gs_status add_as_it_is(struct writer *w, const struct gs_tensor *from)
{
    const size_t n = gs_tensor_count(from);
    float *values = gs_weights_take(&w->kept, n * sizeof *values);
    if (values == NULL) {
        return gs_fail(w->err, GS_NO_MEMORY, "%s", from->name);
    }
    if (!gs_tensor_floats(from, values)) {
        return gs_fail(w->err, GS_BAD_FORMAT, "%s holds a number that is not finite", from->name);
    }
    const enum gs_status status = add(w, from->name, "", GS_DTYPE_F32, from->shape[0], 0, values);
    if (status == GS_OK) {
        struct gs_tensor *t = &w->tensors[w->n - 1];
        t->n_dims = from->n_dims;
        memcpy(t->shape, from->shape, sizeof t->shape);
        t->bytes.len = n * sizeof *values;
    }
    return status;
}

static enum gs_status add_tensor(struct writer *w, const struct gs_tensor *from)
{
    const char *name = from->name;
    const struct gs_encoder_weights *weights = w->weights;
    size_t layer = 0;
    bool known = false;

    for (size_t i = 0; i < GS_COUNT(unread); i++) {
        known = known || begins(name, unread[i]);
    }
    if (known || (from->dtype != GS_DTYPE_F32 && from->dtype != GS_DTYPE_F16 &&
                  from->dtype != GS_DTYPE_BF16)) {
        say(w, "left out", from);
        return GS_OK;
    }
    const char *rest = layer_of(w, name, &layer);
    if (rest != NULL) {
        const enum gs_status status = add_of_layer(w, name, rest, &weights->layers[layer], &known);
        if (status != GS_OK || known) {
            return status;
        }
    } else if (ends(name, "embeddings.word_embeddings.weight")) {
        return add_matrix(w, name, &weights->words);
    } else if (ends(name, "embeddings.LayerNorm.bias") || ends(name, "embeddings.LayerNorm.beta")) {
        return add(w, name, "", GS_DTYPE_F32, w->config->hidden, 0, weights->beta);
    }
    return add_as_it_is(w, from);
}

static enum gs_status gather(struct writer *w, const struct gs_safetensors *source)
{
    enum gs_status status = GS_OK;
    char line[96];

    for (size_t i = 0; i < source->n && status == GS_OK; i++) {
        status = add_tensor(w, &source->tensors[i]);
    }
    for (size_t i = 0; i < w->n && status == GS_OK; i++) {
        if (w->tensors[i].dtype == GS_DTYPE_F32 && w->tensors[i].n_dims > 1) {
            say(w, "stays fp32", &w->tensors[i]);
        }
        w->n_vectors += w->tensors[i].dtype == GS_DTYPE_F32 && w->tensors[i].n_dims == 1;
    }
    (void)snprintf(line, sizeof line, "stays fp32: %zu vectors (biases, normalization, scales)",
                   w->n_vectors);
    w->log(w->log_arg, line);
    (void)snprintf(line, sizeof line, "int8: %zu matrices, %.1f MB", w->n_int8,
                   (double)w->int8_bytes / 1e6);
    w->log(w->log_arg, line);
    return status;
}

/* ---- files ---- */

static enum gs_status save(const char *path, const struct gs_buf *header,
                           const struct gs_tensor *tensors, size_t n, struct gs_error *err)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return gs_fail_errno(err, errno, "%s", path);
    }
    bool good = fwrite(header->bytes, 1, header->len, file) == header->len;
    for (size_t i = 0; i < n && good; i++) {
        good =
            fwrite(tensors[i].bytes.bytes, 1, tensors[i].bytes.len, file) == tensors[i].bytes.len;
    }
    const int error = errno;
    if (fclose(file) != 0 || !good) {
        return gs_fail_errno(err, good ? errno : error, "%s", path);
    }
    return GS_OK;
}

/* Under another name first, so that a reader never sees half a file. */
static enum gs_status save_weights(const struct writer *w, const char *out)
{
    static const char *const metadata[][2] = {{"format", "groundswell-int8"}, {"version", "1"}};
    char path[GS_FOLDER_PATH];
    char draft[GS_FOLDER_PATH];
    struct gs_buf header = {.max = GS_SAFETENSORS_MAX_HEADER};

    enum gs_status status = gs_folder_path(out, weights_file, path, w->err);
    if (status == GS_OK) {
        status = gs_folder_path(out, "model.safetensors.part", draft, w->err);
    }
    if (status != GS_OK) {
        return status;
    }
    gs_safetensors_write_header(&header, metadata, GS_COUNT(metadata), w->tensors, w->n);
    status = gs_buf_ok(&header) ? save(draft, &header, w->tensors, w->n, w->err)
                                : gs_fail(w->err, GS_NO_MEMORY, "%s", path);
    if (status == GS_OK && rename(draft, path) != 0) {
        status = gs_fail_errno(w->err, errno, "%s", path);
    }
    gs_buf_done(&header);
    return status;
}

static enum gs_status write_all(struct writer *w, const struct gs_safetensors *source,
                                const char *dir, const char *out)
{
    enum gs_status status = gather(w, source);
    if (status == GS_OK) {
        status = gs_quantize_make_folder(dir, out, w->err);
    }
    if (status == GS_OK) {
        status = save_weights(w, out);
    }
    return status == GS_OK ? gs_quantize_copy(dir, out, w->err) : status;
}

enum gs_status gs_quantize_write(const struct gs_encoder_config *config,
                                 const struct gs_encoder_weights *weights, const char *dir,
                                 const char *out, gs_log_line_fn *log, void *log_arg,
                                 struct gs_error *err)
{
    char path[GS_FOLDER_PATH];
    struct gs_file file = {0};
    struct gs_safetensors *source = calloc(1, sizeof *source);
    struct writer w = {.config = config,
                       .weights = weights,
                       .tensors = calloc(GS_MAX_TENSORS, sizeof *w.tensors),
                       .log = log,
                       .log_arg = log_arg,
                       .err = err};

    enum gs_status status = source == NULL || w.tensors == NULL
                                ? gs_fail(err, GS_NO_MEMORY, "tensors")
                                : gs_folder_path(dir, weights_file, path, err);
    if (status == GS_OK) {
        status = gs_file_read(path, SIZE_MAX - 1, &file, err);
    }
    if (status == GS_OK && source != NULL) {
        status = gs_safetensors_parse(file.bytes, source, err);
    }
    if (status == GS_OK && source != NULL) {
        status = write_all(&w, source, dir, out);
    }
    gs_encoder_weights_done(&w.kept);
    gs_file_done(&file);
    free(w.tensors);
    free(source);
    return status;
}
