/* What the files of the service share: service.c (start, stop, totals), service_lane.c (one lane
 * and its clients) and service_http.c (what HTTP asks). */
#ifndef GS_DEPLOY_SERVICE_INTERNAL_H
#define GS_DEPLOY_SERVICE_INTERNAL_H

#include "alerting/http.h"
#include "base/metrics.h"
#include "deploy/daemon/assets.h"
#include "deploy/daemon/service.h"
#include "deploy/daemon/stage_options.h"

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
    struct gs_shard *shard; /* of the HTTP thread: what is set at a scrape */
    struct gs_shard *swaps; /* of the thread that starts and reloads */
    struct gs_http *http;
    struct gs_slot *slots;
    size_t n_slots;
    int64_t started_ms;
    pthread_mutex_t lock;       /* guards the slots' errors */
    pthread_mutex_t hooks_lock; /* one hook at a time */
};

/* Makes the next slot: lane number `lane` of its stage. A failed one is ended by gs_slot_done() all
 * the same. */
GS_MUST_CHECK
enum gs_status gs_slot_make(struct gs_service *service, bool watch, int lane, struct gs_error *err);
GS_MUST_CHECK enum gs_status gs_slot_start(struct gs_slot *slot, struct gs_error *err);
void gs_slot_done(struct gs_slot *slot);

GS_MUST_CHECK
enum gs_status gs_service_start_http(struct gs_service *service, struct gs_error *err);

#endif
