/* The queue of requests: what can be answered at once is, the rest waits for its micro-batch, and
 * all come out in the order in which they went in.
 *
 * One array holds them, three borders divide it (batcher_internal.h). A request that needs nothing
 * of the encoder (the fast tier is sure, or late, or the text was seen) is settled when it comes;
 * it is ready only when nobody before it waits. Running a micro-batch answers all that are in the
 * array, so `n_ready` goes to its end. A request that does not fit into the micro-batch is not in
 * the array yet: what is there is run first, then the request comes behind it and is the first of
 * the next micro-batch. At the next add the requests that were taken are dropped from the front,
 * and that one alone may remain. So nothing is copied while nothing waits, which is always so with
 * the fast tier alone: its array has one place.
 *
 * A model may have an encoder for each language. A micro-batch holds messages of all of them; the
 * model runs each encoder over its own (classifier/model_encoder.c), and the order stays.
 *
 * Settled is said of one request in two ways: GS_SETTLED, its answer came before the encoder was
 * asked; gs_batcher_settle(), the encoder is run and answers all that wait for it.
 *
 * The deadline (deadline.h) is asked with each request's age: a lane that is behind answers with
 * the fast tier, says so in the reply (degraded), and is in time again after a hold. */
#include "deploy/daemon/inference/batcher_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TOKENS = 2048 }; /* of a micro-batch, when the options say 0 */

/* ---- making and ending ---- */

enum gs_status gs_batcher_new(struct gs_model_folder *folder,
                              const struct gs_batcher_options *options, struct gs_batcher **ret,
                              struct gs_error *err)
{
    enum gs_status status = GS_OK;
    struct gs_batcher *b = calloc(1, sizeof *b);

    if (b == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "batcher");
    }
    b->options = *options;
    b->options.max_tokens = options->max_tokens > 0 ? options->max_tokens : MAX_TOKENS;
    b->folder = gs_model_folder_take(folder);
    b->info = gs_model_info(folder->model);
    if (b->info->encodes) {
        status = gs_micro_batch_init(b, err);
    } else {
        b->waiting = calloc(1, sizeof *b->waiting);
        status = b->waiting == NULL ? gs_fail(err, GS_NO_MEMORY, "batcher")
                                    : gs_model_workspace_new(folder->model, &b->work, err);
    }
    if (status != GS_OK) {
        gs_batcher_free(b);
        return status;
    }
    *ret = b;
    return GS_OK;
}

void gs_batcher_free(struct gs_batcher *b)
{
    if (b != NULL) {
        gs_prediction_cache_free(b->cache);
        for (size_t i = 0; i < GS_MAX_ENCODERS; i++) {
            gs_tokenizer_workspace_free(b->tokens[i]);
        }
        gs_model_workspace_free(b->work);
        free(b->waiting);
        free(b->inputs);
        free(b->owners);
        free(b->new_ids);
        free(b->ids);
        free(b->logits);
        gs_model_folder_drop(b->folder);
        free(b);
    }
}

/* Those that are GS_SETTLED have their answer already; the others get it from the logits of their
 * input, which for a twin is that of the text it repeats. */
enum gs_status gs_batcher_settle(struct gs_batcher *b, struct gs_error *err)
{
    if (b->n_inputs > 0) {
        const enum gs_status status = gs_micro_batch_run(b, err);
        if (status != GS_OK) {
            return status;
        }
    }
    for (size_t i = b->n_ready; i < b->n; i++) {
        struct gs_waiting *w = &b->waiting[i];
        for (size_t r = 0; r < w->n_readings; r++) {
            const struct gs_reading *reading = &w->readings[r];
            if (reading->state != GS_SETTLED) {
                gs_reading_answer(b, w, r, b->logits + reading->input * b->info->n_logits);
            }
        }
    }
    b->n_ready = b->n;
    b->n_inputs = 0;
    b->n_tokens = 0;
    return GS_OK;
}

enum gs_status gs_batcher_flush(struct gs_batcher *b, struct gs_error *err)
{
    b->n_ran = 0;
    return gs_batcher_settle(b, err);
}

void gs_batcher_clear(struct gs_batcher *b)
{
    b->n_taken = 0;
    b->n_ready = 0;
    b->n = 0;
    b->n_inputs = 0;
    b->n_tokens = 0;
    b->n_ran = 0;
}

bool gs_batcher_next(struct gs_batcher *b, struct gs_reply *ret)
{
    if (b->n_taken == b->n_ready) {
        return false;
    }
    const struct gs_waiting *w = &b->waiting[b->n_taken++];
    *ret = (struct gs_reply){.item = w->item,
                             .prediction = &w->prediction,
                             .entities = w->entities,
                             .n_entities = w->n_readings - 1,
                             .degraded = w->degraded};
    return true;
}

/* Those that have been taken make room. The one that stays, if any, is the first of the micro-batch
 * that its coming began. */
static void make_room(struct gs_batcher *b)
{
    const size_t gone = b->n_taken;

    assert(b->n_taken == b->n_ready);
    if (gone == 0) {
        return;
    }
    b->n -= gone;
    memmove(b->waiting, b->waiting + gone, b->n * sizeof *b->waiting);
    for (size_t i = 0; i < b->n_inputs; i++) {
        b->owners[i].waiting -= gone;
    }
    b->n_taken = 0;
    b->n_ready = 0;
}

/* Says what can be said without the encoder; true: that is the answer. */
static bool settle_early(struct gs_batcher *b, const struct gs_request *q, struct gs_waiting *w)
{
    if (b->info->fast) {
        gs_model_predict(b->folder->model, b->work, q->hashes, q->n_hashes, q->lang,
                         &w->prediction);
    }
    if (!b->info->encodes) {
        return true;
    }
    if (b->overload.deadline_ms > 0) {
        const bool changed = gs_overload_see(&b->overload, q->now_ms, q->age_ms);
        b->stats.fallbacks += changed && b->overload.behind;
    }
    if (gs_model_encoder_of(b->info, q->lang) == b->info->n_encoders) {
        return true; /* no encoder reads the language */
    }
    if (b->info->cascades && gs_model_accepts(b->folder->model, &w->prediction, q->lang)) {
        b->stats.accepted++;
        return true;
    }
    const bool seen = gs_prediction_seen(b, w);
    if (b->overload.behind) { /* entities keep the message's sentiment then */
        w->degraded = !seen;
        w->readings[0].state = seen ? w->readings[0].state : GS_SETTLED;
        return true;
    }
    for (size_t i = 0; i < q->n_marked; i++) {
        w->readings[w->n_readings++] =
            (struct gs_reading){.text = q->marked[i], .state = GS_IN_MICRO_BATCH};
    }
    return seen && q->n_marked == 0;
}

static bool is_due(const struct gs_batcher *b)
{
    return b->n_inputs > 0 && b->options.max_wait_ms > 0 &&
           gs_batcher_now_ns(b) - b->oldest_ns >= b->options.max_wait_ms * 1000000;
}

enum gs_status gs_batcher_add(struct gs_batcher *b, const struct gs_request *q,
                              struct gs_error *err)
{
    assert(q->n_marked <= GS_MAX_READ_ENTITIES);
    make_room(b);
    b->n_ran = 0;
    struct gs_waiting *w = &b->waiting[b->n];
    w->item = q->item;
    w->lang = q->lang;
    w->readings[0].text = q->text;
    w->readings[0].state = GS_SETTLED;
    w->n_readings = 1;
    w->degraded = false;
    if (!settle_early(b, q, w)) {
        const enum gs_status status = gs_micro_batch_join(b, w, err);
        if (status != GS_OK) {
            return status;
        }
    }
    b->n++;
    if (b->n_inputs == 0) { /* nobody before it waits, nor does it */
        b->n_ready = b->n;
        return GS_OK;
    }
    return b->n == GS_BATCHER_MAX_WAITING || b->n_tokens >= b->limit || is_due(b)
               ? gs_batcher_settle(b, err)
               : GS_OK;
}

enum gs_status gs_batcher_tick(struct gs_batcher *b, struct gs_error *err)
{
    b->n_ran = 0;
    return is_due(b) ? gs_batcher_settle(b, err) : GS_OK;
}

size_t gs_batcher_ran(const struct gs_batcher *b, const struct gs_micro_batch **ret)
{
    *ret = b->ran;
    return b->n_ran;
}

int64_t gs_batcher_due_ms(const struct gs_batcher *b)
{
    if (b->n_inputs == 0 || b->options.max_wait_ms <= 0) {
        return -1;
    }
    const int64_t left = b->options.max_wait_ms - (gs_batcher_now_ns(b) - b->oldest_ns) / 1000000;
    return left > 0 ? left : 0;
}

void gs_batcher_idle(struct gs_batcher *b, int64_t now_ms)
{
    (void)gs_overload_see(&b->overload, now_ms, 0);
}

size_t gs_batcher_waiting(const struct gs_batcher *b)
{
    return b->n - b->n_ready;
}

struct gs_model_folder *gs_batcher_folder(const struct gs_batcher *b)
{
    return b->folder;
}

struct gs_model_workspace *gs_batcher_workspace(const struct gs_batcher *b)
{
    return b->work;
}

bool gs_batcher_behind(const struct gs_batcher *b)
{
    return b->overload.behind;
}

const struct gs_batcher_stats *gs_batcher_stats(const struct gs_batcher *b)
{
    return &b->stats;
}
