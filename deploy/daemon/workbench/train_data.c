/* Reads the label file and the specification FILE[,name=value…] of a set, then its lines: each is
 * cleaned, made n-grams, and added to the trainer with its labels as bits. Lines that cannot be
 * read are refused and counted, never fatal. */
#include "deploy/daemon/workbench/train_data.h"

#include "deploy/daemon/workbench/labelled.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_SPEC = 4096 };

struct gs_train_labels {
    json_t *root; /* NULL: no file */
};

enum gs_status gs_train_labels_load(const char *path, struct gs_trainer *trainer,
                                    struct gs_train_labels **ret, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    json_error_t where = {0};
    struct gs_train_labels *labels = calloc(1, sizeof *labels);

    if (labels == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "labels");
    }
    if (path != NULL) {
        labels->root = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
        if (!json_is_object(labels->root)) {
            status = gs_fail(err, where.line < 0 ? GS_IO : GS_BAD_FORMAT, "%s: line %d: %s", path,
                             where.line, labels->root == NULL ? where.text : "not an object");
        }
    }
    for (size_t head = GS_HEAD_TOPICS; head < GS_N_HEADS && status == GS_OK; head++) {
        const json_t *list = json_object_get(labels->root, gs_head_name((enum gs_head)head));
        for (size_t i = 0; i < json_array_size(list) && status == GS_OK; i++) {
            const json_t *label = json_array_get(list, i);
            const char *id = json_string_value(json_object_get(label, "id"));
            const char *zh = json_string_value(json_object_get(label, "zh"));
            size_t number = 0;
            status = id == NULL
                         ? gs_fail(err, GS_BAD_FORMAT, "%s: %s %zu has no id", path,
                                   gs_head_name((enum gs_head)head), i)
                         : gs_trainer_label(trainer, (enum gs_head)head, id, zh, &number, err);
        }
    }
    if (status != GS_OK) {
        gs_train_labels_free(labels);
        return status;
    }
    *ret = labels;
    return GS_OK;
}

void gs_train_labels_free(struct gs_train_labels *labels)
{
    if (labels != NULL) {
        json_decref(labels->root);
        free(labels);
    }
}

/* The id that a name in the data stands for. */
static const char *id_of(const struct gs_train_labels *labels, size_t head, const char *name)
{
    const json_t *list = json_object_get(labels->root, gs_head_name((enum gs_head)head));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *label = json_array_get(list, i);
        const char *zh = json_string_value(json_object_get(label, "zh"));
        if (zh != NULL && strcmp(zh, name) == 0) {
            return json_string_value(json_object_get(label, "id"));
        }
    }
    return name;
}

static enum gs_status mask_of(struct gs_trainer *trainer, const struct gs_train_labels *labels,
                              enum gs_head head, const char *const *names, size_t n, uint64_t *ret,
                              struct gs_error *err)
{
    *ret = 0;
    for (size_t i = 0; i < n; i++) {
        size_t number = 0;
        const enum gs_status status =
            gs_trainer_label(trainer, head, id_of(labels, head, names[i]), "", &number, err);
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
    const char *path, *name, *registr, *knows;
    float cost;
    bool valid, body;
    bool knows_topics, knows_risks; /* by knows= */
};

static enum gs_status read_cost(const char *value, const char *spec, float *ret,
                                struct gs_error *err)
{
    char *end = NULL;
    const double cost = strtod(value, &end);
    if (end == value || *end != '\0' || !(cost > 0.0 && cost <= 1e4)) {
        return gs_fail(err, GS_BAD_CONFIG, "%.100s: c is not a number above 0", spec);
    }
    *ret = (float)cost;
    return GS_OK;
}

static enum gs_status read_spec(const char *text, struct spec *spec, struct gs_error *err)
{
    *spec = (struct spec){.registr = "default", .cost = 0.5F};
    if (snprintf(spec->text, sizeof spec->text, "%s", text) >= MAX_SPEC) {
        return gs_fail(err, GS_BAD_CONFIG, "--data: longer than %d bytes", MAX_SPEC - 1);
    }
    char *rest = NULL;
    spec->path = strtok_r(spec->text, ",", &rest);
    spec->name = spec->path;
    if (spec->path == NULL) {
        return gs_fail(err, GS_BAD_CONFIG, "--data: no file named");
    }
    for (char *part = strtok_r(NULL, ",", &rest); part != NULL; part = strtok_r(NULL, ",", &rest)) {
        char *value = strchr(part, '=');
        if (value != NULL) {
            *value++ = '\0';
        }
        if (value == NULL && strcmp(part, "valid") == 0) {
            spec->valid = true;
        } else if (value == NULL && strcmp(part, "body") == 0) {
            spec->body = true;
        } else if (value != NULL && strcmp(part, "register") == 0) {
            spec->registr = value;
        } else if (value != NULL && strcmp(part, "name") == 0) {
            spec->name = value;
        } else if (value != NULL && strcmp(part, "knows") == 0) {
            spec->knows = value;
            spec->knows_topics = strstr(value, "topics/") != NULL;
            spec->knows_risks = strstr(value, "risks/") != NULL;
        } else if (value != NULL && strcmp(part, "c") == 0) {
            const enum gs_status status = read_cost(value, text, &spec->cost, err);
            if (status != GS_OK) {
                return status;
            }
        } else {
            return gs_fail(
                err, GS_BAD_CONFIG,
                "--data: \"%.60s\" is not one of register=, name=, c=, knows=, valid, body", part);
        }
    }
    return GS_OK;
}

/* knows=topics/off_topic+topics/policy */
static enum gs_status add_knows(struct gs_trainer *trainer, const struct gs_train_labels *labels,
                                size_t set, const char *knows, struct gs_error *err)
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
            status = mask_of(trainer, labels, head, &name, 1, &mask, err);
        }
        if (status != GS_OK) {
            return status;
        }
        gs_trainer_knows(trainer, set, head, mask);
    }
    return GS_OK;
}

/* ---- the rows ---- */

struct load {
    struct gs_trainer *trainer;
    const struct gs_train_labels *labels;
    const struct spec *spec;
    struct gs_featuriser *featuriser;
    size_t set, n_rows, n_with[GS_N_HEADS];
};

static enum gs_status add_text(struct load *load, const struct gs_labelled *line,
                               struct gs_str text, struct gs_train_row *row, struct gs_error *err)
{
    struct gs_features features;
    const enum gs_status status =
        gs_featuriser_run(load->featuriser, line->title, text, &features, err);
    if (status != GS_OK) {
        return status;
    }
    row->hashes = features.hashes;
    row->n = features.n;
    row->lang = features.lang;
    return gs_trainer_add(load->trainer, load->set, row, err);
}

static enum gs_status add_line(void *arg, const struct gs_labelled *line, struct gs_error *err)
{
    struct load *load = arg;
    struct gs_train_row row = {.sentiment = line->sentiment, .binary = line->binary};
    /* what a set is said to know and a row does not carry is an answer: no */
    row.has[GS_HEAD_TOPICS] = line->has_topics || load->spec->knows_topics;
    row.has[GS_HEAD_RISKS] = line->has_risks || load->spec->knows_risks;
    enum gs_status status = mask_of(load->trainer, load->labels, GS_HEAD_TOPICS, line->topics,
                                    line->n_topics, &row.labels[GS_HEAD_TOPICS], err);
    if (status == GS_OK) {
        status = mask_of(load->trainer, load->labels, GS_HEAD_RISKS, line->risks, line->n_risks,
                         &row.labels[GS_HEAD_RISKS], err);
    }
    if (row.sentiment < 0 && !row.has[GS_HEAD_TOPICS] && !row.has[GS_HEAD_RISKS]) {
        return status; /* nothing to learn from it */
    }
    if (status == GS_OK) {
        status = add_text(load, line, line->text, &row, err);
    }
    if (status == GS_OK && load->spec->body && line->body.len > 0) {
        status = add_text(load, line, line->body, &row, err);
    }
    load->n_rows++;
    load->n_with[GS_HEAD_SENTIMENT] += row.sentiment >= 0;
    load->n_with[GS_HEAD_TOPICS] += line->has_topics;
    load->n_with[GS_HEAD_RISKS] += line->has_risks;
    return status;
}

static void put_provenance(const struct load *load, struct gs_buf *out)
{
    gs_buf_puts(out, "{\"name\": ");
    gs_buf_json_str(out, gs_str(load->spec->name));
    gs_buf_puts(out, ", \"register\": ");
    gs_buf_json_str(out, gs_str(load->spec->registr));
    gs_buf_printf(out, ", \"use\": \"%s\", \"rows\": %zu", load->spec->valid ? "choose" : "train",
                  load->n_rows);
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        gs_buf_printf(out, ", \"%s\": %zu", gs_head_name((enum gs_head)head), load->n_with[head]);
    }
    gs_buf_puts(out, ", \"c\": ");
    gs_buf_json_number(out, (double)load->spec->cost);
    gs_buf_putc(out, '}');
}

enum gs_status gs_train_data_read(const char *text, struct gs_trainer *trainer,
                                  const struct gs_train_labels *labels,
                                  struct gs_refusals *refusals, struct gs_buf *provenance,
                                  size_t *n_rows, struct gs_error *err)
{
    struct spec spec;
    struct load load = {.trainer = trainer, .labels = labels, .spec = &spec};
    enum gs_status status = read_spec(text, &spec, err);
    if (status != GS_OK) {
        return status;
    }
    const struct gs_train_set set = {.name = spec.name,
                                     .registr = spec.registr,
                                     .cost = {spec.cost, spec.cost, spec.cost},
                                     .valid = spec.valid};
    status = gs_trainer_set(trainer, &set, &load.set, err);
    if (status == GS_OK) {
        status = add_knows(trainer, labels, load.set, spec.knows, err);
    }
    if (status == GS_OK) {
        status = gs_featuriser_new(true, &load.featuriser, err);
    }
    if (status == GS_OK) {
        status = gs_labelled_each(spec.path, refusals, add_line, &load, err);
    }
    gs_featuriser_free(load.featuriser);
    *n_rows += load.n_rows;
    put_provenance(&load, provenance);
    return status;
}
