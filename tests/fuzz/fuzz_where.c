/* Bytes are a condition, up to the first NUL, and a record. Property: a condition holds only for a record
 * that is JSON, and then its value is in it. */
#include "deploy/daemon/cli/where.h"

#include "ingest/base/json_pull.h"

#include <stdlib.h>
#include <string.h>

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size == 0 ? NULL : memchr(text, 0, size);
    struct gs_arena *arena = NULL;
    struct gs_where where;
    struct gs_json json;

    if (end == NULL || gs_where_parse(text, &where, NULL) != GS_OK) {
        return 0;
    }
    check(where.n_parts > 0 && where.n_parts <= GS_WHERE_MAX_PARTS);
    const struct gs_str record = {end + 1, size - (size_t)(end + 1 - text)};
    check(gs_arena_new(1 << 20, &arena, NULL) == GS_OK);
    if (gs_where_holds(&where, record, arena)) {
        gs_json_init(&json, record, GS_JSON_MAX_DEPTH, true, arena);
        check(gs_json_skip(&json) && gs_json_finish(&json));
    }
    gs_arena_free(arena);
    return 0;
}
