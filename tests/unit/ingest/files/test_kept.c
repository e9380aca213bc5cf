#include "ingest/files/kept.h"
#include "tests/unit/gs_test.h"

#include <string.h>

/* Fills the last chunk as a reader would, with one line to its end. */
static enum gs_status fill(struct gs_kept *kept, struct gs_error *err)
{
    enum gs_status status = gs_kept_reserve(kept, err);

    if (status == GS_OK) {
        const struct gs_kept_line line = {{kept->last->bytes, 1}, 0, 1};
        kept->last->filled = kept->chunk_size;
        kept->line_at = kept->chunk_size;
        kept->search_at = kept->chunk_size;
        status = gs_kept_add(kept, line, err);
        kept->next = kept->n_lines;
    }
    return status;
}

/* Chunks of 100 MiB that nobody writes to: the bound is met at the third. */
static void chunks_have_a_bound(void **state)
{
    struct gs_kept kept = {.chunk_size = (size_t)100 << 20};
    struct gs_error err = {0};

    (void)state;
    assert_int_equal(fill(&kept, &err), GS_OK);
    assert_int_equal(fill(&kept, &err), GS_OK);
    assert_int_equal(fill(&kept, &err), GS_NO_MEMORY);
    assert_non_null(strstr(err.message, "256 MiB"));
    gs_kept_commit(&kept);
    assert_int_equal(fill(&kept, &err), GS_OK);
    gs_kept_done(&kept);
}

static void commits_give_chunks_free(void **state)
{
    struct gs_kept kept = {.chunk_size = (size_t)100 << 20};

    (void)state;
    for (int batch = 0; batch < 20; batch++) {
        assert_int_equal(fill(&kept, NULL), GS_OK);
        assert_int_equal(fill(&kept, NULL), GS_OK);
        gs_kept_commit(&kept);
        assert_true(kept.bytes <= kept.chunk_size);
        assert_ptr_equal(kept.first, kept.last);
    }
    gs_kept_done(&kept);
}

static void the_line_being_read_moves_along(void **state)
{
    struct gs_kept kept = {.chunk_size = 8};

    (void)state;
    assert_int_equal(gs_kept_reserve(&kept, NULL), GS_OK);
    memcpy(kept.last->bytes, "ab\ncdefg", 8);
    kept.last->filled = 8;
    kept.line_at = 3;
    kept.search_at = 8;
    assert_int_equal(gs_kept_reserve(&kept, NULL), GS_OK);
    assert_int_equal(gs_kept_part(&kept), 5);
    assert_memory_equal(kept.last->bytes, "cdefg", 5);
    assert_int_equal(kept.search_at, 5);
    assert_memory_equal(kept.first->bytes, "ab\n", 3);
    gs_kept_done(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_have_a_bound),
        cmocka_unit_test(commits_give_chunks_free),
        cmocka_unit_test(the_line_being_read_moves_along),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
