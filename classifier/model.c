#include "classifier/model.h"

#include "classifier/tiers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum gs_status join(const char *dir, const char *file, char *path, size_t size,
                           struct gs_error *err)
{
    const int n = snprintf(path, size, "%s/%s", dir, file);
    return n > 0 && (size_t)n < size ? GS_OK : gs_fail(err, GS_IO, "%s: path too long", dir);
}

/* ---- the fast tier ---- */

static enum gs_status load_fast(const char *dir, struct gs_model *model, struct gs_error *err)
{
    char path[4096];
    enum gs_status status = join(dir, "groundswell.json", path, sizeof path, err);

    if (status == GS_OK) {
        status = gs_manifest_read(path, model, err);
    }
    if (status == GS_OK) {
        status = join(dir, model->weights_file, path, sizeof path, err);
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

/* What config and manifest say of the heads; the encoder is loaded. */
static enum gs_status read_heads(const char *dir, json_t *manifest, bool vectors,
                                 struct gs_model *model, struct gs_error *err)
{
    struct gs_encoder_tier *tier = model->encoder;
    const struct gs_encoder_info *info = gs_encoder_info(tier->encoder);
    struct gs_error why = {0};
    char path[4096];

    if (manifest == NULL) {
        name_by_folder(dir, model);
        (void)snprintf(model->version, sizeof model->version, "%.12s", info->sha256);
        if (vectors) {
            return GS_OK;
        }
        const enum gs_status status = join(dir, "config.json", path, sizeof path, err);
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

static enum gs_status load_encoder(const char *dir, json_t *manifest, size_t max_tokens,
                                   const struct gs_model_choice *choice, struct gs_model *model,
                                   struct gs_error *err)
{
    struct gs_encoder_tier *tier = calloc(1, sizeof *tier);

    model->encoder = tier;
    if (tier == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "encoder");
    }
    enum gs_status status = gs_encoder_load(dir, choice->arithmetic, &tier->encoder, err);
    if (status != GS_OK) {
        return status;
    }
    const struct gs_encoder_info *info = gs_encoder_info(tier->encoder);
    tier->max_tokens = max_tokens > 0 && max_tokens < info->config->max_tokens
                           ? max_tokens
                           : info->config->max_tokens;
    memcpy(model->sha256, info->sha256, sizeof model->sha256);
    status = read_heads(dir, manifest, choice->vectors, model, err);
    for (size_t h = 0; h < GS_N_HEADS && status == GS_OK && choice->tier == GS_MODEL_ENCODER; h++) {
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
    if (choice->tier == GS_MODEL_FAST && said.fast[0] == '\0') {
        return gs_fail(err, GS_BAD_CONFIG, "%s: the folder has no fast tier, only an encoder", dir);
    }
    if (said.fast[0] != '\0' && !choice->vectors) {
        char name[GS_MAX_NAME];
        char version[GS_MAX_NAME];
        memcpy(name, model->name, sizeof name);
        memcpy(version, model->version, sizeof version);
        status = join(dir, said.fast, path, sizeof path, err);
        status = status == GS_OK ? load_fast(path, model, err) : status;
        memcpy(model->name, name, sizeof name);
        memcpy(model->version, version, sizeof version);
    }
    return status == GS_OK && choice->tier != GS_MODEL_FAST
               ? load_encoder(dir, manifest, said.max_tokens, choice, model, err)
               : status;
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
    if (format == NULL || strcmp(format, "groundswell-ngram") != 0) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "%s: format is not \"groundswell-ngram\" or \"groundswell-encoder\"", path);
    }
    if (choice->tier == GS_MODEL_ENCODER || choice->vectors) {
        return gs_fail(err, GS_BAD_CONFIG, "%s: the folder has no encoder, only the fast tier",
                       dir);
    }
    return load_fast(dir, model, err);
}

static enum gs_status load_folder(const char *dir, const struct gs_model_choice *choice,
                                  struct gs_model *model, struct gs_error *err)
{
    char path[4096];
    char config[4096];
    json_t *root = NULL;

    enum gs_status status = join(dir, "groundswell.json", path, sizeof path, err);
    if (status == GS_OK) {
        status = join(dir, "config.json", config, sizeof config, err);
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
    const struct gs_model_choice all = {.tier = GS_MODEL_AUTO, .arithmetic = GS_ARITH_AUTO};

    return gs_model_load_as(dir, &all, ret, err);
}

void gs_model_free(struct gs_model *model)
{
    if (model == NULL) {
        return;
    }
    for (size_t i = 0; i < GS_N_PROFILES; i++) {
        free(model->profiles[i].keys);
        free(model->profiles[i].rows);
        free(model->profiles[i].slots);
    }
    gs_encoder_tier_free(model->encoder);
    free(model);
}

/* ---- what is told of it ---- */

static void seal_encoder(struct gs_model *model)
{
    struct gs_model_info *info = &model->info;
    const struct gs_encoder_info *encoder = gs_encoder_info(model->encoder->encoder);

    info->encodes = true;
    info->max_tokens = model->encoder->max_tokens;
    info->n_logits = encoder->n_logits;
    info->hidden = encoder->config->hidden;
    info->encoder = encoder;
    info->memory_bytes += encoder->memory_bytes + sizeof *model->encoder;
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        const struct gs_encoder_head *of = &model->encoder->heads[head];
        if (of->n_labels == 0) {
            continue;
        }
        info->of_encoder[head] = true;
        info->single[head] = of->single;
        for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
            info->cascades |= of->gate[lang] <= 1.0F;
        }
        if (head != GS_HEAD_SENTIMENT) {
            info->thresholds[head] = of->thresholds;
        }
    }
}

void gs_model_seal(struct gs_model *model)
{
    model->kernel = gs_row_kernel_pick();
    model->fast = model->fast || model->encoder == NULL;
    model->info = (struct gs_model_info){
        .name = model->name,
        .version = model->version,
        .sha256 = model->sha256,
        .fast = model->fast,
        .memory_bytes = sizeof *model,
    };
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        for (size_t l = 0; l < model->n_labels[head]; l++) {
            model->label_ids[head][l] = model->labels[head][l].id;
            model->label_names[head][l] = model->labels[head][l].zh;
        }
        model->info.n_labels[head] = model->n_labels[head];
        model->info.labels[head] = model->label_ids[head];
        model->info.labels_zh[head] = model->label_names[head];
        model->info.thresholds[head] = head == GS_HEAD_SENTIMENT ? NULL : model->thresholds[head];
    }
    for (size_t i = 0; i < GS_N_PROFILES; i++) {
        const struct gs_profile *p = &model->profiles[i];
        model->info.memory_bytes +=
            p->n_rows * (p->width + sizeof *p->keys) + (p->slot_mask + 1) * sizeof *p->slots;
    }
    if (model->encoder != NULL) {
        seal_encoder(model);
    }
}

const struct gs_model_info *gs_model_info(const struct gs_model *model)
{
    return &model->info;
}

/* ---- workspaces ---- */

enum gs_status gs_model_work_new_for(const struct gs_model *model, size_t max_tokens,
                                     size_t max_messages, struct gs_model_work **ret,
                                     struct gs_error *err)
{
    size_t most = 0;
    for (size_t i = 0; i < GS_N_PROFILES; i++) {
        most = model->profiles[i].n_rows > most ? model->profiles[i].n_rows : most;
    }
    struct gs_model_work *work = calloc(1, sizeof *work);
    if (work == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "model workspace");
    }
    work->rows = malloc((most + 1) * sizeof *work->rows);
    work->seen = calloc(most + 1, sizeof *work->seen);
    work->counts = calloc(most + 1, sizeof *work->counts);
    enum gs_status status = work->rows == NULL || work->seen == NULL || work->counts == NULL
                                ? gs_fail(err, GS_NO_MEMORY, "model workspace of %zu rows", most)
                                : GS_OK;
    if (status == GS_OK && model->encoder != NULL) {
        status = gs_encoder_room_new(model->encoder, max_tokens, max_messages, &work->encoder, err);
    }
    if (status != GS_OK) {
        gs_model_work_free(work);
        return status;
    }
    *ret = work;
    return GS_OK;
}

enum gs_status gs_model_work_new(const struct gs_model *model, struct gs_model_work **ret,
                                 struct gs_error *err)
{
    return gs_model_work_new_for(model, 0, 1, ret, err);
}

void gs_model_work_free(struct gs_model_work *work)
{
    if (work != NULL) {
        gs_encoder_room_free(work->encoder);
        free(work->rows);
        free(work->seen);
        free(work->counts);
        free(work);
    }
}
