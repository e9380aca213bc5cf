/* Errors, as functions report them: a status for code, a message for people.
 *
 * Everything that can fail returns enum gs_status and takes a struct gs_error as its last argument,
 * which may be NULL. There is no errno of our own and no logging in libraries: the caller decides
 * whether a failure is reported, repeated or survived.
 *
 * Threads: any; an error belongs to the stack it lives on. */
#ifndef GS_BASE_ERROR_H
#define GS_BASE_ERROR_H

#include "ingest/base/attr.h"

/* The kind of a failure, for code to branch on. 0 is the only success. */
enum gs_status {
    GS_OK = 0,
    GS_NO_MEMORY,  /* allocation failed, or a fixed budget is used up */
    GS_IO,         /* the system refused; the message names path and reason */
    GS_BAD_FORMAT, /* input bytes break their format; the message says where */
    GS_BAD_CONFIG, /* a setting is unknown, missing or out of range */
    GS_CLOSED,     /* the end of the input: how a stage ends, not a fault */
    GS_AGAIN,      /* nothing to do now; ask again */
    GS_ABORTED,    /* the transaction was rolled back and the source rewound: undo, begin again */
    GS_FENCED,     /* this lane's clients are of no more use: close them and build new ones */
};

/* The kind and the text of a failure, for a person to read. Lives on the caller's stack. */
struct gs_error {
    enum gs_status status;
    char message[256];
};

/* Writes the message unless err is NULL and gives status back, so that every
 * failure is one line: return gs_fail(err, GS_IO, "%s: %s", path, why);
 * Control characters and what is not UTF-8 become '?', so that the message is one line of text
 * too. A message too long for its room ends behind a word, in "…". */
GS_PRINTF(3, 4)
enum gs_status gs_fail(struct gs_error *err, enum gs_status status, const char *fmt, ...);

/* The same for a failed system call: appends ": " and the text of error_number. */
GS_PRINTF(3, 4)
enum gs_status gs_fail_errno(struct gs_error *err, int error_number, const char *fmt, ...);

/* "BAD_FORMAT" and so on; a static string, never NULL. */
const char *gs_status_name(enum gs_status status);

#endif
