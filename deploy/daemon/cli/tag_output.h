/* Members that tag adds to a tagged record on request: --all-labels, --logits, --explain. */
#ifndef GS_DEPLOY_TAG_OUTPUT_H
#define GS_DEPLOY_TAG_OUTPUT_H

#include "deploy/daemon/pipeline/tagger.h"

struct gs_tag_output {
    bool all_labels, logits, explain;
};

/* Appends JSON members, separated by commas, to out; nothing when nothing is asked for. tagging:
 * the one that `done` was called with. explain needs a model without an encoder. */
void gs_tag_output(const struct gs_tag_output *options, struct gs_tagger *tagger,
                   const struct gs_tagging *tagging, struct gs_buf *out);

#endif
