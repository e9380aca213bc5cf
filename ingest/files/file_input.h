/* Bytes of a file or of stdin, unpacked when they are gzip; for this module only. */
#ifndef GS_INGEST_FILE_INPUT_H
#define GS_INGEST_FILE_INPUT_H

#include "ingest/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

enum { GS_INPUT_RAW = 64 * 1024 };

/* One file at a time. {.fd = -1} is valid and closed. path is borrowed. */
struct gs_input {
    const char *path;
    int fd;
    bool packed;        /* gzip, several members in a row too */
    bool started;       /* the first bytes have been looked at */
    bool raw_end;       /* no more bytes in the file */
    bool between;       /* behind a gzip member */
    bool looked_inside; /* at the first bytes that came out of a gzip */
    z_stream z;         /* next_in, avail_in: what is in raw */
    unsigned char raw[GS_INPUT_RAW];
};

/* "-" is stdin. GS_IO names the path. */
GS_MUST_CHECK
enum gs_status gs_input_open(struct gs_input *input, const char *path, struct gs_error *err);
void gs_input_close(struct gs_input *input);

/* Up to size bytes (size > 0). GS_OK with *ret_n > 0; GS_CLOSED at the end; GS_AGAIN when none came
 * within timeout_ms (-1: no limit) or a signal did; GS_IO for a read error or a gzip that is cut
 * off or damaged, after the bytes before the damage and again at each later call; GS_BAD_FORMAT for
 * a file that is not lines (file_kind.h); GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_input_read(struct gs_input *input, int timeout_ms, char *to, size_t size,
                             size_t *ret_n, struct gs_error *err);

#endif
