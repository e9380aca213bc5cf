/* Several configurations over one input, record by record: what is different between their alerts is
 * theirs, and not that of two readings.
 *
 *     where one tags as the first does         where it does not
 *
 *     line ─► first: tag ─► watch ─► alerts    line ─┬► first: tag ─► watch ─► alerts
 *                      └──► another: watch           └► another: tag ─► watch
 *
 * A model is what a replay spends its time on, and most questions are about thresholds; so one that
 * would tag alike follows what the first has tagged. */
#include "deploy/daemon/service/local_internal.h"

#include <stdlib.h>

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

/* ---- all as one stage; self is a struct beside ---- */

struct beside {
    struct gs_local *locals; /* the first leads */
    size_t n;
};

static struct gs_sink *sink_of(size_t i, struct gs_sink *sink)
{
    return i == 0 ? sink : &gs_nowhere;
}

static void begin(void *self)
{
    const struct beside *all = self;

    for (size_t i = 0; i < all->n; i++) {
        gs_local_ops.begin(&all->locals[i]);
    }
}

static enum gs_status on_record(void *self, const struct gs_record *record, bool suspect,
                                struct gs_sink *sink, struct gs_error *err)
{
    const struct beside *all = self;
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < all->n && status == GS_OK; i++) {
        if (!all->locals[i].follows) {
            status = gs_local_ops.record(&all->locals[i], record, suspect, sink_of(i, sink), err);
        }
    }
    return status;
}

static bool pending(void *self, const struct gs_source *source)
{
    const struct beside *all = self;

    for (size_t i = 0; i < all->n; i++) {
        if (gs_local_ops.pending(&all->locals[i], source)) {
            return true;
        }
    }
    return false;
}

static enum gs_status finish(void *self, const struct gs_source *source, struct gs_sink *sink,
                             struct gs_error *err)
{
    const struct beside *all = self;
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < all->n && status == GS_OK; i++) {
        status = gs_local_ops.finish(&all->locals[i], source, sink_of(i, sink), err);
    }
    return status;
}

static enum gs_status end(void *self, struct gs_sink *sink, struct gs_error *err)
{
    const struct beside *all = self;
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < all->n && status == GS_OK; i++) {
        status = gs_local_ops.end(&all->locals[i], sink_of(i, sink), err);
    }
    return status;
}

static void committed(void *self)
{
    const struct beside *all = self;

    for (size_t i = 0; i < all->n; i++) {
        gs_local_ops.committed(&all->locals[i]);
    }
}

static void undone(void *self)
{
    const struct beside *all = self;

    for (size_t i = 0; i < all->n; i++) {
        gs_local_ops.undone(&all->locals[i]);
    }
}

/* Nothing is due by the clock: what waits for an encoder is flushed when a batch ends. */
static const struct gs_stage_ops beside_ops = {
    .begin = begin,
    .record = on_record,
    .pending = pending,
    .finish = finish,
    .end = end,
    .committed = committed,
    .undone = undone,
};

/* ---- the run ---- */

static enum gs_status make_one(struct gs_local *first, struct gs_local *other, struct gs_error *err)
{
    other->shadow = true;
    if (gs_config_tags_alike(first->options->config, other->options->config)) {
        other->follows = true;
        other->assets = first->assets;
        other->follower = first->follower;
        first->follower = other;
    }
    const enum gs_status status = gs_local_make(other, err);
    if (other->max_line > first->max_line) { /* each decoder has its own bound */
        first->max_line = other->max_line;
    }
    return status;
}

static enum gs_status run(struct beside *all, struct gs_local_totals *ret, struct gs_error *err)
{
    struct gs_local *first = &all->locals[0];
    struct gs_error why = {0};
    enum gs_status status = gs_local_make(first, err);

    for (size_t i = 1; i < all->n && status == GS_OK; i++) {
        status = make_one(first, &all->locals[i], err);
    }
    if (status != GS_OK) {
        return status;
    }
    status = gs_local_run_lane(first, &beside_ops, all, err);
    for (size_t i = 0; i < all->n; i++) { /* also of an input that broke off: it counts so far */
        if (gs_local_total(&all->locals[i], &ret[i], &why) != GS_OK && status == GS_OK) {
            status = gs_fail(err, why.status, "%s", why.message);
        }
        if (all->locals[i].follows) {
            ret[i].lines = ret[0].lines;
            ret[i].tagged = ret[0].tagged;
            ret[i].rejected = ret[0].rejected;
        }
    }
    return status;
}

enum gs_status gs_local_run_beside(const struct gs_local_options *options, size_t n,
                                   struct gs_local_totals *ret, struct gs_error *err)
{
    struct beside all = {.locals = calloc(n, sizeof(struct gs_local)), .n = n};

    if (all.locals == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%zu configurations", n);
    }
    for (size_t i = 0; i < n; i++) {
        all.locals[i].options = &options[i];
    }
    const enum gs_status status = run(&all, ret, err);
    for (size_t i = n; i-- > 0;) { /* the first last: the others borrow what it has loaded */
        gs_local_done(&all.locals[i]);
    }
    free(all.locals);
    return status;
}
