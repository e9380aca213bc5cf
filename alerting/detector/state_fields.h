/* The fields of the detector's structs that are kept, one table a struct. Private to the state's
 * files; state_fields.c says what to do when a struct changes. */
#ifndef GS_ALERTING_STATE_FIELDS_H
#define GS_ALERTING_STATE_FIELDS_H

#include "alerting/detector/near.h"
#include "alerting/detector/watch_internal.h"
#include "alerting/detector/watch_state.h"
#include "ingest/base/fields.h"

struct gs_field_table {
    const struct gs_field *rows;
    size_t n;
};
extern const struct gs_field_table gs_core_fields, gs_kind_fields, gs_peers_fields, gs_key_fields,
    gs_open_bin_fields, gs_sketch_fields, gs_habit_fields, gs_episode_fields, gs_excerpt_fields,
    gs_pending_fields;

static inline void gs_table_write(const struct gs_field_table *table, const void *from,
                                  struct gs_buf *out)
{
    gs_fields_write(table->rows, table->n, from, out);
}
static inline bool gs_table_read(const struct gs_field_table *table, unsigned version,
                                 struct gs_fields_in *in, void *to)
{
    return gs_fields_read(table->rows, table->n, version, in, to);
}

/* What stands behind a key's fields. */
enum { GS_KEY_HAS_SKETCH = 1, GS_KEY_HAS_HABIT = 2, GS_KEY_HAS_EPISODE = 4 };
/* What stands behind an open bin's fields: a sketch, or of an event's key its votes (since version
 * 2). */
enum { GS_OPEN_HAS_SKETCH = 1, GS_OPEN_HAS_VOTES = 2 };

/* Keys of records; each at most GS_MAX_KEY_LEN + 16 bytes. */
enum { GS_RECORD_KEY = GS_MAX_KEY_LEN + 16, GS_CHUNK_BYTES = 16384 };
struct gs_record_key {
    char bytes[GS_RECORD_KEY];
    size_t len;
};
void gs_record_key_start(struct gs_record_key *to, char type);
/* Big-endian, so that keys sort as the numbers do. */
void gs_record_key_number(struct gs_record_key *to, uint64_t number, size_t bytes);
uint64_t gs_record_key_take(const char *bytes, size_t n);
void gs_record_key_text(struct gs_record_key *to, struct gs_str text);

/* state_write.c: one record each. */
struct gs_state_writer {
    struct gs_watch *watch;
    gs_state_put_fn *put;
    void *arg;
};
GS_MUST_CHECK enum gs_status gs_state_put_core(const struct gs_state_writer *to,
                                               struct gs_error *err);
GS_MUST_CHECK enum gs_status gs_state_put_kind(const struct gs_state_writer *to, uint32_t kind,
                                               struct gs_error *err);
GS_MUST_CHECK enum gs_status gs_state_put_key(const struct gs_state_writer *to, uint32_t key,
                                              struct gs_error *err);
/* gone: a tombstone. */
GS_MUST_CHECK enum gs_status gs_state_put_excerpt(const struct gs_state_writer *to,
                                                  const struct gs_excerpt *excerpt, bool gone,
                                                  struct gs_error *err);
/* Appends an entry to the chunk of a set (enum gs_seen); a full one is put and a new one begun.
 * gs_state_put_chunk() puts what is in the last. */
GS_MUST_CHECK enum gs_status gs_state_add_seen(const struct gs_state_writer *to, size_t set,
                                               const uint64_t *entry, struct gs_error *err);
GS_MUST_CHECK enum gs_status gs_state_put_chunk(const struct gs_state_writer *to, size_t set,
                                                struct gs_error *err);

/* state_pendings.c: a story that waits for its bin's close. gone: a tombstone. */
GS_MUST_CHECK enum gs_status gs_state_put_pending(const struct gs_state_writer *to,
                                                  const struct gs_pending *pending, bool gone,
                                                  struct gs_error *err);
/* False: damaged. */
bool gs_state_read_pending(struct gs_watch *watch, struct gs_str key, unsigned version,
                           struct gs_fields_in *in);

/* state_ranges.c: true when the detector can work with it. */
bool gs_state_is_bin(const struct gs_watch *watch, int32_t bin);
bool gs_state_core_holds(const struct gs_watch *watch, const struct gs_core *core);
bool gs_state_kind_holds(const struct gs_watch *watch, const struct gs_kind *kind);
bool gs_state_peers_hold(const struct gs_peers *peers);
bool gs_state_ages_hold(const uint8_t *ages, size_t n, uint8_t most);
bool gs_state_key_holds(const struct gs_watch *watch, const struct gs_key *key);
bool gs_state_episode_holds(const struct gs_watch *watch, const struct gs_key *key,
                            const struct gs_episode *episode);
bool gs_state_habit_holds(const struct gs_habit *habit);
bool gs_state_open_bin_holds(const struct gs_watch *watch, const struct gs_open_bin *open);

#endif
