/* What tag adds to a tagged record on request: --all-labels, --logits, --explain. */
#ifndef GS_DEPLOY_TAG_OUTPUT_H
#define GS_DEPLOY_TAG_OUTPUT_H

#include "deploy/daemon/tagger.h"

struct gs_tag_output {
    bool all_labels, logits, explain;
};

/* Appends JSON members, separated by commas, to out; nothing when nothing is asked for. */
void gs_tag_output(const struct gs_tag_output *options, const struct gs_model *model,
                   struct gs_tagger *tagger, enum gs_lang lang, struct gs_buf *out);

#endif
