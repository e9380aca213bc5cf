/* A secret in a file: a password, a token. */
#ifndef GS_ALERTING_NOTIFY_SECRET_H
#define GS_ALERTING_NOTIFY_SECRET_H

#include "ingest/base/error.h"

enum { GS_SECRET_BYTES = 8192 };

/* Reads it, without the line break at its end; ends in NUL. GS_BAD_CONFIG, and the message names the
 * path and nothing of its content: it cannot be read, is empty or longer than GS_SECRET_BYTES - 1, or
 * holds what has no place in a header (control characters). ret is then "". */
GS_MUST_CHECK
enum gs_status gs_secret_read(const char *path, char ret[GS_SECRET_BYTES], struct gs_error *err);
/* So that it does not stay on the stack. */
void gs_secret_wipe(char secret[GS_SECRET_BYTES]);

#endif
