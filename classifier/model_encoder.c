/* Asking the encoders: packs that fit the workspace in, logits out, labels made of them.
 *
 * Messages of several encoders come in any order. Each encoder is run over those that are its own,
 * pack by pack, and its rows go to their messages' places; with one encoder they are written there
 * at once. */
#include "classifier/combined.h"

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

enum gs_status gs_encoders_workspace_new(const struct gs_model *model, size_t max_tokens,
                                         size_t max_messages, struct gs_encoders_workspace **ret,
                                         struct gs_error *err)
{
    struct gs_encoders_workspace *workspace = calloc(1, sizeof *workspace);

    if (workspace == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "encoder workspace");
    }
    workspace->max_tokens = max_tokens;
    for (size_t i = 0; i < model->n_encoders; i++) {
        const size_t longest = gs_encoder_info(model->encoders[i]->encoder)->config->max_tokens;
        workspace->max_tokens = workspace->max_tokens > longest ? workspace->max_tokens : longest;
    }
    workspace->max_messages = max_messages > 0 ? max_messages : 1;
    const size_t n_logits = workspace->max_messages * model->info.n_logits + 1;
    workspace->ids = malloc(workspace->max_tokens * sizeof *workspace->ids);
    workspace->starts = malloc((workspace->max_messages + 1) * sizeof *workspace->starts);
    workspace->owners = malloc(workspace->max_messages * sizeof *workspace->owners);
    workspace->logits = malloc(n_logits * sizeof *workspace->logits);
    workspace->rows = malloc((model->n_encoders > 1 ? n_logits : 1) * sizeof *workspace->rows);
    enum gs_status status =
        workspace->ids == NULL || workspace->starts == NULL || workspace->owners == NULL ||
                workspace->logits == NULL || workspace->rows == NULL
            ? gs_fail(err, GS_NO_MEMORY, "packs of %zu tokens", workspace->max_tokens)
            : GS_OK;
    for (size_t i = 0; i < model->n_encoders && status == GS_OK; i++) {
        status = gs_encoder_workspace_new(model->encoders[i]->encoder, workspace->max_tokens,
                                          workspace->max_messages, &workspace->works[i], err);
    }
    if (status != GS_OK) {
        gs_encoders_workspace_free(workspace);
        return status;
    }
    *ret = workspace;
    return GS_OK;
}

void gs_encoders_workspace_free(struct gs_encoders_workspace *workspace)
{
    if (workspace != NULL) {
        for (size_t i = 0; i < GS_MAX_ENCODERS; i++) {
            gs_encoder_workspace_free(workspace->works[i]);
        }
        free(workspace->ids);
        free(workspace->starts);
        free(workspace->owners);
        free(workspace->rows);
        free(workspace->logits);
        free(workspace);
    }
}

/* Messages that are to be run, and where their rows go. */
struct request {
    const struct gs_model_input *inputs;
    size_t n;
    float *pooled, *logits; /* one of them is NULL */
};

/* Puts as many of the encoder's inputs from *next on into a pack as there is room for; at least one,
 * unless none is left. *next is then the first that is not looked at. */
static enum gs_status fill(const struct gs_model *model, struct gs_encoders_workspace *workspace,
                           size_t encoder, const struct request *q, size_t *next,
                           struct gs_encoder_batch *ret, struct gs_error *err)
{
    size_t at = 0;
    size_t n = 0;
    size_t i = *next;

    for (; i < q->n && n < workspace->max_messages; i++) {
        const struct gs_model_input *input = &q->inputs[i];
        if (gs_model_encoder_of(&model->info, input->lang) != encoder) {
            continue;
        }
        if (input->n > workspace->max_tokens - at) {
            break;
        }
        workspace->owners[n] = i;
        workspace->starts[n++] = at;
        memcpy(workspace->ids + at, input->ids, input->n * sizeof *workspace->ids);
        at += input->n;
    }
    if (n == 0 && i < q->n) {
        return gs_fail(err, GS_BAD_FORMAT, "a message of %zu tokens: the encoder reads %zu",
                       q->inputs[i].n, workspace->max_tokens);
    }
    workspace->starts[n] = at;
    *next = i;
    *ret = (struct gs_encoder_batch){.ids = workspace->ids, .starts = workspace->starts, .n = n};
    return GS_OK;
}

/* Rows of one encoder among those of several: each to its message, filled up with 0. */
static void spread(const struct gs_encoders_workspace *workspace, size_t n, size_t n_logits,
                   size_t width, float *ret)
{
    for (size_t i = 0; i < n; i++) {
        float *to = ret + workspace->owners[i] * width;
        memcpy(to, workspace->rows + i * n_logits, n_logits * sizeof *to);
        memset(to + n_logits, 0, (width - n_logits) * sizeof *to);
    }
}

static enum gs_status run_encoder(const struct gs_model *model,
                                  struct gs_encoders_workspace *workspace, size_t encoder,
                                  const struct request *q, size_t *n_run, struct gs_error *err)
{
    const struct gs_model_encoder *info = &model->info.encoders[encoder];
    const bool several = model->n_encoders > 1;

    for (size_t next = 0; next < q->n;) {
        struct gs_encoder_batch batch = {.n = 0};
        enum gs_status status = fill(model, workspace, encoder, q, &next, &batch, err);
        if (status != GS_OK || batch.n == 0) {
            return status;
        }
        const size_t first = workspace->owners[0]; /* of one encoder's, the others follow it */
        float *pooled = q->pooled == NULL ? NULL : q->pooled + first * info->hidden;
        float *logits = q->logits == NULL ? NULL
                        : several         ? workspace->rows
                                          : q->logits + first * info->n_logits;
        status = gs_encoder_run(model->encoders[encoder]->encoder, workspace->works[encoder],
                                &batch, pooled, logits, err);
        if (status != GS_OK) {
            return status;
        }
        if (several && q->logits != NULL) {
            spread(workspace, batch.n, info->n_logits, model->info.n_logits, q->logits);
        }
        *n_run += batch.n;
    }
    return GS_OK;
}

static enum gs_status run(const struct gs_model *model, struct gs_model_workspace *work,
                          const struct request *q, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    size_t n_run = 0;

    for (size_t e = 0; e < model->n_encoders && status == GS_OK; e++) {
        status = run_encoder(model, work->encoder, e, q, &n_run, err);
    }
    return status != GS_OK || n_run == q->n
               ? status
               : gs_fail(err, GS_BAD_FORMAT, "a message in a language that no encoder reads");
}

enum gs_status gs_model_logits(const struct gs_model *model, struct gs_model_workspace *work,
                               const struct gs_model_input *inputs, size_t n, float *ret,
                               struct gs_error *err)
{
    struct request q = {.inputs = inputs, .n = n};

    q.logits = ret;
    return run(model, work, &q, err);
}

enum gs_status gs_model_embed(const struct gs_model *model, struct gs_model_workspace *work,
                              const struct gs_model_input *inputs, size_t n, float *ret,
                              struct gs_error *err)
{
    struct request q = {.inputs = inputs, .n = n};

    q.pooled = ret;
    return run(model, work, &q, err);
}

uint64_t gs_model_macs(const struct gs_model *model, size_t encoder, size_t n_tokens)
{
    const struct gs_encoder *of = model->encoders[encoder]->encoder;

    return gs_encoder_info(of)->macs(of, n_tokens);
}

/* ---- answers ---- */

/* Weights are finite, but products of large ones need not be: such a logit says nothing. */
static float settled(float logit, float inverse_t)
{
    const float x = logit * inverse_t;
    return isfinite(x) ? x : 0.0F;
}

float gs_encoder_logit(const struct gs_encoder_head *head, const float *raw, size_t label,
                       size_t language)
{
    const int output = head->logit[label];

    return output < 0 ? NAN : settled(raw[output], 1.0F / head->temperature[language]);
}

static void answer_head(const struct gs_encoder_head *head, size_t which, const float *raw,
                        size_t language, struct gs_prediction *ret)
{
    float *logits = ret->logits[which];
    float *p = ret->p[which];

    for (size_t l = 0; l < head->n_labels; l++) {
        logits[l] = gs_encoder_logit(head, raw, l, language);
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

void gs_settle_no_sentiment(const struct gs_model *model, struct gs_prediction *ret)
{
    const size_t head = model->n_labels[GS_HEAD_TOPICS] > 0 ? GS_HEAD_TOPICS : GS_HEAD_RISKS;

    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        ret->logits[GS_HEAD_SENTIMENT][s] = NAN;
        ret->p[GS_HEAD_SENTIMENT][s] = s == GS_NEUTRAL ? 1.0F : 0.0F;
    }
    ret->abstained = true;
    ret->no_sentiment = true;
    ret->confidence = 0.0F;
    for (size_t l = 0; l < model->n_labels[head]; l++) {
        ret->confidence = ret->p[head][l] > ret->confidence ? ret->p[head][l] : ret->confidence;
    }
}

void gs_model_answer(const struct gs_model *model, const float *logits, size_t lang,
                     struct gs_prediction *prediction)
{
    const size_t language = lang < GS_N_MODEL_LANGS ? lang : GS_N_MODEL_LANGS - 1;
    const struct gs_encoder_tier *tier = gs_encoder_tier_of(model, language);
    bool mixed = false;

    if (model->combination != NULL) {
        gs_combined_answer(model, logits, language, prediction);
        return;
    }
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        if (tier->heads[h].n_labels > 0) {
            answer_head(&tier->heads[h], h, logits, language, prediction);
        } else {
            mixed |= model->n_labels[h] > 0;
        }
    }
    prediction->tier = gs_prediction_tier_name(mixed ? GS_PREDICTION_BOTH : GS_PREDICTION_ENCODER);
    if (tier->heads[GS_HEAD_SENTIMENT].n_labels > 0) {
        prediction->no_sentiment = false;
        gs_settle_sentiment(prediction, tier->heads[GS_HEAD_SENTIMENT].margin);
    } else if (model->n_labels[GS_HEAD_SENTIMENT] == 0) {
        gs_settle_no_sentiment(model, prediction);
    }
}

enum gs_status gs_model_encode(const struct gs_model *model, struct gs_model_workspace *work,
                               const struct gs_model_input *inputs, size_t n,
                               struct gs_prediction *predictions, struct gs_error *err)
{
    struct gs_encoders_workspace *workspace = work->encoder;
    const size_t n_logits = model->info.n_logits;
    enum gs_status status = GS_OK;

    for (size_t done = 0; done < n && status == GS_OK;) {
        const size_t now = n - done < workspace->max_messages ? n - done : workspace->max_messages;
        status = gs_model_logits(model, work, inputs + done, now, workspace->logits, err);
        for (size_t i = 0; i < now && status == GS_OK; i++) {
            gs_model_answer(model, workspace->logits + i * n_logits, inputs[done + i].lang,
                            &predictions[done + i]);
        }
        done += now;
    }
    return status;
}
