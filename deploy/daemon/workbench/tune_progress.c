/* Adds up steps until a line is due, on stderr by time and in train.jsonl by number of steps. */
#include "deploy/daemon/workbench/tune_progress.h"

static void say_rate(struct gs_tune_progress_log *l, const struct gs_tune_progress *p)
{
    const double left_s = (double)(p->steps * (l->epochs - p->epoch) - p->step - 1) *
                          l->all_seconds / (double)l->all_steps;

    gs_progress_line_write(
        &l->line, l->all_seconds, left_s,
        "epoch %zu/%zu  step %zu/%zu  loss %.4f  %.0f tokens/s  %.0f %% of sgemm", p->epoch + 1,
        l->epochs, p->step + 1, p->steps, l->loss / (double)l->steps,
        (double)l->tokens / l->seconds, 100.0 * l->macs / l->cpu_seconds / l->gemm_rate);
}

static void log_step(const struct gs_tune_progress_log *l, const struct gs_tune_progress *p)
{
    (void)fprintf(l->log,
                  "{\"event\": \"step\", \"epoch\": %zu, \"step\": %zu, \"loss\": %.6g, "
                  "\"sentiment\": %.6g, \"topics\": %.6g, \"risks\": %.6g, \"lr\": %.6g, "
                  "\"gradient\": %.6g, \"tokens_per_s\": %.0f, \"of_sgemm\": %.3f}\n",
                  p->epoch + 1, p->step + 1, l->loss / (double)l->steps, p->parts[0], p->parts[1],
                  p->parts[2], p->lr, p->length, (double)l->tokens / l->seconds,
                  l->macs / l->cpu_seconds / l->gemm_rate);
    (void)fflush(l->log);
}

/* Names as TensorBoard groups them: what is before the slash is a chart's section. */
static void step_events(const struct gs_tune_progress_log *l, const struct gs_tune_progress *p)
{
    const uint64_t step = p->epoch * p->steps + p->step + 1;

    gs_event_file_scalar(l->events, "loss/all", step, l->loss / (double)l->steps);
    gs_event_file_scalar(l->events, "loss/sentiment", step, p->parts[GS_HEAD_SENTIMENT]);
    gs_event_file_scalar(l->events, "loss/topics", step, p->parts[GS_HEAD_TOPICS]);
    gs_event_file_scalar(l->events, "loss/risks", step, p->parts[GS_HEAD_RISKS]);
    gs_event_file_scalar(l->events, "training/learning_rate", step, p->lr);
    gs_event_file_scalar(l->events, "training/gradient", step, p->length);
    gs_event_file_scalar(l->events, "training/tokens_per_s", step, (double)l->tokens / l->seconds);
    gs_event_file_flush(l->events);
}

static void epoch_events(const struct gs_tune_progress_log *l, const struct gs_tune_epoch *e)
{
    const uint64_t step = (e->epoch + 1) * l->plan->steps;
    const struct gs_tune_quality *q = &e->quality;

    gs_event_file_scalar(l->events, "validation/figure", step, q->figure);
    gs_event_file_scalar(l->events, "validation/accuracy", step, q->micro[GS_HEAD_SENTIMENT]);
    gs_event_file_scalar(l->events, "validation/sentiment_macro_f1", step,
                         q->macro[GS_HEAD_SENTIMENT]);
    gs_event_file_scalar(l->events, "validation/negative_f1", step, q->negative_f1);
    gs_event_file_scalar(l->events, "validation/topics_micro_f1", step, q->micro[GS_HEAD_TOPICS]);
    gs_event_file_scalar(l->events, "validation/risks_micro_f1", step, q->micro[GS_HEAD_RISKS]);
    gs_event_file_flush(l->events);
}

enum { STEPS_A_LINE = 10 };

void gs_tune_say_step(struct gs_tune_progress_log *l, const struct gs_tune_progress *p)
{
    const double macs =
        (double)p->n_tokens * l->plan->macs_a_token + (double)p->n_pairs * l->plan->macs_a_pair;
    l->seconds += p->seconds;
    l->cpu_seconds += p->cpu_seconds;
    l->all_cpu_seconds += p->cpu_seconds;
    l->macs += macs;
    l->loss += p->loss;
    l->tokens += p->n_tokens;
    l->steps++;
    l->all_seconds += p->seconds;
    l->all_macs += macs;
    l->all_tokens += p->n_tokens;
    l->all_steps++;
    if (gs_progress_line_due(&l->line, l->all_seconds)) {
        say_rate(l, p);
    }
    if (p->step % STEPS_A_LINE == 0 || p->step + 1 == p->steps) {
        if (l->log != NULL) {
            log_step(l, p);
        }
        if (l->events != NULL) {
            step_events(l, p);
        }
        l->seconds = l->cpu_seconds = l->macs = l->loss = 0.0;
        l->tokens = l->steps = 0;
    }
}

void gs_tune_print_quality(const struct gs_tune_quality *q, char *to, size_t size)
{
    (void)snprintf(to, size,
                   "sentiment accuracy %.4f macro-F1 %.4f negative F1 %.4f (%zu rows), "
                   "topics micro-F1 %.4f macro %.4f (%zu), risks micro-F1 %.4f macro %.4f (%zu)",
                   q->micro[GS_HEAD_SENTIMENT], q->macro[GS_HEAD_SENTIMENT], q->negative_f1,
                   q->n[GS_HEAD_SENTIMENT], q->micro[GS_HEAD_TOPICS], q->macro[GS_HEAD_TOPICS],
                   q->n[GS_HEAD_TOPICS], q->micro[GS_HEAD_RISKS], q->macro[GS_HEAD_RISKS],
                   q->n[GS_HEAD_RISKS]);
}

void gs_tune_say_epoch(struct gs_tune_progress_log *l, const struct gs_tune_epoch *e)
{
    const struct gs_tune_quality *q = &e->quality;
    char figures[512];

    gs_tune_print_quality(q, figures, sizeof figures);
    if (!l->line.quiet) {
        gs_progress_line_clear(&l->line);
        (void)fprintf(stderr, "epoch %zu: loss %.4f; %s%s\n", e->epoch + 1, e->loss, figures,
                      e->best ? "; the best so far" : "");
    }
    if (l->log != NULL) {
        (void)fprintf(l->log,
                      "{\"event\": \"epoch\", \"epoch\": %zu, \"loss\": %.6g, \"figure\": %.6g, "
                      "\"accuracy\": %.6g, \"sentiment_macro_f1\": %.6g, \"negative_f1\": %.6g, "
                      "\"topics_micro_f1\": %.6g, \"risks_micro_f1\": %.6g, \"best\": %s}\n",
                      e->epoch + 1, e->loss, q->figure, q->micro[GS_HEAD_SENTIMENT],
                      q->macro[GS_HEAD_SENTIMENT], q->negative_f1, q->micro[GS_HEAD_TOPICS],
                      q->micro[GS_HEAD_RISKS], e->best ? "true" : "false");
        (void)fflush(l->log);
    }
    if (l->events != NULL) {
        epoch_events(l, e);
    }
}
