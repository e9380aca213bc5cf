/* groundswell.json of a fast-tier model: read with suspicion. */
#include "classifier/format/manifest_json.h"
#include "classifier/ngram/ngram_internal.h"

#include <string.h>

enum { MAX_LEAST = 1 << 20 };

static bool read_labels(const json_t *head, size_t which, struct gs_model *model)
{
    const json_t *labels = json_object_get(head, "labels");
    const size_t n = json_array_size(labels);
    if (n > GS_MAX_LABELS || (which == GS_HEAD_SENTIMENT && n != GS_N_SENTIMENTS && n != 0)) {
        return false;
    }
    for (size_t l = 0; l < n; l++) {
        const json_t *label = json_array_get(labels, l);
        struct gs_label *to = &model->labels[which][l];
        if (!gs_manifest_name(label, "id", to->id) || !gs_manifest_text(label, "zh", to->zh)) {
            return false;
        }
        for (size_t other = 0; other < l; other++) {
            if (strcmp(model->labels[which][other].id, to->id) == 0) {
                return false;
            }
        }
        if (which == GS_HEAD_SENTIMENT) {
            if (strcmp(to->id, gs_sentiment_name((enum gs_sentiment)l)) != 0) {
                return false;
            }
        } else if (!gs_manifest_number(json_object_get(label, "threshold"), 0.0, 1.0,
                                       &model->thresholds[which][l])) {
            return false;
        }
    }
    model->n_labels[which] = n;
    return true;
}

static enum gs_status read_head(const json_t *heads, size_t which, struct gs_model *model,
                                struct gs_error *err)
{
    const char *name = gs_head_name((enum gs_head)which);
    const json_t *head = json_object_get(heads, name);
    const json_t *temperature = json_object_get(head, "temperature");

    if (!read_labels(head, which, model)) {
        return gs_fail(err, GS_BAD_FORMAT, "heads.%s.labels: wrong, repeated or more than %d", name,
                       GS_MAX_LABELS);
    }
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
        if (!gs_manifest_number(json_object_get(temperature, gs_lang_name((enum gs_lang)lang)),
                                0.01, 100.0, &model->temperature[which][lang])) {
            return gs_fail(err, GS_BAD_FORMAT, "heads.%s.temperature.%s: not in 0.01 to 100", name,
                           gs_lang_name((enum gs_lang)lang));
        }
    }
    if (which == GS_HEAD_SENTIMENT &&
        !gs_manifest_number(json_object_get(head, "margin"), 0.0, 1.0, &model->margin)) {
        return gs_fail(err, GS_BAD_FORMAT, "heads.%s.margin: not in 0 to 1", name);
    }
    return GS_OK;
}

static enum gs_status read_columns(const json_t *profiles, size_t which, struct gs_model *model,
                                   struct gs_error *err)
{
    struct gs_profile *profile = &model->profiles[which];
    const json_t *of = json_object_get(profiles, gs_profile_names[which]);
    const json_t *columns = json_object_get(of, "columns");
    const size_t n = json_array_size(columns);

    if (!json_is_array(columns) || n > GS_MAX_WIDTH) {
        return gs_fail(err, GS_BAD_FORMAT, "profiles.%s.columns: missing or more than %d",
                       gs_profile_names[which], GS_MAX_WIDTH);
    }
    for (size_t c = 0; c < n; c++) {
        const char *name = json_string_value(json_array_get(columns, c));
        if (name == NULL || strlen(name) >= sizeof profile->names[c]) {
            return gs_fail(err, GS_BAD_FORMAT, "profiles.%s.columns: number %zu is not a name",
                           gs_profile_names[which], c);
        }
        memcpy(profile->names[c], name, strlen(name) + 1);
    }
    profile->n_columns = n;
    for (size_t head = 0; head < GS_N_HEADS; head++) { /* optional: models before it have none */
        const json_t *least =
            json_object_get(json_object_get(of, "least_squares"), gs_head_name((enum gs_head)head));
        const json_int_t value = json_integer_value(least);
        if ((least != NULL && !json_is_integer(least)) || value < 0 || value > MAX_LEAST) {
            return gs_fail(err, GS_BAD_FORMAT, "profiles.%s.least_squares: not in 0 to %d",
                           gs_profile_names[which], MAX_LEAST);
        }
        profile->least_squares[head] = (int32_t)value;
    }
    return gs_profile_plan(model, profile, err);
}

static enum gs_status read_identity(const json_t *root, struct gs_model *model,
                                    struct gs_error *err)
{
    const json_t *weights = json_object_get(root, "weights");
    const char *sha256 = json_string_value(json_object_get(weights, "sha256"));
    const char *format = json_string_value(json_object_get(root, "format"));

    if (format == NULL || strcmp(format, "groundswell-ngram") != 0 ||
        json_integer_value(json_object_get(root, "format_version")) != 1) {
        return gs_fail(err, GS_BAD_FORMAT, "format is not \"groundswell-ngram\" version 1");
    }
    if (json_integer_value(json_object_get(root, "features_version")) != GS_FEATURES_VERSION) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "features_version is not %d: the model was trained with other n-grams",
                       GS_FEATURES_VERSION);
    }
    if (!gs_manifest_name(root, "name", model->name) ||
        !gs_manifest_name(root, "version", model->version) ||
        !gs_manifest_name(weights, "file", model->weights_file)) {
        return gs_fail(err, GS_BAD_FORMAT, "name, version or weights.file: not a plain name");
    }
    if (!gs_manifest_chinese(root, &model->simplified)) {
        return gs_fail(err, GS_BAD_FORMAT, "chinese: not \"simplified\" or \"as_written\"");
    }
    if (sha256 == NULL || strlen(sha256) != GS_SHA256_HEX - 1) {
        return gs_fail(err, GS_BAD_FORMAT, "weights.sha256: not 64 hexadecimal digits");
    }
    memcpy(model->sha256, sha256, GS_SHA256_HEX);
    if (!gs_manifest_number(json_object_get(root, "unknown_logit"), -100.0, 0.0,
                            &model->unknown_logit)) {
        return gs_fail(err, GS_BAD_FORMAT, "unknown_logit: not in -100 to 0");
    }
    return GS_OK;
}

enum gs_status gs_manifest_read(const char *path, struct gs_model *model, struct gs_error *err)
{
    struct gs_error why = {0};
    json_t *root = NULL;

    enum gs_status status = gs_manifest_open(path, &root, err);
    if (status != GS_OK) {
        return status;
    }
    status = read_identity(root, model, &why);
    for (size_t head = 0; head < GS_N_HEADS && status == GS_OK; head++) {
        status = read_head(json_object_get(root, "heads"), head, model, &why);
    }
    for (size_t i = 0; i < GS_N_PROFILES && status == GS_OK; i++) {
        status = read_columns(json_object_get(root, "profiles"), i, model, &why);
    }
    json_decref(root);
    return status == GS_OK ? GS_OK : gs_fail(err, status, "%s: %s", path, why.message);
}
