#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message stays on one line and cannot drive a terminal, whatever a hostile file puts into it. */
static void keep_to_one_line(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7F) {
            *text = '?';
        }
    }
}

enum gs_status gs_fail(struct gs_error *err, enum gs_status status, const char *fmt, ...)
{
    if (err != NULL) {
        va_list args;

        err->status = status;
        va_start(args, fmt);
        (void)vsnprintf(err->message, sizeof err->message, fmt, args);
        va_end(args);
        keep_to_one_line(err->message);
    }
    return status;
}

enum gs_status gs_fail_errno(struct gs_error *err, int error_number, const char *fmt, ...)
{
    char what[160];
    char why[80];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    if (strerror_r(error_number, why, sizeof why) != 0) {
        (void)snprintf(why, sizeof why, "error %d", error_number);
    }
    return gs_fail(err, GS_IO, "%s: %s", what, why);
}

const char *gs_status_name(enum gs_status status)
{
    switch (status) {
    case GS_OK:
        return "OK";
    case GS_NO_MEMORY:
        return "NO_MEMORY";
    case GS_IO:
        return "IO";
    case GS_BAD_FORMAT:
        return "BAD_FORMAT";
    case GS_BAD_CONFIG:
        return "BAD_CONFIG";
    case GS_CLOSED:
        return "CLOSED";
    case GS_AGAIN:
        return "AGAIN";
    case GS_ABORTED:
        return "ABORTED";
    case GS_FENCED:
        return "FENCED";
    }
    return "UNKNOWN";
}
