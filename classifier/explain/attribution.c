/* Integrated gradients through the trainer's network (attribution.h).
 *
 * The network looks its word vectors up by id. Here every token of every point on the path has a
 * vector of its own, so the network is given a small table of those as its words, and the token's
 * number in it as id; the table's gradient is then each token's. Points go through a few at a time,
 * as many as POINT_TOKENS allows.
 *
 *     point 0      point 1           …   ids f … f + n - 1, f + n … f + 2 n - 1, …
 *     mean ───────────────────────► x
 *
 * f is the family's first position: RoBERTa knows the pad token by its id, f - 1, and gives it no
 * position of its own.
 */
#include "classifier/explain/attribution.h"

#include "classifier/encoder/blas.h"
#include "classifier/train/encoder/pretrained.h"

#include <stdlib.h>
#include <string.h>

enum { POINTS = 32, POINT_TOKENS = 512 };

struct gs_attributor {
    struct gs_pretrained *base;
    float *mean; /* [h] of the vocabulary */
    struct gs_net_grads grads;
    size_t max_tokens, max_messages; /* that work has room for */
    struct gs_net_workspace *work;
    gs_real *words;    /* [first_position + max_tokens][h] */
    gs_real *d_logits; /* [max_messages][n_out] */
    int32_t *ids;      /* [max_tokens] first_position, first_position + 1, … */
    uint32_t *slots;
    size_t *starts; /* [max_messages + 1] */
};

static void take_mean(const struct gs_net *net, float *mean)
{
    const size_t h = net->shape.hidden;
    const double share = 1.0 / (double)net->shape.vocab;

    for (size_t i = 0; i < h; i++) {
        double sum = 0.0;
        for (size_t w = 0; w < net->shape.vocab; w++) {
            sum += (double)net->words[w * h + i];
        }
        mean[i] = (float)(sum * share);
    }
}

/* The network, and what does not depend on a text. */
static enum gs_status fill(struct gs_attributor *a, const char *dir, struct gs_error *err)
{
    const struct gs_pretrained_options options = {.dir = dir, .as_it_is = true};
    enum gs_status status = gs_blas_init(err);

    if (status == GS_OK) {
        status = gs_pretrained_load(&options, &a->base, err);
    }
    if (status != GS_OK) {
        return status;
    }
    a->mean = calloc(a->base->net.shape.hidden, sizeof *a->mean);
    a->grads.values = calloc(a->base->net.layout.n, sizeof *a->grads.values);
    if (a->mean == NULL || a->grads.values == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%s", dir);
    }
    take_mean(&a->base->net, a->mean);
    return GS_OK;
}

enum gs_status gs_attributor_new(const char *dir, struct gs_attributor **ret, struct gs_error *err)
{
    struct gs_attributor *a = calloc(1, sizeof *a);

    if (a == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%s", dir);
    }
    const enum gs_status status = fill(a, dir, err);
    if (status != GS_OK) {
        gs_attributor_free(a);
        return status;
    }
    *ret = a;
    return GS_OK;
}

static void drop_room(struct gs_attributor *a)
{
    gs_net_workspace_free(a->work);
    free(a->words);
    free(a->grads.words);
    free(a->d_logits);
    free(a->ids);
    free(a->slots);
    free(a->starts);
    a->work = NULL;
    a->words = a->grads.words = a->d_logits = NULL;
    a->ids = NULL;
    a->slots = NULL;
    a->starts = NULL;
    a->max_tokens = a->max_messages = 0;
}

void gs_attributor_free(struct gs_attributor *a)
{
    if (a != NULL) {
        drop_room(a);
        gs_pretrained_free(a->base);
        free(a->mean);
        free(a->grads.values);
        free(a);
    }
}

/* For batches of that many messages of n tokens each; false: no memory. */
static bool make_room(struct gs_attributor *a, size_t messages, size_t n)
{
    const struct gs_net_shape *shape = &a->base->net.shape;
    const size_t tokens = messages * n;

    if (tokens <= a->max_tokens && messages <= a->max_messages) {
        return true;
    }
    drop_room(a);
    a->words = calloc((shape->first_position + tokens) * shape->hidden, sizeof *a->words);
    a->grads.words = calloc(tokens * shape->hidden, sizeof *a->grads.words);
    a->d_logits = calloc(messages * shape->n_out, sizeof *a->d_logits);
    a->ids = calloc(tokens, sizeof *a->ids);
    a->slots = calloc(tokens, sizeof *a->slots);
    a->starts = calloc(messages + 1, sizeof *a->starts);
    if (a->words == NULL || a->grads.words == NULL || a->d_logits == NULL || a->ids == NULL ||
        a->slots == NULL || a->starts == NULL ||
        gs_net_workspace_new(shape, tokens, messages, tokens, &a->work, NULL) != GS_OK) {
        drop_room(a);
        return false;
    }
    for (size_t t = 0; t < tokens; t++) {
        a->ids[t] = (int32_t)(shape->first_position + t);
        a->slots[t] = (uint32_t)t;
    }
    a->max_tokens = tokens;
    a->max_messages = messages;
    return true;
}

static enum gs_status check(const struct gs_attributor *a, const struct gs_attribution_text *text,
                            size_t output, struct gs_error *err)
{
    const struct gs_net_shape *shape = &a->base->net.shape;

    if (text->n == 0 || text->n > a->base->config.max_tokens) {
        return gs_fail(err, GS_BAD_FORMAT, "a text of %zu tokens, not 1 to %zu", text->n,
                       a->base->config.max_tokens);
    }
    if (output >= shape->n_out) {
        return gs_fail(err, GS_BAD_FORMAT, "the encoder has %zu outputs, not %zu", shape->n_out,
                       output + 1);
    }
    for (size_t t = 0; t < text->n; t++) {
        if (text->ids[t] < 0 || (size_t)text->ids[t] >= shape->vocab) {
            return gs_fail(err, GS_BAD_FORMAT, "token id %d is not in the vocabulary of %zu",
                           (int)text->ids[t], shape->vocab);
        }
    }
    return GS_OK;
}

static bool is_template(const struct gs_attribution_text *text, size_t t)
{
    return text->starts[t] >= text->ends[t];
}

/* Puts the text, `share` of the way along the path, into place `message`. */
static void put_point(struct gs_attributor *a, const struct gs_attribution_text *text, double share,
                      size_t message)
{
    const size_t h = a->base->net.shape.hidden;

    for (size_t t = 0; t < text->n; t++) {
        const gs_real *x = a->base->net.words + (size_t)text->ids[t] * h;
        gs_real *to = a->words + ((size_t)a->ids[message * text->n + t]) * h;
        const gs_real of_x = is_template(text, t) ? 1 : (gs_real)share;
        for (size_t i = 0; i < h; i++) {
            to[i] = of_x * x[i] + (1 - of_x) * a->mean[i];
        }
    }
    a->starts[message + 1] = (message + 1) * text->n;
}

/* The outputs of the points that were put: one pass, and what the next needs. */
static const gs_real *forward(struct gs_attributor *a, size_t messages, struct gs_net *net,
                              struct gs_net_batch *batch)
{
    static const struct gs_net_dropout none = {.hidden = 0.0};

    *net = a->base->net;
    net->words = a->words;
    net->shape.vocab = net->shape.first_position + a->max_tokens;
    *batch =
        (struct gs_net_batch){.ids = a->ids, .slots = a->slots, .starts = a->starts, .n = messages};
    return gs_net_forward(net, a->work, batch, &none);
}

/* Adds each token's gradient at the points that were put, times `weight` and the token's way. */
static void add_gradients(struct gs_attributor *a, const struct gs_attribution_text *text,
                          size_t messages, size_t output, double weight, double *contributions)
{
    static const struct gs_net_dropout none = {.hidden = 0.0};
    const size_t h = a->base->net.shape.hidden;
    const size_t n_out = a->base->net.shape.n_out;
    struct gs_net net;
    struct gs_net_batch batch;

    (void)forward(a, messages, &net, &batch);
    memset(a->d_logits, 0, messages * n_out * sizeof *a->d_logits);
    memset(a->grads.words, 0, messages * text->n * h * sizeof *a->grads.words);
    for (size_t m = 0; m < messages; m++) {
        a->d_logits[m * n_out + output] = 1;
    }
    gs_net_backward(&net, a->work, &batch, &none, a->d_logits, 0, &a->grads);
    for (size_t t = 0; t < messages * text->n; t++) {
        const size_t token = t % text->n;
        const gs_real *x = a->base->net.words + (size_t)text->ids[token] * h;
        const gs_real *gradient = a->grads.words + t * h;
        double sum = 0.0;
        for (size_t i = 0; i < h; i++) {
            sum += (double)gradient[i] * ((double)x[i] - (double)a->mean[i]);
        }
        contributions[token] += is_template(text, token) ? 0.0 : weight * sum;
    }
}

enum gs_status gs_attributor_run(struct gs_attributor *a, enum gs_attribution method,
                                 const struct gs_attribution_text *text, size_t output,
                                 double *contributions, struct gs_attribution_sum *ret,
                                 struct gs_error *err)
{
    const bool integrated = method == GS_ATTRIBUTION_INTEGRATED;
    const size_t points = integrated ? POINTS : 1;
    struct gs_net net;
    struct gs_net_batch batch;

    const enum gs_status status = check(a, text, output, err);
    if (status != GS_OK) {
        return status;
    }
    const size_t at_once = 2 * text->n < POINT_TOKENS ? POINT_TOKENS / text->n : 2;
    if (!make_room(a, at_once, text->n)) {
        return gs_fail(err, GS_NO_MEMORY, "a text of %zu tokens", text->n);
    }
    put_point(a, text, 0.0, 0);
    put_point(a, text, 1.0, 1);
    const gs_real *outputs = forward(a, 2, &net, &batch);
    ret->base = (double)outputs[output];
    ret->output = (double)outputs[net.shape.n_out + output];
    memset(contributions, 0, text->n * sizeof *contributions);
    for (size_t p = 0; p < points;) {
        size_t messages = 0;
        for (; messages < at_once && p < points; messages++, p++) {
            const double middle = ((double)p + 0.5) / (double)points;
            put_point(a, text, integrated ? middle : 1.0, messages);
        }
        add_gradients(a, text, messages, output, 1.0 / (double)points, contributions);
    }
    return GS_OK;
}
