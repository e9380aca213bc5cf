/* The "post_processor" of tokenizer.json, for one text: the tokens before and after it, and how
 * the places of tokens are trimmed of white space.
 *
 * Threads: constant after reading. */
#ifndef GS_TOKENIZER_FRAME_H
#define GS_TOKENIZER_FRAME_H

#include "base/error.h"
#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { GS_MAX_FRAME = 32, GS_MAX_TRIMS = 4 };

/* ByteLevel's trim_offsets. */
struct gs_trim {
    bool prefix_space; /* one space that begins the first token was put there */
    bool framed;       /* comes after the frame: the first token is not the text's first */
};

struct gs_frame {
    int32_t before[GS_MAX_FRAME], after[GS_MAX_FRAME];
    size_t n_before, n_after;
    struct gs_trim trims[GS_MAX_TRIMS];
    size_t n_trims;
};

/* NULL and null: no frame. */
GS_MUST_CHECK
enum gs_status gs_frame_read(const json_t *json, struct gs_frame *frame, struct gs_error *err);

/* Takes the white space that the piece begins and ends with off its place in the text; index counts
 * the text's own tokens. */
void gs_frame_trim(const struct gs_frame *frame, struct gs_str text, struct gs_str piece,
                   size_t index, uint32_t *start, uint32_t *end);

#endif
