#include "deploy/daemon/stage_watch_internal.h"

enum gs_status gs_stage_watch_put(struct gs_stage_watch *stage, enum gs_stream stream,
                                  struct gs_str key, struct gs_str value, int64_t ts_ms,
                                  struct gs_error *err)
{
    const struct gs_output output = {
        .key = key, .value = value, .timestamp_ms = ts_ms, .partition = -1};

    return gs_sink_put(stage->sink, stream, &output, err);
}

static struct gs_str keep(struct gs_stage_watch *stage, struct gs_str text)
{
    return gs_arena_copy(stage->arena, text);
}

/* Remembers an alert until the batch is committed. */
static void tell_later(struct gs_stage_watch *stage, const struct gs_alert *alert)
{
    struct gs_told *told = gs_arena_take(stage->arena, sizeof *told);
    struct gs_evidence_item *evidence =
        gs_arena_take(stage->arena, sizeof *evidence * (alert->n_evidence + 1));
    const struct gs_str reason =
        keep(stage, (struct gs_str){alert->reason, strlen(alert->reason) + 1});

    if (told == NULL || evidence == NULL || reason.bytes == NULL) {
        return; /* the record itself is out; only the table and the hook miss it */
    }
    *told = (struct gs_told){.alert = *alert,
                             .json = keep(stage, gs_buf_str(&stage->json)),
                             .number = stage->emitting->number};
    told->alert.key = keep(stage, alert->key);
    told->alert.reason = reason.bytes;
    told->alert.evidence = evidence;
    for (size_t i = 0; i < alert->n_evidence; i++) {
        evidence[i] = alert->evidence[i];
        evidence[i].id = keep(stage, evidence[i].id);
        evidence[i].source = keep(stage, evidence[i].source);
        evidence[i].excerpt = keep(stage, evidence[i].excerpt);
    }
    *stage->last_told = told;
    stage->last_told = &told->next;
}

static void emit(void *arg, const struct gs_alert *alert)
{
    struct gs_stage_watch *stage = arg;

    if (stage->emit_status != GS_OK) {
        return;
    }
    gs_buf_reset(&stage->json);
    gs_alert_encode(alert, &stage->json);
    if (!gs_buf_ok(&stage->json)) {
        stage->emit_status = gs_fail(stage->emit_err, GS_NO_MEMORY, "alert");
        return;
    }
    stage->emit_status = gs_stage_watch_put(stage, GS_STREAM_ALERTS, alert->key,
                                            gs_buf_str(&stage->json), -1, stage->emit_err);
    stage->alerts_out++;
    tell_later(stage, alert);
}

enum gs_status gs_stage_watch_advance(struct gs_stage_watch *stage, int64_t watermark_ms,
                                      struct gs_error *err)
{
    stage->watermark_ms = watermark_ms;
    stage->emit_status = GS_OK;
    stage->emit_err = err;
    for (size_t i = 0; i < stage->n_parts && stage->emit_status == GS_OK; i++) {
        stage->emitting = &stage->parts[i];
        gs_watch_advance(stage->parts[i].watch, watermark_ms, emit, stage);
    }
    if (stage->emit_status == GS_OK && stage->options.advanced != NULL) {
        stage->options.advanced(stage->options.advanced_arg);
    }
    return stage->emit_status;
}

void gs_stage_watch_tell(struct gs_stage_watch *stage)
{
    for (const struct gs_told *told = stage->first_told; told != NULL; told = told->next) {
        gs_board_alert(stage->board, told->number, &told->alert, told->json);
        if (stage->options.alert != NULL) {
            stage->options.alert(stage->options.alert_arg, &told->alert);
        }
    }
}
