/* Shared by the files of the service: service.c (start, stop, totals), service_lane.c (one lane
 * and its clients) and, for the two functions at the end, local.c. */
#ifndef GS_DEPLOY_SERVICE_INTERNAL_H
#define GS_DEPLOY_SERVICE_INTERNAL_H

#include "deploy/daemon/pipeline/assets.h"
#include "deploy/daemon/pipeline/stage_options.h"
#include "deploy/daemon/service/service.h"
#include "deploy/daemon/service/service_http.h"
#include "deploy/daemon/service/service_notify.h"
#include "ingest/base/metrics.h"

#include <pthread.h>

enum { GS_MAX_LANES = 256 };

/* One lane and all that belongs to it. */
struct gs_slot {
    struct gs_service *service;
    char name[32], group[256], instance[512], number[12];
    bool watch; /* else tag */
    struct gs_kafka_options kafka;
    const char *input;
    struct gs_stage_tag *tag_stage;
    struct gs_stage_watch *watch_stage;
    struct gs_lane *lane;
    struct gs_shard *shard;
    _Atomic int64_t heard_ns; /* gs_kafka_options */
    struct gs_kafka_stats last_stats;
    struct gs_series *rebalances, *retries, *delivery_failures;
    pthread_t thread;
    bool started;
    struct gs_error error; /* why it gave up; guarded by service->lock */
};

struct gs_service {
    const struct gs_config *config;
    struct gs_service_hooks hooks;
    struct gs_assets assets;
    struct gs_metrics *metrics;
    struct gs_shard *swaps;        /* of the thread that starts and reloads */
    struct gs_incident_desk *desk; /* NULL: no watch stage */
    struct gs_notifier *notifier;  /* NULL: nobody is told, or no watch stage */
    struct gs_server *server;      /* NULL: http.enabled is false */
    struct gs_slot *slots;
    size_t n_slots;
    _Atomic int64_t fresh_ns[2]; /* of the groups of stage tag and watch (gs_kafka_options) */
    pthread_mutex_t lock;        /* guards the slots' errors */
    pthread_mutex_t hooks_lock;  /* one hook at a time */
};

/* Makes the next slot: lane number `lane` of its stage. A failed one is ended by gs_slot_done() all
 * the same. */
GS_MUST_CHECK
enum gs_status gs_slot_make(struct gs_service *service, bool watch, int lane, struct gs_error *err);
GS_MUST_CHECK enum gs_status gs_slot_start(struct gs_slot *slot, struct gs_error *err);
void gs_slot_done(struct gs_slot *slot);

/* ---- also for local.c ---- */

/* The metrics of a run, with what is known of the model; *ret_swaps: the shard of the thread that
 * starts and reloads. On failure *ret may be set, and is the caller's all the same. */
GS_MUST_CHECK
enum gs_status gs_run_metrics(const struct gs_assets *assets, struct gs_metrics **ret,
                              struct gs_shard **ret_swaps, struct gs_error *err);
/* Tells people of an incident: one line on the log, nothing for a change without a notice; a notice
 * that people are not told of says why. */
void gs_log_incident(const struct gs_incident *incident);
/* One line about what was held back; gs_summary_fn without its first argument. */
void gs_log_summary(const struct gs_held_incident *held, size_t n, size_t n_more);
/* What decides of telling in what runs now: the journal and the quiet hours. */
void gs_run_desk_options(const struct gs_config *config, struct gs_incident_desk_options *options);
/* The start line: version, configuration, model, stages and where messages come from. */
void gs_announce(const struct gs_config *config, int stages, const struct gs_assets *assets);

#endif
