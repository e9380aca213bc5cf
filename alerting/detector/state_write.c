/* Records of a watch's state: how each is made, and all of them one after the other.
 *
 * A record's value begins with its version. Ids and stories, of which there are as many as
 * messages, go into chunks: what a transaction adds is appended to the chunk of event time's bin,
 * which is put again, until it is full or the bin is over. A slot is the bin's number modulo twice
 * the time that an entry lives, so an old chunk is written over when nothing in it counts any
 * more. */
#include "alerting/detector/events.h"
#include "alerting/detector/state_fields.h"

#include <assert.h>

static const unsigned char version = GS_STATE_VERSION;

static struct gs_buf *start_value(const struct gs_state_writer *to)
{
    struct gs_buf *value = &to->watch->state.record;

    value->max = 1U << 20;
    gs_buf_reset(value);
    gs_buf_putc(value, (char)version);
    return value;
}

static enum gs_status put(const struct gs_state_writer *to, const struct gs_record_key *key,
                          const struct gs_buf *value, struct gs_error *err)
{
    if (!gs_buf_ok(value)) {
        return gs_fail(err, GS_NO_MEMORY, "state record");
    }
    return to->put(to->arg, (struct gs_str){key->bytes, key->len}, gs_buf_str(value), err);
}

/* ---- core and kinds ---- */

/* The bins whose excerpts are a sample, and how small it is. */
static void write_shifts(const struct gs_watch *watch, struct gs_buf *out)
{
    for (size_t i = 0; i < watch->now.n_bins; i++) {
        const struct gs_bin *bin = gs_pool_at(&watch->bins, watch->bin_order[i]);
        if (bin->shift > 0) {
            gs_fields_put(out, &bin->bin, sizeof bin->bin);
            gs_fields_put(out, &bin->shift, sizeof bin->shift);
        }
    }
}

enum gs_status gs_state_put_core(const struct gs_state_writer *to, struct gs_error *err)
{
    const struct gs_watch *watch = to->watch;
    const struct gs_core *now = &watch->now;
    struct gs_buf *value = start_value(to);
    struct gs_str near = {"", 0};
    struct gs_record_key key;

    if (now->near.m > 0.0) {
        near = gs_key_text(watch, gs_pool_at(&watch->keys, now->near.key));
    }
    gs_fields_put(value, &watch->params.options.bin_ms, sizeof watch->params.options.bin_ms);
    gs_table_write(&gs_core_fields, now, value);
    gs_fields_put_str(value, near);
    write_shifts(watch, value);
    gs_record_key_start(&key, 'c');
    return put(to, &key, value, err);
}

enum gs_status gs_state_put_kind(const struct gs_state_writer *to, uint32_t kind,
                                 struct gs_error *err)
{
    struct gs_buf *value = start_value(to);
    struct gs_record_key key;

    gs_table_write(&gs_kind_fields, &to->watch->now.kinds[kind], value);
    for (size_t i = 0; i < GS_VOLUMES; i++) {
        gs_table_write(&gs_peers_fields, &to->watch->now.peers[kind][i], value);
    }
    gs_record_key_start(&key, 'g');
    gs_record_key_number(&key, kind, 1);
    return put(to, &key, value, err);
}

/* ---- keys ---- */

static void write_open_bins(const struct gs_watch *watch, const struct gs_key *key,
                            struct gs_buf *out)
{
    for (uint32_t i = key->at.next; i != GS_NONE;) {
        const struct gs_open_bin *open = gs_pool_at(&watch->open_bins, i);
        const int more = key->event ? GS_OPEN_HAS_VOTES : GS_OPEN_HAS_SKETCH;
        gs_buf_putc(out, (char)(open->sketch == GS_NONE ? 0 : more));
        gs_table_write(&gs_open_bin_fields, open, out);
        if (open->sketch != GS_NONE && key->event) {
            gs_votes_write(watch, open, out);
        } else if (open->sketch != GS_NONE) {
            gs_table_write(&gs_sketch_fields, gs_pool_at(&watch->sketches, open->sketch), out);
        }
        i = open->at.next;
    }
}

enum gs_status gs_state_put_key(const struct gs_state_writer *to, uint32_t at, struct gs_error *err)
{
    const struct gs_watch *watch = to->watch;
    const struct gs_key *from = gs_pool_at(&watch->keys, at);
    struct gs_buf *value = start_value(to);
    struct gs_record_key key;
    const int parts = (from->sketch != GS_NONE ? GS_KEY_HAS_SKETCH : 0) |
                      (from->habit != GS_NONE ? GS_KEY_HAS_HABIT : 0) |
                      (from->episode != GS_NONE ? GS_KEY_HAS_EPISODE : 0);

    gs_fields_put_str(value, gs_key_name(watch, from));
    gs_table_write(&gs_key_fields, from, value);
    gs_buf_putc(value, (char)parts);
    if (from->sketch != GS_NONE) {
        gs_table_write(&gs_sketch_fields, gs_pool_at(&watch->sketches, from->sketch), value);
    }
    if (from->habit != GS_NONE) {
        gs_table_write(&gs_habit_fields, gs_pool_at(&watch->habits, from->habit), value);
    }
    if (from->episode != GS_NONE) {
        gs_table_write(&gs_episode_fields, gs_pool_at(&watch->episodes, from->episode), value);
    }
    write_open_bins(watch, from, value);
    gs_record_key_start(&key, 'k');
    gs_record_key_text(&key, gs_key_text(watch, from));
    return put(to, &key, value, err);
}

enum gs_status gs_state_put_excerpt(const struct gs_state_writer *to,
                                    const struct gs_excerpt *excerpt, bool gone,
                                    struct gs_error *err)
{
    struct gs_record_key key;

    gs_record_key_start(&key, 'x');
    gs_record_key_number(&key, (uint32_t)excerpt->bin, 4);
    gs_record_key_number(&key, excerpt->priority, 8);
    gs_record_key_text(&key, gs_key_text(to->watch, gs_pool_at(&to->watch->keys, excerpt->key)));
    if (gone) {
        return to->put(to->arg, (struct gs_str){key.bytes, key.len}, (struct gs_str){NULL, 0}, err);
    }
    struct gs_buf *value = start_value(to);
    gs_table_write(&gs_excerpt_fields, excerpt, value);
    gs_buf_put(value,
               (struct gs_str){excerpt->bytes, (size_t)excerpt->id_len + excerpt->source_len +
                                                   excerpt->text_len + excerpt->url_len});
    return put(to, &key, value, err);
}

/* ---- chunks of ids, stories, bands and leaders ---- */

static struct gs_seen_set *set_of(struct gs_watch *watch, size_t set)
{
    return gs_seen_set_of(watch, (enum gs_seen)set);
}

static void begin_chunk(struct gs_watch *watch, size_t set, int32_t bin, uint32_t n)
{
    watch->now.chunks[set] = (struct gs_seen_chunk){.bin = bin, .n = n};
    watch->state.chunks[set].len = 0;
}

enum gs_status gs_state_put_chunk(const struct gs_state_writer *to, size_t set,
                                  struct gs_error *err)
{
    struct gs_watch *watch = to->watch;
    const struct gs_seen_chunk *chunk = &watch->now.chunks[set];
    const int32_t slots = 2 * set_of(watch, set)->ttl + 64;
    struct gs_buf *value = start_value(to);
    struct gs_record_key key;

    if (chunk->len == 0) {
        return GS_OK;
    }
    gs_buf_put(value, (struct gs_str){watch->state.chunks[set].bytes, chunk->len});
    gs_record_key_start(&key, "isbl"[set]);
    gs_record_key_number(&key, (uint32_t)gs_bin_mod(chunk->bin, slots), 4);
    gs_record_key_number(&key, chunk->n, 4);
    return put(to, &key, value, err);
}

enum gs_status gs_state_add_seen(const struct gs_state_writer *to, size_t set,
                                 const uint64_t *entry, struct gs_error *err)
{
    struct gs_watch *watch = to->watch;
    struct gs_seen_chunk *chunk = &watch->now.chunks[set];
    struct gs_buf *bytes = &watch->state.chunks[set];
    const size_t size = set_of(watch, set)->words * sizeof *entry;

    watch->state.chunks_written = true;
    bytes->max = (size_t)2 * GS_CHUNK_BYTES;
    if (chunk->bin != watch->now.next_bin) {
        begin_chunk(watch, set, watch->now.next_bin, 0);
    } else if (chunk->len + size > GS_CHUNK_BYTES) {
        begin_chunk(watch, set, chunk->bin, chunk->n + 1);
    }
    bytes->len = chunk->len;
    gs_buf_put(bytes, (struct gs_str){(const char *)entry, size});
    if (!gs_buf_ok(bytes)) {
        gs_buf_reset(bytes);
        return gs_fail(err, GS_NO_MEMORY, "state chunk");
    }
    chunk->len = bytes->len;
    return chunk->len + size > GS_CHUNK_BYTES ? gs_state_put_chunk(to, set, err) : GS_OK;
}

void gs_chunks_undo(struct gs_watch *watch)
{
    for (size_t set = 0; set < GS_N_SEEN && watch->state.chunks_written; set++) {
        begin_chunk(watch, set, watch->now.chunks[set].bin, watch->now.chunks[set].n + 1);
        watch->before.chunks[set] = watch->now.chunks[set];
    }
}

/* ---- all ---- */

static enum gs_status put_excerpts(const struct gs_state_writer *to, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    for (uint32_t i = 0; i < to->watch->excerpts.now.n && status == GS_OK; i++) {
        const struct gs_excerpt *excerpt = gs_pool_at(&to->watch->excerpts, i);
        if (excerpt->kept) {
            status = gs_state_put_excerpt(to, excerpt, false, err);
        }
    }
    return status;
}

static enum gs_status put_pendings(const struct gs_state_writer *to, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    for (uint32_t i = 0; i < to->watch->pendings.now.n && status == GS_OK; i++) {
        const struct gs_pending *pending = gs_pool_at(&to->watch->pendings, i);
        if (pending->waits) {
            status = gs_state_put_pending(to, pending, false, err);
        }
    }
    return status;
}

static enum gs_status put_seen(const struct gs_state_writer *to, size_t set, struct gs_error *err)
{
    const struct gs_seen_set *from = set_of(to->watch, set);
    enum gs_status status = GS_OK;

    begin_chunk(to->watch, set, to->watch->now.next_bin, to->watch->now.chunks[set].n + 1);
    for (size_t i = 0; i < from->capacity && status == GS_OK; i++) {
        const uint64_t *entry = from->slots + i * from->words;
        if (entry[0] != 0) {
            status = gs_state_add_seen(to, set, entry, err);
        }
    }
    return status == GS_OK ? gs_state_put_chunk(to, set, err) : status;
}

enum gs_status gs_watch_save(struct gs_watch *watch, gs_state_put_fn *to_put, void *arg,
                             struct gs_error *err)
{
    const struct gs_state_writer to = {watch, to_put, arg};
    enum gs_status status = GS_OK;

    assert(!watch->closing.active);
    status = gs_state_put_core(&to, err);
    for (uint32_t i = 0; i < watch->now.n_kinds && status == GS_OK; i++) {
        status = gs_state_put_kind(&to, i, err);
    }
    for (uint32_t i = 0; i < watch->keys.now.n && status == GS_OK; i++) {
        const struct gs_key *key = gs_pool_at(&watch->keys, i);
        status = key->text_len == 0 ? GS_OK : gs_state_put_key(&to, i, err); /* else it is free */
    }
    if (status == GS_OK) {
        status = put_excerpts(&to, err);
    }
    for (size_t set = 0; set < GS_N_SEEN && status == GS_OK; set++) {
        status = put_seen(&to, set, err);
    }
    return status == GS_OK ? put_pendings(&to, err) : status;
}
