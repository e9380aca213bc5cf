#include "ingest/base/arena.h"
#include "tests/unit/gs_test.h"

#include <string.h>

static struct gs_arena *arena_of(size_t max)
{
    struct gs_arena *arena = NULL;

    assert_int_equal(gs_arena_new(max, &arena, NULL), GS_OK);
    return arena;
}

static void pieces_are_aligned_and_apart(void **state)
{
    struct gs_arena *arena = arena_of(1 << 20);
    unsigned char *pieces[200];

    (void)state;
    for (size_t i = 0; i < GS_COUNT(pieces); i++) {
        pieces[i] = gs_arena_alloc(arena, i + 1);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)i, i + 1);
    }
    for (size_t i = 0; i < GS_COUNT(pieces); i++) {
        for (size_t k = 0; k <= i; k++) {
            assert_int_equal(pieces[i][k], i);
        }
    }
    gs_arena_free(arena);
}

static void the_bound_holds(void **state)
{
    static const struct {
        const char *shows;
        size_t max, size;
        bool fits;
    } rows[] = {
        {"all of a small arena", 1024, 1024, true},
        {"a byte more", 1024, 1025, false},
        {"nothing at all", 0, 1, false},
        {"more than the first block", 1 << 20, 512 << 10, true},
        {"more than there is", 1 << 20, (1 << 20) + 1, false},
        {"a size that wraps when rounded", 1 << 20, SIZE_MAX, false},
        {"a size that wraps when added", 1 << 20, SIZE_MAX - 16, false},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_arena *arena = arena_of(rows[i].max);
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(gs_arena_alloc(arena, rows[i].size) != NULL, rows[i].fits);
        gs_arena_free(arena);
    }
}

static void pieces_add_up_to_the_bound(void **state)
{
    struct gs_arena *arena = arena_of(1 << 20);
    size_t taken = 0;

    (void)state;
    while (gs_arena_alloc(arena, 1000) != NULL) {
        taken += 1000;
    }
    assert_true(taken <= 1 << 20);
    assert_true(taken > 900 << 10); /* little is wasted at the ends of blocks */
    gs_arena_free(arena);
}

static void a_reset_gives_all_back(void **state)
{
    struct gs_arena *arena = arena_of(1 << 20);

    (void)state;
    for (int batch = 0; batch < 100; batch++) {
        size_t taken = 0;
        while (gs_arena_alloc(arena, (size_t)(batch % 7 + 1) * 5000) != NULL) {
            taken++;
        }
        assert_true(taken > 10);
        gs_arena_reset(arena);
    }
    /* Kept blocks that are too small for a large piece give way to one that is not. */
    assert_non_null(gs_arena_alloc(arena, 900 << 10));
    gs_arena_free(arena);
}

static void copies(void **state)
{
    struct gs_arena *arena = arena_of(64);
    char text[] = "abc";

    (void)state;
    const struct gs_str copy = gs_arena_copy(arena, gs_str(text));
    text[0] = 'x';
    assert_int_equal(copy.len, 3);
    assert_memory_equal(copy.bytes, "abc", 3);
    const struct gs_str empty = gs_arena_copy(arena, (struct gs_str){NULL, 0});
    assert_non_null(empty.bytes);
    assert_int_equal(empty.len, 0);
    char big[100] = {0};
    assert_null(gs_arena_copy(arena, (struct gs_str){big, sizeof big}).bytes);
    gs_arena_free(arena);
}

static void free_takes_null(void **state)
{
    (void)state;
    gs_arena_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart),
        cmocka_unit_test(the_bound_holds),
        cmocka_unit_test(pieces_add_up_to_the_bound),
        cmocka_unit_test(a_reset_gives_all_back),
        cmocka_unit_test(copies),
        cmocka_unit_test(free_takes_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
