/* The workspace of a batch: one piece of memory, cut up. */
#include "classifier/train/encoder/net_internal.h"

#include <stdlib.h>

enum { LINE = 64 / sizeof(gs_real) };

/* Counts with base NULL, so that the same lines measure and cut. */
struct cutter {
    gs_real *base;
    size_t used;
};

static gs_real *cut(struct cutter *c, size_t n)
{
    gs_real *at = c->base == NULL ? NULL : c->base + c->used;
    c->used += (n + LINE - 1) / LINE * LINE;
    return at;
}

static struct gs_net_kept cut_layer(struct cutter *c, const struct gs_net_shape *shape, size_t t,
                                    size_t length)
{
    const size_t h = shape->hidden;
    struct gs_net_kept kept;
    kept.qkv = cut(c, t * 3 * h);
    kept.shares = cut(c, t * length * shape->heads);
    kept.mix = cut(c, t * h);
    kept.hat1 = cut(c, t * h);
    kept.rstd1 = cut(c, t);
    kept.y = cut(c, t * h);
    kept.slope = cut(c, t * shape->inner);
    kept.wide = cut(c, t * shape->inner);
    kept.hat2 = cut(c, t * h);
    kept.rstd2 = cut(c, t);
    kept.x = cut(c, t * h);
    return kept;
}

static void cut_all(struct cutter *c, const struct gs_net_shape *shape, struct gs_net_workspace *w)
{
    const size_t h = shape->hidden;
    const size_t t = w->max_tokens;
    const size_t n = w->max_messages;
    const size_t pooled = 2 * h;

    for (size_t l = 0; l < shape->layers; l++) {
        const struct gs_net_kept kept = cut_layer(c, shape, t, w->max_length);
        if (w->layers != NULL) {
            w->layers[l] = kept;
        }
    }
    w->hat0 = cut(c, t * h);
    w->rstd0 = cut(c, t);
    w->x0 = cut(c, t * h);
    w->row = cut(c, t * h);
    w->scores = cut(c, shape->heads * w->max_length * w->max_length);
    w->first = cut(c, n * h);
    w->pooled = cut(c, n * pooled);
    w->dense = cut(c, n * h);
    w->dropped = cut(c, n * pooled);
    w->logits = cut(c, n * shape->n_out);
    w->d_x = cut(c, t * h);
    w->d_y = cut(c, t * h);
    w->d_wide = cut(c, t * shape->inner);
    w->d_qkv = cut(c, t * 3 * h);
    w->d_pooled = cut(c, n * pooled);
}

size_t gs_net_workspace_bytes(const struct gs_net_shape *shape, size_t max_tokens,
                              size_t max_messages, size_t max_length)
{
    struct cutter counter = {NULL, 0};
    struct gs_net_workspace work = {
        .max_tokens = max_tokens, .max_messages = max_messages, .max_length = max_length};
    cut_all(&counter, shape, &work);
    return counter.used * sizeof(gs_real) + sizeof work + shape->layers * sizeof *work.layers;
}

enum gs_status gs_net_workspace_new(const struct gs_net_shape *shape, size_t max_tokens,
                                    size_t max_messages, size_t max_length,
                                    struct gs_net_workspace **ret, struct gs_error *err)
{
    struct cutter counter = {NULL, 0};
    struct gs_net_workspace *work = calloc(1, sizeof *work);

    if (work == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "training workspace");
    }
    work->max_tokens = max_tokens;
    work->max_messages = max_messages;
    work->max_length = max_length;
    cut_all(&counter, shape, work);
    work->layers = calloc(shape->layers + 1, sizeof *work->layers);
    work->memory = aligned_alloc(64, counter.used * sizeof(gs_real));
    if (work->layers == NULL || work->memory == NULL) {
        gs_net_workspace_free(work);
        return gs_fail(err, GS_NO_MEMORY, "training workspace of %.0f MB for %zu tokens",
                       (double)counter.used * sizeof(gs_real) / 1e6, max_tokens);
    }
    struct cutter cutter = {work->memory, 0};
    cut_all(&cutter, shape, work);
    *ret = work;
    return GS_OK;
}

void gs_net_workspace_free(struct gs_net_workspace *work)
{
    if (work != NULL) {
        free(work->layers);
        free(work->memory);
        free(work);
    }
}
