/* Reads how a folder's embeddings are made, as sentence-transformers writes it: modules.json lists
 * the steps, a folder named there holds the pooling's settings. */
#include "classifier/encoder/config_json_internal.h"

#include <stdio.h>
#include <string.h>

static const char modules_json[] = "modules.json";

/* "pooler", the model's own tanh layer over its first token, is a word of ours. */
static const struct {
    const char *name, *old_key; /* old_key: what it was before pooling_mode */
    int pooling;                /* enum gs_pooling, or -1: not supported */
} modes[] = {
    {"cls", "pooling_mode_cls_token", GS_POOL_CLS},
    {"mean", "pooling_mode_mean_tokens", GS_POOL_MEAN},
    {"pooler", NULL, GS_POOL_POOLER},
    {"max", "pooling_mode_max_tokens", -1},
    {"mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens", -1},
    {"weightedmean", "pooling_mode_weightedmean_tokens", -1},
    {"lasttoken", "pooling_mode_lasttoken", -1},
};

/* The number of the one mode asked for. */
static enum gs_status find_mode(const struct gs_config_file *file, size_t *ret)
{
    const json_t *mode = gs_config_member(file, "pooling_mode");
    size_t n = 0;

    mode = json_is_array(mode) && json_array_size(mode) == 1 ? json_array_get(mode, 0) : mode;
    for (size_t i = 0; i < GS_COUNT(modes); i++) {
        const json_t *old =
            modes[i].old_key == NULL ? NULL : gs_config_member(file, modes[i].old_key);
        if (old != NULL && !json_is_boolean(old)) {
            return gs_fail(file->err, GS_BAD_FORMAT, "%s: %s is not true or false", file->path.text,
                           modes[i].old_key);
        }
        if (mode == NULL
                ? json_is_true(old)
                : json_is_string(mode) && strcmp(json_string_value(mode), modes[i].name) == 0) {
            *ret = i;
            n++;
        }
    }
    if (n != 1) {
        return gs_fail(file->err, GS_BAD_FORMAT, "%s: %s kind of pooling is asked for",
                       file->path.text, n == 0 ? "no known" : "more than one");
    }
    return GS_OK;
}

static enum gs_status read_pooling(const struct gs_config_file *file,
                                   struct gs_encoder_config *config)
{
    static const char *const widths[] = {"word_embedding_dimension", "embedding_dimension"};
    size_t mode = 0;

    for (size_t i = 0; i < GS_COUNT(widths); i++) {
        const json_t *width = gs_config_member(file, widths[i]);
        if (width != NULL &&
            (!json_is_integer(width) || json_integer_value(width) != (json_int_t)config->hidden)) {
            return gs_fail(file->err, GS_BAD_FORMAT, "%s: %s is not the model's %zu",
                           file->path.text, widths[i], config->hidden);
        }
    }
    const enum gs_status status = find_mode(file, &mode);
    if (status != GS_OK) {
        return status;
    }
    if (modes[mode].pooling < 0 ||
        (modes[mode].pooling == GS_POOL_POOLER && config->family == GS_FAMILY_DISTILBERT)) {
        return gs_fail(file->err, GS_BAD_FORMAT, "%s: pooling \"%s\" is not supported %s",
                       file->path.text, modes[mode].name,
                       modes[mode].pooling < 0 ? "(cls, mean and pooler are)" : "by distilbert");
    }
    config->pooling = (enum gs_pooling)modes[mode].pooling;
    return GS_OK;
}

static enum gs_status read_pooling_at(const char *dir, const char *name,
                                      struct gs_encoder_config *config, struct gs_error *err)
{
    json_t *root = NULL;

    enum gs_status status = gs_folder_json(dir, name, false, &root, err);
    if (status != GS_OK) {
        return status;
    }
    const struct gs_config_file file = {root, gs_folder_shown(dir, name), err};
    status = read_pooling(&file, config);
    json_decref(root);
    return status;
}

/* A folder beside the model: a plain name, which cannot lead out of it. */
static bool plain(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL && strlen(name) < 64;
}

enum module { MODULE_TRANSFORMER, MODULE_POOLING, MODULE_NORMALIZE, N_MODULES };

/* Step i of the list, which is one of the three above, in their order. */
static enum gs_status read_module(const struct gs_config_file *file, size_t i, char pooling[80])
{
    static const char *const known[N_MODULES] = {"Transformer", "Pooling", "Normalize"};
    const json_t *module = json_array_get(file->root, i);
    const char *type = json_string_value(json_object_get(module, "type"));
    const char *path = json_string_value(json_object_get(module, "path"));

    if (type == NULL || path == NULL) {
        return gs_fail(file->err, GS_BAD_FORMAT, "%s: step %zu has no type or no path",
                       file->path.text, i);
    }
    const char *dot = strrchr(type, '.');
    if (strncmp(type, "sentence_transformers.", 22) != 0 || i >= N_MODULES ||
        strcmp(dot + 1, known[i]) != 0) {
        return gs_fail(file->err, GS_BAD_FORMAT,
                       "%s: step %zu, \"%s\", is not supported (Transformer, Pooling, Normalize "
                       "are, in this order)",
                       file->path.text, i, gs_folder_quote(type).text);
    }
    if (i == MODULE_TRANSFORMER && path[0] != '\0') {
        return gs_fail(file->err, GS_BAD_FORMAT,
                       "%s: the transformer is in the folder \"%s\", not beside it",
                       file->path.text, gs_folder_quote(path).text);
    }
    if (i == MODULE_POOLING) {
        if (!plain(path)) {
            return gs_fail(file->err, GS_BAD_FORMAT, "%s: the path of Pooling is not a plain name",
                           file->path.text);
        }
        (void)snprintf(pooling, 80, "%s/config.json", path);
    }
    return GS_OK;
}

enum gs_status gs_config_pooling(const char *dir, struct gs_encoder_config *config,
                                 struct gs_error *err)
{
    char pooling[80] = "1_Pooling/config.json";
    json_t *root = NULL;
    enum gs_status status = GS_OK;

    if (!gs_folder_has(dir, modules_json)) {
        return gs_folder_has(dir, pooling) ? read_pooling_at(dir, pooling, config, err) : GS_OK;
    }
    status = gs_folder_json(dir, modules_json, true, &root, err);
    if (status != GS_OK) {
        return status;
    }
    const struct gs_config_file file = {root, gs_folder_shown(dir, modules_json), err};
    const size_t n = json_array_size(root);
    for (size_t i = 0; i < n && status == GS_OK; i++) {
        status = read_module(&file, i, pooling);
    }
    if (status == GS_OK && n <= MODULE_POOLING) {
        status =
            gs_fail(err, GS_BAD_FORMAT, "%s: no Pooling among its %zu steps", file.path.text, n);
    }
    json_decref(root);
    config->normalize = n == N_MODULES;
    return status == GS_OK ? read_pooling_at(dir, pooling, config, err) : status;
}
