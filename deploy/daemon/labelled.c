#include "deploy/daemon/labelled.h"

#include "ingest/records/files.h"

#include <jansson.h>
#include <stdlib.h>

struct gs_labelled_reader {
    char *path;
    bool plain_text;
    struct gs_source *source;
    json_t *root; /* of the line at hand */
};

enum gs_status gs_labelled_open(const char *path, bool plain_text, struct gs_labelled_reader **ret,
                                struct gs_error *err)
{
    struct gs_labelled_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL || (reader->path = strdup(path)) == NULL) {
        free(reader);
        return gs_fail(err, GS_NO_MEMORY, "%s", path);
    }
    reader->plain_text = plain_text;
    const char *const paths[] = {reader->path};
    const enum gs_status status =
        gs_file_source_new(paths, 1, GS_LABELLED_MAX_LINE, &reader->source, err);
    if (status != GS_OK) {
        gs_labelled_close(reader);
        return status;
    }
    *ret = reader;
    return GS_OK;
}

void gs_labelled_close(struct gs_labelled_reader *reader)
{
    if (reader != NULL) {
        if (reader->source != NULL) {
            gs_source_close(reader->source);
        }
        json_decref(reader->root);
        free(reader->path);
        free(reader);
    }
}

/* Absent or null is fine; another type is not. */
static bool read_string(const json_t *root, const char *name, struct gs_str *ret)
{
    const json_t *value = json_object_get(root, name);
    *ret = (struct gs_str){NULL, 0};
    if (value == NULL || json_is_null(value)) {
        return true;
    }
    if (!json_is_string(value)) {
        return false;
    }
    *ret = (struct gs_str){json_string_value(value), json_string_length(value)};
    return true;
}

static bool read_tags(const json_t *root, const char *name, bool *ret_has, const char **tags,
                      size_t *ret_n)
{
    const json_t *value = json_object_get(root, name);
    *ret_has = value != NULL && !json_is_null(value);
    *ret_n = 0;
    if (!*ret_has) {
        return true;
    }
    if (!json_is_array(value) || json_array_size(value) > GS_LABELLED_MAX_TAGS) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        tags[i] = json_string_value(json_array_get(value, i));
        if (tags[i] == NULL) {
            return false;
        }
    }
    *ret_n = json_array_size(value);
    return true;
}

static bool read_sentiment(const json_t *root, struct gs_labelled *ret)
{
    static const char *const names[GS_N_SENTIMENTS] = {"negative", "neutral", "positive"};
    const json_t *value = json_object_get(root, "sentiment");
    const char *labels = json_string_value(json_object_get(root, "labels"));

    ret->sentiment = -1;
    ret->binary = labels != NULL && strcmp(labels, "binary") == 0;
    if (value == NULL || json_is_null(value)) {
        return true;
    }
    for (int s = 0; s < GS_N_SENTIMENTS && json_is_string(value); s++) {
        if (strcmp(json_string_value(value), names[s]) == 0) {
            ret->sentiment = s;
            return true;
        }
    }
    return false;
}

static const char *read_line(const json_t *root, struct gs_labelled *ret)
{
    if (!json_is_object(root)) {
        return "not a JSON object";
    }
    if (!read_string(root, "title", &ret->title) || !read_string(root, "text", &ret->text) ||
        !read_string(root, "body", &ret->body)) {
        return "title, text or body is not a string";
    }
    if (ret->title.len == 0 && ret->text.len == 0) {
        return "neither title nor text";
    }
    if (!read_sentiment(root, ret)) {
        return "sentiment is not negative, neutral or positive";
    }
    if (!read_tags(root, "topics", &ret->has_topics, ret->topics, &ret->n_topics) ||
        !read_tags(root, "risks", &ret->has_risks, ret->risks, &ret->n_risks)) {
        return "topics or risks: not a list of at most 16 names";
    }
    return NULL;
}

enum gs_status gs_labelled_next(struct gs_labelled_reader *reader, struct gs_labelled *ret,
                                struct gs_error *err)
{
    struct gs_record record;
    json_error_t where = {0};

    enum gs_status status = gs_source_commit(reader->source, err);
    while (status == GS_OK &&
           (status = gs_source_poll(reader->source, 1000, &record, err)) == GS_AGAIN) {
        status = GS_OK; /* a pipe that is slow */
    }
    if (status != GS_OK) {
        return status;
    }
    *ret = (struct gs_labelled){.sentiment = -1, .line = (size_t)record.offset};
    if (reader->plain_text && (record.value.len == 0 || record.value.bytes[0] != '{')) {
        ret->text = record.value;
        return GS_OK;
    }
    if (record.value.len > GS_LABELLED_MAX_LINE) {
        return gs_fail(err, GS_BAD_FORMAT, "%s:%zu: longer than %d bytes", reader->path, ret->line,
                       GS_LABELLED_MAX_LINE);
    }
    json_decref(reader->root);
    reader->root = json_loadb(record.value.bytes, record.value.len, JSON_REJECT_DUPLICATES, &where);
    const char *why = reader->root == NULL ? where.text : read_line(reader->root, ret);
    return why == NULL
               ? GS_OK
               : gs_fail(err, GS_BAD_FORMAT, "%s:%zu: %.150s", reader->path, ret->line, why);
}
