/* The records of incidents, from their change to the commit of the batch that they are in: a bounded
 * queue whose head one lane at a time has in its batch. */
#include "deploy/daemon/pipeline/incident_desk_internal.h"

#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/log.h"

#include <stdlib.h>

void gs_incident_desk_queue(struct gs_incident_desk *desk, const struct gs_incident *incident)
{
    struct gs_incident_record *record = &desk->records[desk->n_records];

    gs_buf_reset(&desk->json);
    gs_incident_encode(incident, &desk->json);
    char *json = desk->n_records < GS_INCIDENT_RECORDS && gs_buf_ok(&desk->json)
                     ? malloc(desk->json.len + 1)
                     : NULL;
    if (json == NULL) {
        gs_series_add(desk->dropped, 1);
        return;
    }
    memcpy(json, desk->json.bytes, desk->json.len);
    *record = (struct gs_incident_record){.json = json, .len = desk->json.len};
    memcpy(record->id, incident->id, sizeof record->id);
    desk->n_records++;
}

/* Needs the lock: drops the first n. */
static void drop_records(struct gs_incident_desk *desk, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(desk->records[i].json);
    }
    desk->n_records -= n;
    memmove(desk->records, desk->records + n, desk->n_records * sizeof *desk->records);
}

/* A record that the broker refuses for itself is left out, or nothing would ever be written. */
static enum gs_status put(struct gs_incident_desk *desk, const struct gs_incident_record *record,
                          struct gs_sink *sink, struct gs_error *err)
{
    const struct gs_output output = {.key = gs_str(record->id),
                                     .value = {record->json, record->len},
                                     .timestamp_ms = -1,
                                     .partition = -1};
    const enum gs_status status = gs_sink_put(sink, GS_STREAM_INCIDENTS, &output, err);

    if (status == GS_BAD_FORMAT) {
        gs_log(GS_LOG_ERROR, "incidents", "a record is refused, skipping: %s", err->message);
        gs_series_add(desk->dropped, 1);
        return GS_OK;
    }
    return status;
}

enum gs_status gs_incident_desk_write(struct gs_incident_desk *desk, size_t lane,
                                      struct gs_sink *sink, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    if (desk == NULL) {
        return GS_OK;
    }
    (void)pthread_mutex_lock(&desk->lock);
    const bool ours = desk->n_writing == 0 || desk->writer == lane;
    for (size_t i = desk->n_writing; ours && i < desk->n_records && status == GS_OK; i++) {
        status = put(desk, &desk->records[i], sink, err);
        desk->writer = lane;
        desk->n_writing += status == GS_OK;
    }
    (void)pthread_mutex_unlock(&desk->lock);
    return status;
}

static void end_write(struct gs_incident_desk *desk, size_t lane, bool committed)
{
    if (desk == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&desk->lock);
    if (desk->n_writing > 0 && desk->writer == lane) {
        if (committed) {
            const char *const stream = gs_stream_name(GS_STREAM_INCIDENTS);
            gs_series_add(gs_metric_series(desk->options.shard, GS_M_RECORDS_PRODUCED, &stream),
                          (double)desk->n_writing);
            drop_records(desk, desk->n_writing);
        }
        desk->n_writing = 0;
    }
    (void)pthread_mutex_unlock(&desk->lock);
}

void gs_incident_desk_written(struct gs_incident_desk *desk, size_t lane)
{
    end_write(desk, lane, true);
}

void gs_incident_desk_unwritten(struct gs_incident_desk *desk, size_t lane)
{
    end_write(desk, lane, false);
}
