/* Attention, one sequence and one head after the other: the only part of a layer in which tokens
 * meet. A sequence of s tokens, a head of d columns:
 *
 *     scores [s][s] = q [s][d] k [s][d]^T / sqrt(d);  shares = softmax(scores), some dropped
 *     mix [s][d] = shares v [s][d] */
#include "classifier/train/encoder/net_internal.h"

#include <math.h>
#include <string.h>

/* The columns of one head in a sequence's rows of qkv, or of its gradient. */
struct head_view {
    gs_real *q, *k, *v;
    size_t ld;
};

static struct head_view view_of(gs_real *qkv, size_t h, size_t token, size_t column)
{
    gs_real *row = qkv + token * 3 * h + column;
    return (struct head_view){row, row + h, row + 2 * h, 3 * h};
}

static void share_one(const struct gs_net *net, gs_real *qkv, gs_real *shares, size_t s)
{
    const size_t h = net->shape.hidden;
    const size_t d = h / net->shape.heads;
    const gs_real scale = (gs_real)(1.0 / sqrt((double)d));

    for (size_t head = 0; head < net->shape.heads; head++) {
        const struct head_view of = view_of(qkv, h, 0, head * d);
        gs_real *mine = shares + head * s * s;
        /* [s][s] = [s][d] [s][d]^T */
        gs_gemm_nt(s, s, d, scale, (struct gs_cmat){of.q, of.ld}, (struct gs_cmat){of.k, of.ld}, 0,
                   (struct gs_mat){mine, s});
    }
    net->rows->softmax(shares, net->shape.heads * s, s);
}

static void mix_one(const struct gs_net *net, gs_real *qkv, const gs_real *shares, gs_real *mix,
                    size_t s)
{
    const size_t h = net->shape.hidden;
    const size_t d = h / net->shape.heads;

    for (size_t head = 0; head < net->shape.heads; head++) {
        const struct head_view of = view_of(qkv, h, 0, head * d);
        /* [s][d] = [s][s] [s][d] */
        gs_gemm_nn(s, d, s, 1, (struct gs_cmat){shares + head * s * s, s},
                   (struct gs_cmat){of.v, of.ld}, 0, (struct gs_mat){mix + head * d, h});
    }
}

void gs_net_attend(const struct gs_net *net, struct gs_net_workspace *work, size_t layer,
                   const struct gs_net_batch *batch, const struct gs_net_dropout *dropout)
{
    const size_t h = net->shape.hidden;
    const size_t heads = net->shape.heads;
    const struct gs_net_kept *kept = &work->layers[layer];
    const struct gs_noise noise =
        gs_net_noise(dropout, dropout->attention, gs_net_site(layer, GS_SITE_SHARES));
    size_t at = 0;

    for (size_t i = 0; i < batch->n; i++) {
        const size_t from = batch->starts[i];
        const size_t s = batch->starts[i + 1] - from;
        gs_real *qkv = kept->qkv + from * 3 * h;
        gs_real *shares = kept->shares + at;
        share_one(net, qkv, shares, s);
        const gs_real *used = shares;
        if (noise.rate > 0) {
            net->rows->drop(&noise, gs_net_shares_index(&net->shape, i), shares, work->scores,
                            heads * s * s);
            used = work->scores;
        }
        mix_one(net, qkv, used, kept->mix + from * h, s);
        at += heads * s * s;
    }
}

/* d_v and, into scores, the gradient of the shares as they were used. used may be scores. */
static void values_back(const struct gs_net *net, struct head_view of, struct head_view to,
                        const gs_real *d_mix, gs_real *scores, size_t s)
{
    const size_t h = net->shape.hidden;
    const size_t d = h / net->shape.heads;
    /* d_v [s][d] = used [s][s]^T d_mix [s][d] */
    gs_gemm_tn(s, d, s, 1, (struct gs_cmat){scores, s}, (struct gs_cmat){d_mix, h}, 0,
               (struct gs_mat){to.v, to.ld});
    /* d_shares [s][s] = d_mix [s][d] v [s][d]^T */
    gs_gemm_nt(s, s, d, 1, (struct gs_cmat){d_mix, h}, (struct gs_cmat){of.v, of.ld}, 0,
               (struct gs_mat){scores, s});
}

static void scores_back(const struct gs_net *net, struct head_view of, struct head_view to,
                        const gs_real *d_scores, size_t s)
{
    const size_t d = net->shape.hidden / net->shape.heads;
    /* d_q [s][d] = d_scores [s][s] k [s][d] */
    gs_gemm_nn(s, d, s, 1, (struct gs_cmat){d_scores, s}, (struct gs_cmat){of.k, of.ld}, 0,
               (struct gs_mat){to.q, to.ld});
    /* d_k [s][d] = d_scores [s][s]^T q [s][d] */
    gs_gemm_tn(s, d, s, 1, (struct gs_cmat){d_scores, s}, (struct gs_cmat){of.q, of.ld}, 0,
               (struct gs_mat){to.k, to.ld});
}

/* One sequence's share of the way back. */
struct sequence {
    size_t i, from, s; /* its number, its first token, its tokens */
    gs_real *qkv;      /* of the whole batch */
    const gs_real *shares, *d_mix;
};

static void sequence_back(const struct gs_net *net, struct gs_net_workspace *work,
                          const struct gs_noise *noise, const struct sequence *of)
{
    const size_t h = net->shape.hidden;
    const size_t d = h / net->shape.heads;
    const size_t heads = net->shape.heads;
    const size_t s = of->s;
    const uint64_t first = gs_net_shares_index(&net->shape, of->i);
    const gs_real scale = (gs_real)(1.0 / sqrt((double)d));

    if (noise->rate > 0) {
        net->rows->drop(noise, first, of->shares, work->scores, heads * s * s);
    } else {
        memcpy(work->scores, of->shares, heads * s * s * sizeof *work->scores);
    }
    for (size_t head = 0; head < heads; head++) {
        values_back(net, view_of(of->qkv, h, of->from, head * d),
                    view_of(work->d_qkv, h, of->from, head * d),
                    of->d_mix + of->from * h + head * d, work->scores + head * s * s, s);
    }
    if (noise->rate > 0) {
        net->rows->drop(noise, first, work->scores, work->scores, heads * s * s);
    }
    net->rows->softmax_back(of->shares, work->scores, heads * s, s, scale);
    for (size_t head = 0; head < heads; head++) {
        scores_back(net, view_of(of->qkv, h, of->from, head * d),
                    view_of(work->d_qkv, h, of->from, head * d), work->scores + head * s * s, s);
    }
}

void gs_net_attend_back(const struct gs_net *net, struct gs_net_workspace *work, size_t layer,
                        const struct gs_net_batch *batch, const struct gs_net_dropout *dropout,
                        const gs_real *d_mix)
{
    const struct gs_net_kept *kept = &work->layers[layer];
    const struct gs_noise noise =
        gs_net_noise(dropout, dropout->attention, gs_net_site(layer, GS_SITE_SHARES));
    size_t at = 0;

    for (size_t i = 0; i < batch->n; i++) {
        const struct sequence of = {.i = i,
                                    .from = batch->starts[i],
                                    .s = batch->starts[i + 1] - batch->starts[i],
                                    .qkv = kept->qkv,
                                    .shares = kept->shares + at,
                                    .d_mix = d_mix};
        sequence_back(net, work, &noise, &of);
        at += net->shape.heads * of.s * of.s;
    }
}
