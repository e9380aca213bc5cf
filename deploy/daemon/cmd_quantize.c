#include "deploy/daemon/bench_texts.h"
#include "deploy/daemon/command.h"
#include "deploy/daemon/labelled.h"
#include "deploy/daemon/quantize_cost.h"
#include "tokenizer/tokenizer.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: groundswell quantize --model DIR --out DIR [options]\n"
    "\n"
    "Makes an int8 folder from an encoder's fp32 folder: about a quarter of the size, loaded "
    "without "
    "rounding\n"
    "anew, and closer to fp32 than rounding at loading is, because example texts show what the "
    "inputs of\n"
    "each product look like. config.json and the tokenizer's files are copied. On stdout a table "
    "of "
    "what it\n"
    "cost; on stderr what was done to each product and what stays fp32.\n"
    "\n"
    "  -m, --model DIR          folder of an encoder in fp32, fp16 or bf16\n"
    "  -o, --out DIR            the new folder, made if absent\n"
    "      --calibration FILE   example texts, plain or JSON lines, such as the model will read; "
    "400 "
    "of them\n"
    "                           are drawn (a small built-in mix; a real file is better)\n"
    "      --eval FILE          texts to compare both folders on, at most 20000, with their "
    "sentiment if they\n"
    "                           have one (the calibration texts)\n"
    "      --smoothing A        auto (default), none, or SmoothQuant's alpha from 0.01 to 1\n"
    "      --quiet              only the table and errors\n"
    "\n"
    "Exit codes: 0 done, 1 some lines were refused, 2 usage, 3 a failure.\n"
    "\n"
    "example:\n"
    "  groundswell quantize --model finbert --out finbert-int8 --calibration headlines.jsonl\n";

enum { OPT_CALIBRATION = 256, OPT_EVAL, OPT_SMOOTHING, OPT_QUIET, OPT_LOG };
enum { N_CALIBRATION = 400, MAX_EVAL = 20000, MAX_IDS = 1 << 26, CALIBRATION_TOKENS = 256 };

static const struct option longs[] = {{"model", required_argument, NULL, 'm'},
                                      {"out", required_argument, NULL, 'o'},
                                      {"calibration", required_argument, NULL, OPT_CALIBRATION},
                                      {"eval", required_argument, NULL, OPT_EVAL},
                                      {"smoothing", required_argument, NULL, OPT_SMOOTHING},
                                      {"quiet", no_argument, NULL, OPT_QUIET},
                                      {"log-format", required_argument, NULL, OPT_LOG},
                                      {"help", no_argument, NULL, 'h'},
                                      {0}};

struct session {
    const char *model, *out, *calibration_file, *eval_file;
    float smoothing;
    bool quiet;
    struct gs_encoder_config config;
    struct gs_tokenizer *tokenizer;
    struct gs_tokenizer_work *work;
    struct gs_id_texts calibration, eval;
    size_t n_refused;
};

static int wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "groundswell quantize: %s: %s (--help shows how)\n", what, value);
    return GS_EXIT_USAGE;
}

static int set_smoothing(struct session *s, const char *value)
{
    char *end = NULL;
    if (strcmp(value, "auto") == 0 || strcmp(value, "none") == 0) {
        s->smoothing = value[0] == 'a' ? -1.0F : 0.0F;
        return GS_EXIT_OK;
    }
    s->smoothing = strtof(value, &end);
    return end != value && *end == '\0' && s->smoothing >= 0.01F && s->smoothing <= 1.0F
               ? GS_EXIT_OK
               : wrong("--smoothing is auto, none or a number from 0.01 to 1, not", value);
}

static int set_option(struct session *s, int option, const char *value)
{
    switch (option) {
    case 'm':
        s->model = value;
        return GS_EXIT_OK;
    case 'o':
        s->out = value;
        return GS_EXIT_OK;
    case OPT_CALIBRATION:
        s->calibration_file = value;
        return GS_EXIT_OK;
    case OPT_EVAL:
        s->eval_file = value;
        return GS_EXIT_OK;
    case OPT_SMOOTHING:
        return set_smoothing(s, value);
    case OPT_QUIET:
        s->quiet = true;
        return GS_EXIT_OK;
    case OPT_LOG:
        return GS_EXIT_OK;
    default:
        return GS_EXIT_USAGE;
    }
}

/* -1: go on. */
static int parse(int argc, char **argv, struct session *s)
{
    int option = 0;
    optind = 1;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet
    while ((option = getopt_long(argc, argv, "m:o:h", longs, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(usage, stdout);
            return GS_EXIT_OK;
        }
        const int code = set_option(s, option, optarg);
        if (code != GS_EXIT_OK) {
            return code;
        }
    }
    if (optind < argc) {
        return wrong("what is this", argv[optind]);
    }
    return s->model == NULL || s->out == NULL ? wrong("--model and --out", "both are needed") : -1;
}

/* ---- texts ---- */

static bool room_for(struct gs_id_texts *texts, size_t n_ids)
{
    const size_t used = texts->n == 0 ? 0 : texts->starts[texts->n];
    if (used + n_ids > texts->room_ids) {
        const size_t room = 2 * (used + n_ids);
        int32_t *ids = room > MAX_IDS ? NULL : realloc(texts->ids, room * sizeof *ids);
        if (ids == NULL) {
            return false;
        }
        texts->ids = ids;
        texts->room_ids = room;
    }
    if (texts->n + 2 > texts->room) {
        const size_t room = 2 * texts->room + 64;
        size_t *starts = realloc(texts->starts, room * sizeof *starts);
        texts->starts = starts != NULL ? starts : texts->starts;
        int *sentiments = realloc(texts->sentiments, room * sizeof *sentiments);
        texts->sentiments = sentiments != NULL ? sentiments : texts->sentiments;
        if (starts == NULL || sentiments == NULL) {
            return false;
        }
        texts->room = room;
    }
    return true;
}

static enum gs_status add_text(struct session *s, struct gs_str text, int sentiment,
                               size_t max_tokens, struct gs_id_texts *to, struct gs_error *err)
{
    struct gs_encoding encoding;
    const size_t most = s->config.max_tokens < max_tokens ? s->config.max_tokens : max_tokens;
    const enum gs_status status =
        gs_tokenizer_encode(s->tokenizer, s->work, text, most, &encoding, err);

    if (status != GS_OK || encoding.n == 0) {
        return status;
    }
    if (!room_for(to, encoding.n)) {
        return gs_fail(err, GS_NO_MEMORY, "texts");
    }
    to->starts[0] = 0;
    memcpy(to->ids + to->starts[to->n], encoding.ids, encoding.n * sizeof *to->ids);
    to->starts[to->n + 1] = to->starts[to->n] + encoding.n;
    to->sentiments[to->n++] = sentiment;
    return GS_OK;
}

static enum gs_status read_texts(struct session *s, const char *path, size_t max_tokens,
                                 struct gs_id_texts *to, struct gs_error *err)
{
    struct gs_labelled_reader *reader = NULL;
    struct gs_labelled line;
    enum gs_status status = gs_labelled_open(path, true, &reader, err);

    while (status == GS_OK && to->n < MAX_EVAL) {
        status = gs_labelled_next(reader, &line, err);
        if (status == GS_BAD_FORMAT) {
            (void)fprintf(stderr, "groundswell quantize: %s\n", err->message);
            s->n_refused++;
            status = GS_OK;
        } else if (status == GS_OK) {
            status = add_text(s, line.text.len > 0 ? line.text : line.title, line.sentiment,
                              max_tokens, to, err);
        }
    }
    gs_labelled_close(reader);
    if (status == GS_CLOSED || status == GS_OK) {
        status = to->n > 0 ? GS_OK : gs_fail(err, GS_BAD_FORMAT, "%s: no text in it", path);
    }
    return status;
}

/* Keeps N_CALIBRATION of the texts, evenly from all. */
static void thin(struct gs_id_texts *texts)
{
    const size_t n = texts->n < N_CALIBRATION ? texts->n : N_CALIBRATION;
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t from = i * texts->n / n; /* never before i */
        const size_t len = texts->starts[from + 1] - texts->starts[from];
        memmove(texts->ids + used, texts->ids + texts->starts[from], len * sizeof *texts->ids);
        texts->sentiments[i] = texts->sentiments[from];
        texts->starts[i] = used;
        used += len;
    }
    texts->starts[n] = used;
    texts->n = n;
}

static enum gs_status prepare(struct session *s, struct gs_error *err)
{
    enum gs_status status = gs_encoder_config_read(s->model, &s->config, err);
    if (status == GS_OK) {
        status = gs_tokenizer_load(s->model, &s->tokenizer, err);
    }
    if (status == GS_OK) {
        status = gs_tokenizer_work_new(s->tokenizer, &s->work, err);
    }
    if (status == GS_OK && gs_tokenizer_info(s->tokenizer)->n_vocab > s->config.vocab) {
        status = gs_fail(err, GS_BAD_FORMAT, "%s: the tokenizer has %zu tokens, the model %zu",
                         s->model, gs_tokenizer_info(s->tokenizer)->n_vocab, s->config.vocab);
    }
    if (status == GS_OK && s->calibration_file != NULL) {
        status = read_texts(s, s->calibration_file, CALIBRATION_TOKENS, &s->calibration, err);
    }
    for (size_t i = 0; s->calibration_file == NULL && i < gs_n_bench_texts && status == GS_OK;
         i++) {
        status =
            add_text(s, gs_str(gs_bench_texts[i]), -1, CALIBRATION_TOKENS, &s->calibration, err);
    }
    if (status == GS_OK) {
        thin(&s->calibration);
    }
    return status == GS_OK && s->eval_file != NULL
               ? read_texts(s, s->eval_file, s->config.max_tokens, &s->eval, err)
               : status;
}

/* ---- the work ---- */

static void log_line(void *arg, const char *line)
{
    const struct session *s = arg;
    if (!s->quiet) {
        (void)fprintf(stderr, "%s\n", line);
    }
}

static enum gs_status run(struct session *s, struct gs_error *err)
{
    struct gs_quantize_cost cost;
    enum gs_status status = prepare(s, err);
    if (status != GS_OK) {
        return status;
    }
    const struct gs_encoder_batch calibration = {s->calibration.ids, s->calibration.starts,
                                                 s->calibration.n};
    const struct gs_quantize_options options = {
        .dir = s->model, .out = s->out, .calibration = &calibration, .smoothing = s->smoothing};
    status = gs_quantize(&options, log_line, s, err);
    if (status == GS_OK) {
        status = gs_quantize_cost(s->model, s->out, s->eval.n > 0 ? &s->eval : &s->calibration,
                                  &cost, err);
    }
    if (status == GS_OK) {
        gs_quantize_cost_print(&cost, stdout);
        status = fflush(stdout) == 0 ? GS_OK : gs_fail(err, GS_IO, "stdout: cannot write");
    }
    return status;
}

int gs_cmd_quantize(int argc, char **argv)
{
    static struct session s;
    struct gs_error err = {0};

    s = (struct session){.smoothing = -1.0F};
    int code = parse(argc, argv, &s);
    if (code >= 0) {
        return code;
    }
    code = GS_EXIT_OK;
    if (run(&s, &err) != GS_OK) {
        (void)fprintf(stderr, "groundswell quantize: %s\n", err.message);
        code = GS_EXIT_FAILURE;
    } else if (s.n_refused > 0) {
        code = GS_EXIT_FINDINGS;
    }
    gs_tokenizer_work_free(s.work);
    gs_tokenizer_free(s.tokenizer);
    gs_id_texts_done(&s.calibration);
    gs_id_texts_done(&s.eval);
    return code;
}
