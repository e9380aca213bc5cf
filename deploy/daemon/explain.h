/* One text's explanation: exact weights per n-gram, folded onto characters and words.
 *
 * An n-gram's weight is spread evenly over the characters it covers, so that the characters of a
 * text add up to the same as its n-grams: bias + sum = logit.
 *
 * Threads: owned by one thread. */
#ifndef GS_DEPLOY_EXPLAIN_H
#define GS_DEPLOY_EXPLAIN_H

#include "base/buf.h"
#include "deploy/daemon/labelled.h"

struct gs_explainer; /* opaque */

GS_MUST_CHECK
enum gs_status gs_explainer_new(const char *model, struct gs_explainer **ret, struct gs_error *err);
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

extern const char gs_explain_page_head[];

#endif
