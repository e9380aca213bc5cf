/* A BERT-like encoder with its heads, forwards and backwards, on packed tokens.
 *
 *     ids [t] ─► x [t][h] = LayerNorm(word + position + type 0)
 *     each layer:  a = softmax(q k^T / sqrt(d)) v       q, k, v [t][h] = linear(x), by sequence
 *                  y = LayerNorm(x + out(a))
 *                  x = LayerNorm(y + down(act(up(y))))  up: [t][inner]
 *     pooled [n][p] = first row, mean of rows, both behind one another, or act(dense(first row))
 *     logits [n][n_out] = out(pooled)
 *
 * The tokens of all messages of a batch are rows of one matrix without padding, so that each layer
 * is one product for all of them; only the products of attention are made message by message.
 *
 * All trained numbers but the word embeddings lie in one array, which a layout cuts up; gradients
 * and the optimizer's moments are arrays of the same layout. Word embeddings are apart because a
 * batch touches few of their rows: their gradient has a row for each different word of the step.
 *
 * Dropout is applied where BERT has it: on embeddings, on attention's shares, on what each half of
 * a layer adds, and on the pooled row.
 *
 * Sources: Vaswani et al. 2017, arXiv:1706.03762; Devlin et al. 2018, arXiv:1810.04805; the code of
 *          huggingface/transformers for the order of operations.
 * Threads: a gs_net is only read; a gs_net_workspace and a gs_net_grads belong to one thread. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_NET_H
#define GS_CLASSIFIER_TRAIN_ENCODER_NET_H

#include "classifier/train/encoder/net_rows.h"

enum gs_net_pooling { GS_NET_CLS, GS_NET_MEAN, GS_NET_CLS_MEAN, GS_NET_DENSE };

struct gs_net_shape {
    size_t hidden, layers, heads, inner;
    size_t vocab, positions, types; /* types 0: the family has none */
    size_t first_position;          /* 0, or RoBERTa's first one */
    double eps;
    enum gs_activation activation;
    enum gs_net_pooling pooling;
    enum gs_activation dense_activation; /* of GS_NET_DENSE */
    size_t n_out;
};

/* Says where in the array each part begins. Matrices are [out][in]. */
struct gs_net_layer_at {
    size_t qkv, qkv_bias;   /* [3 h][h], [3 h]: query, key, value */
    size_t out, out_bias;   /* [h][h], [h] */
    size_t gamma1, beta1;   /* [h] */
    size_t up, up_bias;     /* [inner][h], [inner] */
    size_t down, down_bias; /* [h][inner], [h] */
    size_t gamma2, beta2;   /* [h] */
};

/* A part for the optimizer. depth 0: embeddings, l + 1: layer l, layers + 1: pooling and heads. */
struct gs_net_span {
    size_t from, n, depth;
    bool decays; /* matrices do, biases and LayerNorm do not */
};

struct gs_net_layout {
    size_t positions, type0, gamma, beta; /* [positions][h], [h], [h], [h] */
    struct gs_net_layer_at *layers;
    size_t dense, dense_bias; /* [h][h], [h]: of GS_NET_DENSE */
    size_t out, out_bias;     /* [n_out][pooled], [n_out] */
    size_t pooled;            /* h, or 2 h */
    size_t n;                 /* numbers in all */
    struct gs_net_span *spans;
    size_t n_spans;
};

/* GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_net_layout_init(const struct gs_net_shape *shape, struct gs_net_layout *ret,
                                  struct gs_error *err);
void gs_net_layout_done(struct gs_net_layout *layout);

struct gs_net {
    struct gs_net_shape shape;
    struct gs_net_layout layout;
    const struct gs_net_rows *rows;
    gs_real *values; /* [layout.n] */
    gs_real *words;  /* [vocab][h] */
};

/* Message i has the tokens [starts[i], starts[i + 1]), at least one. */
struct gs_net_batch {
    const int32_t *ids;
    const uint32_t *slots; /* of each token: its row in the gradient of words; backward only */
    const size_t *starts;  /* [n + 1], starts[0] = 0 */
    size_t n;
};

/* All zero: no dropout. */
struct gs_net_dropout {
    double hidden, attention, pooled;
    uint64_t seed, stream; /* stream: another one for every batch of a run */
};

struct gs_net_grads {
    gs_real *values; /* [layout.n], added to */
    gs_real *words;  /* [slots][h], added to */
};

struct gs_net_workspace; /* opaque: all activations of a batch */

/* Room for batches of max_tokens tokens in max_messages messages, of which none has more than
 * max_length. In one piece; gs_net_workspace_bytes() says how large without taking it. */
size_t gs_net_workspace_bytes(const struct gs_net_shape *shape, size_t max_tokens,
                              size_t max_messages, size_t max_length);
GS_MUST_CHECK
enum gs_status gs_net_workspace_new(const struct gs_net_shape *shape, size_t max_tokens,
                                    size_t max_messages, size_t max_length,
                                    struct gs_net_workspace **ret, struct gs_error *err);
void gs_net_workspace_free(struct gs_net_workspace *work); /* NULL is fine */

/* logits [n][n_out]; a pointer into work, good until its next call. */
const gs_real *gs_net_forward(const struct gs_net *net, struct gs_net_workspace *work,
                              const struct gs_net_batch *batch,
                              const struct gs_net_dropout *dropout);

/* After gs_net_forward() of the same batch and dropout: d_logits [n][n_out] is the loss' gradient.
 * Only parts of depth frozen and above get gradients (0: all; layers + 1: the heads alone), and the
 * pass ends there. What forward left in work is used up. */
void gs_net_backward(const struct gs_net *net, struct gs_net_workspace *work,
                     const struct gs_net_batch *batch, const struct gs_net_dropout *dropout,
                     const gs_real *d_logits, size_t frozen, struct gs_net_grads *grads);

#endif
