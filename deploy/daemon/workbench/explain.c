/* Asks the tiers that answer for each piece's contribution to one label (explain_write.c writes it).
 *
 *     text ─► n-grams ─► contributions, exact ───────── · weight ─┐
 *        └──► tokens ──► contributions, by gradients ── · weight ─┴─► characters ─► words
 *
 * The weights are those by which the folder adds its tiers up (gs_model_label_weights()). */
#include "deploy/daemon/workbench/explain.h"

#include "deploy/daemon/workbench/explain_internal.h"
#include "ingest/base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FEATURES = 16384 };

struct gs_explainer {
    const char *dir;
    enum gs_attribution method;
    struct gs_model_folder *folder;
    const struct gs_model *model;
    const struct gs_model_info *info;
    struct gs_model_workspace *workspace;
    struct gs_featuriser *featuriser;
    struct gs_tokenizer_workspace *tokenizing[GS_MAX_ENCODERS];
    struct gs_attributor *attributors[GS_MAX_ENCODERS]; /* made at an encoder's first text */
    float *ngrams;                                      /* [MAX_FEATURES] */
    double *tokens;                                     /* [info->max_tokens] */
    struct gs_explained_char *chars;
    size_t n_chars, max;
};

static enum gs_status make_parts(struct gs_explainer *e, struct gs_error *err)
{
    enum gs_status status = gs_model_workspace_new(e->model, &e->workspace, err);

    if (status == GS_OK) {
        status = gs_featuriser_new(e->info->simplified, &e->featuriser, err);
    }
    for (size_t i = 0; i < e->info->n_encoders && status == GS_OK; i++) {
        status = gs_tokenizer_workspace_new(e->folder->tokenizers[i], &e->tokenizing[i], err);
    }
    return status;
}

enum gs_status gs_explainer_new(const char *model, const struct gs_model_choice *choice,
                                enum gs_attribution method, struct gs_explainer **ret,
                                struct gs_error *err)
{
    struct gs_explainer *e = calloc(1, sizeof *e);

    if (e == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "explainer");
    }
    e->dir = model;
    e->method = method;
    enum gs_status status = gs_model_folder_load(model, choice, &e->folder, err);
    if (status == GS_OK) {
        e->model = e->folder->model;
        e->info = gs_model_info(e->model);
        e->ngrams = calloc(MAX_FEATURES, sizeof *e->ngrams);
        e->tokens = calloc(e->info->max_tokens + 1, sizeof *e->tokens);
        status = e->ngrams == NULL || e->tokens == NULL ? gs_fail(err, GS_NO_MEMORY, "explainer")
                                                        : make_parts(e, err);
    }
    if (status != GS_OK) {
        gs_explainer_free(e);
        return status;
    }
    *ret = e;
    return GS_OK;
}

void gs_explainer_free(struct gs_explainer *e)
{
    if (e != NULL) {
        for (size_t i = 0; i < GS_MAX_ENCODERS; i++) {
            gs_tokenizer_workspace_free(e->tokenizing[i]);
            gs_attributor_free(e->attributors[i]);
        }
        gs_featuriser_free(e->featuriser);
        gs_model_workspace_free(e->workspace);
        gs_model_folder_drop(e->folder);
        free(e->ngrams);
        free(e->tokens);
        free(e->chars);
        free(e);
    }
}

/* ---- characters ---- */

/* 0: space and punctuation; 1: letters, digits; 2: Han and what else has three bytes or more. */
static int kind_of(uint32_t cp)
{
    if (cp < 0x80) {
        return (cp >= '0' && cp <= '9') || ((cp | 32) >= 'a' && (cp | 32) <= 'z') || cp == '\'';
    }
    return cp < 0x2000 ? 1 : (cp >= 0x3000 && cp < 0x3040) || cp >= 0xFF00 ? 0 : 2;
}

static bool split(struct gs_explainer *e, struct gs_str text)
{
    int last = 0;
    e->n_chars = 0;
    if (text.len + 1 > e->max) {
        struct gs_explained_char *bigger = realloc(e->chars, 2 * (text.len + 1) * sizeof *bigger);
        if (bigger == NULL) {
            return false;
        }
        e->chars = bigger;
        e->max = 2 * (text.len + 1);
    }
    for (size_t at = 0; at < text.len;) {
        const size_t len = gs_utf8_valid_len(text.bytes + at, text.len - at);
        const int kind = len == 0 ? 0 : kind_of(gs_utf8_decode(text.bytes + at, len));
        const size_t step = len == 0 ? 1 : len;
        e->chars[e->n_chars++] =
            (struct gs_explained_char){.start = (uint32_t)at,
                                       .end = (uint32_t)(at + step),
                                       .begins_word = kind == 0 || kind != last};
        last = kind;
        at += step;
    }
    return true;
}

/* Spreads a weight over the characters of [start, end). They are in order: the first is found by
 * halving. */
static void spread(struct gs_explainer *e, uint32_t start, uint32_t end, double weight)
{
    size_t low = 0;
    size_t high = e->n_chars;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (e->chars[middle].start < start) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    size_t last = low;
    while (last < e->n_chars && e->chars[last].start < end) {
        last++;
    }
    for (size_t c = low; c < last; c++) {
        e->chars[c].weight += weight / (double)(last - low);
    }
}

/* ---- the tiers' parts ---- */

static size_t pick_label(const struct gs_model_info *info, enum gs_head head, const char *label,
                         const struct gs_prediction *prediction)
{
    size_t best = 0;
    for (size_t l = 0; l < info->n_labels[head]; l++) {
        if (label != NULL && (strcmp(label, info->labels[head][l]) == 0 ||
                              strcmp(label, info->labels_zh[head][l]) == 0)) {
            return l;
        }
        best = prediction->p[head][l] > prediction->p[head][best] ? l : best;
    }
    return label == NULL && info->n_labels[head] > 0 ? best : info->n_labels[head];
}

/* What the fast tier says, and where it is not sure enough, the encoder too. */
static enum gs_status answer(struct gs_explainer *e, const struct gs_features *f,
                             struct gs_prediction *fast, struct gs_prediction *both,
                             struct gs_encoding *text, struct gs_error *err)
{
    const size_t encoder = gs_model_encoder_of(e->info, f->lang);

    if (e->info->fast) {
        gs_model_predict(e->model, e->workspace, f->hashes, f->n, f->lang, fast);
    }
    *both = *fast;
    text->n = 0;
    if (encoder == e->info->n_encoders ||
        (e->info->cascades && gs_model_accepts(e->model, fast, f->lang))) {
        return GS_OK;
    }
    enum gs_status status =
        gs_tokenizer_encode(e->folder->tokenizers[encoder], e->tokenizing[encoder], f->text,
                            e->info->encoders[encoder].max_tokens, text, err);
    if (status == GS_OK) {
        const struct gs_model_input input = {text->ids, text->n, f->lang};
        status = gs_model_encode(e->model, e->workspace, &input, 1, both, err);
    }
    return status;
}

static void add_ngrams(struct gs_explainer *e, struct gs_explanation *x, size_t label,
                       double weight)
{
    const struct gs_features *f = &x->features;
    float bias = 0.0F;

    gs_model_explain(e->model, e->workspace, f->hashes, f->n, f->lang, x->head, label, e->ngrams,
                     &bias);
    x->ngrams = e->ngrams;
    x->n_ngrams = f->n;
    x->bias += weight * (double)bias;
    for (size_t i = 0; i < f->n; i++) {
        e->ngrams[i] = (float)(weight * (double)e->ngrams[i]);
        spread(e, f->features[i].start, f->features[i].end, (double)e->ngrams[i]);
        x->residual -= (double)e->ngrams[i];
    }
}

static enum gs_status attributor_of(struct gs_explainer *e, size_t encoder, struct gs_error *err)
{
    const char *folder = e->info->encoders[encoder].folder;
    char path[4096];

    if (e->attributors[encoder] != NULL) {
        return GS_OK;
    }
    const int n = snprintf(path, sizeof path, "%s%s%s", e->dir, *folder == '\0' ? "" : "/", folder);
    return n < 0 || (size_t)n >= sizeof path
               ? gs_fail(err, GS_IO, "%s: the path is too long", e->dir)
               : gs_attributor_new(path, &e->attributors[encoder], err);
}

static enum gs_status add_tokens(struct gs_explainer *e, struct gs_explanation *x,
                                 const struct gs_encoding *text, size_t output, double weight,
                                 struct gs_error *err)
{
    const size_t encoder = gs_model_encoder_of(e->info, x->features.lang);
    const struct gs_attribution_text pieces = {text->ids, text->starts, text->ends, text->n};
    struct gs_attribution_sum sum;

    enum gs_status status = attributor_of(e, encoder, err);
    if (status == GS_OK) {
        status = gs_attributor_run(e->attributors[encoder], e->method, &pieces, output, e->tokens,
                                   &sum, err);
    }
    if (status != GS_OK) {
        return status;
    }
    x->text = *text;
    x->tokens = e->tokens;
    x->bias += weight * sum.base;
    for (size_t t = 0; t < text->n; t++) {
        e->tokens[t] *= weight;
        spread(e, text->starts[t], text->ends[t], e->tokens[t]);
        x->residual -= e->tokens[t];
    }
    x->method = e->method == GS_ATTRIBUTION_INTEGRATED ? "integrated" : "grad-input";
    return GS_OK;
}

/* Everything but the text is known: takes the logit apart. */
static enum gs_status take_apart(struct gs_explainer *e, struct gs_explanation *x, size_t label,
                                 bool fast_knows, const struct gs_encoding *text,
                                 struct gs_error *err)
{
    struct gs_label_weights weights = {.fast = 1.0};
    enum gs_status status = GS_OK;

    if (text->n > 0) {
        weights = gs_model_label_weights(e->model, x->features.lang, x->head, label, fast_knows);
    }
    if (weights.fast != 0.0 && fast_knows) {
        add_ngrams(e, x, label, weights.fast);
    }
    if (weights.encoder != 0.0) {
        status = add_tokens(e, x, text, weights.output, weights.encoder, err);
    }
    x->residual += x->logit - x->bias;
    x->tier = x->text.n == 0 ? "fast" : x->n_ngrams == 0 ? "encoder" : "fast+encoder";
    return status;
}

/* Of the features, which are there. */
static enum gs_status explain(struct gs_explainer *e, struct gs_explain_what what,
                              struct gs_explanation *x, struct gs_error *err)
{
    struct gs_prediction fast = {.confidence = 0.0F};
    struct gs_prediction both;
    struct gs_encoding tokens = {.n = 0};

    enum gs_status status = answer(e, &x->features, &fast, &both, &tokens, err);
    if (status != GS_OK) {
        return status;
    }
    const size_t label = pick_label(e->info, what.head, what.label, &both);
    if (label == e->info->n_labels[what.head]) {
        return gs_fail(err, GS_BAD_CONFIG, "the model's %s have no label \"%.80s\"",
                       gs_head_name(what.head), what.label == NULL ? "" : what.label);
    }
    if (!split(e, x->features.text)) {
        return gs_fail(err, GS_NO_MEMORY, "a text of %zu bytes", x->features.text.len);
    }
    x->head = what.head;
    x->label = e->info->labels[what.head][label];
    x->p = (double)both.p[what.head][label];
    x->logit = (double)both.logits[what.head][label];
    const bool fast_knows = e->info->fast && !isnan(fast.logits[what.head][label]);
    status = take_apart(e, x, label, fast_knows, &tokens, err);
    x->chars = e->chars;
    x->n_chars = e->n_chars;
    return status;
}

enum gs_status gs_explainer_run(struct gs_explainer *e, struct gs_explain_what what,
                                struct gs_str title, struct gs_str text, struct gs_buf *json,
                                struct gs_buf *html, struct gs_error *err)
{
    struct gs_explanation x = {.method = "exact"};

    enum gs_status status = gs_featuriser_run(e->featuriser, title, text, &x.features, err);
    if (status == GS_OK) {
        status = explain(e, what, &x, err);
    }
    if (status != GS_OK) {
        return status;
    }
    if (html != NULL) {
        gs_explanation_html(&x, html);
    }
    gs_explanation_json(&x, json);
    return GS_OK;
}

enum gs_status gs_explainer_words(struct gs_explainer *e, struct gs_str text, size_t lang,
                                  size_t most, struct gs_buf *json, struct gs_error *err)
{
    const struct gs_explain_what sentiment = {GS_HEAD_SENTIMENT, NULL};
    struct gs_explanation x = {.method = "exact"};

    /* cleaning a clean text changes nothing */
    enum gs_status status =
        gs_featuriser_run(e->featuriser, (struct gs_str){NULL, 0}, text, &x.features, err);
    if (status == GS_OK) {
        x.features.lang = lang;
        status = explain(e, sentiment, &x, err);
    }
    if (status == GS_OK) {
        gs_explanation_words(&x, most, json);
    }
    return status;
}
