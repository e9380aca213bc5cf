#include "deploy/daemon/eval_files.h"

#include "base/arena.h"
#include "deploy/daemon/answers.h"
#include "deploy/daemon/labelled.h"

#include <assert.h>
#include <stdio.h>

enum { MAX_ARENA = 1 << 28 };

struct session {
    struct gs_eval_files options;
    struct gs_eval_totals *totals;
    struct gs_model_folder *folder;
    struct gs_answers *answers;
    struct gs_arena *arena; /* of the lines that wait for their answers */
    struct gs_featuriser *featuriser;
    struct gs_eval *eval;
};

/* A label by its id or its Chinese name; n_labels: none. */
static size_t label_named(const struct gs_model_info *info, enum gs_head head, const char *name)
{
    size_t l = 0;
    while (l < info->n_labels[head] && strcmp(info->labels[head][l], name) != 0 &&
           strcmp(info->labels_zh[head][l], name) != 0) {
        l++;
    }
    return l;
}

/* What is true of a line whose answer is on its way. */
struct truth {
    size_t sentiment;
    bool binary;
    uint64_t labels; /* bits */
    size_t first;    /* of them as the line names them; n_labels: none */
};

static void read_labels(struct session *s, const struct gs_labelled *line, struct truth *ret)
{
    const enum gs_head head = s->options.task;
    const struct gs_model_info *info = gs_model_info(s->folder->model);
    const bool topics = head == GS_HEAD_TOPICS;
    const size_t n = topics ? line->n_topics : line->n_risks;

    ret->first = info->n_labels[head];
    for (size_t i = 0; i < n; i++) {
        const size_t l = label_named(info, head, topics ? line->topics[i] : line->risks[i]);
        if (l == info->n_labels[head]) {
            s->totals->n_unknown++;
            continue;
        }
        ret->first = ret->labels == 0 ? l : ret->first;
        ret->labels |= (uint64_t)1 << l;
    }
}

/* Called for each line, in order. */
static enum gs_status answered(void *arg, const struct gs_answer *answer, struct gs_error *err)
{
    struct session *s = arg;
    const enum gs_head head = s->options.task;
    const struct truth *truth = answer->item;
    const float *p = answer->said->p[head];

    return head == GS_HEAD_SENTIMENT
               ? gs_eval_add_class(s->eval, p, truth->sentiment, truth->binary, err)
               : gs_eval_add_labels(s->eval, p, truth->labels, truth->first, err);
}

/* The line's text and truth outlive it until they are answered. */
static enum gs_status ask(struct session *s, const struct gs_labelled *line,
                          const struct gs_features *features, struct gs_error *err)
{
    struct truth *truth = gs_arena_take(s->arena, sizeof *truth);
    const struct gs_str text = gs_arena_copy(s->arena, features->text);

    if (truth == NULL || text.bytes == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "a pack of lines");
    }
    *truth = (struct truth){.binary = line->binary};
    if (s->options.task == GS_HEAD_SENTIMENT) {
        truth->sentiment = (size_t)line->sentiment;
    } else {
        read_labels(s, line, truth);
    }
    const struct gs_question question = {.text = text,
                                         .lang = features->lang,
                                         .hashes = features->hashes,
                                         .n_hashes = features->n,
                                         .age_ms = -1,
                                         .item = truth};
    const enum gs_status status = gs_answers_ask(s->answers, &question, err);
    if (gs_answers_waiting(s->answers) == 0) {
        gs_arena_reset(s->arena);
    }
    return status;
}

static enum gs_status judge(struct session *s, const struct gs_labelled *line, struct gs_error *err)
{
    const enum gs_head head = s->options.task;
    struct gs_features features;

    const bool has = head == GS_HEAD_SENTIMENT ? line->sentiment >= 0
                     : head == GS_HEAD_TOPICS  ? line->has_topics
                                               : line->has_risks;
    if (!has) {
        s->totals->n_without++;
        return GS_OK;
    }
    const enum gs_status status =
        gs_featuriser_run(s->featuriser, line->title, line->text, &features, err);
    return status == GS_OK ? ask(s, line, &features, err) : status;
}

static enum gs_status judge_file(struct session *s, const char *path, struct gs_error *err)
{
    struct gs_labelled_reader *reader = NULL;
    struct gs_labelled line;
    enum gs_status status = gs_labelled_open(path, false, &reader, err);

    while (status == GS_OK) {
        status = gs_labelled_next(reader, &line, err);
        if (status == GS_BAD_FORMAT) {
            (void)fprintf(stderr, "groundswell eval: %s\n", err->message);
            s->totals->n_refused++;
            status = GS_OK;
        } else if (status == GS_OK) {
            status = judge(s, &line, err);
        }
    }
    gs_labelled_close(reader);
    return status == GS_CLOSED ? GS_OK : status;
}

static enum gs_status make(struct session *s, struct gs_eval **ret, struct gs_error *err)
{
    static const char *const names[GS_N_HEADS] = {"sentiment", "topics", "risks"};
    const enum gs_head head = s->options.task;
    const struct gs_answers_options answers = {
        .cache_entries = 4096, .cache_bytes = 4 << 20, .done = answered, .done_arg = s};
    enum gs_status status =
        gs_model_folder_load(s->options.model, &s->options.choice, &s->folder, err);

    if (status != GS_OK) {
        return status;
    }
    assert(s->folder != NULL);
    const struct gs_model_info *info = gs_model_info(s->folder->model);
    if (info->n_labels[head] == 0) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: the model has no head for %s", s->options.model,
                       names[head]);
    }
    status = gs_answers_new(s->folder, &answers, &s->answers, err);
    if (status == GS_OK) {
        status = gs_arena_new(MAX_ARENA, &s->arena, err);
    }
    if (status == GS_OK) {
        status = gs_featuriser_new(&s->featuriser, err);
    }
    if (status == GS_OK) {
        status =
            gs_eval_new(info->n_labels[head], info->labels[head], info->thresholds[head], ret, err);
        s->eval = *ret;
    }
    return status;
}

enum gs_status gs_eval_files(const struct gs_eval_files *options, struct gs_eval_totals *totals,
                             struct gs_eval_report *report, struct gs_eval_result *ret,
                             struct gs_error *err)
{
    struct session s = {.options = *options, .totals = totals};
    enum gs_status status = make(&s, &ret->eval, err);

    *totals = (struct gs_eval_totals){0};
    for (size_t i = 0; i < options->n_files && status == GS_OK; i++) {
        status = judge_file(&s, options->files[i], err);
    }
    if (status == GS_OK) {
        status = gs_answers_flush(s.answers, err);
    }
    if (status == GS_OK) {
        gs_eval_finish(s.eval, report);
    }
    gs_featuriser_free(s.featuriser);
    gs_answers_free(s.answers);
    gs_arena_free(s.arena);
    ret->folder = s.folder;
    return status;
}

void gs_eval_result_done(struct gs_eval_result *result)
{
    gs_eval_free(result->eval);
    gs_model_folder_drop(result->folder);
}
