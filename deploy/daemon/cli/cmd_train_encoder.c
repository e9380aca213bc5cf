/* train --kind encoder: rows in, a fine-tuned folder out. */
#include "classifier/encoder/blas.h"
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/train_encoder_options.h"
#include "deploy/daemon/service/signals.h"
#include "deploy/daemon/workbench/tune_progress.h"
#include "deploy/daemon/workbench/tune_report.h"
#include "deploy/daemon/workbench/tune_rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct session {
    struct gs_train_encoder_options *options;
    struct gs_tokenizer *tokenizer;
    struct gs_tune_data *data;
    struct gs_tuner *tuner;
    struct gs_refusals refusals;
    struct gs_buf notes;
    struct gs_tune_source source;
    struct gs_tune_progress_log log;
};

static void on_step(void *arg, const struct gs_tune_progress *progress)
{
    gs_tune_say_step(&((struct session *)arg)->log, progress);
}

static void on_epoch(void *arg, const struct gs_tune_epoch *epoch)
{
    gs_tune_say_epoch(&((struct session *)arg)->log, epoch);
}

static void on_warning(void *arg, const char *line)
{
    const struct session *s = arg;

    gs_progress_line_clear(&s->log.line);
    (void)fprintf(stderr, "groundswell train: %s\n", line);
}

static bool on_stop(void *arg)
{
    (void)arg;
    return gs_signals_stop();
}

/* Bytes that the system could still give, as it says; 0: it does not. */
static size_t free_memory(void)
{
    unsigned long long kib = 0;
    char line[128];
    FILE *file = fopen("/proc/meminfo", "r");

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "MemAvailable:", 13) == 0) {
            kib = strtoull(line + 13, NULL, 10);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return (size_t)kib * 1024;
}

/* Texts are cut to what the base reads, should that be less than was asked for. */
static enum gs_status fit_base(struct session *s, struct gs_error *err)
{
    size_t *max_tokens = &s->options->tune.max_tokens;
    struct gs_encoder_config *config = calloc(1, sizeof *config);

    if (config == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%s", s->options->base);
    }
    const enum gs_status status = gs_encoder_config_read(s->options->base, config, err);
    if (status == GS_OK && config->max_tokens < *max_tokens) {
        *max_tokens = config->max_tokens;
    }
    free(config);
    return status == GS_OK && *max_tokens <= gs_tokenizer_info(s->tokenizer)->n_special
               ? gs_fail(err, GS_BAD_CONFIG, "--max-tokens %zu leaves no room for a text",
                         *max_tokens)
               : status;
}

static enum gs_status read_data(struct session *s, struct gs_error *err)
{
    const struct gs_train_encoder_options *o = s->options;

    enum gs_status status = gs_refusals_open(&s->refusals, "train", o->rejects, err);
    for (size_t i = 0; i < o->n_specs && status == GS_OK; i++) {
        status = gs_tune_rows_read(o->specs[i], &s->source, err);
    }
    return gs_refusals_close(&s->refusals, status, err);
}

static enum gs_status load(struct session *s, struct gs_error *err)
{
    const struct gs_train_encoder_options *o = s->options;

    enum gs_status status = gs_tokenizer_load(o->base, &s->tokenizer, err);
    if (status != GS_OK) {
        return status;
    }
    s->data = calloc(1, sizeof *s->data);
    if (s->data == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "rows");
    }
    status = fit_base(s, err);
    if (status != GS_OK) {
        return status;
    }
    if (o->labels != NULL) {
        status = gs_tune_labels_load(o->labels, s->data, err);
    }
    s->source = (struct gs_tune_source){.data = s->data,
                                        .tokenizer = s->tokenizer,
                                        .max_tokens = o->tune.max_tokens,
                                        .holdout = o->holdout,
                                        .refusals = &s->refusals,
                                        .notes = &s->notes};
    if (status == GS_OK) {
        status = read_data(s, err);
    }
    if (status == GS_OK) {
        status = gs_tune_data_finish(s->data, err);
    }
    if (status == GS_OK && s->data->n_labels[GS_HEAD_SENTIMENT] == 0) {
        (void)fprintf(stderr, "groundswell train: no row has a sentiment: the model will not have "
                              "that head, and tag says neutral\n");
    }
    return status;
}

/* The log, appended to where a run goes on. */
static enum gs_status open_log(struct session *s, struct gs_error *err)
{
    char path[4096];

    if (mkdir(s->options->out, 0777) != 0 && errno != EEXIST) {
        return gs_fail_errno(err, errno, "%s", s->options->out);
    }
    if (snprintf(path, sizeof path, "%s/train.jsonl", s->options->out) >= (int)sizeof path) {
        return gs_fail(err, GS_IO, "%s: path too long", s->options->out);
    }
    s->log.log = fopen(path, s->options->tune.resume ? "ab" : "wb");
    if (s->log.log == NULL) {
        return gs_fail_errno(err, errno, "%s", path);
    }
    if (snprintf(path, sizeof path, "%s/tensorboard", s->options->out) >= (int)sizeof path) {
        return gs_fail(err, GS_IO, "%s: path too long", s->options->out);
    }
    return gs_event_file_open(path, &s->log.events, err);
}

static void say_plan(struct session *s)
{
    const struct gs_tune_plan *plan = gs_tuner_plan(s->tuner);

    s->log.plan = plan;
    s->log.epochs = s->options->tune.epochs;
    s->log.line.quiet = s->options->quiet;
    s->log.line.terminal = isatty(STDERR_FILENO) == 1;
    s->log.gemm_rate = gs_tuner_gemm_rate(s->tuner);
    if (!s->options->quiet) {
        (void)fprintf(
            stderr,
            "%zu rows an epoch in %zu steps, %zu rows of validation, %.1f M parameters; "
            "at most %.0f MB of memory; sgemm alone (%s): %.1f G multiplications a CPU second, "
            "on %zu threads\n",
            plan->n_train, plan->steps, plan->n_valid, (double)plan->n_parameters / 1e6,
            (double)plan->bytes / 1e6, gs_blas_core(), s->log.gemm_rate / 1e9,
            s->options->tune.threads);
        if (plan->n_kept > 0) {
            (void)fprintf(stderr, "%zu of %zu labels go on from the base's own head\n",
                          plan->n_kept, plan->n_out);
        }
    }
}

/* Describes the run, for the folder. */
static enum gs_status write_folder(struct session *s, struct gs_error *err)
{
    const struct gs_tune_options *t = &s->options->tune;
    struct gs_buf text = {.max = 1 << 20};
    struct gs_tune_quality quality;
    char figures[512];

    gs_buf_printf(&text,
                  "{\"kind\": \"encoder\", \"seed\": %llu, \"epochs\": %zu, \"batch\": %zu, "
                  "\"lr\": %.4g, \"head_lr\": %.4g, \"dropout\": %.4g, \"ema\": %.6g, "
                  "\"r_drop\": %.4g, \"smoothing\": %.4g, \"base\": ",
                  (unsigned long long)t->seed, t->epochs, t->batch, t->optimizer.lr,
                  t->optimizer.head_lr, t->dropout.hidden, t->optimizer.ema, t->r_drop,
                  t->targets.smoothing);
    const char *slash = strrchr(t->base, '/');
    gs_buf_json_str(&text, gs_str(slash == NULL || slash[1] == '\0' ? t->base : slash + 1));
    gs_buf_puts(&text, ", \"sets\": [");
    gs_buf_put(&text, gs_buf_str(&s->notes));
    gs_buf_puts(&text, "]}");
    gs_buf_putc(&text, '\0');
    const enum gs_status status = gs_buf_ok(&text)
                                      ? gs_tuner_write(s->tuner, text.bytes, &quality, err)
                                      : gs_fail(err, GS_NO_MEMORY, "provenance");
    if (status == GS_OK && !s->options->quiet) {
        const struct gs_tune_progress_log *l = &s->log;
        gs_tune_print_quality(&quality, figures, sizeof figures);
        (void)fprintf(stderr, "%s: %s\n", s->options->out, figures);
        if (l->all_steps > 0) {
            (void)fprintf(stderr,
                          "%zu steps, %.0f tokens/s, %.0f %% of sgemm; %zu rows, %zu refused\n",
                          l->all_steps, (double)l->all_tokens / l->all_seconds,
                          100.0 * l->all_macs / l->all_cpu_seconds / l->gemm_rate, s->source.n_rows,
                          s->refusals.n);
        }
    }
    gs_buf_done(&text);
    return status;
}

static enum gs_status write_report(const struct session *s, struct gs_error *err)
{
    const struct gs_tune_report report = {.dir = s->options->out,
                                          .name = s->options->tune.name,
                                          .version = s->options->tune.version,
                                          .tuner = s->tuner,
                                          .data = s->data};

    return gs_tune_report_write(&report, err);
}

static enum gs_status train(struct session *s, struct gs_error *err)
{
    const struct gs_tune_events events = {on_step, on_epoch, on_warning, on_stop, s};

    enum gs_status status = load(s, err);
    if (status == GS_OK) {
        s->options->tune.max_bytes = free_memory();
        status = gs_tuner_new(&s->options->tune, s->data, &s->tuner, err);
    }
    if (status == GS_OK) {
        status = open_log(s, err);
    }
    if (status == GS_OK) {
        say_plan(s);
        status = gs_tuner_run(s->tuner, &events, err);
    }
    if (status == GS_OK) {
        status = write_folder(s, err);
    }
    return status == GS_OK ? write_report(s, err) : status;
}

int gs_train_encoder(int argc, char **argv)
{
    struct gs_train_encoder_options options;
    struct gs_error err = {0};

    const int code = gs_train_encoder_parse(argc, argv, &options);
    if (code >= 0) {
        return code;
    }
    gs_signals_catch();
    struct session s = {.options = &options, .notes = {.max = 1 << 20}};
    enum gs_status status = train(&s, &err);
    struct gs_error unwritten = {0};
    const enum gs_status closed = gs_event_file_close(s.log.events, &unwritten);
    if (status == GS_OK && closed != GS_OK) {
        status = closed;
        err = unwritten;
    }
    if (status != GS_OK) {
        gs_progress_line_clear(&s.log.line);
        (void)fprintf(stderr, "groundswell train: %s\n", err.message);
    }
    if (s.log.log != NULL) {
        (void)fclose(s.log.log);
    }
    gs_tuner_free(s.tuner);
    if (s.data != NULL) {
        gs_tune_data_done(s.data);
        free(s.data);
    }
    gs_tokenizer_free(s.tokenizer);
    gs_buf_done(&s.notes);
    if (status != GS_OK) {
        return status == GS_BAD_CONFIG ? GS_EXIT_USAGE : GS_EXIT_FAILURE;
    }
    return s.refusals.n > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}
