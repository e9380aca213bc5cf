/* A watch from the records of its state.
 *
 *     core ─► kinds ─► keys, with their open bins, habits and alerts ─► excerpts ─► sets ─► pendings
 *          └─ next_bin, the samples' sizes                                                       │
 *     end: which keys are live, the nearest miss  ◄──────────────────────────────────────────────┘
 *
 * The bytes may come from anywhere, so each number is held to its range (state_ranges.c).
 *
 * Numbers of items are given anew, and the places in hash tables have this process's seed; nothing
 * that goes out depends on either. */
#include "alerting/detector/episodes.h"
#include "alerting/detector/events.h"
#include "alerting/detector/state_fields.h"

#include <xxhash.h>

/* The types of records, in the order in which they are read, and the first byte of each one's key. */
enum { CORE, KIND, KEY, EXCERPT, SEEN, PENDING = SEEN + GS_N_SEEN, N_TYPES };
static const char types[N_TYPES + 1] = "cgkxisblp";

int gs_watch_record_order(struct gs_str key)
{
    const char *found = key.len == 0 ? NULL : memchr(types, key.bytes[0], N_TYPES);

    return found == NULL ? -1 : (int)(found - types);
}

static enum gs_status damaged(struct gs_error *err, const char *what)
{
    return gs_fail(err, GS_BAD_FORMAT, "state: a record of %s is damaged", what);
}

/* ---- records ---- */

/* How far the sample of excerpts of each bin is thinned out. */
static enum gs_status read_sample_shifts(struct gs_watch *watch, struct gs_fields_in *in,
                                         struct gs_error *err)
{
    while (in->left > 0) {
        int32_t number = 0;
        uint32_t shift = 0;
        if (!gs_fields_take(in, &number, sizeof number) ||
            !gs_fields_take(in, &shift, sizeof shift) || !gs_state_is_bin(watch, number) ||
            shift > 64) {
            return damaged(err, "the watch");
        }
        struct gs_bin *bin = gs_bin_get(watch, number, true);
        if (bin == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "state");
        }
        bin->shift = shift;
    }
    return GS_OK;
}

static enum gs_status read_core(struct gs_watch_load *load, unsigned version,
                                struct gs_fields_in *in, struct gs_error *err)
{
    struct gs_watch *watch = load->watch;
    struct gs_core *core = &watch->now;
    struct gs_str nearest_key;
    int64_t bin_ms = 0;

    if (!gs_fields_take(in, &bin_ms, sizeof bin_ms)) {
        return damaged(err, "the watch");
    }
    if (bin_ms != watch->params.options.bin_ms) {
        return gs_fail(
            err, GS_BAD_CONFIG,
            "state: it was written with watch.bin = %lld ms, the configuration says %lld",
            (long long)bin_ms, (long long)watch->params.options.bin_ms);
    }
    if (!gs_table_read(&gs_core_fields, version, in, core) ||
        !gs_fields_take_str(in, &nearest_key) || nearest_key.len > sizeof load->near_key ||
        !gs_state_core_holds(watch, core)) {
        return damaged(err, "the watch");
    }
    load->new_keys = core->new_keys;
    memcpy(load->near_key, nearest_key.bytes, nearest_key.len);
    load->near_key_len = nearest_key.len;
    return read_sample_shifts(watch, in, err);
}

static enum gs_status read_kind(struct gs_watch_load *load, struct gs_str key, unsigned version,
                                struct gs_fields_in *in, struct gs_error *err)
{
    struct gs_watch *watch = load->watch;
    const unsigned kind = key.len == 2 ? (unsigned char)key.bytes[1] : GS_MAX_KINDS;

    if (kind >= watch->now.n_kinds ||
        !gs_table_read(&gs_kind_fields, version, in, &watch->now.kinds[kind]) ||
        !gs_state_kind_holds(watch, &watch->now.kinds[kind])) {
        return damaged(err, "a kind");
    }
    for (size_t i = 0; i < GS_VOLUMES; i++) {
        struct gs_peers *peers = &watch->now.peers[kind][i];
        if (!gs_table_read(&gs_peers_fields, version, in, peers) || !gs_state_peers_hold(peers)) {
            return damaged(err, "a kind");
        }
    }
    load->kinds |= 1U << kind;
    return GS_OK;
}

static bool read_sketch(struct gs_watch *watch, unsigned version, struct gs_fields_in *in,
                        uint32_t *ret_sketch)
{
    *ret_sketch = gs_pool_alloc(&watch->sketches, &watch->undo);
    if (*ret_sketch == GS_NONE) {
        return false;
    }
    struct gs_sketch *sketch = gs_pool_at(&watch->sketches, *ret_sketch);
    return gs_table_read(&gs_sketch_fields, version, in, sketch) &&
           gs_state_ages_hold(sketch->age, GS_SKETCH_CELLS, GS_HOUR_BINS);
}

static bool read_habit(struct gs_watch *watch, struct gs_key *key, unsigned version,
                       struct gs_fields_in *in)
{
    key->habit = gs_pool_alloc(&watch->habits, &watch->undo);
    if (key->habit == GS_NONE) {
        return false;
    }
    struct gs_habit *habit = gs_pool_at(&watch->habits, key->habit);
    return gs_table_read(&gs_habit_fields, version, in, habit) && gs_state_habit_holds(habit);
}

static bool read_episode(struct gs_watch *watch, uint32_t key_at, unsigned version,
                         struct gs_fields_in *in)
{
    struct gs_key *key = gs_pool_at(&watch->keys, key_at);

    if (!gs_episodes_reserve(watch)) {
        return false;
    }
    key->episode = gs_pool_alloc(&watch->episodes, &watch->undo);
    if (key->episode == GS_NONE) {
        return false;
    }
    struct gs_episode *episode = gs_pool_at(&watch->episodes, key->episode);
    episode->key = key_at;
    episode->at.next = watch->now.episodes;
    watch->now.episodes = key->episode;
    if (!gs_table_read(&gs_episode_fields, version, in, episode)) {
        return false;
    }
    episode->shown = version < 3 ? episode->severity : episode->shown;
    return gs_state_episode_holds(watch, key, episode);
}

static bool read_open_bin(struct gs_watch *watch, uint32_t key_at, unsigned version,
                          struct gs_fields_in *in)
{
    struct gs_open_bin stored = {.n = 0};
    unsigned char parts = 0;
    const struct gs_key *key = gs_pool_at(&watch->keys, key_at);
    const unsigned foreign = key->event ? GS_OPEN_HAS_SKETCH : GS_OPEN_HAS_VOTES;

    if (!gs_fields_take(in, &parts, sizeof parts) || (parts & foreign) != 0 ||
        !gs_table_read(&gs_open_bin_fields, version, in, &stored) ||
        !gs_state_open_bin_holds(watch, &stored) ||
        gs_open_get(watch, key_at, stored.bin, false) != GS_NONE) {
        return false;
    }
    const uint32_t item = gs_open_get(watch, key_at, stored.bin, true);
    if (item == GS_NONE) {
        return false;
    }
    struct gs_open_bin *open = gs_pool_at(&watch->open_bins, item);
    open->k = stored.k;
    open->n = stored.n;
    open->reach = stored.reach;
    memcpy(open->pub, stored.pub, sizeof open->pub);
    if ((parts & GS_OPEN_HAS_VOTES) != 0) {
        return gs_votes_read(watch, in, open);
    }
    return (parts & GS_OPEN_HAS_SKETCH) == 0 || read_sketch(watch, version, in, &open->sketch);
}

static bool read_key_parts(struct gs_watch *watch, uint32_t key_at, unsigned version,
                           struct gs_fields_in *in)
{
    struct gs_key *key = gs_pool_at(&watch->keys, key_at);
    unsigned char parts = 0;
    bool holds = gs_table_read(&gs_key_fields, version, in, key) &&
                 gs_state_key_holds(watch, key) && gs_fields_take(in, &parts, sizeof parts);

    if (holds && (parts & GS_KEY_HAS_SKETCH) != 0) {
        holds = read_sketch(watch, version, in, &key->sketch);
    }
    if (holds && (parts & GS_KEY_HAS_HABIT) != 0) {
        holds = read_habit(watch, key, version, in);
    }
    if (holds && (parts & GS_KEY_HAS_EPISODE) != 0) {
        holds = read_episode(watch, key_at, version, in);
    }
    while (holds && in->left > 0) {
        holds = read_open_bin(watch, key_at, version, in);
    }
    return holds;
}

static enum gs_status read_key(struct gs_watch_load *load, struct gs_str key, unsigned version,
                               struct gs_fields_in *in, struct gs_error *err)
{
    struct gs_watch *watch = load->watch;
    const struct gs_str text = {key.bytes + 1, key.len - 1};
    struct gs_str name;

    if (text.len == 0 || text.len > GS_MAX_KEY_LEN || watch->now.n_kinds == 0 ||
        load->kinds != (1U << watch->now.n_kinds) - 1 || !gs_fields_take_str(in, &name)) {
        return damaged(err, "a key");
    }
    const uint32_t hash = gs_table_hash(watch, XXH3_64bits(text.bytes, text.len));
    if (gs_table_find(watch, hash, text) != GS_NONE) {
        return damaged(err, "a key");
    }
    if (watch->keys.now.live >= watch->params.options.max_keys) {
        return gs_fail(err, GS_BAD_CONFIG,
                       "state: it has more keys than watch.max_keys allows, %zu",
                       watch->params.options.max_keys);
    }
    const uint32_t key_at = gs_table_add(watch, hash, text, name);
    if (key_at == GS_NONE) {
        return gs_fail(err, GS_NO_MEMORY, "state: %zu keys", (size_t)watch->keys.now.live);
    }
    gs_key_admitted(watch, ((const struct gs_key *)gs_pool_at(&watch->keys, key_at))->kind);
    if (read_key_parts(watch, key_at, version, in)) {
        return GS_OK;
    }
    /* What there is no memory for is not damaged: who hears that would throw it away. */
    return watch->undo.starved
               ? gs_fail(err, GS_NO_MEMORY, "state: %zu keys", (size_t)watch->keys.now.live)
               : damaged(err, "a key");
}

static bool excerpt_holds(const struct gs_watch *watch, const struct gs_excerpt *excerpt,
                          size_t bytes)
{
    const size_t sum =
        (size_t)excerpt->id_len + excerpt->source_len + excerpt->text_len + excerpt->url_len;

    return gs_state_is_bin(watch, excerpt->bin) && excerpt->p <= GS_P_ONE && sum == bytes &&
           bytes <= sizeof excerpt->bytes && gs_bound_ms(excerpt->ts_ms) == excerpt->ts_ms;
}

static enum gs_status read_excerpt(struct gs_watch *watch, struct gs_str key, unsigned version,
                                   struct gs_fields_in *in, struct gs_error *err)
{
    const size_t head = 1 + 4 + 8; /* type, bin, priority; the key's text follows */
    struct gs_excerpt stored = {.kept = 1};

    if (key.len <= head || !gs_table_read(&gs_excerpt_fields, version, in, &stored)) {
        return damaged(err, "a message");
    }
    const struct gs_str text = {key.bytes + head, key.len - head};
    stored.bin = (int32_t)(uint32_t)gs_record_key_take(key.bytes + 1, 4);
    stored.priority = gs_record_key_take(key.bytes + 5, 8);
    stored.key = gs_table_find_text(watch, text);
    if (stored.key == GS_NONE || !excerpt_holds(watch, &stored, in->left)) {
        return damaged(err, "a message");
    }
    memcpy(stored.bytes, in->at, in->left);
    if (watch->excerpts.now.live >= watch->params.options.max_excerpts) {
        return GS_OK; /* fewer are wanted now */
    }
    struct gs_bin *bin = gs_bin_get(watch, stored.bin, true);
    const uint32_t item = bin == NULL ? GS_NONE : gs_pool_alloc(&watch->excerpts, &watch->undo);
    if (item == GS_NONE) {
        return gs_fail(err, GS_NO_MEMORY, "state: messages");
    }
    struct gs_excerpt *excerpt = gs_pool_at(&watch->excerpts, item);
    stored.at = (struct gs_link){.stamp = excerpt->at.stamp, .next = bin->excerpts};
    *excerpt = stored;
    bin->excerpts = item;
    bin->n_excerpts++;
    return GS_OK;
}

static enum gs_status read_seen_chunk(struct gs_watch *watch, enum gs_seen which,
                                      struct gs_fields_in *in, struct gs_error *err)
{
    static const char *const names[GS_N_SEEN] = {"ids", "stories", "bands", "leaders"};
    struct gs_seen_set *set = gs_seen_set_of(watch, which);
    uint64_t entry[GS_SEEN_WORDS];

    while (in->left > 0) {
        if (!gs_fields_take(in, entry, set->words * sizeof *entry)) {
            return damaged(err, names[which]);
        }
        gs_seen_set_load(watch, set, entry);
    }
    return GS_OK;
}

enum gs_status gs_watch_load_record(struct gs_watch_load *load, struct gs_str key,
                                    struct gs_str value, struct gs_error *err)
{
    struct gs_fields_in in = {value.bytes, value.len};
    const int order = gs_watch_record_order(key);
    unsigned char version = 0;

    if (!load->begun) {
        gs_watch_begin(load->watch);
        load->begun = true;
        if (order != CORE) {
            return gs_fail(err, GS_BAD_FORMAT, "state: the watch's own record is missing");
        }
    } else if (order == CORE) {
        return damaged(err, "the watch");
    }
    if (!gs_fields_take(&in, &version, sizeof version) || version == 0) {
        return damaged(err, "a watch");
    }
    if (version > GS_STATE_VERSION) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "state: written by a newer program (version %u, this one reads up to %d)",
                       (unsigned)version, GS_STATE_VERSION);
    }
    switch (order) {
    case CORE:
        return read_core(load, version, &in, err);
    case KIND:
        return read_kind(load, key, version, &in, err);
    case KEY:
        return read_key(load, key, version, &in, err);
    case EXCERPT:
        return read_excerpt(load->watch, key, version, &in, err);
    case PENDING:
        return gs_state_read_pending(load->watch, key, version, &in) ? GS_OK
                                                                     : damaged(err, "a story");
    default:
        break;
    }
    return order < 0 ? gs_fail(err, GS_BAD_FORMAT, "state: a record of an unknown kind")
                     : read_seen_chunk(load->watch, (enum gs_seen)(order - SEEN), &in, err);
}

/* Keys that had messages within a day, by the bin of the last. */
static void count_live(struct gs_watch *watch)
{
    struct gs_core *now = &watch->now;

    for (uint32_t i = 0; i < watch->keys.now.n; i++) {
        const struct gs_key *key = gs_pool_at(&watch->keys, i);
        if (key->live && (int64_t)now->live_at - key->seen < GS_LIVE_BINS) {
            now->live[gs_bin_mod(key->seen, GS_LIVE_BINS)]++;
            now->n_live++;
        }
    }
}

static bool find_nearest_miss(struct gs_watch_load *load)
{
    struct gs_watch *watch = load->watch;
    const struct gs_str text = {load->near_key, load->near_key_len};

    if (!(watch->now.near.m > 0.0)) {
        return true;
    }
    watch->now.near.key = gs_table_find_text(watch, text);
    return watch->now.near.key != GS_NONE;
}

enum gs_status gs_watch_load_end(struct gs_watch_load *load, struct gs_error *err)
{
    struct gs_watch *watch = load->watch;

    if (!load->begun) {
        return gs_fail(err, GS_BAD_FORMAT, "state: the watch's own record is missing");
    }
    if (watch->undo.starved) {
        return gs_fail(err, GS_NO_MEMORY, "state: %zu keys", (size_t)watch->keys.now.live);
    }
    if (load->kinds != (1U << watch->now.n_kinds) - 1 || !find_nearest_miss(load)) {
        return gs_fail(err, GS_BAD_FORMAT, "state: records are missing");
    }
    count_live(watch);
    watch->now.new_keys = load->new_keys;          /* each key that was loaded counted as one */
    for (size_t set = 0; set < GS_N_SEEN; set++) { /* the old one is not written into any more */
        watch->now.chunks[set].n++;
        watch->now.chunks[set].len = 0;
    }
    watch->undo.len = 0;
    gs_watch_commit(watch);
    return GS_OK;
}
