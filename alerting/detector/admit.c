/* Who may have a place in the table of keys: a flood of keys must not take it from those that a desk
 * watches.
 *
 * Kinds have ranks. Labels (topics, risks) are as many as the model has, and companies as many as
 * the watchlist has; whatever else a stream names (sources, kinds that somebody made up) has no
 * bound of its own:
 *
 *     labels      may fill the table
 *     companies   seven eighths of it
 *     risks of    a quarter; they evict each other and others, never the kinds above
 *     companies
 *     others      together what is not reserved (reserved_share), and max_new_keys of them a bin
 *
 * Where a rank or the table is full, an idle key makes room: a hand goes round the keys, looks at
 * some for each new one, and evicts the first that nobody has written about for four hours, that has no
 * alert, no evidence, and no higher rank. What it had learnt is lost. Within its four hours no
 * flood can evict a key, whatever its rank, and one with an alert is never evicted. A key that finds
 * no room is refused and counted.
 *
 * What has to stay as it is: nothing may refer to a key that goes. Its open bins are closed, since it is
 * idle; its excerpts were dropped at an earlier commit (IDLE_BINS is more than what a bin's excerpts
 * live, by the clock of the last commit); the nearest miss is spared. An undo puts it back. */
#include "alerting/detector/watch_internal.h"

#include <math.h>
#include <xxhash.h>

enum { IDLE_BINS = 48, LOOKS = 64 };
static const double calm = 1.5; /* evidence */

enum gs_rank gs_rank_of(struct gs_str kind)
{
    if (gs_str_equal(kind, gs_str("topic")) || gs_str_equal(kind, gs_str("topic_lang")) ||
        gs_str_equal(kind, gs_str("risk"))) {
        return GS_RANK_LABEL;
    }
    if (gs_str_equal(kind, gs_str("risk@"))) {
        return GS_RANK_EVENT;
    }
    return gs_str_equal(kind, gs_str("entity")) ? GS_RANK_ENTITY : GS_RANK_OTHER;
}

/* Risks of companies stand as others do when an idle key is looked for. */
static uint8_t standing(const struct gs_kind *kind)
{
    return kind->rank == GS_RANK_EVENT ? GS_RANK_OTHER : kind->rank;
}

static bool may_go(const struct gs_watch *watch, uint32_t at, enum gs_rank at_most)
{
    const struct gs_key *key = gs_pool_at(&watch->keys, at);

    return key->text_len > 0 && key->born && key->at.next == GS_NONE && key->episode == GS_NONE &&
           (int64_t)key->seen + IDLE_BINS < watch->before.next_bin &&
           standing(&watch->now.kinds[key->kind]) <= (uint8_t)at_most && gs_key_m(key) < calm &&
           !(watch->now.near.m > 0.0 && watch->now.near.key == at);
}

static void evict(struct gs_watch *watch, uint32_t at)
{
    struct gs_core *now = &watch->now;
    struct gs_key *key = gs_pool_save(&watch->keys, &watch->undo, at);
    struct gs_kind *kind = &now->kinds[key->kind];
    const struct gs_str text = gs_key_text(watch, key);
    const uint32_t hash = gs_table_hash(watch, XXH3_64bits(text.bytes, text.len));

    gs_table_remove(watch, hash, at);
    now->n_slots_used--;
    (void)gs_undo_push(&watch->undo,
                       (struct gs_undo_entry){.kind = GS_UNDO_KEY_GONE, .which = hash, .at = at});
    gs_live_leave(now, key, key->seen, now->live_at);
    if (key->sketch != GS_NONE) {
        gs_pool_release(&watch->sketches, &watch->undo, key->sketch);
    }
    if (key->habit != GS_NONE) {
        gs_pool_release(&watch->habits, &watch->undo, key->habit);
    }
    now->texts_freed += (uint32_t)key->text_len + key->name_len;
    now->n_others -= kind->rank == GS_RANK_OTHER;
    kind->n_keys--;
    now->evicted_keys++;
    key->text_len = 0;
    key->name_len = 0;
    gs_pool_release(&watch->keys, &watch->undo, at);
}

/* Evicts an idle key of this rank or below; false: none was found among those looked at. */
static bool make_room(struct gs_watch *watch, enum gs_rank at_most)
{
    struct gs_core *now = &watch->now;
    const uint32_t n = watch->keys.now.n;

    for (uint32_t i = 0; i < LOOKS && i < n; i++) {
        now->hand = now->hand + 1 < n ? now->hand + 1 : 0;
        if (may_go(watch, now->hand, at_most)) {
            evict(watch, now->hand);
            return true;
        }
    }
    return false;
}

bool gs_key_admit(struct gs_watch *watch, struct gs_str key)
{
    const struct gs_watch_options *options = &watch->params.options;
    struct gs_core *now = &watch->now;
    const struct gs_kind *kind = &now->kinds[gs_kind_find(watch, key)];
    const double max_keys = (double)options->max_keys;
    const bool full = watch->keys.now.live >= options->max_keys;

    if (kind->rank == GS_RANK_OTHER) {
        now->new_keys = now->new_at == now->next_bin ? now->new_keys : 0;
        now->new_at = now->next_bin;
        if (now->new_keys >= options->max_new_keys) {
            return false;
        }
        const bool over = (double)now->n_others + 1.0 > max_keys * (1.0 - options->reserved_share);
        return !(full || over) || make_room(watch, GS_RANK_OTHER);
    }
    if (kind->rank == GS_RANK_EVENT) {
        const bool over = (double)kind->n_keys + 1.0 > fmax(max_keys * 0.25, 1.0);
        return !(full || over) || make_room(watch, GS_RANK_OTHER);
    }
    if (kind->rank == GS_RANK_ENTITY && (double)kind->n_keys + 1.0 > max_keys * 0.875) {
        return make_room(watch, GS_RANK_ENTITY);
    }
    return !full || make_room(watch, (enum gs_rank)kind->rank);
}

void gs_key_admitted(struct gs_watch *watch, uint32_t kind)
{
    struct gs_core *now = &watch->now;
    const bool other = now->kinds[kind].rank == GS_RANK_OTHER;

    now->kinds[kind].n_keys++;
    now->n_others += other;
    now->new_keys += other;
}
