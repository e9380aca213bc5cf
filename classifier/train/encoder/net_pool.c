/* From the last layer's rows to logits, and back. n messages, h hidden. */
#include "classifier/train/encoder/net_internal.h"

#include <string.h>

static void take_first(const struct gs_net *net, const gs_real *x, const struct gs_net_batch *batch,
                       gs_real *to, size_t ld)
{
    const size_t h = net->shape.hidden;
    for (size_t i = 0; i < batch->n; i++) {
        memcpy(to + i * ld, x + batch->starts[i] * h, h * sizeof *to);
    }
}

static void take_mean(const struct gs_net *net, const gs_real *x, const struct gs_net_batch *batch,
                      gs_real *to, size_t ld)
{
    const size_t h = net->shape.hidden;
    for (size_t i = 0; i < batch->n; i++) {
        const size_t s = batch->starts[i + 1] - batch->starts[i];
        const gs_real share = 1 / (gs_real)s;
        gs_real *mean = to + i * ld;
        memset(mean, 0, h * sizeof *mean);
        net->rows->sum_rows(x + batch->starts[i] * h, s, h, mean);
        for (size_t j = 0; j < h; j++) {
            mean[j] *= share;
        }
    }
}

/* pooled [n][h] = act(first [n][h] dense [h][h]^T + bias); work->dense keeps the slope. */
static void run_dense(const struct gs_net *net, struct gs_net_workspace *work, size_t n)
{
    const size_t h = net->shape.hidden;

    gs_gemm_nt(n, h, h, 1, (struct gs_cmat){work->first, h},
               (struct gs_cmat){net->values + net->layout.dense, h}, 0,
               (struct gs_mat){work->dense, h});
    net->rows->add_bias(work->dense, n, h, net->values + net->layout.dense_bias);
    net->rows->activate(work->dense, work->pooled, n * h, net->shape.dense_activation);
}

void gs_net_pool(const struct gs_net *net, struct gs_net_workspace *work, const gs_real *x,
                 const struct gs_net_batch *batch, const struct gs_net_dropout *dropout)
{
    const size_t n = batch->n;
    const size_t p = net->layout.pooled;
    const size_t n_out = net->shape.n_out;
    const struct gs_noise noise = gs_net_noise(dropout, dropout->pooled, GS_SITE_POOLED);

    switch (net->shape.pooling) {
    case GS_NET_CLS:
        take_first(net, x, batch, work->pooled, p);
        break;
    case GS_NET_MEAN:
        take_mean(net, x, batch, work->pooled, p);
        break;
    case GS_NET_CLS_MEAN:
        take_first(net, x, batch, work->pooled, p);
        take_mean(net, x, batch, work->pooled + net->shape.hidden, p);
        break;
    case GS_NET_DENSE:
        take_first(net, x, batch, work->first, net->shape.hidden);
        run_dense(net, work, n);
        break;
    }
    memcpy(work->dropped, work->pooled, n * p * sizeof *work->dropped);
    if (noise.rate > 0) {
        net->rows->drop(&noise, 0, work->pooled, work->dropped, n * p);
    }
    /* logits [n][n_out] = dropped [n][p] out [n_out][p]^T + bias */
    gs_gemm_nt(n, n_out, p, 1, (struct gs_cmat){work->dropped, p},
               (struct gs_cmat){net->values + net->layout.out, p}, 0,
               (struct gs_mat){work->logits, n_out});
    net->rows->add_bias(work->logits, n, n_out, net->values + net->layout.out_bias);
}

/* Adds d [n][ld] to the first rows of d_x. */
static void give_first(const struct gs_net *net, struct gs_net_workspace *work,
                       const struct gs_net_batch *batch, const gs_real *d, size_t ld)
{
    const size_t h = net->shape.hidden;
    for (size_t i = 0; i < batch->n; i++) {
        net->rows->add(work->d_x + batch->starts[i] * h, d + i * ld, h);
    }
}

static void give_mean(const struct gs_net *net, struct gs_net_workspace *work,
                      const struct gs_net_batch *batch, const gs_real *d, size_t ld)
{
    const size_t h = net->shape.hidden;
    for (size_t i = 0; i < batch->n; i++) {
        const size_t s = batch->starts[i + 1] - batch->starts[i];
        const gs_real share = 1 / (gs_real)s;
        for (size_t token = batch->starts[i]; token < batch->starts[i + 1]; token++) {
            for (size_t j = 0; j < h; j++) {
                work->d_x[token * h + j] += share * d[i * ld + j];
            }
        }
    }
}

static void dense_back(const struct gs_net *net, struct gs_net_workspace *work,
                       const struct gs_net_batch *batch, gs_real *grads)
{
    const size_t h = net->shape.hidden;
    const size_t n = batch->n;

    net->rows->multiply(work->d_pooled, work->dense, n * h);
    gs_gemm_tn(h, h, n, 1, (struct gs_cmat){work->d_pooled, h}, (struct gs_cmat){work->first, h}, 1,
               (struct gs_mat){grads + net->layout.dense, h});
    net->rows->sum_rows(work->d_pooled, n, h, grads + net->layout.dense_bias);
    gs_gemm_nn(n, h, h, 1, (struct gs_cmat){work->d_pooled, h},
               (struct gs_cmat){net->values + net->layout.dense, h}, 0,
               (struct gs_mat){work->pooled, h});
    give_first(net, work, batch, work->pooled, h);
}

void gs_net_pool_back(const struct gs_net *net, struct gs_net_workspace *work,
                      const gs_real *d_logits, const struct gs_net_batch *batch,
                      const struct gs_net_dropout *dropout, gs_real *grads)
{
    const size_t n = batch->n;
    const size_t h = net->shape.hidden;
    const size_t p = net->layout.pooled;
    const size_t n_out = net->shape.n_out;
    const struct gs_noise noise = gs_net_noise(dropout, dropout->pooled, GS_SITE_POOLED);

    /* d_out [n_out][p] += d_logits [n][n_out]^T dropped [n][p] */
    gs_gemm_tn(n_out, p, n, 1, (struct gs_cmat){d_logits, n_out},
               (struct gs_cmat){work->dropped, p}, 1, (struct gs_mat){grads + net->layout.out, p});
    net->rows->sum_rows(d_logits, n, n_out, grads + net->layout.out_bias);
    /* d_pooled [n][p] = d_logits [n][n_out] out [n_out][p] */
    gs_gemm_nn(n, p, n_out, 1, (struct gs_cmat){d_logits, n_out},
               (struct gs_cmat){net->values + net->layout.out, p}, 0,
               (struct gs_mat){work->d_pooled, p});
    if (noise.rate > 0) {
        net->rows->drop(&noise, 0, work->d_pooled, work->d_pooled, n * p);
    }
    memset(work->d_x, 0, batch->starts[n] * h * sizeof *work->d_x);
    switch (net->shape.pooling) {
    case GS_NET_CLS:
        give_first(net, work, batch, work->d_pooled, p);
        break;
    case GS_NET_MEAN:
        give_mean(net, work, batch, work->d_pooled, p);
        break;
    case GS_NET_CLS_MEAN:
        give_first(net, work, batch, work->d_pooled, p);
        give_mean(net, work, batch, work->d_pooled + h, p);
        break;
    case GS_NET_DENSE:
        dense_back(net, work, batch, grads);
        break;
    }
}
