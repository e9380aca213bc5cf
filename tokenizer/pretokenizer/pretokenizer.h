/* The "pre_tokenizer" of tokenizer.json: a normalized text cut into words.
 *
 * Threads: a gs_pretokenizer is constant; what it works on is owned by one thread. */
#ifndef GS_TOKENIZER_PRETOKENIZER_H
#define GS_TOKENIZER_PRETOKENIZER_H

#include "tokenizer/normalizer/normalizer.h"

/* A part of a text: an added token, or text that is still to be cut. */
struct gs_split {
    uint32_t from, to;
    int32_t token; /* -1: text */
};

struct gs_splits {
    struct gs_split *items;
    size_t n, capacity;
};

/* Appends a split; an empty one is left out. false without memory. */
bool gs_splits_add(struct gs_splits *splits, size_t from, size_t to, int32_t token);
void gs_splits_done(struct gs_splits *splits);

enum gs_split_kind {
    GS_SPLIT_SPACES,    /* at white space, which goes */
    GS_SPLIT_PUNCT,     /* each punctuation character is a word */
    GS_SPLIT_WORDS,     /* runs of \w and runs of the rest; white space goes */
    GS_SPLIT_METASPACE, /* ' ' becomes the mark; each mark begins a word */
    GS_SPLIT_BYTES,     /* GPT-2's words */
};

enum gs_prepend { GS_PREPEND_NEVER, GS_PREPEND_FIRST, GS_PREPEND_ALWAYS };

struct gs_split_step {
    enum gs_split_kind kind;
    char mark[4]; /* metaspace's, UTF-8 */
    size_t mark_len;
    enum gs_prepend prepend; /* the mark, or a space, where a text does not begin with it */
    bool cut;                /* the words are cut, not only marked */
};

struct gs_pretokenizer {
    struct gs_split_step steps[GS_MAX_STEPS];
    size_t n;
    bool is_bert;       /* BertPreTokenizer and nothing else */
    bool cuts_at_space; /* no word holds a space in its middle */
    bool byte_level;    /* ends in ByteLevel: what the BPE needs */
};

void gs_pretokenizer_set_bert(struct gs_pretokenizer *pretokenizer);

/* Reads "pre_tokenizer" (NULL and null: the text is one word). */
GS_MUST_CHECK
enum gs_status gs_pretokenizer_read(const json_t *json, struct gs_pretokenizer *pretokenizer,
                                    struct gs_error *err);

/* A text, its parts, and room for the next of both: a step reads texts[now] and splits[now] and
 * may turn to the other ones. */
struct gs_pretokenized {
    struct gs_aligned texts[2];
    struct gs_splits splits[2];
    size_t text, parts; /* which of them hold what there is */
};

void gs_pretokenized_done(struct gs_pretokenized *pretokenized);

GS_MUST_CHECK
enum gs_status gs_pretokenizer_apply(const struct gs_pretokenizer *pretokenizer,
                                     struct gs_pretokenized *pretokenized, struct gs_error *err);

#endif
