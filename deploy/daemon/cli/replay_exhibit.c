/* What is kept while a replay runs, so that one alert can be shown with its messages at the end.
 *
 * Which alerts belong to an incident is known only once it is there, so every change is kept. Where
 * a message stands is remembered for the last million: an alert's evidence is at most some hours
 * old when it goes out, and is looked up then. */
#include "deploy/daemon/cli/replay_exhibit.h"

#include "ingest/base/hash.h"
#include "ingest/files/files.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_PLACES = 1 << 20, MAX_KEPT = 256 << 20, MAX_MEMBERS = 256, MAX_CHANGES = 1 << 20 };
static const size_t nowhere = SIZE_MAX;

struct place {
    uint64_t hash; /* of the message's id, and of the key where the line is an observation */
    int64_t line;
    size_t file;
};

/* Where in the list of files a record stands; the same path may be there twice. */
struct reader {
    const char *const *files;
    size_t n_files, at;
    int64_t line;
    bool begun;
};

struct gs_exhibit_taker {
    char id[17];
    struct reader reader;
    struct place *places; /* a ring */
    uint64_t n_places;    /* ever */
    struct gs_exhibit_change *alerts, *incidents;
    size_t n_alerts, n_incidents, kept_bytes;
    bool too_many;
    char members[MAX_MEMBERS][17]; /* alerts of the incident */
    size_t n_members;
    char part_of[17], part_title[400];
    struct gs_exhibit_model models[GS_EXHIBIT_MODELS];
    size_t n_models;
    bool tagged_here;
};

/* ---- places ---- */

static size_t file_of(struct reader *reader, const struct gs_record *record)
{
    const bool same = reader->begun && record->offset > reader->line &&
                      gs_str_equal(gs_str(reader->files[reader->at]), record->topic);

    reader->line = record->offset;
    if (same) {
        return reader->at;
    }
    for (size_t i = reader->begun ? reader->at + 1 : 0; i < reader->n_files; i++) {
        if (gs_str_equal(gs_str(reader->files[i]), record->topic)) {
            reader->at = i;
            break;
        }
    }
    reader->begun = true;
    return reader->at;
}

/* Ids are cut on alerts (watch.h), so no more of them is looked at. */
static uint64_t hash_of(struct gs_str id, struct gs_str key)
{
    enum { SHOWN = 90 };

    id.len = id.len > SHOWN ? SHOWN : id.len;
    return gs_hash(id) ^ (key.len == 0 ? 0 : gs_hash_seeded(key, 1));
}

static void remember_model(struct gs_exhibit_taker *taker, const struct gs_local_message *message)
{
    for (size_t i = 0; i < taker->n_models; i++) {
        if (gs_str_equal(gs_str(taker->models[i].sha256), message->model_sha256)) {
            return;
        }
    }
    if (taker->n_models == GS_EXHIBIT_MODELS || message->model_sha256.len == 0) {
        return;
    }
    struct gs_exhibit_model *model = &taker->models[taker->n_models++];
    (void)snprintf(model->name, sizeof model->name, "%.*s", GS_STR_ARGS(message->model_name));
    (void)snprintf(model->version, sizeof model->version, "%.*s",
                   GS_STR_ARGS(message->model_version));
    (void)snprintf(model->sha256, sizeof model->sha256, "%.*s", GS_STR_ARGS(message->model_sha256));
}

void gs_exhibit_take_message(void *arg, const struct gs_local_message *message)
{
    struct gs_exhibit_taker *taker = arg;

    taker->places[taker->n_places++ % MAX_PLACES] =
        (struct place){.hash = hash_of(message->id, message->key),
                       .line = message->record->offset,
                       .file = file_of(&taker->reader, message->record)};
    taker->tagged_here |= message->raw;
    remember_model(taker, message);
}

/* The latest first: an id may come again after a day. */
static void find_place(const struct gs_exhibit_taker *taker, struct gs_str id, struct gs_str key,
                       struct gs_exhibit_message *message)
{
    const uint64_t alone = hash_of(id, (struct gs_str){NULL, 0});
    const uint64_t keyed = hash_of(id, key);
    const uint64_t n = taker->n_places < MAX_PLACES ? taker->n_places : MAX_PLACES;

    message->file = nowhere;
    for (uint64_t i = 1; i <= n; i++) {
        const struct place *place = &taker->places[(taker->n_places - i) % MAX_PLACES];
        if (place->hash == alone || place->hash == keyed) {
            message->file = place->file;
            message->line = place->line;
            return;
        }
    }
}

/* ---- alerts and incidents ---- */

static void copy_text(char *ret, size_t size, struct gs_str text)
{
    (void)snprintf(ret, size, "%.*s", GS_STR_ARGS(text));
}

/* A change at the end of a list; NULL: no room. Takes the text over. */
static struct gs_exhibit_change *keep(struct gs_exhibit_taker *taker,
                                      struct gs_exhibit_change **list, size_t *n, const char *id,
                                      struct gs_buf *json)
{
    const bool fits = gs_buf_ok(json) && taker->kept_bytes + json->len <= MAX_KEPT;
    struct gs_exhibit_change *bigger = fits ? realloc(*list, (*n + 1) * sizeof **list) : NULL;

    if (bigger == NULL) {
        gs_buf_done(json);
        taker->too_many = true;
        return NULL;
    }
    *list = bigger;
    struct gs_exhibit_change *change = &bigger[(*n)++];
    *change = (struct gs_exhibit_change){.json = json->bytes, .len = json->len};
    memcpy(change->id, id, sizeof change->id);
    taker->kept_bytes += json->len;
    return change;
}

void gs_exhibit_take_alert(void *arg, const struct gs_alert *alert)
{
    struct gs_exhibit_taker *taker = arg;
    struct gs_buf json = {.max = MAX_KEPT};

    gs_alert_encode(alert, &json);
    struct gs_exhibit_change *change =
        keep(taker, &taker->alerts, &taker->n_alerts, alert->id, &json);
    if (change == NULL || alert->n_evidence == 0) {
        return;
    }
    change->messages = calloc(alert->n_evidence, sizeof *change->messages);
    for (size_t i = 0; i < alert->n_evidence && change->messages != NULL; i++) {
        const struct gs_evidence_item *item = &alert->evidence[i];
        struct gs_exhibit_message *message = &change->messages[change->n_messages++];
        message->ts_ms = item->ts_ms;
        message->weight = item->weight;
        copy_text(message->id, sizeof message->id, item->id);
        copy_text(message->source, sizeof message->source, item->source);
        copy_text(message->url, sizeof message->url, item->url);
        copy_text(message->excerpt, sizeof message->excerpt, item->excerpt);
        find_place(taker, item->id, alert->key, message);
    }
}

static bool is_member(const struct gs_exhibit_taker *taker, const char *id)
{
    for (size_t i = 0; i < taker->n_members; i++) {
        if (strcmp(taker->members[i], id) == 0) {
            return true;
        }
    }
    return false;
}

void gs_exhibit_take_incident(void *arg, const struct gs_incident *incident)
{
    struct gs_exhibit_taker *taker = arg;
    struct gs_buf json = {.max = MAX_KEPT};

    for (uint32_t i = 0; i < incident->n_keys; i++) {
        if (strcmp(incident->keys[i].alert, taker->id) == 0) {
            memcpy(taker->part_of, incident->id, sizeof taker->part_of);
            copy_text(taker->part_title, sizeof taker->part_title, gs_str(incident->title));
        }
    }
    if (strcmp(incident->id, taker->id) != 0) {
        return;
    }
    for (uint32_t i = 0; i < incident->n_keys; i++) {
        if (taker->n_members < MAX_MEMBERS && !is_member(taker, incident->keys[i].alert)) {
            memcpy(taker->members[taker->n_members++], incident->keys[i].alert, 17);
        }
    }
    gs_incident_encode(incident, &json);
    (void)keep(taker, &taker->incidents, &taker->n_incidents, incident->id, &json);
}

enum gs_status gs_exhibit_taker_new(const char *id, const char *const *files, size_t n_files,
                                    struct gs_exhibit_taker **ret, struct gs_error *err)
{
    struct gs_exhibit_taker *taker = calloc(1, sizeof *taker);

    if (taker != NULL) {
        taker->places = calloc(MAX_PLACES, sizeof *taker->places);
    }
    if (taker == NULL || taker->places == NULL) {
        gs_exhibit_taker_free(taker);
        return gs_fail(err, GS_NO_MEMORY, "exhibit");
    }
    copy_text(taker->id, sizeof taker->id, gs_str(id));
    taker->reader = (struct reader){.files = files, .n_files = n_files};
    *ret = taker;
    return GS_OK;
}

static void changes_done(struct gs_exhibit_change *changes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < changes[i].n_messages; k++) {
            free(changes[i].messages[k].text);
        }
        free(changes[i].messages);
        free(changes[i].json);
    }
    free(changes);
}

void gs_exhibit_taker_free(struct gs_exhibit_taker *taker)
{
    if (taker == NULL) {
        return;
    }
    changes_done(taker->alerts, taker->n_alerts);
    changes_done(taker->incidents, taker->n_incidents);
    free(taker->places);
    free(taker);
}

/* ---- the exhibit ---- */

/* Moves the changes that it is about out of the taker. */
static bool pick(struct gs_exhibit_taker *taker, struct gs_exhibit *exhibit)
{
    exhibit->changes = calloc(taker->n_incidents + taker->n_alerts + 1, sizeof *exhibit->changes);
    if (exhibit->changes == NULL) {
        return false;
    }
    exhibit->incident = taker->n_incidents > 0;
    for (size_t i = 0; i < taker->n_incidents; i++) {
        exhibit->changes[exhibit->n_changes++] = taker->incidents[i];
        taker->incidents[i] = (struct gs_exhibit_change){.json = NULL};
    }
    for (size_t i = 0; i < taker->n_alerts; i++) {
        const bool own = strcmp(taker->alerts[i].id, taker->id) == 0;
        if (own || is_member(taker, taker->alerts[i].id)) {
            exhibit->changes[exhibit->n_changes++] = taker->alerts[i];
            taker->alerts[i] = (struct gs_exhibit_change){.json = NULL};
        }
    }
    exhibit->n_own = exhibit->incident ? taker->n_incidents : exhibit->n_changes;
    return true;
}

/* Lists each message once. */
static bool list_messages(struct gs_exhibit *exhibit)
{
    size_t n = 0;

    for (size_t i = 0; i < exhibit->n_changes; i++) {
        n += exhibit->changes[i].n_messages;
    }
    exhibit->messages = calloc(n + 1, sizeof *exhibit->messages);
    for (size_t i = 0; i < exhibit->n_changes && exhibit->messages != NULL; i++) {
        for (size_t k = 0; k < exhibit->changes[i].n_messages; k++) {
            const struct gs_exhibit_message *message = &exhibit->changes[i].messages[k];
            bool there = false;
            for (size_t j = 0; j < exhibit->n_messages && !there; j++) {
                there = strcmp(exhibit->messages[j].id, message->id) == 0;
            }
            if (!there) {
                exhibit->messages[exhibit->n_messages++] = *message;
            }
        }
    }
    return exhibit->messages != NULL;
}

static enum gs_status take_line(struct gs_exhibit *exhibit, size_t file,
                                const struct gs_record *record, struct gs_error *err)
{
    for (size_t i = 0; i < exhibit->n_messages; i++) {
        struct gs_exhibit_message *message = &exhibit->messages[i];
        if (message->file != file || message->line != record->offset || message->text != NULL) {
            continue;
        }
        message->text = malloc(record->value.len + 1);
        if (message->text == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "exhibit: messages");
        }
        memcpy(message->text, record->value.bytes, record->value.len);
        message->len = record->value.len;
        const enum gs_status status = gs_sha256_hex(record->value, message->sha256, err);
        if (status != GS_OK) {
            return status;
        }
    }
    return GS_OK;
}

/* Reads the input again for the lines of the messages. */
static enum gs_status read_lines(struct gs_exhibit *exhibit, const struct reader *files,
                                 size_t max_line, struct gs_error *err)
{
    struct reader reader = {.files = files->files, .n_files = files->n_files};
    struct gs_source *source = NULL;
    struct gs_record record;
    enum gs_status status =
        gs_file_source_new(reader.files, reader.n_files, max_line, &source, err);

    for (uint64_t n = 0; status == GS_OK; n++) {
        status = gs_source_poll(source, 100, &record, err);
        if (status == GS_OK) {
            status = take_line(exhibit, file_of(&reader, &record), &record, err);
        }
        if (status == GS_OK && n % 4096 == 4095) {
            status = gs_source_commit(source, err);
        }
        status = status == GS_AGAIN ? GS_OK : status;
    }
    gs_source_close(source);
    return status == GS_CLOSED ? GS_OK : status;
}

enum gs_status gs_exhibit_make(struct gs_exhibit_taker *taker, size_t max_line,
                               struct gs_exhibit *ret, struct gs_error *err)
{
    *ret = (struct gs_exhibit){.n_models = taker->n_models, .tagged_here = taker->tagged_here};
    memcpy(ret->id, taker->id, sizeof ret->id);
    memcpy(ret->part_of, taker->part_of, sizeof ret->part_of);
    memcpy(ret->part_title, taker->part_title, sizeof ret->part_title);
    memcpy(ret->models, taker->models, sizeof ret->models);
    if (taker->too_many || !pick(taker, ret) || !list_messages(ret)) {
        return gs_fail(err, GS_NO_MEMORY,
                       "there are more alerts in the data than can be kept: replay a part of it");
    }
    return ret->n_messages == 0 ? GS_OK : read_lines(ret, &taker->reader, max_line, err);
}

void gs_exhibit_done(struct gs_exhibit *exhibit)
{
    for (size_t i = 0; i < exhibit->n_messages; i++) {
        free(exhibit->messages[i].text);
    }
    free(exhibit->messages);
    changes_done(exhibit->changes, exhibit->n_changes);
}
