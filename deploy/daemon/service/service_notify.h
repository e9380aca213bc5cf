/* The service's way to people: receivers by the configuration, what happens at them as metrics and
 * lines of the log. */
#ifndef GS_DEPLOY_SERVICE_NOTIFY_H
#define GS_DEPLOY_SERVICE_NOTIFY_H

#include "deploy/daemon/config/config.h"
#include "ingest/base/metrics.h"

struct gs_notifier; /* opaque */

/* *ret is NULL when the configuration names no receiver. config and metrics are borrowed. GS_BAD_CONFIG:
 * a file that it names; GS_NO_MEMORY, GS_IO. */
GS_MUST_CHECK
enum gs_status gs_notifier_new(const struct gs_config *config, struct gs_metrics *metrics,
                               struct gs_notifier **ret, struct gs_error *err);
/* At most a second. NULL is fine, here and below. */
void gs_notifier_free(struct gs_notifier *notifier);

/* As gs_notify_incident(), by the answer that the incident has, and gs_notify_forget(). */
void gs_notifier_incident(struct gs_notifier *notifier, const struct gs_incident *incident);
/* It is silenced, or not any more, without a change of its own; late: people are told of it now. */
void gs_notifier_answered(struct gs_notifier *notifier, const struct gs_incident *incident,
                          bool late);
void gs_notifier_forget(struct gs_notifier *notifier, const char *id);

#endif
