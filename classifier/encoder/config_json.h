/* config.json of a published encoder, read strictly: what it asks for and we have not is refused by
 * name.
 *
 * Source: the configuration classes of huggingface/transformers for bert, roberta, xlm-roberta and
 * distilbert, whose defaults apply where a key is absent. */
#ifndef GS_CLASSIFIER_ENCODER_CONFIG_JSON_H
#define GS_CLASSIFIER_ENCODER_CONFIG_JSON_H

#include "classifier/encoder/kernels/kernels.h"
#include "ingest/base/error.h"

#include <stdbool.h>

enum gs_family { GS_FAMILY_BERT, GS_FAMILY_ROBERTA, GS_FAMILY_DISTILBERT }; /* XLM-R is RoBERTa */
enum gs_pooling { GS_POOL_CLS, GS_POOL_MEAN, GS_POOL_POOLER };
/* The head's input: the family's own dense layer over the first token; or rows as they are, which
 * "groundswell_pooling" in config.json asks for: its classifier has no dense layer. */
enum gs_head_input { GS_INPUT_DENSE, GS_INPUT_CLS, GS_INPUT_MEAN, GS_INPUT_CLS_MEAN };
enum gs_problem { GS_SINGLE_LABEL, GS_MULTI_LABEL, GS_REGRESSION };
enum { GS_ENCODER_MAX_LABELS = 1024, GS_LABEL_SIZE = 64 };

struct gs_encoder_config {
    enum gs_family family;
    char model_type[32]; /* as the file says it */
    bool classifies;     /* an architecture …ForSequenceClassification */
    size_t hidden, layers, heads, intermediate, vocab, positions, types;
    size_t first_position; /* RoBERTa counts from pad_token_id + 1 */
    size_t max_tokens;     /* positions - first_position */
    float eps;
    enum gs_activation activation;
    enum gs_problem problem;
    enum gs_pooling pooling;       /* of embeddings: 1_Pooling/config.json, or mean */
    bool normalize;                /* embeddings to unit length: modules.json has a Normalize */
    enum gs_head_input head_input; /* CLS_MEAN: both behind one another, 2 × hidden */
    size_t n_labels;
    char labels[GS_ENCODER_MAX_LABELS][GS_LABEL_SIZE]; /* id2label in order of id */
};

/* Reads config.json (and modules.json, 1_Pooling/config.json where there are any) of the folder.
 * GS_IO, GS_NO_MEMORY; GS_BAD_FORMAT: file and reason in one sentence. */
GS_MUST_CHECK
enum gs_status gs_encoder_config_read(const char *dir, struct gs_encoder_config *ret,
                                      struct gs_error *err);

#endif
