/* AdamW with the habits of fine-tuning, on the array of a network and its word embeddings.
 *
 *     gradients of all shards ─► sum ─► norm ─► clip ─► AdamW, a rate for each depth ─► average
 *
 * Word embeddings are stepped lazily: a row that the batch does not have keeps value and moments.
 * The moving average of the weights (EMA) of such a row is caught up when it is next touched, to
 * what it would have been.
 *
 * Sources: Loshchilov & Hutter 2017, arXiv:1711.05101; Kingma & Ba 2014, arXiv:1412.6980;
 * layer-wise rates as in Howard & Ruder 2018, arXiv:1801.06146. Internal to the encoder's trainer. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_OPTIMIZER_H
#define GS_CLASSIFIER_TRAIN_ENCODER_OPTIMIZER_H

#include "classifier/train/encoder/net.h"

struct gs_optimizer_options {
    double lr, head_lr; /* at their highest */
    double beta1, beta2, eps;
    double decay;       /* of matrices */
    double clip;        /* largest length of the gradient; 0: any */
    double layer_decay; /* rate of a layer, of that of the layer above it; 1: the same */
    double ema;         /* 0: no average is kept */
    size_t frozen;      /* depths below it do not move; layers + 1: a linear probe */
};

struct gs_optimizer_block {
    size_t from, n;
    double lr_scale; /* of lr; the head's of head_lr */
    bool decays, head;
};

struct gs_optimizer {
    struct gs_optimizer_options options;
    struct gs_net *net;
    size_t n_threads;
    struct gs_optimizer_block *blocks;
    size_t n_blocks;
    double words_scale; /* lr_scale of word embeddings; 0: frozen */
    gs_real *m, *v, *m_words, *v_words;
    gs_real *ema, *ema_words; /* NULL: none */
    double *ema_at;           /* [vocab]: ema_log when the row's average was last right */
    double ema_log;           /* sum of the logarithms of all decays */
    double *sums;             /* [n_blocks + 1] */
    uint64_t step;
};

/* The network's values are the optimizer's to change. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_optimizer_init(struct gs_optimizer *optimizer,
                                 const struct gs_optimizer_options *options, struct gs_net *net,
                                 size_t n_threads, struct gs_error *err);
void gs_optimizer_done(struct gs_optimizer *optimizer);

struct gs_optimizer_step {
    double lr_share;                  /* of the highest rates: the schedule's */
    const struct gs_net_grads *grads; /* [n_shards], added up into the first */
    size_t n_shards;
    const int32_t *touched; /* [n_touched] the word of each row of grads.words */
    size_t n_touched;
};

/* One step; gives the gradient's length before clipping, which is not finite when the gradient is
 * not: then nothing was changed. */
double gs_optimizer_run(struct gs_optimizer *optimizer, const struct gs_optimizer_step *step);

/* Brings the average of all word embeddings up to date. */
void gs_optimizer_settle(struct gs_optimizer *optimizer);

/* Share of the highest rate at step (from 0) of n: rises over the first warm_up of them, then falls
 * to 0, in a line or as a cosine. */
double gs_schedule(uint64_t step, uint64_t n, double warm_up, bool cosine);

size_t gs_optimizer_bytes(const struct gs_net_shape *shape, const struct gs_net_layout *layout,
                          bool ema);

#endif
