/* One step of AdamW. The array is cut into blocks of 65,536 numbers, the words' rows are one part
 * more, and threads take parts: each sums the shards' gradients in the shards' order and leaves a
 * sum of squares. The squares are added up in the order of the parts, so the norm, and with it
 * clipping, is the same to the bit whatever the number of threads. Then the parts are stepped. */
#include "classifier/train/encoder/optimizer.h"

#include "classifier/train/encoder/parallel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 16 };

/* All parts of a step see these. */
struct run {
    struct gs_optimizer *o;
    const struct gs_optimizer_step *step;
    double scale; /* clipping */
    double ema;   /* this step's decay */
};

static size_t count_blocks(const struct gs_net_layout *layout, size_t frozen)
{
    size_t n = 0;
    for (size_t s = 0; s < layout->n_spans; s++) {
        n += layout->spans[s].depth >= frozen ? (layout->spans[s].n + BLOCK - 1) / BLOCK : 0;
    }
    return n;
}

static double scale_of(const struct gs_optimizer *o, size_t depth)
{
    const size_t layers = o->net->shape.layers;
    return depth > layers ? 1.0 : pow(o->options.layer_decay, (double)(layers - depth));
}

static void cut_blocks(struct gs_optimizer *o)
{
    const struct gs_net_layout *layout = &o->net->layout;

    for (size_t s = 0; s < layout->n_spans; s++) {
        const struct gs_net_span *span = &layout->spans[s];
        for (size_t at = 0; at < span->n && span->depth >= o->options.frozen; at += BLOCK) {
            o->blocks[o->n_blocks++] = (struct gs_optimizer_block){
                .from = span->from + at,
                .n = span->n - at < BLOCK ? span->n - at : BLOCK,
                .lr_scale = scale_of(o, span->depth),
                .decays = span->decays,
                .head = span->depth > o->net->shape.layers,
            };
        }
    }
    o->words_scale = o->options.frozen > 0 ? 0.0 : scale_of(o, 0);
}

size_t gs_optimizer_bytes(const struct gs_net_shape *shape, const struct gs_net_layout *layout,
                          bool ema)
{
    const size_t all = layout->n + shape->vocab * shape->hidden;
    return all * (ema ? 3 : 2) * sizeof(gs_real) + (ema ? shape->vocab * sizeof(double) : 0);
}

enum gs_status gs_optimizer_init(struct gs_optimizer *o, const struct gs_optimizer_options *options,
                                 struct gs_net *net, size_t n_threads, struct gs_error *err)
{
    const size_t n = net->layout.n;
    const size_t n_words = net->shape.vocab * net->shape.hidden;

    *o = (struct gs_optimizer){.options = *options, .net = net, .n_threads = n_threads};
    const size_t n_blocks = count_blocks(&net->layout, options->frozen);
    o->blocks = calloc(n_blocks + 1, sizeof *o->blocks);
    o->sums = calloc(n_blocks + 1, sizeof *o->sums);
    o->m = calloc(n, sizeof *o->m);
    o->v = calloc(n, sizeof *o->v);
    o->m_words = calloc(n_words, sizeof *o->m_words);
    o->v_words = calloc(n_words, sizeof *o->v_words);
    bool good = o->blocks != NULL && o->sums != NULL && o->m != NULL && o->v != NULL &&
                o->m_words != NULL && o->v_words != NULL;
    if (options->ema > 0.0) {
        o->ema = malloc(n * sizeof *o->ema);
        o->ema_words = malloc(n_words * sizeof *o->ema_words);
        o->ema_at = calloc(net->shape.vocab, sizeof *o->ema_at);
        good = good && o->ema != NULL && o->ema_words != NULL && o->ema_at != NULL;
    }
    if (!good) {
        gs_optimizer_done(o);
        return gs_fail(err, GS_NO_MEMORY, "optimizer: moments of %zu numbers", n + n_words);
    }
    if (o->ema != NULL) {
        memcpy(o->ema, net->values, n * sizeof *o->ema);
        memcpy(o->ema_words, net->words, n_words * sizeof *o->ema_words);
    }
    cut_blocks(o);
    return GS_OK;
}

void gs_optimizer_done(struct gs_optimizer *o)
{
    free(o->blocks);
    free(o->sums);
    free(o->m);
    free(o->v);
    free(o->m_words);
    free(o->v_words);
    free(o->ema);
    free(o->ema_words);
    free(o->ema_at);
    *o = (struct gs_optimizer){0};
}

/* ---- the gradient: sum over shards in their order, and its length ---- */

static void sum_block(void *arg, size_t part)
{
    const struct run *run = arg;
    const struct gs_net_rows *rows = run->o->net->rows;
    const struct gs_net_grads *grads = run->step->grads;

    if (part == run->o->n_blocks) {
        const size_t n = run->step->n_touched * run->o->net->shape.hidden;
        for (size_t s = 1; s < run->step->n_shards; s++) {
            rows->add(grads[0].words, grads[s].words, n);
        }
        run->o->sums[part] = rows->square_sum(grads[0].words, n);
        return;
    }
    const struct gs_optimizer_block *block = &run->o->blocks[part];
    gs_real *sum = grads[0].values + block->from;
    for (size_t s = 1; s < run->step->n_shards; s++) {
        rows->add(sum, grads[s].values + block->from, block->n);
    }
    run->o->sums[part] = rows->square_sum(sum, block->n);
}

/* ---- the step ---- */

static struct gs_adam_step adam_of(const struct run *run, double lr, bool decays)
{
    const struct gs_optimizer_options *options = &run->o->options;
    const double t = (double)run->o->step;
    return (struct gs_adam_step){
        .lr = (float)(lr * run->step->lr_share),
        .beta1 = (float)options->beta1,
        .beta2 = (float)options->beta2,
        .eps = (float)options->eps,
        .decay = decays ? (float)options->decay : 0.0F,
        .fix1 = (float)(1.0 / (1.0 - pow(options->beta1, t))),
        .fix2 = (float)(1.0 / (1.0 - pow(options->beta2, t))),
        .scale = (float)run->scale,
    };
}

static void average(gs_real *ema, const gs_real *w, size_t n, double decay)
{
    const gs_real keep = (gs_real)decay;
    for (size_t i = 0; i < n; i++) {
        ema[i] = w[i] + (ema[i] - w[i]) * keep;
    }
}

static void step_words(const struct run *run)
{
    struct gs_optimizer *o = run->o;
    const size_t h = o->net->shape.hidden;
    const struct gs_adam_step adam = adam_of(run, o->options.lr * o->words_scale, true);

    for (size_t i = 0; i < run->step->n_touched && o->words_scale > 0.0; i++) {
        const size_t word = (size_t)run->step->touched[i];
        gs_real *w = o->net->words + word * h;
        if (o->ema != NULL) { /* o->ema_log is the one before this step */
            average(o->ema_words + word * h, w, h, exp(o->ema_log - o->ema_at[word]));
        }
        o->net->rows->adam(&adam, w, run->step->grads[0].words + i * h, o->m_words + word * h,
                           o->v_words + word * h, h);
        if (o->ema != NULL) {
            average(o->ema_words + word * h, w, h, run->ema);
            o->ema_at[word] = o->ema_log + log(run->ema);
        }
    }
}

static void step_block(void *arg, size_t part)
{
    const struct run *run = arg;
    struct gs_optimizer *o = run->o;

    if (part == o->n_blocks) {
        step_words(run);
        return;
    }
    const struct gs_optimizer_block *block = &o->blocks[part];
    const double lr = block->head ? o->options.head_lr : o->options.lr * block->lr_scale;
    const struct gs_adam_step adam = adam_of(run, lr, block->decays);
    o->net->rows->adam(&adam, o->net->values + block->from,
                       run->step->grads[0].values + block->from, o->m + block->from,
                       o->v + block->from, block->n);
    if (o->ema != NULL) {
        average(o->ema + block->from, o->net->values + block->from, block->n, run->ema);
    }
}

double gs_optimizer_run(struct gs_optimizer *o, const struct gs_optimizer_step *step)
{
    struct run run = {o, step, 1.0, 1.0};
    double square = 0.0;

    gs_parallel(o->n_threads, o->n_blocks + 1, sum_block, &run);
    for (size_t b = 0; b <= o->n_blocks; b++) {
        square += o->sums[b];
    }
    const double length = sqrt(square);
    if (!isfinite(length)) {
        return length;
    }
    if (o->options.clip > 0.0 && length > o->options.clip) {
        run.scale = o->options.clip / length;
    }
    o->step++;
    /* young averages forget faster, or the first weights would weigh for long */
    const double young = (1.0 + (double)o->step) / (10.0 + (double)o->step);
    run.ema = o->options.ema < young ? o->options.ema : young;
    gs_parallel(o->n_threads, o->n_blocks + 1, step_block, &run);
    if (o->ema != NULL) {
        o->ema_log += log(run.ema);
    }
    return length;
}

void gs_optimizer_settle(struct gs_optimizer *o)
{
    const size_t h = o->net->shape.hidden;

    for (size_t word = 0; o->ema != NULL && word < o->net->shape.vocab; word++) {
        const double keep = exp(o->ema_log - o->ema_at[word]);
        average(o->ema_words + word * h, o->net->words + word * h, h, keep);
        o->ema_at[word] = o->ema_log;
    }
}

double gs_schedule(uint64_t step, uint64_t n, double warm_up, bool cosine)
{
    const double rising = warm_up * (double)n;
    const double at = (double)step;

    if (at + 1.0 < rising) {
        return (at + 1.0) / rising;
    }
    const double left = ((double)n - at) / ((double)n - rising + 1.0);
    const double share = left < 0.0 ? 0.0 : left > 1.0 ? 1.0 : left;
    return cosine ? 0.5 - 0.5 * cos(3.14159265358979323846 * share) : share;
}
