/* The plan of a fine-tuning, and its memory. */
#include "classifier/encoder/blas.h"
#include "classifier/train/encoder/tune_internal.h"
#include "classifier/train/encoder/tune_order.h"

#include <stdlib.h>
#include <string.h>

/* Forwards one multiplication for each weight and token, backwards two. */
static void count_macs(const struct gs_net_shape *s, size_t frozen, struct gs_tune_plan *plan)
{
    const double layer = (double)s->hidden * (4.0 * (double)s->hidden + 2.0 * (double)s->inner);
    const double trained =
        frozen > s->layers ? 0.0 : (double)s->layers - (frozen > 0 ? (double)frozen - 1.0 : 0.0);

    plan->macs_a_token = layer * ((double)s->layers + 2.0 * trained);
    plan->macs_a_pair = 2.0 * (double)s->hidden * ((double)s->layers + 2.0 * trained);
}

static size_t frozen_depth(const struct gs_tune_options *options)
{
    return options->frozen_layers == GS_TUNE_FREEZE_NONE ? 0 : options->frozen_layers + 1;
}

static struct gs_step_options step_options(const struct gs_tuner *t)
{
    const struct gs_tune_options *o = &t->options;
    struct gs_step_options step = {.n_shards = o->shards,
                                   .n_threads = o->threads,
                                   .max_tokens = o->batch_tokens,
                                   .max_rows = o->batch,
                                   .frozen = frozen_depth(o),
                                   .dropout = o->dropout,
                                   .targets = o->targets,
                                   .r_drop = o->r_drop};
    if (step.max_tokens < 2 * t->data->longest) {
        step.max_tokens = 2 * t->data->longest;
    }
    step.dropout.seed = o->seed;
    return step;
}

static size_t bytes_of(const struct gs_tuner *t, const struct gs_net_shape *shape,
                       const struct gs_net_layout *layout)
{
    const struct gs_step_options step = step_options(t);
    const size_t weights = (layout->n + shape->vocab * shape->hidden) * sizeof(float);

    /* weights, the best ones, and while loading the file's; then the rest */
    return 2 * weights + gs_stepper_bytes(shape, layout, &step, t->data->longest) +
           gs_optimizer_bytes(shape, layout, t->options.optimizer.ema > 0.0) +
           t->plan.n_valid * shape->n_out * sizeof(float) +
           (t->data->n_ids + gs_tune_order_most(t->data)) * sizeof(int32_t) +
           t->data->n_rows * sizeof *t->data->rows;
}

/* Refuses rows that the base could not read. */
static enum gs_status check_rows(const struct gs_tuner *t, struct gs_error *err)
{
    const struct gs_encoder_config *config = &t->base->config;

    if (t->data->longest > config->max_tokens) {
        return gs_fail(err, GS_BAD_CONFIG, "a row of %zu tokens: %s reads %zu", t->data->longest,
                       t->options.base, config->max_tokens);
    }
    for (size_t i = 0; i < t->data->n_ids; i++) {
        if (t->data->ids[i] < 0 || (size_t)t->data->ids[i] >= config->vocab) {
            return gs_fail(err, GS_BAD_FORMAT,
                           "%s: id %d of the tokenizer is not in config.json's vocabulary of %zu",
                           t->options.base, (int)t->data->ids[i], config->vocab);
        }
    }
    return GS_OK;
}

static enum gs_status plan_run(struct gs_tuner *t, struct gs_error *err)
{
    const struct gs_net *net = &t->base->net;
    struct gs_tune_plan *plan = &t->plan;

    for (size_t i = 0; i < t->data->n_rows; i++) {
        plan->n_valid += t->data->rows[i].valid;
    }
    t->order = malloc(gs_tune_order_most(t->data) * sizeof *t->order);
    t->valid = malloc((plan->n_valid + 1) * sizeof *t->valid);
    if (t->order == NULL || t->valid == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "order of %zu rows", t->data->n_rows);
    }
    plan->n_valid = 0;
    for (size_t i = 0; i < t->data->n_rows; i++) {
        if (t->data->rows[i].valid) {
            t->valid[plan->n_valid++] = (uint32_t)i;
        }
    }
    plan->n_train = gs_tune_order(t->data, t->options.seed, 0, t->options.batch, 0, t->order);
    plan->steps = (plan->n_train + t->options.batch - 1) / t->options.batch;
    plan->n_out = net->shape.n_out;
    plan->n_kept = t->base->n_kept_labels;
    plan->n_parameters = net->layout.n + net->shape.vocab * net->shape.hidden;
    plan->bytes = bytes_of(t, &net->shape, &net->layout);
    count_macs(&net->shape, frozen_depth(&t->options), plan);
    if (plan->n_train == 0) {
        return gs_fail(err, GS_BAD_CONFIG, "the sets' weights leave no row to train on");
    }
    if (t->options.max_bytes > 0 && plan->bytes > t->options.max_bytes) {
        return gs_fail(err, GS_NO_MEMORY,
                       "this training takes %.0f MB, and %.0f MB are free: fewer --batch-tokens, "
                       "--layers or --threads, or a smaller base take less",
                       (double)plan->bytes / 1e6, (double)t->options.max_bytes / 1e6);
    }
    return GS_OK;
}

/* Data and options that decide on the numbers; threads and paths do not. */
static uint64_t fingerprint(const struct gs_tuner *t)
{
    struct gs_tune_options o = t->options;
    const struct gs_tune_data *d = t->data;
    uint64_t hash = gs_checkpoint_hash(0, t->base->sha256, sizeof t->base->sha256);
    const double numbers[] = {(double)o.seed,
                              (double)o.epochs,
                              (double)o.batch,
                              (double)o.shards,
                              (double)o.batch_tokens,
                              (double)o.layers,
                              (double)o.frozen_layers,
                              (double)o.bucket,
                              (double)o.pooling,
                              o.optimizer.lr,
                              o.optimizer.head_lr,
                              o.optimizer.beta1,
                              o.optimizer.beta2,
                              o.optimizer.eps,
                              o.optimizer.decay,
                              o.optimizer.clip,
                              o.optimizer.layer_decay,
                              o.optimizer.ema,
                              o.dropout.hidden,
                              o.dropout.attention,
                              o.dropout.pooled,
                              o.targets.smoothing,
                              o.targets.temperature,
                              o.targets.teacher,
                              (double)o.targets.balanced,
                              o.targets.factors[0],
                              o.targets.factors[1],
                              o.targets.factors[2],
                              o.r_drop,
                              o.warm_up,
                              (double)o.cosine};
    hash = gs_checkpoint_hash(hash, numbers, sizeof numbers);
    hash = gs_checkpoint_hash(hash, d->ids, d->n_ids * sizeof *d->ids);
    hash = gs_checkpoint_hash(hash, d->teachers, d->n_teachers * sizeof *d->teachers);
    for (size_t i = 0; i < d->n_rows; i++) {
        const struct gs_tune_row *row = &d->rows[i];
        const uint64_t values[] = {row->n,         row->set,       row->lang,
                                   row->binary,    row->valid,     (uint64_t)row->sentiment,
                                   row->labels[1], row->labels[2], row->has[1],
                                   row->has[2]};
        hash = gs_checkpoint_hash(hash, values, sizeof values);
    }
    for (size_t i = 0; i < d->n_sets; i++) {
        hash = gs_checkpoint_hash(hash, &d->sets[i].weight, sizeof d->sets[i].weight);
    }
    return hash;
}

static enum gs_status take_memory(struct gs_tuner *t, struct gs_error *err)
{
    struct gs_net *net = &t->base->net;
    const struct gs_step_options step = step_options(t);
    const size_t n_words = net->shape.vocab * net->shape.hidden;

    t->options.optimizer.frozen = step.frozen;
    t->best_values = calloc(net->layout.n, sizeof *t->best_values);
    t->best_words = calloc(n_words, sizeof *t->best_words);
    t->logits = calloc(t->plan.n_valid * net->shape.n_out + 1, sizeof *t->logits);
    if (t->best_values == NULL || t->best_words == NULL || t->logits == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "a copy of the weights");
    }
    const enum gs_status status = gs_stepper_new(net, t->data, &step, &t->stepper, err);
    return status == GS_OK ? gs_optimizer_init(&t->optimizer, &t->options.optimizer, net,
                                               t->options.threads, err)
                           : status;
}

enum gs_status gs_tuner_new(const struct gs_tune_options *options, const struct gs_tune_data *data,
                            struct gs_tuner **ret, struct gs_error *err)
{
    struct gs_loss loss;
    struct gs_tuner *t = calloc(1, sizeof *t);

    if (t == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "training");
    }
    t->options = *options;
    t->data = data;
    gs_tune_loss(data, &options->targets, &loss);
    const struct gs_pretrained_options base = {.dir = options->base,
                                               .layers = options->layers,
                                               .pooling = options->pooling,
                                               .n_out = loss.n_out,
                                               .seed = options->seed,
                                               .data = data};
    enum gs_status status = gs_blas_init(err);
    if (status == GS_OK) {
        status = gs_pretrained_load(&base, &t->base, err);
    }
    if (status == GS_OK && options->frozen_layers == GS_TUNE_FREEZE_ALL) {
        t->options.frozen_layers = t->base->net.shape.layers;
    } else if (status == GS_OK && options->frozen_layers != GS_TUNE_FREEZE_NONE &&
               options->frozen_layers > t->base->net.shape.layers) {
        status = gs_fail(err, GS_BAD_CONFIG, "%s: has %zu layers, %zu cannot be frozen",
                         options->base, t->base->net.shape.layers, options->frozen_layers);
    }
    if (status == GS_OK) {
        status = check_rows(t, err);
    }
    if (status == GS_OK) {
        status = plan_run(t, err);
    }
    if (status == GS_OK) {
        status = take_memory(t, err);
    }
    if (status != GS_OK) {
        gs_tuner_free(t);
        return status;
    }
    t->fingerprint = fingerprint(t);
    *ret = t;
    return GS_OK;
}

void gs_tuner_free(struct gs_tuner *t)
{
    if (t != NULL) {
        gs_optimizer_done(&t->optimizer);
        gs_stepper_free(t->stepper);
        gs_pretrained_free(t->base);
        free(t->order);
        free(t->valid);
        free(t->logits);
        free(t->best_values);
        free(t->best_words);
        free(t);
    }
}

const struct gs_tune_plan *gs_tuner_plan(const struct gs_tuner *t)
{
    return &t->plan;
}
