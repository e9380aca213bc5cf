/* The buffer that the stages of cleaning write into: bytes, and beside each the place in the raw
 * text that it came from. It only ever grows, so that the steady state does not allocate. */
#include "ingest/text/clean/stage.h"

#include <stdlib.h>

enum gs_status gs_out_reserve(struct gs_out *out, size_t n, struct gs_error *err)
{
    if (out->capacity - out->len >= n && out->bytes != NULL) {
        return GS_OK;
    }
    size_t want = out->len + n + 64;
    if (want < out->capacity + out->capacity / 2) {
        want = out->capacity + out->capacity / 2;
    }
    char *bytes = realloc(out->bytes, want);
    if (bytes == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "text buffer of %zu bytes", want);
    }
    out->bytes = bytes;
    uint32_t *origin = realloc(out->origin, (want + 1) * sizeof *origin);
    if (origin == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "origins of %zu bytes", want);
    }
    out->origin = origin;
    out->capacity = want;
    return GS_OK;
}

void gs_out_done(struct gs_out *out)
{
    free(out->bytes);
    free(out->origin);
    *out = (struct gs_out){0};
}

struct gs_view gs_out_view(struct gs_out *out, uint32_t end)
{
    out->origin[out->len] = end;
    return (struct gs_view){out->bytes, out->origin, out->len};
}
