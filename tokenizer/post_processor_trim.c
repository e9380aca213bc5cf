/* Places without white space, as ByteLevel's post-processor trims them. */
#include "ingest/base/utf8.h"
#include "tokenizer/normalizer/normalizer.h"
#include "tokenizer/post_processor.h"
#include "tokenizer/unicode/unicode.h"

/* Spaces that begin (or end) a piece: white space, and the letter that stands for a space. */
static size_t count_spaces(struct gs_str piece, bool at_end)
{
    size_t n = 0;

    while (piece.len > 0) {
        size_t at = 0;
        if (at_end) {
            at = piece.len - 1;
            while (at > 0 && ((unsigned char)piece.bytes[at] & 0xC0) == 0x80) {
                at--;
            }
        }
        size_t behind = at;
        const uint32_t cp = gs_next_char(piece.bytes, &behind);
        if (cp != 0x120 && !gs_char_is_space(cp)) {
            break;
        }
        n++;
        if (at_end) {
            piece.len = at;
        } else {
            piece.bytes += behind;
            piece.len -= behind;
        }
    }
    return n;
}

/* Where n characters of the text from at on end, at most limit. */
static uint32_t step_right(struct gs_str text, uint32_t at, size_t n, uint32_t limit)
{
    for (; n > 0 && at < limit; n--) {
        const size_t len = gs_utf8_valid_len(text.bytes + at, text.len - at);
        at += (uint32_t)(len == 0 ? 1 : len);
    }
    return at < limit ? at : limit;
}

/* Where n characters before end begin; end when the text has not so many. */
static uint32_t step_left(struct gs_str text, uint32_t end, size_t n)
{
    uint32_t at = end;

    for (; n > 0; n--) {
        uint32_t len = 1;
        if (at == 0) {
            return end;
        }
        for (uint32_t i = 1; i <= 4 && i <= at; i++) {
            if (gs_utf8_valid_len(text.bytes + at - i, i) == i) {
                len = i;
                break;
            }
        }
        at -= len;
    }
    return at;
}

void gs_post_processor_trim(const struct gs_post_processor *post_processor, struct gs_str text,
                            struct gs_str piece, size_t index, uint32_t *start, uint32_t *end)
{
    const size_t leading = count_spaces(piece, false), trailing = count_spaces(piece, true);

    for (size_t i = 0; i < post_processor->n_trims; i++) {
        const struct gs_trim *trim = &post_processor->trims[i];
        const bool first =
            *start == 0 || (index == 0 && (!trim->after_template || post_processor->n_before == 0));
        if (leading > 0 && !(first && trim->prefix_space && leading == 1)) {
            *start = step_right(text, *start, leading, *end);
        }
        if (trailing > 0) {
            const uint32_t to = step_left(text, *end, trailing);
            *end = to > *start ? to : *start;
        }
    }
}
