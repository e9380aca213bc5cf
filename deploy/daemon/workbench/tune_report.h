/* Writes report.html of a fine-tuning beside the model: curves of the log, then for each head how
 * the validation rows were answered (classes, calibration, confusion), then the rows whose
 * sentiment was said most surely and wrongly.
 *
 * Threads: owned by one thread. */
#ifndef GS_DEPLOY_TUNE_REPORT_H
#define GS_DEPLOY_TUNE_REPORT_H

#include "classifier/train/encoder/tune.h"
#include "ingest/base/str.h"

struct gs_tune_report {
    const char *dir;              /* of the model; has train.jsonl */
    const char *name, *version;   /* of the model */
    const struct gs_tuner *tuner; /* after gs_tuner_write() */
    const struct gs_tune_data *data;
};

/* A line of train.jsonl that is not whole is left out, and the page says so. GS_IO; GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_tune_report_write(const struct gs_tune_report *report, struct gs_error *err);

#endif
