/* The encoder's side of the batcher: how texts become ids, ids a micro-batch, and that logits.
 *
 * A message is one reading; each of its entities that the model has a sentiment for is another, the
 * message's text with that entity marked (deploy/daemon/pipeline/tagger_marks.c). To the cache and
 * the encoder a reading is a text like any other. All that a message still needs joins one
 * micro-batch, so that its answer is whole when that has run.
 *
 * Ids lie one behind the other in one block of `room` tokens, so that the encoder computes no
 * padding; inputs point into it, owners say whose they are. A text that is in the micro-batch
 * already, or was answered lately, is not encoded again: retweets and wire copies come in bursts.
 *
 * Size: max_tokens bounds one micro-batch; with slice_ms the time does too. The first is small, for
 * nothing is known of this machine yet. Each one then says how many tokens a slice holds at its
 * speed, and the next may have that many, but no more than four times as many as before: one lucky
 * measurement must not make a lane miss its poll interval. */
#include "deploy/daemon/inference/batcher_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_TEXT = 1 << 20, /* bytes that the tokenizer sees: far beyond what the encoder reads */
    FIRST_TOKENS = 64,  /* of the first one, when it has to be short and nothing is known yet */
    GROWTH = 4,         /* they grow no faster, whatever the last one's speed */
};

/* Tokens of a message for one encoder; at least one is the text's. */
static size_t longest_message(const struct gs_batcher *b, size_t encoder)
{
    const size_t special = gs_tokenizer_info(b->folder->tokenizers[encoder])->n_special;
    const size_t reads = b->info->encoders[encoder].max_tokens;
    const size_t wanted = b->options.max_message_tokens;
    const size_t most = wanted > 0 && wanted < reads ? wanted : reads;

    return most > special ? most : special + 1;
}

enum gs_status gs_micro_batch_init(struct gs_batcher *b, struct gs_error *err)
{
    size_t longest = 0;

    for (size_t e = 0; e < b->info->n_encoders; e++) {
        const size_t most = longest_message(b, e);
        b->max_message_tokens[e] = most;
        longest = most > longest ? most : longest;
    }
    assert(longest > 0);
    b->room = b->options.max_tokens > longest ? b->options.max_tokens : longest;
    b->limit = b->options.slice_ms > 0 && FIRST_TOKENS < b->room ? FIRST_TOKENS : b->room;
    b->overload.deadline_ms = b->info->fast ? b->options.deadline_ms : 0;
    const size_t readings = b->info->open != NULL ? GS_MAX_READINGS : 1;
    const size_t new_ids = readings * longest;
    b->max_inputs = readings * GS_BATCHER_MAX_WAITING;
    b->waiting = calloc(GS_BATCHER_MAX_WAITING, sizeof *b->waiting);
    b->inputs = calloc(b->max_inputs, sizeof *b->inputs);
    b->owners = calloc(b->max_inputs, sizeof *b->owners);
    b->new_ids = calloc(new_ids, sizeof *b->new_ids);
    b->ids = calloc(b->room > new_ids ? b->room : new_ids, sizeof *b->ids);
    b->logits = calloc(b->max_inputs * b->info->n_logits + 1, sizeof *b->logits);
    if (b->waiting == NULL || b->inputs == NULL || b->owners == NULL || b->new_ids == NULL ||
        b->ids == NULL || b->logits == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "micro-batches of %zu tokens", b->room);
    }
    enum gs_status status = GS_OK;
    for (size_t e = 0; e < b->info->n_encoders && status == GS_OK; e++) {
        status = gs_tokenizer_workspace_new(b->folder->tokenizers[e], &b->tokens[e], err);
    }
    if (status == GS_OK) {
        status = gs_model_workspace_new_for(b->folder->model, b->room, GS_BATCHER_MAX_WAITING,
                                            &b->work, err);
    }
    if (status == GS_OK && b->options.cache_entries > 0) {
        status = gs_prediction_cache_new(b->options.cache_entries, b->options.cache_bytes,
                                         b->info->n_logits, &b->cache, err);
    }
    return status;
}

/* Decides how many tokens the next micro-batch may have, from the time that this one took. */
static void set_pace(struct gs_batcher *b, size_t n_tokens, int64_t spent_ns)
{
    if (b->options.slice_ms <= 0) {
        return;
    }
    const double slice_ns = (double)b->options.slice_ms * 1e6;
    const double fits = spent_ns > 0 ? (double)n_tokens * slice_ns / (double)spent_ns : 1e9;
    const size_t most = b->limit * GROWTH < b->room ? b->limit * GROWTH : b->room;

    b->limit = fits < 1.0 ? 1 : fits < (double)most ? (size_t)fits : most;
}

enum gs_status gs_micro_batch_run(struct gs_batcher *b, struct gs_error *err)
{
    const int64_t start = gs_batcher_now_ns(b);
    const enum gs_status status =
        b->options.run != NULL
            ? b->options.run(b->options.run_arg, b->folder->model, b->work, b->inputs, b->n_inputs,
                             b->logits, err)
            : gs_model_logits(b->folder->model, b->work, b->inputs, b->n_inputs, b->logits, err);
    const int64_t spent = gs_batcher_now_ns(b) - start;

    if (status != GS_OK) {
        return status;
    }
    b->stats.micro_batches++;
    b->stats.encoded += b->n_inputs;
    b->stats.tokens += b->n_tokens;
    b->stats.seconds += (double)spent / 1e9;
    assert(b->n_ran < GS_MAX_RAN);
    b->ran[b->n_ran++] = (struct gs_micro_batch){
        .n_messages = b->n_inputs, .n_tokens = b->n_tokens, .seconds = (double)spent / 1e9};
    set_pace(b, b->n_tokens, spent);
    for (size_t i = 0; i < b->n_inputs && b->cache != NULL; i++) {
        const struct gs_waiting *w = &b->waiting[b->owners[i].waiting];
        const struct gs_reading *reading = &w->readings[b->owners[i].reading];
        b->stats.cache_evictions += gs_prediction_cache_put(
            b->cache, reading->hash, reading->text, w->lang, b->logits + i * b->info->n_logits);
    }
    return GS_OK;
}

/* The same text earlier in the micro-batch; its input, or n_inputs. */
static size_t twin_of(const struct gs_batcher *b, const struct gs_reading *reading, size_t lang)
{
    size_t i = 0;
    for (; i < b->n_inputs; i++) {
        const struct gs_waiting *w = &b->waiting[b->owners[i].waiting];
        const struct gs_reading *other = &w->readings[b->owners[i].reading];
        if (other->hash == reading->hash && w->lang == lang &&
            gs_str_equal(other->text, reading->text)) {
            break;
        }
    }
    return i;
}

void gs_reading_answer(const struct gs_batcher *b, struct gs_waiting *w, size_t reading,
                       const float *logits)
{
    if (reading == 0) {
        gs_model_answer(b->folder->model, logits, w->lang, &w->prediction);
    } else {
        gs_model_entity(b->folder->model, logits, w->lang, w->entities[reading - 1]);
    }
}

/* Answers a reading from the cache, or finds its twin; false: it has to join the micro-batch. */
static bool find(struct gs_batcher *b, struct gs_waiting *w, size_t r)
{
    struct gs_reading *reading = &w->readings[r];

    reading->state = GS_IN_MICRO_BATCH;
    if (b->cache == NULL) {
        return false;
    }
    reading->hash = gs_prediction_hash(reading->text, w->lang);
    const float *logits = gs_prediction_cache_find(b->cache, reading->hash, reading->text, w->lang);
    const size_t twin = logits == NULL ? twin_of(b, reading, w->lang) : 0;
    if (logits != NULL) {
        gs_reading_answer(b, w, r, logits);
        reading->state = GS_SETTLED;
    } else if (twin < b->n_inputs) {
        reading->state = GS_TWIN;
        reading->input = twin;
    }
    return reading->state != GS_IN_MICRO_BATCH;
}

static void count(struct gs_batcher *b, bool found)
{
    b->stats.cache_hits += b->cache != NULL && found;
    b->stats.cache_misses += b->cache != NULL && !found;
}

bool gs_prediction_seen(struct gs_batcher *b, struct gs_waiting *w)
{
    const bool found = find(b, w, 0);

    count(b, found);
    return found;
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

/* The ids of what a message still needs of the encoder, in new_ids. */
struct joining {
    size_t reading[GS_MAX_READINGS], len[GS_MAX_READINGS];
    size_t n, n_tokens, n_unknown, n_truncated;
};

static size_t count_id(const int32_t *ids, size_t n, int32_t id)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        found += ids[i] == id;
    }
    return found;
}

static enum gs_status encode(struct gs_batcher *b, struct gs_waiting *w, struct joining *ret,
                             struct gs_error *err)
{
    const size_t encoder = gs_model_encoder_of(b->info, w->lang);
    const int32_t unknown = gs_tokenizer_info(b->folder->tokenizers[encoder])->unk;

    *ret = (struct joining){.n = 0};
    for (size_t r = 0; r < w->n_readings; r++) {
        struct gs_encoding encoding;
        if (w->readings[r].state == GS_SETTLED || find(b, w, r)) {
            continue;
        }
        const enum gs_status status = gs_tokenizer_encode(
            b->folder->tokenizers[encoder], b->tokens[encoder], head_of(w->readings[r].text),
            b->max_message_tokens[encoder], &encoding, err);
        if (status != GS_OK) {
            return status;
        }
        memcpy(b->new_ids + ret->n_tokens, encoding.ids, encoding.n * sizeof *b->new_ids);
        ret->reading[ret->n] = r;
        ret->len[ret->n++] = encoding.n;
        ret->n_tokens += encoding.n;
        ret->n_unknown += count_id(encoding.ids, encoding.n, unknown);
        ret->n_truncated += encoding.truncated;
    }
    return GS_OK;
}

static void append(struct gs_batcher *b, struct gs_waiting *w, const struct joining *new)
{
    size_t at = 0;

    if (b->n_inputs == 0) {
        b->oldest_ns = gs_batcher_now_ns(b);
    }
    for (size_t i = 0; i < new->n; i++) {
        struct gs_reading *reading = &w->readings[new->reading[i]];
        int32_t *ids = b->ids + b->n_tokens;
        memcpy(ids, b->new_ids + at, new->len[i] * sizeof *ids);
        at += new->len[i];
        b->inputs[b->n_inputs] =
            (struct gs_model_input){.ids = ids, .n = new->len[i], .lang = w->lang};
        b->owners[b->n_inputs] = (struct gs_owner){.waiting = b->n, .reading = new->reading[i]};
        reading->input = b->n_inputs++;
        b->n_tokens += new->len[i];
    }
    b->stats.unknown_tokens += new->n_unknown;
    b->stats.truncated += new->n_truncated;
}

/* A micro-batch without room for them is run before; what was in it is in the cache then, so all is
 * looked at anew. */
enum gs_status gs_micro_batch_join(struct gs_batcher *b, struct gs_waiting *w, struct gs_error *err)
{
    struct joining new;

    enum gs_status status = encode(b, w, &new, err);
    if (status == GS_OK && new.n > 0 && b->n_inputs > 0 && b->n_tokens + new.n_tokens > b->limit) {
        status = gs_batcher_settle(b, err);
        if (status == GS_OK) {
            status = encode(b, w, &new, err);
        }
    }
    if (status != GS_OK) {
        return status;
    }
    for (size_t r = 1; r < w->n_readings; r++) {
        count(b, w->readings[r].state != GS_IN_MICRO_BATCH);
    }
    if (new.n > 0) {
        append(b, w, &new);
    }
    return GS_OK;
}
