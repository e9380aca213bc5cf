/* groundswell.json of a combined folder (combined.h shows one), read with suspicion: what is missing,
 * out of range, of another size than the fast tier's labels, or would silently do nothing is refused
 * with the path of the member. */
#include "classifier/combined.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

static enum gs_status read_encoders(json_t *root, struct gs_combined_manifest *ret,
                                    struct gs_error *err)
{
    json_t *encoders = json_object_get(root, "encoders");

    if (!json_is_object(encoders) || json_object_size(encoders) == 0) {
        return gs_fail(err, GS_BAD_FORMAT, "encoders: not an object with a language in it");
    }
    const enum gs_status status = gs_manifest_only(encoders, "encoders", gs_lang_names, err);
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS && status == GS_OK; lang++) {
        if (json_object_get(encoders, gs_lang_names[lang]) != NULL &&
            !gs_manifest_name(encoders, gs_lang_names[lang], ret->encoders[lang])) {
            return gs_fail(err, GS_BAD_FORMAT, "encoders.%s: not the plain name of a subfolder",
                           gs_lang_names[lang]);
        }
    }
    return status;
}

enum gs_status gs_combined_manifest_read(json_t *root, struct gs_model *model,
                                         struct gs_combined_manifest *ret, struct gs_error *err)
{
    static const char *const known[] = {"format",  "format_version", "name",  "version",
                                        "fast",    "encoders",       "heads", "entities",
                                        "metrics", "provenance",     NULL};
    json_t *format_version = json_object_get(root, "format_version");

    *ret = (struct gs_combined_manifest){.fast = ""};
    if (format_version != NULL && json_integer_value(format_version) != 1) {
        return gs_fail(err, GS_BAD_FORMAT, "format_version is not 1");
    }
    const enum gs_status status = gs_manifest_begin(root, known, model, err);
    if (status != GS_OK) {
        return status;
    }
    if (!gs_manifest_name(root, "fast", ret->fast)) {
        return gs_fail(err, GS_BAD_FORMAT, "fast: not the plain name of a subfolder");
    }
    return read_encoders(root, ret, err);
}

/* ---- heads ---- */

/* One head in one language. */
struct reader {
    enum gs_head head;
    size_t n_labels;
    char where[48]; /* "heads.topics.en" */
    struct gs_error *err;
};

/* A member that may be absent, for which *ret already has its default. */
static enum gs_status read_number(const struct reader *r, json_t *entry, const char *name,
                                  double least, double most, float *ret)
{
    json_t *value = json_object_get(entry, name);

    return value == NULL || gs_manifest_number(value, least, most, ret)
               ? GS_OK
               : gs_fail(r->err, GS_BAD_FORMAT, "%s.%s: not in %g to %g", r->where, name, least,
                         most);
}

static enum gs_status read_weights(const struct reader *r, json_t *entry,
                                   struct gs_combined_head *ret)
{
    if (!gs_manifest_number(json_object_get(entry, "encoder"), 0.0, 100.0, &ret->encoder) ||
        !gs_manifest_number(json_object_get(entry, "fast"), 0.0, 100.0, &ret->fast)) {
        return gs_fail(r->err, GS_BAD_FORMAT, "%s: encoder or fast: no weight in 0 to 100",
                       r->where);
    }
    return ret->encoder > 0.0F || ret->fast > 0.0F
               ? GS_OK
               : gs_fail(r->err, GS_BAD_FORMAT, "%s: encoder and fast are both 0", r->where);
}

/* No gate is written as null too, by who fills in every member. */
static enum gs_status read_gate(const struct reader *r, json_t *entry, float *ret)
{
    json_t *gate = json_object_get(entry, "gate");

    *ret = GS_NO_GATE;
    return gate == NULL || json_is_null(gate) || gs_manifest_number(gate, 0.0, (double)FLT_MAX, ret)
               ? GS_OK
               : gs_fail(r->err, GS_BAD_FORMAT, "%s.gate: not null or a number from 0", r->where);
}

static enum gs_status read_thresholds(const struct reader *r, json_t *entry, float *ret)
{
    json_t *thresholds = json_object_get(entry, "thresholds");
    const size_t n = json_array_size(thresholds);

    if (n != r->n_labels) {
        return gs_fail(r->err, GS_BAD_FORMAT,
                       "%s.thresholds: %zu numbers, the fast tier has %zu labels", r->where, n,
                       r->n_labels);
    }
    for (size_t l = 0; l < n; l++) {
        if (!gs_manifest_number(json_array_get(thresholds, l), 0.0, 1.0, &ret[l])) {
            return gs_fail(r->err, GS_BAD_FORMAT, "%s.thresholds: number %zu is not in 0 to 1",
                           r->where, l);
        }
    }
    return GS_OK;
}

static enum gs_status read_entry(const struct reader *r, json_t *entry,
                                 struct gs_combined_head *ret)
{
    static const char *const of_sentiment[] = {"encoder", "fast", "temperature",
                                               "margin",  "gate", NULL};
    static const char *const of_labels[] = {"encoder",    "fast", "temperature",
                                            "thresholds", "gate", NULL};
    const bool sentiment = r->head == GS_HEAD_SENTIMENT;

    *ret = (struct gs_combined_head){.temperature = 1.0F};
    if (!json_is_object(entry)) {
        return gs_fail(r->err, GS_BAD_FORMAT, "%s: missing, or not an object", r->where);
    }
    enum gs_status status =
        gs_manifest_only(entry, r->where, sentiment ? of_sentiment : of_labels, r->err);
    if (status != GS_OK) {
        return status;
    }
    status = read_weights(r, entry, ret);
    if (status != GS_OK) {
        return status;
    }
    status = read_number(r, entry, "temperature", 0.01, 100.0, &ret->temperature);
    if (status != GS_OK) {
        return status;
    }
    status = read_gate(r, entry, &ret->gate);
    if (status != GS_OK) {
        return status;
    }
    return sentiment ? read_number(r, entry, "margin", 0.0, 1.0, &ret->margin)
                     : read_thresholds(r, entry, ret->thresholds);
}

/* One head: an entry for each language that has an encoder, and for no other. */
static enum gs_status read_head(struct reader *r, json_t *head,
                                const struct gs_combined_manifest *manifest,
                                struct gs_combined_head ret[GS_N_MODEL_LANGS])
{
    (void)snprintf(r->where, sizeof r->where, "heads.%s", gs_head_name(r->head));
    if (!json_is_object(head)) {
        return gs_fail(r->err, GS_BAD_FORMAT, "%s: missing, or not an object", r->where);
    }
    enum gs_status status = gs_manifest_only(head, r->where, gs_lang_names, r->err);
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS && status == GS_OK; lang++) {
        json_t *entry = json_object_get(head, gs_lang_names[lang]);
        (void)snprintf(r->where, sizeof r->where, "heads.%s.%s", gs_head_name(r->head),
                       gs_lang_names[lang]);
        if (manifest->encoders[lang][0] != '\0') {
            status = read_entry(r, entry, &ret[lang]);
        } else if (entry != NULL) {
            status = gs_fail(r->err, GS_BAD_FORMAT, "%s: no encoder reads that language", r->where);
        }
    }
    return status;
}

/* ---- entities ---- */

static enum gs_status read_entities(json_t *entities, struct gs_combination *ret,
                                    struct gs_error *err)
{
    static const char *const known[] = {"open", "close", "temperature", NULL};

    if (entities == NULL) {
        return GS_OK;
    }
    if (!json_is_object(entities)) {
        return gs_fail(err, GS_BAD_FORMAT, "entities: not an object");
    }
    const enum gs_status status = gs_manifest_only(entities, "entities", known, err);
    if (status != GS_OK) {
        return status;
    }
    if (!gs_manifest_label(entities, "open", ret->open) ||
        !gs_manifest_label(entities, "close", ret->close)) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "entities: open or close is missing, too long or has control characters");
    }
    ret->marks_entities = true;
    return gs_manifest_by_language(json_object_get(entities, "temperature"), "entities.temperature",
                                   0.01, 100.0, 1.0F, ret->entity_temperature, err);
}

enum gs_status gs_combined_heads_read(json_t *root, const struct gs_combined_manifest *manifest,
                                      const struct gs_model *model, struct gs_combination *ret,
                                      struct gs_error *err)
{
    json_t *heads = json_object_get(root, "heads");
    const char *known[GS_N_HEADS + 1] = {NULL};
    size_t n_known = 0;

    for (size_t h = 0; h < GS_N_HEADS; h++) {
        if (model->n_labels[h] > 0) {
            known[n_known++] = gs_head_name((enum gs_head)h);
        }
    }
    if (!json_is_object(heads)) {
        return gs_fail(err, GS_BAD_FORMAT, "heads: missing, or not an object");
    }
    enum gs_status status = gs_manifest_only(heads, "heads", known, err);
    for (size_t h = 0; h < GS_N_HEADS && status == GS_OK; h++) {
        struct reader r = {.head = (enum gs_head)h, .n_labels = model->n_labels[h], .err = err};
        if (r.n_labels > 0) {
            status = read_head(&r, json_object_get(heads, gs_head_name(r.head)), manifest,
                               ret->heads[h]);
        }
    }
    return status == GS_OK ? read_entities(json_object_get(root, "entities"), ret, err) : status;
}
