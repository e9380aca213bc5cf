/* Writes the messages of errors: formatted into the caller's struct, kept to one printable line of
 * UTF-8, and cut at a word where they are too long.
 *
 * A message is often made from bytes of an input that is broken or hostile, and ends up in logs and
 * on terminals. It is cleaned here, once, so that no place that prints it has to do that. */
#include "ingest/base/error.h"

#include "ingest/base/escape.h"
#include "ingest/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A message stays on one line, is UTF-8 and cannot drive a terminal, whatever a hostile file puts
 * into it. A character that a precision ("%.60s") has cut becomes one '?'. */
static void keep_to_one_line(char *text)
{
    const char *from = text;
    char *to = text;
    size_t left = strlen(text);

    while (left > 0) {
        const size_t n = gs_utf8_valid_len(from, left);
        size_t used = n;
        if (n == 0 || gs_unprintable(gs_utf8_decode(from, n))) {
            for (used = n == 0 ? 1 : n;
                 n == 0 && used < left && ((unsigned char)from[used] & 0xC0U) == 0x80U;) {
                used++;
            }
            *to++ = '?';
        } else {
            memmove(to, from, n);
            to += n;
        }
        from += used;
        left -= used;
    }
    *to = '\0';
}

/* The text that did not fit ends behind its last whole word, or, where that would take away a lot
 * (Chinese, a path), behind its last whole character. */
static void end_in_ellipsis(char *text, size_t size)
{
    enum { FARTHEST = 60 };
    static const char ellipsis[] = "…";
    size_t at = size - sizeof ellipsis;
    const size_t last = at;

    while (at > last - FARTHEST && text[at] != ' ') {
        at--;
    }
    if (text[at] != ' ') {
        at = last;
        while (at > 0 && ((unsigned char)text[at] & 0xC0U) == 0x80U) {
            at--;
        }
    }
    memcpy(text + at, ellipsis, sizeof ellipsis);
}

GS_PRINTF(3, 0)
static void format(char *text, size_t size, const char *fmt, va_list args)
{
    const int n = vsnprintf(text, size, fmt, args);

    if (n >= 0 && (size_t)n >= size) {
        end_in_ellipsis(text, size);
    }
    keep_to_one_line(text);
}

enum gs_status gs_fail(struct gs_error *err, enum gs_status status, const char *fmt, ...)
{
    if (err != NULL) {
        va_list args;

        err->status = status;
        va_start(args, fmt);
        format(err->message, sizeof err->message, fmt, args);
        va_end(args);
    }
    return status;
}

enum gs_status gs_fail_errno(struct gs_error *err, int error_number, const char *fmt, ...)
{
    char what[160];
    char why[80];
    va_list args;

    va_start(args, fmt);
    format(what, sizeof what, fmt, args);
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
