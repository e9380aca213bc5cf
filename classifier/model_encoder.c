/* Asking the encoder: packs that fit the workspace in, logits out, labels made of them. */
#include "classifier/tiers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void gs_encoder_tier_free(struct gs_encoder_tier *tier)
{
    if (tier != NULL) {
        gs_encoder_free(tier->encoder);
        free(tier);
    }
}

enum gs_status gs_encoder_room_new(const struct gs_encoder_tier *tier, size_t max_tokens,
                                   size_t max_messages, struct gs_encoder_room **ret,
                                   struct gs_error *err)
{
    const struct gs_encoder_info *info = gs_encoder_info(tier->encoder);
    const size_t longest = info->config->max_tokens;
    struct gs_encoder_room *room = calloc(1, sizeof *room);

    if (room == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "encoder workspace");
    }
    room->max_tokens = max_tokens > longest ? max_tokens : longest;
    room->max_messages = max_messages > 0 ? max_messages : 1;
    room->ids = malloc(room->max_tokens * sizeof *room->ids);
    room->starts = malloc((room->max_messages + 1) * sizeof *room->starts);
    room->logits = malloc((room->max_messages * info->n_logits + 1) * sizeof *room->logits);
    enum gs_status status =
        room->ids == NULL || room->starts == NULL || room->logits == NULL
            ? gs_fail(err, GS_NO_MEMORY, "packs of %zu tokens", room->max_tokens)
            : gs_encoder_work_new(tier->encoder, room->max_tokens, room->max_messages, &room->work,
                                  err);
    if (status != GS_OK) {
        gs_encoder_room_free(room);
        return status;
    }
    *ret = room;
    return GS_OK;
}

void gs_encoder_room_free(struct gs_encoder_room *room)
{
    if (room != NULL) {
        gs_encoder_work_free(room->work);
        free(room->ids);
        free(room->starts);
        free(room->logits);
        free(room);
    }
}

/* Puts as many of the inputs into a pack as there is room for; at least one. */
static enum gs_status fill(struct gs_encoder_room *room, const struct gs_model_input *inputs,
                           size_t n, struct gs_encoder_batch *ret, struct gs_error *err)
{
    size_t at = 0;
    size_t i = 0;

    for (; i < n && i < room->max_messages && inputs[i].n <= room->max_tokens - at; i++) {
        room->starts[i] = at;
        memcpy(room->ids + at, inputs[i].ids, inputs[i].n * sizeof *room->ids);
        at += inputs[i].n;
    }
    if (i == 0) {
        return gs_fail(err, GS_BAD_FORMAT, "a message of %zu tokens: the encoder reads %zu",
                       inputs[0].n, room->max_tokens);
    }
    room->starts[i] = at;
    *ret = (struct gs_encoder_batch){.ids = room->ids, .starts = room->starts, .n = i};
    return GS_OK;
}

/* One of pooled and logits is NULL. */
static enum gs_status run(const struct gs_model *model, struct gs_model_work *work,
                          const struct gs_model_input *inputs, size_t n, float *pooled,
                          float *logits, struct gs_error *err)
{
    const struct gs_encoder_info *info = gs_encoder_info(model->encoder->encoder);
    enum gs_status status = GS_OK;

    for (size_t done = 0; done < n && status == GS_OK;) {
        struct gs_encoder_batch batch = {.n = 0};
        status = fill(work->encoder, inputs + done, n - done, &batch, err);
        if (status == GS_OK) {
            status = gs_encoder_run(model->encoder->encoder, work->encoder->work, &batch,
                                    pooled == NULL ? NULL : pooled + done * info->config->hidden,
                                    logits == NULL ? NULL : logits + done * info->n_logits, err);
            done += batch.n;
        }
    }
    return status;
}

enum gs_status gs_model_logits(const struct gs_model *model, struct gs_model_work *work,
                               const struct gs_model_input *inputs, size_t n, float *ret,
                               struct gs_error *err)
{
    return run(model, work, inputs, n, NULL, ret, err);
}

enum gs_status gs_model_embed(const struct gs_model *model, struct gs_model_work *work,
                              const struct gs_model_input *inputs, size_t n, float *ret,
                              struct gs_error *err)
{
    return run(model, work, inputs, n, ret, NULL, err);
}

uint64_t gs_model_macs(const struct gs_model *model, size_t n_tokens)
{
    const struct gs_encoder *encoder = model->encoder->encoder;

    return gs_encoder_info(encoder)->macs(encoder, n_tokens);
}

/* ---- answers ---- */

/* Weights are finite, but products of large ones need not be: such a logit says nothing. */
static float settled(float logit, float inverse_t)
{
    const float x = logit * inverse_t;
    return isfinite(x) ? x : 0.0F;
}

static void answer_head(const struct gs_encoder_head *head, size_t which, const float *raw,
                        size_t language, struct gs_prediction *ret)
{
    const float inverse_t = 1.0F / head->temperature[language];
    float *logits = ret->logits[which];
    float *p = ret->p[which];

    for (size_t l = 0; l < head->n_labels; l++) {
        logits[l] = head->logit[l] < 0 ? NAN : settled(raw[head->logit[l]], inverse_t);
    }
    if (head->single) {
        gs_softmax(logits, head->n_labels, p);
    } else {
        for (size_t l = 0; l < head->n_labels; l++) {
            p[l] = gs_squash(logits[l]);
        }
    }
    ret->thresholds[which] = which == GS_HEAD_SENTIMENT ? NULL : head->thresholds;
}

/* The model says nothing of sentiment: neutral, and the best topic tells how sure it is. */
static void no_sentiment(const struct gs_model *model, struct gs_prediction *ret)
{
    const size_t head = model->n_labels[GS_HEAD_TOPICS] > 0 ? GS_HEAD_TOPICS : GS_HEAD_RISKS;

    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        ret->logits[GS_HEAD_SENTIMENT][s] = NAN;
        ret->p[GS_HEAD_SENTIMENT][s] = s == GS_NEUTRAL ? 1.0F : 0.0F;
    }
    ret->abstained = true;
    ret->confidence = 0.0F;
    for (size_t l = 0; l < model->n_labels[head]; l++) {
        ret->confidence = ret->p[head][l] > ret->confidence ? ret->p[head][l] : ret->confidence;
    }
}

void gs_model_answer(const struct gs_model *model, const float *logits, size_t lang,
                     struct gs_prediction *prediction)
{
    const size_t language = lang < GS_N_MODEL_LANGS ? lang : GS_N_MODEL_LANGS - 1;
    const struct gs_encoder_tier *tier = model->encoder;
    bool mixed = false;

    for (size_t h = 0; h < GS_N_HEADS; h++) {
        if (tier->heads[h].n_labels > 0) {
            answer_head(&tier->heads[h], h, logits, language, prediction);
        } else {
            mixed |= model->n_labels[h] > 0;
        }
    }
    prediction->tier = mixed ? "fast+encoder" : "encoder";
    if (tier->heads[GS_HEAD_SENTIMENT].n_labels > 0) {
        gs_settle_sentiment(prediction, tier->heads[GS_HEAD_SENTIMENT].margin);
    } else if (model->n_labels[GS_HEAD_SENTIMENT] == 0) {
        no_sentiment(model, prediction);
    }
}

enum gs_status gs_model_encode(const struct gs_model *model, struct gs_model_work *work,
                               const struct gs_model_input *inputs, size_t n,
                               struct gs_prediction *predictions, struct gs_error *err)
{
    struct gs_encoder_room *room = work->encoder;
    const size_t n_logits = gs_encoder_info(model->encoder->encoder)->n_logits;
    enum gs_status status = GS_OK;

    for (size_t done = 0; done < n && status == GS_OK;) {
        const size_t now = n - done < room->max_messages ? n - done : room->max_messages;
        status = gs_model_logits(model, work, inputs + done, now, room->logits, err);
        for (size_t i = 0; i < now && status == GS_OK; i++) {
            gs_model_answer(model, room->logits + i * n_logits, inputs[done + i].lang,
                            &predictions[done + i]);
        }
        done += now;
    }
    return status;
}
