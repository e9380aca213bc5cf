/* A step's rows are sorted by length and dealt to the shards back and forth, so that shards get
 * about the same number of tokens. A shard has a workspace and gradients of its own, and fills
 * batches of at most max_tokens until its rows are used up. Words get a row of the gradient only
 * if the step has them. */
#include "classifier/train/encoder/tune_step.h"

#include "classifier/train/encoder/parallel.h"

#include <stdlib.h>
#include <string.h>

/* A thread works with one of these at a time. */
struct shard {
    struct gs_net_workspace *work;
    int32_t *ids;    /* [max_tokens] */
    uint32_t *slots; /* [max_tokens] */
    size_t starts[GS_STEP_MESSAGES + 1];
    struct gs_loss_row rows[GS_STEP_MESSAGES];
    gs_real *targets, *weights, *d_logits; /* [GS_STEP_MESSAGES][n_out] */
    uint32_t *mine;                        /* [max_rows] rows of the step, by their place in it */
    size_t n_mine;
    double loss, parts[GS_LOSS_MAX_HEADS];
    size_t n_tokens, n_pairs;
};

struct gs_stepper {
    const struct gs_net *net;
    const struct gs_tune_data *data;
    struct gs_step_options options;
    struct gs_loss loss;
    float class_weights[GS_LOSS_MAX_OUT];
    struct shard *shards;       /* [n_shards] */
    struct gs_net_grads *grads; /* [n_shards] */
    int32_t *slot_of;           /* [vocab] -1, or the word's row in the gradient of this step */
    int32_t *touched;           /* [max_touched] */
    size_t n_touched, max_touched;
    uint32_t *order; /* [max_rows] */
    /* of the call in progress */
    const uint32_t *rows;
    double norms[GS_LOSS_MAX_HEADS]; /* 1 / weight of all rows that know the head */
    uint64_t number;
    const struct gs_net *answers; /* the network that predicts */
    float *ret;
};

static size_t touched_most(const struct gs_net_shape *shape, const struct gs_step_options *o,
                           size_t longest)
{
    const size_t most = o->max_rows * longest;
    return most < shape->vocab ? most : shape->vocab;
}

size_t gs_stepper_bytes(const struct gs_net_shape *shape, const struct gs_net_layout *layout,
                        const struct gs_step_options *o, size_t longest)
{
    const size_t work = gs_net_workspace_bytes(shape, o->max_tokens, GS_STEP_MESSAGES, longest);
    const size_t words = o->frozen > 0 ? 0 : touched_most(shape, o, longest) * shape->hidden;
    return o->n_shards * (work + (layout->n + words) * sizeof(gs_real) + sizeof(struct shard)) +
           shape->vocab * sizeof(int32_t);
}

static enum gs_status shard_init(struct gs_stepper *s, size_t i, struct gs_error *err)
{
    struct shard *shard = &s->shards[i];
    struct gs_net_grads *grads = &s->grads[i];
    const struct gs_step_options *o = &s->options;
    const size_t n = (size_t)GS_STEP_MESSAGES * s->loss.n_out;
    const size_t words = o->frozen > 0 ? 0 : s->max_touched * s->net->shape.hidden;

    shard->ids = calloc(o->max_tokens, sizeof *shard->ids);
    shard->slots = calloc(o->max_tokens, sizeof *shard->slots);
    shard->targets = calloc(n, sizeof *shard->targets);
    shard->weights = calloc(n, sizeof *shard->weights);
    shard->d_logits = calloc(n, sizeof *shard->d_logits);
    shard->mine = calloc(2 * o->max_rows, sizeof *shard->mine);
    grads->values = calloc(s->net->layout.n, sizeof *grads->values);
    grads->words = calloc(words + 1, sizeof *grads->words);
    if (shard->ids == NULL || shard->slots == NULL || shard->targets == NULL ||
        shard->weights == NULL || shard->d_logits == NULL || shard->mine == NULL ||
        grads->values == NULL || grads->words == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "training: shard %zu", i);
    }
    return gs_net_workspace_new(&s->net->shape, o->max_tokens, GS_STEP_MESSAGES, s->data->longest,
                                &shard->work, err);
}

enum gs_status gs_stepper_new(const struct gs_net *net, const struct gs_tune_data *data,
                              const struct gs_step_options *options, struct gs_stepper **ret,
                              struct gs_error *err)
{
    struct gs_stepper *s = calloc(1, sizeof *s);

    if (s == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "training");
    }
    s->net = net;
    s->data = data;
    s->options = *options;
    gs_tune_loss(data, &options->targets, &s->loss);
    s->loss.r_drop = options->r_drop;
    gs_tune_class_weights(data, options->targets.balanced, s->class_weights);
    s->max_touched = touched_most(&net->shape, options, data->longest);
    s->shards = calloc(options->n_shards, sizeof *s->shards);
    s->grads = calloc(options->n_shards, sizeof *s->grads);
    s->slot_of = malloc(net->shape.vocab * sizeof *s->slot_of);
    s->touched = calloc(s->max_touched, sizeof *s->touched);
    s->order = calloc(options->max_rows, sizeof *s->order);
    if (s->shards == NULL || s->grads == NULL || s->slot_of == NULL || s->touched == NULL ||
        s->order == NULL) {
        gs_stepper_free(s);
        return gs_fail(err, GS_NO_MEMORY, "training");
    }
    memset(s->slot_of, 0xFF, net->shape.vocab * sizeof *s->slot_of);
    enum gs_status status = GS_OK;
    for (size_t i = 0; i < options->n_shards && status == GS_OK; i++) {
        status = shard_init(s, i, err);
    }
    if (status != GS_OK) {
        gs_stepper_free(s);
        return status;
    }
    *ret = s;
    return GS_OK;
}

void gs_stepper_free(struct gs_stepper *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < s->options.n_shards && s->shards != NULL && s->grads != NULL; i++) {
        struct shard *shard = &s->shards[i];
        gs_net_workspace_free(shard->work);
        free(shard->ids);
        free(shard->slots);
        free(shard->targets);
        free(shard->weights);
        free(shard->d_logits);
        free(shard->mine);
        free(s->grads[i].values);
        free(s->grads[i].words);
    }
    free(s->shards);
    free(s->grads);
    free(s->slot_of);
    free(s->touched);
    free(s->order);
    free(s);
}

const struct gs_loss *gs_stepper_loss(const struct gs_stepper *s)
{
    return &s->loss;
}

/* ---- who computes what ---- */

static uint32_t length_of(const struct gs_stepper *s, uint32_t row)
{
    return s->data->rows[row].n;
}

/* order := places of the step's rows, longest first, equals as they came. Lengths are small
 * numbers, so they are counted. */
static void by_length(struct gs_stepper *s, const uint32_t *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) { /* insertion: a step has few rows, mostly in order of length */
        const uint32_t place = (uint32_t)i;
        size_t at = i;
        while (at > 0 && length_of(s, rows[s->order[at - 1]]) < length_of(s, rows[place])) {
            s->order[at] = s->order[at - 1];
            at--;
        }
        s->order[at] = place;
    }
}

/* Dealt back and forth, so that shards get about the same number of tokens. */
static void deal(struct gs_stepper *s, const uint32_t *rows, size_t n, bool twice)
{
    const size_t shards = s->options.n_shards > 0 ? s->options.n_shards : 1;

    by_length(s, rows, n);
    for (size_t i = 0; i < shards; i++) {
        s->shards[i].n_mine = 0;
    }
    for (size_t i = 0; i < n; i++) {
        const size_t round = i / shards;
        const size_t at = round % 2 == 0 ? i % shards : shards - 1 - i % shards;
        struct shard *shard = &s->shards[at];
        shard->mine[shard->n_mine++] = s->order[i];
        if (twice) {
            shard->mine[shard->n_mine++] = s->order[i];
        }
    }
}

static void give_slots(struct gs_stepper *s, const uint32_t *rows, size_t n)
{
    for (size_t i = 0; i < s->n_touched; i++) {
        s->slot_of[s->touched[i]] = -1;
    }
    s->n_touched = 0;
    for (size_t i = 0; i < n; i++) {
        const struct gs_tune_row *row = &s->data->rows[rows[i]];
        for (size_t t = 0; t < row->n; t++) {
            const int32_t id = s->data->ids[row->at + t];
            if (s->slot_of[id] < 0) {
                s->slot_of[id] = (int32_t)s->n_touched;
                s->touched[s->n_touched++] = id;
            }
        }
    }
}

/* As many of the shard's rows from *next on as fit a batch. */
static struct gs_net_batch fill(const struct gs_stepper *s, struct shard *shard, size_t *next,
                                size_t together)
{
    size_t n = 0;
    size_t at = 0;

    shard->starts[0] = 0;
    while (*next < shard->n_mine && n + together <= GS_STEP_MESSAGES) {
        const uint32_t length = length_of(s, s->rows[shard->mine[*next]]);
        if (at + together * length > s->options.max_tokens) {
            break;
        }
        for (size_t i = 0; i < together; i++, n++, (*next)++) {
            const struct gs_tune_row *row = &s->data->rows[s->rows[shard->mine[*next]]];
            for (size_t t = 0; t < row->n; t++, at++) {
                shard->ids[at] = s->data->ids[row->at + t];
                const int32_t slot = s->slot_of[shard->ids[at]];
                shard->slots[at] = slot < 0 ? 0 : (uint32_t)slot;
            }
            shard->starts[n + 1] = at;
            shard->n_pairs += (size_t)row->n * row->n;
        }
    }
    shard->n_tokens += at;
    return (struct gs_net_batch){shard->ids, shard->slots, shard->starts, n};
}

static void set_rows(const struct gs_stepper *s, struct shard *shard, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct gs_tune_row *row = &s->data->rows[s->rows[shard->mine[first + i]]];
        gs_tune_row_targets(s->data, &s->loss, &s->options.targets, s->class_weights, row,
                            shard->targets + i * s->loss.n_out, shard->weights + i * s->loss.n_out,
                            &shard->rows[i]);
        for (size_t h = 0; h < s->loss.n_heads; h++) {
            shard->rows[i].weight[h] *= s->norms[h];
        }
    }
}

static void run_shard(void *arg, size_t part)
{
    struct gs_stepper *s = arg;
    struct shard *shard = &s->shards[part];
    struct gs_net_grads *grads = &s->grads[part];
    const size_t together = s->loss.r_drop > 0.0 ? 2 : 1;
    struct gs_net_dropout dropout = s->options.dropout;
    uint64_t batch_number = 0;

    shard->loss = 0.0;
    shard->n_tokens = shard->n_pairs = 0;
    memset(shard->parts, 0, sizeof shard->parts);
    memset(grads->values, 0, s->net->layout.n * sizeof *grads->values);
    if (s->options.frozen == 0) {
        memset(grads->words, 0, s->n_touched * s->net->shape.hidden * sizeof *grads->words);
    }
    for (size_t next = 0; next < shard->n_mine; batch_number++) {
        const size_t first = next;
        const struct gs_net_batch batch = fill(s, shard, &next, together);
        dropout.stream = s->number << 24 | (uint64_t)part << 16 | batch_number;
        set_rows(s, shard, first, batch.n);
        const gs_real *logits = gs_net_forward(s->net, shard->work, &batch, &dropout);
        shard->loss +=
            gs_loss_run(&s->loss, shard->rows, batch.n, logits, shard->d_logits, shard->parts);
        gs_net_backward(s->net, shard->work, &batch, &dropout, shard->d_logits, s->options.frozen,
                        grads);
    }
}

/* Each head counts the mean over the rows that know it. */
static void set_norms(struct gs_stepper *s, const uint32_t *rows, size_t n, size_t together)
{
    double sums[GS_LOSS_MAX_HEADS] = {0};
    gs_real targets[GS_LOSS_MAX_OUT];
    gs_real weights[GS_LOSS_MAX_OUT];
    struct gs_loss_row row;

    for (size_t i = 0; i < n; i++) {
        gs_tune_row_targets(s->data, &s->loss, &s->options.targets, s->class_weights,
                            &s->data->rows[rows[i]], targets, weights, &row);
        for (size_t h = 0; h < s->loss.n_heads; h++) {
            sums[h] += row.weight[h];
        }
    }
    for (size_t h = 0; h < s->loss.n_heads; h++) {
        s->norms[h] = sums[h] > 0.0 ? 1.0 / (sums[h] * (double)together) : 0.0;
    }
}

void gs_stepper_run(struct gs_stepper *s, const uint32_t *rows, size_t n, uint64_t number,
                    struct gs_step_result *ret)
{
    const bool twice = s->loss.r_drop > 0.0;

    s->rows = rows;
    s->number = number;
    deal(s, rows, n, twice);
    give_slots(s, rows, n);
    set_norms(s, rows, n, twice ? 2 : 1);
    gs_parallel(s->options.n_threads, s->options.n_shards, run_shard, s);
    *ret = (struct gs_step_result){.grads = s->grads,
                                   .touched = s->touched,
                                   .n_touched = s->options.frozen > 0 ? 0 : s->n_touched};
    for (size_t i = 0; i < s->options.n_shards; i++) {
        ret->loss += s->shards[i].loss;
        ret->n_tokens += s->shards[i].n_tokens;
        ret->n_pairs += s->shards[i].n_pairs;
        for (size_t h = 0; h < s->loss.n_heads; h++) {
            ret->parts[h] += s->shards[i].parts[h];
        }
    }
}

/* ---- answers ---- */

static void predict_shard(void *arg, size_t part)
{
    struct gs_stepper *s = arg;
    struct shard *shard = &s->shards[part];
    const struct gs_net_dropout none = {0};

    for (size_t next = 0; next < shard->n_mine;) {
        const size_t first = next;
        const struct gs_net_batch batch = fill(s, shard, &next, 1);
        const gs_real *logits = gs_net_forward(s->answers, shard->work, &batch, &none);
        for (size_t i = 0; i < batch.n; i++) {
            memcpy(s->ret + shard->mine[first + i] * s->loss.n_out, logits + i * s->loss.n_out,
                   s->loss.n_out * sizeof *s->ret);
        }
    }
}

void gs_stepper_predict(struct gs_stepper *s, const struct gs_net *net, const uint32_t *rows,
                        size_t n, float *ret)
{
    for (size_t done = 0; done < n;) {
        const size_t now = n - done < s->options.max_rows ? n - done : s->options.max_rows;
        s->rows = rows + done;
        s->answers = net;
        s->ret = ret + done * s->loss.n_out;
        deal(s, rows + done, now, false);
        gs_parallel(s->options.n_threads, s->options.n_shards, predict_shard, s);
        done += now;
    }
}
