/* The values that a batch leaves behind on its way forwards, for the way back.
 *
 * Internal to the network: net_work.c makes room, net_forward.c and net_attention.c fill it,
 * net_backward.c uses it up, net_pool.c makes logits of the last layer's rows. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_NET_INTERNAL_H
#define GS_CLASSIFIER_TRAIN_ENCODER_NET_INTERNAL_H

#include "classifier/train/encoder/net.h"

/* t tokens, h hidden, i inner. Behind the names: shape, and what it is. */
struct gs_net_kept {
    gs_real *qkv;          /* [t][3 h] */
    gs_real *shares;       /* each sequence's [heads][s][s], softmaxed, before dropout */
    gs_real *mix;          /* [t][h]  attention's mix of values */
    gs_real *hat1, *rstd1; /* [t][h], [t]  normalized, before gamma */
    gs_real *y;            /* [t][h]  behind the first LayerNorm */
    gs_real *slope;        /* [t][i]  the activation's slope, where its input was */
    gs_real *wide;         /* [t][i]  the activation's output */
    gs_real *hat2, *rstd2; /* [t][h], [t] */
    gs_real *x;            /* [t][h]  the layer's output */
};

struct gs_net_workspace {
    size_t max_tokens, max_messages, max_length;
    gs_real *hat0, *rstd0; /* [t][h], [t]  of the embeddings' LayerNorm */
    gs_real *x0;           /* [t][h]  the first layer's input */
    struct gs_net_kept *layers;
    gs_real *row;            /* [t][h]  a layer half's output before its LayerNorm; scratch */
    gs_real *scores;         /* [heads][s][s]  of one sequence */
    gs_real *first;          /* [n][h]  first rows */
    gs_real *pooled, *dense; /* [n][pooled], [n][h]: dense has the activation's slope */
    gs_real *dropped;        /* [n][pooled] */
    gs_real *logits;         /* [n][n_out] */
    gs_real *d_x;            /* [t][h]  gradient of a layer's output, then of its input */
    gs_real *d_y, *d_wide;   /* [t][h], [t][i] */
    gs_real *d_qkv;          /* [t][3 h] */
    gs_real *d_pooled;       /* [n][pooled] */
    gs_real *memory;
};

/* Sites of dropout, each with numbers of its own. */
enum { GS_SITE_EMBED = 1, GS_SITE_POOLED, GS_SITE_LAYERS = 8, GS_SITES_A_LAYER = 4 };
enum { GS_SITE_SHARES, GS_SITE_ATTENTION, GS_SITE_FEED };

static inline struct gs_noise gs_net_noise(const struct gs_net_dropout *dropout, double rate,
                                           size_t site)
{
    return (struct gs_noise){dropout->seed, dropout->stream, (uint32_t)site, (gs_real)rate};
}
static inline size_t gs_net_site(size_t layer, size_t which)
{
    return GS_SITE_LAYERS + layer * GS_SITES_A_LAYER + which;
}
/* Gives the place in dropout's numbers where a sequence's shares begin: behind those of the
 * sequences before it, none of which has more tokens than positions. */
static inline uint64_t gs_net_shares_index(const struct gs_net_shape *shape, size_t sequence)
{
    const uint64_t a_head = (uint64_t)shape->positions * shape->positions;
    return (uint64_t)sequence * ((shape->heads * a_head + 7) / 8 * 8);
}

/* The row of positions that a message's next token takes, as the encoder that answers counts them:
 * RoBERTa's pad token has a row of its own and is not counted. */
static inline size_t gs_net_position(const struct gs_net_shape *shape, int32_t id, size_t *next)
{
    const size_t pad = shape->first_position - 1;
    return shape->first_position > 0 && (size_t)id == pad ? pad : (*next)++;
}

/* mix of qkv, for the whole batch. */
void gs_net_attend(const struct gs_net *net, struct gs_net_workspace *work, size_t layer,
                   const struct gs_net_batch *batch, const struct gs_net_dropout *dropout);
/* d_qkv of d_mix [t][h]. */
void gs_net_attend_back(const struct gs_net *net, struct gs_net_workspace *work, size_t layer,
                        const struct gs_net_batch *batch, const struct gs_net_dropout *dropout,
                        const gs_real *d_mix);

/* logits of the last layer's rows x; and d_x of d_logits, with the heads' gradients. */
void gs_net_pool(const struct gs_net *net, struct gs_net_workspace *work, const gs_real *x,
                 const struct gs_net_batch *batch, const struct gs_net_dropout *dropout);
void gs_net_pool_back(const struct gs_net *net, struct gs_net_workspace *work,
                      const gs_real *d_logits, const struct gs_net_batch *batch,
                      const struct gs_net_dropout *dropout, gs_real *grads);

#endif
