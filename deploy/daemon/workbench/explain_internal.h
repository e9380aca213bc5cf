/* One explanation between its making (explain.c) and its writing (explain_write.c).
 *
 * Internal to the explainer. */
#ifndef GS_DEPLOY_EXPLAIN_INTERNAL_H
#define GS_DEPLOY_EXPLAIN_INTERNAL_H

#include "deploy/daemon/workbench/explain.h"
#include "tokenizer/tokenizer.h"

/* A character, and where its word (a run of letters and digits, or a run of Han) begins. */
struct gs_explained_char {
    uint32_t start, end;
    double weight;
    bool begins_word;
};

struct gs_explanation {
    struct gs_features features;
    enum gs_head head;
    const char *label;
    const char *tier, *method;
    double p, logit; /* as the folder answers */
    double bias;     /* what no piece explains: of n-grams, and of a text that says nothing */
    double residual; /* logit - bias - all weights */
    struct gs_explained_char *chars;
    size_t n_chars;
    float *ngrams;           /* [features.n] */
    size_t n_ngrams;         /* 0: the fast tier has no part in it */
    struct gs_encoding text; /* of the encoder; n 0: it has no part in it */
    double *tokens;          /* [text.n] */
};

/* Zeroes the n-grams that it puts. */
void gs_explanation_json(struct gs_explanation *explanation, struct gs_buf *out);
/* Takes the words that it puts out of chars. */
void gs_explanation_words(struct gs_explanation *explanation, size_t most, struct gs_buf *out);
void gs_explanation_html(const struct gs_explanation *explanation, struct gs_buf *out);

#endif
