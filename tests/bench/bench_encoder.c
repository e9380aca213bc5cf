/* The encoder on one core, by CPU time, so that a busy machine slows the run but not the figure:
 *
 *     bench_encoder MODEL_DIR IDS_FILE [--arith int8|fp32] [--tokens-per-batch N] [--messages N]
 *                   [--seconds X] [--out FILE] [--only CASE]
 *
 * IDS_FILE: a message a line, its ids with spaces between, template tokens included. Cases:
 * "one_by_one" and "stream" (packed batches) are the file's first N messages in its order;
 * "fixed_S_alone" and "fixed_S_packed" have S tokens each. One JSON line a case; peak is what the
 * row's product instruction does on registers, probed right before and after. GS_KERNELS chooses
 * the row. --out writes the answers of all messages of the file, float32: logits where the model
 * has a head, else embeddings. */
#include "classifier/encoder/encoder.h"
#include "ingest/base/file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPEATS = 7, MAX_MESSAGES = 1 << 20, N_FIXED = 64, BATCH_TOKENS = 4096 };

struct bench {
    const char *dir, *ids_path, *out_path, *only;
    enum gs_arithmetic arithmetic;
    size_t tokens_per_batch, n_messages;
    double seconds; /* of each repeat, at least */
    struct gs_encoder *encoder;
    struct gs_encoder_workspace *work;
    const struct gs_encoder_info *info;
    struct gs_encoder_batch all; /* the file */
    float *pooled, *logits;      /* of one batch */
};

static double cpu_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *need(void *block)
{
    if (block == NULL) {
        (void)fputs("bench_encoder: no memory\n", stderr);
        exit(3);
    }
    return block;
}

_Noreturn static void stop(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_encoder: %s: %s\n", what, why);
    exit(2);
}

/* ---- messages ---- */

/* Reads one line's ids; returns how many. */
static size_t read_line(const char *text, const char *end, size_t max, int32_t *ids)
{
    size_t n = 0;
    while (text < end) {
        char *after = NULL;
        if (isspace((unsigned char)*text)) {
            text++;
            continue;
        }
        const long id = strtol(text, &after, 10);
        if (after == text || n == max) {
            stop("IDS_FILE", n == max ? "a line has more ids than the model takes" : "not an id");
        }
        ids[n++] = (int32_t)id;
        text = after;
    }
    return n;
}

static void read_messages(struct bench *bench)
{
    struct gs_file file = {0};
    struct gs_error err = {0};
    if (gs_file_read(bench->ids_path, SIZE_MAX - 1, &file, &err) != GS_OK) {
        stop("IDS_FILE", err.message);
    }
    /* An id takes two bytes at least. A copy, so that strtol() stops at its end. */
    char *text = need(malloc(file.bytes.len + 1));
    int32_t *ids = need(malloc((file.bytes.len / 2 + 1) * sizeof *ids));
    size_t *starts = need(malloc((MAX_MESSAGES + 1) * sizeof *starts));
    memcpy(text, file.bytes.bytes, file.bytes.len);
    text[file.bytes.len] = '\0';
    size_t n = 0;
    starts[0] = 0;
    for (const char *line = text; *line != '\0' && n < MAX_MESSAGES;) {
        const char *end = line + strcspn(line, "\n");
        const size_t len = read_line(line, end, bench->info->config->max_tokens, ids + starts[n]);
        if (len > 0) {
            starts[n + 1] = starts[n] + len;
            n++;
        }
        line = *end == '\0' ? end : end + 1;
    }
    free(text);
    gs_file_done(&file);
    if (n == 0) {
        stop("IDS_FILE", "no messages");
    }
    bench->all = (struct gs_encoder_batch){.ids = ids, .starts = starts, .n = n};
}

static struct gs_encoder_batch first_messages(const struct gs_encoder_batch *all, size_t n)
{
    return (struct gs_encoder_batch){all->ids, all->starts, n < all->n ? n : all->n};
}

/* N_FIXED messages of len tokens: the first id and the last of a real one around others' middles.
 */
static struct gs_encoder_batch fixed_messages(const struct gs_encoder_batch *all, size_t len)
{
    size_t *starts = need(malloc((N_FIXED + 1) * sizeof *starts));
    int32_t *ids = need(malloc(N_FIXED * len * sizeof *ids));
    size_t message = 0;
    size_t at = 1;
    for (size_t i = 0; i < N_FIXED * len; i++) {
        const size_t place = i % len;
        while (at + 1 >= all->starts[message + 1] - all->starts[message]) {
            message = (message + 1) % all->n;
            at = 1;
            if (all->starts[all->n] < 3 * all->n) {
                stop("IDS_FILE", "messages are too short to make longer ones of");
            }
        }
        ids[i] = place == 0         ? all->ids[0]
                 : place + 1 == len ? all->ids[all->starts[1] - 1]
                                    : all->ids[all->starts[message] + at++];
    }
    for (size_t i = 0; i <= N_FIXED; i++) {
        starts[i] = i * len;
    }
    return (struct gs_encoder_batch){.ids = ids, .starts = starts, .n = N_FIXED};
}

static void batch_free(struct gs_encoder_batch *batch)
{
    union {
        const void *in;
        void *ours;
    } ids = {batch->ids}, starts = {batch->starts};

    free(ids.ours);
    free(starts.ours);
}

/* ---- running ---- */

/* Runs messages in batches of up to max_tokens tokens (0: one message each); answers go to out. */
static void run(const struct bench *bench, const struct gs_encoder_batch *messages,
                size_t max_tokens, FILE *out)
{
    const struct gs_encoder_config *config = bench->info->config;
    const bool has_head = bench->info->n_logits > 0;
    const size_t width = has_head ? bench->info->n_logits : config->hidden;
    struct gs_error err = {0};

    for (size_t i = 0; i < messages->n;) {
        size_t end = i + 1;
        while (end < messages->n && messages->starts[end + 1] - messages->starts[i] <= max_tokens) {
            end++;
        }
        /* starts begin at 0 in a batch of its own */
        size_t *starts = need(malloc((end - i + 1) * sizeof *starts));
        for (size_t k = i; k <= end; k++) {
            starts[k - i] = messages->starts[k] - messages->starts[i];
        }
        const struct gs_encoder_batch batch = {messages->ids + messages->starts[i], starts,
                                               end - i};
        if (gs_encoder_run(bench->encoder, bench->work, &batch, has_head ? NULL : bench->pooled,
                           has_head ? bench->logits : NULL, &err) != GS_OK) {
            stop("encoder", err.message);
        }
        if (out != NULL && fwrite(has_head ? bench->logits : bench->pooled, sizeof(float),
                                  (end - i) * width, out) != (end - i) * width) {
            stop(bench->out_path, "cannot write");
        }
        free(starts);
        i = end;
    }
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const struct bench *bench, const char *name,
                    const struct gs_encoder_batch *messages, size_t max_tokens)
{
    const struct gs_encoder_kernels *kernels = gs_encoder_kernels_pick();
    const bool int8 = bench->info->arithmetic == GS_ARITH_INT8;
    double rates[REPEATS];
    double peaks = 0.0;
    double macs = 0.0;

    if (bench->only != NULL && strcmp(bench->only, name) != 0) {
        return;
    }
    for (size_t i = 0; i < messages->n; i++) {
        macs += (double)bench->info->macs(bench->encoder,
                                          messages->starts[i + 1] - messages->starts[i]);
    }
    run(bench, messages, max_tokens, NULL); /* warms up */
    for (size_t r = 0; r < REPEATS; r++) {
        peaks += int8 ? gs_encoder_peak(kernels, 0.01) : 0.0;
        size_t passes = 0;
        const double start = cpu_s();
        do {
            run(bench, messages, max_tokens, NULL);
            passes++;
        } while (cpu_s() - start < bench->seconds);
        rates[r] = (double)passes * (double)messages->n / (cpu_s() - start);
        peaks += int8 ? gs_encoder_peak(kernels, 0.01) : 0.0;
    }
    qsort(rates, REPEATS, sizeof *rates, rising);
    const double n = (double)messages->n;
    const double median = rates[REPEATS / 2];
    const double peak = peaks / (2.0 * REPEATS);
    (void)printf("{\"bench\":\"encoder\",\"case\":\"%s\",\"arith\":\"%s\",\"kernels\":\"%s\","
                 "\"value\":%.2f,\"unit\":\"msg/s\",\"min\":%.2f,\"max\":%.2f,\"runs\":%d,",
                 name, int8 ? "int8" : "fp32", bench->info->kernels, median, rates[0],
                 rates[REPEATS - 1], (int)REPEATS);
    (void)printf("\"tokens_per_message\":%.1f,\"tokens_per_s\":%.0f,\"gmac_per_s\":%.1f,",
                 (double)messages->starts[messages->n] / n,
                 median * (double)messages->starts[messages->n] / n, median * macs / n / 1e9);
    if (peak > 0.0) {
        (void)printf("\"peak_gmac_per_s\":%.1f,\"share_of_peak\":%.3f}\n", peak,
                     median * macs / n / 1e9 / peak);
    } else {
        (void)puts("\"peak_gmac_per_s\":null,\"share_of_peak\":null}");
    }
    (void)fflush(stdout);
}

static void measure_fixed(const struct bench *bench)
{
    static const size_t lengths[] = {8, 16, 32, 64, 128};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char name[32];
        if (lengths[i] > bench->info->config->max_tokens) {
            continue;
        }
        struct gs_encoder_batch messages = fixed_messages(&bench->all, lengths[i]);
        (void)snprintf(name, sizeof name, "fixed_%zu_alone", lengths[i]);
        measure(bench, name, &messages, 0);
        (void)snprintf(name, sizeof name, "fixed_%zu_packed", lengths[i]);
        measure(bench, name, &messages, bench->tokens_per_batch);
        batch_free(&messages);
    }
}

static void write_answers(const struct bench *bench)
{
    FILE *out = fopen(bench->out_path, "wb");
    if (out == NULL) {
        stop(bench->out_path, "cannot open");
    }
    run(bench, &bench->all, bench->tokens_per_batch, out);
    if (fclose(out) != 0) {
        stop(bench->out_path, "cannot write");
    }
}

/* ---- start ---- */

static size_t number(const char *text)
{
    char *end = NULL;
    const unsigned long long value = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || value < 1 || value > MAX_MESSAGES) {
        stop("not a number from 1 to 1048576", text);
    }
    return (size_t)value;
}

static void parse(int argc, char **argv, struct bench *bench)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (argv[i][0] != '-') {
            *(bench->dir == NULL ? &bench->dir : &bench->ids_path) = argv[i];
            continue;
        }
        if (value == NULL) {
            stop("an option without value", argv[i]);
        }
        if (strcmp(argv[i], "--arith") == 0) {
            bench->arithmetic = strcmp(value, "fp32") == 0 ? GS_ARITH_FP32 : GS_ARITH_INT8;
        } else if (strcmp(argv[i], "--tokens-per-batch") == 0) {
            bench->tokens_per_batch = number(value);
        } else if (strcmp(argv[i], "--messages") == 0) {
            bench->n_messages = number(value);
        } else if (strcmp(argv[i], "--seconds") == 0) {
            bench->seconds = strtod(value, NULL);
        } else if (strcmp(argv[i], "--out") == 0) {
            bench->out_path = value;
        } else if (strcmp(argv[i], "--only") == 0) {
            bench->only = value;
        } else {
            stop("no such option", argv[i]);
        }
        i++;
    }
    if (bench->ids_path == NULL) {
        stop("usage", "bench_encoder MODEL_DIR IDS_FILE [--arith int8|fp32] [--tokens-per-batch N]"
                      " [--messages N] [--seconds X] [--out FILE] [--only CASE]");
    }
}

int main(int argc, char **argv)
{
    struct bench bench = {.arithmetic = GS_ARITH_INT8,
                          .tokens_per_batch = BATCH_TOKENS,
                          .n_messages = 256,
                          .seconds = 0.3};
    struct gs_error err = {0};

    parse(argc, argv, &bench);
    if (gs_encoder_load(bench.dir, bench.arithmetic, &bench.encoder, &err) != GS_OK) {
        stop(bench.dir, err.message);
    }
    bench.info = gs_encoder_info(bench.encoder);
    const size_t max = bench.tokens_per_batch > bench.info->config->max_tokens
                           ? bench.tokens_per_batch
                           : bench.info->config->max_tokens;
    if (gs_encoder_workspace_new(bench.encoder, max, max, &bench.work, &err) != GS_OK) {
        stop("work", err.message);
    }
    bench.pooled = need(malloc(max * bench.info->config->hidden * sizeof(float)));
    bench.logits = need(malloc((max * bench.info->n_logits + 1) * sizeof(float)));
    read_messages(&bench);
    struct gs_encoder_batch some = first_messages(&bench.all, bench.n_messages);
    measure(&bench, "one_by_one", &some, 0);
    measure(&bench, "stream", &some, bench.tokens_per_batch);
    measure_fixed(&bench);
    if (bench.out_path != NULL) {
        write_answers(&bench);
    }
    batch_free(&bench.all);
    free(bench.pooled);
    free(bench.logits);
    gs_encoder_workspace_free(bench.work);
    gs_encoder_free(bench.encoder);
    return 0;
}
