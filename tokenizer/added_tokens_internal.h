/* The added tokens in memory: added_tokens.c fills them, added_tokens_find.c searches with them. */
#ifndef GS_TOKENIZER_ADDED_TOKENS_INTERNAL_H
#define GS_TOKENIZER_ADDED_TOKENS_INTERNAL_H

#include "tokenizer/added_tokens.h"

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

struct gs_added_tokens {
    struct gs_added_token *tokens; /* contents are owned */
    size_t n, capacity;
    struct gs_vocab *by_content; /* content → id */
    size_t n_ids;
    size_t next_id; /* of a token that the vocabulary has not */
    size_t bytes;
    struct gs_patterns raw, normalized;
    bool tears_at_space, has_replacement;
};

#endif
