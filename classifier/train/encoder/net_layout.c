/* Lays out where each trained number lies. */
#include "classifier/train/encoder/net.h"

#include <stdlib.h>

enum { SPANS_BEFORE = 4, SPANS_A_LAYER = 12, SPANS_BEHIND = 4 };

static size_t take(struct gs_net_layout *layout, size_t n, size_t depth, bool decays)
{
    const size_t at = layout->n;
    layout->spans[layout->n_spans++] = (struct gs_net_span){at, n, depth, decays};
    layout->n += n;
    return at;
}

static struct gs_net_layer_at take_layer(struct gs_net_layout *layout, size_t h, size_t inner,
                                         size_t depth)
{
    struct gs_net_layer_at at;
    at.qkv = take(layout, 3 * h * h, depth, true);
    at.qkv_bias = take(layout, 3 * h, depth, false);
    at.out = take(layout, h * h, depth, true);
    at.out_bias = take(layout, h, depth, false);
    at.gamma1 = take(layout, h, depth, false);
    at.beta1 = take(layout, h, depth, false);
    at.up = take(layout, inner * h, depth, true);
    at.up_bias = take(layout, inner, depth, false);
    at.down = take(layout, h * inner, depth, true);
    at.down_bias = take(layout, h, depth, false);
    at.gamma2 = take(layout, h, depth, false);
    at.beta2 = take(layout, h, depth, false);
    return at;
}

enum gs_status gs_net_layout_init(const struct gs_net_shape *shape, struct gs_net_layout *ret,
                                  struct gs_error *err)
{
    const size_t h = shape->hidden;
    struct gs_net_layout layout = {
        .layers = calloc(shape->layers + 1, sizeof *layout.layers),
        .spans = calloc(SPANS_BEFORE + shape->layers * SPANS_A_LAYER + SPANS_BEHIND,
                        sizeof *layout.spans),
        .pooled = shape->pooling == GS_NET_CLS_MEAN ? 2 * h : h,
    };

    if (layout.layers == NULL || layout.spans == NULL) {
        gs_net_layout_done(&layout);
        return gs_fail(err, GS_NO_MEMORY, "layout of %zu layers", shape->layers);
    }
    layout.positions = take(&layout, shape->positions * h, 0, true);
    layout.type0 = take(&layout, shape->types > 0 ? h : 0, 0, true);
    layout.gamma = take(&layout, h, 0, false);
    layout.beta = take(&layout, h, 0, false);
    for (size_t l = 0; l < shape->layers; l++) {
        layout.layers[l] = take_layer(&layout, h, shape->inner, l + 1);
    }
    const size_t top = shape->layers + 1;
    const bool dense = shape->pooling == GS_NET_DENSE;
    layout.dense = take(&layout, dense ? h * h : 0, top, true);
    layout.dense_bias = take(&layout, dense ? h : 0, top, false);
    layout.out = take(&layout, shape->n_out * layout.pooled, top, true);
    layout.out_bias = take(&layout, shape->n_out, top, false);
    *ret = layout;
    return GS_OK;
}

void gs_net_layout_done(struct gs_net_layout *layout)
{
    free(layout->layers);
    free(layout->spans);
    *layout = (struct gs_net_layout){0};
}
