/* The "normalizer" of tokenizer.json: a row of steps from text to text, each byte's place in the
 * input carried along as `tokenizers` does it.
 *
 * Threads: a normaliser is constant; its work is owned by one thread. */
#ifndef GS_TOKENIZER_NORMAL_H
#define GS_TOKENIZER_NORMAL_H

#include "tokenizer/pieces.h"

enum gs_normal_kind {
    GS_NORMAL_CLEAN,       /* BERT: no control characters, every white space ' ' */
    GS_NORMAL_CHINESE,     /* BERT: a space on either side of a CJK character */
    GS_NORMAL_NFC,         /* the four forms of Unicode 9 */
    GS_NORMAL_NFD,         /* … */
    GS_NORMAL_NFKC,        /* … */
    GS_NORMAL_NFKD,        /* … */
    GS_NORMAL_NONSPACING,  /* BERT: no non-spacing marks */
    GS_NORMAL_ACCENTS,     /* StripAccents: no combining marks */
    GS_NORMAL_LOWER,       /* lower case */
    GS_NORMAL_NMT,         /* sentencepiece's clean-up */
    GS_NORMAL_STRIP,       /* no white space at the ends */
    GS_NORMAL_REPLACE,     /* each from becomes to */
    GS_NORMAL_SPACES,      /* each run of two spaces or more becomes to */
    GS_NORMAL_PREPEND,     /* to before a text that is not empty */
    GS_NORMAL_PRECOMPILED, /* sentencepiece's map */
};

enum { GS_MAX_STEPS = 32 };

struct gs_normal_step {
    enum gs_normal_kind kind;
    char *from, *to; /* owned */
    size_t from_len, to_len;
    bool left, right;
    struct gs_charsmap *map; /* owned */
};

struct gs_normaliser {
    struct gs_normal_step steps[GS_MAX_STEPS];
    size_t n;
};

/* BertNormalizer's four flags. */
struct gs_bert_flags {
    bool clean, chinese, strip_accents, lower;
};

/* Appends BERT's steps; the normaliser has room for them. */
void gs_normaliser_add_bert(struct gs_normaliser *normaliser, struct gs_bert_flags flags);

/* Reads "normalizer" (NULL and null: no steps). *ret_is_bert: it is a BertNormalizer and nothing
 * else, with these flags. The normaliser is zeroed before; gs_normaliser_done() ends it, after a
 * failure too. */
GS_MUST_CHECK
enum gs_status gs_normaliser_read(const json_t *json, struct gs_normaliser *normaliser,
                                  bool *ret_is_bert, struct gs_bert_flags *ret_flags,
                                  struct gs_error *err);
void gs_normaliser_done(struct gs_normaliser *normaliser);

/* A text as its next one's characters, each with how it came about: 0 it takes the place of the
 * next character, -n of that and n more, 1 it is new. */
struct gs_changes {
    uint32_t *cps;
    int32_t *kinds;
    uint8_t *classes; /* combining classes, for sorting */
    size_t n, capacity;
};

struct gs_normal_work {
    struct gs_aligned texts[2];
    struct gs_changes changes;
};

void gs_normal_work_done(struct gs_normal_work *work);

/* Appends in, normalised, to out. */
GS_MUST_CHECK
enum gs_status gs_normaliser_apply(const struct gs_normaliser *normaliser,
                                   struct gs_normal_work *work, const struct gs_aligned *in,
                                   struct gs_aligned *out, struct gs_error *err);

/* The forms of Unicode (form.c). */
GS_MUST_CHECK
enum gs_status gs_form_apply(enum gs_normal_kind form, struct gs_changes *changes,
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
