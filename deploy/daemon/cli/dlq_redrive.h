/* groundswell dlq redrive: dead letters go back to where they came from. */
#ifndef GS_DEPLOY_DLQ_REDRIVE_H
#define GS_DEPLOY_DLQ_REDRIVE_H

#include "deploy/daemon/cli/dlq_queue.h"

/* Sends the letters that the filter means, or only says which (dry). A JSON object on stdout for each
 * that was sent, when that is certain, and for each that is refused. The exit code. */
int gs_dlq_redrive(struct gs_dlq_queue *queue, bool dry, bool quiet);

#endif
