/* One tick: the alerts of a time, entities first, each to the incident that has its key or that
 * gs_incident_join() finds, else to a new one; then every incident that has something to settle. */
#include "alerting/incidents/incidents_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

/* The id says the same of the same founding alert, wherever it is computed. */
static void name_incident(char ret[17], const char *alert)
{
    char bytes[32];
    const int n = snprintf(bytes, sizeof bytes, "incident %s", alert);

    (void)snprintf(ret, 17, "%016llx", (unsigned long long)XXH3_64bits(bytes, (size_t)n));
}

/* NULL: no room or no memory. */
static struct gs_incident *open_incident(struct gs_incidents *incidents,
                                         const struct gs_incident_key *key)
{
    struct gs_incident *incident =
        incidents->n_open < incidents->options.max_open ? calloc(1, sizeof *incident) : NULL;

    if (incident != NULL) {
        name_incident(incident->id, key->alert);
        incident->starts_at_ms = key->starts_at_ms;
        incident->opened_at_ms = incidents->now_ms;
        incident->ends_at_ms = -1;
        incident->eased_at_ms = -1;
        incident->told_at_ms = GS_NOT_TOLD;
        incidents->touched[incidents->n_open] = true;
        incidents->open[incidents->n_open++] = incident;
    }
    return incident;
}

/* ---- alerts of a tick ---- */

static void raise_severity(struct gs_incident *incident, uint8_t severity)
{
    if (severity > incident->severity) {
        incident->severity = severity;
        incident->pending |= GS_WORSE_SEVERITY;
    }
}

static void add_key(struct gs_incidents *incidents, struct gs_incident *incident,
                    const struct gs_waiting_alert *alert)
{
    const struct gs_incident_key *key = &alert->key;

    raise_severity(incident, key->severity);
    incident->starts_at_ms =
        key->starts_at_ms < incident->starts_at_ms ? key->starts_at_ms : incident->starts_at_ms;
    if (incident->n_keys == GS_INCIDENT_KEYS) {
        incident->keys_left_out += !alert->routine;
        incidents->counts.left_out += !alert->routine;
        return;
    }
    incident->keys[incident->n_keys++] = *key;
    incident->changed = true;
    incident->pending |= key->kind == GS_KEY_RISK     ? GS_WORSE_RISK
                         : key->kind == GS_KEY_ENTITY ? GS_WORSE_ENTITY
                                                      : 0;
}

static void link_one_way(struct gs_incident *from, const struct gs_incident *to)
{
    for (uint32_t i = 0; i < from->n_related; i++) {
        if (strcmp(from->related[i], to->id) == 0) {
            return;
        }
    }
    if (from->n_related < GS_INCIDENT_RELATED) {
        memcpy(from->related[from->n_related++], to->id, sizeof to->id);
    }
}

static void touch(struct gs_incidents *incidents, const struct gs_incident *incident)
{
    for (size_t i = 0; i < incidents->n_open; i++) {
        incidents->touched[i] |= incidents->open[i] == incident;
    }
}

/* A key that no incident has. */
static void place(struct gs_incidents *incidents, const struct gs_waiting_alert *alert)
{
    struct gs_incident *related[GS_INCIDENT_RELATED];
    size_t n_related = 0;
    struct gs_incident *incident = gs_incident_join(incidents, &alert->key, related, &n_related);

    if (incident == NULL) {
        incident = open_incident(incidents, &alert->key);
    }
    if (incident == NULL) {
        incidents->counts.refused += !alert->routine;
        return;
    }
    add_key(incidents, incident, alert);
    touch(incidents, incident);
    for (size_t i = 0; i < n_related; i++) {
        if (related[i] != incident) {
            link_one_way(incident, related[i]);
            link_one_way(related[i], incident);
        }
    }
}

static struct gs_incident_key *find_key(struct gs_incidents *incidents, const char *key,
                                        struct gs_incident **ret_incident)
{
    for (size_t i = 0; i < incidents->n_open; i++) {
        struct gs_incident *incident = incidents->open[i];
        for (uint32_t j = 0; j < incident->n_keys; j++) {
            if (strcmp(incident->keys[j].key, key) == 0) {
                *ret_incident = incident;
                return &incident->keys[j];
            }
        }
    }
    return NULL;
}

static void apply(struct gs_incidents *incidents, const struct gs_waiting_alert *alert)
{
    struct gs_incident *incident = NULL;
    struct gs_incident_key *key = find_key(incidents, alert->key.key, &incident);

    if (key == NULL) {
        if (!alert->resolved) {
            place(incidents, alert);
        }
        return;
    }
    incident->changed |= key->firing != !alert->resolved;
    gs_incident_key_update(key, &alert->key, alert->resolved);
    raise_severity(incident, key->severity);
    touch(incidents, incident);
}

static int by_place(const void *a, const void *b)
{
    const struct gs_waiting_alert *x = a, *y = b;

    if (x->key.kind != y->key.kind) {
        return x->key.kind < y->key.kind ? -1 : 1;
    }
    const int order = strcmp(x->key.key, y->key.key);
    if (order != 0) {
        return order;
    }
    return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

/* Takes what waits up to now out, to the end of the array; returns its place there. */
static size_t part_due(struct gs_incidents *incidents)
{
    size_t n = incidents->n_waiting;

    for (size_t i = 0; i < n;) {
        if (incidents->waiting[i].at_ms > incidents->now_ms) {
            i++;
        } else {
            const struct gs_waiting_alert due = incidents->waiting[i];
            incidents->waiting[i] = incidents->waiting[--n];
            incidents->waiting[n] = due;
        }
    }
    return n;
}

void gs_incidents_tick(struct gs_incidents *incidents, int64_t now_ms)
{
    const struct gs_incident_options *options = &incidents->options;

    incidents->now_ms = now_ms > incidents->now_ms ? now_ms : incidents->now_ms;
    memset(incidents->touched, 0, options->max_open * sizeof *incidents->touched);
    const size_t first = part_due(incidents);
    if (first < incidents->n_waiting) {
        qsort(incidents->waiting + first, incidents->n_waiting - first, sizeof *incidents->waiting,
              by_place);
    }
    for (size_t i = first; i < incidents->n_waiting; i++) {
        apply(incidents, &incidents->waiting[i]);
    }
    incidents->n_waiting = first;
    for (size_t i = 0; i < incidents->n_open; i++) {
        struct gs_incident *incident = incidents->open[i];
        if (incidents->touched[i] || gs_incident_due(options, incident) <= incidents->now_ms) {
            incidents->touched[i] = true;
            gs_incident_settle(options, incident, incidents->now_ms);
        }
    }
    incidents->given = 0;
    incidents->giving = true;
}
