/* RFC 6901 JSON pointers, taken apart. */
#ifndef GS_INGEST_POINTER_H
#define GS_INGEST_POINTER_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdint.h>

enum { GS_POINTER_MAX_TOKENS = 32 };

struct gs_pointer_token {
    struct gs_str name; /* unescaped */
    size_t index;       /* of an array's element; SIZE_MAX when the name is none */
};

/* {0} is a pointer that was not given: it matches nothing. */
struct gs_pointer {
    char *text; /* what the names are in */
    struct gs_pointer_token *tokens;
    size_t n_tokens;
};

/* Takes text apart; end it with gs_pointer_done(). GS_BAD_CONFIG for a text that is not RFC 6901,
 * is empty (the whole document) or has more than GS_POINTER_MAX_TOKENS parts; field names it in the
 * message. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_pointer_parse(const char *field, const char *text, struct gs_pointer *ret,
                                struct gs_error *err);
void gs_pointer_done(struct gs_pointer *pointer);

#endif
