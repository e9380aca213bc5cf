/* Two configurations over one input, record by record: what is different between their alerts is
 * theirs, and not that of two readings.
 *
 *     where they tag alike                     where they do not
 *
 *     line ─► first: tag ─► watch ─► alerts    line ─┬► first: tag ─► watch ─► alerts
 *                      └──► second: watch            └► second: tag ─► watch
 *
 * A model is what a replay spends its time on, and most questions are about thresholds; so a second
 * that would tag alike follows what the first has tagged. */
#include "deploy/daemon/service/local_internal.h"

/* ---- nowhere ---- */

static enum gs_status put_nowhere(struct gs_sink *sink, enum gs_stream stream,
                                  const struct gs_output *output, struct gs_error *err)
{
    (void)sink;
    (void)stream;
    (void)output;
    (void)err;
    return GS_OK;
}

/* Batches are the first one's: nobody begins or commits here. */
static const struct gs_sink_ops nowhere_ops = {.put = put_nowhere};
struct gs_sink gs_nowhere = {.ops = &nowhere_ops};

/* ---- both as one stage; self is struct gs_local[2] ---- */

static void begin(void *self)
{
    struct gs_local *locals = self;

    gs_local_ops.begin(&locals[0]);
    gs_local_ops.begin(&locals[1]);
}

static enum gs_status on_record(void *self, const struct gs_record *record, bool suspect,
                                struct gs_sink *sink, struct gs_error *err)
{
    struct gs_local *locals = self;
    const enum gs_status status = gs_local_ops.record(&locals[0], record, suspect, sink, err);

    return status != GS_OK || locals[1].follows
               ? status
               : gs_local_ops.record(&locals[1], record, suspect, &gs_nowhere, err);
}

static bool pending(void *self, const struct gs_source *source)
{
    struct gs_local *locals = self;

    return gs_local_ops.pending(&locals[0], source) || gs_local_ops.pending(&locals[1], source);
}

static enum gs_status finish(void *self, const struct gs_source *source, struct gs_sink *sink,
                             struct gs_error *err)
{
    struct gs_local *locals = self;
    const enum gs_status status = gs_local_ops.finish(&locals[0], source, sink, err);

    return status != GS_OK ? status : gs_local_ops.finish(&locals[1], source, &gs_nowhere, err);
}

static enum gs_status end(void *self, struct gs_sink *sink, struct gs_error *err)
{
    struct gs_local *locals = self;
    const enum gs_status status = gs_local_ops.end(&locals[0], sink, err);

    return status != GS_OK ? status : gs_local_ops.end(&locals[1], &gs_nowhere, err);
}

static void committed(void *self)
{
    struct gs_local *locals = self;

    gs_local_ops.committed(&locals[0]);
    gs_local_ops.committed(&locals[1]);
}

static void undone(void *self)
{
    struct gs_local *locals = self;

    gs_local_ops.undone(&locals[0]);
    gs_local_ops.undone(&locals[1]);
}

static void ignore_partition(void *self, struct gs_str topic, int32_t partition)
{
    (void)self;
    (void)topic;
    (void)partition;
}

/* Nothing is due by the clock: what waits for an encoder is flushed when a batch ends. */
static const struct gs_stage_ops pair_ops = {
    .begin = begin,
    .record = on_record,
    .pending = pending,
    .finish = finish,
    .end = end,
    .committed = committed,
    .undone = undone,
    .assigned = ignore_partition,
    .revoked = ignore_partition,
};

/* ---- the run ---- */

static enum gs_status make_both(struct gs_local locals[2], struct gs_error *err)
{
    const struct gs_local_options *const after = locals[1].options;
    enum gs_status status = gs_local_make(&locals[0], err);

    if (status != GS_OK) {
        return status;
    }
    locals[1].shadow = true;
    if (gs_config_tags_alike(locals[0].options->config, after->config)) {
        locals[1].follows = true;
        locals[1].assets = locals[0].assets;
        locals[0].follower = &locals[1];
    }
    status = gs_local_make(&locals[1], err);
    if (locals[1].max_line > locals[0].max_line) { /* each decoder has its own bound */
        locals[0].max_line = locals[1].max_line;
    }
    return status;
}

enum gs_status gs_local_run_both(const struct gs_local_options options[2],
                                 struct gs_local_totals ret[2], struct gs_error *err)
{
    struct gs_local locals[2] = {{.options = &options[0]}, {.options = &options[1]}};
    struct gs_error why = {0};
    enum gs_status status = make_both(locals, err);

    if (status != GS_OK) {
        goto done;
    }
    status = gs_local_run_lane(&locals[0], &pair_ops, locals, err);
    for (size_t i = 0; i < 2; i++) { /* also of an input that broke off: what came before counts */
        if (gs_local_total(&locals[i], &ret[i], &why) != GS_OK && status == GS_OK) {
            status = gs_fail(err, why.status, "%s", why.message);
        }
    }
    if (locals[1].follows) {
        ret[1].lines = ret[0].lines;
        ret[1].tagged = ret[0].tagged;
        ret[1].rejected = ret[0].rejected;
    }

done:
    gs_local_done(&locals[1]); /* may borrow what the first has loaded */
    gs_local_done(&locals[0]);
    return status;
}
