/* The line of time of a replay's page: when there were incidents, and how grave, each a link to where
 * the page tells of it ("#i1" and so on).
 *
 * Threads: a buffer has one owner. */
#ifndef GS_DEPLOY_REPLAY_TIMELINE_H
#define GS_DEPLOY_REPLAY_TIMELINE_H

#include "deploy/daemon/cli/replay_compare.h"

void gs_replay_timeline(struct gs_buf *out, const struct gs_replay_side *side);

#endif
