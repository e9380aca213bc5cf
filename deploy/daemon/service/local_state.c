/* The state of a run on files: the windows, and how far each file has been read, in one file
 * (state.path; pipeline/state_file.h).
 *
 *     start     the state is loaded; lines that it has counted are passed over
 *     commits   every state.interval, and at the end, it is written anew
 *
 * A file is known by its name, and its lines by a hash over all of them: what the state has counted
 * has to be there still, line for line, or the run ends with an error instead of counting twice or
 * leaving out. Lines that were appended since are read. Standard input has no position: what comes
 * is new. */
#include "deploy/daemon/service/local_internal.h"

#include "deploy/daemon/pipeline/stage_watch_state.h"
#include "deploy/daemon/pipeline/state_file.h"
#include "deploy/daemon/telemetry/metric_table.h"
#include "deploy/daemon/version.h"
#include "ingest/base/clock.h"
#include "ingest/base/fields.h"
#include "ingest/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

enum { MAX_FILES = 4096 };

/* A file that was read: so many lines of it are in the state, with this hash. was_: when the batch
 * began. */
struct gs_local_file {
    char *name;
    int64_t lines, was_lines;
    uint64_t hash, was_hash;
};

static const struct gs_field file_fields[] = {
    GS_FIELD(struct gs_local_file, lines),
    GS_FIELD(struct gs_local_file, hash),
};

struct gs_local_state {
    const char *path;
    struct gs_local_file *files;
    size_t n_files, now; /* now: the file being read; n_files: none */
    int64_t at_line;     /* of it */
    uint64_t hash;       /* of its lines so far */
    int64_t saved_ms;
    bool failed; /* the last write; said once */
};

/* ---- files ---- */

static size_t find_file(const struct gs_local_state *state, struct gs_str name)
{
    size_t i = 0;

    while (i < state->n_files && !gs_str_equal(gs_str(state->files[i].name), name)) {
        i++;
    }
    return i;
}

/* The oldest makes room. */
static enum gs_status add_file(struct gs_local_state *state, struct gs_str name,
                               struct gs_error *err)
{
    if (state->files == NULL) {
        state->files = calloc(MAX_FILES, sizeof *state->files);
    }
    char *copy = gs_str_copy(name);
    if (state->files == NULL || copy == NULL) {
        free(copy);
        return gs_fail(err, GS_NO_MEMORY, "state: files");
    }
    if (state->n_files == MAX_FILES) {
        free(state->files[0].name);
        state->n_files--;
        memmove(state->files, state->files + 1, state->n_files * sizeof *state->files);
    }
    state->files[state->n_files++] = (struct gs_local_file){.name = copy};
    return GS_OK;
}

static enum gs_status other_file(const struct gs_local_state *state, const char *how,
                                 struct gs_error *err)
{
    const struct gs_local_file *file = &state->files[state->now];

    return gs_fail(
        err, GS_BAD_FORMAT,
        "%s: %s: %s has counted %lld lines of a file of this name; give it another name, "
        "or begin without the state",
        file->name, how, state->path, (long long)file->lines);
}

enum gs_status gs_local_state_leave_file(struct gs_local *local, struct gs_error *err)
{
    const struct gs_local_state *state = local->state;

    return state == NULL || state->now == state->n_files ||
                   state->at_line >= state->files[state->now].lines
               ? GS_OK
               : other_file(state, "it is shorter than it was", err);
}

static enum gs_status enter_file(struct gs_local *local, struct gs_str name, struct gs_error *err)
{
    struct gs_local_state *state = local->state;
    enum gs_status status = gs_local_state_leave_file(local, err);

    state->now = find_file(state, name);
    state->at_line = 0;
    state->hash = 0;
    if (status == GS_OK && state->now == state->n_files) {
        status = add_file(state, name, err);
        state->now = status == GS_OK ? state->n_files - 1 : state->n_files;
    }
    return status;
}

enum gs_status gs_local_state_line(struct gs_local *local, const struct gs_record *record,
                                   bool *ret_counted, struct gs_error *err)
{
    struct gs_local_state *state = local->state;

    *ret_counted = false;
    if (state == NULL || gs_str_equal(record->topic, gs_str("-"))) {
        return GS_OK;
    }
    const bool same = state->now < state->n_files && record->offset > state->at_line &&
                      gs_str_equal(gs_str(state->files[state->now].name), record->topic);
    const enum gs_status status = same ? GS_OK : enter_file(local, record->topic, err);
    if (status != GS_OK) {
        return status;
    }
    struct gs_local_file *file = &state->files[state->now];
    const bool passed = state->at_line < file->lines && record->offset > file->lines;
    state->hash = XXH3_64bits_withSeed(record->value.bytes, record->value.len, state->hash);
    state->at_line = record->offset;
    *ret_counted = record->offset <= file->lines;
    if (passed || (record->offset == file->lines && state->hash != file->hash)) {
        return other_file(state, "its lines are not those that were counted", err);
    }
    if (!*ret_counted) {
        file->lines = record->offset;
        file->hash = state->hash;
    }
    return GS_OK;
}

void gs_local_state_begin(struct gs_local *local)
{
    for (size_t i = 0; local->state != NULL && i < local->state->n_files; i++) {
        struct gs_local_file *file = &local->state->files[i];
        file->was_lines = file->lines;
        file->was_hash = file->hash;
    }
}

void gs_local_state_undo(struct gs_local *local)
{
    for (size_t i = 0; local->state != NULL && i < local->state->n_files; i++) {
        struct gs_local_file *file = &local->state->files[i];
        file->lines = file->was_lines;
        file->hash = file->was_hash;
    }
}

/* ---- writing ---- */

static void describe_model(struct gs_local *local, char *ret, size_t size)
{
    struct gs_model_folder *folder = gs_assets_folder(&local->assets);
    const struct gs_model_info *model = gs_model_info(folder->model);

    (void)snprintf(ret, size, "%s %s, %s", model->name, model->version, model->sha256);
    gs_model_folder_drop(folder);
}

static enum gs_status put_file(const struct gs_local_file *file, struct gs_state_file_writer *to,
                               struct gs_error *err)
{
    struct gs_buf key = {.max = 1U << 16};
    struct gs_buf value = {.max = 256};

    gs_buf_putc(&key, 'F');
    gs_buf_puts(&key, file->name);
    gs_buf_putc(&value, GS_STATE_VERSION);
    gs_fields_write(file_fields, GS_COUNT(file_fields), file, &value);
    const enum gs_status status =
        gs_buf_ok(&key) && gs_buf_ok(&value)
            ? gs_state_file_put(to, gs_buf_str(&key), gs_buf_str(&value), err)
            : gs_fail(err, GS_NO_MEMORY, "state");
    gs_buf_done(&key);
    gs_buf_done(&value);
    return status;
}

static enum gs_status save(struct gs_local *local, struct gs_error *err)
{
    struct gs_local_state *state = local->state;
    struct gs_state_file_writer *to = NULL;
    char model[600];

    describe_model(local, model, sizeof model);
    const struct gs_state_header header = {gs_str(GS_VERSION), gs_str(model)};
    enum gs_status status = gs_state_file_begin(state->path, &header, &to, err);
    for (size_t i = 0; i < state->n_files && status == GS_OK; i++) {
        status = put_file(&state->files[i], to, err);
    }
    if (status == GS_OK) {
        status = gs_stage_watch_save(local->watch, gs_state_file_put, to, err);
    }
    if (status != GS_OK) {
        gs_state_file_drop(to);
        return status;
    }
    state->saved_ms = gs_clock_wall_ms();
    return gs_state_file_end(to, err);
}

enum gs_status gs_local_state_save(struct gs_local *local, struct gs_error *err)
{
    return local->state == NULL ? GS_OK : save(local, err);
}

void gs_local_state_committed(struct gs_local *local)
{
    struct gs_local_state *state = local->state;
    const int64_t now_ms = gs_clock_wall_ms();
    struct gs_error err;

    /* A replay is over soon, and begins again from the old state if it does not get there. */
    if (state == NULL || local->options->kept ||
        now_ms - state->saved_ms < local->options->config->state.interval_ms) {
        return;
    }
    const bool saved = save(local, &err) == GS_OK;
    state->saved_ms = now_ms;
    if (!saved && !state->failed) {
        gs_log(GS_LOG_ERROR, "state", "%s: the state stays as it was, going on", err.message);
    }
    state->failed = !saved;
}

/* ---- loading ---- */

static enum gs_status load_file(struct gs_local_state *state, struct gs_str key,
                                struct gs_str value, struct gs_error *err)
{
    const struct gs_str name = {key.bytes + 1, key.len - 1};
    struct gs_fields_in in = {value.bytes, value.len};
    unsigned char version = 0;

    if (!gs_fields_take(&in, &version, sizeof version) || version == 0 ||
        version > GS_STATE_VERSION || name.len == 0 || memchr(name.bytes, 0, name.len) != NULL) {
        return gs_fail(err, GS_BAD_FORMAT, "a record of a file is damaged");
    }
    const enum gs_status status = add_file(state, name, err);
    if (status != GS_OK) {
        return status;
    }
    struct gs_local_file *file = &state->files[state->n_files - 1];
    return gs_fields_read(file_fields, GS_COUNT(file_fields), version, &in, file) && in.left == 0 &&
                   file->lines >= 0
               ? GS_OK
               : gs_fail(err, GS_BAD_FORMAT, "a record of a file is damaged");
}

static enum gs_status load_records(struct gs_local *local, struct gs_state_file *file,
                                   struct gs_error *err)
{
    struct gs_stage_watch_load load = {.stage = local->watch};
    enum gs_status status = GS_OK;
    struct gs_str key, value;

    while (status == GS_OK && gs_state_file_next(file, &key, &value)) {
        status = key.bytes[0] == 'F' ? load_file(local->state, key, value, err)
                                     : gs_stage_watch_load_record(&load, key, value, err);
    }
    return status == GS_OK ? gs_stage_watch_load_end(&load, err) : status;
}

static void tell(struct gs_local *local, const struct gs_state_file *file)
{
    char model[600];
    struct gs_buf time = {.max = 64};

    describe_model(local, model, sizeof model);
    if (!gs_str_equal(file->header.model, gs_str(model))) {
        gs_log(GS_LOG_WARNING, "state",
               "%s: the baselines are those of another model (%.*s): they take days to follow",
               local->state->path, GS_STR_ARGS(file->header.model));
    }
    gs_buf_json_time(&time, gs_stage_watch_watermark(local->watch));
    gs_log(GS_LOG_INFO, "state", "%s: going on at %.*s (written by %.*s)", local->state->path,
           (int)time.len, time.len > 0 ? time.bytes : "", GS_STR_ARGS(file->header.program));
    gs_buf_done(&time);
}

enum gs_status gs_local_state_load(struct gs_local *local, struct gs_error *err)
{
    const char *path = local->options->config->state.path;
    struct gs_state_file file;
    struct gs_error why = {0};
    bool found = false;

    if (path == NULL || local->watch == NULL) {
        return GS_OK;
    }
    local->state = calloc(1, sizeof *local->state);
    if (local->state == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "state");
    }
    local->state->path = path;
    local->state->saved_ms = gs_clock_wall_ms();
    enum gs_status status = gs_state_file_open(path, &file, &found, err);
    if (status == GS_OK && found) {
        status = load_records(local, &file, &why);
        if (status == GS_OK) {
            tell(local, &file);
        } else {
            (void)gs_fail(err, status, "%s: %s", path, why.message);
        }
        gs_state_file_done(&file);
    } else if (status == GS_OK) {
        gs_log(GS_LOG_INFO, "state", "%s is not there yet: beginning without a state", path);
    }
    local->state->now = local->state->n_files;
    return status;
}

void gs_local_state_done(struct gs_local *local)
{
    for (size_t i = 0; local->state != NULL && i < local->state->n_files; i++) {
        free(local->state->files[i].name);
    }
    if (local->state != NULL) {
        free(local->state->files);
    }
    free(local->state);
    local->state = NULL;
}
