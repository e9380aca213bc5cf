/* One text's explanation: what each n-gram and each token of the encoder adds to one label's logit,
 * folded onto characters and words.
 *
 *     bias + sum of all weights + residual = logit, as the folder answers
 *
 * Weights of n-grams are exact (residual 0 where the fast tier answers alone); those of the encoder
 * come of gradients (classifier/explain/attribution.h), and the residual is what they leave over,
 * the int8 engine's rounding included. A message that the cascade does not show to the encoder is
 * explained by the fast tier alone, since that is who answers.
 *
 * A weight is spread evenly over the characters that its n-gram or token covers.
 *
 * Threads: owned by one thread. */
#ifndef GS_DEPLOY_EXPLAIN_H
#define GS_DEPLOY_EXPLAIN_H

#include "classifier/explain/attribution.h"
#include "classifier/model.h"
#include "deploy/daemon/inference/model_folder.h"
#include "deploy/daemon/workbench/labelled.h"
#include "ingest/base/buf.h"

struct gs_explainer; /* opaque */

/* Any folder of model.h; choice: which of its tiers answer. As gs_model_folder_load(). */
GS_MUST_CHECK
enum gs_status gs_explainer_new(const char *model, const struct gs_model_choice *choice,
                                enum gs_attribution method, struct gs_explainer **ret,
                                struct gs_error *err);
void gs_explainer_free(struct gs_explainer *explainer); /* NULL is fine */

/* Of which answer. */
struct gs_explain_what {
    enum gs_head head;
    const char *label; /* NULL: the best one */
};

/* Appends one JSON line, and (html not NULL) one section of a page.
 * GS_BAD_CONFIG: the model has no such label. */
GS_MUST_CHECK
enum gs_status gs_explainer_run(struct gs_explainer *explainer, struct gs_explain_what what,
                                struct gs_str title, struct gs_str text, struct gs_buf *json,
                                struct gs_buf *html, struct gs_error *err);

/* Appends {"label", "tier", "method", "logit", "bias", "residual", "rest", "weights": [...]} of the
 * best sentiment of a text that is cleaned already and in language lang (enum gs_lang): at most
 * `most` words, those that weigh most first, with their bytes in the text. What the other words
 * weigh together is the rest:
 *
 *     logit = bias + residual + rest + all weights that are listed */
GS_MUST_CHECK
enum gs_status gs_explainer_words(struct gs_explainer *explainer, struct gs_str text, size_t lang,
                                  size_t most, struct gs_buf *json, struct gs_error *err);

#endif
