/* A running pipeline on Kafka: lanes of both stages in threads, metrics, HTTP.
 *
 *     raw topics ──► lane tag ×N ──► tagged, observations, dlq
 *                                        │
 *     alerts, late, dlq ◄── lane watch ×M ◄┘
 *
 * Threads: start, stop and the readers from one thread each; the hooks are called on lane threads,
 * one at a time. */
#ifndef GS_DEPLOY_SERVICE_H
#define GS_DEPLOY_SERVICE_H

#include "alerting/incidents/incidents.h"
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/service/status.h"
#include "deploy/daemon/telemetry/key_board.h"

enum { GS_STAGE_TAG = 1, GS_STAGE_WATCH = 2 };

struct gs_service; /* opaque */

/* All may be NULL. */
struct gs_service_hooks {
    void *arg;
    void (*alert)(void *arg, const struct gs_alert *alert);          /* once committed; borrowed */
    void (*incident)(void *arg, const struct gs_incident *incident); /* each change; borrowed */
};

/* Loads the assets, starts HTTP and the lanes. stages: GS_STAGE_… or'ed. config is borrowed and
 * must outlive it. GS_BAD_CONFIG, GS_IO, GS_BAD_FORMAT (model), GS_NO_MEMORY; nothing runs after a
 * failure. */
GS_MUST_CHECK
enum gs_status gs_service_start(const struct gs_config *config, int stages,
                                const struct gs_service_hooks *hooks, struct gs_service **ret,
                                struct gs_error *err);

/* Finishes what is in flight, joins, frees. NULL is fine. */
void gs_service_stop(struct gs_service *service);

/* Loads rules, watchlist and model again, as `config` names them, and hands them to the lanes, which
 * take them over between two batches. All of them are accepted, or the old ones stay and err says
 * why: GS_BAD_CONFIG also where config changes a setting that takes a restart. config is only read
 * here. From the thread that started it. */
GS_MUST_CHECK
enum gs_status gs_service_reload(struct gs_service *service, const struct gs_config *config,
                                 struct gs_error *err);

int gs_service_port(const struct gs_service *service); /* of HTTP; 0 without it */

/* Tells whether a lane has given up; *ret says why. */
bool gs_service_failed(struct gs_service *service, struct gs_error *ret);

/* Rows of the watched keys, as gs_board_rows(). */
size_t gs_service_rows(struct gs_service *service, struct gs_board_row *rows, size_t max);

void gs_service_totals(struct gs_service *service, struct gs_service_totals *ret);

#endif
