/* Reads what the columns of a profile mean from their names, and makes the index from hashes to
 * rows. */
#include "classifier/ngram/ngram_internal.h"
#include "ingest/base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const gs_profile_names[GS_N_PROFILES] = {"alphabetic", "han"};

static struct gs_expert *expert_named(struct gs_profile *profile, const char *name, size_t len)
{
    for (size_t e = 0; e < profile->n_experts; e++) {
        struct gs_expert *expert = &profile->experts[e];
        if (strlen(expert->name) == len && memcmp(expert->name, name, len) == 0) {
            return expert;
        }
    }
    if (profile->n_experts == GS_MAX_EXPERTS || len == 0 || len >= GS_MAX_NAME) {
        return NULL;
    }
    struct gs_expert *expert = &profile->experts[profile->n_experts++];
    memcpy(expert->name, name, len);
    expert->name[len] = '\0';
    expert->gate = -1;
    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        expert->columns[s] = -1;
    }
    return expert;
}

static int label_named(const struct gs_model *model, size_t head, const char *name)
{
    for (size_t l = 0; l < model->n_labels[head]; l++) {
        if (strcmp(model->labels[head][l].id, name) == 0) {
            return (int)l;
        }
    }
    return -1;
}

/* Gives the place that keeps the number of the column with this name, or NULL. */
static int *place_of(const struct gs_model *model, struct gs_profile *profile, const char *name)
{
    if (strncmp(name, "gate/", 5) == 0) {
        struct gs_expert *expert = expert_named(profile, name + 5, strlen(name + 5));
        return expert == NULL ? NULL : &expert->gate;
    }
    if (strncmp(name, "sentiment/", 10) == 0) {
        const char *label = strchr(name + 10, '/');
        const int which = label == NULL ? -1 : label_named(model, GS_HEAD_SENTIMENT, label + 1);
        struct gs_expert *expert =
            which < 0 ? NULL : expert_named(profile, name + 10, (size_t)(label - name) - 10);
        return expert == NULL ? NULL : &expert->columns[which];
    }
    for (size_t head = GS_HEAD_TOPICS; head < GS_N_HEADS; head++) {
        const size_t len = strlen(gs_head_name((enum gs_head)head));
        if (strncmp(name, gs_head_name((enum gs_head)head), len) == 0 && name[len] == '/') {
            const int which = label_named(model, head, name + len + 1);
            return which < 0 ? NULL : &profile->columns[head][which];
        }
    }
    return NULL;
}

/* "norm" serves every head that has none of its own. */
static bool place_norm(struct gs_profile *profile, const char *name, int column, bool *ret_twice)
{
    if (strncmp(name, "norm", 4) != 0 || (name[4] != '\0' && name[4] != '/')) {
        return false;
    }
    bool found = name[4] == '\0';
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        if (name[4] == '/' && strcmp(name + 5, gs_head_name((enum gs_head)head)) == 0) {
            *ret_twice = profile->norm[head] >= 0;
            profile->norm[head] = column;
            found = true;
        }
    }
    return found;
}

static enum gs_status check_plan(const struct gs_profile *profile, const char *which,
                                 struct gs_error *err)
{
    for (size_t e = 0; e < profile->n_experts; e++) {
        const struct gs_expert *expert = &profile->experts[e];
        if (expert->columns[GS_NEGATIVE] < 0 || expert->columns[GS_POSITIVE] < 0 ||
            (profile->n_experts > 1 && expert->gate < 0)) {
            return gs_fail(err, GS_BAD_FORMAT, "%s: register %s lacks a column", which,
                           expert->name);
        }
    }
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        if (profile->n_columns > 0 && profile->norm[head] < 0) {
            return gs_fail(err, GS_BAD_FORMAT, "%s: no norm column for %s", which,
                           gs_head_name((enum gs_head)head));
        }
    }
    return GS_OK;
}

enum gs_status gs_profile_plan(const struct gs_model *model, struct gs_profile *profile,
                               struct gs_error *err)
{
    const char *which = gs_profile_names[profile - model->profiles];
    int any_norm = -1;

    profile->n_experts = 0;
    memset(profile->norm, -1, sizeof profile->norm);
    memset(profile->columns, -1, sizeof profile->columns);
    for (size_t c = 0; c < profile->n_columns; c++) {
        const char *name = profile->names[c];
        bool twice = false;
        profile->head[c] = name[0] == 't'   ? GS_HEAD_TOPICS
                           : name[0] == 'r' ? GS_HEAD_RISKS
                                            : GS_HEAD_SENTIMENT;
        if (place_norm(profile, name, (int)c, &twice)) {
            twice = twice || (name[4] == '\0' && any_norm >= 0);
            any_norm = name[4] == '\0' ? (int)c : any_norm;
        } else {
            int *place = place_of(model, profile, name);
            if (place == NULL) {
                return gs_fail(err, GS_BAD_FORMAT, "%s: column \"%s\" means nothing", which, name);
            }
            twice = *place >= 0;
            *place = (int)c;
        }
        if (twice) {
            return gs_fail(err, GS_BAD_FORMAT, "%s: column \"%s\" twice", which, name);
        }
    }
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        profile->norm[head] = profile->norm[head] < 0 ? any_norm : profile->norm[head];
    }
    return check_plan(profile, which, err);
}

static bool is_taken(const void *table, size_t slot)
{
    return ((const struct gs_profile *)table)->slots[slot].key != 0;
}

enum gs_status gs_profile_index(struct gs_profile *profile, struct gs_error *err)
{
    size_t n_slots = 16;
    while (n_slots < 2 * profile->n_rows) {
        n_slots *= 2;
    }
    profile->slots = calloc(n_slots, sizeof *profile->slots);
    if (profile->slots == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "index of %zu rows", profile->n_rows);
    }
    profile->slot_mask = n_slots - 1;
    for (size_t i = 0; i < profile->n_rows; i++) {
        const uint32_t key = profile->keys[i];
        if (key == 0 || (i > 0 && key <= profile->keys[i - 1])) {
            return gs_fail(err, GS_BAD_FORMAT, "key %zu is 0 or not above the one before", i);
        }
        size_t at = key & profile->slot_mask;
        while (profile->slots[at].key != 0) {
            at = (at + 1) & profile->slot_mask;
        }
        profile->slots[at] = (struct gs_slot){key, (uint32_t)i};
        if (gs_hash_in_long_run(is_taken, profile, profile->slot_mask, at)) {
            return gs_fail(err, GS_BAD_FORMAT, "keys made so that they collide: more than %d",
                           GS_HASH_MAX_RUN);
        }
    }
    return GS_OK;
}

int8_t *gs_profile_rows_new(size_t n_rows, size_t width)
{
    const size_t bytes = (n_rows * width + 63) / 64 * 64 + 64;
    int8_t *rows = aligned_alloc(64, bytes);
    if (rows != NULL) {
        memset(rows, 0, bytes);
    }
    return rows;
}
