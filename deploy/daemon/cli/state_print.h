/* What `groundswell state` prints of a partition that is kept, and of one key in it.
 *
 * Threads: one. */
#ifndef GS_DEPLOY_STATE_PRINT_H
#define GS_DEPLOY_STATE_PRINT_H

#include "deploy/daemon/cli/state_parts.h"

/* On stdout: where it stands and how much there is of what; json: one line. */
void gs_state_print_part(const struct gs_state_part *part, bool json);
/* The windows of one key. False: it is not in this partition. */
bool gs_state_print_key(const struct gs_state_part *part, struct gs_str key, bool json);

#endif
