/* Reads config.json of a published encoder. The families spell the same things differently
 * (DistilBERT has "dim" where BERT has "hidden_size"), so each key that is needed is looked for
 * under the names that its family uses.
 *
 * Settings that change what the model computes and that this program does not compute (relative
 * positions, other activations, a decoder) are refused by name; those that only concern training
 * are passed over. A folder that loads gives PyTorch's answers, or it does not load. */
#include "classifier/encoder/config_json_internal.h"

#include <stdio.h>
#include <string.h>

static const char config_json[] = "config.json";

/* Each model_type stands for a family. Defaults are those of the configuration classes. */
struct kind {
    const char *model_type;
    enum gs_family family;
    const char *prefix, *other_prefix; /* of the architectures' names */
    size_t vocab;
    long long pad;
};
static const struct kind kinds[] = {
    {"bert", GS_FAMILY_BERT, "Bert", "Bert", 30522, 0},
    {"roberta", GS_FAMILY_ROBERTA, "Roberta", "XLMRoberta", 50265, 1},
    {"xlm-roberta", GS_FAMILY_ROBERTA, "XLMRoberta", "Roberta", 30522, 1},
    {"distilbert", GS_FAMILY_DISTILBERT, "DistilBert", "DistilBert", 30522, 0},
};

static const struct {
    const char *name;
    enum gs_activation activation;
} activations[] = {
    {"gelu", GS_ACT_GELU},
    {"gelu_python", GS_ACT_GELU},
    {"gelu_new", GS_ACT_GELU_TANH},
    {"gelu_fast", GS_ACT_GELU_TANH},
    {"gelu_accurate", GS_ACT_GELU_TANH},
    {"gelu_pytorch_tanh", GS_ACT_GELU_TANH},
    {"gelu_python_tanh", GS_ACT_GELU_TANH},
    {"relu", GS_ACT_RELU},
    {"tanh", GS_ACT_TANH},
};

/* NULL when it is none of ours; err says so. */
static const struct kind *read_kind(const struct gs_config_file *file)
{
    const json_t *type = gs_config_member(file, "model_type");

    if (!json_is_string(type)) {
        (void)gs_fail(file->err, GS_BAD_FORMAT, "%s: model_type is missing", file->path.text);
        return NULL;
    }
    for (size_t i = 0; i < GS_COUNT(kinds); i++) {
        if (strcmp(json_string_value(type), kinds[i].model_type) == 0) {
            return &kinds[i];
        }
    }
    (void)gs_fail(file->err, GS_BAD_FORMAT,
                  "%s: model_type \"%s\" is not supported (bert, roberta, xlm-roberta and "
                  "distilbert are)",
                  file->path.text, gs_folder_quote(json_string_value(type)).text);
    return NULL;
}

/* The class that made the folder, which says whether there is a head. Without one it is a base. */
static enum gs_status read_architecture(const struct gs_config_file *file, const struct kind *kind,
                                        bool *ret_classifies)
{
    static const char *const bases[] = {"Model", "ForMaskedLM", "ForPreTraining"};
    const json_t *list = gs_config_member(file, "architectures");
    const char *name = json_string_value(json_array_get(list, 0));

    *ret_classifies = false;
    if (list == NULL) {
        return GS_OK;
    }
    if (name == NULL || json_array_size(list) != 1) {
        return gs_fail(file->err, GS_BAD_FORMAT, "%s: architectures is not a list of one name",
                       file->path.text);
    }
    const char *prefixes[] = {kind->prefix, kind->other_prefix};
    for (size_t p = 0; p < GS_COUNT(prefixes); p++) {
        const size_t n = strlen(prefixes[p]);
        if (strncmp(name, prefixes[p], n) != 0) {
            continue;
        }
        *ret_classifies = strcmp(name + n, "ForSequenceClassification") == 0;
        for (size_t i = 0; i < GS_COUNT(bases); i++) {
            if (*ret_classifies || strcmp(name + n, bases[i]) == 0) {
                return GS_OK;
            }
        }
    }
    return gs_fail(file->err, GS_BAD_FORMAT,
                   "%s: architecture \"%s\" is not supported for model_type %s (%sModel and "
                   "%sForSequenceClassification are)",
                   file->path.text, gs_folder_quote(name).text, kind->model_type, kind->prefix,
                   kind->prefix);
}

/* A whole number in [least, most], or the default where the key is absent. also: a second name of
 * the same, or NULL. */
static enum gs_status read_size(const struct gs_config_file *file, const char *key,
                                const char *also, size_t most, size_t *value)
{
    const json_t *given = json_object_get(file->root, key);
    const json_t *second = also == NULL ? NULL : json_object_get(file->root, also);

    if (given != NULL && second != NULL && !json_equal(given, second)) {
        return gs_fail(file->err, GS_BAD_FORMAT, "%s: %s and %s disagree", file->path.text, key,
                       also);
    }
    given = given == NULL ? second : given;
    if (given == NULL) {
        return GS_OK;
    }
    if (!json_is_integer(given) || json_integer_value(given) < 1 ||
        (size_t)json_integer_value(given) > most) {
        return gs_fail(file->err, GS_BAD_FORMAT, "%s: %s is not a whole number from 1 to %zu",
                       file->path.text, key, most);
    }
    *value = (size_t)json_integer_value(given);
    return GS_OK;
}

/* Bounds are far above anything published; what memory a model takes is bounded by its file. */
static enum gs_status read_sizes(const struct gs_config_file *file, struct gs_encoder_config *c)
{
    const bool distil = c->family == GS_FAMILY_DISTILBERT;
    const struct {
        const char *key, *also;
        size_t most;
        size_t *value;
    } rows[] = {
        {distil ? "dim" : "hidden_size", distil ? "hidden_size" : NULL, 16384, &c->hidden},
        {distil ? "n_layers" : "num_hidden_layers", distil ? "num_hidden_layers" : NULL, 128,
         &c->layers},
        {distil ? "n_heads" : "num_attention_heads", distil ? "num_attention_heads" : NULL, 1024,
         &c->heads},
        {distil ? "hidden_dim" : "intermediate_size", NULL, GS_Q8_MAX_K, &c->intermediate},
        {"vocab_size", NULL, 1 << 22, &c->vocab},
        {"max_position_embeddings", NULL, 16384, &c->positions},
        {"type_vocab_size", NULL, 1024, &c->types}, /* DistilBERT has no types */
    };
    for (size_t i = 0; i < GS_COUNT(rows) - (distil ? 1 : 0); i++) {
        const enum gs_status status =
            read_size(file, rows[i].key, rows[i].also, rows[i].most, rows[i].value);
        if (status != GS_OK) {
            return status;
        }
    }
    if (c->hidden % c->heads != 0) {
        return gs_fail(file->err, GS_BAD_FORMAT, "%s: a width of %zu does not divide by %zu heads",
                       file->path.text, c->hidden, c->heads);
    }
    return GS_OK;
}

static enum gs_status read_activation(const struct gs_config_file *file,
                                      struct gs_encoder_config *config)
{
    const char *key = config->family == GS_FAMILY_DISTILBERT ? "activation" : "hidden_act";
    const json_t *value = json_object_get(file->root, key);

    if (value == NULL) {
        config->activation = GS_ACT_GELU;
        return GS_OK;
    }
    for (size_t i = 0; i < GS_COUNT(activations) && json_is_string(value); i++) {
        if (strcmp(json_string_value(value), activations[i].name) == 0) {
            config->activation = activations[i].activation;
            return GS_OK;
        }
    }
    return gs_fail(file->err, GS_BAD_FORMAT,
                   "%s: %s \"%s\" is not supported (gelu, its tanh forms, relu and tanh are)",
                   file->path.text, key,
                   gs_folder_quote(json_is_string(value) ? json_string_value(value) : "").text);
}

static enum gs_status read_eps(const struct gs_config_file *file, struct gs_encoder_config *config)
{
    const json_t *value = json_object_get(file->root, "layer_norm_eps");

    config->eps = 1e-12F;
    if (value == NULL || config->family == GS_FAMILY_DISTILBERT) { /* it is fixed there */
        return GS_OK;
    }
    const double eps = json_number_value(value);
    if (!json_is_number(value) || !(eps >= 1e-20 && eps <= 0.1)) {
        return gs_fail(file->err, GS_BAD_FORMAT,
                       "%s: layer_norm_eps is not a number from 1e-20 to 0.1", file->path.text);
    }
    config->eps = (float)eps;
    return GS_OK;
}

/* RoBERTa numbers its positions from the one behind the pad token's id. */
static enum gs_status read_positions(const struct gs_config_file *file, const struct kind *kind,
                                     struct gs_encoder_config *config)
{
    const json_t *value = json_object_get(file->root, "pad_token_id");
    const long long pad = value == NULL ? kind->pad : json_integer_value(value);

    if (kind->family != GS_FAMILY_ROBERTA) {
        config->max_tokens = config->positions;
        return GS_OK;
    }
    if ((value != NULL && !json_is_integer(value)) || pad < 0 ||
        (size_t)pad + 1 >= config->positions || (size_t)pad >= config->vocab) {
        return gs_fail(file->err, GS_BAD_FORMAT,
                       "%s: pad_token_id is not a whole number that leaves positions free",
                       file->path.text);
    }
    config->first_position = (size_t)pad + 1;
    config->max_tokens = config->positions - config->first_position;
    return GS_OK;
}

static bool is_empty(const json_t *value)
{
    return value == NULL || json_is_false(value) ||
           (json_is_object(value) && json_object_size(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0);
}

/* A member that changes the arithmetic and is not here is refused, never passed over. */
static enum gs_status refuse_others(const struct gs_config_file *file)
{
    static const char *const refused[] = {
        "is_decoder",   "add_cross_attention", "is_encoder_decoder",
        "pruned_heads", "quantization_config", "auto_map",
        "adapters",
    };
    const json_t *kind = gs_config_member(file, "position_embedding_type");

    for (size_t i = 0; i < GS_COUNT(refused); i++) {
        if (!is_empty(gs_config_member(file, refused[i]))) {
            return gs_fail(file->err, GS_BAD_FORMAT, "%s: %s is not supported", file->path.text,
                           refused[i]);
        }
    }
    if (kind != NULL &&
        (!json_is_string(kind) || strcmp(json_string_value(kind), "absolute") != 0)) {
        return gs_fail(file->err, GS_BAD_FORMAT,
                       "%s: position_embedding_type \"%s\" is not supported (absolute is)",
                       file->path.text,
                       gs_folder_quote(json_is_string(kind) ? json_string_value(kind) : "").text);
    }
    return GS_OK;
}

static enum gs_status read_all(const struct gs_config_file *file, struct gs_encoder_config *config)
{
    const struct kind *kind = read_kind(file);

    if (kind == NULL) {
        return GS_BAD_FORMAT;
    }
    const bool distil = kind->family == GS_FAMILY_DISTILBERT;
    *config = (struct gs_encoder_config){
        .family = kind->family,
        .hidden = 768,
        .layers = distil ? 6 : 12,
        .heads = 12,
        .intermediate = 3072,
        .vocab = kind->vocab,
        .positions = 512,
        .types = distil ? 0 : 2,
        .pooling = GS_POOL_MEAN,
    };
    (void)snprintf(config->model_type, sizeof config->model_type, "%s", kind->model_type);
    enum gs_status status = read_architecture(file, kind, &config->classifies);
    if (status == GS_OK) {
        status = refuse_others(file);
    }
    if (status == GS_OK) {
        status = read_sizes(file, config);
    }
    if (status == GS_OK) {
        status = read_activation(file, config);
    }
    if (status == GS_OK) {
        status = read_eps(file, config);
    }
    if (status == GS_OK) {
        status = read_positions(file, kind, config);
    }
    if (status == GS_OK && config->classifies) {
        status = gs_config_labels(file, config);
    }
    return status;
}

enum gs_status gs_encoder_config_read(const char *dir, struct gs_encoder_config *ret,
                                      struct gs_error *err)
{
    json_t *root = NULL;

    enum gs_status status = gs_folder_json(dir, config_json, false, &root, err);
    if (status != GS_OK) {
        return status;
    }
    const struct gs_config_file file = {root, gs_folder_shown(dir, config_json), err};
    status = read_all(&file, ret);
    json_decref(root);
    return status == GS_OK ? gs_config_pooling(dir, ret, err) : status;
}
