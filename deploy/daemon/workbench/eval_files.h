/* A model asked about labelled files, and how often it was right: what `groundswell eval` does. */
#ifndef GS_DEPLOY_EVAL_FILES_H
#define GS_DEPLOY_EVAL_FILES_H

#include "classifier/eval/classification_metrics.h"
#include "deploy/daemon/inference/model_folder.h"

struct gs_eval_files {
    const char *model;
    struct gs_model_choice choice;
    enum gs_head task;
    const char *const *files; /* [n_files] labelled JSON lines; "-": stdin; with what else they
                                 know behind the path (label_space.h) */
    size_t n_files;
    bool quiet;                   /* it is not said which labels are left out */
    struct gs_refusals *refusals; /* lines that cannot be read */
};

struct gs_eval_totals {
    size_t n_without; /* lines without a label of the task, or of a file that knows none */
    size_t n_unknown; /* labels that the model does not know */
};

/* The report borrows from this. */
struct gs_eval_result {
    struct gs_eval *eval;
    struct gs_model_folder *folder;
};

/* *ret is {0} before; end it with gs_eval_result_done(), also after a failure. */
GS_MUST_CHECK
enum gs_status gs_eval_files(const struct gs_eval_files *options, struct gs_eval_totals *totals,
                             struct gs_eval_report *report, struct gs_eval_result *ret,
                             struct gs_error *err);
void gs_eval_result_done(struct gs_eval_result *result);

#endif
