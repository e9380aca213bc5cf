/* Counts notices by incident: an event that is told to have begun twice, or to be over twice, is what
 * incidents are there to prevent. */
#include "deploy/daemon/demo/demo_incidents.h"

#include "deploy/daemon/demo/width.h"
#include "ingest/base/buf.h"

#include <pthread.h>
#include <stdlib.h>

struct row {
    char id[17];
    char title[GS_INCIDENT_TITLE_BYTES];
    enum gs_severity severity;
    uint32_t n_keys;
    unsigned notices[GS_N_INCIDENT_NOTICES];
};

struct gs_demo_incidents {
    pthread_mutex_t lock; /* guards what follows */
    struct row rows[GS_DEMO_MAX_INCIDENTS];
    size_t n, n_more;
};

enum gs_status gs_demo_incidents_new(struct gs_demo_incidents **ret, struct gs_error *err)
{
    struct gs_demo_incidents *incidents = calloc(1, sizeof *incidents);

    if (incidents == NULL || pthread_mutex_init(&incidents->lock, NULL) != 0) {
        free(incidents);
        return gs_fail(err, GS_NO_MEMORY, "demo incidents");
    }
    *ret = incidents;
    return GS_OK;
}

void gs_demo_incidents_free(struct gs_demo_incidents *incidents)
{
    if (incidents != NULL) {
        (void)pthread_mutex_destroy(&incidents->lock);
        free(incidents);
    }
}

/* NULL: no room. Needs the lock. */
static struct row *find_or_add(struct gs_demo_incidents *incidents, const char *id)
{
    for (size_t i = 0; i < incidents->n; i++) {
        if (memcmp(incidents->rows[i].id, id, sizeof incidents->rows[i].id) == 0) {
            return &incidents->rows[i];
        }
    }
    if (incidents->n == GS_DEMO_MAX_INCIDENTS) {
        return NULL;
    }
    struct row *row = &incidents->rows[incidents->n++];
    memcpy(row->id, id, sizeof row->id);
    return row;
}

void gs_demo_incidents_take(struct gs_demo_incidents *incidents, const struct gs_incident *incident)
{
    (void)pthread_mutex_lock(&incidents->lock);
    struct row *row = find_or_add(incidents, incident->id);
    if (row == NULL) {
        incidents->n_more += incident->notice == GS_NOTICE_OPENED;
    } else {
        memcpy(row->title, incident->title, sizeof row->title);
        row->severity = (enum gs_severity)incident->severity;
        row->n_keys = incident->n_keys;
        row->notices[incident->notice]++;
    }
    (void)pthread_mutex_unlock(&incidents->lock);
}

bool gs_demo_incidents_draw(struct gs_demo_incidents *incidents, size_t width, struct gs_buf *out)
{
    bool once = true;

    (void)pthread_mutex_lock(&incidents->lock);
    gs_buf_printf(out, "%zu incidents, and what people were told of each\n",
                  incidents->n + incidents->n_more);
    for (size_t i = 0; i < incidents->n; i++) {
        const struct row *row = &incidents->rows[i];
        char scratch[GS_INCIDENT_TITLE_BYTES + 128];
        struct gs_buf text = {.bytes = scratch, .capacity = sizeof scratch, .max = sizeof scratch};
        gs_buf_printf(&text, "  %-8s  opened %u, worse %u, ended %u; %u key%s  %s",
                      gs_severity_name(row->severity), row->notices[GS_NOTICE_OPENED],
                      row->notices[GS_NOTICE_WORSE], row->notices[GS_NOTICE_ENDED], row->n_keys,
                      row->n_keys == 1 ? "" : "s", row->title);
        gs_demo_put(out, gs_buf_str(&text), width, false);
        gs_buf_putc(out, '\n');
        once = once && row->notices[GS_NOTICE_OPENED] == 1 && row->notices[GS_NOTICE_ENDED] <= 1;
    }
    (void)pthread_mutex_unlock(&incidents->lock);
    return once;
}
