/* /api/v1/status: what runs and what it sees, as one JSON object (deploy/docs/operations.md). */
#ifndef GS_DEPLOY_STATUS_H
#define GS_DEPLOY_STATUS_H

#include "classifier/model.h"
#include "deploy/daemon/pipeline/incident_desk.h"
#include "deploy/daemon/pipeline/lane.h"
#include "deploy/daemon/telemetry/key_board.h"
#include "ingest/base/metrics.h"

struct gs_service_totals {
    uint64_t consumed; /* raw records committed by stage tag */
    uint64_t watched;  /* observations committed by stage watch; those that wait are observations -
                          watched */
    uint64_t tagged, rejected, observations, alerts;
    int64_t watermark_ms; /* INT64_MIN: none yet */
};

/* Adds up what the lanes have counted. */
void gs_totals_read(struct gs_metrics *metrics, struct gs_service_totals *ret);

struct gs_lane_view {
    const char *stage, *number;
    const struct gs_lane_status *status;
};

struct gs_status_view {
    int64_t started_ms;
    const struct gs_model_info *model;
    const struct gs_service_totals *totals;
    const struct gs_lane_view *lanes;
    size_t n_lanes;
    struct gs_incident_desk *desk; /* NULL: no incidents */
    struct gs_board **boards;
    size_t n_boards;
};

void gs_status_json(const struct gs_status_view *view, struct gs_buf *out);

#endif
