/* Loads a model folder and the subfolders it names. There are four kinds of folder (model.h); all of
 * them end as one struct gs_model whose heads are answered by the fast tier, an encoder, or both.
 * What the manifest says is checked against the weights before anything is kept. */
#include "classifier/model.h"

#include "classifier/combined.h"
#include "classifier/model_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum gs_status gs_model_path(const char *dir, const char *file, char *path, size_t size,
                             struct gs_error *err)
{
    const int n = snprintf(path, size, "%s/%s", dir, file);
    return n > 0 && (size_t)n < size ? GS_OK : gs_fail(err, GS_IO, "%s: path too long", dir);
}

/* ---- the fast tier ---- */

enum gs_status gs_fast_tier_load(const char *dir, struct gs_model *model, struct gs_error *err)
{
    char path[4096];
    enum gs_status status = gs_model_path(dir, "groundswell.json", path, sizeof path, err);

    if (status == GS_OK) {
        status = gs_manifest_read(path, model, err);
    }
    if (status == GS_OK) {
        status = gs_model_path(dir, model->weights_file, path, sizeof path, err);
    }
    if (status == GS_OK) {
        status = gs_weights_read(path, model, err);
    }
    model->fast = status == GS_OK;
    return status;
}

/* ---- an encoder folder ---- */

/* The folder's own name, for a model that says none. */
static void name_by_folder(const char *dir, struct gs_model *model)
{
    size_t end = strlen(dir);
    while (end > 0 && (dir[end - 1] == '/' || dir[end - 1] == '.')) {
        end--;
    }
    size_t start = end;
    while (start > 0 && dir[start - 1] != '/') {
        start--;
    }
    size_t n = 0;
    for (size_t i = start; i < end && n + 1 < GS_MAX_NAME; i++) {
        const unsigned char byte = (unsigned char)dir[i];
        const char shown[] = {'_', dir[i]};
        model->name[n++] = shown[byte > ' ' && byte < 0x7F];
    }
    (void)snprintf(model->name + n, GS_MAX_NAME - n, "%s", n == 0 ? "encoder" : "");
}

/* Takes over what config and manifest say of the heads; the encoder is loaded. */
static enum gs_status read_heads(const char *dir, json_t *manifest, bool vectors,
                                 struct gs_model *model, struct gs_error *err)
{
    struct gs_encoder_tier *tier = model->encoders[0];
    const struct gs_encoder_info *info = gs_encoder_info(tier->encoder);
    struct gs_error why = {0};
    char path[4096];

    if (manifest == NULL) {
        name_by_folder(dir, model);
        (void)snprintf(model->version, sizeof model->version, "%.12s", info->sha256);
        if (vectors) {
            return GS_OK;
        }
        const enum gs_status status = gs_model_path(dir, "config.json", path, sizeof path, err);
        return status == GS_OK ? gs_labels_adopt(info->config, path, model, tier->heads, err)
                               : status;
    }
    if (vectors) {
        return GS_OK;
    }
    const enum gs_status status =
        gs_encoder_heads_read(manifest, info->config, model, tier->heads, &why);
    return status == GS_OK ? GS_OK
                           : gs_fail(err, status, "%s/groundswell.json: %s", dir, why.message);
}

static enum gs_status load_encoder(const char *dir, json_t *manifest,
                                   const struct gs_encoder_manifest *said,
                                   const struct gs_model_choice *choice, struct gs_model *model,
                                   struct gs_error *err)
{
    struct gs_encoder_tier *tier = calloc(1, sizeof *tier);

    if (tier == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "encoder");
    }
    model->encoders[0] = tier;
    model->n_encoders = 1;
    enum gs_status status = gs_encoder_load(dir, choice->arithmetic, &tier->encoder, err);
    if (status != GS_OK) {
        return status;
    }
    const struct gs_encoder_info *info = gs_encoder_info(tier->encoder);
    tier->simplified = said->simplified;
    tier->max_tokens = said->max_tokens > 0 && said->max_tokens < info->config->max_tokens
                           ? said->max_tokens
                           : info->config->max_tokens;
    memcpy(model->sha256, info->sha256, sizeof model->sha256);
    status = read_heads(dir, manifest, choice->vectors, model, err);
    for (size_t h = 0; h < GS_N_HEADS && status == GS_OK && choice->tier == GS_TIER_ENCODER; h++) {
        for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
            tier->heads[h].gate[lang] = GS_NO_GATE;
        }
    }
    return status;
}

/* manifest NULL: a published folder. */
static enum gs_status load_tiers(const char *dir, json_t *manifest,
                                 const struct gs_model_choice *choice, struct gs_model *model,
                                 struct gs_error *err)
{
    struct gs_encoder_manifest said = {.max_tokens = 0};
    struct gs_error why = {0};
    char path[4096];
    enum gs_status status = GS_OK;

    if (manifest != NULL &&
        (status = gs_encoder_manifest_read(manifest, model, &said, &why)) != GS_OK) {
        return gs_fail(err, status, "%s/groundswell.json: %s", dir, why.message);
    }
    if (choice->tier == GS_TIER_FAST && said.fast[0] == '\0') {
        return gs_fail(err, GS_BAD_CONFIG, "%s: the folder has no fast tier, only an encoder", dir);
    }
    if (said.fast[0] != '\0' && !choice->vectors) {
        char name[GS_MAX_NAME];
        char version[GS_MAX_NAME];
        memcpy(name, model->name, sizeof name);
        memcpy(version, model->version, sizeof version);
        status = gs_model_path(dir, said.fast, path, sizeof path, err);
        status = status == GS_OK ? gs_fast_tier_load(path, model, err) : status;
        memcpy(model->name, name, sizeof name);
        memcpy(model->version, version, sizeof version);
    }
    return status == GS_OK && choice->tier != GS_TIER_FAST
               ? load_encoder(dir, manifest, &said, choice, model, err)
               : status;
}

/* The format is looked at first, so that a folder that leads back to itself is not followed. */
enum gs_status gs_encoder_tier_load(const char *dir, const struct gs_model_choice *choice,
                                    struct gs_model *model, struct gs_error *err)
{
    char path[4096];
    json_t *root = NULL;
    enum gs_status status = gs_model_path(dir, "groundswell.json", path, sizeof path, err);

    if (status == GS_OK) {
        status = gs_manifest_open(path, &root, err);
    }
    if (status != GS_OK) {
        return status;
    }
    const char *format = json_string_value(json_object_get(root, "format"));
    if (format == NULL || strcmp(format, "groundswell-encoder") != 0) {
        status = gs_fail(err, GS_BAD_FORMAT, "%s: format is not \"groundswell-encoder\"", path);
    } else if (json_object_get(root, "fast") != NULL) {
        status = gs_fail(err, GS_BAD_FORMAT, "%s: it has a fast tier of its own", path);
    } else {
        status = load_tiers(dir, root, choice, model, err);
    }
    json_decref(root);
    return status;
}

/* ---- any folder ---- */

static enum gs_status load_by_format(const char *dir, const char *path, json_t *root,
                                     const struct gs_model_choice *choice, struct gs_model *model,
                                     struct gs_error *err)
{
    const char *format = json_string_value(json_object_get(root, "format"));

    if (format != NULL && strcmp(format, "groundswell-encoder") == 0) {
        return load_tiers(dir, root, choice, model, err);
    }
    if (format != NULL && strcmp(format, "groundswell-combined") == 0) {
        return gs_combined_load(dir, root, choice, model, err);
    }
    if (format == NULL || strcmp(format, "groundswell-ngram") != 0) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "%s: format is not \"groundswell-ngram\", \"groundswell-encoder\" or "
                       "\"groundswell-combined\"",
                       path);
    }
    if (choice->tier == GS_TIER_ENCODER || choice->vectors) {
        return gs_fail(err, GS_BAD_CONFIG, "%s: the folder has no encoder, only the fast tier",
                       dir);
    }
    return gs_fast_tier_load(dir, model, err);
}

static enum gs_status load_folder(const char *dir, const struct gs_model_choice *choice,
                                  struct gs_model *model, struct gs_error *err)
{
    char path[4096];
    char config[4096];
    json_t *root = NULL;

    enum gs_status status = gs_model_path(dir, "groundswell.json", path, sizeof path, err);
    if (status == GS_OK) {
        status = gs_model_path(dir, "config.json", config, sizeof config, err);
    }
    if (status != GS_OK) {
        return status;
    }
    if (access(path, F_OK) != 0) {
        return access(config, F_OK) == 0
                   ? load_tiers(dir, NULL, choice, model, err)
                   : gs_fail(err, GS_IO,
                             "%s: cannot be read, and there is no config.json beside it: no model "
                             "folder",
                             path);
    }
    status = gs_manifest_open(path, &root, err);
    if (status == GS_OK) {
        status = load_by_format(dir, path, root, choice, model, err);
    }
    json_decref(root);
    return status;
}

enum gs_status gs_model_load_as(const char *dir, const struct gs_model_choice *choice,
                                struct gs_model **ret, struct gs_error *err)
{
    struct gs_model *model = calloc(1, sizeof *model);

    if (model == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "model");
    }
    const enum gs_status status = load_folder(dir, choice, model, err);
    if (status == GS_OK) {
        gs_model_seal(model);
        *ret = model;
        model = NULL;
    }
    gs_model_free(model);
    return status;
}

enum gs_status gs_model_load(const char *dir, struct gs_model **ret, struct gs_error *err)
{
    const struct gs_model_choice all = {.tier = GS_TIER_AUTO, .arithmetic = GS_ARITH_AUTO};

    return gs_model_load_as(dir, &all, ret, err);
}

enum gs_status gs_model_reads_simplified(const char *dir, bool *ret, struct gs_error *err)
{
    struct gs_encoder_manifest said = {.simplified = false};
    struct gs_error why = {0};
    struct gs_model *ignored = NULL;
    json_t *root = NULL;
    char path[4096];

    *ret = false;
    enum gs_status status = gs_model_path(dir, "groundswell.json", path, sizeof path, err);
    if (status != GS_OK || access(path, F_OK) != 0) {
        return status;
    }
    status = gs_manifest_open(path, &root, err);
    const char *format = json_string_value(json_object_get(root, "format"));
    if (status == GS_OK && format != NULL && strcmp(format, "groundswell-combined") == 0) {
        status =
            gs_fail(err, GS_BAD_FORMAT,
                    "%s: a combined folder has several encoders: name the subfolder of one", dir);
        goto done;
    }
    if (status != GS_OK || format == NULL || strcmp(format, "groundswell-encoder") != 0) {
        goto done;
    }
    ignored = calloc(1, sizeof *ignored);
    if (ignored == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "model");
        goto done;
    }
    status = gs_encoder_manifest_read(root, ignored, &said, &why);
    if (status != GS_OK) {
        (void)gs_fail(err, status, "%s: %s", path, why.message);
    }
    *ret = said.simplified;

done:
    free(ignored);
    json_decref(root);
    return status;
}
