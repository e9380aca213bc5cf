/* The course of a training: vocabulary, a trial without the held-out rows to calibrate on, then
 * all. */
#include "classifier/train/train.h"

#include "classifier/train/train_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void number_registers(struct gs_trainer *t)
{
    int n = 0;
    for (size_t s = 0; s < t->n_sets; s++) {
        t->sets[s].registr = -1;
        for (size_t other = 0; other < s && t->sets[s].registr < 0; other++) {
            if (strcmp(t->sets[s].register_name, t->sets[other].register_name) == 0) {
                t->sets[s].registr = t->sets[other].registr;
            }
        }
        t->sets[s].registr = t->sets[s].registr < 0 ? n++ : t->sets[s].registr;
    }
}

/* The part of a set that calibration is fitted on: small sets give more, since a few hundred rows
 * cannot tell how sure to be. */
static double part_held(const struct gs_trainer *t, size_t set)
{
    static const double wanted = 600.0;
    static const double most = 1.0 / 3.0;
    const double least = (double)t->options.holdout;
    const double part = wanted / (double)(t->sets[set].n_rows + 1);
    return part < least || least > most ? least : part < most ? part : most;
}

/* The same rows for the same seed, spread over each set whatever its order. */
static void hold_out(struct gs_trainer *t)
{
    uint64_t state = t->options.seed;
    for (size_t r = 0; r < t->n_rows; r++) {
        const double u = (double)(gs_train_random(&state) >> 11) / 9007199254740992.0;
        const size_t set = t->rows[r].set;
        t->rows[r].held = t->sets[set].valid || u < part_held(t, set);
    }
}

static enum gs_status check(const struct gs_trainer *t, struct gs_error *err)
{
    size_t n = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
        n += !t->sets[t->rows[r].set].valid;
    }
    return n < 10 ? gs_fail(err, GS_BAD_FORMAT, "%zu rows to train on: too few", n) : GS_OK;
}

static size_t head_of(const char *column)
{
    return column[0] == 't' ? GS_HEAD_TOPICS : column[0] == 'r' ? GS_HEAD_RISKS : GS_HEAD_SENTIMENT;
}

/* An n-gram's weight is its share of each column's squared weights. Heads have an equal say,
 * whatever their number of columns and the size of their weights. */
static void add_importance(const struct gs_columns *columns, size_t n, double *importance)
{
    size_t n_columns[GS_N_HEADS] = {0};
    for (size_t c = 0; c < columns->n; c++) {
        n_columns[head_of(columns->names[c])] += columns->squares[c] < 0;
    }
    for (size_t c = 0; c < columns->n; c++) {
        const float *weights = columns->weights + c * n;
        double sum = 0.0;
        for (size_t j = 0; j < n && columns->squares[c] < 0; j++) {
            sum += (double)weights[j] * (double)weights[j];
        }
        const double share = 1.0 / (double)n_columns[head_of(columns->names[c])];
        for (size_t j = 0; j < n && sum > 0.0; j++) {
            importance[j] += share * (double)weights[j] * (double)weights[j] / sum;
        }
    }
}

enum { PRUNING_PASSES = 6 };

static enum gs_status prune(struct gs_trainer *t, size_t profile, bool held_too, const char *phase,
                            struct gs_error *err)
{
    const size_t n = t->vocabulary[profile].n;
    struct gs_columns columns = {0};

    if (n <= t->options.max_rows[profile]) {
        return GS_OK;
    }
    double *importance = calloc(n + 1, sizeof *importance);
    if (importance == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "importance of %zu n-grams", n);
    }
    enum gs_status status =
        gs_columns_solve(t, profile, held_too, PRUNING_PASSES, phase, &columns, err);
    if (status == GS_OK) {
        add_importance(&columns, n, importance);
        gs_columns_done(&columns);
        status = gs_vocabulary_prune(t, profile, importance, t->options.max_rows[profile], err);
    }
    gs_train_say(t, "{\"event\":\"vocabulary\",\"profile\":\"%s\",\"seen\":%zu,\"kept\":%zu}",
                 gs_profile_names[profile], n, t->vocabulary[profile].n);
    free(importance);
    return status;
}

static enum gs_status plan_solving(struct gs_trainer *t, bool held_too, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < GS_N_PROFILES && status == GS_OK; i++) {
        if (t->vocabulary[i].n > t->options.max_rows[i]) {
            status = gs_columns_plan(t, i, held_too, PRUNING_PASSES, err);
        }
        if (status == GS_OK) {
            status = gs_columns_plan(t, i, held_too, t->options.max_passes, err);
        }
    }
    return status;
}

/* What is ahead, now that the vocabularies are known. Before the trial that is the final model too,
 * as if its vocabularies were the trial's; they are a little larger, so it is planned once more. */
static enum gs_status plan_rest(struct gs_trainer *t, bool held_too, struct gs_error *err)
{
    t->plan.problems = t->plan.solved;
    t->plan.work = t->plan.done;
    const enum gs_status status = held_too ? GS_OK : plan_solving(t, false, err);
    return status != GS_OK ? status : plan_solving(t, true, err);
}

/* A model of the rows that learn: which n-grams to keep, then every column over those. The trial
 * chooses without the rows held out too, or their n-grams would look more certain than a
 * stranger's. */
static enum gs_status solve_model(struct gs_trainer *t, bool held_too, struct gs_model **ret,
                                  struct gs_error *err)
{
    const char *choose = held_too ? "final-choose" : "trial-choose";
    const char *phase = held_too ? "final" : "trial";
    struct gs_columns *columns = calloc(GS_N_PROFILES, sizeof *columns);
    enum gs_status status = columns == NULL ? gs_fail(err, GS_NO_MEMORY, "columns")
                                            : gs_vocabulary_build(t, held_too, err);

    if (status == GS_OK) {
        status = plan_rest(t, held_too, err);
    }
    for (size_t i = 0; i < GS_N_PROFILES && status == GS_OK; i++) {
        status = prune(t, i, held_too, choose, err);
    }
    for (size_t i = 0; i < GS_N_PROFILES && status == GS_OK; i++) {
        status = gs_columns_solve(t, i, held_too, t->options.max_passes, phase, &columns[i], err);
    }
    if (status == GS_OK) {
        status = gs_model_assemble(t, columns, ret, err);
    }
    for (size_t i = 0; i < GS_N_PROFILES && columns != NULL; i++) {
        gs_columns_done(&columns[i]);
    }
    free(columns);
    return status;
}

/* Without one row that has a sentiment the model has no such head, rather than one that says a
 * third of everything. */
static bool has_sentiment(const struct gs_trainer *t)
{
    for (size_t r = 0; r < t->n_rows; r++) {
        if (t->rows[r].sentiment >= 0 && !t->sets[t->rows[r].set].valid) {
            return true;
        }
    }
    return false;
}

GS_PRINTF(2, 3) static void warn(struct gs_trainer *t, const char *fmt, ...)
{
    char text[512];
    struct gs_buf line = {.max = 2048};
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    gs_buf_puts(&line, "{\"event\":\"warning\",\"text\":");
    gs_buf_json_str(&line, gs_str(text));
    gs_buf_putc(&line, '}');
    gs_train_say_line(t, &line);
}

/* Labels with few rows, by name as far as there is room. */
static void warn_of_rare_labels(struct gs_trainer *t, size_t head)
{
    enum { FEW = 30, MAX_NAMED = 8 };
    struct gs_buf names = {.max = 1024};
    size_t n_rare = 0;
    for (size_t l = 0; l < t->n_labels[head]; l++) {
        size_t n = 0;
        for (size_t r = 0; r < t->n_rows; r++) {
            n += (t->rows[r].labels[head] >> l & 1U) != 0 && !t->sets[t->rows[r].set].valid;
        }
        if (n < FEW && n_rare++ < MAX_NAMED) {
            gs_buf_printf(&names, "%s%s (%zu)", n_rare > 1 ? ", " : "", t->labels[head][l].id, n);
        }
    }
    gs_buf_putc(&names, '\0');
    if (n_rare > 0 && gs_buf_ok(&names)) {
        warn(t, "%s: fewer than %d rows with %s%s: rarely said, and not to be relied on",
             gs_head_name((enum gs_head)head), FEW, names.bytes,
             n_rare > MAX_NAMED ? " and others" : "");
    }
    gs_buf_done(&names);
}

/* Says what a person should know before the model is put to use. */
static void warn_of_data(struct gs_trainer *t)
{
    enum { FEW_ROWS = 2000 };
    size_t n = 0;
    size_t with[GS_N_SENTIMENTS] = {0};
    size_t n_sentiment = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
        const struct gs_row *row = &t->rows[r];
        if (!t->sets[row->set].valid) {
            n++;
            n_sentiment += row->sentiment >= 0;
            with[row->sentiment >= 0 ? row->sentiment : 0] += row->sentiment >= 0;
        }
    }
    if (n < FEW_ROWS) {
        warn(t,
             "%zu rows are few: probabilities are kept cautious, and figures on rows held out are "
             "rough",
             n);
    }
    if (n_sentiment == 0) {
        warn(t, "no row has a sentiment: the model says none, no observation is made from it and "
                "nothing "
                "alerts");
    }
    for (size_t s = 0; s < GS_N_SENTIMENTS && n_sentiment > 0; s++) {
        if (with[s] == 0) {
            warn(t, "no row is %s: the model will hardly ever say so",
                 gs_sentiment_name((enum gs_sentiment)s));
        }
    }
    warn_of_rare_labels(t, GS_HEAD_TOPICS);
    warn_of_rare_labels(t, GS_HEAD_RISKS);
}

static const char *const sentiments_zh[GS_N_SENTIMENTS] = {"负面", "中性", "正面"};

enum gs_status gs_trainer_run(struct gs_trainer *t, const struct gs_train_listener *listener,
                              struct gs_model **ret, struct gs_error *err)
{
    struct gs_model *trial = NULL;
    struct gs_model *model = NULL;
    struct gs_calibration *calibration = calloc(1, sizeof *calibration);

    t->listener = listener == NULL ? (struct gs_train_listener){0} : *listener;
    t->plan = (struct gs_train_plan){0};
    t->n_labels[0] = has_sentiment(t) ? GS_N_SENTIMENTS : 0;
    for (size_t s = 0; s < GS_N_SENTIMENTS && t->n_labels[0] > 0; s++) {
        (void)snprintf(t->labels[0][s].id, GS_MAX_NAME, "%s",
                       gs_sentiment_name((enum gs_sentiment)s));
        (void)snprintf(t->labels[0][s].zh, GS_MAX_NAME, "%s", sentiments_zh[s]);
    }
    enum gs_status status =
        calibration == NULL ? gs_fail(err, GS_NO_MEMORY, "calibration") : check(t, err);
    if (status == GS_OK) {
        warn_of_data(t);
        number_registers(t);
        hold_out(t);
        status = solve_model(t, false, &trial, err);
    }
    if (status == GS_OK) {
        status = gs_trainer_calibrate(t, trial, calibration, err);
    }
    if (status == GS_OK) {
        status = solve_model(t, true, &model, err);
    }
    if (status == GS_OK) {
        gs_calibration_apply(calibration, model);
        *ret = model;
        model = NULL;
    }
    gs_model_free(trial);
    gs_model_free(model);
    free(calibration);
    return status;
}

enum gs_status gs_trainer_write(struct gs_model *model, const char *dir, struct gs_str notes,
                                struct gs_error *err)
{
    return gs_model_write(model, dir, notes, err);
}
