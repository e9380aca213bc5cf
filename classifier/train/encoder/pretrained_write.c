/* The trained network as a folder that `tag --model` loads and, where the head is the family's own
 * (pooling "pooler"), transformers too. */
#include "classifier/encoder/weights.h"
#include "classifier/format/safetensors.h"
#include "classifier/train/encoder/pretrained.h"
#include "classifier/train/encoder/whole_file.h"
#include "ingest/base/file.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A layer's tensors under the names of BERT and RoBERTa, and of DistilBERT. */
struct part_names {
    const char *layer;
    const char *query, *key, *value, *out, *norm1, *up, *down, *norm2;
};
static const struct part_names bert_names = {
    "encoder.layer.",       "attention.self.query",   "attention.self.key",
    "attention.self.value", "attention.output.dense", "attention.output.LayerNorm",
    "intermediate.dense",   "output.dense",           "output.LayerNorm"};
static const struct part_names distil_names = {
    "transformer.layer.", "attention.q_lin",   "attention.k_lin",
    "attention.v_lin",    "attention.out_lin", "sa_layer_norm",
    "ffn.lin1",           "ffn.lin2",          "output_layer_norm"};
static const struct {
    const char *prefix, *architecture, *dense, *out;
} families[] = {
    [GS_FAMILY_BERT] = {"bert.", "BertForSequenceClassification", "bert.pooler.dense",
                        "classifier"},
    [GS_FAMILY_ROBERTA] = {"roberta.", "RobertaForSequenceClassification", "classifier.dense",
                           "classifier.out_proj"},
    [GS_FAMILY_DISTILBERT] = {"distilbert.", "DistilBertForSequenceClassification",
                              "pre_classifier", "classifier"},
};

enum { MAX_FILE = 256 << 20 }; /* of the tokenizer */

struct writer {
    const struct gs_net *net;
    const char *prefix;
    struct gs_tensor *tensors; /* [GS_MAX_TENSORS] */
    size_t n;
};

/* bytes are borrowed; columns 0: one dimension */
static void add(struct writer *w, const char *prefix, const char *name, const char *last,
                size_t rows, size_t columns, const float *values)
{
    struct gs_tensor *t = &w->tensors[w->n++];
    const size_t n = rows * (columns == 0 ? 1 : columns);
    *t = (struct gs_tensor){.dtype = GS_DTYPE_F32,
                            .n_dims = columns == 0 ? 1 : 2,
                            .shape = {rows, columns},
                            .bytes = {(const char *)values, n * sizeof *values}};
    (void)snprintf(t->name, sizeof t->name, "%s%s%s", prefix, name, last);
}

static void add_linear(struct writer *w, const char *prefix, const char *name, size_t rows,
                       size_t columns, size_t weight, size_t bias)
{
    add(w, prefix, name, ".weight", rows, columns, w->net->values + weight);
    add(w, prefix, name, ".bias", rows, 0, w->net->values + bias);
}

static void add_norm(struct writer *w, const char *prefix, const char *name, size_t gamma,
                     size_t beta)
{
    add(w, prefix, name, ".weight", w->net->shape.hidden, 0, w->net->values + gamma);
    add(w, prefix, name, ".bias", w->net->shape.hidden, 0, w->net->values + beta);
}

static void add_layer(struct writer *w, const struct part_names *names, size_t l)
{
    const struct gs_net_layer_at *at = &w->net->layout.layers[l];
    const size_t h = w->net->shape.hidden;
    const size_t inner = w->net->shape.inner;
    char prefix[64];

    (void)snprintf(prefix, sizeof prefix, "%s%s%zu.", w->prefix, names->layer, l);
    add_linear(w, prefix, names->query, h, h, at->qkv, at->qkv_bias);
    add_linear(w, prefix, names->key, h, h, at->qkv + h * h, at->qkv_bias + h);
    add_linear(w, prefix, names->value, h, h, at->qkv + 2 * h * h, at->qkv_bias + 2 * h);
    add_linear(w, prefix, names->out, h, h, at->out, at->out_bias);
    add_norm(w, prefix, names->norm1, at->gamma1, at->beta1);
    add_linear(w, prefix, names->up, inner, h, at->up, at->up_bias);
    add_linear(w, prefix, names->down, h, inner, at->down, at->down_bias);
    add_norm(w, prefix, names->norm2, at->gamma2, at->beta2);
}

static void add_all(struct writer *w, const struct gs_pretrained *base, const float *types)
{
    const struct gs_net_shape *shape = &w->net->shape;
    const struct gs_net_layout *at = &w->net->layout;
    const enum gs_family family = base->config.family;
    const size_t h = shape->hidden;

    w->prefix = families[family].prefix;
    add(w, w->prefix, "embeddings.word_embeddings", ".weight", shape->vocab, h, w->net->words);
    add(w, w->prefix, "embeddings.position_embeddings", ".weight", shape->positions, h,
        w->net->values + at->positions);
    if (shape->types > 0) {
        add(w, w->prefix, "embeddings.token_type_embeddings", ".weight", shape->types, h, types);
    }
    add_norm(w, w->prefix, "embeddings.LayerNorm", at->gamma, at->beta);
    for (size_t l = 0; l < shape->layers; l++) {
        add_layer(w, family == GS_FAMILY_DISTILBERT ? &distil_names : &bert_names, l);
    }
    if (shape->pooling == GS_NET_DENSE) {
        add_linear(w, "", families[family].dense, h, h, at->dense, at->dense_bias);
    }
    add_linear(w, "", families[family].out, shape->n_out, at->pooled, at->out, at->out_bias);
}

static enum gs_status write_weights(const struct gs_pretrained *base, const struct gs_net *net,
                                    const char *out, struct gs_error *err)
{
    static const char *const metadata[][2] = {{"format", "pt"}};
    const size_t n_types = net->shape.types * net->shape.hidden;
    struct gs_buf header = {.max = GS_SAFETENSORS_MAX_HEADER};
    struct gs_whole_file file;
    float *types = calloc(n_types + 1, sizeof *types);
    struct writer w = {.net = net, .tensors = calloc(GS_MAX_TENSORS, sizeof *w.tensors)};
    enum gs_status status = GS_OK;

    if (types == NULL || w.tensors == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "%s: tensors", out);
    } else {
        status = gs_whole_file_open(&file, out, "model.safetensors", err);
    }
    if (status == GS_OK && types != NULL && w.tensors != NULL) {
        memcpy(types, base->types, n_types * sizeof *types);
        if (n_types > 0) { /* the one that was trained */
            memcpy(types, net->values + net->layout.type0, net->shape.hidden * sizeof *types);
        }
        add_all(&w, base, types);
        gs_safetensors_write_header(&header, metadata, 1, w.tensors, w.n);
        gs_whole_file_put(&file, header.bytes, header.len);
        for (size_t i = 0; i < w.n; i++) {
            gs_whole_file_put(&file, w.tensors[i].bytes.bytes, w.tensors[i].bytes.len);
        }
        status = gs_whole_file_commit(&file, err);
    }
    gs_buf_done(&header);
    free(w.tensors);
    free(types);
    return status;
}

/* ---- config.json ---- */

static const char *const sentiments_zh[GS_N_SENTIMENTS] = {"负面", "中性", "正面"};

static json_t *labels_of(const struct gs_tune_data *data)
{
    json_t *id2label = json_object();
    char key[16];
    char value[GS_LABEL_SIZE + 16];
    size_t at = 0;

    for (size_t h = 0; h < GS_N_HEADS; h++) {
        for (size_t l = 0; l < data->n_labels[h]; l++, at++) {
            (void)snprintf(key, sizeof key, "%zu", at);
            (void)snprintf(value, sizeof value, "%s/%s", gs_head_name((enum gs_head)h),
                           gs_tune_label_id(data, (enum gs_head)h, l));
            (void)json_object_set_new(id2label, key, json_string(value));
        }
    }
    return id2label;
}

static enum gs_status save_json(json_t *root, const char *out, const char *name,
                                struct gs_error *err)
{
    char *text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(7));
    const enum gs_status status = text == NULL ? gs_fail(err, GS_NO_MEMORY, "%s/%s", out, name)
                                               : gs_whole_file_save(out, name, gs_str(text), err);
    free(text);
    return status;
}

static enum gs_status write_config(const struct gs_pretrained *base, const struct gs_net *net,
                                   const char *dir, const char *out,
                                   const struct gs_tune_data *data, struct gs_error *err)
{
    static const char *const poolings[] = {"cls", "mean", "cls_mean", NULL};
    const bool distil = base->config.family == GS_FAMILY_DISTILBERT;
    const char *pooling = poolings[net->shape.pooling];
    json_t *root = NULL;

    enum gs_status status = gs_folder_json(dir, "config.json", false, &root, err);
    if (status != GS_OK) {
        return status;
    }
    const char *architecture = strcmp(base->config.model_type, "xlm-roberta") == 0
                                   ? "XLMRobertaForSequenceClassification"
                                   : families[base->config.family].architecture;
    (void)json_object_set_new(root, "architectures", json_pack("[s]", architecture));
    (void)json_object_set_new(root, "id2label", labels_of(data));
    (void)json_object_set_new(root, "problem_type", json_string("multi_label_classification"));
    (void)json_object_set_new(root, distil ? "n_layers" : "num_hidden_layers",
                              json_integer((json_int_t)net->shape.layers));
    (void)json_object_del(root, "label2id");
    (void)json_object_del(root, "num_labels");
    (void)json_object_del(root, distil ? "num_hidden_layers" : "n_layers");
    (void)json_object_del(root, "groundswell_pooling");
    if (json_object_get(root, "torch_dtype") != NULL) {
        (void)json_object_set_new(root, "torch_dtype", json_string("float32"));
    }
    if (pooling != NULL) {
        (void)json_object_set_new(root, "groundswell_pooling", json_string(pooling));
    }
    status = save_json(root, out, "config.json", err);
    json_decref(root);
    return status;
}

/* ---- groundswell.json ---- */

static json_t *head_of(const struct gs_pretrained_manifest *m, size_t h, size_t first)
{
    const struct gs_tune_data *data = m->data;
    json_t *labels = json_array();
    json_t *temperature = json_object();

    for (size_t l = 0; l < data->n_labels[h]; l++) {
        const bool sentiment = h == GS_HEAD_SENTIMENT;
        json_t *label = json_object();
        (void)json_object_set_new(label, "id",
                                  json_string(gs_tune_label_id(data, (enum gs_head)h, l)));
        (void)json_object_set_new(
            label, "zh", json_string(sentiment ? sentiments_zh[l] : data->labels[h][l].zh));
        (void)json_object_set_new(label, "native", json_integer((json_int_t)first + (json_int_t)l));
        if (!sentiment) {
            (void)json_object_set_new(label, "threshold",
                                      json_real((double)m->calibration->thresholds[h][l]));
        }
        (void)json_array_append_new(labels, label);
    }
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
        (void)json_object_set_new(temperature, gs_lang_name((enum gs_lang)lang),
                                  json_real((double)m->calibration->temperature[h][lang]));
    }
    return json_pack("{s:s, s:o, s:o}", "kind", h == GS_HEAD_SENTIMENT ? "single" : "multi",
                     "temperature", temperature, "labels", labels);
}

static enum gs_status write_manifest(const struct gs_pretrained_manifest *m, const char *out,
                                     struct gs_error *err)
{
    json_t *heads = json_object();
    size_t first = 0;

    for (size_t h = 0; h < GS_N_HEADS; h++) {
        if (m->data->n_labels[h] > 0) {
            (void)json_object_set_new(heads, gs_head_name((enum gs_head)h), head_of(m, h, first));
        }
        first += m->data->n_labels[h];
    }
    json_t *root = json_pack("{s:s, s:i, s:s, s:s, s:I, s:o}", "format", "groundswell-encoder",
                             "format_version", 1, "name", m->name, "version", m->version,
                             "max_tokens", (json_int_t)m->max_tokens, "heads", heads);
    if (root == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%s/groundswell.json", out);
    }
    /* the rows were read so: traditional characters as simplified ones */
    (void)json_object_set_new(root, "chinese", json_string("simplified"));
    (void)json_object_set_new(root, "provenance", json_loads(m->provenance, 0, NULL));
    (void)json_object_set_new(root, "metrics", json_loads(m->metrics, 0, NULL));
    const enum gs_status status = save_json(root, out, "groundswell.json", err);
    json_decref(root);
    return status;
}

static enum gs_status copy_tokenizer(const char *dir, const char *out, struct gs_error *err)
{
    static const char *const files[] = {"tokenizer.json",
                                        "tokenizer_config.json",
                                        "special_tokens_map.json",
                                        "vocab.txt",
                                        "vocab.json",
                                        "merges.txt"};
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < GS_COUNT(files) && status == GS_OK; i++) {
        char path[GS_FOLDER_PATH];
        struct gs_file file = {0};
        if (!gs_folder_has(dir, files[i])) {
            continue;
        }
        status = gs_folder_path(dir, files[i], path, err);
        if (status == GS_OK) {
            status = gs_file_read(path, MAX_FILE, &file, err);
        }
        if (status == GS_OK) {
            status = gs_whole_file_save(out, files[i], file.bytes, err);
        }
        gs_file_done(&file);
    }
    return status;
}

enum gs_status gs_pretrained_write(const struct gs_pretrained *base, const struct gs_net *net,
                                   const char *dir, const char *out,
                                   const struct gs_pretrained_manifest *manifest,
                                   struct gs_error *err)
{
    if (mkdir(out, 0777) != 0 && errno != EEXIST) {
        return gs_fail_errno(err, errno, "%s", out);
    }
    enum gs_status status = write_config(base, net, dir, out, manifest->data, err);
    if (status == GS_OK) {
        status = copy_tokenizer(dir, out, err);
    }
    if (status == GS_OK) {
        status = write_weights(base, net, out, err);
    }
    return status == GS_OK ? write_manifest(manifest, out, err) : status;
}
