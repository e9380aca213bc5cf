/* Fills a network with the weights of a folder: matrices as they are, query, key and value behind
 * one another. A label that the folder's head knows goes on from its row there, so that a model can
 * be trained further; any other gets small normal numbers drawn from the seed. The way back is
 * pretrained_write.c. */
#include "classifier/train/encoder/pretrained.h"

#include "classifier/encoder/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the folder's own head. */
static const enum gs_net_pooling poolings[] = {[GS_INPUT_DENSE] = GS_NET_DENSE,
                                               [GS_INPUT_CLS] = GS_NET_CLS,
                                               [GS_INPUT_MEAN] = GS_NET_MEAN,
                                               [GS_INPUT_CLS_MEAN] = GS_NET_CLS_MEAN};

static struct gs_net_shape shape_of(const struct gs_encoder_config *c,
                                    const struct gs_pretrained_options *options)
{
    return (struct gs_net_shape){
        .hidden = c->hidden,
        .layers = options->layers > 0 ? options->layers : c->layers,
        .heads = c->heads,
        .inner = c->intermediate,
        .vocab = c->vocab,
        .positions = c->positions,
        .types = c->types,
        .first_position = c->first_position,
        .eps = (double)c->eps,
        .activation = c->activation,
        .pooling = options->as_it_is ? poolings[c->head_input] : options->pooling,
        .dense_activation = c->family == GS_FAMILY_DISTILBERT ? GS_ACT_RELU : GS_ACT_TANH,
        .n_out = options->as_it_is ? c->n_labels : options->n_out,
    };
}

/* Normal numbers from a counter: SplitMix64, Box-Muller. */
static uint64_t mix(uint64_t x)
{
    x += 0x9E3779B97F4A7C15U;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9U;
    x = (x ^ x >> 27) * 0x94D049BB133111EBU;
    return x ^ x >> 31;
}

static void draw(float *to, size_t n, uint64_t seed, double deviation)
{
    for (size_t i = 0; i < n; i++) {
        const double u = ((double)(mix(seed + 2 * i) >> 11) + 0.5) / 9007199254740992.0;
        const double v = (double)(mix(seed + 2 * i + 1) >> 11) / 9007199254740992.0;
        to[i] = (float)(deviation * sqrt(-2.0 * log(u)) * cos(6.28318530717958647693 * v));
    }
}

static void copy(float *values, size_t at, const float *from, size_t n)
{
    memcpy(values + at, from, n * sizeof *values);
}

/* Floats, or what int8 ones stand for. */
static void copy_weights(float *to, const struct gs_matrix *from)
{
    if (from->q8 == NULL) {
        copy(to, 0, from->values, from->n * from->k);
        return;
    }
    for (size_t i = 0; i < from->n; i++) {
        for (size_t j = 0; j < from->k; j++) {
            const float smooth = from->smooth == NULL ? 1.0F : from->smooth[j];
            to[i * from->k + j] = from->scale[i] * (float)from->q8[i * from->k + j] * smooth;
        }
    }
}

static void copy_matrix(float *values, size_t w, size_t bias, const struct gs_matrix *from)
{
    copy_weights(values + w, from);
    copy(values, bias, from->bias, from->n);
}

static void copy_layer(struct gs_net *net, size_t l, const struct gs_encoder_layer *from)
{
    const struct gs_net_layer_at *at = &net->layout.layers[l];
    const size_t h = net->shape.hidden;
    float *values = net->values;

    copy_matrix(values, at->qkv, at->qkv_bias, &from->query);
    copy_matrix(values, at->qkv + h * h, at->qkv_bias + h, &from->key);
    copy_matrix(values, at->qkv + 2 * h * h, at->qkv_bias + 2 * h, &from->value);
    copy_matrix(values, at->out, at->out_bias, &from->attention_out);
    copy(values, at->gamma1, from->attention_gamma, h);
    copy(values, at->beta1, from->attention_beta, h);
    copy_matrix(values, at->up, at->up_bias, &from->feed_in);
    copy_matrix(values, at->down, at->down_bias, &from->feed_out);
    copy(values, at->gamma2, from->out_gamma, h);
    copy(values, at->beta2, from->out_beta, h);
}

/* The head's inputs are the same as in the folder, all layers below them too: its rows mean
 * something here. */
static bool head_fits(const struct gs_pretrained *base, const struct gs_encoder_weights *w,
                      const struct gs_pretrained_options *options)
{
    return options->data != NULL && w->out.n == base->config.n_labels &&
           w->out.k == base->net.layout.pooled &&
           poolings[base->config.head_input] == options->pooling &&
           base->net.shape.layers == base->config.layers;
}

/* The folder's row for a label, by its name "head/label"; its number of labels: none. */
static size_t row_of(const struct gs_encoder_config *config, const struct gs_tune_data *data,
                     enum gs_head head, size_t l)
{
    char name[2 * GS_LABEL_SIZE];
    size_t row = 0;

    (void)snprintf(name, sizeof name, "%s/%s", gs_head_name(head), gs_tune_label_id(data, head, l));
    while (row < config->n_labels && strcmp(config->labels[row], name) != 0) {
        row++;
    }
    return row;
}

static void copy_head(struct gs_pretrained *base, const struct gs_encoder_weights *w,
                      const struct gs_tune_data *data)
{
    struct gs_net *net = &base->net;
    const size_t k = net->layout.pooled;
    size_t at = 0;

    for (size_t h = 0; h < GS_N_HEADS; h++) {
        for (size_t l = 0; l < data->n_labels[h]; l++, at++) {
            const size_t row = row_of(&base->config, data, (enum gs_head)h, l);
            if (row < base->config.n_labels) {
                copy(net->values, net->layout.out + at * k, w->out.values + row * k, k);
                copy(net->values, net->layout.out_bias + at, w->out.bias + row, 1);
                base->n_kept_labels++;
            }
        }
    }
}

static void copy_all(struct gs_pretrained *base, const struct gs_encoder_weights *w,
                     const struct gs_pretrained_options *options)
{
    const uint64_t seed = options->seed;
    struct gs_net *net = &base->net;
    const struct gs_net_layout *at = &net->layout;
    const size_t h = net->shape.hidden;

    copy_weights(net->words, &w->words);
    copy(net->values, at->positions, w->positions, net->shape.positions * h);
    if (net->shape.types > 0) {
        copy(net->values, at->type0, w->type0, h);
        copy(base->types, 0, w->type0, net->shape.types * h);
    }
    copy(net->values, at->gamma, w->gamma, h);
    copy(net->values, at->beta, w->beta, h);
    for (size_t l = 0; l < net->shape.layers; l++) {
        copy_layer(net, l, &w->layers[l]);
    }
    if (net->shape.pooling == GS_NET_DENSE && w->dense.n > 0) {
        copy_matrix(net->values, at->dense, at->dense_bias, &w->dense);
    } else if (net->shape.pooling == GS_NET_DENSE) {
        draw(net->values + at->dense, h * h, mix(seed ^ 1), 0.02);
    }
    draw(net->values + at->out, net->shape.n_out * at->pooled, mix(seed ^ 2), 0.02);
    if (options->as_it_is) {
        copy_matrix(net->values, at->out, at->out_bias, &w->out);
    } else if (head_fits(base, w, options)) {
        copy_head(base, w, options->data);
    }
}

static enum gs_status make_net(struct gs_pretrained *base,
                               const struct gs_pretrained_options *options, struct gs_error *err)
{
    struct gs_net *net = &base->net;

    net->shape = shape_of(&base->config, options);
    net->rows = gs_net_rows_pick();
    const enum gs_status status = gs_net_layout_init(&net->shape, &net->layout, err);
    if (status != GS_OK) {
        return status;
    }
    net->values = calloc(net->layout.n, sizeof *net->values);
    net->words = calloc(net->shape.vocab * net->shape.hidden, sizeof *net->words);
    base->types = calloc(net->shape.types * net->shape.hidden + 1, sizeof *base->types);
    return net->values == NULL || net->words == NULL || base->types == NULL
               ? gs_fail(err, GS_NO_MEMORY, "%s: weights", options->dir)
               : GS_OK;
}

static enum gs_status check(const struct gs_pretrained_options *options,
                            const struct gs_encoder_config *config,
                            const struct gs_encoder_weights *weights, struct gs_error *err)
{
    if (options->as_it_is && weights->out.n == 0) {
        return gs_fail(err, GS_BAD_CONFIG, "%s: has no head", options->dir);
    }
    if (weights->int8 && !options->as_it_is) {
        return gs_fail(err, GS_BAD_CONFIG,
                       "%s: holds int8 weights, which cannot be trained: take the folder that they "
                       "were made of",
                       options->dir);
    }
    if (options->layers > config->layers) {
        return gs_fail(err, GS_BAD_CONFIG, "%s: has %zu layers, not %zu", options->dir,
                       config->layers, options->layers);
    }
    if (config->activation == GS_ACT_NONE) {
        return gs_fail(err, GS_BAD_CONFIG, "%s: no activation", options->dir);
    }
    return GS_OK;
}

enum gs_status gs_pretrained_load(const struct gs_pretrained_options *options,
                                  struct gs_pretrained **ret, struct gs_error *err)
{
    struct gs_encoder_weights weights = {0};
    struct gs_pretrained *base = calloc(1, sizeof *base);

    if (base == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%s", options->dir);
    }
    enum gs_status status = gs_encoder_config_read(options->dir, &base->config, err);
    if (status == GS_OK) {
        status = gs_encoder_weights_read(options->dir, &base->config, &weights, err);
    }
    if (status == GS_OK) {
        status = check(options, &base->config, &weights, err);
    }
    if (status != GS_OK) {
        goto done;
    }
    memcpy(base->sha256, weights.sha256, sizeof base->sha256);
    status = make_net(base, options, err);
    if (status == GS_OK) {
        copy_all(base, &weights, options);
        base->config.layers = base->net.shape.layers;
        *ret = base;
        base = NULL;
    }

done:
    gs_encoder_weights_done(&weights);
    gs_pretrained_free(base);
    return status;
}

void gs_pretrained_free(struct gs_pretrained *base)
{
    if (base != NULL) {
        gs_net_layout_done(&base->net.layout);
        free(base->net.values);
        free(base->net.words);
        free(base->types);
        free(base);
    }
}
