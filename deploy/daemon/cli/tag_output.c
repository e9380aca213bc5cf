/* The members that --all-labels, --logits and --explain add to a tagged record. */
#include "deploy/daemon/cli/tag_output.h"

#include <stdlib.h>

enum { MAX_EXPLAINED = 10 };

static void put_name(struct gs_buf *out, const char *name)
{
    gs_buf_puts(out, out->len > 0 ? ",\"" : "\"");
    gs_buf_puts(out, name);
    gs_buf_puts(out, "\":");
}

static void put_all_labels(const struct gs_model_info *info, const struct gs_prediction *prediction,
                           enum gs_head head, const char *name, struct gs_buf *out)
{
    put_name(out, name);
    gs_buf_putc(out, '{');
    for (size_t i = 0; i < info->n_labels[head]; i++) {
        gs_buf_puts(out, i > 0 ? "," : "");
        gs_buf_json_str(out, gs_str(info->labels[head][i]));
        gs_buf_putc(out, ':');
        gs_buf_json_number(out, (double)prediction->p[head][i]);
    }
    gs_buf_putc(out, '}');
}

static void put_logits(const struct gs_model_info *info, const struct gs_prediction *prediction,
                       struct gs_buf *out)
{
    put_name(out, "logits");
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        gs_buf_printf(out, "%s\"%s\":[", h == 0 ? "{" : ",", gs_head_name((enum gs_head)h));
        for (size_t i = 0; i < info->n_labels[h]; i++) {
            gs_buf_puts(out, i > 0 ? "," : "");
            gs_buf_json_number(out, (double)prediction->logits[h][i]);
        }
        gs_buf_putc(out, ']');
    }
    gs_buf_putc(out, '}');
}

/* The n-grams that weigh most for the sentiment given, for or against. */
static void put_explanation(struct gs_tagger *tagger, const struct gs_tagging *tagging,
                            struct gs_buf *out)
{
    const struct gs_model *model = gs_tagger_model(tagger);
    const struct gs_prediction *prediction = tagging->prediction;
    const struct gs_feature *features = NULL;
    const uint32_t *hashes = NULL;
    const size_t n = gs_tagger_features(tagger, &features, &hashes);
    const float *p = prediction->p[GS_HEAD_SENTIMENT];
    const size_t best = p[0] >= p[1] && p[0] >= p[2] ? 0 : p[1] >= p[2] ? 1 : 2;
    float *weights = malloc((n + 1) * sizeof *weights);
    float bias = 0;

    if (weights == NULL) {
        out->broken = true;
        return;
    }
    gs_model_explain(model, gs_batcher_workspace(gs_tagger_batcher(tagger)), hashes, n,
                     (size_t)tagging->tagged.lang, GS_HEAD_SENTIMENT, best, weights, &bias);
    put_name(out, "explanation");
    gs_buf_puts(out, "{\"label\":");
    gs_buf_json_str(out, gs_str(gs_model_info(model)->labels[GS_HEAD_SENTIMENT][best]));
    gs_buf_puts(out, ",\"bias\":");
    gs_buf_json_number(out, (double)bias);
    gs_buf_puts(out, ",\"weights\":[");
    for (size_t k = 0; k < MAX_EXPLAINED && k < n; k++) {
        size_t top = 0;
        for (size_t i = 1; i < n; i++) {
            const float a = weights[i] < 0 ? -weights[i] : weights[i];
            const float b = weights[top] < 0 ? -weights[top] : weights[top];
            top = a > b ? i : top;
        }
        if (weights[top] == 0) {
            break;
        }
        const struct gs_feature *feature = &features[top];
        gs_buf_puts(out, k > 0 ? ",{\"text\":" : "{\"text\":");
        gs_buf_json_str(out, (struct gs_str){tagging->input.bytes + feature->start,
                                             feature->end - feature->start});
        gs_buf_printf(out, ",\"start\":%u,\"end\":%u,\"weight\":", feature->start, feature->end);
        gs_buf_json_number(out, (double)weights[top]);
        gs_buf_putc(out, '}');
        weights[top] = 0;
    }
    gs_buf_puts(out, "]}");
    free(weights);
}

void gs_tag_output(const struct gs_tag_output *options, struct gs_tagger *tagger,
                   const struct gs_tagging *tagging, struct gs_buf *out)
{
    const struct gs_model_info *info = gs_model_info(gs_tagger_model(tagger));
    const struct gs_prediction *prediction = tagging->prediction;

    if (options->all_labels) {
        put_all_labels(info, prediction, GS_HEAD_TOPICS, "topics_all", out);
        put_all_labels(info, prediction, GS_HEAD_RISKS, "risks_all", out);
    }
    if (options->logits) {
        put_logits(info, prediction, out);
    }
    if (options->explain) {
        put_explanation(tagger, tagging, out);
    }
}
