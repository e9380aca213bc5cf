/* What an open transaction has changed, found without any book of its own: all that changes is in
 * the undo log already, and what is new stands behind the pools' marks of the transaction's begin.
 *
 *     log: an item of a pool    keys, and the keys of open bins and alerts, are put as a whole
 *                               excerpts are put, or a tombstone for what they were
 *     log: an entry of a set    goes into its chunk
 *     new items                 the same
 *     kinds, core               compared with what they were
 *
 * Bins that the commit will drop take their excerpts along, so these get their tombstones here. */
#include "alerting/detector/state_fields.h"

#include <assert.h>
#include <stdlib.h>

enum {
    KEYS,
    OPEN_BINS,
    BINS,
    EXCERPTS,
    EPISODES,
    SKETCHES,
    HABITS,
    VOTES,
    PENDINGS
}; /* as in watch.c */

static void mark(struct gs_watch *watch, uint32_t key)
{
    if (key < watch->keys.now.n) {
        watch->state.dirty[key / 64] |= (uint64_t)1 << (key % 64);
    }
}

static bool reserve_marks(struct gs_watch *watch)
{
    const size_t need = watch->keys.now.n / 64 + 1;

    if (need <= watch->state.max_dirty) {
        memset(watch->state.dirty, 0, need * sizeof *watch->state.dirty);
        return true;
    }
    free(watch->state.dirty);
    watch->state.max_dirty = 0;
    watch->state.dirty = calloc(need * 2, sizeof *watch->state.dirty);
    watch->state.max_dirty = watch->state.dirty == NULL ? 0 : need * 2;
    return watch->state.dirty != NULL;
}

/* A bin that the commit will drop (gs_bins_prune()). */
static bool is_old(const struct gs_watch *watch, int32_t bin)
{
    return watch->now.started && (int64_t)bin + GS_DELAY_BINS < watch->now.next_bin;
}

/* A kept excerpt as it is now. */
static enum gs_status put_kept(const struct gs_state_writer *to, uint32_t at, struct gs_error *err)
{
    const struct gs_excerpt *now = gs_pool_at(&to->watch->excerpts, at);

    return now->kept && !is_old(to->watch, now->bin) ? gs_state_put_excerpt(to, now, false, err)
                                                     : GS_OK;
}

static enum gs_status put_waiting(const struct gs_state_writer *to, uint32_t at,
                                  struct gs_error *err)
{
    const struct gs_pending *now = gs_pool_at(&to->watch->pendings, at);

    return now->waits ? gs_state_put_pending(to, now, false, err) : GS_OK;
}

static size_t text_bytes(const struct gs_excerpt *excerpt)
{
    return (size_t)excerpt->id_len + excerpt->source_len + excerpt->text_len + excerpt->url_len;
}

/* The same record. Key, bin and priority are not enough: when an earlier copy takes a story over, it
 * has those of the one that was there, and often its item too. */
static bool is_same(const struct gs_excerpt *a, const struct gs_excerpt *b)
{
    return a->kept && b->kept && a->key == b->key && a->bin == b->bin &&
           a->priority == b->priority && a->ts_ms == b->ts_ms && a->p == b->p &&
           a->id_len == b->id_len && a->source_len == b->source_len && a->text_len == b->text_len &&
           a->url_len == b->url_len && memcmp(a->bytes, b->bytes, text_bytes(a)) == 0;
}

static bool is_same_pending(const struct gs_pending *a, const struct gs_pending *b)
{
    return a->waits && b->waits && a->key == b->key && a->bin == b->bin &&
           a->story_hash == b->story_hash && a->offset_ms == b->offset_ms &&
           a->id_hash == b->id_hash;
}

static enum gs_status drop_item(const struct gs_state_writer *to, const struct gs_undo_entry *entry,
                                const void *payload, struct gs_error *err)
{
    if (entry->which == EXCERPTS) {
        const struct gs_excerpt *was = payload;
        if (was->kept && !is_same(was, gs_pool_at(&to->watch->excerpts, entry->at))) {
            return gs_state_put_excerpt(to, was, true, err);
        }
    } else if (entry->which == PENDINGS) {
        const struct gs_pending *was = payload;
        if (was->waits && !is_same_pending(was, gs_pool_at(&to->watch->pendings, entry->at))) {
            return gs_state_put_pending(to, was, true, err);
        }
    }
    return GS_OK;
}

/* Those that were kept and are not any more. All of them before the first that is put: what was
 * dropped may have come again, as another item. */
static enum gs_status drop_items(const struct gs_state_writer *to, struct gs_error *err)
{
    struct gs_undo log = to->watch->undo; /* popping changes only this copy */
    struct gs_undo_entry entry;
    const void *payload = NULL;
    enum gs_status status = GS_OK;

    while (status == GS_OK && gs_undo_pop(&log, &entry, &payload)) {
        if (entry.kind == GS_UNDO_ITEM) {
            status = drop_item(to, &entry, payload, err);
        }
    }
    return status;
}

/* A key that had to make room for another, which may have its item now. */
static enum gs_status drop_key(const struct gs_state_writer *to, uint32_t at,
                               const struct gs_key *was, struct gs_error *err)
{
    const struct gs_str text = gs_key_text(to->watch, was);
    struct gs_record_key key;

    if (text.len == 0 ||
        gs_str_equal(text, gs_key_text(to->watch, gs_pool_at(&to->watch->keys, at)))) {
        return GS_OK;
    }
    gs_record_key_start(&key, 'k');
    gs_record_key_text(&key, text);
    return to->put(to->arg, (struct gs_str){key.bytes, key.len}, (struct gs_str){NULL, 0}, err);
}

static enum gs_status take_item(const struct gs_state_writer *to, const struct gs_undo_entry *entry,
                                const void *was, struct gs_error *err)
{
    struct gs_watch *watch = to->watch;

    switch (entry->which) {
    case KEYS:
        mark(watch, entry->at);
        return drop_key(to, entry->at, was, err);
    case OPEN_BINS:
        mark(watch, ((const struct gs_open_bin *)was)->key);
        mark(watch, ((const struct gs_open_bin *)gs_pool_at(&watch->open_bins, entry->at))->key);
        break;
    case EPISODES:
        mark(watch, ((const struct gs_episode *)was)->key);
        mark(watch, ((const struct gs_episode *)gs_pool_at(&watch->episodes, entry->at))->key);
        break;
    case EXCERPTS:
        return is_same(was, gs_pool_at(&watch->excerpts, entry->at))
                   ? GS_OK /* only its place in the list */
                   : put_kept(to, entry->at, err);
    case PENDINGS:
        return is_same_pending(was, gs_pool_at(&watch->pendings, entry->at))
                   ? GS_OK
                   : put_waiting(to, entry->at, err);
    default: /* sketches and habits change with their owner, bins are in the core */
        break;
    }
    return GS_OK;
}

static enum gs_status take_log(const struct gs_state_writer *to, struct gs_error *err)
{
    struct gs_undo log = to->watch->undo;
    struct gs_undo_entry entry;
    const void *payload = NULL;
    enum gs_status status = GS_OK;

    while (status == GS_OK && gs_undo_pop(&log, &entry, &payload)) {
        if (entry.kind == GS_UNDO_ITEM) {
            status = take_item(to, &entry, payload, err);
        } else if (entry.kind == GS_UNDO_SET) {
            uint64_t word = 0;
            memcpy(&word, payload, sizeof word);
            const uint64_t *found =
                gs_seen_set_find(gs_seen_set_of(to->watch, (enum gs_seen)entry.which), word);
            status = found == NULL ? GS_OK : gs_state_add_seen(to, entry.which, found, err);
        }
    }
    return status;
}

static enum gs_status take_new(const struct gs_state_writer *to, struct gs_error *err)
{
    struct gs_watch *watch = to->watch;
    enum gs_status status = GS_OK;

    for (uint32_t i = watch->keys.before.n; i < watch->keys.now.n; i++) {
        mark(watch, i);
    }
    for (uint32_t i = watch->open_bins.before.n; i < watch->open_bins.now.n; i++) {
        mark(watch, ((const struct gs_open_bin *)gs_pool_at(&watch->open_bins, i))->key);
    }
    for (uint32_t i = watch->episodes.before.n; i < watch->episodes.now.n; i++) {
        mark(watch, ((const struct gs_episode *)gs_pool_at(&watch->episodes, i))->key);
    }
    for (uint32_t i = watch->excerpts.before.n; i < watch->excerpts.now.n && status == GS_OK; i++) {
        status = put_kept(to, i, err);
    }
    for (uint32_t i = watch->pendings.before.n; i < watch->pendings.now.n && status == GS_OK; i++) {
        status = put_waiting(to, i, err);
    }
    return status;
}

static enum gs_status drop_old_bins(const struct gs_state_writer *to, struct gs_error *err)
{
    const struct gs_watch *watch = to->watch;
    enum gs_status status = GS_OK;

    for (size_t n = 0; n < watch->now.n_bins && status == GS_OK; n++) {
        const struct gs_bin *bin = gs_pool_at(&watch->bins, watch->bin_order[n]);
        if (!is_old(watch, bin->bin)) {
            break;
        }
        for (uint32_t i = bin->excerpts; i != GS_NONE && status == GS_OK;) {
            const struct gs_excerpt *excerpt = gs_pool_at(&watch->excerpts, i);
            status = gs_state_put_excerpt(to, excerpt, true, err);
            i = excerpt->at.next;
        }
    }
    return status;
}

static enum gs_status put_marked(const struct gs_state_writer *to, struct gs_error *err)
{
    const struct gs_watch *watch = to->watch;
    const size_t words = watch->keys.now.n / 64 + 1;

    for (size_t w = 0; w < words; w++) {
        for (uint64_t bits = watch->state.dirty[w]; bits != 0; bits &= bits - 1) {
            const uint32_t at = (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(bits);
            const struct gs_key *key = gs_pool_at(&watch->keys, at);
            const enum gs_status status =
                key->text_len == 0 ? GS_OK : gs_state_put_key(to, at, err);
            if (status != GS_OK) {
                return status;
            }
        }
    }
    return GS_OK;
}

/* All that a kind learns comes with a bin that closes, but its first level. */
static bool has_changed(const struct gs_kind *now, const struct gs_kind *was)
{
    return now->last != was->last || now->born != was->born || now->b != was->b;
}

static enum gs_status put_kinds(const struct gs_state_writer *to, struct gs_error *err)
{
    const struct gs_core *now = &to->watch->now;
    const struct gs_core *was = &to->watch->before;
    enum gs_status status = GS_OK;

    for (uint32_t i = 0; i < now->n_kinds && status == GS_OK; i++) {
        if (i >= was->n_kinds || has_changed(&now->kinds[i], &was->kinds[i])) {
            status = gs_state_put_kind(to, i, err);
        }
    }
    return status;
}

enum gs_status gs_watch_save_changes(struct gs_watch *watch, gs_state_put_fn *put, void *arg,
                                     struct gs_error *err)
{
    const struct gs_state_writer to = {watch, put, arg};

    assert(watch->open && !watch->closing.active);
    if (watch->undo.failed || !reserve_marks(watch)) {
        return gs_fail(err, GS_NO_MEMORY, "the changes of a batch");
    }
    enum gs_status status = drop_items(&to, err);
    if (status == GS_OK) {
        status = drop_old_bins(&to, err);
    }
    if (status == GS_OK) {
        status = take_log(&to, err);
    }
    if (status == GS_OK) {
        status = take_new(&to, err);
    }
    if (status == GS_OK) {
        status = put_marked(&to, err);
    }
    if (status == GS_OK) {
        status = put_kinds(&to, err);
    }
    for (size_t set = 0; set < GS_N_SEEN && status == GS_OK && watch->state.chunks_written; set++) {
        status = gs_state_put_chunk(&to, set, err);
    }
    return status == GS_OK ? gs_state_put_core(&to, err) : status;
}
