/* What the files of the watch stage share: stage_watch.c (records, partitions, event time),
 * stage_watch_alerts.c (closing bins, alerts out) and stage_watch_metrics.c (counters and the
 * board). */
#ifndef GS_DEPLOY_STAGE_WATCH_INTERNAL_H
#define GS_DEPLOY_STAGE_WATCH_INTERNAL_H

#include "base/arena.h"
#include "base/metrics.h"
#include "deploy/daemon/stage_watch.h"

enum {
    GS_MAX_LATENCIES = 65536, /* of one batch; more are not measured */
    GS_N_RESULTS = GS_SIGHTING_REFUSED + 1,
};

#define GS_NO_TIME INT64_MIN

/* One input partition: its windows, and how far its event time has come. */
struct gs_part {
    char topic[256];
    int32_t partition;
    uint64_t number; /* tells the gs_watch's alerts from those of others */
    struct gs_watch *watch;
    int64_t max_ts_ms, max_ts_was_ms; /* the latest event; as it was when the batch began */
    int64_t last_record_ms;           /* wall clock */
};

/* An alert of the open batch, told to others once it is committed. A deep copy. */
struct gs_told {
    struct gs_alert alert;
    struct gs_str json;
    uint64_t number;
    struct gs_told *next;
};

struct gs_stage_watch {
    struct gs_stage_watch_options options;
    struct gs_part *parts;
    size_t n_parts;
    uint64_t next_number;
    int64_t watermark_ms;     /* GS_NO_TIME until there is one; goes back only by undo */
    int64_t watermark_was_ms; /* as it was when the batch began */
    struct gs_arena *arena;   /* of the batch: observations and alerts */
    struct gs_buf json;
    struct gs_told *first_told, **last_told;
    uint32_t results[GS_N_RESULTS], late, rejected[GS_N_REJECTS], alerts_out;
    struct gs_board *board;
    int64_t board_ms; /* when it was last posted */

    struct gs_sink *sink; /* of the call in progress, for emit */
    const struct gs_part *emitting;
    enum gs_status emit_status;
    struct gs_error *emit_err;

    struct gs_series *result_series[GS_N_RESULTS], *late_series, *watermark_series, *keys_series;
    struct gs_series *refused_series, *memory_series, *rejected_series[GS_N_REJECTS];
    struct gs_series *produced[GS_N_STREAMS], *latency;
    int64_t *arrived_ms; /* [GS_MAX_LATENCIES] timestamps of the batch's records */
    size_t n_arrived;
    uint64_t refused_keys;
};

/* Event time has reached watermark_ms: closes bins in every partition and writes the alerts. */
GS_MUST_CHECK
enum gs_status gs_stage_watch_advance(struct gs_stage_watch *stage, int64_t watermark_ms,
                                      struct gs_error *err);
/* One record to a stream of the sink in use. */
GS_MUST_CHECK
enum gs_status gs_stage_watch_put(struct gs_stage_watch *stage, enum gs_stream stream,
                                  struct gs_str key, struct gs_str value, int64_t ts_ms,
                                  struct gs_error *err);
/* The batch is committed: tells the board and the hook of its alerts. */
void gs_stage_watch_tell(struct gs_stage_watch *stage);

void gs_stage_watch_find_series(struct gs_stage_watch *stage);
/* The batch is committed: adds what it counted to the metrics, and posts the board when it is due.
 */
void gs_stage_watch_publish(struct gs_stage_watch *stage);

#endif
