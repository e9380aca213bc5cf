/* Reads the files that `train --kind encoder --data SPEC` names as rows of token ids.
 *
 * A text is cleaned and cut into tokens as `tag` does it. A line may carry a teacher's logits as
 * `tag --logits` writes them: {"logits": {"sentiment": [3], "topics": [..], "risks": [..]}}, in the
 * order of the label file, which has to be given then. */
#ifndef GS_DEPLOY_TUNE_ROWS_H
#define GS_DEPLOY_TUNE_ROWS_H

#include "classifier/train/encoder/tune_data.h"
#include "deploy/daemon/workbench/refusals.h"
#include "ingest/base/buf.h"
#include "tokenizer/tokenizer.h"

struct gs_tune_source {
    struct gs_tune_data *data;
    const struct gs_tokenizer *tokenizer;
    size_t max_tokens;
    double holdout;       /* share of each set that is kept for validation */
    struct gs_buf *notes; /* provenance: a JSON object for each set */
    struct gs_refusals *refusals;
    size_t n_rows;
};

/* A JSON file {"topics": [{"id": .., "zh": ..}], "risks": [..]}: the labels of the heads that it
 * has, and no others. GS_IO, GS_BAD_FORMAT. */
GS_MUST_CHECK
enum gs_status gs_tune_labels_load(const char *path, struct gs_tune_data *data,
                                   struct gs_error *err);

/* spec: PATH[,name=NAME][,weight=X][,knows=HEAD/LABEL+HEAD/LABEL][,valid][,body]. Lines that cannot
 * be used are refused. GS_BAD_CONFIG, GS_IO, GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_tune_rows_read(const char *spec, struct gs_tune_source *source,
                                 struct gs_error *err);

#endif
