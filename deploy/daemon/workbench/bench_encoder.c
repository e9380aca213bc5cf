/* Threads run over all texts for some seconds, in micro-batches and then one message at a time, each
 * repeated; rates are medians of the repeats, and the times of single messages give p50 and p99. */
#include "deploy/daemon/workbench/bench_encoder.h"

#include "deploy/daemon/workbench/bench_sort.h"

#include "ingest/base/clock.h"
#include "ingest/base/escape.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { REPEATS = 5, PACK_TOKENS = 2048, PACK_MESSAGES = 256, MAX_TIMES = 1 << 16 };

/* The ids of all texts that the encoder reads, made once. */
struct encoded {
    int32_t *ids;
    struct gs_model_input *inputs; /* [n] */
    size_t n, n_tokens, max_tokens;
    double tokens_per_s; /* of the tokenizer */
};

struct worker {
    const struct gs_bench_encoder *bench;
    const struct encoded *all;
    struct gs_model_workspace *work;
    float *logits;
    uint32_t *times_ns; /* [MAX_TIMES] of single messages */
    size_t n_times, n_messages, n_tokens;
    double spent_s;
    bool alone; /* one message at a time, each timed */
    struct gs_error err;
    pthread_t thread;
};

static enum gs_status encode_all(const struct gs_bench_encoder *bench, struct encoded *ret,
                                 struct gs_error *err)
{
    const struct gs_model_info *info = gs_model_info(bench->folder->model);
    const size_t longest = info->encoders[bench->encoder].max_tokens;
    const struct gs_tokenizer *tokenizer = bench->folder->tokenizers[bench->encoder];
    struct gs_tokenizer_workspace *work = NULL;
    int64_t spent = 0;

    ret->ids = malloc(bench->n * longest * sizeof *ret->ids);
    ret->inputs = calloc(bench->n, sizeof *ret->inputs);
    if (ret->ids == NULL || ret->inputs == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "ids of %zu texts", bench->n);
    }
    enum gs_status status = gs_tokenizer_workspace_new(tokenizer, &work, err);
    for (size_t i = 0; i < bench->n && status == GS_OK; i++) {
        const size_t lang = bench->texts[i].lang;
        if (gs_model_encoder_of(info, lang) != bench->encoder) {
            continue;
        }
        struct gs_encoding encoding;
        const int64_t start = gs_clock_monotonic_ns();
        status = gs_tokenizer_encode(
            tokenizer, work, (struct gs_str){bench->texts[i].clean, bench->texts[i].clean_len},
            longest, &encoding, err);
        spent += gs_clock_monotonic_ns() - start;
        if (status == GS_OK) {
            int32_t *to = ret->ids + ret->n_tokens;
            memcpy(to, encoding.ids, encoding.n * sizeof *to);
            ret->inputs[ret->n++] =
                (struct gs_model_input){.ids = to, .n = encoding.n, .lang = lang};
            ret->n_tokens += encoding.n;
            ret->max_tokens = encoding.n > ret->max_tokens ? encoding.n : ret->max_tokens;
        }
    }
    gs_tokenizer_workspace_free(work);
    ret->tokens_per_s = spent > 0 ? (double)ret->n_tokens * 1e9 / (double)spent : 0.0;
    return status;
}

/* The next pack from input i on: how many messages. */
static size_t pack_from(const struct encoded *all, size_t i, size_t *ret_tokens)
{
    size_t n = 0;
    size_t tokens = 0;

    while (i + n < all->n && n < PACK_MESSAGES &&
           (n == 0 || tokens + all->inputs[i + n].n <= PACK_TOKENS)) {
        tokens += all->inputs[i + n++].n;
    }
    *ret_tokens = tokens;
    return n;
}

/* Until the time is over, in the middle of a round if need be: a slow model has many texts. */
static void *work(void *arg)
{
    struct worker *w = arg;
    const int64_t start = gs_clock_monotonic_ns();
    int64_t last = start;
    enum gs_status status = GS_OK;

    w->n_messages = 0;
    w->n_tokens = 0;
    for (size_t i = 0; status == GS_OK && (double)(last - start) < w->bench->seconds * 1e9;) {
        size_t n = 1;
        size_t tokens = w->all->inputs[i].n;
        if (!w->alone) {
            n = pack_from(w->all, i, &tokens);
        }
        status = gs_model_logits(w->bench->folder->model, w->work, w->all->inputs + i, n, w->logits,
                                 &w->err);
        const int64_t now = gs_clock_monotonic_ns();
        if (w->alone) {
            const int64_t spent = now - last < UINT32_MAX ? now - last : UINT32_MAX;
            w->times_ns[w->n_times++ % MAX_TIMES] = (uint32_t)spent;
        }
        last = now;
        w->n_messages += n;
        w->n_tokens += tokens;
        i = i + n < w->all->n ? i + n : 0;
    }
    w->spent_s = (double)(last - start) / 1e9;
    w->err.status = status;
    return NULL;
}

struct rates {
    double messages, tokens;
};

static enum gs_status measure(struct worker *workers, size_t n, bool alone, struct rates *ret,
                              struct gs_error *err)
{
    enum gs_status status = GS_OK;
    bool started[256] = {false};

    *ret = (struct rates){0};
    for (size_t i = 0; i < n; i++) {
        workers[i].alone = alone;
        started[i] = i > 0 && pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (started[i]) {
            (void)pthread_join(workers[i].thread, NULL);
        } else {
            (void)work(&workers[i]);
        }
    }
    for (size_t i = 0; i < n && status == GS_OK; i++) {
        status = workers[i].err.status == GS_OK
                     ? GS_OK
                     : gs_fail(err, workers[i].err.status, "%s", workers[i].err.message);
        ret->messages += (double)workers[i].n_messages / workers[i].spent_s;
        ret->tokens += (double)workers[i].n_tokens / workers[i].spent_s;
    }
    return status;
}

struct figures {
    double messages[REPEATS], tokens[REPEATS], alone[REPEATS];
    double p50_us, p99_us, macs_per_token, peak;
};

static enum gs_status measure_all(struct worker *workers, const struct encoded *all, size_t n,
                                  struct figures *ret, struct gs_error *err)
{
    const struct gs_model *model = workers[0].bench->folder->model;
    const size_t encoder = workers[0].bench->encoder;
    const struct gs_encoder_info *info = gs_model_info(model)->encoders[encoder].info;
    struct rates rates;
    enum gs_status status = measure(workers, n, false, &rates, err); /* warms up */
    uint64_t macs = 0;

    for (size_t r = 0; r < REPEATS && status == GS_OK; r++) {
        status = measure(workers, n, false, &rates, err);
        ret->messages[r] = rates.messages;
        ret->tokens[r] = rates.tokens;
    }
    for (size_t r = 0; r < REPEATS && status == GS_OK; r++) {
        status = measure(workers, n, true, &rates, err);
        ret->alone[r] = rates.messages;
    }
    if (status != GS_OK) {
        return status;
    }
    const size_t n_times = workers[0].n_times < MAX_TIMES ? workers[0].n_times : MAX_TIMES;
    gs_bench_sort_ns(workers[0].times_ns, n_times);
    const size_t at_50 = n_times / 2;
    const size_t at_99 = n_times * 99 / 100;
    ret->p50_us = (double)workers[0].times_ns[at_50] / 1e3;
    ret->p99_us = (double)workers[0].times_ns[at_99] / 1e3;
    gs_bench_sort(ret->messages, REPEATS);
    gs_bench_sort(ret->tokens, REPEATS);
    gs_bench_sort(ret->alone, REPEATS);
    for (size_t i = 0; i < all->n; i++) {
        macs += gs_model_macs(model, encoder, all->inputs[i].n);
    }
    ret->macs_per_token = (double)macs / (double)all->n_tokens;
    ret->peak = info->arithmetic == GS_ARITH_INT8
                    ? gs_encoder_peak(gs_encoder_kernels_pick(), 0.5) * (double)n
                    : 0.0;
    return GS_OK;
}

static void print(const struct gs_bench_encoder *bench, const struct encoded *all,
                  const struct figures *f)
{
    const struct gs_model_encoder *encoder =
        &gs_model_info(bench->folder->model)->encoders[bench->encoder];
    const struct gs_encoder_info *info = encoder->info;
    const double gmacs = f->tokens[REPEATS / 2] * f->macs_per_token / 1e9;

    (void)fputs("{\"bench\":\"encoder\",", stdout);
    if (encoder->folder[0] != '\0') { /* a plain name */
        (void)printf("\"folder\":\"%s\",", encoder->folder);
    }
    (void)printf("\"threads\":%zu,\"texts\":%zu,\"tokens_per_message\":%.1f,"
                 "\"longest\":%zu,\"arithmetic\":\"%s\",\"kernel\":\"%s\",\"msg_per_s\":%.1f,"
                 "\"msg_per_s_min\":%.1f,\"msg_per_s_max\":%.1f,\"tokens_per_s\":%.0f,",
                 bench->n_threads, all->n, (double)all->n_tokens / (double)all->n, all->max_tokens,
                 gs_arithmetic_name(info->arithmetic), info->kernels, f->messages[REPEATS / 2],
                 f->messages[0], f->messages[REPEATS - 1], f->tokens[REPEATS / 2]);
    (void)printf("\"one_by_one_msg_per_s\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,"
                 "\"tokenizer_tokens_per_s\":%.0f,\"gmac_per_s\":%.2f,",
                 f->alone[REPEATS / 2], f->p50_us, f->p99_us, all->tokens_per_s, gmacs);
    if (f->peak > 0.0) {
        (void)printf("\"peak_gmac_per_s\":%.2f,\"share_of_peak\":%.4f}\n", f->peak,
                     gmacs / f->peak);
    } else {
        (void)puts("\"peak_gmac_per_s\":null,\"share_of_peak\":null}");
    }
}

static enum gs_status worker_init(struct worker *w, const struct gs_bench_encoder *bench,
                                  const struct encoded *all, struct gs_error *err)
{
    const size_t n_logits = gs_model_info(bench->folder->model)->n_logits;

    *w = (struct worker){.bench = bench,
                         .all = all,
                         .logits = malloc(PACK_MESSAGES * n_logits * sizeof(float)),
                         .times_ns = malloc(MAX_TIMES * sizeof(uint32_t))};
    return w->logits == NULL || w->times_ns == NULL
               ? gs_fail(err, GS_NO_MEMORY, "worker")
               : gs_model_workspace_new_for(bench->folder->model, PACK_TOKENS, PACK_MESSAGES,
                                            &w->work, err);
}

enum gs_status gs_bench_encoder(const struct gs_bench_encoder *bench, struct gs_error *err)
{
    struct encoded all = {.ids = NULL};
    struct figures figures = {.peak = 0};
    size_t n_made = 0;
    struct worker *workers = calloc(bench->n_threads, sizeof *workers);
    if (workers == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "workers");
    }
    enum gs_status status = encode_all(bench, &all, err);

    if (status == GS_OK && all.n == 0) {
        gs_print_line(stderr, "groundswell bench: no text is in a language that encoder %s reads",
                      gs_model_info(bench->folder->model)->encoders[bench->encoder].folder);
        goto done;
    }
    for (; n_made < bench->n_threads && status == GS_OK; n_made++) {
        status = worker_init(&workers[n_made], bench, &all, err);
    }
    if (status == GS_OK) {
        status = measure_all(workers, &all, bench->n_threads, &figures, err);
    }
    if (status == GS_OK) {
        print(bench, &all, &figures);
    }

done:
    for (size_t i = 0; i < n_made; i++) {
        gs_model_workspace_free(workers[i].work);
        free(workers[i].logits);
        free(workers[i].times_ns);
    }
    free(workers);
    free(all.ids);
    free(all.inputs);
    return status;
}
