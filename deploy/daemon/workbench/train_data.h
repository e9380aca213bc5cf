/* Reads the files that `train --data SPEC` names into a trainer. */
#ifndef GS_DEPLOY_TRAIN_DATA_H
#define GS_DEPLOY_TRAIN_DATA_H

#include "classifier/train/train.h"
#include "deploy/daemon/workbench/refusals.h"
#include "ingest/base/buf.h"

struct gs_train_labels; /* opaque: names that stand for labels */

/* A JSON file {"topics": [{"id": .., "zh": ..}], "risks": [..]}: its labels come first, in its
 * order, and its Chinese names are understood in the data. path NULL: none. */
GS_MUST_CHECK
enum gs_status gs_train_labels_load(const char *path, struct gs_trainer *trainer,
                                    struct gs_train_labels **ret, struct gs_error *err);
void gs_train_labels_free(struct gs_train_labels *labels); /* NULL is fine */

/* spec: PATH[,register=NAME][,name=NAME][,c=X][,knows=HEAD/LABEL+HEAD/LABEL][,valid][,body]
 * Lines that cannot be read are refused. Adds the rows to *n_rows; appends the set's provenance, a
 * JSON object. */
GS_MUST_CHECK
enum gs_status gs_train_data_read(const char *spec, struct gs_trainer *trainer,
                                  const struct gs_train_labels *labels,
                                  struct gs_refusals *refusals, struct gs_buf *provenance,
                                  size_t *n_rows, struct gs_error *err);

#endif
