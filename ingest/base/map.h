/* A map from strings to numbers: one open-addressing hash table for the plain cases.
 *
 * The number is the caller's: an index into its own array, a count, an id. Keys are borrowed: their
 * bytes stay where they are, unchanged, as long as the entry is in the map (an arena suits).
 *
 * Hostile keys: each map has a random seed of its own (ingest/base/hash.h), no entry lies further
 * than GS_MAP_MAX_PROBE slots from its home, and a put moves at most GS_MAP_MAX_MOVES entries. A
 * put that would break a bound gives the map another seed, then more room, then is refused. So a
 * get costs a bounded number of comparisons whatever the keys are.
 *
 * Order: gs_map_next() visits in an order that differs from process to process. Sort what goes out.
 *
 * Errors: GS_NO_MEMORY when the map is full or memory is short; the map is then as it was.
 *
 * Threads: one thread may change it while none reads; any number may read it while none changes. */
#ifndef GS_BASE_MAP_H
#define GS_BASE_MAP_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdint.h>

enum { GS_MAP_MAX_PROBE = 64, GS_MAP_MAX_MOVES = 1024 };

struct gs_map; /* opaque */

/* An empty map for at most max_entries (<= 2^30) entries. Memory is taken as they come: 24 bytes a
 * slot, and 1.6 to 3.2 slots an entry. */
GS_MUST_CHECK
enum gs_status gs_map_new(size_t max_entries, struct gs_map **ret, struct gs_error *err);
void gs_map_free(struct gs_map *map); /* NULL is fine */

/* Sets the value of key, which may be there already (then the map keeps the key bytes it has), may
 * be empty and may hold any bytes. A key has less than 2^32 bytes. */
GS_MUST_CHECK
enum gs_status gs_map_put(struct gs_map *map, struct gs_str key, uint64_t value,
                          struct gs_error *err);

/* True when key is there; *ret is its value then, and ret may be NULL. */
bool gs_map_get(const struct gs_map *map, struct gs_str key, uint64_t *ret);

/* Takes key out; false when it was not there. */
bool gs_map_remove(struct gs_map *map, struct gs_str key);

/* Takes all out and keeps the memory. */
void gs_map_clear(struct gs_map *map);

size_t gs_map_count(const struct gs_map *map);
size_t gs_map_memory(const struct gs_map *map); /* bytes; the keys are not the map's; NULL: 0 */

/* Visits the entries: begin with *cursor = 0, end at false. key and value may be NULL. The map must
 * not be changed in between. */
bool gs_map_next(const struct gs_map *map, size_t *cursor, struct gs_str *key, uint64_t *value);

#endif
