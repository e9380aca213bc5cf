/* Tells how a fine-tuning goes while it runs: a line of progress on stderr, train.jsonl, and the
 * same figures as events for TensorBoard.
 *
 * train.jsonl has a line {"event": "step", …} for some steps and one {"event": "epoch", …} for each
 * epoch; a resumed run appends. The rate is in tokens a second, and in the share of what OpenBLAS'
 * sgemm alone does in the same CPU time. */
#ifndef GS_DEPLOY_TUNE_PROGRESS_H
#define GS_DEPLOY_TUNE_PROGRESS_H

#include "classifier/train/encoder/tune.h"
#include "deploy/daemon/workbench/event_file.h"
#include "deploy/daemon/workbench/progress_line.h"

#include <stdio.h>

struct gs_tune_progress_log {
    const struct gs_tune_plan *plan;
    double gemm_rate; /* multiplications a CPU second */
    size_t epochs;
    FILE *log;                    /* train.jsonl; NULL: none */
    struct gs_event_file *events; /* NULL: none */
    struct gs_progress_line line;
    /* since the last line */
    double seconds, cpu_seconds, macs, loss;
    size_t tokens, steps;
    /* of the whole run */
    double all_seconds, all_cpu_seconds, all_macs;
    size_t all_tokens, all_steps;
};

void gs_tune_say_step(struct gs_tune_progress_log *log, const struct gs_tune_progress *progress);
void gs_tune_say_epoch(struct gs_tune_progress_log *log, const struct gs_tune_epoch *epoch);

/* The figures on one line of text. */
void gs_tune_print_quality(const struct gs_tune_quality *quality, char *to, size_t size);

#endif
