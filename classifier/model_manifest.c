/* groundswell.json of an encoder folder:
 *
 *   {"format": "groundswell-encoder", "format_version": 1, "name": "…", "version": "…",
 *    "max_tokens": 128, "fast": "fast", "chinese": "simplified",
 *    "heads": {"sentiment": {"margin": 0.1, "temperature": {"en": 1.2, "zh": 1.1},
 *                            "labels": [{"id": "negative", "zh": "负面", "native": "LABEL_0"}, …]},
 *              "topics": {"kind": "multi", "labels": [{"id": "legal", "zh": "法律与监管",
 *                                                      "native": "Legal", "threshold": 0.4}, …]}},
 *    "cascade": {"sentiment": {"en": 0.6}}}
 *
 * chinese: traditional Chinese is read as simplified before it becomes tokens; without it, or with
 * "as_written", the encoder gets what the writer wrote. The fast tier's own manifest says it for
 * the n-grams.
 *
 * native is a label's name in config.json's id2label, or its number; without it, its id. A native
 * of null says that the encoder does not know neutral. */
#include "classifier/model_internal.h"

#include <stdio.h>
#include <string.h>

enum gs_status gs_manifest_begin(json_t *root, const char *const *known, struct gs_model *model,
                                 struct gs_error *err)
{
    const enum gs_status status = gs_manifest_only(root, "it", known, err);
    if (status != GS_OK) {
        return status;
    }
    return gs_manifest_name(root, "name", model->name) &&
                   gs_manifest_name(root, "version", model->version)
               ? GS_OK
               : gs_fail(err, GS_BAD_FORMAT, "name or version: not a plain name");
}

enum gs_status gs_encoder_manifest_read(json_t *root, struct gs_model *model,
                                        struct gs_encoder_manifest *ret, struct gs_error *err)
{
    static const char *const known[] = {"format",     "format_version", "name",    "version",
                                        "max_tokens", "fast",           "heads",   "cascade",
                                        "provenance", "metrics",        "chinese", NULL};
    json_t *max_tokens = json_object_get(root, "max_tokens");
    float number = 0.0F;

    *ret = (struct gs_encoder_manifest){.max_tokens = 0};
    if (json_integer_value(json_object_get(root, "format_version")) != 1) {
        return gs_fail(err, GS_BAD_FORMAT, "format_version is not 1");
    }
    const enum gs_status status = gs_manifest_begin(root, known, model, err);
    if (status != GS_OK) {
        return status;
    }
    if (json_object_get(root, "fast") != NULL && !gs_manifest_name(root, "fast", ret->fast)) {
        return gs_fail(err, GS_BAD_FORMAT, "fast: not the plain name of a subfolder");
    }
    if (!gs_manifest_chinese(root, &ret->simplified)) {
        return gs_fail(err, GS_BAD_FORMAT, "chinese: not \"simplified\" or \"as_written\"");
    }
    if (max_tokens != NULL) {
        if (!json_is_integer(max_tokens) ||
            !gs_manifest_number(max_tokens, 4.0, 65536.0, &number)) {
            return gs_fail(err, GS_BAD_FORMAT, "max_tokens: not a whole number from 4 to 65536");
        }
        ret->max_tokens = (size_t)number;
    }
    return GS_OK;
}

/* ---- heads ---- */

struct reader {
    const struct gs_encoder_config *config;
    struct gs_model *model;
    struct gs_encoder_head *head;
    size_t which;
    bool has_fast; /* the fast tier has this head: its labels are given */
    struct gs_error *err;
};

static enum gs_status bad_label(const struct reader *r, size_t l, const char *why)
{
    return gs_fail(r->err, GS_BAD_FORMAT, "heads.%s.labels: number %zu: %s",
                   gs_head_name((enum gs_head)r->which), l, why);
}

/* The output that a label is read from; -1: there is none of that name. */
static int output_of(const struct gs_encoder_config *config, json_t *native, const char *id)
{
    if (json_is_integer(native)) {
        const json_int_t i = json_integer_value(native);
        return i >= 0 && i < (json_int_t)config->n_labels ? (int)i : -1;
    }
    const char *name = native == NULL ? id : json_string_value(native);
    for (size_t l = 0; name != NULL && l < config->n_labels; l++) {
        if (strcmp(config->labels[l], name) == 0) {
            return (int)l;
        }
    }
    return -1;
}

static enum gs_status read_label(const struct reader *r, json_t *json, size_t l)
{
    static const char *const known[] = {"id", "zh", "native", "threshold", NULL};
    struct gs_label *label = &r->model->labels[r->which][l];
    struct gs_label read;

    if (!json_is_object(json) || !gs_manifest_label(json, "id", read.id) ||
        !gs_manifest_text(json, "zh", read.zh)) {
        return bad_label(r, l, "id or zh is missing, too long or has control characters");
    }
    const enum gs_status status = gs_manifest_only(json, "a label", known, r->err);
    if (status != GS_OK) {
        return status;
    }
    for (size_t other = 0; other < l; other++) {
        if (strcmp(r->model->labels[r->which][other].id, read.id) == 0) {
            return bad_label(r, l, "its id was there before");
        }
    }
    if (r->has_fast && strcmp(label->id, read.id) != 0) {
        return bad_label(r, l, "the fast tier has another label there");
    }
    if (r->which == GS_HEAD_SENTIMENT &&
        strcmp(read.id, gs_sentiment_name((enum gs_sentiment)l)) != 0) {
        return bad_label(r, l, "sentiment is negative, neutral, positive in this order");
    }
    *label = read;
    json_t *native = json_object_get(json, "native");
    const bool none =
        json_is_null(native) && r->which == GS_HEAD_SENTIMENT && l == (size_t)GS_NEUTRAL;
    r->head->logit[l] = none ? -1 : output_of(r->config, native, read.id);
    if (r->head->logit[l] < 0 && !none) {
        return bad_label(r, l, "config.json's id2label has no such label");
    }
    r->head->thresholds[l] = r->head->single ? 0.0F : 0.5F;
    json_t *threshold = json_object_get(json, "threshold");
    if (threshold != NULL && !gs_manifest_number(threshold, 0.0, 1.0, &r->head->thresholds[l])) {
        return bad_label(r, l, "threshold is not in 0 to 1");
    }
    return GS_OK;
}

static enum gs_status read_labels(const struct reader *r, json_t *labels)
{
    const size_t n = json_array_size(labels);
    const size_t want = r->which == GS_HEAD_SENTIMENT ? GS_N_SENTIMENTS
                        : r->has_fast                 ? r->model->n_labels[r->which]
                                                      : 0;

    if (n == 0 || n > GS_MAX_LABELS || (want > 0 && n != want)) {
        return gs_fail(r->err, GS_BAD_FORMAT, "heads.%s.labels: %zu labels, not %s%zu",
                       gs_head_name((enum gs_head)r->which), n, want > 0 ? "" : "1 to ",
                       want > 0 ? want : (size_t)GS_MAX_LABELS);
    }
    for (size_t l = 0; l < n; l++) {
        const enum gs_status status = read_label(r, json_array_get(labels, l), l);
        if (status != GS_OK) {
            return status;
        }
    }
    r->model->n_labels[r->which] = n;
    r->head->n_labels = n;
    return GS_OK;
}

enum gs_status gs_manifest_by_language(json_t *object, const char *where, double least, double most,
                                       float def, float ret[GS_N_MODEL_LANGS], struct gs_error *err)
{
    char name[64];

    (void)snprintf(name, sizeof name, "%s", where);
    if (object != NULL && !json_is_object(object)) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: not an object of languages", name);
    }
    const enum gs_status status = gs_manifest_only(object, name, gs_lang_names, err);
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS && status == GS_OK; lang++) {
        json_t *value = json_object_get(object, gs_lang_name((enum gs_lang)lang));
        ret[lang] = def;
        if (value != NULL && !gs_manifest_number(value, least, most, &ret[lang])) {
            return gs_fail(err, GS_BAD_FORMAT, "%s.%s: not in %g to %g", name,
                           gs_lang_name((enum gs_lang)lang), least, most);
        }
    }
    return status;
}

/* Reads whether one label holds at a time: what the file says, else what config.json says. */
static enum gs_status read_kind(const struct reader *r, json_t *head)
{
    json_t *value = json_object_get(head, "kind");
    const char *kind = json_string_value(value);

    r->head->single = r->which == GS_HEAD_SENTIMENT || r->config->problem == GS_SINGLE_LABEL;
    if (value == NULL) {
        return GS_OK;
    }
    if (kind == NULL || (strcmp(kind, "single") != 0 && strcmp(kind, "multi") != 0) ||
        (r->which == GS_HEAD_SENTIMENT && strcmp(kind, "single") != 0)) {
        return gs_fail(r->err, GS_BAD_FORMAT, "heads.%s.kind: not %s",
                       gs_head_name((enum gs_head)r->which),
                       r->which == GS_HEAD_SENTIMENT ? "\"single\"" : "\"single\" or \"multi\"");
    }
    r->head->single = strcmp(kind, "single") == 0;
    return GS_OK;
}

static enum gs_status read_head(const struct reader *r, json_t *head)
{
    static const char *const known[] = {"labels", "temperature", "margin", "kind", NULL};
    char where[64];

    (void)snprintf(where, sizeof where, "heads.%s", gs_head_name((enum gs_head)r->which));
    if (!json_is_object(head)) {
        return gs_fail(r->err, GS_BAD_FORMAT, "%s: not an object", where);
    }
    enum gs_status status = gs_manifest_only(head, where, known, r->err);
    if (status == GS_OK) {
        status = read_kind(r, head);
    }
    if (status == GS_OK) {
        status = read_labels(r, json_object_get(head, "labels"));
    }
    if (status == GS_OK) {
        (void)snprintf(where, sizeof where, "heads.%s.temperature",
                       gs_head_name((enum gs_head)r->which));
        status = gs_manifest_by_language(json_object_get(head, "temperature"), where, 0.01, 100.0,
                                         1.0F, r->head->temperature, r->err);
    }
    json_t *margin = json_object_get(head, "margin");
    if (status == GS_OK && margin != NULL &&
        (r->which != GS_HEAD_SENTIMENT ||
         !gs_manifest_number(margin, 0.0, 1.0, &r->head->margin))) {
        status = gs_fail(r->err, GS_BAD_FORMAT, "heads.%s.margin: not in 0 to 1, or no sentiment",
                         gs_head_name((enum gs_head)r->which));
    }
    return status;
}

static enum gs_status read_gates(json_t *root, const struct gs_model *model,
                                 struct gs_encoder_head heads[GS_N_HEADS], struct gs_error *err)
{
    json_t *cascade = json_object_get(root, "cascade");
    const char *const known[GS_N_HEADS + 1] = {gs_head_name(GS_HEAD_SENTIMENT),
                                               gs_head_name(GS_HEAD_TOPICS),
                                               gs_head_name(GS_HEAD_RISKS), NULL};
    enum gs_status status = GS_OK;

    if (cascade != NULL && (!json_is_object(cascade) || !model->fast)) {
        return gs_fail(err, GS_BAD_FORMAT, "cascade: %s",
                       json_is_object(cascade) ? "there is no fast tier: name its subfolder, fast"
                                               : "not an object of heads");
    }
    status = gs_manifest_only(cascade, "cascade", known, err);
    for (size_t h = 0; h < GS_N_HEADS && status == GS_OK; h++) {
        char where[64];
        (void)snprintf(where, sizeof where, "cascade.%s", gs_head_name((enum gs_head)h));
        json_t *gates = json_object_get(cascade, gs_head_name((enum gs_head)h));
        if (gates != NULL && heads[h].n_labels == 0) {
            return gs_fail(err, GS_BAD_FORMAT, "%s: the encoder has no such head", where);
        }
        status = gs_manifest_by_language(gates, where, 0.0, 1.0, GS_NO_GATE, heads[h].gate, err);
    }
    return status;
}

enum gs_status gs_encoder_heads_read(json_t *root, const struct gs_encoder_config *config,
                                     struct gs_model *model,
                                     struct gs_encoder_head heads[GS_N_HEADS], struct gs_error *err)
{
    const char *const known[GS_N_HEADS + 1] = {gs_head_name(GS_HEAD_SENTIMENT),
                                               gs_head_name(GS_HEAD_TOPICS),
                                               gs_head_name(GS_HEAD_RISKS), NULL};
    json_t *all = json_object_get(root, "heads");

    if (!json_is_object(all) || json_object_size(all) == 0) {
        return gs_fail(err, GS_BAD_FORMAT, "heads: not an object with a head in it");
    }
    if (!config->classifies || config->n_labels == 0 || config->problem == GS_REGRESSION) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "heads: config.json is of no …ForSequenceClassification with labels");
    }
    enum gs_status status = gs_manifest_only(all, "heads", known, err);
    for (size_t h = 0; h < GS_N_HEADS && status == GS_OK; h++) {
        json_t *head = json_object_get(all, gs_head_name((enum gs_head)h));
        if (head != NULL) {
            const struct reader r = {.config = config,
                                     .model = model,
                                     .head = &heads[h],
                                     .which = h,
                                     .has_fast = model->fast && model->n_labels[h] > 0,
                                     .err = err};
            status = read_head(&r, head);
        }
    }
    return status == GS_OK ? read_gates(root, model, heads, err) : status;
}
