/* Gets an encoder's weights out of model.safetensors: finds each tensor under the names that its
 * family and its kind of folder use, with or without a prefix ("bert.", "roberta."), checks shape
 * and type, and converts it to fp32, or takes it as it is where it is int8. A tensor that is
 * missing or has another shape is named in the message with what was expected. */
#include "classifier/encoder/weights.h"

#include "classifier/encoder/weights_internal.h"
#include "classifier/format/sha256.h"
#include "ingest/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char weights_file[] = "model.safetensors";

/* The families have their own names for the same things. prefix is there when a head was saved with
 * the encoder. */
struct family_names {
    const char *prefix, *layer;
    const char *query, *key, *value, *attention_out, *feed_in, *feed_out;
    const char *attention_norm, *out_norm;
    const char *dense, *out; /* the head, never behind the prefix but for BERT's pooler */
};
static const struct family_names families[] = {
    [GS_FAMILY_BERT] = {"bert.", "encoder.layer.", "attention.self.query", "attention.self.key",
                        "attention.self.value", "attention.output.dense", "intermediate.dense",
                        "output.dense", "attention.output.LayerNorm", "output.LayerNorm", NULL,
                        "classifier"},
    [GS_FAMILY_ROBERTA] = {"roberta.", "encoder.layer.", "attention.self.query",
                           "attention.self.key", "attention.self.value", "attention.output.dense",
                           "intermediate.dense", "output.dense", "attention.output.LayerNorm",
                           "output.LayerNorm", "classifier.dense", "classifier.out_proj"},
    [GS_FAMILY_DISTILBERT] = {"distilbert.", "transformer.layer.", "attention.q_lin",
                              "attention.k_lin", "attention.v_lin", "attention.out_lin", "ffn.lin1",
                              "ffn.lin2", "sa_layer_norm", "output_layer_norm", "pre_classifier",
                              "classifier"},
};

struct names {
    const struct family_names *of;
    const char *prefix; /* as this file has it */
};

struct full_name {
    char text[GS_TENSOR_NAME];
};

static struct full_name under(const struct names *names, const char *name)
{
    struct full_name full;
    (void)snprintf(full.text, sizeof full.text, "%s%s", names->prefix, name);
    return full;
}

static struct full_name in_layer(const struct names *names, size_t i, const char *name)
{
    struct full_name full;
    (void)snprintf(full.text, sizeof full.text, "%s%s%zu.%s", names->prefix, names->of->layer, i,
                   name);
    return full;
}

static enum gs_status read_embeddings(struct gs_weights_reader *r, const struct names *names,
                                      const struct gs_encoder_config *c)
{
    struct gs_encoder_weights *w = r->weights;

    enum gs_status status = gs_weights_matrix(r, under(names, "embeddings.word_embeddings").text,
                                              c->vocab, c->hidden, false, &w->words);
    if (status == GS_OK) {
        status = gs_weights_floats(r, under(names, "embeddings.position_embeddings.weight").text,
                                   c->positions, c->hidden, &w->positions);
    }
    if (status == GS_OK && c->types > 0) {
        status = gs_weights_floats(r, under(names, "embeddings.token_type_embeddings.weight").text,
                                   c->types, c->hidden, &w->type0);
    }
    return status != GS_OK ? status
                           : gs_weights_norm(r, under(names, "embeddings.LayerNorm").text,
                                             c->hidden, &w->gamma, &w->beta);
}

static enum gs_status read_layer(struct gs_weights_reader *r, const struct names *names, size_t i,
                                 const struct gs_encoder_config *c, struct gs_encoder_layer *layer)
{
    const struct family_names *of = names->of;
    const struct {
        const char *name;
        size_t n, k;
        struct gs_matrix *matrix;
    } matrices[] = {
        {of->query, c->hidden, c->hidden, &layer->query},
        {of->key, c->hidden, c->hidden, &layer->key},
        {of->value, c->hidden, c->hidden, &layer->value},
        {of->attention_out, c->hidden, c->hidden, &layer->attention_out},
        {of->feed_in, c->intermediate, c->hidden, &layer->feed_in},
        {of->feed_out, c->hidden, c->intermediate, &layer->feed_out},
    };
    enum gs_status status = GS_OK;

    for (size_t m = 0; m < GS_COUNT(matrices) && status == GS_OK; m++) {
        status = gs_weights_matrix(r, in_layer(names, i, matrices[m].name).text, matrices[m].n,
                                   matrices[m].k, true, matrices[m].matrix);
    }
    if (status == GS_OK) {
        status = gs_weights_norm(r, in_layer(names, i, of->attention_norm).text, c->hidden,
                                 &layer->attention_gamma, &layer->attention_beta);
    }
    return status != GS_OK ? status
                           : gs_weights_norm(r, in_layer(names, i, of->out_norm).text, c->hidden,
                                             &layer->out_gamma, &layer->out_beta);
}

/* The head; or, of a base model, the pooler if it is there. */
static enum gs_status read_head(struct gs_weights_reader *r, const struct names *names,
                                const struct gs_encoder_config *c)
{
    struct gs_encoder_weights *w = r->weights;
    const struct full_name pooler = under(names, "pooler.dense");
    const bool own = c->classifies && names->of->dense != NULL;
    const char *dense = own && c->head_input == GS_INPUT_DENSE ? names->of->dense : pooler.text;
    enum gs_status status = GS_OK;

    if (c->pooling == GS_POOL_POOLER && own) {
        return gs_fail(r->err, GS_BAD_FORMAT,
                       "%s: pooling \"pooler\" is asked for, but a classifier of this family has "
                       "none",
                       r->path.text);
    }
    w->dense_activation = c->family == GS_FAMILY_DISTILBERT ? GS_ACT_RELU : GS_ACT_TANH;
    const bool plain = c->head_input != GS_INPUT_DENSE; /* no dense layer before the head */
    if ((c->classifies && !plain) || c->pooling == GS_POOL_POOLER ||
        gs_safetensors_find(r->all, under(names, "pooler.dense.weight").text) != NULL) {
        status = gs_weights_matrix(r, dense, c->hidden, c->hidden, true, &w->dense);
    }
    if (status == GS_OK && c->classifies) {
        status = gs_weights_matrix(r, names->of->out, c->n_labels,
                                   c->head_input == GS_INPUT_CLS_MEAN ? 2 * c->hidden : c->hidden,
                                   true, &w->out);
    }
    return status;
}

/* More layers than config.json counts would be left out without a word. */
static enum gs_status check_layers(const struct gs_weights_reader *r, const struct names *names,
                                   size_t n_layers)
{
    const size_t prefix = strlen(names->prefix);
    const size_t layer = strlen(names->of->layer);

    for (size_t i = 0; i < r->all->n; i++) {
        const char *name = r->all->tensors[i].name;
        if (strncmp(name, names->prefix, prefix) == 0 &&
            strncmp(name + prefix, names->of->layer, layer) == 0 &&
            strtoull(name + prefix + layer, NULL, 10) >= n_layers) {
            return gs_fail(r->err, GS_BAD_FORMAT, "%s: holds %s, but config.json has %zu layers",
                           r->path.text, name, n_layers);
        }
    }
    return GS_OK;
}

static enum gs_status read_tensors(struct gs_weights_reader *r, const struct gs_encoder_config *c)
{
    struct names names = {&families[c->family], families[c->family].prefix};
    struct gs_encoder_weights *w = r->weights;

    if (gs_safetensors_find(r->all, under(&names, "embeddings.word_embeddings.weight").text) ==
        NULL) {
        names.prefix = "";
    }
    enum gs_status status = check_layers(r, &names, c->layers);
    if (status == GS_OK) {
        status = read_embeddings(r, &names, c);
    }
    if (status != GS_OK) {
        return status;
    }
    w->layers = gs_weights_take(w, c->layers * sizeof *w->layers);
    if (w->layers == NULL) {
        return gs_fail(r->err, GS_NO_MEMORY, "%s: %zu layers", r->path.text, c->layers);
    }
    for (size_t i = 0; i < c->layers && status == GS_OK; i++) {
        status = read_layer(r, &names, i, c, &w->layers[i]);
    }
    return status == GS_OK ? read_head(r, &names, c) : status;
}

/* A folder without the file: what it has instead, and what to do about it. */
static enum gs_status explain_absence(const char *dir, struct gs_error *err)
{
    if (gs_folder_has(dir, "model.safetensors.index.json")) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "%s: the weights are in several files; save them as one with "
                       "save_pretrained(..., max_shard_size=\"100GB\")",
                       gs_folder_shown(dir, "model.safetensors.index.json").text);
    }
    if (gs_folder_has(dir, "pytorch_model.bin")) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "%s: pickle is never read; load it with transformers and save it with "
                       "save_pretrained(..., safe_serialization=True)",
                       gs_folder_shown(dir, "pytorch_model.bin").text);
    }
    return GS_OK;
}

static enum gs_status read_bytes(struct gs_str bytes, const struct gs_encoder_config *config,
                                 struct gs_weights_reader *r, struct gs_safetensors *all)
{
    struct gs_error why = {0};
    const enum gs_status status = gs_safetensors_parse(bytes, all, &why);

    if (status != GS_OK) {
        return gs_fail(r->err, status, "%s: %s", r->path.text, why.message);
    }
    if (strncmp(all->format, "groundswell", 11) == 0) {
        r->weights->int8 = true;
        if (strcmp(all->format, "groundswell-int8") != 0 || strcmp(all->version, "1") != 0) {
            return gs_fail(r->err, GS_BAD_FORMAT,
                           "%s: format %s, version \"%s\" is not groundswell-int8, version 1",
                           r->path.text, gs_folder_quote(all->format).text,
                           gs_folder_quote(all->version).text);
        }
    }
    const enum gs_status hashed = gs_sha256_hex(bytes, r->weights->sha256, r->err);
    return hashed == GS_OK ? read_tensors(r, config) : hashed;
}

enum gs_status gs_encoder_weights_read(const char *dir, const struct gs_encoder_config *config,
                                       struct gs_encoder_weights *ret, struct gs_error *err)
{
    char path[GS_FOLDER_PATH];
    struct gs_file file = {0};
    struct gs_encoder_weights weights = {0};
    struct gs_safetensors *all = NULL;

    enum gs_status status = gs_folder_path(dir, weights_file, path, err);
    if (status == GS_OK && !gs_folder_has(dir, weights_file)) {
        status = explain_absence(dir, err);
    }
    if (status == GS_OK) {
        status = gs_file_read(path, SIZE_MAX - 1, &file, err);
    }
    if (status != GS_OK) {
        return status;
    }
    all = calloc(1, sizeof *all);
    if (all == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "%s: tensor directory", path);
        goto done;
    }
    struct gs_weights_reader reader = {all, &weights, gs_folder_shown(dir, weights_file), err};
    status = read_bytes(file.bytes, config, &reader, all);
    if (status == GS_OK) {
        *ret = weights;
        weights = (struct gs_encoder_weights){0};
    }

done:
    gs_encoder_weights_done(&weights);
    free(all);
    gs_file_done(&file);
    return status;
}
