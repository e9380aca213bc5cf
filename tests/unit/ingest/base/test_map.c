/* gs_map beside a list that is searched from end to end, and under keys chosen to collide: the test
 * includes the source, so that it can fix the seed and look at the slots. */
#include "ingest/base/map.c" // NOLINT(bugprone-suspicious-include)
#include "tests/unit/gs_test.h"

#include <stdio.h>

#define KEY(s) ((struct gs_str){s, sizeof(s) - 1})

static struct gs_map *make(size_t max)
{
    struct gs_map *map = NULL;

    assert_int_equal(gs_map_new(max, &map, NULL), GS_OK);
    return map;
}

static void is_sound(const struct gs_map *map)
{
    size_t n = 0;

    for (size_t i = 0; i < map->n_slots; i++) {
        if (map->slots[i].bytes == NULL) {
            continue;
        }
        const size_t far = distance(map->slots, map->n_slots - 1, i);
        const size_t before = (i - 1) & (map->n_slots - 1);
        n++;
        assert_true(far <= GS_MAP_MAX_PROBE);
        if (far > 0) { /* nothing free before it, and nothing that a get would stop at */
            assert_non_null(map->slots[before].bytes);
            assert_true(distance(map->slots, map->n_slots - 1, before) + 1 >= far);
        }
    }
    assert_int_equal(n, map->n);
}

static void keys_are_bytes(void **state)
{
    static const struct gs_str keys[] = {{"", 0},  {"a", 1},        {"a\0", 2},         {"a\0x", 3},
                                         {"A", 1}, {"\xFF\xFE", 2}, {"\xE8\x8C\x85", 3}};
    struct gs_map *map = make(100);
    uint64_t value = 0;

    (void)state;
    assert_false(gs_map_get(map, KEY("a"), &value));
    assert_false(gs_map_remove(map, KEY("a")));
    for (size_t i = 0; i < GS_COUNT(keys); i++) {
        assert_int_equal(gs_map_put(map, keys[i], i, NULL), GS_OK);
    }
    for (size_t i = 0; i < GS_COUNT(keys); i++) {
        assert_true(gs_map_get(map, keys[i], &value));
        assert_int_equal(value, i);
    }
    assert_true(gs_map_get(map, (struct gs_str){NULL, 0}, &value)); /* absent is empty */
    assert_int_equal(value, 0);
    assert_int_equal(gs_map_put(map, KEY("a"), 77, NULL), GS_OK);
    assert_int_equal(gs_map_count(map), GS_COUNT(keys));
    assert_true(gs_map_get(map, KEY("a"), &value));
    assert_int_equal(value, 77);
    gs_map_clear(map);
    assert_int_equal(gs_map_count(map), 0);
    assert_false(gs_map_get(map, KEY("a"), NULL));
    gs_map_free(map);
    gs_map_free(NULL);
}

static void refuses_past_its_bound(void **state)
{
    struct gs_error err = {0};
    struct gs_map *map = make(2);

    (void)state;
    assert_int_equal(gs_map_put(map, KEY("a"), 1, &err), GS_OK);
    assert_int_equal(gs_map_put(map, KEY("b"), 2, &err), GS_OK);
    assert_int_equal(gs_map_put(map, KEY("c"), 3, &err), GS_NO_MEMORY);
    assert_int_equal(gs_map_put(map, KEY("b"), 4, &err), GS_OK); /* one that is there may change */
    assert_false(gs_map_get(map, KEY("c"), NULL));
    assert_true(gs_map_remove(map, KEY("a")));
    assert_int_equal(gs_map_put(map, KEY("c"), 3, &err), GS_OK);
    gs_map_free(map);
}

enum { N_KEYS = 600, N_STEPS = 60000 };

static uint32_t draw_from(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* Puts, changes and removals in a random order give what a plain list of values gives. */
static void agrees_with_a_list(void **state)
{
    static char text[N_KEYS][8];
    static uint64_t want[N_KEYS]; /* 0: not there */
    struct gs_map *map = make(N_KEYS);
    uint32_t random = 7;
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < N_KEYS; i++) {
        (void)snprintf(text[i], sizeof text[i], "k%zu", i);
    }
    for (size_t step = 1; step <= N_STEPS; step++) {
        const size_t i = draw_from(&random) % N_KEYS;
        const struct gs_str key = gs_str(text[i]);
        uint64_t value = 0;
        assert_int_equal(gs_map_get(map, key, &value), want[i] != 0);
        assert_int_equal(value, want[i]);
        if (draw_from(&random) % 2 == 0) {
            n += want[i] == 0;
            want[i] = step;
            assert_int_equal(gs_map_put(map, key, step, NULL), GS_OK);
        } else {
            n -= want[i] != 0;
            assert_int_equal(gs_map_remove(map, key), want[i] != 0);
            want[i] = 0;
        }
        assert_int_equal(gs_map_count(map), n);
        if (step % 1000 == 0) {
            is_sound(map);
        }
    }
    size_t cursor = 0;
    struct gs_str key = {0};
    uint64_t value = 0;
    for (; gs_map_next(map, &cursor, &key, &value); n--) {
        const long i = strtol(key.bytes + 1, NULL, 10);
        assert_int_equal(value, want[i]);
    }
    assert_int_equal(n, 0);
    gs_map_free(map);
}

/* Keys that all begin in one slot under the seed that the map has: it takes another seed. */
static void chosen_keys_stay_within_the_bound(void **state)
{
    enum { N = 400 };
    static char text[N][12];
    struct gs_map *map = make(N);
    size_t n = 0;

    (void)state;
    map->seed = 1;
    for (unsigned long i = 0; n < N; i++) {
        (void)snprintf(text[n], sizeof text[n], "%lu", i);
        n += (hash_of(map, gs_str(text[n])) & 1023U) == 5;
    }
    for (size_t i = 0; i < N; i++) {
        map->seed = map->n_slots == 0 ? 1 : map->seed;
        assert_int_equal(gs_map_put(map, gs_str(text[i]), i, NULL), GS_OK);
    }
    is_sound(map);
    for (size_t i = 0; i < N; i++) {
        uint64_t value = N;
        assert_true(gs_map_get(map, gs_str(text[i]), &value));
        assert_int_equal(value, i);
    }
    assert_true(map->n_slots <= 4096);
    gs_map_free(map);
}

/* The bound itself: with all slots of one home taken an insert refuses and changes nothing. */
static void an_insert_past_the_bound_changes_nothing(void **state)
{
    struct slot slots[256] = {{0}};
    struct slot before[256];

    (void)state;
    for (size_t i = 0; i <= GS_MAP_MAX_PROBE; i++) {
        assert_true(insert(slots, 255, (struct slot){.bytes = "x", .hash = 200, .value = i}));
    }
    assert_true(insert(slots, 255, (struct slot){.bytes = "x", .hash = 199}));
    memcpy(before, slots, sizeof slots);
    assert_false(insert(slots, 255, (struct slot){.bytes = "x", .hash = 200}));
    assert_false(insert(slots, 255, (struct slot){.bytes = "x", .hash = 199}));
    assert_memory_equal(before, slots, sizeof slots);
    assert_true(insert(slots, 255, (struct slot){.bytes = "x", .hash = 201}));
}

static void seeds_differ(void **state)
{
    (void)state;
    assert_int_equal(gs_hash_seed(), gs_hash_seed());
    assert_true(gs_hash_new_seed() != gs_hash_new_seed());
    assert_true(gs_hash_seeded(KEY("a"), 1) != gs_hash_seeded(KEY("a"), 2));
    assert_true(gs_hash(KEY("a")) == gs_hash_seeded(KEY("a"), gs_hash_seed()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_bytes),
        cmocka_unit_test(refuses_past_its_bound),
        cmocka_unit_test(agrees_with_a_list),
        cmocka_unit_test(chosen_keys_stay_within_the_bound),
        cmocka_unit_test(an_insert_past_the_bound_changes_nothing),
        cmocka_unit_test(seeds_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
