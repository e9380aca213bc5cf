/* A model that is loaded: what is told of it, the workspaces of threads that ask it, and its end. */
#include "classifier/combined.h"
#include "classifier/model_internal.h"

#include <stdlib.h>

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
    for (size_t i = 0; i < model->n_encoders; i++) {
        gs_encoder_tier_free(model->encoders[i]);
    }
    free(model->combination);
    free(model);
}

/* ---- what is told of it ---- */

static void seal_encoder(const struct gs_encoder_tier *tier, struct gs_model_info *info)
{
    const struct gs_encoder_info *encoder = gs_encoder_info(tier->encoder);
    struct gs_model_encoder *ret = &info->encoders[info->n_encoders++];

    *ret = (struct gs_model_encoder){.folder = tier->folder,
                                     .max_tokens = tier->max_tokens,
                                     .n_logits = encoder->n_logits,
                                     .hidden = encoder->config->hidden,
                                     .simplified = tier->simplified,
                                     .info = encoder};
    info->max_tokens = ret->max_tokens > info->max_tokens ? ret->max_tokens : info->max_tokens;
    info->n_logits = ret->n_logits > info->n_logits ? ret->n_logits : info->n_logits;
    info->memory_bytes += encoder->memory_bytes + sizeof *tier;
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        const struct gs_encoder_head *of = &tier->heads[head];
        if (of->n_labels == 0) {
            continue;
        }
        ret->answers[head] = true;
        info->of_encoder[head] = true;
        info->single[head] = of->single;
        for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
            info->cascades |= of->gate[lang] <= 1.0F;
        }
    }
}

void gs_model_seal(struct gs_model *model)
{
    model->kernel = gs_row_kernel_pick();
    model->fast = model->fast || model->n_encoders == 0;
    model->info = (struct gs_model_info){
        .name = model->name,
        .version = model->version,
        .sha256 = model->sha256,
        .fast = model->fast,
        .encodes = model->n_encoders > 0,
        .combined = model->combination != NULL,
        .simplified = model->simplified,
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
    for (size_t i = 0; i < model->n_encoders; i++) {
        seal_encoder(model->encoders[i], &model->info);
    }
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
        const size_t at = model->encoder_of[lang];
        model->info.encoder_of[lang] = at < model->n_encoders ? at : model->n_encoders;
    }
    if (model->combination != NULL) {
        model->info.memory_bytes += sizeof *model->combination;
        if (model->combination->marks_entities) {
            model->info.open = model->combination->open;
            model->info.close = model->combination->close;
        }
    }
}

const struct gs_model_info *gs_model_info(const struct gs_model *model)
{
    return &model->info;
}

/* ---- workspaces ---- */

enum gs_status gs_model_workspace_new_for(const struct gs_model *model, size_t max_tokens,
                                          size_t max_messages, struct gs_model_workspace **ret,
                                          struct gs_error *err)
{
    size_t most = 0;
    for (size_t i = 0; i < GS_N_PROFILES; i++) {
        most = model->profiles[i].n_rows > most ? model->profiles[i].n_rows : most;
    }
    struct gs_model_workspace *work = calloc(1, sizeof *work);
    if (work == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "model workspace");
    }
    work->rows = malloc((most + 1) * sizeof *work->rows);
    work->seen = calloc(most + 1, sizeof *work->seen);
    work->counts = calloc(most + 1, sizeof *work->counts);
    enum gs_status status = work->rows == NULL || work->seen == NULL || work->counts == NULL
                                ? gs_fail(err, GS_NO_MEMORY, "model workspace of %zu rows", most)
                                : GS_OK;
    if (status == GS_OK && model->n_encoders > 0) {
        status = gs_encoders_workspace_new(model, max_tokens, max_messages, &work->encoder, err);
    }
    if (status != GS_OK) {
        gs_model_workspace_free(work);
        return status;
    }
    *ret = work;
    return GS_OK;
}

enum gs_status gs_model_workspace_new(const struct gs_model *model, struct gs_model_workspace **ret,
                                      struct gs_error *err)
{
    return gs_model_workspace_new_for(model, 0, 1, ret, err);
}

void gs_model_workspace_free(struct gs_model_workspace *work)
{
    if (work != NULL) {
        gs_encoders_workspace_free(work->encoder);
        free(work->rows);
        free(work->seen);
        free(work->counts);
        free(work);
    }
}
