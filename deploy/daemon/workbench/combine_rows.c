/* Runs both tiers over labelled lines. The fast tier answers at once; an encoder's batcher answers
 * later and in order, so a line's row is made first and its encoder's logits are put into it when
 * they come. Texts live in an arena until then. */
#include "deploy/daemon/workbench/combine_rows.h"

#include "classifier/cascade.h"
#include "deploy/daemon/inference/batcher.h"
#include "deploy/daemon/workbench/label_space.h"
#include "ingest/base/arena.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ARENA = 1 << 28, MAX_ROWS = 1 << 20 };

/* ---- the tiers ---- */

/* The place of a label among others; n: it is not there. */
static size_t place(const char *const *labels, size_t n, const char *label)
{
    size_t l = 0;
    while (l < n && strcmp(labels[l], label) != 0) {
        l++;
    }
    return l;
}

/* Whether every label of the encoder is one of the fast tier's. */
static enum gs_status check_labels(const char *dir, const struct gs_model_info *encoder,
                                   const struct gs_model_info *fast, struct gs_error *err)
{
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        const char *name = gs_head_name((enum gs_head)h);
        if (h != GS_HEAD_SENTIMENT && encoder->n_labels[h] > 0 && encoder->single[h]) {
            return gs_fail(err, GS_BAD_FORMAT,
                           "%s: its %s are one at a time, which cannot be added to the fast tier's",
                           dir, name);
        }
        for (size_t l = 0; l < encoder->n_labels[h]; l++) {
            if (place(fast->labels[h], fast->n_labels[h], encoder->labels[h][l]) ==
                fast->n_labels[h]) {
                return gs_fail(err, GS_BAD_FORMAT,
                               "%s: its label \"%s\" of %s is none of the fast tier's", dir,
                               encoder->labels[h][l], name);
            }
        }
    }
    return GS_OK;
}

static enum gs_status load_encoder(struct gs_combine_tiers *tiers, size_t lang,
                                   const struct gs_model_choice *choice, struct gs_error *err)
{
    const char *dir = tiers->encoder_dirs[lang];
    for (size_t other = 0; other < lang; other++) {
        if (tiers->encoder_dirs[other] != NULL && strcmp(tiers->encoder_dirs[other], dir) == 0) {
            tiers->encoders[lang] = gs_model_folder_take(tiers->encoders[other]);
            return GS_OK;
        }
    }
    const enum gs_status status = gs_model_folder_load(dir, choice, &tiers->encoders[lang], err);
    if (status != GS_OK) {
        return status;
    }
    const struct gs_model_info *info = gs_model_info(tiers->encoders[lang]->model);
    if (!info->encodes || info->fast) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: %s", dir,
                       info->encodes ? "it has a fast tier of its own" : "it has no encoder");
    }
    return check_labels(dir, info, gs_model_info(tiers->fast->model), err);
}

enum gs_status gs_combine_tiers_load(struct gs_combine_tiers *tiers, enum gs_arithmetic arithmetic,
                                     struct gs_error *err)
{
    const struct gs_model_choice choice = {.arithmetic = arithmetic};
    enum gs_status status = gs_model_folder_load(tiers->fast_dir, &choice, &tiers->fast, err);

    if (status != GS_OK) {
        return status;
    }
    const struct gs_model_info *info = gs_model_info(tiers->fast->model);
    if (!info->fast || info->encodes) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: it is not a fast tier alone", tiers->fast_dir);
    }
    if (info->n_labels[GS_HEAD_SENTIMENT] == 0) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: the fast tier has no sentiment", tiers->fast_dir);
    }
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS && status == GS_OK; lang++) {
        if (tiers->encoder_dirs[lang] != NULL) {
            status = load_encoder(tiers, lang, &choice, err);
        }
    }
    return status;
}

void gs_combine_tiers_done(struct gs_combine_tiers *tiers)
{
    gs_model_folder_drop(tiers->fast);
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
        gs_model_folder_drop(tiers->encoders[lang]);
    }
    *tiers = (struct gs_combine_tiers){.fast_dir = NULL};
}

/* ---- rows ---- */

struct reader {
    const struct gs_combine_tiers *tiers;
    struct gs_combine_rows *rows;
    struct gs_label_space space;
    struct gs_featuriser *featuriser;
    struct gs_model_workspace *work; /* of the fast tier */
    struct gs_batcher *batchers[GS_N_MODEL_LANGS];
    struct gs_arena *arena; /* texts that wait for an encoder */
    bool entities;
    size_t n_unknown;
};

static enum gs_status room_for_one(struct gs_combine_rows *rows, struct gs_error *err)
{
    if (rows->n < rows->max) {
        return GS_OK;
    }
    const size_t max = rows->max == 0 ? 1024 : 2 * rows->max;
    const size_t size = max * rows->n_out * sizeof(float);
    if (max > MAX_ROWS) {
        return gs_fail(err, GS_NO_MEMORY, "more than %d lines", MAX_ROWS);
    }
    struct gs_combine_row *more = realloc(rows->rows, max * sizeof *more);
    rows->rows = more != NULL ? more : rows->rows;
    float *fast = realloc(rows->fast, size);
    rows->fast = fast != NULL ? fast : rows->fast;
    float *encoder = realloc(rows->encoder, size);
    rows->encoder = encoder != NULL ? encoder : rows->encoder;
    if (more == NULL || fast == NULL || encoder == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%zu lines", max);
    }
    rows->max = max;
    return GS_OK;
}

/* The fast tier's answer to the newest row. */
static void ask_fast(struct reader *r, const struct gs_features *features)
{
    const struct gs_model *model = r->tiers->fast->model;
    const struct gs_model_info *info = gs_model_info(model);
    struct gs_combine_row *row = &r->rows->rows[r->rows->n];
    float *to = r->rows->fast + r->rows->n * r->rows->n_out;
    struct gs_prediction prediction;

    gs_model_predict(model, r->work, features->hashes, features->n, features->lang, &prediction);
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        for (size_t l = 0; l < info->n_labels[h]; l++) {
            *to++ = r->entities ? 0.0F : prediction.logits[h][l];
        }
        row->sureness[h] = h == GS_HEAD_SENTIMENT && prediction.no_sentiment
                               ? -1.0F
                               : gs_cascade_sureness(model, &prediction, (enum gs_head)h);
    }
}

/* An encoder's answer into the row that it belongs to. */
static void put_answer(struct reader *r, size_t lang, const struct gs_reply *reply)
{
    const struct gs_model_info *fast = gs_model_info(r->tiers->fast->model);
    const struct gs_model_info *info = gs_model_info(r->tiers->encoders[lang]->model);
    float *to = r->rows->encoder + *(const size_t *)reply->item * r->rows->n_out;

    for (size_t h = 0; h < GS_N_HEADS; h++) {
        for (size_t l = 0; l < fast->n_labels[h]; l++, to++) {
            const size_t k = place(info->labels[h], info->n_labels[h], fast->labels[h][l]);
            const bool has = k < info->n_labels[h];
            const float *thresholds = reply->prediction->thresholds[h];
            *to = has ? reply->prediction->logits[h][k] : NAN;
            r->rows->thresholds[lang][h][l] = has && thresholds != NULL ? thresholds[k] : 0.5F;
        }
    }
}

static void take_answers(struct reader *r)
{
    struct gs_reply reply;
    size_t waiting = 0;
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
        while (r->batchers[lang] != NULL && gs_batcher_next(r->batchers[lang], &reply)) {
            put_answer(r, lang, &reply);
        }
        waiting += r->batchers[lang] != NULL ? gs_batcher_waiting(r->batchers[lang]) : 0;
    }
    if (waiting == 0) {
        gs_arena_reset(r->arena);
    }
}

static enum gs_status ask_encoder(struct reader *r, const struct gs_features *features,
                                  struct gs_error *err)
{
    size_t *row = gs_arena_alloc(r->arena, sizeof *row);
    const struct gs_str text = gs_arena_copy(r->arena, features->text);

    if (row == NULL || text.bytes == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "texts that wait for an encoder");
    }
    *row = r->rows->n;
    const struct gs_request request = {
        .text = text, .lang = features->lang, .age_ms = -1, .item = row};
    return gs_batcher_add(r->batchers[features->lang], &request, err);
}

/* What is true of the line into the newest row; false: nothing that can be used. */
static bool read_truth(struct reader *r, const struct gs_labelled *line, size_t lang)
{
    const struct gs_model_info *info = gs_model_info(r->tiers->fast->model);
    struct gs_combine_row *row = &r->rows->rows[r->rows->n];

    *row = (struct gs_combine_row){
        .lang = (uint8_t)lang, .sentiment = (int8_t)line->sentiment, .binary = line->binary};
    for (size_t h = GS_HEAD_TOPICS; h < GS_N_HEADS && !r->entities; h++) {
        if (info->n_labels[h] > 0) {
            const struct gs_line_labels labels =
                gs_label_space_add(&r->space, info, (enum gs_head)h, line, &r->n_unknown);
            row->has[h] = labels.has;
            row->labels[h] = labels.labels;
        }
    }
    return row->sentiment >= 0 || row->has[GS_HEAD_TOPICS] || row->has[GS_HEAD_RISKS];
}

static enum gs_status add_line(void *arg, const struct gs_labelled *line, struct gs_error *err)
{
    struct reader *r = arg;
    struct gs_features features;
    enum gs_status status =
        gs_featuriser_run(r->featuriser, line->title, line->text, &features, err);

    if (status != GS_OK) {
        return status;
    }
    status = room_for_one(r->rows, err);
    if (status != GS_OK || !read_truth(r, line, features.lang)) {
        return status;
    }
    ask_fast(r, &features);
    float *encoder = r->rows->encoder + r->rows->n * r->rows->n_out;
    for (size_t k = 0; k < r->rows->n_out; k++) {
        encoder[k] = NAN;
    }
    if (features.text.len > 0 && r->batchers[features.lang] != NULL) {
        status = ask_encoder(r, &features, err);
    }
    r->rows->n++;
    take_answers(r);
    return status;
}

static enum gs_status open_reader(struct reader *r, struct gs_error *err)
{
    const struct gs_model_info *info = gs_model_info(r->tiers->fast->model);
    const struct gs_batcher_options options = {.max_tokens = 0};
    enum gs_status status = gs_featuriser_new(info->simplified, &r->featuriser, err);

    if (status == GS_OK) {
        status = gs_arena_new(MAX_ARENA, &r->arena, err);
    }
    if (status == GS_OK) {
        status = gs_model_workspace_new(r->tiers->fast->model, &r->work, err);
    }
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS && status == GS_OK; lang++) {
        if (r->tiers->encoders[lang] != NULL) {
            status = gs_batcher_new(r->tiers->encoders[lang], &options, &r->batchers[lang], err);
        }
    }
    return status;
}

/* The file's end: every answer is there, and it is known which labels its lines know. */
static enum gs_status end_file(struct reader *r, size_t first, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS && status == GS_OK; lang++) {
        if (r->batchers[lang] != NULL) {
            status = gs_batcher_flush(r->batchers[lang], err);
            take_answers(r);
        }
    }
    for (size_t i = first; i < r->rows->n && status == GS_OK; i++) {
        for (size_t h = GS_HEAD_TOPICS; h < GS_N_HEADS; h++) {
            r->rows->rows[i].knows[h] = gs_label_space_of(&r->space, (enum gs_head)h);
        }
    }
    return status;
}

enum gs_status gs_combine_rows_read(const char *spec, const struct gs_combine_tiers *tiers,
                                    bool entities, struct gs_refusals *refusals,
                                    struct gs_combine_rows *rows, struct gs_error *err)
{
    const struct gs_model_info *info = gs_model_info(tiers->fast->model);
    const size_t first = rows->n;
    struct reader r = {.tiers = tiers, .rows = rows, .entities = entities};

    rows->n_out = 0;
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        rows->n_out += info->n_labels[h];
    }
    assert(rows->n_out > 0); /* a fast tier has a sentiment */
    enum gs_status status = gs_label_space_read(spec, info, &r.space, err);
    if (status == GS_OK) {
        status = open_reader(&r, err);
    }
    if (status == GS_OK) {
        status = gs_labelled_each(r.space.path, refusals, add_line, &r, err);
    }
    if (status == GS_OK) {
        status = end_file(&r, first, err);
    }
    gs_featuriser_free(r.featuriser);
    gs_model_workspace_free(r.work);
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
        gs_batcher_free(r.batchers[lang]);
    }
    gs_arena_free(r.arena);
    return status;
}

struct gs_combine_data gs_combine_rows_data(const struct gs_combine_rows *rows,
                                            const struct gs_combine_tiers *tiers)
{
    const struct gs_model_info *info = gs_model_info(tiers->fast->model);
    struct gs_combine_data ret = {
        .rows = rows->rows, .n = rows->n, .fast = rows->fast, .encoder = rows->encoder};

    for (size_t h = 0; h < GS_N_HEADS; h++) {
        ret.n_labels[h] = info->n_labels[h];
        ret.fast_thresholds[h] = info->thresholds[h];
        for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
            ret.encodes[lang] = tiers->encoders[lang] != NULL;
            ret.encoder_thresholds[lang][h] = rows->thresholds[lang][h];
        }
    }
    return ret;
}

void gs_combine_rows_done(struct gs_combine_rows *rows)
{
    free(rows->rows);
    free(rows->fast);
    free(rows->encoder);
    *rows = (struct gs_combine_rows){.rows = NULL};
}
