#include "base/buf.h"
#include "deploy/daemon/command.h"
#include "deploy/daemon/signals.h"
#include "ingest/records/files.h"
#include "tokenizer/tokenizer.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_LINE = 16 << 20, MAX_OUT = 1 << 30, FULL = 1 << 20, WAIT_MS = 50 };

static const char usage[] =
    "usage: groundswell tokenize --model DIR [options] [FILE]\n"
    "\n"
    "The ids that a model's tokenizer makes of each line, special tokens included: those of\n"
    "HuggingFace's tokenizers. Lines are taken as they are, without cleaning; one JSON object a\n"
    "line on stdout. FILE may be gzip; without it, or as \"-\", stdin is read.\n"
    "\n"
    "  -m, --model DIR      folder with tokenizer.json or vocab.txt\n"
    "      --max-tokens N   cuts behind N tokens, special ones included (no limit)\n"
    "      --offsets        adds offsets: the bytes [start, end) that each token stands for\n"
    "      --quiet          nothing on stderr but errors\n"
    "\n"
    "Exit codes: 0 done, 1 some lines were refused, 2 usage, 3 a failure.\n"
    "\n"
    "example:\n"
    "  echo 'Profit warning' | groundswell tokenize --model minilm --offsets\n";

enum { OPT_MAX = 256, OPT_OFFSETS, OPT_QUIET, OPT_LOG };

static const struct option longs[] = {{"model", required_argument, NULL, 'm'},
                                      {"max-tokens", required_argument, NULL, OPT_MAX},
                                      {"offsets", no_argument, NULL, OPT_OFFSETS},
                                      {"quiet", no_argument, NULL, OPT_QUIET},
                                      {"log-format", required_argument, NULL, OPT_LOG},
                                      {"help", no_argument, NULL, 'h'},
                                      {0}};

struct tokenize {
    const char *model, *file;
    size_t max_tokens;
    bool offsets;
    struct gs_tokenizer *tokenizer;
    struct gs_tokenizer_work *work;
    struct gs_source *source;
    struct gs_buf out;
    size_t n_refused;
};

static int wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "groundswell tokenize: %s: %s (--help shows how)\n", what, value);
    return GS_EXIT_USAGE;
}

/* -1: go on. */
static int parse(int argc, char **argv, struct tokenize *t)
{
    int option = 0;
    char *end = NULL;
    optind = 1;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet
    while ((option = getopt_long(argc, argv, "m:h", longs, NULL)) != -1) {
        switch (option) {
        case 'h':
            (void)fputs(usage, stdout);
            return GS_EXIT_OK;
        case 'm':
            t->model = optarg;
            break;
        case OPT_MAX:
            t->max_tokens = strtoull(optarg, &end, 10);
            if (end == optarg || *end != '\0' || t->max_tokens < 1 || t->max_tokens > MAX_LINE) {
                return wrong("--max-tokens is a whole number from 1", optarg);
            }
            break;
        case OPT_OFFSETS:
            t->offsets = true;
            break;
        case OPT_QUIET:
        case OPT_LOG:
            break;
        default:
            return GS_EXIT_USAGE;
        }
    }
    if (t->model == NULL) {
        return wrong("--model", "missing");
    }
    if (optind + 1 < argc) {
        return wrong("one file", argv[optind + 1]);
    }
    t->file = optind < argc ? argv[optind] : "-";
    return -1;
}

static void put_encoding(struct tokenize *t, const struct gs_encoding *encoding)
{
    gs_buf_puts(&t->out, "{\"ids\":[");
    for (size_t i = 0; i < encoding->n; i++) {
        gs_buf_puts(&t->out, i > 0 ? "," : "");
        gs_buf_json_int(&t->out, encoding->ids[i]);
    }
    if (t->offsets) {
        gs_buf_puts(&t->out, "],\"offsets\":[");
        for (size_t i = 0; i < encoding->n; i++) {
            gs_buf_puts(&t->out, i > 0 ? ",[" : "[");
            gs_buf_json_int(&t->out, encoding->starts[i]);
            gs_buf_putc(&t->out, ',');
            gs_buf_json_int(&t->out, encoding->ends[i]);
            gs_buf_putc(&t->out, ']');
        }
    }
    gs_buf_puts(&t->out, "]}\n");
}

static enum gs_status write_out(struct tokenize *t, struct gs_error *err)
{
    if (!gs_buf_ok(&t->out)) {
        return gs_fail(err, GS_NO_MEMORY, "output of one line is over %d bytes", MAX_OUT);
    }
    if (fwrite(t->out.bytes == NULL ? "" : t->out.bytes, 1, t->out.len, stdout) != t->out.len ||
        fflush(stdout) != 0) {
        return gs_fail_errno(err, errno, "stdout");
    }
    gs_buf_reset(&t->out);
    return gs_source_commit(t->source, err);
}

static enum gs_status take_line(struct tokenize *t, const struct gs_record *record,
                                struct gs_error *err)
{
    struct gs_encoding encoding;

    if (record->value.len > MAX_LINE) {
        (void)fprintf(stderr, "groundswell tokenize: %.*s:%lld: longer than %d bytes\n",
                      GS_STR_ARGS(record->topic), (long long)record->offset, MAX_LINE);
        t->n_refused++;
        return GS_OK;
    }
    const enum gs_status status =
        gs_tokenizer_encode(t->tokenizer, t->work, record->value, t->max_tokens, &encoding, err);
    if (status == GS_OK) {
        put_encoding(t, &encoding);
    }
    return status;
}

static enum gs_status run(struct tokenize *t, struct gs_error *err)
{
    enum gs_status status = gs_tokenizer_load(t->model, &t->tokenizer, err);

    if (status == GS_OK && t->max_tokens > 0 &&
        t->max_tokens < gs_tokenizer_info(t->tokenizer)->n_special) {
        return gs_fail(err, GS_BAD_CONFIG, "--max-tokens: the special tokens alone are %zu",
                       gs_tokenizer_info(t->tokenizer)->n_special);
    }
    if (status == GS_OK) {
        status = gs_tokenizer_work_new(t->tokenizer, &t->work, err);
    }
    if (status == GS_OK) {
        status = gs_file_source_new(&t->file, 1, MAX_LINE, &t->source, err);
    }
    while (status == GS_OK && !gs_signals_stop()) {
        struct gs_record record;
        status = gs_source_poll(t->source, WAIT_MS, &record, err);
        if (status == GS_OK) {
            status = take_line(t, &record, err);
        }
        if (status == GS_AGAIN || (status == GS_OK && t->out.len >= FULL)) {
            status = write_out(t, err);
        }
    }
    return status == GS_CLOSED || status == GS_OK ? write_out(t, err) : status;
}

int gs_cmd_tokenize(int argc, char **argv)
{
    struct tokenize t = {.out = {.max = MAX_OUT}};
    struct gs_error err = {0};

    const int code = parse(argc, argv, &t);
    if (code >= 0) {
        return code;
    }
    gs_signals_catch();
    const enum gs_status status = run(&t, &err);
    if (status != GS_OK) {
        (void)fprintf(stderr, "groundswell tokenize: %s\n", err.message);
    }
    gs_source_close(t.source);
    gs_tokenizer_work_free(t.work);
    gs_tokenizer_free(t.tokenizer);
    gs_buf_done(&t.out);
    if (status != GS_OK) {
        return status == GS_BAD_CONFIG ? GS_EXIT_USAGE : GS_EXIT_FAILURE;
    }
    return t.n_refused > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}
