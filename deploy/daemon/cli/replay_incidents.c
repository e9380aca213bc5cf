/* A row is an incident as it was last, without its samples and stories, so that a year of them fits. */
#include "deploy/daemon/cli/replay_incidents.h"

#include "deploy/daemon/cli/replay_alerts.h"
#include "ingest/base/escape.h"

#include <stdlib.h>

enum { MAX_ROWS = 20000 };

static struct gs_replay_incident *find(struct gs_replay_incidents *incidents, const char *id)
{
    for (size_t i = incidents->n; i > 0; i--) {
        if (strcmp(incidents->rows[i - 1].id, id) == 0) {
            return &incidents->rows[i - 1];
        }
    }
    return NULL;
}

static struct gs_replay_incident *add(struct gs_replay_incidents *incidents, const char *id)
{
    struct gs_replay_incident *bigger =
        incidents->n < MAX_ROWS
            ? realloc(incidents->rows, (incidents->n + 1) * sizeof *incidents->rows)
            : NULL;
    if (bigger == NULL) {
        return NULL;
    }
    incidents->rows = bigger;
    struct gs_replay_incident *row = &incidents->rows[incidents->n++];
    *row = (struct gs_replay_incident){.n_keys = 0};
    memcpy(row->id, id, sizeof row->id);
    return row;
}

static void copy_keys(struct gs_replay_incident *row, const struct gs_incident *incident)
{
    struct gs_replay_incident_key *keys = realloc(row->keys, (incident->n_keys + 1) * sizeof *keys);

    if (keys == NULL) {
        return;
    }
    row->keys = keys;
    row->n_keys = incident->n_keys;
    for (uint32_t i = 0; i < incident->n_keys; i++) {
        const struct gs_incident_key *from = &incident->keys[i];
        keys[i] = (struct gs_replay_incident_key){.severity = from->severity,
                                                  .firing = from->firing,
                                                  .fired_at_ms = from->fired_at_ms,
                                                  .ends_at_ms = from->ends_at_ms,
                                                  .observed = from->peak.observed,
                                                  .expected = from->peak.expected};
        memcpy(keys[i].key, from->key, sizeof keys[i].key);
    }
}

void gs_replay_incidents_take(void *arg, const struct gs_incident *incident)
{
    struct gs_replay_incidents *incidents = arg;
    struct gs_replay_incident *row = find(incidents, incident->id);

    row = row == NULL ? add(incidents, incident->id) : row;
    if (row == NULL) {
        incidents->n_more += incident->notice == GS_NOTICE_OPENED;
        return;
    }
    memcpy(row->title, incident->title, sizeof row->title);
    row->severity = incident->severity;
    row->state = incident->state;
    row->notices += incident->notice != GS_NOTICE_NONE;
    row->opened_at_ms = incident->opened_at_ms;
    row->ends_at_ms = incident->ends_at_ms;
    row->keys_left_out = incident->keys_left_out;
    copy_keys(row, incident);
}

static void print_row(const struct gs_replay_incident *row, FILE *out)
{
    char opened[17];
    char ended[17];

    gs_replay_time(opened, row->opened_at_ms);
    gs_replay_time(ended, row->ends_at_ms);
    gs_print_line(out, "%-16s  %-16s  %-8s  %7u  %s", opened, ended,
                  gs_severity_name((enum gs_severity)row->severity), row->notices, row->title);
    for (uint32_t i = 0; i < row->n_keys; i++) {
        const struct gs_replay_incident_key *key = &row->keys[i];
        gs_replay_time(opened, key->fired_at_ms);
        gs_replay_time(ended, key->firing ? -1 : key->ends_at_ms);
        char share[24] = "risk event"; /* of which nothing is expected */
        if (key->expected > 0.0) {
            (void)snprintf(share, sizeof share, "%3.0f %% for %2.0f %%", 100.0 * key->observed,
                           100.0 * key->expected);
        }
        gs_print_line(out, "  %-14s    %-14s  %-8s  %-14s  %s", opened + 2,
                      ended[0] == '-' ? ended : ended + 2,
                      gs_severity_name((enum gs_severity)key->severity), share, key->key);
    }
    if (row->keys_left_out > 0) {
        gs_print_line(out, "  and %u more keys", row->keys_left_out);
    }
}

void gs_replay_incidents_print(const struct gs_replay_incidents *incidents, FILE *out)
{
    if (incidents->n == 0) {
        return;
    }
    gs_print_line(out, "%-16s  %-16s  %-8s  %7s  %s", "opened", "ended", "severity", "notices",
                  "incident, and its alerts");
    for (size_t i = 0; i < incidents->n; i++) {
        print_row(&incidents->rows[i], out);
    }
    if (incidents->n_more > 0) {
        gs_print_line(out, "and %zu more incidents", incidents->n_more);
    }
    (void)fputc('\n', out);
}

void gs_replay_incidents_done(struct gs_replay_incidents *incidents)
{
    for (size_t i = 0; i < incidents->n; i++) {
        free(incidents->rows[i].keys);
    }
    free(incidents->rows);
}
