/* The "normalizer" of tokenizer.json: a row of steps from text to text, each byte's place in the
 * input carried along as `tokenizers` does it.
 *
 * Threads: a normalizer is constant; its work is owned by one thread. */
#ifndef GS_TOKENIZER_NORMALIZER_H
#define GS_TOKENIZER_NORMALIZER_H

#include "tokenizer/models/pieces.h"

enum gs_normalizer_kind {
    GS_NORMALIZE_CLEAN,       /* BERT: no control characters, every white space ' ' */
    GS_NORMALIZE_CHINESE,     /* BERT: a space on either side of a CJK character */
    GS_NORMALIZE_NFC,         /* the four forms of Unicode 9 */
    GS_NORMALIZE_NFD,         /* … */
    GS_NORMALIZE_NFKC,        /* … */
    GS_NORMALIZE_NFKD,        /* … */
    GS_NORMALIZE_NONSPACING,  /* BERT: no non-spacing marks */
    GS_NORMALIZE_ACCENTS,     /* StripAccents: no combining marks */
    GS_NORMALIZE_LOWER,       /* lower case */
    GS_NORMALIZE_NMT,         /* sentencepiece's clean-up */
    GS_NORMALIZE_STRIP,       /* no white space at the ends */
    GS_NORMALIZE_REPLACE,     /* each from becomes to */
    GS_NORMALIZE_SPACES,      /* each run of two spaces or more becomes to */
    GS_NORMALIZE_PREPEND,     /* to before a text that is not empty */
    GS_NORMALIZE_PRECOMPILED, /* sentencepiece's map */
};

enum { GS_MAX_STEPS = 32 };

struct gs_normalizer_step {
    enum gs_normalizer_kind kind;
    char *from, *to; /* owned */
    size_t from_len, to_len;
    bool left, right;
    struct gs_charsmap *map; /* owned */
};

struct gs_normalizer {
    struct gs_normalizer_step steps[GS_MAX_STEPS];
    size_t n;
};

/* BertNormalizer's four flags. */
struct gs_bert_flags {
    bool clean, chinese, strip_accents, lower;
};

/* Appends BERT's steps; the normalizer has room for them. */
void gs_normalizer_add_bert(struct gs_normalizer *normalizer, struct gs_bert_flags flags);

/* Reads "normalizer" (NULL and null: no steps). *ret_is_bert: it is a BertNormalizer and nothing
 * else, with these flags. The normalizer is zeroed before; gs_normalizer_done() ends it, after a
 * failure too. */
GS_MUST_CHECK
enum gs_status gs_normalizer_read(const json_t *json, struct gs_normalizer *normalizer,
                                  bool *ret_is_bert, struct gs_bert_flags *ret_flags,
                                  struct gs_error *err);
void gs_normalizer_done(struct gs_normalizer *normalizer);

/* A text as its next one's characters, each with how it came about: 0 it takes the place of the
 * next character, -n of that and n more, 1 it is new. */
struct gs_changes {
    uint32_t *cps;
    int32_t *kinds;
    uint8_t *classes; /* combining classes, for sorting */
    size_t n, capacity;
};

struct gs_normalizer_workspace {
    struct gs_aligned texts[2];
    struct gs_changes changes;
};

void gs_normalizer_workspace_done(struct gs_normalizer_workspace *work);

/* Appends in, normalized, to out. */
GS_MUST_CHECK
enum gs_status gs_normalizer_apply(const struct gs_normalizer *normalizer,
                                   struct gs_normalizer_workspace *work,
                                   const struct gs_aligned *in, struct gs_aligned *out,
                                   struct gs_error *err);

/* The forms of Unicode (unicode_forms.c). */
GS_MUST_CHECK
enum gs_status gs_form_apply(enum gs_normalizer_kind form, struct gs_changes *changes,
                             const struct gs_aligned *in, struct gs_aligned *out,
                             struct gs_error *err);

/* A character of valid UTF-8 at bytes[*at], which moves behind it. */
uint32_t gs_next_char(const char *bytes, size_t *at);

/* Appends n bytes that all stand for [start, end); room is there. */
static inline void gs_aligned_put(struct gs_aligned *out, const char *bytes, size_t n,
                                  uint32_t start, uint32_t end)
{
    for (size_t i = 0; i < n; i++) {
        out->bytes[out->len] = bytes[i];
        out->starts[out->len] = start;
        out->ends[out->len] = end;
        out->len++;
    }
}

/* Appends the bytes [from, to) of in; room is there. */
static inline void gs_aligned_copy(struct gs_aligned *out, const struct gs_aligned *in, size_t from,
                                   size_t to)
{
    if (to > from) {
        memcpy(out->bytes + out->len, in->bytes + from, to - from);
        memcpy(out->starts + out->len, in->starts + from, (to - from) * sizeof *in->starts);
        memcpy(out->ends + out->len, in->ends + from, (to - from) * sizeof *in->ends);
        out->len += to - from;
    }
}

#endif
