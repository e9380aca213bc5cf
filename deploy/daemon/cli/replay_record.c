/* The counterpart of a recorded change is one with the same bytes; else one of the same state and
 * time, else of the same state, so that what is different is said member by member. */
#include "deploy/daemon/cli/replay_record.h"

#include "ingest/base/attr.h"
#include "ingest/base/file.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FILE = 1 << 30 };

struct change {
    struct gs_str bytes;
    json_t *json;
    bool taken; /* by a recorded change */
};

struct comparison {
    struct gs_record_verdict *verdict;
    struct change *computed;
    size_t n_computed;
    char change[64];
    size_t n_found, n_answers; /* differences of the change in hand */
};

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text == NULL ? "" : text;
}

/* ---- differences ---- */

static void write_value(char *ret, size_t size, const json_t *value)
{
    char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

    (void)snprintf(ret, size, "%s", text == NULL ? "" : text);
    free(text);
}

/* What people answer goes by the wall clock: a replay cannot know it. */
static bool is_answer(const char *member)
{
    static const char *const names[] = {"told", "silence", "acknowledged", "muted"};

    for (size_t i = 0; i < GS_COUNT(names); i++) {
        if (strcmp(member, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void note(struct comparison *comparison, const char *member, const json_t *recorded,
                 const json_t *computed)
{
    struct gs_record_verdict *verdict = comparison->verdict;

    if (is_answer(member)) {
        comparison->n_answers++;
        return;
    }
    comparison->n_found++;
    if (verdict->n_differences++ < GS_RECORD_DIFFERENCES) {
        struct gs_record_difference *to = &verdict->differences[verdict->n_differences - 1];
        memcpy(to->change, comparison->change, sizeof to->change);
        (void)snprintf(to->member, sizeof to->member, "%s", member);
        write_value(to->recorded, sizeof to->recorded, recorded);
        write_value(to->computed, sizeof to->computed, computed);
    }
}

static void differ(struct comparison *comparison, const char *member, json_t *recorded,
                   json_t *computed);

/* Records are as deep as we write them, and jansson bounds the depth of any other. */
// NOLINTNEXTLINE(misc-no-recursion)
static void differ_in_objects(struct comparison *comparison, const char *at, json_t *recorded,
                              json_t *computed)
{
    const char *dot = at[0] == '\0' ? "" : ".";
    const char *name = NULL;
    json_t *value = NULL;
    char member[128];

    json_object_foreach(recorded, name, value)
    {
        (void)snprintf(member, sizeof member, "%s%s%s", at, dot, name);
        differ(comparison, member, value, json_object_get(computed, name));
    }
    json_object_foreach(computed, name, value)
    {
        if (json_object_get(recorded, name) == NULL) {
            (void)snprintf(member, sizeof member, "%s%s%s", at, dot, name);
            note(comparison, member, NULL, value);
        }
    }
}

// NOLINTNEXTLINE(misc-no-recursion)
static void differ_in_arrays(struct comparison *comparison, const char *at, const json_t *recorded,
                             const json_t *computed)
{
    const size_t n = json_array_size(recorded);
    const size_t n_computed = json_array_size(computed);
    char member[128];

    for (size_t i = 0; i < n || i < n_computed; i++) {
        (void)snprintf(member, sizeof member, "%s[%zu]", at, i);
        differ(comparison, member, json_array_get(recorded, i), json_array_get(computed, i));
    }
}

// NOLINTNEXTLINE(misc-no-recursion)
static void differ(struct comparison *comparison, const char *member, json_t *recorded,
                   json_t *computed)
{
    if (json_is_object(recorded) && json_is_object(computed)) {
        differ_in_objects(comparison, member, recorded, computed);
    } else if (json_is_array(recorded) && json_is_array(computed)) {
        differ_in_arrays(comparison, member, recorded, computed);
    } else if (recorded == NULL || computed == NULL || !json_equal(recorded, computed)) {
        note(comparison, member, recorded, computed);
    }
}

/* ---- counterparts ---- */

static struct change *counterpart(struct comparison *comparison, const json_t *recorded,
                                  bool same_time)
{
    for (size_t i = 0; i < comparison->n_computed; i++) {
        struct change *change = &comparison->computed[i];
        if (!change->taken &&
            strcmp(text_of(change->json, "state"), text_of(recorded, "state")) == 0 &&
            (!same_time ||
             strcmp(text_of(change->json, "updated_at"), text_of(recorded, "updated_at")) == 0)) {
            return change;
        }
    }
    return NULL;
}

/* Also of one that was taken: what was delivered twice is recorded twice. */
static bool take_same(struct comparison *comparison, struct gs_str line)
{
    for (size_t i = 0; i < comparison->n_computed; i++) {
        struct change *change = &comparison->computed[i];
        if (gs_str_equal(change->bytes, line)) {
            change->taken = true;
            return true;
        }
    }
    return false;
}

static void compare_change(struct comparison *comparison, struct gs_str line, json_t *recorded)
{
    struct gs_record_verdict *verdict = comparison->verdict;

    verdict->n_recorded++;
    if (take_same(comparison, line)) {
        verdict->n_same++;
        return;
    }
    struct change *change = counterpart(comparison, recorded, true);
    change = change == NULL ? counterpart(comparison, recorded, false) : change;
    (void)snprintf(comparison->change, sizeof comparison->change, "%s at %s",
                   text_of(recorded, "state"), text_of(recorded, "updated_at"));
    if (change == NULL) {
        verdict->n_missing++;
        return;
    }
    change->taken = true;
    comparison->n_found = 0;
    comparison->n_answers = 0;
    differ(comparison, "", recorded, change->json);
    verdict->n_different += comparison->n_found > 0;
    verdict->n_answered += comparison->n_found == 0 && comparison->n_answers > 0;
    verdict->n_alike += comparison->n_found == 0 && comparison->n_answers == 0;
}

/* ---- the file ---- */

static bool holds(struct gs_str line, const char *id)
{
    const size_t len = strlen(id);

    for (size_t at = 0; at + len <= line.len; at++) {
        const char *first = memchr(line.bytes + at, id[0], line.len - len - at + 1);
        if (first == NULL) {
            return false;
        }
        at = (size_t)(first - line.bytes);
        if (memcmp(first, id, len) == 0) {
            return true;
        }
    }
    return false;
}

static struct gs_str next_line(struct gs_str *rest)
{
    const char *end = memchr(rest->bytes, '\n', rest->len);
    const size_t len = end == NULL ? rest->len : (size_t)(end - rest->bytes);
    struct gs_str line = {rest->bytes, len};

    rest->bytes += end == NULL ? len : len + 1;
    rest->len -= end == NULL ? len : len + 1;
    if (line.len > 0 && line.bytes[line.len - 1] == '\r') {
        line.len--;
    }
    return line;
}

static bool parse_computed(struct comparison *comparison, const struct gs_str *computed, size_t n)
{
    comparison->computed = calloc(n + 1, sizeof *comparison->computed);
    if (comparison->computed == NULL) {
        return false;
    }
    comparison->n_computed = n;
    for (size_t i = 0; i < n; i++) {
        comparison->computed[i].bytes = computed[i];
        comparison->computed[i].json = json_loadb(computed[i].bytes, computed[i].len, 0, NULL);
        if (comparison->computed[i].json == NULL) {
            return false;
        }
    }
    return true;
}

enum gs_status gs_record_compare_text(struct gs_str text, const char *id,
                                      const struct gs_str *computed, size_t n_computed,
                                      struct gs_record_verdict *ret, struct gs_error *err)
{
    struct comparison comparison = {.verdict = ret};
    enum gs_status status = GS_OK;

    *ret = (struct gs_record_verdict){.path = ret->path};
    if (!parse_computed(&comparison, computed, n_computed)) {
        status = gs_fail(err, GS_NO_MEMORY, "comparison");
        text.len = 0;
    }
    while (text.len > 0) {
        const struct gs_str line = next_line(&text);
        if (!holds(line, id)) {
            continue; /* a year of records is read past quickly */
        }
        json_t *recorded = json_loadb(line.bytes, line.len, 0, NULL);
        if (strcmp(text_of(recorded, "id"), id) == 0) {
            compare_change(&comparison, line, recorded);
        }
        json_decref(recorded);
    }
    for (size_t i = 0; i < comparison.n_computed; i++) {
        json_decref(comparison.computed[i].json);
    }
    free(comparison.computed);
    return status;
}

enum gs_status gs_record_compare(const char *path, const char *id, const struct gs_str *computed,
                                 size_t n_computed, struct gs_record_verdict *ret,
                                 struct gs_error *err)
{
    struct gs_file file = {0};

    *ret = (struct gs_record_verdict){.path = path};
    enum gs_status status = gs_file_read(path, MAX_FILE, &file, err);
    if (status == GS_OK) {
        status = gs_record_compare_text(file.bytes, id, computed, n_computed, ret, err);
    }
    gs_file_done(&file);
    return status;
}

bool gs_record_holds(const struct gs_record_verdict *verdict)
{
    return verdict->n_recorded > 0 && verdict->n_different == 0 && verdict->n_missing == 0;
}
