/* /api/v1/status, and the totals that it shows: sums over the metrics of all lanes. */
#include "deploy/daemon/service/status.h"

#include "deploy/daemon/telemetry/metric_table.h"
#include "deploy/daemon/version.h"
#include "ingest/base/clock.h"

#include <inttypes.h>
#include <stdlib.h>

enum { MAX_ROWS = 512, MAX_INCIDENTS = 256 };

static void put_totals(const struct gs_service_totals *totals, struct gs_buf *out)
{
    gs_buf_printf(out,
                  ",\"totals\":{\"consumed\":%" PRIu64 ",\"tagged\":%" PRIu64
                  ",\"rejected\":%" PRIu64 ",\"observations\":%" PRIu64 ",\"alerts\":%" PRIu64 "}",
                  totals->consumed, totals->tagged, totals->rejected, totals->observations,
                  totals->alerts);
    gs_buf_puts(out, ",\"watermark\":");
    gs_buf_json_time(out, totals->watermark_ms);
}

static void put_lane(const struct gs_lane_view *lane, struct gs_buf *out)
{
    gs_buf_printf(out, "{\"stage\":\"%s\",\"lane\":%s,\"partitions\":%d,\"assigned\":%s,",
                  lane->stage, lane->number, atomic_load(&lane->status->n_partitions),
                  atomic_load(&lane->status->assigned) ? "true" : "false");
    gs_buf_printf(out, "\"failed\":%s,\"lag\":%" PRId64 ",\"last_progress\":",
                  atomic_load(&lane->status->failed) ? "true" : "false",
                  atomic_load(&lane->status->lag));
    gs_buf_json_time(out, atomic_load(&lane->status->progress_ms));
    gs_buf_putc(out, '}');
}

static void put_row(const struct gs_board_row *row, struct gs_buf *out)
{
    gs_buf_puts(out, "{\"key\":");
    gs_buf_json_str(out, gs_str(row->key));
    if (row->name[0] != '\0') {
        gs_buf_puts(out, ",\"name\":");
        gs_buf_json_str(out, gs_str(row->name));
    }
    gs_buf_printf(out, ",\"messages\":%" PRIu64 ",\"n_hour\":", row->messages);
    gs_buf_json_number(out, row->n_hour);
    gs_buf_puts(out, ",\"observed\":");
    gs_buf_json_number(out, row->observed);
    gs_buf_puts(out, ",\"expected\":");
    gs_buf_json_number(out, row->expected);
    gs_buf_puts(out, ",\"log10_evidence\":");
    gs_buf_json_number(out, row->log10_evidence);
    gs_buf_puts(out, ",\"detectable_rise\":");
    gs_buf_json_number(out, row->detectable_rise); /* null: none */
    gs_buf_printf(out, ",\"firing\":%s,\"detectable\":%s}", row->firing ? "true" : "false",
                  row->detectable ? "true" : "false");
}

static void put_rows(const struct gs_status_view *view, struct gs_buf *out)
{
    struct gs_board_row *rows = malloc(MAX_ROWS * sizeof *rows);
    size_t n = 0;

    gs_buf_puts(out, ",\"keys\":[");
    for (size_t i = 0; i < view->n_boards && rows != NULL; i++) {
        n += gs_board_rows(view->boards[i], rows + n, MAX_ROWS - n);
    }
    for (size_t i = 0; i < n; i++) {
        gs_buf_puts(out, i > 0 ? "," : "");
        put_row(&rows[i], out);
    }
    gs_buf_putc(out, ']');
    free(rows);
}

/* ---- totals ---- */

static void add_total(void *arg, const struct gs_sample *sample)
{
    struct gs_service_totals *totals = arg;
    const size_t id = (size_t)(sample->def - gs_metric_table);

    if (sample->values == NULL) {
        return;
    }
    if (id == GS_M_RECORDS_PRODUCED) {
        const uint64_t n = (uint64_t)sample->value;
        totals->tagged +=
            gs_str_equal(sample->values[0], gs_str(gs_stream_name(GS_STREAM_TAGGED))) ? n : 0;
        totals->observations +=
            gs_str_equal(sample->values[0], gs_str(gs_stream_name(GS_STREAM_OBSERVATIONS))) ? n : 0;
        totals->alerts +=
            gs_str_equal(sample->values[0], gs_str(gs_stream_name(GS_STREAM_ALERTS))) ? n : 0;
        totals->rejected +=
            gs_str_equal(sample->values[0], gs_str(gs_stream_name(GS_STREAM_DLQ))) ? n : 0;
    } else if (id == GS_M_RECORDS_CONSUMED) {
        const bool tag = gs_str_equal(sample->values[0], gs_str("tag"));
        *(tag ? &totals->consumed : &totals->watched) += (uint64_t)sample->value;
    } else if (id == GS_M_WATERMARK && sample->value != 0) {
        totals->watermark_ms = (int64_t)(sample->value * 1000);
    }
}

void gs_totals_read(struct gs_metrics *metrics, struct gs_service_totals *ret)
{
    *ret = (struct gs_service_totals){.watermark_ms = INT64_MIN};
    if (gs_metrics_visit(metrics, add_total, ret, NULL) != GS_OK) {
        *ret = (struct gs_service_totals){.watermark_ms = INT64_MIN}; /* no memory: no totals */
    }
}

/* ---- the document ---- */

void gs_status_json(const struct gs_status_view *view, struct gs_buf *out)
{
    bool comma = false;

    gs_buf_puts(out, "{\"version\":");
    gs_buf_json_str(out, gs_str(GS_VERSION));
    gs_buf_puts(out, ",\"started\":");
    gs_buf_json_time(out, view->started_ms);
    gs_buf_puts(out, ",\"model\":{\"name\":");
    gs_buf_json_str(out, gs_str(view->model->name));
    gs_buf_puts(out, ",\"version\":");
    gs_buf_json_str(out, gs_str(view->model->version));
    gs_buf_putc(out, '}');
    put_totals(view->totals, out);
    gs_buf_puts(out, ",\"lanes\":[");
    for (size_t i = 0; i < view->n_lanes; i++) {
        gs_buf_puts(out, i > 0 ? "," : "");
        put_lane(&view->lanes[i], out);
    }
    gs_buf_putc(out, ']');
    put_rows(view, out);
    gs_buf_puts(out, ",\"incidents\":[");
    gs_incident_desk_json(view->desk, MAX_INCIDENTS, out);
    gs_buf_puts(out, "],\"alerts\":[");
    for (size_t i = 0; i < view->n_boards; i++) {
        comma |= gs_board_alerts_json(view->boards[i], comma, out);
    }
    gs_buf_puts(out, "]}");
}
