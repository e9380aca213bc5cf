/* The labels of a classification head: id2label is what counts, and all else that the file says of
 * them has to agree. */
#include "classifier/encoder/config_json_internal.h"

#include <stdio.h>
#include <string.h>

static enum gs_status refuse(const struct gs_config_file *file, const char *why)
{
    return gs_fail(file->err, GS_BAD_FORMAT, "%s: %s", file->path.text, why);
}

/* "0", "12": decimal, no sign, no leading zero, below most. */
static bool read_id(const char *text, size_t most, size_t *ret)
{
    size_t value = 0;

    for (size_t i = 0; text[i] != '\0'; i++) {
        if (text[i] < '0' || text[i] > '9' || (i > 0 && value == 0)) {
            return false;
        }
        value = value * 10 + (size_t)(text[i] - '0');
        if (value >= most) {
            return false;
        }
    }
    *ret = value;
    return text[0] != '\0';
}

/* Ids of n entries that are below n and, being keys, different, are all ids from 0 on. */
static enum gs_status read_names(const struct gs_config_file *file, json_t *id2label,
                                 struct gs_encoder_config *config)
{
    const char *key = NULL;
    json_t *value = NULL;
    size_t id = 0;

    json_object_foreach(id2label, key, value)
    {
        const char *label = json_string_value(value);
        if (!read_id(key, config->n_labels, &id)) {
            return gs_fail(file->err, GS_BAD_FORMAT,
                           "%s: id2label has %zu entries but \"%s\" is not an id below that",
                           file->path.text, config->n_labels, gs_folder_quote(key).text);
        }
        if (label == NULL || label[0] == '\0' || strlen(label) >= GS_LABEL_SIZE) {
            return gs_fail(file->err, GS_BAD_FORMAT,
                           "%s: id2label: the label of %zu is not a text of 1 to %d bytes",
                           file->path.text, id, GS_LABEL_SIZE - 1);
        }
        memcpy(config->labels[id], label, strlen(label) + 1);
    }
    return GS_OK;
}

/* Answers are written under their labels, so one label cannot stand for two ids. */
static enum gs_status check_names(const struct gs_config_file *file,
                                  const struct gs_encoder_config *config)
{
    const json_t *label2id = gs_config_member(file, "label2id");

    if (label2id != NULL && !json_is_object(label2id)) {
        return refuse(file, "label2id is not an object");
    }
    for (size_t i = 0; i < config->n_labels; i++) {
        const json_t *id = json_object_get(label2id, config->labels[i]);
        if (id != NULL && (!json_is_integer(id) || json_integer_value(id) != (json_int_t)i)) {
            return gs_fail(file->err, GS_BAD_FORMAT,
                           "%s: id2label and label2id disagree about \"%s\"", file->path.text,
                           gs_folder_quote(config->labels[i]).text);
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(config->labels[i], config->labels[j]) == 0) {
                return gs_fail(file->err, GS_BAD_FORMAT,
                               "%s: id2label gives %zu and %zu the same label \"%s\"",
                               file->path.text, j, i, gs_folder_quote(config->labels[i]).text);
            }
        }
    }
    return GS_OK;
}

static enum gs_status read_problem(const struct gs_config_file *file,
                                   struct gs_encoder_config *config)
{
    static const char *const problems[] = {"single_label_classification",
                                           "multi_label_classification", "regression"};
    const json_t *value = gs_config_member(file, "problem_type");

    config->problem = config->n_labels == 1 ? GS_REGRESSION : GS_SINGLE_LABEL;
    if (value == NULL) {
        return GS_OK;
    }
    for (size_t i = 0; i < GS_COUNT(problems) && json_is_string(value); i++) {
        if (strcmp(json_string_value(value), problems[i]) == 0) {
            config->problem = (enum gs_problem)i;
            return i == GS_SINGLE_LABEL && config->n_labels == 1
                       ? refuse(file, "problem_type single_label_classification with one label")
                       : GS_OK;
        }
    }
    return refuse(file, "problem_type is unknown (single_label_classification, "
                        "multi_label_classification and regression are)");
}

static enum gs_status read_head_input(const struct gs_config_file *file,
                                      struct gs_encoder_config *config)
{
    static const char *const inputs[] = {
        [GS_INPUT_CLS] = "cls", [GS_INPUT_MEAN] = "mean", [GS_INPUT_CLS_MEAN] = "cls_mean"};
    const json_t *value = gs_config_member(file, "groundswell_pooling");

    if (value == NULL) {
        return GS_OK;
    }
    for (size_t i = GS_INPUT_CLS; i < GS_COUNT(inputs) && json_is_string(value); i++) {
        if (strcmp(json_string_value(value), inputs[i]) == 0) {
            config->head_input = (enum gs_head_input)i;
            return GS_OK;
        }
    }
    return refuse(file, "groundswell_pooling is not \"cls\", \"mean\" or \"cls_mean\"");
}

enum gs_status gs_config_labels(const struct gs_config_file *file, struct gs_encoder_config *config)
{
    json_t *id2label = gs_config_member(file, "id2label");
    const json_t *given = gs_config_member(file, "num_labels");
    const json_int_t n = json_integer_value(given);

    if (given != NULL && (!json_is_integer(given) || n < 1 || n > GS_ENCODER_MAX_LABELS)) {
        return refuse(file, "num_labels is not a whole number from 1 to 1024");
    }
    if (id2label != NULL && (!json_is_object(id2label) || json_object_size(id2label) < 1 ||
                             json_object_size(id2label) > GS_ENCODER_MAX_LABELS)) {
        return refuse(file, "id2label is not an object of 1 to 1024 labels");
    }
    if (given != NULL && id2label != NULL && (size_t)n != json_object_size(id2label)) {
        return gs_fail(file->err, GS_BAD_FORMAT, "%s: num_labels is %lld but id2label has %zu",
                       file->path.text, (long long)n, json_object_size(id2label));
    }
    config->n_labels = id2label != NULL ? json_object_size(id2label)
                       : given != NULL  ? (size_t)n
                                        : 2;
    for (size_t i = 0; i < config->n_labels; i++) {
        (void)snprintf(config->labels[i], GS_LABEL_SIZE, "LABEL_%zu", i);
    }
    enum gs_status status = id2label != NULL ? read_names(file, id2label, config) : GS_OK;
    if (status == GS_OK) {
        status = check_names(file, config);
    }
    if (status == GS_OK) {
        status = read_head_input(file, config);
    }
    return status == GS_OK ? read_problem(file, config) : status;
}
