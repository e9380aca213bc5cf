/* The parts of reading a configuration, each in its file.
 *
 * Internal to the encoder. */
#ifndef GS_CLASSIFIER_ENCODER_CONFIG_JSON_INTERNAL_H
#define GS_CLASSIFIER_ENCODER_CONFIG_JSON_INTERNAL_H

#include "classifier/encoder/config_json.h"
#include "classifier/encoder/folder.h"

/* A JSON object of a file, for messages too. */
struct gs_config_file {
    const json_t *root;
    struct gs_shown path;
    struct gs_error *err;
};

/* The member, NULL where it is absent or null. */
static inline json_t *gs_config_member(const struct gs_config_file *file, const char *key)
{
    json_t *value = json_object_get(file->root, key);
    return json_is_null(value) ? NULL : value;
}

/* problem_type, num_labels, id2label, label2id → problem, n_labels, labels. */
GS_MUST_CHECK
enum gs_status gs_config_labels(const struct gs_config_file *file,
                                struct gs_encoder_config *config);

/* modules.json and 1_Pooling/config.json, where there are any → pooling, normalize. */
GS_MUST_CHECK
enum gs_status gs_config_pooling(const char *dir, struct gs_encoder_config *config,
                                 struct gs_error *err);

#endif
