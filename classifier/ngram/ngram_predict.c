/* From hashed n-grams to a prediction.
 *
 *     hashes ─► the model's int8 rows for them ─► an integer sum for each column (kernels/)
 *            ─► × scale of the column ÷ length of the text ─► + bias ─► scores
 *
 *     scores ─┬─ sentiment ──────► three columns for each expert, the experts mixed by the gates ─┐
 *             └─ topics, risks ──► one column for each label ─────────────────────────────────────┤
 *                                                                                                 ▼
 *                          probabilities ◄─ softmax or sigmoid ◄─ ÷ temperature ◄──────────── logits
 *
 * An expert is the model of one register of text (news, tweets, forums). A gate is a column too:
 * its score says how much the text is of that register, and the softmax of the gates is the
 * experts' shares.
 *
 * A model has a profile for texts in Han and one for alphabetic texts, each with its own rows and
 * columns. The length is a text's L2 norm after idf weighting, which is linear in the rows and so a
 * column of its own.
 *
 * Since a logit is a sum over rows, gs_model_explain() is exact: the contributions of the n-grams
 * and the bias add up to the logit. */
#include "classifier/ngram/ngram_internal.h"

#include <math.h>
#include <string.h>

enum { AHEAD = 12 }; /* hashes whose slots are on their way while one is looked at */

/* The row of a hash, or n_rows. The table is at most half full, so the search ends. */
static uint32_t row_of(const struct gs_profile *profile, uint32_t hash)
{
    for (size_t at = hash & profile->slot_mask;; at = (at + 1) & profile->slot_mask) {
        const struct gs_slot slot = profile->slots[at];
        if (slot.key == hash && hash != 0) {
            return slot.row;
        }
        if (slot.key == 0) {
            return (uint32_t)profile->n_rows;
        }
    }
}

/* Distinct rows of the hashes into work->rows, each row on its way to the cache. */
static size_t find_rows(const struct gs_profile *profile, struct gs_model_workspace *work,
                        const uint32_t *hashes, size_t n)
{
    size_t n_found = 0;
    for (size_t i = 0; i < n && i < AHEAD; i++) {
        __builtin_prefetch(&profile->slots[hashes[i] & profile->slot_mask]);
    }
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n) {
            __builtin_prefetch(&profile->slots[hashes[i + AHEAD] & profile->slot_mask]);
        }
        const uint32_t row = row_of(profile, hashes[i]);
        if (row < profile->n_rows && work->seen[row] == 0) {
            work->seen[row] = 1;
            work->rows[n_found++] = row;
            __builtin_prefetch(profile->rows + (size_t)row * profile->width);
        }
    }
    for (size_t i = 0; i < n_found; i++) {
        work->seen[work->rows[i]] = 0;
    }
    return n_found;
}

/* Sums are multiplied with this for each head: 1 / the L2 norm of the text. */
static float inverse_norm(const struct gs_profile *profile, size_t head, const int32_t *sums)
{
    const int32_t squares = profile->norm[head] < 0 ? 0 : sums[profile->norm[head]];
    const int32_t least = profile->least_squares[head];
    return squares > 0 ? 1.0F / sqrtf((float)(squares < least ? least : squares)) : 0.0F;
}

static const struct gs_profile *profile_of(const struct gs_model *model, const uint32_t *hashes,
                                           size_t n, size_t lang)
{
    const bool han = n > 0 ? (hashes[0] & GS_HASH_HAN) != 0 : lang == 1;
    return &model->profiles[han ? GS_PROFILE_HAN : GS_PROFILE_ALPHABETIC];
}

/* A text's scores, and what one unit of a row's column is worth before its scale. */
struct scored {
    float scores[GS_MAX_WIDTH];
    float inverse[GS_N_HEADS];
    size_t n_rows;
};

static void score(const struct gs_model *model, const struct gs_profile *profile,
                  struct gs_model_workspace *work, const uint32_t *hashes, size_t n,
                  struct scored *ret)
{
    int32_t sums[GS_MAX_WIDTH] = {0};
    const size_t n_rows = find_rows(profile, work, hashes, n);

    for (size_t at = 0; at < n_rows; at += GS_MAX_ROW_SUM) {
        const size_t part = n_rows - at < GS_MAX_ROW_SUM ? n_rows - at : GS_MAX_ROW_SUM;
        model->kernel->sum(profile->rows, profile->width, work->rows + at, part, sums);
    }
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        ret->inverse[head] = inverse_norm(profile, head, sums);
    }
    for (size_t c = 0; c < profile->n_columns; c++) {
        const float unit = profile->scale[c] * ret->inverse[profile->head[c]];
        ret->scores[c] = unit * (float)sums[c] + profile->bias[c];
    }
    ret->n_rows = n_rows;
}

const struct gs_profile *gs_profile_scores(const struct gs_model *model,
                                           struct gs_model_workspace *work, const uint32_t *hashes,
                                           size_t n, float scores[GS_MAX_WIDTH], size_t *ret_n_rows)
{
    const struct gs_profile *profile = profile_of(model, hashes, n, 0);
    struct scored scored;
    score(model, profile, work, hashes, n, &scored);
    memcpy(scores, scored.scores, profile->n_columns * sizeof *scores);
    *ret_n_rows = scored.n_rows;
    return profile;
}

void gs_softmax(const float *logits, size_t n, float *p)
{
    float top = -INFINITY;
    float sum = 0.0F;
    for (size_t i = 0; i < n; i++) {
        top = logits[i] > top ? logits[i] : top;
    }
    for (size_t i = 0; i < n; i++) {
        p[i] = isnan(logits[i]) ? 0.0F : expf(logits[i] - top);
        sum += p[i];
    }
    for (size_t i = 0; i < n; i++) {
        p[i] /= sum;
    }
}

/* Shares of the experts: they sum to 1. */
static void open_gates(const struct gs_profile *profile, const float *scores,
                       float gates[GS_MAX_EXPERTS])
{
    float logits[GS_MAX_EXPERTS] = {0};
    for (size_t e = 0; e < profile->n_experts; e++) {
        logits[e] = profile->experts[e].gate < 0 ? 0.0F : scores[profile->experts[e].gate];
    }
    gs_softmax(logits, profile->n_experts, gates);
}

static float mix(const struct gs_model *model, const struct gs_profile *profile,
                 const float *scores, const float *gates, size_t sentiment)
{
    float logit = 0.0F;
    for (size_t e = 0; e < profile->n_experts; e++) {
        const int column = profile->experts[e].columns[sentiment];
        logit += gates[e] * (column < 0 ? model->unknown_logit : scores[column]);
    }
    return logit;
}

void gs_settle_sentiment(struct gs_prediction *prediction, float margin)
{
    const float *p = prediction->p[GS_HEAD_SENTIMENT];
    float best = 0.0F;
    float second = 0.0F;
    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        if (p[s] > best) {
            second = best;
            best = p[s];
        } else if (p[s] > second) {
            second = p[s];
        }
    }
    prediction->confidence = best;
    prediction->abstained = best - second < margin;
}

static void predict_sentiment(const struct gs_model *model, const struct gs_profile *profile,
                              const float *scores, float inverse_t, struct gs_prediction *ret)
{
    float *logits = ret->logits[GS_HEAD_SENTIMENT];
    float *p = ret->p[GS_HEAD_SENTIMENT];
    float gates[GS_MAX_EXPERTS] = {0};

    open_gates(profile, scores, gates);
    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        logits[s] = inverse_t * mix(model, profile, scores, gates, s);
    }
    gs_softmax(logits, GS_N_SENTIMENTS, p);
    gs_settle_sentiment(ret, model->margin);
}

float gs_squash(float x)
{
    x = x > 15.0F ? 15.0F : x < -30.0F ? -30.0F : x;
    return 1.0F / (1.0F + expf(-x));
}

void gs_model_predict(const struct gs_model *model, struct gs_model_workspace *work,
                      const uint32_t *hashes, size_t n, size_t lang, struct gs_prediction *ret)
{
    const size_t language = lang < GS_N_MODEL_LANGS ? lang : GS_N_MODEL_LANGS - 1;
    const struct gs_profile *profile = profile_of(model, hashes, n, language);
    struct scored scored;

    score(model, profile, work, hashes, n, &scored);
    ret->tier = gs_prediction_tier_name(GS_PREDICTION_FAST);
    ret->thresholds[GS_HEAD_SENTIMENT] = NULL;
    ret->no_sentiment = profile->n_experts == 0;
    if (!ret->no_sentiment) {
        predict_sentiment(model, profile, scored.scores,
                          1.0F / model->temperature[GS_HEAD_SENTIMENT][language], ret);
    }
    for (size_t head = GS_HEAD_TOPICS; head < GS_N_HEADS; head++) {
        const float inverse_t = 1.0F / model->temperature[head][language];
        ret->thresholds[head] = model->thresholds[head];
        for (size_t l = 0; l < model->n_labels[head]; l++) {
            const int column = profile->columns[head][l];
            ret->logits[head][l] =
                inverse_t * (column < 0 ? model->unknown_logit : scored.scores[column]);
            ret->p[head][l] = gs_squash(ret->logits[head][l]);
        }
    }
    if (ret->no_sentiment) {
        gs_settle_no_sentiment(model, ret);
    }
}

/* The columns that a label's logit is made of: units is the factor of a row's column. */
struct parts {
    int columns[GS_MAX_EXPERTS];
    float units[GS_MAX_EXPERTS];
    size_t n;
    float bias;
};

static void take_apart(const struct gs_model *model, const struct gs_profile *profile,
                       const struct scored *scored, float inverse_t, enum gs_head head,
                       size_t label, struct parts *ret)
{
    float gates[GS_MAX_EXPERTS] = {0};

    *ret = (struct parts){0};
    if (head != GS_HEAD_SENTIMENT) {
        ret->columns[0] = profile->columns[head][label];
        ret->units[0] = inverse_t;
        ret->n = 1;
    } else if (profile->n_experts > 0) {
        open_gates(profile, scored->scores, gates);
        for (size_t e = 0; e < profile->n_experts; e++) {
            ret->columns[e] = profile->experts[e].columns[label];
            ret->units[e] = inverse_t * gates[e];
        }
        ret->n = profile->n_experts;
    }
    for (size_t i = 0; i < ret->n; i++) {
        const int column = ret->columns[i];
        if (column < 0) {
            ret->bias += ret->units[i] * model->unknown_logit;
            ret->units[i] = 0.0F;
            ret->columns[i] = 0;
        } else {
            ret->bias += ret->units[i] * profile->bias[column];
            ret->units[i] *= profile->scale[column] * scored->inverse[head];
        }
    }
}

/* NOLINTNEXTLINE(readability-function-size): the parameters are the module's contract */
void gs_model_explain(const struct gs_model *model, struct gs_model_workspace *work,
                      const uint32_t *hashes, size_t n, size_t lang, enum gs_head head,
                      size_t label, float *contributions, float *ret_bias)
{
    const size_t language = lang < GS_N_MODEL_LANGS ? lang : GS_N_MODEL_LANGS - 1;
    const struct gs_profile *profile = profile_of(model, hashes, n, language);
    struct scored scored;
    struct parts parts;

    score(model, profile, work, hashes, n, &scored);
    take_apart(model, profile, &scored, 1.0F / model->temperature[head][language], head, label,
               &parts);
    *ret_bias = parts.bias;
    for (size_t i = 0; i < n; i++) {
        work->counts[row_of(profile, hashes[i])]++;
    }
    for (size_t i = 0; i < n; i++) { /* an n-gram that occurs twice counts once: half each */
        const uint32_t row = row_of(profile, hashes[i]);
        contributions[i] = 0.0F;
        for (size_t c = 0; c < parts.n && row < profile->n_rows; c++) {
            const int8_t weight =
                profile->rows[(size_t)row * profile->width + (size_t)parts.columns[c]];
            contributions[i] += parts.units[c] * (float)weight / (float)work->counts[row];
        }
    }
    for (size_t i = 0; i < n; i++) {
        work->counts[row_of(profile, hashes[i])] = 0;
    }
}
