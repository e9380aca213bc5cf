/* Writes what a training leaves for people beside the model: report.html, and README.md, the model
 * card.
 *
 * Threads: owned by one thread. */
#ifndef GS_DEPLOY_TRAIN_REPORT_H
#define GS_DEPLOY_TRAIN_REPORT_H

#include "classifier/train/train.h"
#include "ingest/base/buf.h"

struct gs_train_report {
    const char *name, *version; /* of the model */
    int argc;                   /* the command line, from "train" on */
    char **argv;
    struct gs_str log;                /* JSON lines, as the trainer logged them */
    struct gs_str sets;               /* a JSON array of what was read, as in the provenance */
    const struct gs_trainer *trainer; /* after its run */
    const struct gs_model_info *model;
};

/* Writes train.jsonl (the log), report.html and README.md into dir, the model's folder. A card that
 * is there already may have been edited: it stays. GS_IO; GS_BAD_FORMAT: the log or the sets are
 * not what the trainer writes. */
GS_MUST_CHECK
enum gs_status gs_train_report_write(const struct gs_train_report *report, const char *dir,
                                     struct gs_error *err);

#endif
