#include "deploy/daemon/answers.h"

#include "base/clock.h"
#include "deploy/daemon/answer_cache.h"
#include "deploy/daemon/overload.h"

#include <stdlib.h>

enum {
    MAX_TOKENS = 2048,
    MAX_TEXT = 1 << 20, /* bytes that the tokenizer sees: far beyond what the encoder reads */
    FIRST_TOKENS = 64,  /* of the first pack, when it has to be short and nothing is known yet */
    GROWTH = 4,         /* packs grow no faster, whatever the last one's speed */
};

enum state { SETTLED, IN_PACK, TWIN };

/* A text on its way. */
struct waiting {
    struct gs_prediction said;
    void *item;
    struct gs_str text;
    size_t lang;
    uint64_t hash;
    enum state state;
    size_t input; /* IN_PACK: of inputs; TWIN: that of the same text */
    bool degraded;
};

struct gs_answers {
    struct gs_answers_options options;
    struct gs_model_folder *folder;
    const struct gs_model_info *info;
    struct gs_model_work *work;
    struct gs_tokenizer_work *tokens; /* NULL: no encoder */
    struct gs_answer_cache *cache;    /* NULL: none */
    struct gs_overload overload;
    size_t max_message_tokens;

    struct waiting *waiting; /* [GS_ANSWERS_MAX_WAITING], or [1] without an encoder */
    size_t n;
    int64_t oldest_ns;             /* when the first that needs the encoder came */
    struct gs_model_input *inputs; /* [GS_ANSWERS_MAX_WAITING] the pack */
    size_t *owners;                /* [..] which of waiting an input is */
    size_t n_inputs, n_tokens;
    int32_t *ids;       /* [room] of the pack */
    size_t room, limit; /* tokens of a pack now */
    float *logits;      /* [GS_ANSWERS_MAX_WAITING][n_logits] */
    struct gs_answers_stats stats;
};

static int64_t now_ns(const struct gs_answers *a)
{
    return a->options.clock_ns != NULL ? a->options.clock_ns(a->options.clock_arg)
                                       : gs_clock_monotonic_ns();
}

/* ---- making and ending ---- */

static enum gs_status make_encoder_side(struct gs_answers *a, struct gs_error *err)
{
    const size_t longest =
        a->options.max_message_tokens > 0 && a->options.max_message_tokens < a->info->max_tokens
            ? a->options.max_message_tokens
            : a->info->max_tokens;
    const size_t special = gs_tokenizer_info(a->folder->tokenizer)->n_special;

    a->max_message_tokens = longest > special ? longest : special + 1;
    a->room = a->options.max_tokens > longest ? a->options.max_tokens : a->max_message_tokens;
    a->limit = a->options.slice_ms > 0 && FIRST_TOKENS < a->room ? FIRST_TOKENS : a->room;
    a->overload.deadline_ms = a->info->fast ? a->options.deadline_ms : 0;
    a->waiting = calloc(GS_ANSWERS_MAX_WAITING, sizeof *a->waiting);
    a->inputs = calloc(GS_ANSWERS_MAX_WAITING, sizeof *a->inputs);
    a->owners = calloc(GS_ANSWERS_MAX_WAITING, sizeof *a->owners);
    a->ids = calloc(a->room, sizeof *a->ids);
    a->logits = calloc(GS_ANSWERS_MAX_WAITING * a->info->n_logits + 1, sizeof *a->logits);
    if (a->waiting == NULL || a->inputs == NULL || a->owners == NULL || a->ids == NULL ||
        a->logits == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "packs of %zu tokens", a->room);
    }
    enum gs_status status = gs_tokenizer_work_new(a->folder->tokenizer, &a->tokens, err);
    if (status == GS_OK) {
        status =
            gs_model_work_new_for(a->folder->model, a->room, GS_ANSWERS_MAX_WAITING, &a->work, err);
    }
    if (status == GS_OK && a->options.cache_entries > 0) {
        status = gs_answer_cache_new(a->options.cache_entries, a->options.cache_bytes,
                                     a->info->n_logits, &a->cache, err);
    }
    return status;
}

enum gs_status gs_answers_new(struct gs_model_folder *folder,
                              const struct gs_answers_options *options, struct gs_answers **ret,
                              struct gs_error *err)
{
    enum gs_status status = GS_OK;
    struct gs_answers *a = calloc(1, sizeof *a);

    if (a == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "answers");
    }
    a->options = *options;
    a->options.max_tokens = options->max_tokens > 0 ? options->max_tokens : MAX_TOKENS;
    a->folder = gs_model_folder_take(folder);
    a->info = gs_model_info(folder->model);
    if (a->info->encodes) {
        status = make_encoder_side(a, err);
    } else if ((a->waiting = calloc(1, sizeof *a->waiting)) == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "answers");
    } else {
        status = gs_model_work_new(folder->model, &a->work, err);
    }
    if (status != GS_OK) {
        gs_answers_free(a);
        return status;
    }
    *ret = a;
    return GS_OK;
}

void gs_answers_free(struct gs_answers *a)
{
    if (a != NULL) {
        gs_answer_cache_free(a->cache);
        gs_tokenizer_work_free(a->tokens);
        gs_model_work_free(a->work);
        free(a->waiting);
        free(a->inputs);
        free(a->owners);
        free(a->ids);
        free(a->logits);
        gs_model_folder_drop(a->folder);
        free(a);
    }
}

/* ---- the encoder ---- */

/* How many tokens the next pack may have, from what this one took. */
static void set_pace(struct gs_answers *a, size_t n_tokens, int64_t spent_ns)
{
    if (a->options.slice_ms <= 0) {
        return;
    }
    const double slice_ns = (double)a->options.slice_ms * 1e6;
    const double fits = spent_ns > 0 ? (double)n_tokens * slice_ns / (double)spent_ns : 1e9;
    const size_t most = a->limit * GROWTH < a->room ? a->limit * GROWTH : a->room;

    a->limit = fits < 1.0 ? 1 : fits < (double)most ? (size_t)fits : most;
}

static enum gs_status run_pack(struct gs_answers *a, struct gs_error *err)
{
    const int64_t start = now_ns(a);
    const enum gs_status status =
        a->options.run != NULL
            ? a->options.run(a->options.run_arg, a->folder->model, a->work, a->inputs, a->n_inputs,
                             a->logits, err)
            : gs_model_logits(a->folder->model, a->work, a->inputs, a->n_inputs, a->logits, err);
    const int64_t spent = now_ns(a) - start;

    if (status != GS_OK) {
        return status;
    }
    a->stats.packs++;
    a->stats.encoded += a->n_inputs;
    a->stats.tokens += a->n_tokens;
    a->stats.seconds += (double)spent / 1e9;
    if (a->options.packed != NULL) {
        a->options.packed(a->options.packed_arg, a->n_inputs, a->n_tokens, (double)spent / 1e9);
    }
    set_pace(a, a->n_tokens, spent);
    for (size_t i = 0; i < a->n_inputs && a->cache != NULL; i++) {
        const struct waiting *w = &a->waiting[a->owners[i]];
        a->stats.cache_evictions += gs_answer_cache_put(a->cache, w->hash, w->text, w->lang,
                                                        a->logits + i * a->info->n_logits);
    }
    return GS_OK;
}

static enum gs_status give(struct gs_answers *a, const struct waiting *w, struct gs_error *err)
{
    const struct gs_answer answer = {.item = w->item, .said = &w->said, .degraded = w->degraded};

    return a->options.done(a->options.done_arg, &answer, err);
}

enum gs_status gs_answers_flush(struct gs_answers *a, struct gs_error *err)
{
    enum gs_status status = a->n_inputs > 0 ? run_pack(a, err) : GS_OK;

    for (size_t i = 0; i < a->n && status == GS_OK; i++) {
        struct waiting *w = &a->waiting[i];
        if (w->state != SETTLED) {
            gs_model_answer(a->folder->model, a->logits + w->input * a->info->n_logits, w->lang,
                            &w->said);
        }
        status = give(a, w, err);
    }
    if (status == GS_OK) {
        gs_answers_clear(a);
    }
    return status;
}

void gs_answers_clear(struct gs_answers *a)
{
    a->n = 0;
    a->n_inputs = 0;
    a->n_tokens = 0;
}

/* ---- one text ---- */

/* The same text earlier in the pack; its input, or n_inputs. */
static size_t twin_of(const struct gs_answers *a, const struct waiting *w)
{
    size_t i = 0;
    for (; i < a->n_inputs; i++) {
        const struct waiting *other = &a->waiting[a->owners[i]];
        if (other->hash == w->hash && other->lang == w->lang &&
            gs_str_equal(other->text, w->text)) {
            break;
        }
    }
    return i;
}

/* The text was seen lately: in the cache or in this pack. */
static bool seen(struct gs_answers *a, struct waiting *w)
{
    if (a->cache == NULL) {
        return false;
    }
    w->hash = gs_answer_hash(w->text, w->lang);
    const float *logits = gs_answer_cache_find(a->cache, w->hash, w->text, w->lang);
    const size_t twin = logits == NULL ? twin_of(a, w) : 0;

    if (logits != NULL) {
        gs_model_answer(a->folder->model, logits, w->lang, &w->said);
    } else if (twin < a->n_inputs) {
        w->state = TWIN;
        w->input = twin;
    } else {
        a->stats.cache_misses++;
        return false;
    }
    a->stats.cache_hits++;
    return true;
}

/* The bytes that can matter, cut at a character. */
static struct gs_str head_of(struct gs_str text)
{
    size_t len = text.len < MAX_TEXT ? text.len : MAX_TEXT;
    while (len > 0 && len < text.len && ((unsigned char)text.bytes[len] & 0xC0U) == 0x80U) {
        len--;
    }
    return (struct gs_str){text.bytes, len};
}

/* Its ids join the pack; a pack without room for them is run before. */
static enum gs_status join_pack(struct gs_answers *a, struct waiting *w, struct gs_error *err)
{
    struct gs_encoding encoding;
    enum gs_status status = gs_tokenizer_encode(a->folder->tokenizer, a->tokens, head_of(w->text),
                                                a->max_message_tokens, &encoding, err);

    if (status == GS_OK && a->n_inputs > 0 && a->n_tokens + encoding.n > a->limit) {
        const struct waiting mine = *w;
        status = gs_answers_flush(a, err);
        a->waiting[0] = mine; /* the queue is empty now: it is the first */
        w = &a->waiting[0];
    }
    if (status != GS_OK) {
        return status;
    }
    a->stats.truncated += encoding.truncated;
    if (a->n_inputs == 0) {
        a->oldest_ns = now_ns(a);
    }
    memcpy(a->ids + a->n_tokens, encoding.ids, encoding.n * sizeof *a->ids);
    a->inputs[a->n_inputs] =
        (struct gs_model_input){.ids = a->ids + a->n_tokens, .n = encoding.n, .lang = w->lang};
    a->owners[a->n_inputs] = a->n;
    w->state = IN_PACK;
    w->input = a->n_inputs++;
    a->n_tokens += encoding.n;
    return GS_OK;
}

/* What can be said without the encoder; true: that is the answer. */
static bool settle_early(struct gs_answers *a, const struct gs_question *q, struct waiting *w)
{
    if (a->info->fast) {
        gs_model_predict(a->folder->model, a->work, q->hashes, q->n_hashes, q->lang, &w->said);
    }
    if (!a->info->encodes) {
        return true;
    }
    if (a->overload.deadline_ms > 0) {
        const bool changed = gs_overload_see(&a->overload, q->now_ms, q->age_ms);
        a->stats.fallbacks += changed && a->overload.behind;
    }
    if (a->info->cascades && gs_model_accepts(a->folder->model, &w->said, q->lang)) {
        a->stats.accepted++;
        return true;
    }
    if (seen(a, w)) {
        return true;
    }
    w->degraded = a->overload.behind;
    return w->degraded;
}

static bool is_due(const struct gs_answers *a)
{
    return a->n_inputs > 0 && a->options.max_wait_ms > 0 &&
           now_ns(a) - a->oldest_ns >= a->options.max_wait_ms * 1000000;
}

enum gs_status gs_answers_ask(struct gs_answers *a, const struct gs_question *q,
                              struct gs_error *err)
{
    struct waiting *w = &a->waiting[a->n];

    w->item = q->item;
    w->text = q->text;
    w->lang = q->lang;
    w->state = SETTLED;
    w->degraded = false;
    if (settle_early(a, q, w)) {
        if (a->n == 0) {
            return give(a, w, err);
        }
    } else {
        const enum gs_status status = join_pack(a, w, err);
        if (status != GS_OK) {
            return status;
        }
    }
    a->n++;
    return a->n == GS_ANSWERS_MAX_WAITING || a->n_tokens >= a->limit || is_due(a)
               ? gs_answers_flush(a, err)
               : GS_OK;
}

enum gs_status gs_answers_tick(struct gs_answers *a, struct gs_error *err)
{
    return is_due(a) ? gs_answers_flush(a, err) : GS_OK;
}

int64_t gs_answers_due_ms(const struct gs_answers *a)
{
    if (a->n_inputs == 0 || a->options.max_wait_ms <= 0) {
        return -1;
    }
    const int64_t left = a->options.max_wait_ms - (now_ns(a) - a->oldest_ns) / 1000000;
    return left > 0 ? left : 0;
}

void gs_answers_idle(struct gs_answers *a, int64_t now_ms)
{
    (void)gs_overload_see(&a->overload, now_ms, 0);
}

size_t gs_answers_waiting(const struct gs_answers *a)
{
    return a->n;
}

struct gs_model_folder *gs_answers_folder(const struct gs_answers *a)
{
    return a->folder;
}

struct gs_model_work *gs_answers_work(const struct gs_answers *a)
{
    return a->work;
}

bool gs_answers_behind(const struct gs_answers *a)
{
    return a->overload.behind;
}

const struct gs_answers_stats *gs_answers_stats(const struct gs_answers *a)
{
    return &a->stats;
}
