/* The way back: gradients of weights are added up, the gradient of the activations moves down from
 * layer to layer in d_x. t tokens, h hidden, i inner. */
#include "classifier/train/encoder/net_internal.h"

#include <string.h>

/* Of y = x w^T + bias: w's and bias' gradients, and d_x [t][k] = beta d_x + d_y w; d_x NULL: not
 * wanted. */
struct linear_back {
    size_t w, bias, n, k;
    const gs_real *x;   /* [t][k] */
    const gs_real *d_y; /* [t][n] */
    gs_real *d_x;
    gs_real beta;
};

static void linear_back(const struct gs_net *net, size_t t, const struct linear_back *of,
                        gs_real *grads)
{
    /* d_w [n][k] += d_y [t][n]^T x [t][k] */
    gs_gemm_tn(of->n, of->k, t, 1, (struct gs_cmat){of->d_y, of->n}, (struct gs_cmat){of->x, of->k},
               1, (struct gs_mat){grads + of->w, of->k});
    net->rows->sum_rows(of->d_y, t, of->n, grads + of->bias);
    if (of->d_x != NULL) {
        /* d_x [t][k] = d_y [t][n] w [n][k] */
        gs_gemm_nn(t, of->k, of->n, 1, (struct gs_cmat){of->d_y, of->n},
                   (struct gs_cmat){net->values + of->w, of->k}, of->beta,
                   (struct gs_mat){of->d_x, of->k});
    }
}

/* to = from with dropout's pattern of that site: its gradient. */
static void drop_to(const struct gs_net *net, const struct gs_net_dropout *dropout, size_t site,
                    const gs_real *from, gs_real *to, size_t n)
{
    const struct gs_noise noise = gs_net_noise(dropout, dropout->hidden, site);
    if (noise.rate > 0) {
        net->rows->drop(&noise, 0, from, to, n);
    } else if (from != to) {
        memcpy(to, from, n * sizeof *to);
    }
}

/* d_x of the layer's output becomes d_y, the gradient behind the first LayerNorm. */
static void feed_back(const struct gs_net *net, struct gs_net_workspace *work, size_t l, size_t t,
                      const struct gs_net_dropout *dropout, gs_real *grads)
{
    const struct gs_net_layer_at *at = &net->layout.layers[l];
    const struct gs_net_kept *kept = &work->layers[l];
    const size_t h = net->shape.hidden;
    const size_t inner = net->shape.inner;

    net->rows->norm_back(work->d_x, kept->hat2, kept->rstd2, t, h, net->values + at->gamma2,
                         work->d_y, grads + at->gamma2, grads + at->beta2);
    drop_to(net, dropout, gs_net_site(l, GS_SITE_FEED), work->d_y, work->row, t * h);
    const struct linear_back down = {at->down,  at->down_bias, h, inner, kept->wide,
                                     work->row, work->d_wide,  0};
    linear_back(net, t, &down, grads);
    net->rows->multiply(work->d_wide, kept->slope, t * inner);
    const struct linear_back up = {at->up,  at->up_bias,  inner,     h,
                                   kept->y, work->d_wide, work->d_y, 1};
    linear_back(net, t, &up, grads);
}

/* d_y becomes d_x, the gradient of the layer's input x; not where wanted is false. */
static void attention_back(const struct gs_net *net, struct gs_net_workspace *work, size_t l,
                           const struct gs_net_batch *batch, const struct gs_net_dropout *dropout,
                           bool wanted, gs_real *grads)
{
    const struct gs_net_layer_at *at = &net->layout.layers[l];
    const struct gs_net_kept *kept = &work->layers[l];
    const size_t h = net->shape.hidden;
    const size_t t = batch->starts[batch->n];
    const gs_real *x = l == 0 ? work->x0 : work->layers[l - 1].x;

    net->rows->norm_back(work->d_y, kept->hat1, kept->rstd1, t, h, net->values + at->gamma1,
                         work->d_x, grads + at->gamma1, grads + at->beta1);
    drop_to(net, dropout, gs_net_site(l, GS_SITE_ATTENTION), work->d_x, work->row, t * h);
    const struct linear_back out = {
        at->out,   at->out_bias, h,         h,
        kept->mix, work->row,    work->d_y, 0}; /* d_y is now the gradient of mix */
    linear_back(net, t, &out, grads);
    gs_net_attend_back(net, work, l, batch, dropout, work->d_y);
    const struct linear_back qkv = {
        at->qkv, at->qkv_bias, 3 * h, h, x, work->d_qkv, wanted ? work->d_x : NULL, 1};
    linear_back(net, t, &qkv, grads);
}

static void embed_back(const struct gs_net *net, struct gs_net_workspace *work,
                       const struct gs_net_batch *batch, const struct gs_net_dropout *dropout,
                       struct gs_net_grads *grads)
{
    const size_t h = net->shape.hidden;
    const size_t t = batch->starts[batch->n];
    const struct gs_net_layout *at = &net->layout;

    drop_to(net, dropout, GS_SITE_EMBED, work->d_x, work->d_x, t * h);
    net->rows->norm_back(work->d_x, work->hat0, work->rstd0, t, h, net->values + at->gamma,
                         work->d_y, grads->values + at->gamma, grads->values + at->beta);
    for (size_t i = 0; i < batch->n; i++) {
        size_t next = net->shape.first_position;
        for (size_t token = batch->starts[i]; token < batch->starts[i + 1]; token++) {
            const size_t position = gs_net_position(&net->shape, batch->ids[token], &next);
            const gs_real *d = work->d_y + token * h;
            net->rows->add(grads->words + (size_t)batch->slots[token] * h, d, h);
            net->rows->add(grads->values + at->positions + position * h, d, h);
        }
    }
    if (net->shape.types > 0) {
        net->rows->sum_rows(work->d_y, t, h, grads->values + at->type0);
    }
}

void gs_net_backward(const struct gs_net *net, struct gs_net_workspace *work,
                     const struct gs_net_batch *batch, const struct gs_net_dropout *dropout,
                     const gs_real *d_logits, size_t frozen, struct gs_net_grads *grads)
{
    const size_t t = batch->starts[batch->n];
    const size_t layers = net->shape.layers;

    gs_net_pool_back(net, work, d_logits, batch, dropout, grads->values);
    for (size_t l = layers; l-- > 0 && l + 1 >= frozen;) {
        feed_back(net, work, l, t, dropout, grads->values);
        attention_back(net, work, l, batch, dropout, l + 1 > frozen, grads->values);
    }
    if (frozen == 0) {
        embed_back(net, work, batch, dropout, grads);
    }
}
