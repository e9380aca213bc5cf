/* Members that tag adds to a tagged record on request: --all-labels, --logits, --explain. */
#ifndef GS_DEPLOY_TAG_OUTPUT_H
#define GS_DEPLOY_TAG_OUTPUT_H

#include "deploy/daemon/pipeline/tagger.h"
#include "deploy/daemon/workbench/explain.h"

#include <pthread.h>

/* One for all threads, since it holds the encoders' weights once more, in float: they explain in
 * turns. */
struct gs_tag_explainer {
    pthread_mutex_t lock;
    struct gs_explainer *explainer;
};

struct gs_tag_output {
    bool all_labels, logits;
    struct gs_tag_explainer *explainer; /* NULL: not asked for */
};

/* Appends JSON members, separated by commas, to out; nothing when nothing is asked for. tagging:
 * the one that `done` was called with. A text that cannot be explained has the reason in the
 * explanation's place. */
void gs_tag_output(const struct gs_tag_output *options, struct gs_tagger *tagger,
                   const struct gs_tagging *tagging, struct gs_buf *out);

#endif
