/* SHA-256 of a run of bytes, in hexadecimal, by libcrypto (FIPS 180-4). For checking that a file is
 * the one that was written, not for secrets.
 *
 * Threads: any number at once. */
#ifndef GS_CLASSIFIER_SHA256_H
#define GS_CLASSIFIER_SHA256_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdint.h>

enum { GS_SHA256_HEX = 65 }; /* 64 digits and NUL */

/* GS_NO_MEMORY: libcrypto could not set itself up; hex is not written then. */
GS_MUST_CHECK
enum gs_status gs_sha256_hex(struct gs_str bytes, char hex[GS_SHA256_HEX], struct gs_error *err);

/* Of a file as it lies there, read piece by piece; *ret_bytes: its length. GS_IO names the path. */
GS_MUST_CHECK
enum gs_status gs_sha256_file(const char *path, char hex[GS_SHA256_HEX], uint64_t *ret_bytes,
                              struct gs_error *err);

#endif
