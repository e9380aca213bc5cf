/* The members that --all-labels, --logits and --explain add to a tagged record. */
#include "deploy/daemon/cli/tag_output.h"

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

/* An explainer belongs to one thread at a time. */
static void put_explanation(struct gs_tag_explainer *explainer, const struct gs_tagging *tagging,
                            struct gs_buf *out)
{
    struct gs_error err = {0};

    put_name(out, "explanation");
    (void)pthread_mutex_lock(&explainer->lock);
    const enum gs_status status =
        gs_explainer_words(explainer->explainer, tagging->input, (size_t)tagging->tagged.lang,
                           MAX_EXPLAINED, out, &err);
    (void)pthread_mutex_unlock(&explainer->lock);
    if (status != GS_OK) {
        gs_buf_puts(out, "{\"error\":");
        gs_buf_json_str(out, gs_str(err.message));
        gs_buf_putc(out, '}');
    }
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
    if (options->explainer != NULL) {
        put_explanation(options->explainer, tagging, out);
    }
}
