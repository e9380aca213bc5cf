/* Cuts a text into words by the steps of a pre-tokenizer. A step takes the parts that there are and cuts
 * each of them further; parts that are added tokens already stay whole. Two kinds of step write the text
 * anew (Metaspace puts a mark for each space, ByteLevel a space in front): they copy it into the other
 * buffer of struct gs_pretokenized, and the buffers change places. */
#include "tokenizer/pretokenizer/pretokenizer.h"

#include "tokenizer/unicode/unicode.h"

#include <stdlib.h>

bool gs_splits_add(struct gs_splits *splits, size_t from, size_t to, int32_t token)
{
    if (from == to) {
        return true;
    }
    if (splits->n == splits->capacity) {
        const size_t capacity = splits->capacity == 0 ? 64 : splits->capacity * 2;
        struct gs_split *items = realloc(splits->items, capacity * sizeof *items);
        if (items == NULL) {
            return false;
        }
        splits->items = items;
        splits->capacity = capacity;
    }
    splits->items[splits->n++] = (struct gs_split){(uint32_t)from, (uint32_t)to, token};
    return true;
}

void gs_splits_done(struct gs_splits *splits)
{
    free(splits->items);
    *splits = (struct gs_splits){0};
}

void gs_pretokenized_done(struct gs_pretokenized *pretokenized)
{
    for (size_t i = 0; i < 2; i++) {
        gs_aligned_done(&pretokenized->texts[i]);
        gs_splits_done(&pretokenized->splits[i]);
    }
}

void gs_pretokenizer_set_bert(struct gs_pretokenizer *pretokenizer)
{
    *pretokenizer = (struct gs_pretokenizer){
        .steps = {{.kind = GS_SPLIT_SPACES}, {.kind = GS_SPLIT_PUNCT}},
        .n = 2,
        .is_bert = true,
        .cuts_at_space = true,
    };
}

/* What a character is to a step: characters of one class run on, but 1 stands alone; 0 goes. */
static int class_of(enum gs_split_kind kind, uint32_t cp)
{
    enum { GOES, ALONE, REST, WORD };

    switch (kind) {
    case GS_SPLIT_SPACES:
        return gs_char_is_space(cp) ? GOES : REST;
    case GS_SPLIT_PUNCT:
        return gs_char_is(GS_CLASS_PUNCT, cp) ? ALONE : REST;
    default:
        return gs_char_is_space(cp) ? GOES : gs_char_is(GS_CLASS_WORD, cp) ? WORD : REST;
    }
}

static bool cut_by_class(enum gs_split_kind kind, const struct gs_aligned *text,
                         struct gs_split part, struct gs_splits *out)
{
    size_t begin = part.from;
    int last = -1;

    for (size_t at = part.from; at < part.to;) {
        const size_t from = at;
        const int class = class_of(kind, gs_next_char(text->bytes, &at));
        if (class != last || class == 1) {
            if (last != 0 && !gs_splits_add(out, begin, from, -1)) {
                return false;
            }
            begin = from;
            last = class;
        }
    }
    return last == 0 || gs_splits_add(out, begin, part.to, -1);
}

/* Copies a part with each space as the mark; the mark before it where the step says so. */
static bool write_marked(const struct gs_split_step *step, const struct gs_aligned *in,
                         struct gs_split part, struct gs_aligned *out)
{
    const size_t len = part.to - part.from;
    const char *bytes = in->bytes + part.from;
    const bool has_mark = len >= step->mark_len && memcmp(bytes, step->mark, step->mark_len) == 0;
    const bool wanted = step->prepend == GS_PREPEND_ALWAYS ||
                        (step->prepend == GS_PREPEND_FIRST && in->starts[part.from] == 0);

    if (!gs_aligned_reserve(out, len + step->mark_len)) {
        return false;
    }
    if (wanted && !has_mark && bytes[0] != ' ') {
        gs_aligned_put(out, step->mark, step->mark_len, in->starts[part.from], in->ends[part.from]);
    }
    for (size_t at = part.from; at < part.to;) {
        const char *space = memchr(in->bytes + at, ' ', part.to - at);
        const size_t to = space == NULL ? part.to : (size_t)(space - in->bytes);
        if (!gs_aligned_reserve(out, to - at + step->mark_len)) {
            return false;
        }
        gs_aligned_copy(out, in, at, to);
        at = to;
        if (at < part.to) {
            gs_aligned_put(out, step->mark, step->mark_len, in->starts[at], in->ends[at]);
            at++;
        }
    }
    return true;
}

static bool cut_at_marks(const struct gs_split_step *step, const struct gs_aligned *text,
                         size_t from, struct gs_splits *out)
{
    size_t begin = from;

    for (size_t at = from; step->cut && at + step->mark_len <= text->len;) {
        const char *hit = memchr(text->bytes + at, step->mark[0], text->len - at);
        if (hit == NULL) {
            break;
        }
        at = (size_t)(hit - text->bytes);
        if (at + step->mark_len <= text->len && memcmp(hit, step->mark, step->mark_len) == 0) {
            if (!gs_splits_add(out, begin, at, -1)) {
                return false;
            }
            begin = at;
            at += step->mark_len;
        } else {
            at++;
        }
    }
    return gs_splits_add(out, begin, text->len, -1);
}

static bool write_with_space(const struct gs_split_step *step, const struct gs_aligned *in,
                             struct gs_split part, struct gs_aligned *out)
{
    if (!gs_aligned_reserve(out, part.to - part.from + 1)) {
        return false;
    }
    if (step->prepend == GS_PREPEND_ALWAYS && in->bytes[part.from] != ' ') {
        gs_aligned_put(out, " ", 1, in->starts[part.from], in->ends[part.from]);
    }
    gs_aligned_copy(out, in, part.from, part.to);
    return true;
}

static bool cut_at_words(const struct gs_split_step *step, const struct gs_aligned *text,
                         size_t from, struct gs_splits *out)
{
    while (step->cut && from < text->len) {
        const size_t to = gs_gpt2_word_end(text->bytes, from, text->len);
        if (!gs_splits_add(out, from, to, -1)) {
            return false;
        }
        from = to;
    }
    return gs_splits_add(out, from, text->len, -1);
}

/* A step that writes the text anew. */
static bool rewrite_part(const struct gs_split_step *step, const struct gs_aligned *in,
                         struct gs_split part, struct gs_aligned *text, struct gs_splits *out)
{
    const size_t from = text->len;

    if (part.token >= 0) {
        if (!gs_aligned_reserve(text, part.to - part.from)) {
            return false;
        }
        gs_aligned_copy(text, in, part.from, part.to);
        return gs_splits_add(out, from, text->len, part.token);
    }
    if (step->kind == GS_SPLIT_METASPACE) {
        return write_marked(step, in, part, text) && cut_at_marks(step, text, from, out);
    }
    return write_with_space(step, in, part, text) && cut_at_words(step, text, from, out);
}

static bool apply_step(const struct gs_split_step *step, struct gs_pretokenized *pretokenized)
{
    const bool rewrites = step->kind == GS_SPLIT_METASPACE || step->kind == GS_SPLIT_BYTES;
    const struct gs_aligned *text = &pretokenized->texts[pretokenized->text];
    const struct gs_splits *parts = &pretokenized->splits[pretokenized->parts];
    struct gs_aligned *other = &pretokenized->texts[1 - pretokenized->text];
    struct gs_splits *out = &pretokenized->splits[1 - pretokenized->parts];

    out->n = 0;
    other->len = 0;
    for (size_t i = 0; i < parts->n; i++) {
        const struct gs_split part = parts->items[i];
        bool ok = true;
        if (rewrites) {
            ok = rewrite_part(step, text, part, other, out);
        } else if (part.token >= 0) {
            ok = gs_splits_add(out, part.from, part.to, part.token);
        } else {
            ok = cut_by_class(step->kind, text, part, out);
        }
        if (!ok) {
            return false;
        }
    }
    pretokenized->parts = 1 - pretokenized->parts;
    pretokenized->text = rewrites ? 1 - pretokenized->text : pretokenized->text;
    return true;
}

enum gs_status gs_pretokenizer_apply(const struct gs_pretokenizer *pretokenizer,
                                     struct gs_pretokenized *pretokenized, struct gs_error *err)
{
    for (size_t i = 0; i < pretokenizer->n; i++) {
        if (!apply_step(&pretokenizer->steps[i], pretokenized)) {
            return gs_fail(err, GS_NO_MEMORY, "no memory for the words of a text");
        }
    }
    return GS_OK;
}
