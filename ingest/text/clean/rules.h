/* Compiled rules, shared by rules.c (which compiles them) and rules_run.c (which applies them). */
#ifndef GS_INGEST_RULES_H
#define GS_INGEST_RULES_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include "ingest/text/clean/mask.h"
#include "ingest/text/clean/stage.h"

#include <pcre2.h>

enum { GS_RULE_MAX_PIECES = 20 };

/* A piece of a replacement: literal text, or a group. */
struct gs_rule_piece {
    const char *text;
    size_t len;
    uint32_t group; /* 0: literal */
};

struct gs_rule {
    gs_mask_fn *find; /* NULL: code finds */
    char *name;
    char *replace;
    pcre2_code *code;
    bool jit;
    /* The needs of every match, as PCRE2 found out; a text without them is not matched at all. */
    bool has_first; /* a match begins with a byte of first */
    bool has_last;  /* a match holds a byte of last */
    struct gs_byteset first;
    struct gs_byteset last;
    uint32_t min_len; /* characters, so at least as many bytes */
    struct gs_rule_piece pieces[GS_RULE_MAX_PIECES];
    size_t n_pieces;
};

struct gs_rules {
    size_t n;
    struct gs_rule rules[GS_MAX_RULES];
};

#endif
