/* Labelled rows, one a line: JSON objects, or the lines of a file that is called .csv
 * (labelled_csv.c).
 *
 * A line that is not understood is refused with the line that would be. "label" is what most
 * published sets call their one column: it is read where its value is a word for a sentiment, and
 * refused where it could be anything else, since a topic that is taken for a sentiment trains
 * without an error. */
#include "deploy/daemon/workbench/labelled.h"

#include "deploy/daemon/workbench/labelled_csv.h"
#include "ingest/files/files.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct gs_labelled_reader {
    char *path;
    bool plain_text;
    struct gs_source *source;
    struct gs_record record; /* the line at hand */
    json_t *root;            /* of it */
    bool csv;
    struct gs_labelled_columns columns; /* n = 0: the line that names them is still to come */
    char why[160];                      /* of the line that was refused last */
};

static bool has_ending(const char *path, const char *ending)
{
    const size_t len = strlen(path);
    const size_t n = strlen(ending);
    return len > n && strcmp(path + len - n, ending) == 0;
}

enum gs_status gs_labelled_open(const char *path, bool plain_text, struct gs_labelled_reader **ret,
                                struct gs_error *err)
{
    struct gs_labelled_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL || (reader->path = strdup(path)) == NULL) {
        free(reader);
        return gs_fail(err, GS_NO_MEMORY, "%s", path);
    }
    reader->plain_text = plain_text;
    reader->csv = has_ending(path, ".csv") || has_ending(path, ".csv.gz");
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

/* The sentiment that a word names, in any case; -1: none. */
static int sentiment_named(const char *word)
{
    static const char *const words[GS_N_SENTIMENTS][5] = {
        [GS_NEGATIVE] = {"negative", "neg", "bearish", "负面", NULL},
        [GS_NEUTRAL] = {"neutral", "neu", "中性", NULL},
        [GS_POSITIVE] = {"positive", "pos", "bullish", "正面", NULL},
    };
    for (int s = 0; s < GS_N_SENTIMENTS; s++) {
        for (size_t i = 0; words[s][i] != NULL; i++) {
            if (strcasecmp(word, words[s][i]) == 0) {
                return s;
            }
        }
    }
    return -1;
}

/* NULL, or why the line is refused. */
static const char *read_sentiment(struct gs_labelled_reader *reader, struct gs_labelled *ret)
{
    const json_t *root = reader->root;
    const json_t *value = json_object_get(root, "sentiment");
    const char *labels = json_string_value(json_object_get(root, "labels"));

    ret->sentiment = -1;
    ret->binary = labels != NULL && strcmp(labels, "binary") == 0;
    if (value == NULL || json_is_null(value)) {
        return NULL;
    }
    ret->sentiment = json_is_string(value) ? sentiment_named(json_string_value(value)) : -1;
    return ret->sentiment >= 0 ? NULL : "sentiment is not negative, neutral or positive";
}

/* A row whose one label stands under "label". */
static const char *read_label(struct gs_labelled_reader *reader, struct gs_labelled *ret)
{
    const json_t *value = json_object_get(reader->root, "label");
    if (value == NULL || json_is_null(value) || ret->sentiment >= 0 || ret->has_topics ||
        ret->has_risks) {
        return NULL;
    }
    ret->sentiment = json_is_string(value) ? sentiment_named(json_string_value(value)) : -1;
    if (ret->sentiment >= 0) {
        return NULL;
    }
    if (json_is_string(value)) {
        (void)snprintf(reader->why, sizeof reader->why,
                       "\"label\": \"%.40s\" is no sentiment; a topic is written "
                       "{\"text\": \"…\", \"topics\": [\"%.40s\"]}",
                       json_string_value(value), json_string_value(value));
    } else {
        (void)snprintf(reader->why, sizeof reader->why,
                       "\"label\" is a number that only its set knows: write {\"text\": \"…\", "
                       "\"sentiment\": \"negative\"}");
    }
    return reader->why;
}

static const char *read_line(struct gs_labelled_reader *reader, struct gs_labelled *ret)
{
    const json_t *root = reader->root;
    if (!json_is_object(root)) {
        return "not a JSON object: a line is {\"text\": \"…\", \"sentiment\": \"negative\"}";
    }
    if (!read_string(root, "title", &ret->title) || !read_string(root, "text", &ret->text) ||
        !read_string(root, "body", &ret->body)) {
        return "title, text or body is not a string";
    }
    if (ret->title.len == 0 && ret->text.len == 0) {
        return "neither title nor text";
    }
    const char *why = read_sentiment(reader, ret);
    if (why != NULL) {
        return why;
    }
    if (!read_tags(root, "topics", &ret->has_topics, ret->topics, &ret->n_topics) ||
        !read_tags(root, "risks", &ret->has_risks, ret->risks, &ret->n_risks)) {
        return "topics or risks: not a list of at most 16 names";
    }
    return read_label(reader, ret);
}

/* The line into reader->root. */
static enum gs_status parse(struct gs_labelled_reader *reader, struct gs_str line,
                            struct gs_error *err)
{
    json_error_t where = {0};
    json_decref(reader->root);
    reader->root = NULL;
    if (reader->csv) {
        return gs_labelled_csv_row(&reader->columns, line, &reader->root, err);
    }
    reader->root = json_loadb(line.bytes, line.len, JSON_REJECT_DUPLICATES, &where);
    if (reader->root != NULL) {
        return GS_OK;
    }
    return line.len > 0 && line.bytes[0] == '{'
               ? gs_fail(err, GS_BAD_FORMAT, "%s", where.text)
               : gs_fail(err, GS_BAD_FORMAT,
                         "not JSON: a line is {\"text\": \"…\", \"sentiment\": \"negative\"}, "
                         "and a CSV file is called .csv");
}

static enum gs_status poll_line(struct gs_labelled_reader *reader, struct gs_record *ret,
                                struct gs_error *err)
{
    enum gs_status status = gs_source_commit(reader->source, err);
    while (status == GS_OK &&
           (status = gs_source_poll(reader->source, 1000, ret, err)) == GS_AGAIN) {
        status = GS_OK; /* a pipe that is slow */
    }
    return status;
}

enum gs_status gs_labelled_next(struct gs_labelled_reader *reader, struct gs_labelled *ret,
                                struct gs_error *err)
{
    struct gs_error why = {0};

    enum gs_status status = poll_line(reader, &reader->record, err);
    if (status == GS_OK && reader->csv && reader->columns.n == 0) {
        status = gs_labelled_columns_read(reader->record.value, &reader->columns, &why);
        if (status != GS_OK) { /* nothing of the file can be read */
            return gs_fail(err, GS_IO, "%s: %s", reader->path, why.message);
        }
        status = poll_line(reader, &reader->record, err);
    }
    if (status != GS_OK) {
        return status;
    }
    const struct gs_str raw = reader->record.value;
    *ret = (struct gs_labelled){
        .sentiment = -1, .line = (size_t)reader->record.offset, .raw = &reader->record};
    if (reader->plain_text && !reader->csv && (raw.len == 0 || raw.bytes[0] != '{')) {
        ret->text = raw;
        return GS_OK;
    }
    if (raw.len > GS_LABELLED_MAX_LINE) {
        return gs_fail(err, GS_BAD_FORMAT, "%s:%zu: longer than %d bytes", reader->path, ret->line,
                       GS_LABELLED_MAX_LINE);
    }
    status = parse(reader, raw, &why);
    const char *wrong = status == GS_OK ? read_line(reader, ret) : why.message;
    ret->root = reader->root;
    return wrong == NULL
               ? GS_OK
               : gs_fail(err, GS_BAD_FORMAT, "%s:%zu: %.160s", reader->path, ret->line, wrong);
}

enum gs_status gs_labelled_label(const char *text, enum gs_head *ret_head, const char **ret_name,
                                 struct gs_error *err)
{
    static const enum gs_head heads[] = {GS_HEAD_TOPICS, GS_HEAD_RISKS};

    for (size_t i = 0; i < GS_COUNT(heads); i++) {
        const char *head = gs_head_name(heads[i]);
        const size_t len = strlen(head);
        if (strncmp(text, head, len) == 0 && text[len] == '/') {
            *ret_head = heads[i];
            *ret_name = text + len + 1;
            return GS_OK;
        }
    }
    return gs_fail(err, GS_BAD_CONFIG, "--data: knows: \"%.60s\" is not topics/… or risks/…", text);
}
