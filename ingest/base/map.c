/* Robin Hood hashing with linear probing (Celis, Larson, Munro 1985), by shifting instead of
 * swapping: along a run of taken slots the homes of the entries never go down.
 *
 *     slot       0    1    2    3    4    5    6
 *     entry           a    b    c    d
 *     home            1    1    2    4              a put with home 2 goes behind c, and d moves on
 *     distance        0    1    1    0
 *
 * So a get stops at the first entry that lies nearer to its home than the key would to its own, a
 * remove moves the rest of the run back, and there are no tombstones. At most 5/8 of the slots are
 * taken: then the longest run of a million random keys is about 150 slots and the bounds in map.h
 * are met only by chosen keys. */
#include "ingest/base/map.h"

#include "ingest/base/hash.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_SLOTS = 16, MAX_REBUILDS = 4 };

struct slot {
    const char *bytes; /* NULL: free */
    uint32_t len;
    uint32_t hash;
    uint64_t value;
};

struct gs_map {
    struct slot *slots; /* [n_slots]; NULL until the first put */
    size_t n_slots;     /* a power of two */
    size_t n, max;
    uint64_t seed;
};

enum gs_status gs_map_new(size_t max_entries, struct gs_map **ret, struct gs_error *err)
{
    assert(max_entries <= (size_t)1 << 30);
    struct gs_map *map = calloc(1, sizeof *map);

    if (map == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "map");
    }
    map->max = max_entries;
    map->seed = gs_hash_new_seed();
    *ret = map;
    return GS_OK;
}

void gs_map_free(struct gs_map *map)
{
    if (map != NULL) {
        free(map->slots);
        free(map);
    }
}

void gs_map_clear(struct gs_map *map)
{
    if (map->n > 0) {
        memset(map->slots, 0, map->n_slots * sizeof *map->slots);
        map->n = 0;
    }
}

size_t gs_map_count(const struct gs_map *map)
{
    return map->n;
}

size_t gs_map_memory(const struct gs_map *map)
{
    return map == NULL ? 0 : sizeof *map + map->n_slots * sizeof *map->slots;
}

static uint32_t hash_of(const struct gs_map *map, struct gs_str key)
{
    return (uint32_t)gs_hash_seeded(key, map->seed);
}

/* The distance of the entry in slot i from its home. */
static size_t distance(const struct slot *slots, size_t mask, size_t i)
{
    return (i - slots[i].hash) & mask;
}

/* True and the slot of key; or false and the slot where it would go, which may be further from its
 * home than an entry may lie. */
static bool find(const struct gs_map *map, struct gs_str key, uint32_t hash, size_t *ret)
{
    const size_t mask = map->n_slots - 1;
    size_t i = hash & mask;

    for (size_t far = 0; map->slots[i].bytes != NULL; i = (i + 1) & mask, far++) {
        const struct slot *slot = &map->slots[i];
        if (distance(map->slots, mask, i) < far) {
            break;
        }
        if (slot->hash == hash && gs_str_equal((struct gs_str){slot->bytes, slot->len}, key)) {
            *ret = i;
            return true;
        }
    }
    *ret = i;
    return false;
}

/* Puts an entry that is not there. False, and nothing changed, where a bound would break. */
static bool insert(struct slot *slots, size_t mask, struct slot entry)
{
    size_t at = entry.hash & mask;
    size_t far = 0;

    while (slots[at].bytes != NULL && distance(slots, mask, at) >= far) {
        at = (at + 1) & mask;
        far++;
    }
    if (far > GS_MAP_MAX_PROBE) {
        return false;
    }
    size_t end = at; /* the free slot that the rest of the run moves into */
    for (size_t moves = 0; slots[end].bytes != NULL; end = (end + 1) & mask, moves++) {
        if (distance(slots, mask, end) == GS_MAP_MAX_PROBE || moves == GS_MAP_MAX_MOVES) {
            return false;
        }
    }
    for (; end != at; end = (end - 1) & mask) {
        slots[end] = slots[(end - 1) & mask];
    }
    slots[at] = entry;
    return true;
}

/* All entries into n_slots new slots under a new seed. False without memory or where a bound would
 * break: the map is as it was. */
static bool rebuild(struct gs_map *map, size_t n_slots)
{
    const struct gs_map old = *map;
    struct slot *slots = calloc(n_slots, sizeof *slots);

    if (slots == NULL) {
        return false;
    }
    map->seed = old.n == 0 ? old.seed : gs_hash_new_seed();
    for (size_t i = 0; i < old.n_slots; i++) {
        struct slot entry = old.slots[i];
        if (entry.bytes == NULL) {
            continue;
        }
        entry.hash = hash_of(map, (struct gs_str){entry.bytes, entry.len});
        if (!insert(slots, n_slots - 1, entry)) {
            map->seed = old.seed;
            free(slots);
            return false;
        }
    }
    free(old.slots);
    map->slots = slots;
    map->n_slots = n_slots;
    return true;
}

static bool is_crowded(const struct gs_map *map)
{
    return (map->n + 1) * 8 > map->n_slots * 5;
}

static enum gs_status insert_new(struct gs_map *map, struct gs_str key, uint64_t value,
                                 struct gs_error *err)
{
    struct slot entry = {
        .bytes = key.bytes == NULL ? "" : key.bytes, .len = (uint32_t)key.len, .value = value};

    if (map->n == map->max) {
        return gs_fail(err, GS_NO_MEMORY, "a map of %zu entries is full", map->max);
    }
    if (is_crowded(map) && !rebuild(map, map->n_slots == 0 ? FIRST_SLOTS : 2 * map->n_slots)) {
        return gs_fail(err, GS_NO_MEMORY, "a map of %zu entries", map->n);
    }
    for (int tries = 0; tries < MAX_REBUILDS; tries++) {
        entry.hash = hash_of(map, key);
        if (insert(map->slots, map->n_slots - 1, entry)) {
            map->n++;
            return GS_OK;
        }
        (void)rebuild(map, tries == 0 ? map->n_slots : 2 * map->n_slots);
    }
    return gs_fail(err, GS_NO_MEMORY, "a map of %zu entries whose keys collide", map->n);
}

enum gs_status gs_map_put(struct gs_map *map, struct gs_str key, uint64_t value,
                          struct gs_error *err)
{
    size_t at = 0;

    assert(key.len <= UINT32_MAX);
    if (map->n > 0 && find(map, key, hash_of(map, key), &at)) {
        map->slots[at].value = value;
        return GS_OK;
    }
    return insert_new(map, key, value, err);
}

bool gs_map_get(const struct gs_map *map, struct gs_str key, uint64_t *ret)
{
    size_t at = 0;

    if (map->n == 0 || !find(map, key, hash_of(map, key), &at)) {
        return false;
    }
    if (ret != NULL) {
        *ret = map->slots[at].value;
    }
    return true;
}

bool gs_map_remove(struct gs_map *map, struct gs_str key)
{
    const size_t mask = map->n_slots - 1;
    size_t hole = 0;

    if (map->n == 0 || !find(map, key, hash_of(map, key), &hole)) {
        return false;
    }
    for (size_t next = (hole + 1) & mask;
         map->slots[next].bytes != NULL && distance(map->slots, mask, next) > 0;
         next = (next + 1) & mask) {
        map->slots[hole] = map->slots[next];
        hole = next;
    }
    map->slots[hole] = (struct slot){0};
    map->n--;
    return true;
}

bool gs_map_next(const struct gs_map *map, size_t *cursor, struct gs_str *key, uint64_t *value)
{
    while (*cursor < map->n_slots && map->slots[*cursor].bytes == NULL) {
        (*cursor)++;
    }
    if (*cursor >= map->n_slots) {
        return false;
    }
    const struct slot *slot = &map->slots[(*cursor)++];
    if (key != NULL) {
        *key = (struct gs_str){slot->bytes, slot->len};
    }
    if (value != NULL) {
        *value = slot->value;
    }
    return true;
}
