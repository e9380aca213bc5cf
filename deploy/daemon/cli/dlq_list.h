/* groundswell dlq ls and show. */
#ifndef GS_DEPLOY_DLQ_LIST_H
#define GS_DEPLOY_DLQ_LIST_H

#include "deploy/daemon/cli/dlq_queue.h"

enum gs_dlq_form {
    GS_DLQ_TEXT, /* for people: what is unprintable is escaped */
    GS_DLQ_JSON, /* as a line of output.files.dlq */
    GS_DLQ_RAW   /* the value's bytes and nothing else */
};

/* The exit code. ls: a JSON object on stdout for each letter that the filter means; how many there are
 * of each reason on stderr, unless quiet. */
int gs_dlq_list(struct gs_dlq_queue *queue, bool quiet);
int gs_dlq_show(struct gs_dlq_queue *queue, int32_t partition, int64_t offset,
                enum gs_dlq_form form);

#endif
