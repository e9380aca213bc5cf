/* Decides whether the fast tier's prediction is good enough to stand. Each head has a gate for each
 * language; the prediction stands only if every head that the encoder would answer is at least as sure
 * as its gate. cascade.h defines "sure". */
#include "classifier/cascade.h"

#include "classifier/model_internal.h"

#include <math.h>

static float margin(const float *p, size_t n)
{
    float best = 0.0F;
    float second = 0.0F;
    for (size_t i = 0; i < n; i++) {
        if (p[i] > best) {
            second = best;
            best = p[i];
        } else if (p[i] > second) {
            second = p[i];
        }
    }
    return best - second;
}

/* A threshold of 0 or 1 cannot be missed on one side: no room there means sure. */
static float least_distance(const float *p, const float *thresholds, size_t n)
{
    float least = 1.0F;
    for (size_t i = 0; i < n; i++) {
        const float room = p[i] >= thresholds[i] ? 1.0F - thresholds[i] : thresholds[i];
        const float share = room > 0.0F ? fabsf(p[i] - thresholds[i]) / room : 1.0F;
        least = share < least ? share : least;
    }
    return least;
}

float gs_cascade_sureness(const struct gs_model *model, const struct gs_prediction *prediction,
                          enum gs_head head)
{
    const size_t n = model->n_labels[head];
    const float *thresholds = prediction->thresholds[head];

    if (n == 0 || (head == GS_HEAD_SENTIMENT && prediction->no_sentiment)) {
        return 0.0F;
    }
    return head == GS_HEAD_SENTIMENT || model->info.single[head] || thresholds == NULL
               ? margin(prediction->p[head], n)
               : least_distance(prediction->p[head], thresholds, n);
}

bool gs_model_accepts(const struct gs_model *model, const struct gs_prediction *fast, size_t lang)
{
    const size_t language = lang < GS_N_MODEL_LANGS ? lang : GS_N_MODEL_LANGS - 1;
    const struct gs_encoder_tier *tier = gs_encoder_tier_of(model, lang);

    if (tier == NULL) {
        return true;
    }
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        const struct gs_encoder_head *of = &tier->heads[head];
        if (of->n_labels > 0 &&
            !(gs_cascade_sureness(model, fast, (enum gs_head)head) >= of->gate[language])) {
            return false;
        }
    }
    return model->info.fast;
}
