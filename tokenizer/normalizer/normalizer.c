/* Runs the steps of a normalizer. A step reads one aligned text and writes another; two buffers take turns,
 * and the last step writes to the caller's. Each byte that is written carries the place in the original
 * text that it stands for, by the rules that huggingface/tokenizers has for that step: what takes the
 * place of a character stands for that character, and what is put in stands for the character before it
 * or behind it. */
#include "tokenizer/normalizer/normalizer.h"

#include "ingest/base/utf8.h"
#include "tokenizer/unicode/unicode.h"

#include <stdlib.h>

void gs_normalizer_workspace_done(struct gs_normalizer_workspace *work)
{
    gs_aligned_done(&work->texts[0]);
    gs_aligned_done(&work->texts[1]);
    free(work->changes.cps);
    free(work->changes.kinds);
    free(work->changes.classes);
    *work = (struct gs_normalizer_workspace){0};
}

static bool is_cleaned(uint32_t cp)
{
    return cp == 0 || cp == 0xFFFD ||
           (cp != '\t' && cp != '\n' && cp != '\r' && gs_char_is(GS_CLASS_OTHER, cp));
}

/* What NMT takes out, and what it takes for a space: tables of sentencepiece's normalizer. */
static bool is_nmt_removed(uint32_t cp)
{
    return (cp >= 0x01 && cp <= 0x08) || cp == 0x0B || (cp >= 0x0E && cp <= 0x1F) || cp == 0x7F ||
           cp == 0x8F || cp == 0x9F;
}

static bool is_nmt_space(uint32_t cp)
{
    return cp == 0x09 || cp == 0x0A || cp == 0x0C || cp == 0x0D || cp == 0x1680 ||
           (cp >= 0x200B && cp <= 0x200F) || cp == 0x2028 || cp == 0x2029 || cp == 0x2581 ||
           cp == 0xFEFF || cp == 0xFFFD;
}

/* The characters that one character becomes, all in its place: at most 3. */
static size_t map_char(enum gs_normalizer_kind kind, uint32_t cp, uint32_t *out)
{
    out[0] = cp;
    switch (kind) {
    case GS_NORMALIZE_CLEAN:
        out[0] = gs_char_is_space(cp) ? ' ' : cp;
        return is_cleaned(cp) ? 0 : 1;
    case GS_NORMALIZE_CHINESE:
        if (gs_char_is_chinese(cp)) {
            out[0] = ' ';
            out[1] = cp;
            out[2] = ' ';
            return 3;
        }
        return 1;
    case GS_NORMALIZE_NONSPACING:
        return gs_char_is(GS_CLASS_NONSPACING, cp) ? 0 : 1;
    case GS_NORMALIZE_ACCENTS:
        return gs_char_is(GS_CLASS_COMBINING, cp) ? 0 : 1;
    case GS_NORMALIZE_NMT:
        out[0] = is_nmt_space(cp) ? ' ' : cp;
        return is_nmt_removed(cp) ? 0 : 1;
    default:
        return gs_char_lower(cp, out);
    }
}

static bool map_chars(enum gs_normalizer_kind kind, const struct gs_aligned *in,
                      struct gs_aligned *out)
{
    for (size_t at = 0; at < in->len;) {
        const size_t from = at;
        uint32_t cps[3];
        char bytes[4];
        const size_t n = map_char(kind, gs_next_char(in->bytes, &at), cps);
        if (!gs_aligned_reserve(out, n * 4)) {
            return false;
        }
        for (size_t i = 0; i < n; i++) {
            gs_aligned_put(out, bytes, gs_utf8_encode(cps[i], bytes), in->starts[from],
                           in->ends[from]);
        }
    }
    return true;
}

static bool strip(const struct gs_normalizer_step *step, const struct gs_aligned *in,
                  struct gs_aligned *out)
{
    size_t from = 0, to = in->len;

    for (size_t at = 0; step->left && at < in->len; from = at) {
        if (!gs_char_is_space(gs_next_char(in->bytes, &at))) {
            break;
        }
    }
    while (step->right && to > from) {
        size_t at = to - 1;
        while (((unsigned char)in->bytes[at] & 0xC0) == 0x80) {
            at--;
        }
        size_t behind = at;
        if (!gs_char_is_space(gs_next_char(in->bytes, &behind))) {
            break;
        }
        to = at;
    }
    if (!gs_aligned_reserve(out, to - from)) {
        return false;
    }
    gs_aligned_copy(out, in, from, to);
    return true;
}

/* How many bytes of in a match at from takes: 0 for none. */
static size_t match_len(const struct gs_normalizer_step *step, const struct gs_aligned *in,
                        size_t from)
{
    if (step->kind == GS_NORMALIZE_SPACES) {
        size_t to = from;
        while (to < in->len && in->bytes[to] == ' ') {
            to++;
        }
        return to - from >= 2 ? to - from : 0;
    }
    return in->len - from >= step->from_len &&
                   memcmp(in->bytes + from, step->from, step->from_len) == 0
               ? step->from_len
               : 0;
}

/* What is put in stands for what the last byte of the match stood for. */
static bool replace(const struct gs_normalizer_step *step, const struct gs_aligned *in,
                    struct gs_aligned *out)
{
    const char *first = step->kind == GS_NORMALIZE_SPACES ? " " : step->from;

    for (size_t at = 0; at < in->len;) {
        const char *hit = memchr(in->bytes + at, first[0], in->len - at);
        const size_t to = hit == NULL ? in->len : (size_t)(hit - in->bytes);
        if (!gs_aligned_reserve(out, to - at)) {
            return false;
        }
        gs_aligned_copy(out, in, at, to);
        if (to == in->len) {
            break;
        }
        const size_t n = match_len(step, in, to);
        if (!gs_aligned_reserve(out, n > 0 ? step->to_len : 1)) {
            return false;
        }
        if (n > 0) {
            gs_aligned_put(out, step->to, step->to_len, in->starts[to + n - 1],
                           in->ends[to + n - 1]);
            at = to + n;
        } else {
            gs_aligned_copy(out, in, to, to + 1);
            at = to + 1;
        }
    }
    return true;
}

static bool prepend(const struct gs_normalizer_step *step, const struct gs_aligned *in,
                    struct gs_aligned *out)
{
    if (in->len == 0) {
        return true;
    }
    if (!gs_aligned_reserve(out, step->to_len + in->len)) {
        return false;
    }
    gs_aligned_put(out, step->to, step->to_len, in->starts[0], in->ends[0]);
    gs_aligned_copy(out, in, 0, in->len);
    return true;
}

static enum gs_status apply_step(const struct gs_normalizer_step *step, struct gs_changes *changes,
                                 const struct gs_aligned *in, struct gs_aligned *out,
                                 struct gs_error *err)
{
    bool ok = false;

    switch (step->kind) {
    case GS_NORMALIZE_NFC:
    case GS_NORMALIZE_NFD:
    case GS_NORMALIZE_NFKC:
    case GS_NORMALIZE_NFKD:
        return gs_form_apply(step->kind, changes, in, out, err);
    case GS_NORMALIZE_PRECOMPILED:
        return gs_charsmap_apply(step->map, in, out, err);
    case GS_NORMALIZE_STRIP:
        ok = strip(step, in, out);
        break;
    case GS_NORMALIZE_REPLACE:
    case GS_NORMALIZE_SPACES:
        ok = replace(step, in, out);
        break;
    case GS_NORMALIZE_PREPEND:
        ok = prepend(step, in, out);
        break;
    default:
        ok = map_chars(step->kind, in, out);
        break;
    }
    return ok ? GS_OK : gs_fail(err, GS_NO_MEMORY, "no memory for a normalized text");
}

enum gs_status gs_normalizer_apply(const struct gs_normalizer *normalizer,
                                   struct gs_normalizer_workspace *work,
                                   const struct gs_aligned *in, struct gs_aligned *out,
                                   struct gs_error *err)
{
    const struct gs_aligned *from = in;

    for (size_t i = 0; i < normalizer->n; i++) {
        struct gs_aligned *to = i + 1 == normalizer->n ? out : &work->texts[i % 2];
        if (to != out) {
            to->len = 0;
        }
        const enum gs_status status =
            apply_step(&normalizer->steps[i], &work->changes, from, to, err);
        if (status != GS_OK) {
            return status;
        }
        from = to;
    }
    if (normalizer->n == 0) {
        if (!gs_aligned_reserve(out, in->len)) {
            return gs_fail(err, GS_NO_MEMORY, "no memory for a normalized text");
        }
        gs_aligned_copy(out, in, 0, in->len);
    }
    return GS_OK;
}
