/* Which characters are what, as huggingface/tokenizers sees them: runs of code points. Written by
 * unicode_tables.py. */
#ifndef GS_TOKENIZER_UNICODE_TABLES_H
#define GS_TOKENIZER_UNICODE_TABLES_H

#include <stddef.h>
#include <stdint.h>

enum gs_class {
    GS_CLASS_SPACE,      /* White_Space */
    GS_CLASS_OTHER,      /* control, format, private use */
    GS_CLASS_PUNCT,      /* punctuation, all of ASCII's symbols included */
    GS_CLASS_NONSPACING, /* marks that BERT strips */
    GS_CLASS_COMBINING,  /* marks that StripAccents strips */
    GS_CLASS_WORD,       /* \w */
    GS_CLASS_ORDERED,    /* has a canonical combining class */
    GS_CLASS_NFD,        /* has a canonical decomposition */
    GS_CLASS_NFKD,       /* has any decomposition */
    GS_N_CLASSES
};

struct gs_char_runs {
    const uint32_t *runs; /* [n][2]: first and last, ascending */
    size_t n;
};
extern const struct gs_char_runs gs_char_runs[GS_N_CLASSES];

/* first, first + step, … last: delta is taken off for lower case. */
struct gs_lower_run {
    uint32_t first, last;
    uint32_t step;
    int32_t delta;
};
extern const struct gs_lower_run gs_lower_runs[];
extern const size_t gs_n_lower_runs;

#endif
