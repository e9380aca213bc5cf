/* Rows are appended to three arrays that grow: the rows, their ids, their teachers' logits. Targets
 * are not stored; they are made for each step from a row's labels, its teacher and its set's masks,
 * one head after the other (gs_tune_row_targets()). */
#include "classifier/train/encoder/tune_data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum gs_status gs_tune_label(struct gs_tune_data *data, enum gs_head head, const char *id,
                             size_t *ret, struct gs_error *err)
{
    size_t l = 0;

    while (l < data->n_labels[head] && strcmp(data->labels[head][l].id, id) != 0) {
        l++;
    }
    if (l == data->n_labels[head]) {
        if (data->closed[head]) {
            return gs_fail(err, GS_BAD_FORMAT, "%s: \"%.60s\" is not one of the labels given",
                           gs_head_name((enum gs_head)head), id);
        }
        if (l == GS_MAX_LABELS || strlen(id) >= GS_LABEL_SIZE - 12 || id[0] == '\0') {
            return gs_fail(err, GS_BAD_FORMAT,
                           "%s: \"%.60s\": a label has 1 to %d bytes, and a head %d labels",
                           gs_head_name((enum gs_head)head), id, GS_LABEL_SIZE - 13, GS_MAX_LABELS);
        }
        (void)snprintf(data->labels[head][l].id, GS_LABEL_SIZE, "%s", id);
        data->n_labels[head]++;
    }
    *ret = l;
    return GS_OK;
}

/* Room for n more of size bytes. */
static bool grow(void **at, size_t used, size_t n, size_t *max, size_t size)
{
    if (used + n <= *max) {
        return true;
    }
    const size_t more = 2 * (used + n);
    void *bigger = realloc(*at, more * size);
    if (bigger == NULL) {
        return false;
    }
    *at = bigger;
    *max = more;
    return true;
}

static size_t width(const struct gs_tune_data *data)
{
    return GS_N_SENTIMENTS + data->n_labels[GS_HEAD_TOPICS] + data->n_labels[GS_HEAD_RISKS];
}

enum gs_status gs_tune_add(struct gs_tune_data *data, const struct gs_tune_row *row,
                           const int32_t *ids, const float *teacher, struct gs_error *err)
{
    const size_t wide = width(data);
    void *rows = data->rows;
    void *all_ids = data->ids;
    void *teachers = data->teachers;
    bool good = grow(&rows, data->n_rows, 1, &data->max_rows, sizeof *data->rows);
    data->rows = rows;
    good = good && grow(&all_ids, data->n_ids, row->n, &data->max_ids, sizeof *data->ids);
    data->ids = all_ids;
    if (teacher != NULL) {
        good = good &&
               grow(&teachers, data->n_teachers, wide, &data->max_teachers, sizeof *data->teachers);
        data->teachers = teachers;
    }
    if (!good) {
        return gs_fail(err, GS_NO_MEMORY, "row %zu of %u tokens", data->n_rows + 1, row->n);
    }
    struct gs_tune_row *to = &data->rows[data->n_rows++];
    *to = *row;
    to->at = data->n_ids;
    to->teacher = SIZE_MAX;
    memcpy(data->ids + data->n_ids, ids, row->n * sizeof *ids);
    data->n_ids += row->n;
    if (teacher != NULL) {
        to->teacher = data->n_teachers / wide;
        memcpy(data->teachers + data->n_teachers, teacher, wide * sizeof *teacher);
        data->n_teachers += wide;
    }
    struct gs_tune_set *set = &data->sets[row->set];
    set->n_rows++;
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        set->knows[h] |= row->has[h] ? row->labels[h] : 0;
    }
    data->longest = row->n > data->longest ? row->n : data->longest;
    return GS_OK;
}

/* The row has the label, or a teacher, who knows all. */
static bool is_example(const struct gs_tune_row *row, size_t head, size_t label)
{
    const bool has = head == GS_HEAD_SENTIMENT
                         ? row->sentiment == (int)label
                         : row->has[head] && (row->labels[head] >> label & 1) != 0;
    return has || row->teacher != SIZE_MAX;
}

/* Counts the rows to train on that have the label. */
static size_t examples(const struct gs_tune_data *data, size_t head, size_t label)
{
    size_t n = 0;
    for (size_t i = 0; i < data->n_rows; i++) {
        n += !data->rows[i].valid && is_example(&data->rows[i], head, label);
    }
    return n;
}

/* A label without a row to train on gets one back that was drawn for validation: what a rare label
 * needs first is to be learnt. False: there is none. */
static bool give_back(struct gs_tune_data *data, size_t head, size_t label)
{
    for (size_t i = 0; i < data->n_rows; i++) {
        struct gs_tune_row *row = &data->rows[i];
        if (row->drawn && row->valid && is_example(row, head, label)) {
            row->valid = false;
            return true;
        }
    }
    return false;
}

const char *gs_tune_label_id(const struct gs_tune_data *data, enum gs_head head, size_t label)
{
    return head == GS_HEAD_SENTIMENT ? gs_sentiment_name((enum gs_sentiment)label)
                                     : data->labels[head][label].id;
}

enum gs_status gs_tune_data_finish(struct gs_tune_data *data, struct gs_error *err)
{
    size_t n_train = 0;
    bool sentiment = false;

    for (size_t i = 0; i < data->n_rows; i++) {
        n_train += !data->rows[i].valid;
        sentiment = sentiment || data->rows[i].sentiment >= 0 || data->rows[i].teacher != SIZE_MAX;
    }
    if (n_train == 0) {
        return gs_fail(err, GS_BAD_CONFIG, "there is no row to train on");
    }
    data->n_labels[GS_HEAD_SENTIMENT] = sentiment ? (size_t)GS_N_SENTIMENTS : 0;
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        for (size_t l = 0; l < data->n_labels[h]; l++) {
            const bool may_lack = h == GS_HEAD_SENTIMENT && l == (size_t)GS_NEUTRAL;
            if (!may_lack && examples(data, h, l) == 0 && !give_back(data, h, l)) {
                return gs_fail(err, GS_BAD_CONFIG,
                               "%s: no row to train on has the label \"%s\": nothing can be learnt "
                               "of it",
                               gs_head_name((enum gs_head)h),
                               gs_tune_label_id(data, (enum gs_head)h, l));
            }
        }
    }
    if (!sentiment && data->n_labels[GS_HEAD_TOPICS] + data->n_labels[GS_HEAD_RISKS] == 0) {
        return gs_fail(err, GS_BAD_CONFIG, "no row has a sentiment, a topic or a risk");
    }
    return GS_OK;
}

void gs_tune_data_done(struct gs_tune_data *data)
{
    free(data->rows);
    free(data->ids);
    free(data->teachers);
    data->rows = NULL;
    data->ids = NULL;
    data->teachers = NULL;
}

void gs_tune_loss(const struct gs_tune_data *data, const struct gs_tune_targets *options,
                  struct gs_loss *ret)
{
    *ret = (struct gs_loss){.n_heads = GS_N_HEADS, .temperature = options->temperature};
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        ret->heads[h] = (struct gs_loss_head){.first = ret->n_out,
                                              .n = data->n_labels[h],
                                              .single = h == GS_HEAD_SENTIMENT,
                                              .factor = options->factors[h]};
        ret->n_out += data->n_labels[h];
    }
}

void gs_tune_class_weights(const struct gs_tune_data *data, bool balanced, float *ret)
{
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        for (size_t l = 0; l < data->n_labels[h]; l++, ret++) {
            const double n = balanced ? (double)examples(data, h, l) + 1.0 : 1.0;
            size_t all = 0;
            for (size_t other = 0; other < data->n_labels[h] && balanced; other++) {
                all += examples(data, h, other);
            }
            const double share = n * (double)data->n_labels[h] / ((double)all + 1.0);
            /* the square root, within bounds: full balance overfits the rarest */
            *ret = balanced ? (float)fmin(3.0, fmax(0.5, sqrt(1.0 / share))) : 1.0F;
        }
    }
}

/* Says where one head's targets go, and what else is known of them. */
struct head_targets {
    gs_real *targets, *weights; /* [labels of the head] */
    const float *class_weights, *teacher;
    double weight;
    bool soft;
};

static void single_targets(const struct gs_tune_row *row, const struct gs_tune_targets *options,
                           struct head_targets *to)
{
    const bool taught = to->teacher != NULL && isfinite(to->teacher[0]);
    const bool known = row->sentiment >= 0;
    const double n = row->binary ? 2.0 : 3.0;
    double p[GS_N_SENTIMENTS] = {0};

    to->soft = taught && !known;
    to->weight = known ? (double)to->class_weights[row->sentiment] : taught ? 1.0 : 0.0;
    if (taught) {
        gs_loss_shares(to->teacher, NULL, GS_N_SENTIMENTS, true,
                       to->soft ? options->temperature : 1.0, p);
    }
    for (int s = 0; s < GS_N_SENTIMENTS; s++) {
        const bool in = !(row->binary && s == GS_NEUTRAL);
        const double hard = (s == row->sentiment ? 1.0 - options->smoothing : 0.0) +
                            (in ? options->smoothing / n : 0.0);
        const double mixed =
            taught ? (1.0 - options->teacher) * hard + options->teacher * p[s] : hard;
        to->targets[s] = (gs_real)(known ? mixed : p[s]);
        to->weights[s] = in ? 1 : 0;
    }
}

static void multi_targets(const struct gs_tune_data *data, const struct gs_tune_row *row, size_t h,
                          const struct gs_tune_targets *options, struct head_targets *to)
{
    const size_t n = data->n_labels[h];
    const bool taught = to->teacher != NULL && n > 0 && isfinite(to->teacher[0]);
    double p[GS_MAX_LABELS] = {0};

    to->soft = taught && !row->has[h];
    to->weight = n > 0 && (row->has[h] || taught) ? 1.0 : 0.0;
    if (taught) {
        gs_loss_shares(to->teacher, NULL, n, false, to->soft ? options->temperature : 1.0, p);
    }
    for (size_t l = 0; l < n; l++) {
        const bool on = row->has[h] && (row->labels[h] >> l & 1) != 0;
        const bool known = row->has[h] && (data->sets[row->set].knows[h] >> l & 1) != 0;
        const double hard = on ? 1.0 : 0.0;
        const double mixed =
            taught ? (1.0 - options->teacher) * hard + options->teacher * p[l] : hard;
        to->targets[l] = (gs_real)(known ? mixed : p[l]);
        to->weights[l] = known || taught ? (on ? to->class_weights[l] : 1) : 0;
    }
}

/* A row's targets depend on these; they are written through struct head_targets. */
/* NOLINTBEGIN(readability-function-size,readability-non-const-parameter) */
void gs_tune_row_targets(const struct gs_tune_data *data, const struct gs_loss *loss,
                         const struct gs_tune_targets *options, const float *class_weights,
                         const struct gs_tune_row *row, gs_real *targets, gs_real *weights,
                         struct gs_loss_row *ret)
{
    const float *teacher =
        row->teacher == SIZE_MAX ? NULL : data->teachers + row->teacher * width(data);

    *ret = (struct gs_loss_row){.targets = targets, .weights = weights};
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        const size_t first = loss->heads[h].first;
        struct head_targets to = {
            targets + first, weights + first, class_weights + first, teacher, 0.0, false};
        if (h != GS_HEAD_SENTIMENT) {
            multi_targets(data, row, h, options, &to);
        } else if (data->n_labels[h] > 0) {
            single_targets(row, options, &to);
        }
        ret->weight[h] = to.weight;
        ret->soft[h] = to.soft;
        if (teacher != NULL) {
            teacher += h == GS_HEAD_SENTIMENT ? (size_t)GS_N_SENTIMENTS : data->n_labels[h];
        }
    }
}
/* NOLINTEND(readability-function-size,readability-non-const-parameter) */
