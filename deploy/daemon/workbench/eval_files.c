/* Lines go through the same batcher as messages do, so the answer to a line may come some lines
 * later: its text and truth are kept in an arena until then, and answers are judged in the order of
 * the lines. Answers about topics and risks are kept until their file is read to its end: only then
 * is it known which labels its lines carry (label_space.h). */
#include "deploy/daemon/workbench/eval_files.h"

#include "deploy/daemon/inference/batcher.h"
#include "deploy/daemon/workbench/label_space.h"
#include "ingest/base/arena.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ARENA = 1 << 28, MAX_KEPT = 1 << 22 };

/* Holds what is true of a line whose answer is on its way. */
struct truth {
    size_t sentiment;
    bool binary;
    struct gs_line_labels labels; /* topics or risks */
};

/* A line that is answered, and the thresholds of who answered: the model's. */
struct answered {
    struct gs_line_labels truth;
    const float *thresholds;
};

/* The answers about topics or risks of one file, until its labels are known. */
struct kept {
    struct answered *lines; /* [max] */
    float *p;               /* [max][n_labels] */
    size_t n, max;
};

struct session {
    struct gs_eval_files options;
    struct gs_eval_totals *totals;
    struct gs_model_folder *folder;
    struct gs_batcher *batcher;
    struct gs_arena *arena; /* of the lines that wait for their predictions */
    struct gs_featuriser *featuriser;
    struct gs_eval *eval;
    struct gs_label_space space; /* of the file at hand */
    struct kept kept;
};

static enum gs_status keep(struct session *s, const struct gs_line_labels *truth,
                           const struct gs_prediction *prediction, struct gs_error *err)
{
    const enum gs_head head = s->options.task;
    const size_t width = gs_model_info(s->folder->model)->n_labels[s->options.task];
    struct kept *kept = &s->kept;

    if (kept->n == kept->max) {
        const size_t max = kept->max == 0 ? 1024 : 2 * kept->max;
        struct answered *lines = max > MAX_KEPT ? NULL : realloc(kept->lines, max * sizeof *lines);
        kept->lines = lines == NULL ? kept->lines : lines;
        float *all = lines == NULL ? NULL : realloc(kept->p, max * width * sizeof *all);
        if (all == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "%s: answers to %zu lines", s->space.name, max);
        }
        kept->p = all;
        kept->max = max;
    }
    kept->lines[kept->n] =
        (struct answered){.truth = *truth, .thresholds = prediction->thresholds[head]};
    memcpy(kept->p + kept->n * width, prediction->p[head], width * sizeof *kept->p);
    kept->n++;
    return GS_OK;
}

/* Each line that is answered by now, in order. */
static enum gs_status add_answered(struct session *s, struct gs_error *err)
{
    const enum gs_head head = s->options.task;
    struct gs_reply reply;

    while (gs_batcher_next(s->batcher, &reply)) {
        const struct truth *truth = reply.item;
        const enum gs_status status = head == GS_HEAD_SENTIMENT
                                          ? gs_eval_add_class(s->eval, reply.prediction->p[head],
                                                              truth->sentiment, truth->binary, err)
                                          : keep(s, &truth->labels, reply.prediction, err);
        if (status != GS_OK) {
            return status;
        }
    }
    if (gs_batcher_waiting(s->batcher) == 0) {
        gs_arena_reset(s->arena);
    }
    return GS_OK;
}

/* The line's text and truth outlive it until they are answered. */
static enum gs_status request(struct session *s, const struct truth *of_line,
                              const struct gs_features *features, struct gs_error *err)
{
    struct truth *truth = gs_arena_alloc(s->arena, sizeof *truth);
    const struct gs_str text = gs_arena_copy(s->arena, features->text);

    if (truth == NULL || text.bytes == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "a pack of lines");
    }
    *truth = *of_line;
    const struct gs_request wanted = {.text = text,
                                      .lang = features->lang,
                                      .hashes = features->hashes,
                                      .n_hashes = features->n,
                                      .age_ms = -1,
                                      .item = truth};
    const enum gs_status status = gs_batcher_add(s->batcher, &wanted, err);
    return status == GS_OK ? add_answered(s, err) : status;
}

static enum gs_status judge(void *arg, const struct gs_labelled *line, struct gs_error *err)
{
    struct session *s = arg;
    const enum gs_head head = s->options.task;
    struct gs_features features;
    struct truth truth = {.binary = line->binary};

    if (head == GS_HEAD_SENTIMENT) {
        truth.labels.has = line->sentiment >= 0;
        truth.sentiment = truth.labels.has ? (size_t)line->sentiment : 0;
    } else {
        truth.labels = gs_label_space_add(&s->space, gs_model_info(s->folder->model), head, line,
                                          &s->totals->n_unknown);
    }
    if (!truth.labels.has) {
        s->totals->n_without++;
        return GS_OK;
    }
    const enum gs_status status =
        gs_featuriser_run(s->featuriser, line->title, line->text, &features, err);
    return status == GS_OK ? request(s, &truth, &features, err) : status;
}

/* The file's end: all of its lines are answered, and it is known what it knows. */
static enum gs_status end_file(struct session *s, struct gs_error *err)
{
    const enum gs_head head = s->options.task;
    const struct gs_model_info *info = gs_model_info(s->folder->model);
    const uint64_t known = head == GS_HEAD_SENTIMENT ? 0 : gs_label_space_of(&s->space, head);

    enum gs_status status = gs_batcher_flush(s->batcher, err);
    status = status == GS_OK ? add_answered(s, err) : status;
    for (size_t i = 0; i < s->kept.n && status == GS_OK; i++) {
        const struct gs_line_labels *truth = &s->kept.lines[i].truth;
        gs_eval_set_thresholds(s->eval, s->kept.lines[i].thresholds);
        s->totals->n_without += known == 0;
        status = gs_eval_add_labels(s->eval, s->kept.p + i * info->n_labels[head], known,
                                    truth->labels, truth->first, err);
    }
    if (head != GS_HEAD_SENTIMENT && s->kept.n > 0 && !s->options.quiet) {
        gs_label_space_say(&s->space, "eval", info, head);
    }
    s->kept.n = 0;
    return status;
}

static enum gs_status judge_file(struct session *s, const char *spec, struct gs_error *err)
{
    enum gs_status status =
        gs_label_space_read(spec, gs_model_info(s->folder->model), &s->space, err);
    if (status == GS_OK) {
        status = gs_labelled_each(s->space.path, s->options.refusals, judge, s, err);
    }
    return status == GS_OK ? end_file(s, err) : status;
}

static enum gs_status make(struct session *s, struct gs_eval **ret, struct gs_error *err)
{
    const enum gs_head head = s->options.task;
    static const float no_thresholds[GS_MAX_LABELS]; /* those of an answer come with it */
    const struct gs_batcher_options batcher = {.cache_entries = 4096, .cache_bytes = 4 << 20};
    enum gs_status status =
        gs_model_folder_load(s->options.model, &s->options.choice, &s->folder, err);

    if (status != GS_OK) {
        return status;
    }
    assert(s->folder != NULL);
    const struct gs_model_info *info = gs_model_info(s->folder->model);
    if (info->n_labels[head] == 0) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: the model has no head for %s", s->options.model,
                       gs_head_name(head));
    }
    status = gs_batcher_new(s->folder, &batcher, &s->batcher, err);
    if (status == GS_OK) {
        status = gs_arena_new(MAX_ARENA, &s->arena, err);
    }
    if (status == GS_OK) {
        status = gs_featuriser_new(info->simplified, &s->featuriser, err);
    }
    if (status == GS_OK) {
        status = gs_eval_new(info->n_labels[head], info->labels[head],
                             head == GS_HEAD_SENTIMENT ? NULL : no_thresholds, ret, err);
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
        gs_eval_finish(s.eval, report);
    }
    gs_featuriser_free(s.featuriser);
    gs_batcher_free(s.batcher);
    gs_arena_free(s.arena);
    free(s.kept.lines);
    free(s.kept.p);
    ret->folder = s.folder;
    return status;
}

void gs_eval_result_done(struct gs_eval_result *result)
{
    gs_eval_free(result->eval);
    gs_model_folder_drop(result->folder);
}
