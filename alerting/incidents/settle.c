/* What an incident is after all alerts of a time: its state, its severity, and whether people are
 * told.
 *
 *     open ─── severity, a new risk, a new company ───► worse
 *      │                                                  │
 *      └──────── its last alert is over ──► easing ◄──────┘
 *                                             │ hold without a new one
 *                                             ▼
 *                                           ended
 *
 * Within gap_ms of a notice what gets worse waits and is told together, but not critical, which
 * nobody should have to wait for. An incident that eases is not told: it ends, or it goes on. */
#include "alerting/incidents/incidents_internal.h"

static bool is_firing(const struct gs_incident *incident)
{
    for (uint32_t i = 0; i < incident->n_keys; i++) {
        if (incident->keys[i].firing) {
            return true;
        }
    }
    return false;
}

static int64_t last_end(const struct gs_incident *incident)
{
    int64_t last_ms = incident->opened_at_ms;

    for (uint32_t i = 0; i < incident->n_keys; i++) {
        last_ms = incident->keys[i].ends_at_ms > last_ms ? incident->keys[i].ends_at_ms : last_ms;
    }
    return last_ms;
}

static bool may_tell_worse(const struct gs_incident_options *options,
                           const struct gs_incident *incident, int64_t now_ms)
{
    const bool at_once = incident->severity == GS_SEVERITY_CRITICAL &&
                         incident->told_severity < GS_SEVERITY_CRITICAL;

    return incident->pending != 0 && (at_once || now_ms - incident->told_at_ms >= options->gap_ms);
}

static void tell(struct gs_incident *incident, enum gs_incident_notice notice, int64_t now_ms)
{
    incident->notice = (uint8_t)notice;
    incident->told_at_ms = now_ms;
    incident->told_severity = incident->severity;
    incident->worse = notice == GS_NOTICE_WORSE ? incident->pending : 0;
    incident->pending = 0;
    if (notice == GS_NOTICE_OPENED || notice == GS_NOTICE_WORSE) {
        gs_incident_title(incident);
    }
}

static void settle_firing(const struct gs_incident_options *options, struct gs_incident *incident,
                          int64_t now_ms)
{
    if (incident->state == GS_INCIDENT_EASING) {
        incident->changed = true;
    }
    incident->eased_at_ms = -1;
    if (incident->told_at_ms == GS_NOT_TOLD) { /* what it begins with is not worse */
        tell(incident, GS_NOTICE_OPENED, now_ms);
    }
    incident->was_worse = incident->was_worse || incident->pending != 0;
    incident->state = incident->was_worse ? GS_INCIDENT_WORSE : GS_INCIDENT_OPEN;
    if (may_tell_worse(options, incident, now_ms)) {
        tell(incident, GS_NOTICE_WORSE, now_ms);
    } else if (options->repeat_ms > 0 && now_ms - incident->told_at_ms >= options->repeat_ms) {
        tell(incident, GS_NOTICE_REMINDER, now_ms);
    }
}

void gs_incident_settle(const struct gs_incident_options *options, struct gs_incident *incident,
                        int64_t now_ms)
{
    incident->notice = GS_NOTICE_NONE;
    incident->worse = 0;
    incident->updated_at_ms = now_ms;
    gs_incident_lead(incident);
    if (is_firing(incident)) {
        settle_firing(options, incident, now_ms);
        return;
    }
    if (incident->eased_at_ms < 0) {
        incident->eased_at_ms = last_end(incident);
        incident->state = GS_INCIDENT_EASING;
        incident->changed = true;
    }
    if (now_ms - incident->eased_at_ms >= options->hold_ms) {
        incident->state = GS_INCIDENT_ENDED;
        incident->ends_at_ms = incident->eased_at_ms;
        tell(incident, GS_NOTICE_ENDED, now_ms);
    }
}

int64_t gs_incident_due(const struct gs_incident_options *options,
                        const struct gs_incident *incident)
{
    int64_t due_ms = INT64_MAX;

    if (incident->state == GS_INCIDENT_ENDED) {
        return INT64_MAX;
    }
    if (incident->eased_at_ms >= 0) {
        return incident->eased_at_ms + options->hold_ms;
    }
    if (incident->pending != 0) {
        due_ms = incident->told_at_ms + options->gap_ms;
    }
    if (options->repeat_ms > 0 && incident->told_at_ms + options->repeat_ms < due_ms) {
        due_ms = incident->told_at_ms + options->repeat_ms;
    }
    return due_ms;
}
