#include "classifier/model.h"

#include "classifier/ngram/linear.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum gs_status join(const char *dir, const char *file, char *path, size_t size,
                           struct gs_error *err)
{
    const int n = snprintf(path, size, "%s/%s", dir, file);
    return n > 0 && (size_t)n < size ? GS_OK : gs_fail(err, GS_IO, "%s: path too long", dir);
}

enum gs_status gs_model_load(const char *dir, struct gs_model **ret, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    char path[4096];

    struct gs_model *model = calloc(1, sizeof *model);
    if (model == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "model");
    }
    status = join(dir, "groundswell.json", path, sizeof path, err);
    if (status == GS_OK) {
        status = gs_manifest_read(path, model, err);
    }
    if (status == GS_OK) {
        status = join(dir, model->weights_file, path, sizeof path, err);
    }
    if (status == GS_OK) {
        status = gs_weights_read(path, model, err);
    }
    if (status != GS_OK) {
        goto done;
    }
    gs_model_seal(model);
    *ret = model;
    model = NULL;

done:
    gs_model_free(model);
    return status;
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
    free(model);
}

void gs_model_seal(struct gs_model *model)
{
    model->kernel = gs_row_kernel_pick();
    model->info = (struct gs_model_info){
        .name = model->name,
        .version = model->version,
        .sha256 = model->sha256,
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
}

const struct gs_model_info *gs_model_info(const struct gs_model *model)
{
    return &model->info;
}

enum gs_status gs_model_work_new(const struct gs_model *model, struct gs_model_work **ret,
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
    if (work->rows == NULL || work->seen == NULL || work->counts == NULL) {
        gs_model_work_free(work);
        return gs_fail(err, GS_NO_MEMORY, "model workspace of %zu rows", most);
    }
    *ret = work;
    return GS_OK;
}

void gs_model_work_free(struct gs_model_work *work)
{
    if (work != NULL) {
        free(work->rows);
        free(work->seen);
        free(work->counts);
        free(work);
    }
}
