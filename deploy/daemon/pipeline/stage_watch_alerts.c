/* Alerts of the watch stage: bins close, the alerts that come out are written at once and announced
 * to the board and the hook once the batch is committed. */
#include "deploy/daemon/pipeline/stage_watch_internal.h"

enum gs_status gs_stage_watch_put(struct gs_stage_watch *stage, struct gs_sink *sink,
                                  enum gs_stream stream, const struct gs_output *as,
                                  struct gs_error *err)
{
    struct gs_output output = *as;

    output.value = gs_buf_str(&stage->json);
    return gs_sink_put(sink, stream, &output, err);
}

static struct gs_str keep(struct gs_stage_watch *stage, struct gs_str text)
{
    return gs_arena_copy(stage->arena, text);
}

/* Remembers an alert until the batch is committed. */
static void remember(struct gs_stage_watch *stage, const struct gs_part *part,
                     const struct gs_alert *alert)
{
    struct gs_pending_alert *pending = gs_arena_alloc(stage->arena, sizeof *pending);
    struct gs_evidence_item *evidence =
        gs_arena_alloc(stage->arena, sizeof *evidence * (alert->n_evidence + 1));
    const struct gs_str reason =
        keep(stage, (struct gs_str){alert->reason, strlen(alert->reason) + 1});
    const char *because = alert->severity_reason == NULL ? "" : alert->severity_reason;
    const struct gs_str severity_reason =
        keep(stage, (struct gs_str){because, strlen(because) + 1});
    const struct gs_str summary =
        keep(stage, (struct gs_str){alert->summary, strlen(alert->summary) + 1});

    if (pending == NULL || evidence == NULL || reason.bytes == NULL || summary.bytes == NULL ||
        severity_reason.bytes == NULL) {
        return; /* the record itself is out; only the table and the hook miss it */
    }
    *pending = (struct gs_pending_alert){
        .alert = *alert, .json = keep(stage, gs_buf_str(&stage->json)), .number = part->number};
    pending->alert.key = keep(stage, alert->key);
    pending->alert.name = keep(stage, alert->name);
    pending->alert.summary = summary.bytes;
    pending->alert.reason = reason.bytes;
    pending->alert.severity_reason = severity_reason.bytes;
    pending->alert.evidence = evidence;
    pending->alert.sample = NULL;
    if (alert->sample != NULL) {
        struct gs_story_sample *sample = gs_arena_alloc(stage->arena, sizeof *sample);
        if (sample != NULL) {
            *sample = *alert->sample;
        }
        pending->alert.sample = sample;
    }
    for (size_t i = 0; i < alert->n_evidence; i++) {
        evidence[i] = alert->evidence[i];
        evidence[i].id = keep(stage, evidence[i].id);
        evidence[i].source = keep(stage, evidence[i].source);
        evidence[i].excerpt = keep(stage, evidence[i].excerpt);
        evidence[i].url = keep(stage, evidence[i].url);
    }
    *stage->last_pending = pending;
    stage->last_pending = &pending->next;
}

static enum gs_status put_alert(struct gs_stage_watch *stage, const struct gs_part *part,
                                const struct gs_alert *alert, struct gs_sink *sink,
                                struct gs_error *err)
{
    const struct gs_output output = {.key = alert->key, .timestamp_ms = -1, .partition = -1};

    gs_buf_reset(&stage->json);
    gs_alert_encode(alert, &stage->json);
    if (!gs_buf_ok(&stage->json)) {
        return gs_fail(err, GS_NO_MEMORY, "alert");
    }
    remember(stage, part, alert);
    if (alert->routine) {
        return GS_OK; /* for the board and the incident: nothing has changed */
    }
    stage->alerts_out++;
    return gs_stage_watch_put(stage, sink, GS_STREAM_ALERTS, &output, err);
}

static enum gs_status close_bins(struct gs_stage_watch *stage, int64_t watermark_ms,
                                 struct gs_sink *sink, struct gs_error *err)
{
    struct gs_alert alert;

    stage->watermark_ms = watermark_ms;
    for (size_t i = 0; i < stage->n_parts; i++) {
        const struct gs_part *part = &stage->parts[i];
        gs_watch_advance(part->watch, watermark_ms);
        while (gs_watch_next(part->watch, &alert)) {
            const enum gs_status status = put_alert(stage, part, &alert, sink, err);
            if (status != GS_OK) {
                return status;
            }
        }
    }
    if (stage->options.advanced != NULL) {
        stage->options.advanced(stage->options.advanced_arg);
    }
    return GS_OK;
}

/* Where event time stops on its way, so that every bin is looked at. Of a jump over days only the
 * first and the last day is: nothing was said between. */
static int64_t next_stop(const struct gs_stage_watch *stage, int64_t from_ms, int64_t to_ms)
{
    const int64_t bin_ms = stage->options.watch.bin_ms;
    const int64_t day_ms = 86400000;
    const bool first = stage->watermark_ms == GS_NO_TIME;

    if (!stage->options.each_bin || first || to_ms - stage->watermark_ms <= bin_ms) {
        return to_ms;
    }
    const int64_t next_ms = (stage->watermark_ms / bin_ms + 1) * bin_ms;
    if (next_ms - from_ms > day_ms && to_ms - next_ms > day_ms) {
        return (to_ms - day_ms) / bin_ms * bin_ms;
    }
    return next_ms < to_ms ? next_ms : to_ms;
}

enum gs_status gs_stage_watch_advance(struct gs_stage_watch *stage, int64_t watermark_ms,
                                      struct gs_sink *sink, struct gs_error *err)
{
    const int64_t from_ms = stage->watermark_ms;
    enum gs_status status = GS_OK;

    do {
        status = close_bins(stage, next_stop(stage, from_ms, watermark_ms), sink, err);
    } while (status == GS_OK && stage->watermark_ms < watermark_ms);
    return status;
}

void gs_stage_watch_announce(struct gs_stage_watch *stage)
{
    const size_t lane = (size_t)stage->options.lane;

    for (const struct gs_pending_alert *pending = stage->first_pending; pending != NULL;
         pending = pending->next) {
        gs_board_alert(stage->board, pending->number, &pending->alert, pending->json);
        gs_incident_desk_alert(stage->options.desk, lane, pending->number, &pending->alert);
        if (pending->alert.routine) {
            continue;
        }
        if (stage->options.alert != NULL) {
            stage->options.alert(stage->options.alert_arg, &pending->alert);
        }
    }
    if (stage->watermark_ms != GS_NO_TIME) {
        gs_incident_desk_reached(stage->options.desk, lane, stage->watermark_ms);
    }
}
