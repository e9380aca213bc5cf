/* The problems of a profile, one a column (the sentiment's: one a class for all registers). */
#include "classifier/train/train_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_POSITIVE = 6, MIN_SHARE = 200 }; /* rows of a label; 1/200 of the rows make a register */

struct job {
    struct gs_trainer *t;
    size_t profile;
    bool held_too;
    bool only_planned; /* what would be solved is counted, and columns is NULL */
    const char *phase;
    struct gs_columns *columns;
    int registers[GS_MAX_EXPERTS]; /* of this profile: the trainer's number */
    size_t n_registers;
    uint32_t *rows; /* of the problem at hand */
    int8_t *y;
    float *cost;
    uint8_t *domain;
    size_t n, n_positive;
    struct gs_svm_problem problem;
};

static bool learns(const struct job *job, size_t row)
{
    const struct gs_row *r = &job->t->rows[row];
    return r->profile == job->profile && !job->t->sets[r->set].valid && (job->held_too || !r->held);
}

/* The registers that this profile's texts come from: a forum's stray posts in the other alphabet
 * are none. */
static void find_registers(struct job *job)
{
    size_t counts[GS_MAX_SETS] = {0};
    size_t n = 0;
    for (size_t r = 0; r < job->t->n_rows; r++) {
        const struct gs_row *row = &job->t->rows[r];
        if (row->sentiment >= 0 && row->profile == job->profile && !job->t->sets[row->set].valid) {
            counts[job->t->sets[row->set].registr]++;
            n++;
        }
    }
    for (size_t i = 0; i < GS_MAX_SETS; i++) { /* in the order of the sets */
        if (counts[i] >= MIN_POSITIVE && counts[i] * MIN_SHARE >= n &&
            job->n_registers < GS_MAX_EXPERTS) {
            job->registers[job->n_registers++] = (int)i;
        }
    }
}

static const char *register_name(const struct gs_trainer *t, int registr)
{
    for (size_t s = 0; s < t->n_sets; s++) {
        if (t->sets[s].registr == registr) {
            return t->sets[s].register_name;
        }
    }
    return "";
}

static size_t register_index(const struct job *job, size_t row)
{
    size_t i = 0;
    while (i < job->n_registers &&
           job->registers[i] != job->t->sets[job->t->rows[row].set].registr) {
        i++;
    }
    return i;
}

static void begin(struct job *job)
{
    job->n = 0;
    job->n_positive = 0;
}

static void take(struct job *job, size_t row, bool positive, size_t head, size_t domain)
{
    job->rows[job->n] = (uint32_t)row;
    job->y[job->n] = positive ? 1 : -1;
    job->cost[job->n] = job->t->sets[job->t->rows[row].set].cost[head];
    job->domain[job->n] = (uint8_t)domain;
    job->n++;
    job->n_positive += positive;
}

static void put_curve(struct gs_buf *line, const struct gs_solution *solution)
{
    gs_buf_puts(line, ",\"loss\":[");
    for (size_t i = 0; i < solution->passes && i < 64; i++) {
        gs_buf_printf(line, "%s%.5f", i > 0 ? "," : "", (double)solution->loss[i]);
    }
    gs_buf_putc(line, ']');
}

static void say(struct job *job, const char *name, const struct gs_solution *solution)
{
    struct gs_buf line = {.max = 4096};
    gs_buf_printf(&line,
                  "{\"event\":\"problem\",\"phase\":\"%s\",\"profile\":\"%s\",\"column\":\"%s\","
                  "\"rows\":%zu,\"positive\":%zu,\"passes\":%zu,\"violation\":",
                  job->phase, gs_profile_names[job->profile], name, job->n, job->n_positive,
                  solution->passes);
    gs_buf_json_number(&line, solution->violation);
    put_curve(&line, solution);
    gs_buf_puts(&line, "}");
    gs_train_say_line(job->t, &line);
}

/* What a problem costs. Most converge long before their last pass, and then look at fewer rows. */
static double work_of(const struct job *job)
{
    enum { USUAL_PASSES = 12 };
    const size_t most = job->problem.max_passes;

    return (double)job->n * (double)(most < USUAL_PASSES ? most : USUAL_PASSES);
}

static void say_progress(const struct job *job, const struct gs_solution *solution)
{
    struct gs_train_plan *plan = &job->t->plan;
    const struct gs_train_listener *listener = &job->t->listener;

    plan->solved++;
    plan->done += work_of(job);
    if (listener->progress != NULL) {
        const struct gs_train_progress progress = {
            .phase = job->phase,
            .problem = plan->solved,
            .problems = plan->problems,
            .loss = solution->passes == 0 ? 0.0 : (double)solution->loss[solution->passes - 1],
            .done = plan->done / plan->work,
        };
        listener->progress(listener->arg, &progress);
    }
}

/* Solves what was taken into n_domains new columns, called names. */
static enum gs_status solve(struct job *job, size_t head, size_t n_domains, const char *what,
                            char (*names)[2 * GS_MAX_NAME], struct gs_error *err)
{
    struct gs_trainer *t = job->t;
    struct gs_columns *columns = job->columns;
    const struct gs_vocabulary *v = &t->vocabulary[job->profile];
    struct gs_solution solution = {0};

    if (job->only_planned) {
        t->plan.problems++;
        t->plan.work += work_of(job);
        return GS_OK;
    }
    if (columns->n + n_domains > GS_MAX_WIDTH) {
        return gs_fail(err, GS_BAD_FORMAT, "more than %d columns: fewer registers or labels",
                       GS_MAX_WIDTH);
    }
    job->problem.n = job->n;
    job->problem.inverse_norm = t->inverse_norm[gs_squares_of(head)];
    job->problem.squares = v->squares[gs_squares_of(head)];
    job->problem.n_domains = n_domains;
    job->problem.share = n_domains > 1 ? t->options.share : 1.0F;
    job->problem.seed = t->options.seed * 1000003U + columns->n;
    solution.weights = columns->weights + columns->n * v->n;
    solution.bias = columns->bias + columns->n;
    const enum gs_status status = gs_solve(&job->problem, &solution, err);
    if (status != GS_OK) {
        return status;
    }
    for (size_t d = 0; d < n_domains; d++) {
        columns->squares[columns->n] = -1;
        memcpy(columns->names[columns->n++], names[d], sizeof names[d]);
    }
    say(job, what, &solution);
    say_progress(job, &solution);
    return GS_OK;
}

static enum gs_status solve_sentiment(struct job *job, struct gs_error *err)
{
    char names[GS_MAX_EXPERTS][2 * GS_MAX_NAME];
    enum gs_status status = GS_OK;

    for (size_t s = 0; s < GS_N_SENTIMENTS && status == GS_OK; s++) {
        begin(job);
        for (size_t r = 0; r < job->t->n_rows; r++) {
            const struct gs_row *row = &job->t->rows[r];
            if (learns(job, r) && row->sentiment >= 0 && (!row->binary || s != GS_NEUTRAL) &&
                register_index(job, r) < job->n_registers) {
                take(job, r, row->sentiment == (int)s, GS_HEAD_SENTIMENT, register_index(job, r));
            }
        }
        for (size_t i = 0; i < job->n_registers; i++) {
            (void)snprintf(names[i], sizeof names[i], "sentiment/%s/%s",
                           register_name(job->t, job->registers[i]),
                           gs_sentiment_name((enum gs_sentiment)s));
        }
        status = solve(job, GS_HEAD_SENTIMENT, job->n_registers,
                       gs_sentiment_name((enum gs_sentiment)s), names, err);
    }
    for (size_t i = 0; i < job->n_registers && job->n_registers > 1 && status == GS_OK; i++) {
        begin(job);
        for (size_t r = 0; r < job->t->n_rows; r++) {
            if (learns(job, r) && job->t->rows[r].sentiment >= 0 &&
                register_index(job, r) < job->n_registers) {
                take(job, r, register_index(job, r) == i, GS_HEAD_SENTIMENT, 0);
            }
        }
        (void)snprintf(names[0], sizeof names[0], "gate/%s",
                       register_name(job->t, job->registers[i]));
        status = solve(job, GS_HEAD_SENTIMENT, 1, names[0], names, err);
    }
    return status;
}

/* One label of topics or risks: learnt from the rows whose set knows it. */
static enum gs_status solve_label(struct job *job, size_t head, size_t label, struct gs_error *err)
{
    char names[1][2 * GS_MAX_NAME];
    const uint64_t bit = (uint64_t)1 << label;

    begin(job);
    for (size_t r = 0; r < job->t->n_rows; r++) {
        const struct gs_row *row = &job->t->rows[r];
        if (learns(job, r) && row->has[head] && (job->t->sets[row->set].knows[head] & bit) != 0) {
            take(job, r, (row->labels[head] & bit) != 0, head, 0);
        }
    }
    if (job->n_positive < MIN_POSITIVE || job->n_positive == job->n) {
        return GS_OK; /* this profile's texts say nothing of it */
    }
    (void)snprintf(names[0], sizeof names[0], "%s/%s", gs_head_name((enum gs_head)head),
                   job->t->labels[head][label].id);
    return solve(job, head, 1, names[0], names, err);
}

static void add_norms(struct job *job)
{
    struct gs_columns *columns = job->columns;
    const bool two = job->t->options.idf[job->profile];
    for (size_t kind = 0; kind < (two ? 2U : 1U); kind++) {
        columns->squares[columns->n] = (int)(two ? kind : 0);
        columns->bias[columns->n] = 0.0F;
        (void)snprintf(columns->names[columns->n++], sizeof columns->names[0], "%s",
                       two && kind == 0 ? "norm/sentiment" : "norm");
    }
}

static void job_done(struct job *job)
{
    free(job->rows);
    free(job->y);
    free(job->cost);
    free(job->domain);
}

static enum gs_status solve_all(struct job *job, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    find_registers(job);
    if (job->n_registers > 0) {
        status = solve_sentiment(job, err);
    }
    for (size_t head = GS_HEAD_TOPICS; head < GS_N_HEADS; head++) {
        for (size_t l = 0; l < job->t->n_labels[head] && status == GS_OK; l++) {
            status = solve_label(job, head, l, err);
        }
    }
    return status;
}

/* The room for the largest problem. */
static enum gs_status job_init(struct job *job, size_t max_passes, struct gs_error *err)
{
    const struct gs_trainer *t = job->t;

    job->rows = malloc((t->n_rows + 1) * sizeof *job->rows);
    job->y = malloc(t->n_rows + 1);
    job->cost = malloc((t->n_rows + 1) * sizeof *job->cost);
    job->domain = malloc(t->n_rows + 1);
    if (job->rows == NULL || job->y == NULL || job->cost == NULL || job->domain == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "a problem of %zu rows", t->n_rows);
    }
    job->problem = (struct gs_svm_problem){.ids = t->ids,
                                           .at = t->id_at,
                                           .n_features = t->vocabulary[job->profile].n,
                                           .rows = job->rows,
                                           .y = job->y,
                                           .cost = job->cost,
                                           .domain = job->domain,
                                           .tolerance = t->options.tolerance,
                                           .max_passes = max_passes};
    return GS_OK;
}

enum gs_status gs_columns_plan(struct gs_trainer *t, size_t profile, bool held_too,
                               size_t max_passes, struct gs_error *err)
{
    struct job job = {.t = t, .profile = profile, .held_too = held_too, .only_planned = true};
    enum gs_status status = job_init(&job, max_passes, err);

    if (status == GS_OK) {
        status = solve_all(&job, err);
    }
    job_done(&job);
    return status;
}

enum gs_status gs_columns_solve(struct gs_trainer *t, size_t profile, bool held_too,
                                size_t max_passes, const char *phase, struct gs_columns *ret,
                                struct gs_error *err)
{
    const struct gs_vocabulary *v = &t->vocabulary[profile];
    struct job job = {
        .t = t, .profile = profile, .held_too = held_too, .phase = phase, .columns = ret};
    enum gs_status status = job_init(&job, max_passes, err);

    ret->n = 0;
    ret->weights = malloc((v->n * GS_MAX_WIDTH + 1) * sizeof *ret->weights);
    if (status == GS_OK && ret->weights == NULL) {
        status =
            gs_fail(err, GS_NO_MEMORY, "%zu columns of %zu n-grams", (size_t)GS_MAX_WIDTH, v->n);
    }
    if (status == GS_OK) {
        add_norms(&job);
        status = solve_all(&job, err);
    }
    job_done(&job);
    if (status != GS_OK) {
        gs_columns_done(ret);
    }
    return status;
}

void gs_columns_done(struct gs_columns *columns)
{
    free(columns->weights);
    columns->weights = NULL;
    columns->n = 0;
}
