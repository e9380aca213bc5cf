/* The course of a fine-tuning: epochs of steps, validation at the end of each, the best weights
 * kept, checkpoints in between. tune_new.c makes the run, tune_step.c computes gradients,
 * optimizer.c applies them. */
#include "classifier/train/encoder/tune.h"

#include "classifier/encoder/folder.h"
#include "classifier/train/encoder/checkpoint.h"
#include "classifier/train/encoder/parallel.h"
#include "classifier/train/encoder/tune_internal.h"
#include "classifier/train/encoder/tune_order.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double now_s(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

/* ---- checkpoints ---- */

enum { N_PARTS = 11 };

static void list_parts(struct gs_tuner *t, struct gs_checkpoint_part parts[N_PARTS])
{
    struct gs_optimizer *o = &t->optimizer;
    const size_t n = t->base->net.layout.n * sizeof(float);
    const size_t words = t->base->net.shape.vocab * t->base->net.shape.hidden * sizeof(float);
    const struct gs_checkpoint_part all[N_PARTS] = {
        {t->base->net.values, n},
        {t->base->net.words, words},
        {o->m, n},
        {o->v, n},
        {o->m_words, words},
        {o->v_words, words},
        {o->ema, n},
        {o->ema_words, words},
        {o->ema_at, t->base->net.shape.vocab * sizeof(double)},
        {t->best_values, n},
        {t->best_words, words},
    };
    memcpy(parts, all, sizeof all);
}

static bool save(struct gs_tuner *t, const struct gs_tune_events *events)
{
    struct gs_checkpoint_part parts[N_PARTS];
    struct gs_error why = {0};

    list_parts(t, parts);
    t->state.fingerprint = t->fingerprint;
    t->state.done = t->optimizer.step;
    t->state.ema_log = t->optimizer.ema_log;
    const enum gs_status status =
        gs_checkpoint_write(t->options.out, &t->state, parts, N_PARTS, &why);
    t->saved_s = now_s();
    if (status != GS_OK && events->warn != NULL) {
        char line[320];
        (void)snprintf(line, sizeof line, "no checkpoint: %s", why.message);
        events->warn(events->arg, line);
    }
    return status == GS_OK;
}

static enum gs_status resume(struct gs_tuner *t, struct gs_error *err)
{
    struct gs_checkpoint_part parts[N_PARTS];

    list_parts(t, parts);
    const enum gs_status status =
        gs_checkpoint_read(t->options.out, t->fingerprint, &t->state, parts, N_PARTS, err);
    if (status == GS_CLOSED) { /* none: from the beginning */
        t->state = (struct gs_checkpoint_state){.best = -1.0};
        return GS_OK;
    }
    t->optimizer.step = t->state.done;
    t->optimizer.ema_log = t->state.ema_log;
    return status;
}

/* ---- validation ---- */

/* The network with its averaged weights, where an average is kept. */
static struct gs_net averaged(struct gs_tuner *t)
{
    struct gs_net net = t->base->net;
    if (t->optimizer.ema != NULL) {
        gs_optimizer_settle(&t->optimizer);
        net.values = t->optimizer.ema;
        net.words = t->optimizer.ema_words;
    }
    return net;
}

static enum gs_status validate(struct gs_tuner *t, const struct gs_net *net,
                               struct gs_tune_calibration *calibration,
                               struct gs_tune_quality *quality, struct gs_error *err)
{
    const struct gs_tune_answers answers = {.data = t->data,
                                            .loss = gs_stepper_loss(t->stepper),
                                            .rows = t->valid,
                                            .n = t->plan.n_valid,
                                            .logits = t->logits};

    gs_stepper_predict(t->stepper, net, t->valid, t->plan.n_valid, t->logits);
    const enum gs_status status = gs_tune_calibrate(&answers, calibration, err);
    if (status == GS_OK) {
        gs_tune_measure(&answers, calibration, quality);
    }
    return status;
}

static enum gs_status end_epoch(struct gs_tuner *t, const struct gs_tune_events *events,
                                struct gs_error *err)
{
    const struct gs_net net = averaged(t);
    struct gs_tune_calibration calibration;
    struct gs_tune_epoch epoch = {.epoch = t->state.epoch,
                                  .loss = t->state.loss / (double)t->plan.steps};

    const enum gs_status status = validate(t, &net, &calibration, &epoch.quality, err);
    if (status != GS_OK) {
        return status;
    }
    /* without validation rows the last weights are the best ones */
    epoch.best = t->plan.n_valid == 0 || epoch.quality.figure > t->state.best;
    if (epoch.best) {
        t->state.best = epoch.quality.figure;
        t->state.best_epoch = t->state.epoch;
        t->state.worse = 0;
        memcpy(t->best_values, net.values, net.layout.n * sizeof *net.values);
        memcpy(t->best_words, net.words, net.shape.vocab * net.shape.hidden * sizeof *net.words);
    } else {
        t->state.worse++;
    }
    if (events->epoch != NULL) {
        events->epoch(events->arg, &epoch);
    }
    t->state.epoch++;
    t->state.step = 0;
    t->state.loss = 0.0;
    return GS_OK;
}

/* ---- steps ---- */

static enum gs_status one_step(struct gs_tuner *t, const struct gs_tune_events *events,
                               struct gs_error *err)
{
    const size_t at = t->state.step * t->options.batch;
    const size_t left = t->plan.n_train - at;
    const uint64_t number = t->state.epoch * t->plan.steps + t->state.step;
    const double began = now_s();
    const double cpu_began = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    struct gs_step_result result;

    gs_stepper_run(t->stepper, t->order + at, left < t->options.batch ? left : t->options.batch,
                   number, &result);
    const struct gs_optimizer_step step = {
        .lr_share = gs_schedule(number, t->options.epochs * t->plan.steps, t->options.warm_up,
                                t->options.cosine),
        .grads = result.grads,
        .n_shards = t->options.shards,
        .touched = result.touched,
        .n_touched = result.n_touched};
    const double length = gs_optimizer_run(&t->optimizer, &step);
    if (!isfinite(result.loss) || !isfinite(length)) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "epoch %zu, step %zu: the loss is not a number: a lower --lr may help",
                       (size_t)t->state.epoch + 1, (size_t)t->state.step + 1);
    }
    t->state.loss += result.loss;
    struct gs_tune_progress progress = {.epoch = t->state.epoch,
                                        .step = t->state.step,
                                        .steps = t->plan.steps,
                                        .loss = result.loss,
                                        .length = length,
                                        .lr = step.lr_share * t->options.optimizer.lr,
                                        .n_tokens = result.n_tokens,
                                        .n_pairs = result.n_pairs,
                                        .seconds = now_s() - began,
                                        .cpu_seconds =
                                            seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu_began};
    memcpy(progress.parts, result.parts, sizeof progress.parts);
    t->state.step++;
    if (events->step != NULL) {
        events->step(events->arg, &progress);
    }
    return GS_OK;
}

static bool stopping(const struct gs_tune_events *events)
{
    return events->stop != NULL && events->stop(events->arg);
}

static enum gs_status one_epoch(struct gs_tuner *t, const struct gs_tune_events *events,
                                struct gs_error *err)
{
    enum gs_status status = GS_OK;

    (void)gs_tune_order(t->data, t->options.seed, t->state.epoch, t->options.batch,
                        t->options.bucket, t->order);
    while (t->state.step < t->plan.steps) {
        status = one_step(t, events, err);
        if (status != GS_OK) {
            return status;
        }
        if (stopping(events)) {
            const bool saved = save(t, events);
            return gs_fail(err, GS_ABORTED, "stopped at epoch %zu, step %zu%s",
                           (size_t)t->state.epoch + 1, (size_t)t->state.step,
                           saved ? "; --resume goes on from there" : ", without a checkpoint");
        }
        if (now_s() - t->saved_s >= t->options.checkpoint_s) {
            (void)save(t, events);
        }
    }
    return end_epoch(t, events, err);
}

enum gs_status gs_tuner_run(struct gs_tuner *t, const struct gs_tune_events *events,
                            struct gs_error *err)
{
    enum gs_status status = GS_OK;

    t->state = (struct gs_checkpoint_state){.best = -1.0};
    t->saved_s = now_s();
    if (t->options.resume) {
        status = resume(t, err);
    }
    while (status == GS_OK && t->state.epoch < t->options.epochs &&
           (t->options.patience == 0 || t->state.worse < t->options.patience)) {
        status = one_epoch(t, events, err);
        if (status == GS_OK) {
            (void)save(t, events);
        }
    }
    return status;
}

/* ---- the end ---- */

static void print_quality(const struct gs_tune_quality *q, size_t epoch, char *to, size_t size)
{
    (void)snprintf(to, size,
                   "{\"validation\": {\"epoch\": %zu, \"figure\": %.5f, "
                   "\"sentiment\": {\"n\": %zu, \"accuracy\": %.5f, \"macro_f1\": %.5f, "
                   "\"negative_f1\": %.5f}, "
                   "\"topics\": {\"n\": %zu, \"micro_f1\": %.5f, \"macro_f1\": %.5f}, "
                   "\"risks\": {\"n\": %zu, \"micro_f1\": %.5f, \"macro_f1\": %.5f}}}",
                   epoch, q->figure, q->n[GS_HEAD_SENTIMENT], q->micro[GS_HEAD_SENTIMENT],
                   q->macro[GS_HEAD_SENTIMENT], q->negative_f1, q->n[GS_HEAD_TOPICS],
                   q->micro[GS_HEAD_TOPICS], q->macro[GS_HEAD_TOPICS], q->n[GS_HEAD_RISKS],
                   q->micro[GS_HEAD_RISKS], q->macro[GS_HEAD_RISKS]);
}

enum gs_status gs_tuner_write(struct gs_tuner *t, const char *provenance,
                              struct gs_tune_quality *ret, struct gs_error *err)
{
    struct gs_net net = t->base->net;
    char metrics[1024];
    char path[GS_FOLDER_PATH];

    net.values = t->best_values;
    net.words = t->best_words;
    enum gs_status status = validate(t, &net, &t->calibration, ret, err);
    if (status != GS_OK) {
        return status;
    }
    print_quality(ret, t->state.best_epoch + 1, metrics, sizeof metrics);
    const struct gs_pretrained_manifest manifest = {.name = t->options.name,
                                                    .version = t->options.version,
                                                    .max_tokens = t->options.max_tokens,
                                                    .data = t->data,
                                                    .calibration = &t->calibration,
                                                    .provenance = provenance,
                                                    .metrics = metrics};
    status = gs_pretrained_write(t->base, &net, t->options.base, t->options.out, &manifest, err);
    if (status == GS_OK &&
        gs_folder_path(t->options.out, GS_CHECKPOINT_FILE, path, NULL) == GS_OK) {
        (void)unlink(path);
    }
    return status;
}

/* ---- sgemm alone ---- */

enum { MEASURE_TOKENS = 768 };

struct measure {
    const struct gs_net *net;
    double rates[GS_PARALLEL_MAX];
};

static void measure_one(void *arg, size_t part)
{
    struct measure *m = arg;
    const size_t h = m->net->shape.hidden;
    const size_t inner = m->net->shape.inner;
    const size_t t = MEASURE_TOKENS;
    float *x = calloc(t * (h + inner) + 1, sizeof *x);
    if (x == NULL) {
        return;
    }
    const struct gs_cmat w = {m->net->values + m->net->layout.layers[0].up, h};
    double best = HUGE_VAL;
    const double until = now_s() + 0.25;
    do {
        const double began = seconds_of(CLOCK_THREAD_CPUTIME_ID);
        gs_gemm_nt(t, inner, h, 1, (struct gs_cmat){x, h}, w, 0, (struct gs_mat){x + t * h, inner});
        best = fmin(best, seconds_of(CLOCK_THREAD_CPUTIME_ID) - began);
    } while (now_s() < until);
    m->rates[part] = (double)t * (double)h * (double)inner / best;
    free(x);
}

double gs_tuner_gemm_rate(const struct gs_tuner *t)
{
    struct measure m = {.net = &t->base->net};
    double sum = 0.0;

    gs_parallel(t->options.threads, t->options.threads, measure_one, &m);
    for (size_t i = 0; i < t->options.threads; i++) {
        sum += m.rates[i];
    }
    return sum / (double)t->options.threads;
}

void gs_tuner_predict(struct gs_tuner *t, const uint32_t *rows, size_t n, float *ret)
{
    gs_stepper_predict(t->stepper, &t->base->net, rows, n, ret);
}

const struct gs_net *gs_tuner_net(const struct gs_tuner *t)
{
    return &t->base->net;
}
