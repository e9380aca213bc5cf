/* The way forwards. t tokens, h hidden, i inner; rows are tokens of all messages. */
#include "classifier/train/encoder/net_internal.h"

static struct gs_cmat rows_of(const gs_real *at, size_t ld)
{
    return (struct gs_cmat){at, ld};
}

/* y [t][n] = x [t][k] w [n][k]^T + bias */
/* NOLINTNEXTLINE(readability-function-size): a product with its three sizes */
static void linear(const struct gs_net *net, const gs_real *x, size_t t, size_t k, size_t w,
                   size_t bias, size_t n, gs_real *y)
{
    gs_gemm_nt(t, n, k, 1, rows_of(x, k), rows_of(net->values + w, k), 0, (struct gs_mat){y, n});
    net->rows->add_bias(y, t, n, net->values + bias);
}

static void drop(const struct gs_net *net, const struct gs_net_dropout *dropout, double rate,
                 size_t site, gs_real *x, size_t n)
{
    const struct gs_noise noise = gs_net_noise(dropout, rate, site);
    if (rate > 0.0) {
        net->rows->drop(&noise, 0, x, x, n);
    }
}

/* x0 [t][h] = LayerNorm(word + position + type 0) */
static void embed(const struct gs_net *net, struct gs_net_workspace *work,
                  const struct gs_net_batch *batch, const struct gs_net_dropout *dropout)
{
    const size_t h = net->shape.hidden;
    const size_t t = batch->starts[batch->n];
    const gs_real *type0 = net->shape.types > 0 ? net->values + net->layout.type0 : NULL;

    for (size_t i = 0; i < batch->n; i++) {
        size_t next = net->shape.first_position;
        for (size_t token = batch->starts[i]; token < batch->starts[i + 1]; token++) {
            const size_t at = gs_net_position(&net->shape, batch->ids[token], &next);
            const gs_real *word = net->words + (size_t)batch->ids[token] * h;
            const gs_real *position = net->values + net->layout.positions + at * h;
            gs_real *to = work->row + token * h;
            for (size_t j = 0; j < h; j++) {
                to[j] = word[j] + position[j] + (type0 == NULL ? 0 : type0[j]);
            }
        }
    }
    net->rows->norm(work->row, NULL, t, h, net->values + net->layout.gamma,
                    net->values + net->layout.beta, net->shape.eps, work->hat0, work->rstd0,
                    work->x0);
    drop(net, dropout, dropout->hidden, GS_SITE_EMBED, work->x0, t * h);
}

static void run_layer(const struct gs_net *net, struct gs_net_workspace *work, size_t l,
                      const gs_real *x, const struct gs_net_batch *batch,
                      const struct gs_net_dropout *dropout)
{
    const struct gs_net_layer_at *at = &net->layout.layers[l];
    const struct gs_net_kept *kept = &work->layers[l];
    const size_t h = net->shape.hidden;
    const size_t inner = net->shape.inner;
    const size_t t = batch->starts[batch->n];

    linear(net, x, t, h, at->qkv, at->qkv_bias, 3 * h, kept->qkv); /* [t][3 h] */
    gs_net_attend(net, work, l, batch, dropout);                   /* mix [t][h] */
    linear(net, kept->mix, t, h, at->out, at->out_bias, h, work->row);
    drop(net, dropout, dropout->hidden, gs_net_site(l, GS_SITE_ATTENTION), work->row, t * h);
    net->rows->norm(x, work->row, t, h, net->values + at->gamma1, net->values + at->beta1,
                    net->shape.eps, kept->hat1, kept->rstd1, kept->y); /* y [t][h] */
    linear(net, kept->y, t, h, at->up, at->up_bias, inner, kept->slope);
    net->rows->activate(kept->slope, kept->wide, t * inner, net->shape.activation); /* [t][i] */
    linear(net, kept->wide, t, inner, at->down, at->down_bias, h, work->row);
    drop(net, dropout, dropout->hidden, gs_net_site(l, GS_SITE_FEED), work->row, t * h);
    net->rows->norm(kept->y, work->row, t, h, net->values + at->gamma2, net->values + at->beta2,
                    net->shape.eps, kept->hat2, kept->rstd2, kept->x); /* x [t][h] */
}

const gs_real *gs_net_forward(const struct gs_net *net, struct gs_net_workspace *work,
                              const struct gs_net_batch *batch,
                              const struct gs_net_dropout *dropout)
{
    const gs_real *x = work->x0;

    embed(net, work, batch, dropout);
    for (size_t l = 0; l < net->shape.layers; l++) {
        run_layer(net, work, l, x, batch, dropout);
        x = work->layers[l].x;
    }
    gs_net_pool(net, work, x, batch, dropout);
    return work->logits;
}
