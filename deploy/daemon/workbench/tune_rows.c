/* Reads the label file and the specification of a set, then its lines: each is cleaned, cut into
 * tokens and added as a row, with its teacher's logits if it has them. A share of rows, chosen by
 * the hash of their first tokens, is held out for validation, so that texts that begin alike are on
 * one side. */
#include "deploy/daemon/workbench/tune_rows.h"

#include "deploy/daemon/workbench/labelled.h"
#include "deploy/daemon/workbench/refusals.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SPEC = 4096, MAX_TEXT = 1 << 15, LIKE = 8 };

/* ---- labels ---- */

static enum gs_status read_label(const json_t *label, enum gs_head head, const char *path,
                                 struct gs_tune_data *data, struct gs_error *err)
{
    const char *id = json_string_value(json_object_get(label, "id"));
    const char *zh = json_string_value(json_object_get(label, "zh"));
    size_t number = 0;

    if (id == NULL || (zh != NULL && strlen(zh) >= GS_LABEL_SIZE)) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: %s: a label has no id, or too long a name", path,
                       gs_head_name((enum gs_head)head));
    }
    const enum gs_status status = gs_tune_label(data, head, id, &number, err);
    if (status == GS_OK && zh != NULL) {
        (void)snprintf(data->labels[head][number].zh, GS_LABEL_SIZE, "%s", zh);
    }
    return status;
}

enum gs_status gs_tune_labels_load(const char *path, struct gs_tune_data *data,
                                   struct gs_error *err)
{
    json_error_t where = {0};
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
    enum gs_status status = GS_OK;

    if (!json_is_object(root)) {
        status = gs_fail(err, where.line < 0 ? GS_IO : GS_BAD_FORMAT, "%s: line %d: %s", path,
                         where.line, root == NULL ? where.text : "not an object");
    }
    for (size_t h = GS_HEAD_TOPICS; h < GS_N_HEADS && status == GS_OK; h++) {
        const json_t *list = json_object_get(root, gs_head_name((enum gs_head)h));
        for (size_t i = 0; i < json_array_size(list) && status == GS_OK; i++) {
            status = read_label(json_array_get(list, i), (enum gs_head)h, path, data, err);
        }
        data->closed[h] = list != NULL;
    }
    json_decref(root);
    return status;
}

/* The id that a name in the data stands for: itself, or that of a Chinese name. */
static const char *id_of(const struct gs_tune_data *data, size_t head, const char *name)
{
    for (size_t l = 0; l < data->n_labels[head]; l++) {
        if (strcmp(data->labels[head][l].zh, name) == 0) {
            return data->labels[head][l].id;
        }
    }
    return name;
}

static enum gs_status mask_of(struct gs_tune_data *data, enum gs_head head,
                              const char *const *names, size_t n, uint64_t *ret,
                              struct gs_error *err)
{
    *ret = 0;
    for (size_t i = 0; i < n; i++) {
        size_t number = 0;
        const enum gs_status status =
            gs_tune_label(data, head, id_of(data, head, names[i]), &number, err);
        if (status != GS_OK) {
            return status;
        }
        *ret |= (uint64_t)1 << number;
    }
    return GS_OK;
}

/* ---- the specification ---- */

struct spec {
    char text[MAX_SPEC]; /* cut up */
    const char *path, *name, *knows;
    double weight;
    bool valid, body;
};

static enum gs_status read_part(char *part, struct spec *spec, struct gs_error *err)
{
    char *value = strchr(part, '=');
    char *end = NULL;

    if (value != NULL) {
        *value++ = '\0';
    }
    if (value == NULL && strcmp(part, "valid") == 0) {
        spec->valid = true;
    } else if (value == NULL && strcmp(part, "body") == 0) {
        spec->body = true;
    } else if (value != NULL && strcmp(part, "name") == 0) {
        spec->name = value;
    } else if (value != NULL && strcmp(part, "knows") == 0) {
        spec->knows = value;
    } else if (value != NULL && strcmp(part, "weight") == 0) {
        spec->weight = strtod(value, &end);
        if (end == value || *end != '\0' || !(spec->weight > 0.0 && spec->weight <= 100.0)) {
            return gs_fail(err, GS_BAD_CONFIG, "--data: weight is not a number in 0 to 100");
        }
    } else {
        return gs_fail(err, GS_BAD_CONFIG,
                       "--data: \"%.60s\" is not one of name=, weight=, knows=, valid, body", part);
    }
    return GS_OK;
}

static enum gs_status read_spec(const char *text, struct spec *spec, struct gs_error *err)
{
    char *rest = NULL;
    enum gs_status status = GS_OK;

    *spec = (struct spec){.weight = 1.0};
    if (snprintf(spec->text, sizeof spec->text, "%s", text) >= MAX_SPEC) {
        return gs_fail(err, GS_BAD_CONFIG, "--data: longer than %d bytes", MAX_SPEC - 1);
    }
    spec->path = strtok_r(spec->text, ",", &rest);
    spec->name = spec->path;
    if (spec->path == NULL) {
        return gs_fail(err, GS_BAD_CONFIG, "--data: no file named");
    }
    for (char *part = strtok_r(NULL, ",", &rest); part != NULL && status == GS_OK;
         part = strtok_r(NULL, ",", &rest)) {
        status = read_part(part, spec, err);
    }
    return status;
}

/* knows=topics/off_topic+topics/policy */
static enum gs_status add_knows(struct gs_tune_data *data, struct gs_tune_set *set,
                                const char *knows, struct gs_error *err)
{
    char copy[MAX_SPEC];
    char *rest = NULL;

    (void)snprintf(copy, sizeof copy, "%s", knows == NULL ? "" : knows);
    for (char *one = strtok_r(copy, "+", &rest); one != NULL; one = strtok_r(NULL, "+", &rest)) {
        enum gs_head head = GS_N_HEADS;
        const char *name = NULL;
        uint64_t mask = 0;
        enum gs_status status = gs_labelled_label(one, &head, &name, err);
        if (status == GS_OK) {
            status = mask_of(data, head, &name, 1, &mask, err);
        }
        if (status != GS_OK) {
            return status;
        }
        set->knows[head] |= mask;
    }
    return GS_OK;
}

/* ---- the rows ---- */

struct load {
    struct gs_tune_source *source;
    const struct spec *spec;
    struct gs_featuriser *featuriser;
    struct gs_tokenizer_workspace *tokens;
    size_t set, n_rows, n_valid;
};

/* Texts that begin alike are kept together, so that a near-copy of a row to train on is not what
 * the training is judged by. */
static bool is_drawn(const struct load *load, const struct gs_encoding *encoding)
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (size_t i = 1; i < encoding->n && i <= LIKE; i++) {
        hash = (hash ^ (uint64_t)encoding->ids[i]) * 0x100000001B3U;
    }
    hash ^= hash >> 32;
    return (double)(hash % 10000) < load->source->holdout * 10000.0;
}

/* A teacher's logits in the order of the labels; false: there are, but not as many as labels. */
static bool read_teacher(const struct gs_tune_data *data, const struct json_t *root, float *to,
                         bool *ret_there)
{
    const json_t *logits = root == NULL ? NULL : json_object_get(root, "logits");

    *ret_there = json_is_object(logits);
    for (size_t h = 0; h < GS_N_HEADS && *ret_there; h++) {
        const json_t *list = json_object_get(logits, gs_head_name((enum gs_head)h));
        const size_t n = h == GS_HEAD_SENTIMENT ? (size_t)GS_N_SENTIMENTS : data->n_labels[h];
        if (list != NULL && json_array_size(list) > 0 && json_array_size(list) != n) {
            return false;
        }
        for (size_t l = 0; l < n; l++) {
            const json_t *value = json_array_get(list, l);
            *to++ = json_is_number(value) ? (float)json_number_value(value) : NAN;
        }
    }
    return true;
}

static enum gs_status cut(struct load *load, const struct gs_labelled *line, struct gs_str text,
                          struct gs_encoding *encoding, size_t *lang, struct gs_error *err)
{
    struct gs_features features;
    enum gs_status status = gs_featuriser_run(load->featuriser, line->title, text, &features, err);

    if (status == GS_OK && features.text.len == 0) {
        status = gs_fail(err, GS_BAD_FORMAT, "nothing is left of the text");
    }
    if (status != GS_OK) {
        return status;
    }
    size_t len = features.text.len < MAX_TEXT ? features.text.len : MAX_TEXT;
    while (len > 0 && len < features.text.len &&
           ((unsigned char)features.text.bytes[len] & 0xC0U) == 0x80U) {
        len--; /* whole characters */
    }
    *lang = features.lang;
    return gs_tokenizer_encode(load->source->tokenizer, load->tokens,
                               (struct gs_str){features.text.bytes, len}, load->source->max_tokens,
                               encoding, err);
}

static enum gs_status add_text(struct load *load, const struct gs_labelled *line,
                               struct gs_str text, struct gs_tune_row *row, struct gs_error *err)
{
    struct gs_encoding encoding;
    float teacher[GS_LOSS_MAX_OUT];
    size_t lang = 0;
    bool taught = false;

    enum gs_status status = cut(load, line, text, &encoding, &lang, err);
    if (status == GS_OK && !read_teacher(load->source->data, line->root, teacher, &taught)) {
        status = gs_fail(err, GS_BAD_FORMAT, "logits are not as many as there are labels");
    }
    if (status != GS_OK) {
        return status;
    }
    if (row->sentiment < 0 && !row->has[GS_HEAD_TOPICS] && !row->has[GS_HEAD_RISKS] && !taught) {
        return GS_OK; /* nothing to learn from it */
    }
    row->n = (uint32_t)encoding.n;
    row->lang = (uint8_t)lang;
    row->drawn = !load->spec->valid && is_drawn(load, &encoding);
    row->valid = load->spec->valid || row->drawn;
    load->n_rows++;
    load->n_valid += row->valid;
    return gs_tune_add(load->source->data, row, encoding.ids, taught ? teacher : NULL, err);
}

static enum gs_status add_line(struct load *load, const struct gs_labelled *line,
                               struct gs_error *err)
{
    struct gs_tune_data *data = load->source->data;
    const char *knows = load->spec->knows == NULL ? "" : load->spec->knows;
    struct gs_tune_row row = {.set = (uint16_t)load->set,
                              .line = line->line < UINT32_MAX ? (uint32_t)line->line : 0,
                              .sentiment = (int8_t)line->sentiment,
                              .binary = line->binary};

    /* what a set is said to know and a row does not carry is an answer: no */
    row.has[GS_HEAD_TOPICS] = line->has_topics || strstr(knows, "topics/") != NULL;
    row.has[GS_HEAD_RISKS] = line->has_risks || strstr(knows, "risks/") != NULL;
    enum gs_status status = mask_of(data, GS_HEAD_TOPICS, line->topics, line->n_topics,
                                    &row.labels[GS_HEAD_TOPICS], err);
    if (status == GS_OK) {
        status = mask_of(data, GS_HEAD_RISKS, line->risks, line->n_risks,
                         &row.labels[GS_HEAD_RISKS], err);
    }
    if (status == GS_OK) {
        status = add_text(load, line, line->text, &row, err);
    }
    if (status == GS_OK && load->spec->body && line->body.len > 0) {
        status = add_text(load, line, line->body, &row, err);
    }
    return status;
}

static enum gs_status read_rows(struct load *load, struct gs_error *err)
{
    struct gs_labelled_reader *reader = NULL;
    struct gs_labelled line;
    enum gs_status status = gs_labelled_open(load->spec->path, false, &reader, err);

    while (status == GS_OK) {
        struct gs_error why = {0};
        status = gs_labelled_next(reader, &line, err);
        if (status == GS_OK) {
            status = add_line(load, &line, &why);
        }
        if (status != GS_OK && why.message[0] != '\0') {
            (void)gs_fail(err, status, "%.120s:%zu: %.120s", load->spec->path, line.line,
                          why.message);
        }
        if (status == GS_BAD_FORMAT) {
            status = gs_refusals_add(load->source->refusals, line.raw, err->message, err);
        }
    }
    gs_refusals_say_rest(load->source->refusals);
    gs_labelled_close(reader);
    return status == GS_CLOSED ? GS_OK : status;
}

static void put_provenance(const struct load *load, struct gs_buf *out)
{
    gs_buf_puts(out, out->len > 0 ? ", {\"name\": " : "{\"name\": ");
    gs_buf_json_str(out, gs_str(load->spec->name));
    gs_buf_printf(out, ", \"rows\": %zu, \"validation\": %zu, \"weight\": ", load->n_rows,
                  load->n_valid);
    gs_buf_json_number(out, load->spec->weight);
    gs_buf_putc(out, '}');
}

enum gs_status gs_tune_rows_read(const char *text, struct gs_tune_source *source,
                                 struct gs_error *err)
{
    struct spec spec;
    struct load load = {.source = source, .spec = &spec, .set = source->data->n_sets};

    enum gs_status status = read_spec(text, &spec, err);
    if (status != GS_OK) {
        return status;
    }
    if (load.set == GS_TUNE_MAX_SETS) {
        return gs_fail(err, GS_BAD_CONFIG, "more than %d sets", GS_TUNE_MAX_SETS);
    }
    struct gs_tune_set *set = &source->data->sets[source->data->n_sets++];
    *set = (struct gs_tune_set){.weight = spec.weight};
    (void)snprintf(set->name, sizeof set->name, "%s", spec.name);
    status = add_knows(source->data, set, spec.knows, err);
    if (status == GS_OK) {
        status = gs_featuriser_new(true, &load.featuriser, err);
    }
    if (status == GS_OK) {
        status = gs_tokenizer_workspace_new(source->tokenizer, &load.tokens, err);
    }
    if (status == GS_OK) {
        status = read_rows(&load, err);
    }
    gs_tokenizer_workspace_free(load.tokens);
    gs_featuriser_free(load.featuriser);
    source->n_rows += load.n_rows;
    put_provenance(&load, source->notes);
    return status;
}
