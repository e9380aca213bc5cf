/* The trainer's rows as they come in. */
#include "classifier/train/train_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_HASHES = 1 << 30, MAX_TRAIN_ROWS = 1 << 24 };

struct gs_train_options gs_train_defaults(void)
{
    return (struct gs_train_options){
        .name = "model",
        .version = "1",
        .seed = 1,
        .max_rows = {130000, 150000},
        .max_passes = 60,
        .min_df = 2,
        .tolerance = 0.02F,
        .share = 0.6F,
        .holdout = 0.15F,
        .word_weight = 3.0F,
        .idf = {false, true},
    };
}

void gs_train_say(struct gs_trainer *t, const char *fmt, ...)
{
    char line[1024];
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    if (t->listener.log != NULL && n > 0 && (size_t)n < sizeof line) {
        t->listener.log(t->listener.arg, line);
    }
}

void gs_train_say_line(struct gs_trainer *t, struct gs_buf *line)
{
    gs_buf_putc(line, '\0');
    if (t->listener.log != NULL && gs_buf_ok(line)) {
        t->listener.log(t->listener.arg, line->bytes);
    }
    gs_buf_done(line);
}

static bool copy_name(const char *from, char to[GS_MAX_NAME])
{
    const size_t len = from == NULL ? 0 : strlen(from);
    if (len == 0 || len >= GS_MAX_NAME || from[0] == '.' ||
        strspn(from, "abcdefghijklmnopqrstuvwxyz0123456789_-.") != len) {
        return false;
    }
    memcpy(to, from, len + 1);
    return true;
}

enum gs_status gs_trainer_new(const struct gs_train_options *options, struct gs_trainer **ret,
                              struct gs_error *err)
{
    char name[GS_MAX_NAME];
    if (!copy_name(options->name, name) || !copy_name(options->version, name)) {
        return gs_fail(err, GS_BAD_FORMAT, "name or version of the model: lower case, 0-9, _-.");
    }
    if (!(options->share >= 0.0F && options->share <= 1.0F) ||
        !(options->holdout > 0.0F && options->holdout < 0.9F) ||
        !(options->word_weight > 0.0F && options->word_weight <= 10.0F) ||
        options->max_passes == 0 || options->max_rows[0] > GS_MAX_ROWS ||
        options->max_rows[1] > GS_MAX_ROWS) {
        return gs_fail(err, GS_BAD_FORMAT, "an option of the training is out of range");
    }
    struct gs_trainer *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "trainer");
    }
    t->options = *options;
    *ret = t;
    return GS_OK;
}

void gs_trainer_free(struct gs_trainer *t)
{
    if (t == NULL) {
        return;
    }
    free(t->rows);
    free(t->at);
    free(t->hashes);
    gs_vocabulary_forget(t);
    free(t);
}

enum gs_status gs_trainer_label(struct gs_trainer *t, enum gs_head head, const char *id,
                                const char *zh, size_t *ret, struct gs_error *err)
{
    for (size_t l = 0; l < t->n_labels[head]; l++) {
        if (strcmp(t->labels[head][l].id, id) == 0) {
            *ret = l;
            return GS_OK;
        }
    }
    if (t->n_labels[head] == GS_MAX_LABELS) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: more than %d labels",
                       gs_head_name((enum gs_head)head), GS_MAX_LABELS);
    }
    struct gs_label *label = &t->labels[head][t->n_labels[head]];
    if (!copy_name(id, label->id)) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "label \"%.80s\": not lower case, 0-9, _-. (name it with --labels)", id);
    }
    (void)snprintf(label->zh, sizeof label->zh, "%s", zh == NULL ? "" : zh);
    *ret = t->n_labels[head]++;
    return GS_OK;
}

enum gs_status gs_trainer_set(struct gs_trainer *t, const struct gs_train_set *set, size_t *ret,
                              struct gs_error *err)
{
    if (t->n_sets == GS_MAX_SETS) {
        return gs_fail(err, GS_BAD_FORMAT, "more than %d sets", GS_MAX_SETS);
    }
    struct gs_set *to = &t->sets[t->n_sets];
    *to = (struct gs_set){.valid = set->valid, .registr = -1};
    (void)snprintf(to->name, sizeof to->name, "%s", set->name);
    if (!copy_name(set->registr, to->register_name)) {
        return gs_fail(err, GS_BAD_FORMAT, "register \"%.80s\": not lower case, 0-9, _-.",
                       set->registr);
    }
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        to->cost[head] = set->cost[head];
        if (!(set->cost[head] > 0.0F && set->cost[head] <= 1e4F)) {
            return gs_fail(err, GS_BAD_FORMAT, "%s: cost not above 0", set->name);
        }
    }
    *ret = t->n_sets++;
    return GS_OK;
}

void gs_trainer_knows(struct gs_trainer *t, size_t set, enum gs_head head, uint64_t labels)
{
    t->sets[set].knows[head] |= labels;
}

static int by_value(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static bool make_room(struct gs_trainer *t, size_t n)
{
    if (t->n_rows + 2 > t->max_rows) {
        const size_t max = t->max_rows == 0 ? 4096 : 2 * t->max_rows;
        struct gs_row *rows = realloc(t->rows, max * sizeof *rows);
        t->rows = rows == NULL ? t->rows : rows;
        size_t *at = realloc(t->at, max * sizeof *at);
        t->at = at == NULL ? t->at : at;
        if (rows == NULL || at == NULL || max > MAX_TRAIN_ROWS) {
            return false;
        }
        t->max_rows = max;
        t->at[0] = 0;
    }
    if (n > t->max_hashes - t->n_hashes) {
        const size_t max = 2 * (t->max_hashes + n) + 4096;
        if (max > MAX_HASHES) {
            return false;
        }
        uint32_t *hashes = realloc(t->hashes, max * sizeof *hashes);
        if (hashes == NULL) {
            return false;
        }
        t->hashes = hashes;
        t->max_hashes = max;
    }
    return true;
}

enum gs_status gs_trainer_add(struct gs_trainer *t, size_t set, const struct gs_train_row *row,
                              struct gs_error *err)
{
    if (!make_room(t, row->n)) {
        return gs_fail(err, GS_NO_MEMORY, "no room for more than %zu rows", t->n_rows);
    }
    struct gs_row *to = &t->rows[t->n_rows];
    uint32_t *hashes = t->hashes + t->n_hashes;
    *to = (struct gs_row){.set = (uint8_t)set,
                          .lang = (uint8_t)(row->lang < GS_N_MODEL_LANGS ? row->lang : 3),
                          .sentiment = (int8_t)row->sentiment,
                          .binary = row->binary};
    to->profile =
        row->n > 0 && (row->hashes[0] & GS_HASH_HAN) != 0 ? GS_PROFILE_HAN : GS_PROFILE_ALPHABETIC;
    for (size_t head = GS_HEAD_TOPICS; head < GS_N_HEADS; head++) {
        to->has[head] = row->has[head];
        to->labels[head] = row->labels[head];
        t->sets[set].knows[head] |= row->has[head] ? row->labels[head] : 0;
    }
    size_t n = 0;
    if (row->n > 0) {
        memcpy(hashes, row->hashes, row->n * sizeof *hashes);
        qsort(hashes, row->n, sizeof *hashes, by_value);
    }
    for (size_t i = 0; i < row->n; i++) {
        if (hashes[i] != 0 && (n == 0 || hashes[i] != hashes[n - 1])) {
            hashes[n++] = hashes[i];
        }
    }
    t->n_hashes += n;
    t->sets[set].n_rows++;
    t->at[++t->n_rows] = t->n_hashes;
    return GS_OK;
}
