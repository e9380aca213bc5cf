/* What added.c fills and added_find.c reads. */
#ifndef GS_TOKENIZER_ADDED_IMPL_H
#define GS_TOKENIZER_ADDED_IMPL_H

#include "tokenizer/added.h"

/* What is looked for, and the token that it stands for. */
struct gs_pattern {
    struct gs_str text; /* owned */
    uint32_t token;
};

struct gs_patterns {
    struct gs_pattern *items; /* sorted by bytes */
    size_t n;
    bool begins[256]; /* a pattern begins with this byte */
};

struct gs_added {
    struct gs_added_token *tokens; /* contents are owned */
    size_t n, capacity;
    struct gs_vocab *by_content; /* content → id */
    size_t n_ids;
    size_t next_id; /* of a token that the vocabulary has not */
    size_t bytes;
    struct gs_patterns raw, normalised;
    bool tears_at_space, has_replacement;
};

#endif
