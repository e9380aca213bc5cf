/* Puts the model's prediction into a tagged record: its labels at or above their threshold,
 * best first. */
#include "deploy/daemon/pipeline/tagger_internal.h"

#include <string.h>

/* Labels at or above their threshold, best first; at most GS_MAX_TAGS, or the best one alone where
 * only one can hold. */
static size_t over_threshold(const struct gs_model_info *info,
                             const struct gs_prediction *prediction, enum gs_head head,
                             struct gs_scored_label *ret)
{
    struct gs_scored_label sorted[GS_MAX_LABELS];
    size_t n = 0;

    for (size_t i = 0; i < info->n_labels[head]; i++) {
        const float p = prediction->p[head][i];
        if (p >= prediction->thresholds[head][i]) {
            size_t at = n++;
            for (; at > 0 && sorted[at - 1].p < p; at--) {
                sorted[at] = sorted[at - 1];
            }
            sorted[at] = (struct gs_scored_label){gs_str(info->labels[head][i]), p};
        }
    }
    const size_t most = info->single[head] ? 1 : GS_MAX_TAGS;
    n = n < most ? n : most;
    memcpy(ret, sorted, n * sizeof *ret);
    return n;
}

void gs_tagging_fill(struct gs_tagging *tagging, const struct gs_model_info *info,
                     const struct gs_reply *reply)
{
    struct gs_tagged *tagged = &tagging->tagged;
    const struct gs_prediction *prediction = reply->prediction;

    memcpy(tagged->sentiment, prediction->p[GS_HEAD_SENTIMENT], sizeof tagged->sentiment);
    tagged->n_topics = over_threshold(info, prediction, GS_HEAD_TOPICS, tagged->topics);
    tagged->n_risks = over_threshold(info, prediction, GS_HEAD_RISKS, tagged->risks);
    tagged->tier = prediction->tier;
    tagged->degraded = reply->degraded;
    tagged->confidence = prediction->confidence;
    tagged->abstained = prediction->abstained;
    tagged->no_sentiment = prediction->no_sentiment;
    tagged->model_name = gs_str(info->name);
    tagged->model_version = gs_str(info->version);
    tagged->model_sha256 = gs_str(info->sha256);
    tagging->prediction = prediction;
    gs_tagging_fill_entities(tagging, reply);
}
