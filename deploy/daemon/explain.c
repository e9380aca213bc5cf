#include "deploy/daemon/explain.h"

#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>

enum { TOP_NGRAMS = 20, MAX_FEATURES = 16384 };

const char gs_explain_page_head[] =
    "<!doctype html><html lang=en><meta charset=utf-8><title>Explanation</title>"
    "<style>body{font:16px/1.9 system-ui,sans-serif;margin:2em;max-width:60em}"
    "section{border-top:1px solid #ccc;padding:1em 0}small{color:#555}</style>"
    "<h1>Explanation</h1><p>Green speaks for the label, red against it; the deeper, the more.\n";

/* A character, and where its word (a run of letters and digits, or a run of Han) begins. */
struct character {
    uint32_t start, end;
    double weight;
    bool begins_word;
};

struct gs_explainer {
    struct gs_model *model;
    struct gs_model_work *work;
    struct gs_featuriser *featuriser;
    float *contributions; /* [MAX_FEATURES] */
    struct character *characters;
    size_t n, max;
};

enum gs_status gs_explainer_new(const char *model, struct gs_explainer **ret, struct gs_error *err)
{
    struct gs_explainer *e = calloc(1, sizeof *e);
    if (e == NULL || (e->contributions = malloc(MAX_FEATURES * sizeof(float))) == NULL) {
        free(e);
        return gs_fail(err, GS_NO_MEMORY, "explainer");
    }
    const struct gs_model_choice fast = {.tier = GS_MODEL_FAST};
    enum gs_status status = gs_model_load_as(model, &fast, &e->model, err);
    if (status == GS_OK) {
        status = gs_model_work_new(e->model, &e->work, err);
    }
    if (status == GS_OK) {
        status = gs_featuriser_new(&e->featuriser, err);
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
        gs_featuriser_free(e->featuriser);
        gs_model_work_free(e->work);
        gs_model_free(e->model);
        free(e->contributions);
        free(e->characters);
        free(e);
    }
}

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
    e->n = 0;
    if (text.len + 1 > e->max) {
        struct character *bigger = realloc(e->characters, 2 * (text.len + 1) * sizeof *bigger);
        if (bigger == NULL) {
            return false;
        }
        e->characters = bigger;
        e->max = 2 * (text.len + 1);
    }
    for (size_t at = 0; at < text.len;) {
        const size_t len = gs_utf8_valid_len(text.bytes + at, text.len - at);
        const int kind = len == 0 ? 0 : kind_of(gs_utf8_decode(text.bytes + at, len));
        const size_t step = len == 0 ? 1 : len;
        e->characters[e->n++] = (struct character){.start = (uint32_t)at,
                                                   .end = (uint32_t)(at + step),
                                                   .begins_word = kind == 0 || kind != last};
        last = kind;
        at += step;
    }
    return true;
}

/* Spreads each n-gram's weight over its characters. Characters are in order: the first is found by
 * halving. */
static void fold(struct gs_explainer *e, const struct gs_features *features)
{
    for (size_t i = 0; i < features->n; i++) {
        const struct gs_feature *f = &features->features[i];
        size_t low = 0;
        size_t high = e->n;
        while (low < high) {
            const size_t middle = low + (high - low) / 2;
            if (e->characters[middle].start < f->start) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        size_t end = low;
        while (end < e->n && e->characters[end].start < f->end) {
            end++;
        }
        for (size_t c = low; c < end; c++) {
            e->characters[c].weight += (double)e->contributions[i] / (double)(end - low);
        }
    }
}

static size_t pick_label(const struct gs_model_info *info, enum gs_head head, const char *label,
                         const struct gs_prediction *said)
{
    size_t best = 0;
    for (size_t l = 0; l < info->n_labels[head]; l++) {
        if (label != NULL && (strcmp(label, info->labels[head][l]) == 0 ||
                              strcmp(label, info->labels_zh[head][l]) == 0)) {
            return l;
        }
        best = said->p[head][l] > said->p[head][best] ? l : best;
    }
    return label == NULL && info->n_labels[head] > 0 ? best : info->n_labels[head];
}

static void put_piece(struct gs_buf *out, const struct gs_features *features, size_t start,
                      size_t end, double weight, bool first)
{
    gs_buf_puts(out, first ? "{\"text\":" : ",{\"text\":");
    gs_buf_json_str(out, (struct gs_str){features->text.bytes + start, end - start});
    gs_buf_printf(out, ",\"start\":%zu,\"end\":%zu,\"from\":%u,\"weight\":%.9g}", start, end,
                  features->origin[start], weight);
}

static void put_words(const struct gs_explainer *e, const struct gs_features *features,
                      struct gs_buf *out)
{
    bool first = true;
    for (size_t i = 0; i < e->n;) {
        size_t end = i + 1;
        double weight = e->characters[i].weight;
        for (; end < e->n && !e->characters[end].begins_word; end++) {
            weight += e->characters[end].weight;
        }
        put_piece(out, features, e->characters[i].start, e->characters[end - 1].end, weight, first);
        first = false;
        i = end;
    }
}

/* The n-grams with the largest weights; those put are zeroed. */
static void put_ngrams(struct gs_explainer *e, const struct gs_features *features,
                       struct gs_buf *out)
{
    for (size_t k = 0; k < TOP_NGRAMS; k++) {
        size_t top = 0;
        for (size_t i = 1; i < features->n; i++) {
            top = fabsf(e->contributions[i]) > fabsf(e->contributions[top]) ? i : top;
        }
        if (features->n == 0 || e->contributions[top] == 0.0F) {
            return;
        }
        const struct gs_feature *f = &features->features[top];
        put_piece(out, features, f->start, f->end, (double)e->contributions[top], k == 0);
        e->contributions[top] = 0.0F;
    }
}

static void put_escaped(struct gs_buf *out, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        switch (bytes[i]) {
        case '<':
            gs_buf_puts(out, "&lt;");
            break;
        case '>':
            gs_buf_puts(out, "&gt;");
            break;
        case '&':
            gs_buf_puts(out, "&amp;");
            break;
        case '"':
            gs_buf_puts(out, "&quot;");
            break;
        default:
            gs_buf_putc(out, bytes[i]);
        }
    }
}

static void put_section(const struct gs_explainer *e, const struct gs_features *features,
                        const char *label, double p, double logit, struct gs_buf *out)
{
    double most = 1e-9;
    for (size_t i = 0; i < e->n; i++) {
        most = fmax(most, fabs(e->characters[i].weight));
    }
    gs_buf_puts(out, "<section><p>");
    for (size_t i = 0; i < e->n; i++) {
        const struct character *c = &e->characters[i];
        gs_buf_printf(out, "<span style=\"background:rgba(%s,%.2f)\" title=\"%.4f\">",
                      c->weight >= 0 ? "0,150,70" : "210,40,40", 0.8 * fabs(c->weight) / most,
                      c->weight);
        put_escaped(out, features->text.bytes + c->start, c->end - c->start);
        gs_buf_puts(out, "</span>");
    }
    gs_buf_printf(out, "</p><small>%s: p = %.4f, logit %.4f</small></section>\n", label, p, logit);
}

enum gs_status gs_explainer_run(struct gs_explainer *e, struct gs_explain_what what,
                                struct gs_str title, struct gs_str text, struct gs_buf *json,
                                struct gs_buf *html, struct gs_error *err)
{
    const enum gs_head head = what.head;
    const char *label = what.label;
    static const char *const heads[GS_N_HEADS] = {"sentiment", "topics", "risks"};
    const struct gs_model_info *info = gs_model_info(e->model);
    struct gs_features features;
    struct gs_prediction said;
    float bias = 0.0F;

    const enum gs_status status = gs_featuriser_run(e->featuriser, title, text, &features, err);
    if (status != GS_OK) {
        return status;
    }
    gs_model_predict(e->model, e->work, features.hashes, features.n, features.lang, &said);
    const size_t which = pick_label(info, head, label, &said);
    if (which == info->n_labels[head]) {
        return gs_fail(err, GS_BAD_CONFIG, "the model's %s have no label \"%.80s\"", heads[head],
                       label == NULL ? "" : label);
    }
    gs_model_explain(e->model, e->work, features.hashes, features.n, features.lang, head, which,
                     e->contributions, &bias);
    if (!split(e, features.text)) {
        return gs_fail(err, GS_NO_MEMORY, "a text of %zu bytes", features.text.len);
    }
    fold(e, &features);
    const double logit = (double)said.logits[head][which];
    gs_buf_puts(json, "{\"text\":");
    gs_buf_json_str(json, features.text);
    gs_buf_printf(json,
                  ",\"head\":\"%s\",\"label\":\"%s\",\"method\":\"exact\",\"p\":%.6g,"
                  "\"logit\":%.9g,\"bias\":%.9g,\"tokens\":[",
                  heads[head], info->labels[head][which], (double)said.p[head][which], logit,
                  (double)bias);
    for (size_t i = 0; i < e->n; i++) {
        const struct character *c = &e->characters[i];
        put_piece(json, &features, c->start, c->end, c->weight, i == 0);
    }
    gs_buf_puts(json, "],\"words\":[");
    put_words(e, &features, json);
    gs_buf_puts(json, "],\"ngrams\":[");
    put_ngrams(e, &features, json);
    gs_buf_puts(json, "]}\n");
    if (html != NULL) {
        put_section(e, &features, info->labels[head][which], (double)said.p[head][which], logit,
                    html);
    }
    return GS_OK;
}
