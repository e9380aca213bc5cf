/* /api/v1/status: what runs and what it sees, as one JSON object (deploy/docs/operations.md). */
#ifndef GS_DEPLOY_STATUS_H
#define GS_DEPLOY_STATUS_H

#include "classifier/model.h"
#include "deploy/daemon/board.h"
#include "deploy/daemon/lane.h"

struct gs_service_totals;

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
    struct gs_board **boards;
    size_t n_boards;
};

void gs_status_json(const struct gs_status_view *view, struct gs_buf *out);

#endif
