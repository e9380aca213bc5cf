/* gzip in memory, both ways. Unpacking stops at a stated number of bytes: the length that a file claims is
 * not believed, and a small file that unpacks to a huge one is refused when it passes the bound. */
#include "classifier/format/gzip.h"

#include <limits.h>
#include <zlib.h>

enum { WINDOW = 15 + 16, CHUNK = 1 << 16, BEST = 9, MEMORY = 9 }; /* + 16: gzip, not zlib */

bool gs_gzip_is(struct gs_str bytes)
{
    return bytes.len >= 2 && (unsigned char)bytes.bytes[0] == 0x1F &&
           (unsigned char)bytes.bytes[1] == 0x8B;
}

/* zlib's interface lacks the const of what it only reads. */
static Bytef *input_of(struct gs_str bytes)
{
    union {
        const char *from;
        Bytef *to;
    } cast = {.from = bytes.bytes};
    return cast.to;
}

/* Takes all of bytes through deflate() or inflate() into out; what it said last. */
static int pump(z_stream *z, int (*step)(z_stream *z, int flush), int flush, struct gs_str bytes,
                struct gs_buf *out)
{
    int state = Z_OK;

    z->next_in = input_of(bytes);
    z->avail_in = (uInt)bytes.len;
    while (state == Z_OK) {
        char *room = gs_buf_reserve(out, CHUNK);
        if (room == NULL) {
            break;
        }
        z->next_out = (Bytef *)room;
        z->avail_out = CHUNK;
        state = step(z, flush);
        out->len += CHUNK - z->avail_out;
    }
    return state;
}

enum gs_status gs_gzip_put(struct gs_str bytes, struct gs_buf *out, struct gs_error *err)
{
    z_stream z = {0};
    if (bytes.len > UINT_MAX ||
        deflateInit2(&z, BEST, Z_DEFLATED, WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
        return gs_fail(err, GS_NO_MEMORY, "gzip of %zu bytes", bytes.len);
    }
    const int state = pump(&z, deflate, Z_FINISH, bytes, out);
    (void)deflateEnd(&z);
    return state == Z_STREAM_END ? GS_OK
                                 : gs_fail(err, GS_NO_MEMORY, "gzip of %zu bytes", bytes.len);
}

enum gs_status gs_gzip_get(struct gs_str bytes, struct gs_buf *out, struct gs_error *err)
{
    z_stream z = {0};
    if (bytes.len > UINT_MAX || inflateInit2(&z, WINDOW) != Z_OK) {
        return gs_fail(err, GS_NO_MEMORY, "gzip of %zu bytes", bytes.len);
    }
    const int state = pump(&z, inflate, Z_NO_FLUSH, bytes, out);
    const bool all = state == Z_STREAM_END && z.avail_in == 0;
    (void)inflateEnd(&z);
    if (!gs_buf_ok(out)) {
        return gs_fail(err, GS_NO_MEMORY, "more than %zu bytes in gzip", out->max);
    }
    return all ? GS_OK : gs_fail(err, GS_BAD_FORMAT, "gzip is damaged, cut or followed by more");
}
