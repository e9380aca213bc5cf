/* The table of incidents, and the time at which alerts are looked at.
 *
 *     gs_incidents_add ─► waiting ─┐
 *     gs_incidents_reached ────────┴─► gs_incidents_next(): tick by tick
 *                                        take what waits up to the tick's time, entities first
 *                                        same key, or gs_incident_join(), or a new incident
 *                                        gs_incident_settle(): state, notice
 *                                        give those that changed
 *
 * A tick is at the time of an alert that waits, or when an incident is due (its hold is over, a
 * notice was put off), whichever is first; it comes once every feed that is here has reached it. So
 * what happens depends on event time alone. */
#include "alerting/incidents/incidents_internal.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_WAITING = 64 };

const char *gs_incident_state_name(enum gs_incident_state state)
{
    static const char *const names[GS_N_INCIDENT_STATES] = {"open", "worse", "easing", "ended"};
    return names[state];
}

const char *gs_incident_notice_name(enum gs_incident_notice notice)
{
    static const char *const names[GS_N_INCIDENT_NOTICES] = {"none",     "opened", "worse",
                                                             "reminder", "ended",  "late"};
    return names[notice];
}

const char *gs_incident_silence_name(enum gs_incident_silence silence)
{
    static const char *const names[GS_N_INCIDENT_SILENCES] = {"none", "muted", "acknowledged",
                                                              "quiet_hours", "untold"};
    return names[silence];
}

const char *const gs_mute_breaks_names[GS_N_MUTE_BREAKS + 1] = {"never", "severity", "risk", NULL};

const char *gs_incident_verdict_name(enum gs_incident_verdict verdict)
{
    static const char *const names[GS_N_INCIDENT_VERDICTS] = {"none", "right", "debatable",
                                                              "wrong"};
    return names[verdict];
}

enum gs_status gs_incidents_new(const struct gs_incident_options *options,
                                struct gs_incidents **ret, struct gs_error *err)
{
    if (options->n_feeds == 0 || options->n_feeds > GS_INCIDENT_FEEDS || options->max_open == 0) {
        return gs_fail(err, GS_BAD_CONFIG, "incidents: %zu feeds, %zu open at most",
                       options->n_feeds, options->max_open);
    }
    struct gs_incidents *incidents = calloc(1, sizeof *incidents);
    if (incidents == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "incidents");
    }
    incidents->options = *options;
    incidents->forced_ms = INT64_MIN;
    incidents->now_ms = INT64_MIN;
    for (size_t i = 0; i < options->n_feeds; i++) {
        incidents->feeds[i].reached_ms = INT64_MIN;
    }
    incidents->open = calloc(options->max_open, sizeof(struct gs_incident *));
    incidents->touched = calloc(options->max_open, sizeof *incidents->touched);
    if (incidents->open == NULL || incidents->touched == NULL) {
        gs_incidents_free(incidents);
        return gs_fail(err, GS_NO_MEMORY, "%zu incidents", options->max_open);
    }
    *ret = incidents;
    return GS_OK;
}

void gs_incidents_free(struct gs_incidents *incidents)
{
    if (incidents == NULL) {
        return;
    }
    for (size_t i = 0; incidents->open != NULL && i < incidents->n_open; i++) {
        free(incidents->open[i]);
    }
    free(incidents->open);
    free(incidents->touched);
    free(incidents->waiting);
    free(incidents);
}

/* ---- feeds ---- */

static bool make_room(struct gs_incidents *incidents)
{
    if (incidents->n_waiting < incidents->max_waiting) {
        return true;
    }
    size_t max = incidents->max_waiting == 0 ? FIRST_WAITING : 2 * incidents->max_waiting;
    max = max < GS_INCIDENT_WAITING ? max : GS_INCIDENT_WAITING;
    struct gs_waiting_alert *bigger =
        max > incidents->max_waiting ? realloc(incidents->waiting, max * sizeof *bigger) : NULL;
    if (bigger == NULL) {
        return false;
    }
    incidents->waiting = bigger;
    incidents->max_waiting = max;
    return true;
}

static int64_t first_waiting(const struct gs_incidents *incidents)
{
    int64_t first_ms = INT64_MAX;

    for (size_t i = 0; i < incidents->n_waiting; i++) {
        const int64_t at_ms = incidents->waiting[i].at_ms;
        first_ms = at_ms < first_ms ? at_ms : first_ms;
    }
    return first_ms;
}

bool gs_incidents_add(struct gs_incidents *incidents, size_t feed, uint64_t origin,
                      const struct gs_alert *alert)
{
    if (!make_room(incidents)) {
        if (incidents->n_waiting == 0) { /* no memory: it cannot be waited for either */
            incidents->counts.refused++;
            return true;
        }
        incidents->forced_ms = first_waiting(incidents);
        incidents->counts.hurried++;
        return false;
    }
    struct gs_waiting_alert *waiting = &incidents->waiting[incidents->n_waiting++];
    waiting->at_ms = alert->updated_at_ms;
    waiting->resolved = alert->state == GS_ALERT_RESOLVED;
    waiting->routine = alert->routine;
    gs_incident_key_make(alert, origin, &waiting->key);
    incidents->feeds[feed].away = false;
    return true;
}

void gs_incident_over(struct gs_incidents *incidents, size_t feed,
                      const struct gs_incident_key *key, int64_t at_ms)
{
    if (!make_room(incidents)) {
        incidents->counts.refused++;
        return;
    }
    struct gs_waiting_alert *waiting = &incidents->waiting[incidents->n_waiting++];
    *waiting = (struct gs_waiting_alert){.at_ms = at_ms, .resolved = true, .key = *key};
    waiting->key.firing = false;
    waiting->key.ends_at_ms = at_ms;
    incidents->feeds[feed].away = false;
}

void gs_incidents_reached(struct gs_incidents *incidents, size_t feed, int64_t watermark_ms)
{
    struct gs_incident_feed *of = &incidents->feeds[feed];

    of->away = false;
    of->reached_ms = watermark_ms;
}

void gs_incidents_leave(struct gs_incidents *incidents, size_t feed)
{
    incidents->feeds[feed].away = true;
}

/* INT64_MIN: nothing can be looked at yet. */
static int64_t reached_by_all(const struct gs_incidents *incidents)
{
    int64_t lowest_ms = INT64_MAX;
    bool any = false;

    for (size_t i = 0; i < incidents->options.n_feeds; i++) {
        const struct gs_incident_feed *feed = &incidents->feeds[i];
        if (!feed->away) {
            any = true;
            lowest_ms = feed->reached_ms < lowest_ms ? feed->reached_ms : lowest_ms;
        }
    }
    lowest_ms = any ? lowest_ms : INT64_MIN;
    return lowest_ms > incidents->forced_ms ? lowest_ms : incidents->forced_ms;
}

/* ---- the table ---- */

/* Drops those that have ended (they were given), and those without keys. */
static void sweep(struct gs_incidents *incidents)
{
    size_t kept = 0;

    for (size_t i = 0; i < incidents->n_open; i++) {
        struct gs_incident *incident = incidents->open[i];
        if (incident->state == GS_INCIDENT_ENDED || incident->n_keys == 0) {
            free(incident);
        } else {
            incidents->open[kept++] = incident;
        }
    }
    incidents->n_open = kept;
}

/* A queue in order is not needed: what is taken is sorted anyway. */
static void forget_waiting(struct gs_incidents *incidents, uint64_t origin)
{
    size_t kept = 0;

    for (size_t i = 0; i < incidents->n_waiting; i++) {
        if (incidents->waiting[i].key.origin != origin) {
            incidents->waiting[kept++] = incidents->waiting[i];
        }
    }
    incidents->n_waiting = kept;
}

void gs_incidents_forget(struct gs_incidents *incidents, uint64_t origin)
{
    assert(!incidents->giving); /* changes that were not given would be lost */
    forget_waiting(incidents, origin);
    for (size_t i = 0; i < incidents->n_open; i++) {
        struct gs_incident *incident = incidents->open[i];
        uint32_t kept = 0;
        for (uint32_t j = 0; j < incident->n_keys; j++) {
            if (incident->keys[j].origin != origin) {
                incident->keys[kept++] = incident->keys[j];
            }
        }
        incident->n_keys = kept;
        gs_incident_lead(incident);
    }
    sweep(incidents);
}

static int64_t next_tick(const struct gs_incidents *incidents)
{
    int64_t next_ms = first_waiting(incidents);

    for (size_t i = 0; i < incidents->n_open; i++) {
        const int64_t due_ms = gs_incident_due(&incidents->options, incidents->open[i]);
        next_ms = due_ms < next_ms ? due_ms : next_ms;
    }
    return next_ms;
}

bool gs_incidents_next(struct gs_incidents *incidents, const struct gs_incident **ret)
{
    for (;;) {
        for (; incidents->giving && incidents->given < incidents->n_open; incidents->given++) {
            struct gs_incident *incident = incidents->open[incidents->given];
            const bool news = incident->notice != GS_NOTICE_NONE || incident->changed;
            if (incidents->touched[incidents->given] && news) {
                incident->changed = false;
                incidents->given++;
                *ret = incident;
                return true;
            }
        }
        if (incidents->giving) {
            incidents->giving = false;
            sweep(incidents);
        }
        const int64_t next_ms = next_tick(incidents);
        if (next_ms == INT64_MAX || next_ms > reached_by_all(incidents)) {
            incidents->forced_ms = INT64_MIN;
            return false;
        }
        gs_incidents_tick(incidents, next_ms);
    }
}

bool gs_incidents_answer(struct gs_incidents *incidents, const char *id,
                         const struct gs_incident_answer *answer)
{
    for (size_t i = 0; i < incidents->n_open; i++) {
        if (strcmp(incidents->open[i]->id, id) == 0) {
            incidents->open[i]->answer = *answer;
            return true;
        }
    }
    return false;
}

void gs_incidents_each(const struct gs_incidents *incidents,
                       void (*visit)(void *arg, const struct gs_incident *incident), void *arg)
{
    for (size_t i = 0; i < incidents->n_open; i++) {
        if (incidents->open[i]->state != GS_INCIDENT_ENDED) {
            visit(arg, incidents->open[i]);
        }
    }
}

void gs_incidents_counts(const struct gs_incidents *incidents, struct gs_incident_counts *ret)
{
    *ret = incidents->counts;
    ret->open = incidents->n_open;
}
