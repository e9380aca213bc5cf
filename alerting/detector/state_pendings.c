/* Stories that wait for the close of their bin (near.c) as records: one each, with a tombstone when the
 * bin has closed. They are no part of their key's record, which is written whole with every batch. */
#include "alerting/detector/state_fields.h"

#include <xxhash.h>

/* Two messages that stood for one story, one after the other, are two records. */
enum gs_status gs_state_put_pending(const struct gs_state_writer *to,
                                    const struct gs_pending *pending, bool gone,
                                    struct gs_error *err)
{
    const uint64_t place = (uint64_t)pending->offset_ms << 32 | pending->id_hash;
    struct gs_record_key key;

    gs_record_key_start(&key, 'p');
    gs_record_key_number(&key, (uint32_t)pending->bin, 4);
    gs_record_key_number(&key, XXH3_64bits_withSeed(&place, sizeof place, pending->story_hash), 8);
    gs_record_key_text(&key, gs_key_text(to->watch, gs_pool_at(&to->watch->keys, pending->key)));
    if (gone) {
        return to->put(to->arg, (struct gs_str){key.bytes, key.len}, (struct gs_str){NULL, 0}, err);
    }
    const unsigned char version = GS_STATE_VERSION;
    struct gs_buf *value = &to->watch->state.record;
    value->max = 1U << 20;
    gs_buf_reset(value);
    gs_buf_putc(value, (char)version);
    gs_table_write(&gs_pending_fields, pending, value);
    if (!gs_buf_ok(value)) {
        return gs_fail(err, GS_NO_MEMORY, "state record");
    }
    return to->put(to->arg, (struct gs_str){key.bytes, key.len}, gs_buf_str(value), err);
}

bool gs_state_read_pending(struct gs_watch *watch, struct gs_str key, unsigned version,
                           struct gs_fields_in *in)
{
    const size_t head = 1 + 4 + 8;
    struct gs_pending look = {.waits = 1};

    if (key.len <= head || !gs_table_read(&gs_pending_fields, version, in, &look) || in->left > 0) {
        return false;
    }
    const struct gs_str text = {key.bytes + head, key.len - head};
    const int32_t bin = (int32_t)(uint32_t)gs_record_key_take(key.bytes + 1, 4);
    const uint32_t of = gs_table_find_text(watch, text);
    const uint32_t open = of == GS_NONE ? GS_NONE : gs_open_get(watch, of, bin, false);
    if (open == GS_NONE) {
        return false;
    }
    gs_pending_add(watch, open, &look);
    return true;
}
