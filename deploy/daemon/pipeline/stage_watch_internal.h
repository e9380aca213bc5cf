/* Shared by the files of the watch stage: stage_watch.c (records, batches), stage_watch_parts.c
 * (partitions), stage_watch_time.c (event time), stage_watch_alerts.c (closing bins, alerts out),
 * stage_watch_changelog.c (what is kept of the windows) and stage_watch_metrics.c (counters and the
 * board). */
#ifndef GS_DEPLOY_STAGE_WATCH_INTERNAL_H
#define GS_DEPLOY_STAGE_WATCH_INTERNAL_H

#include "alerting/detector/state_log.h"
#include "deploy/daemon/pipeline/event_clock.h"
#include "deploy/daemon/pipeline/stage_watch.h"
#include "ingest/base/arena.h"
#include "ingest/base/metrics.h"

enum {
    GS_MAX_LATENCIES = 65536, /* of one batch; more are not measured */
};

/* One input partition: its windows, and how far its event time has come. */
struct gs_part {
    char topic[256];
    int32_t partition;
    uint64_t number; /* tells the gs_watch's alerts from those of others */
    struct gs_watch *watch;
    struct gs_event_clock clock, clock_was; /* clock_was: when the batch began */
    int64_t came_ms, advanced_ms; /* wall clock: the last record, the last that moved event time */
    int64_t counted, counted_was; /* the offset behind the last record; was: as for the clock */
    bool moved;                   /* the open batch has a record of it */
    int64_t watermark_was_ms;     /* of its windows */
    /* What is kept of it, while that is read; behind a restore what has to be taken out of it. */
    struct gs_state_log log;
    bool taken_out;    /* by the open batch */
    int64_t parked_ms; /* wall clock */
    struct gs_incident_marks marks;
};

/* An alert of the open batch, announced once it is committed. A deep copy. */
struct gs_pending_alert {
    struct gs_alert alert;
    struct gs_str json;
    uint64_t number;
    struct gs_pending_alert *next;
};

/* Classes of groundswell_keys_detectable. */
enum gs_detectable { GS_DETECTABLE_YES, GS_DETECTABLE_NO, GS_DETECTABLE_LEARNING, GS_N_DETECTABLE };

struct gs_stage_watch {
    struct gs_stage_watch_options options;
    struct gs_part *parts;
    size_t n_parts;
    struct gs_part *parked; /* revoked, and kept for a while: stage_watch_parked.c */
    size_t n_parked;
    uint64_t next_number;
    struct gs_watch_oddities gone; /* of partitions that are not here any more */
    int64_t watermark_ms;          /* GS_NO_TIME until there is one; goes back only by undo */
    int64_t watermark_was_ms;      /* as it was when the batch began */
    struct gs_arena *arena;        /* of the batch: observations and alerts */
    struct gs_buf json;
    uint64_t showing; /* whose alerts are being shown after a load */
    struct gs_pending_alert *first_pending, **last_pending;
    uint32_t results[GS_N_OBSERVATION_RESULTS], late, rejected[GS_N_REJECTS], alerts_out, ahead,
        jumps, state_out;
    struct gs_board *board;
    int64_t board_ms; /* when it was last posted */
    bool unshown;     /* there were commits since */

    struct gs_series *result_series[GS_N_OBSERVATION_RESULTS], *late_series, *watermark_series,
        *keys_series;
    struct gs_series *ahead_series, *jump_series;
    struct gs_series *detectable_series[GS_N_DETECTABLE];
    struct gs_series *alarms_series[2], *budget_series[2], *key_days_series; /* info, warning */
    struct gs_series *refused_series, *evicted_series, *forgotten_series, *memory_series,
        *rejected_series[GS_N_REJECTS];
    struct gs_series *produced[GS_N_STREAMS], *latency;
    int64_t *arrived_ms; /* [GS_MAX_LATENCIES] timestamps of the batch's records */
    size_t n_arrived;
    uint64_t refused_keys, evicted_keys, forgotten;
};

/* ---- stage_watch_parts.c: gs_stage_ops ---- */
void gs_stage_watch_assigned(void *self, struct gs_str topic, int32_t partition);
void gs_stage_watch_revoked(void *self, struct gs_str topic, int32_t partition);
/* Its alerts, keys and incidents are not seen here any more. */
void gs_stage_watch_hide_part(struct gs_stage_watch *stage, struct gs_part *part);
/* Windows that have seen nothing, in place of those that the partition had. */
GS_MUST_CHECK
enum gs_status gs_stage_watch_renew_part(struct gs_stage_watch *stage, struct gs_part *part,
                                         struct gs_error *err);

/* Drops everything; for the end. */
void gs_stage_watch_drop_parts(struct gs_stage_watch *stage);

/* ---- stage_watch_parked.c ---- */
/* The windows of part i wait; false: no memory, it is still there. */
bool gs_stage_watch_park(struct gs_stage_watch *stage, size_t i);
/* They go on, if they have counted exactly what the group has read. GS_FENCED, GS_IO,
 * GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_stage_watch_unpark(struct gs_stage_watch *stage, struct gs_source *source,
                                     struct gs_part *part, int64_t offset, struct gs_error *err);
/* Drops those that have waited for longer. */
void gs_stage_watch_drop_parked(struct gs_stage_watch *stage, int64_t longer_ms);

/* ---- stage_watch_changelog.c ---- */
enum gs_status gs_stage_watch_kept(void *self, struct gs_str topic, int32_t partition,
                                   struct gs_str key, struct gs_str value, struct gs_error *err);
enum gs_status gs_stage_watch_restore(void *self, struct gs_source *source, struct gs_str topic,
                                      int32_t partition, int64_t offset, struct gs_error *err);
void gs_part_begin_changes(struct gs_part *part);
void gs_part_end_changes(struct gs_part *part, bool committed);
/* Tells whether there is something to keep though no record came. */
bool gs_stage_watch_has_unsaved(const struct gs_stage_watch *stage);
/* The windows are there: incidents come behind them, from the records in part->log, and alerts that
 * are on go to the desk. GS_BAD_FORMAT, GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_part_load_incidents(struct gs_stage_watch *stage, struct gs_part *part,
                                      struct gs_error *err);
/* The last of a batch: what it has changed goes to the changelog. */
GS_MUST_CHECK
enum gs_status gs_stage_watch_put_changes(struct gs_stage_watch *stage, struct gs_sink *sink,
                                          struct gs_error *err);

/* NULL: not one of ours. */
struct gs_part *gs_stage_watch_find_part(struct gs_stage_watch *stage, struct gs_str topic,
                                         int32_t partition);
/* After partitions have come or gone: event time is the lowest that their windows have reached. */
void gs_stage_watch_renew_watermark(struct gs_stage_watch *stage);
/* Event time has reached watermark_ms: closes bins in every partition and writes the alerts. */
GS_MUST_CHECK
enum gs_status gs_stage_watch_advance(struct gs_stage_watch *stage, int64_t watermark_ms,
                                      struct gs_sink *sink, struct gs_error *err);
/* Puts stage->json to a stream; key and time are those of `as`. */
GS_MUST_CHECK
enum gs_status gs_stage_watch_put(struct gs_stage_watch *stage, struct gs_sink *sink,
                                  enum gs_stream stream, const struct gs_output *as,
                                  struct gs_error *err);
/* The batch is committed: tells the board and the hook of its alerts. */
void gs_stage_watch_announce(struct gs_stage_watch *stage);

/* Tells whether a partition has brought nothing that moves event time for so long that it is left
 * out. empty: the broker says that it has no more records. */
bool gs_part_idle(const struct gs_part *part, int64_t now_ms, int64_t timeout_ms, bool empty);
/* The lane's event time now, less the bound for lateness; GS_NO_TIME: not known. source NULL:
 * counts idle partitions too. */
int64_t gs_stage_watch_reached(const struct gs_stage_watch *stage, const struct gs_source *source);
bool gs_stage_watch_closes_a_bin(const struct gs_stage_watch *stage, int64_t reached_ms);
void gs_stage_watch_add_oddities(const struct gs_event_clock *clock, struct gs_watch_oddities *sum);
/* An observation was accepted: its partition's clock hears of it. */
void gs_stage_watch_note_time(struct gs_stage_watch *stage, struct gs_part *part,
                              struct gs_str source, int64_t ts_ms);

void gs_stage_watch_find_series(struct gs_stage_watch *stage);
/* Copies the keys that are watched now to the board, and their number to the metrics. */
void gs_stage_watch_show(struct gs_stage_watch *stage);
/* The batch is committed: adds what it counted to the metrics, and posts the board when it is
 * due. */
void gs_stage_watch_publish(struct gs_stage_watch *stage);
/* gs_stage_ops: before a pause the board may not have been due; it is shown once it is. */
void gs_stage_watch_idle(void *self, const struct gs_source *source);

#endif
