/* The "post_processor" of tokenizer.json, for one text: the tokens before and after it, and how
 * the places of tokens are trimmed of white space.
 *
 * Threads: constant after reading. */
#ifndef GS_TOKENIZER_POST_PROCESSOR_H
#define GS_TOKENIZER_POST_PROCESSOR_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { GS_MAX_TEMPLATE = 32, GS_MAX_TRIMS = 4 };

/* ByteLevel's trim_offsets. */
struct gs_trim {
    bool prefix_space;   /* one space that begins the first token was put there */
    bool after_template; /* the template came before, so the first token is not the text's first */
};

struct gs_post_processor {
    int32_t before[GS_MAX_TEMPLATE], after[GS_MAX_TEMPLATE];
    size_t n_before, n_after;
    struct gs_trim trims[GS_MAX_TRIMS];
    size_t n_trims;
};

/* NULL and null: no post_processor. */
GS_MUST_CHECK
enum gs_status gs_post_processor_read(const json_t *json, struct gs_post_processor *post_processor,
                                      struct gs_error *err);

/* Takes the white space that the piece begins and ends with off its place in the text; index counts
 * the text's own tokens. */
void gs_post_processor_trim(const struct gs_post_processor *post_processor, struct gs_str text,
                            struct gs_str piece, size_t index, uint32_t *start, uint32_t *end);

#endif
