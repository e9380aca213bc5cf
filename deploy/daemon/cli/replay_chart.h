/* The two charts of a key in alert, as SVG: its negative share against what is usual for it, and its
 * evidence against the threshold. Both have the same axis of time.
 *
 * Threads: a buffer has one owner. */
#ifndef GS_DEPLOY_REPLAY_CHART_H
#define GS_DEPLOY_REPLAY_CHART_H

#include "deploy/daemon/cli/replay_alerts.h"
#include "deploy/daemon/cli/replay_series.h"

/* Two figures with captions and legends. hours: over which the share is shown, 1 or 3, as the alert
 * did. alerts: those of any key; the key's own are marked. */
void gs_replay_charts(struct gs_buf *out, const struct gs_series *series, int hours,
                      const struct gs_replay_alerts *alerts);

#endif
