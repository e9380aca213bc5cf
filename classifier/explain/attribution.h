/* How much each token of a text speaks for one output of an encoder.
 *
 * The path from a text that says nothing (every word's vector is the vocabulary's mean; template
 * tokens such as [CLS] stay) to the text as it is; along it the gradient of the output by each
 * token's vector, times the way that the vector went:
 *
 *     contribution[t] = (x[t] - mean) · mean over the path of d output / d x[t]
 *     base + sum of contributions + residual = output
 *
 * base is the output at the path's begin; the residual is what a finite number of points on the path
 * leaves over (GS_ATTRIBUTION_INTEGRATED: some hundredths of the whole), or all that one gradient at
 * the path's end cannot say (GS_ATTRIBUTION_GRADIENT, quicker).
 *
 * Source: Sundararajan, Taly, Yan 2017, "Axiomatic Attribution for Deep Networks", arXiv:1703.01365;
 *         gradient × input: Shrikumar et al. 2016, arXiv:1605.01713.
 * Weights of an int8 folder are those that it stands for, in float: the output differs from the
 * int8 engine's by its rounding.
 * Threads: an attributor belongs to one thread. */
#ifndef GS_CLASSIFIER_EXPLAIN_ATTRIBUTION_H
#define GS_CLASSIFIER_EXPLAIN_ATTRIBUTION_H

#include "ingest/base/error.h"

#include <stddef.h>
#include <stdint.h>

struct gs_attributor; /* opaque */

/* Of an encoder's folder, int8 or not, that has a head. As gs_encoder_load(); GS_BAD_CONFIG: no
 * head. */
GS_MUST_CHECK
enum gs_status gs_attributor_new(const char *dir, struct gs_attributor **ret, struct gs_error *err);
void gs_attributor_free(struct gs_attributor *attributor); /* NULL is fine */

enum gs_attribution { GS_ATTRIBUTION_INTEGRATED, GS_ATTRIBUTION_GRADIENT };

/* One text: [n] ids as its tokenizer makes them, at most the encoder's max_tokens. */
struct gs_attribution_text {
    const int32_t *ids;
    const uint32_t *starts, *ends; /* [n] bytes of the text; equal: a template token */
    size_t n;
};

struct gs_attribution_sum {
    double base, output;
};

/* Of the folder's output number `output`, in the order of its id2label. contributions [n].
 * GS_BAD_FORMAT: an id or an output out of range, no token, too many; GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_attributor_run(struct gs_attributor *attributor, enum gs_attribution method,
                                 const struct gs_attribution_text *text, size_t output,
                                 double *contributions, struct gs_attribution_sum *ret,
                                 struct gs_error *err);

#endif
