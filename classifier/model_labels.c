/* The labels of a published classifier, as its config.json names them: sentiment where they are
 * words for it, else topics. */
#include "classifier/model_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *const gs_head_names[GS_N_HEADS] = {
    [GS_HEAD_SENTIMENT] = "sentiment", [GS_HEAD_TOPICS] = "topics", [GS_HEAD_RISKS] = "risks"};

const char *gs_head_name(enum gs_head head)
{
    return gs_head_names[head];
}

/* In lower case. What "negative" is to a market is bearish. */
static const char *const words[GS_N_SENTIMENTS][14] = {
    [GS_NEGATIVE] = {"negative", "neg", "negativ", "bearish", "bear", "消极", "负面", "负向", "负",
                     "利空", "看跌", "看空", "悲观", NULL},
    [GS_NEUTRAL] = {"neutral", "neu", "neutr", "中性", "中立", "中", NULL},
    [GS_POSITIVE] = {"positive", "pos", "positiv", "bullish", "bull", "积极", "正面", "正向", "正",
                     "利好", "看涨", "看多", "乐观", NULL},
};

/* The name in lower case (ASCII) and without blanks. */
static void plain(const char *name, char to[GS_LABEL_SIZE])
{
    size_t n = 0;
    for (const char *c = name; *c != '\0' && n + 1 < GS_LABEL_SIZE; c++) {
        if (*c != ' ' && *c != '\t') {
            to[n++] = (char)tolower((unsigned char)*c);
        }
    }
    to[n] = '\0';
}

/* GS_N_SENTIMENTS: no word for a sentiment. */
static size_t sentiment_of(const char *name)
{
    char word[GS_LABEL_SIZE];
    plain(name, word);
    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        for (size_t i = 0; words[s][i] != NULL; i++) {
            if (strcmp(word, words[s][i]) == 0) {
                return s;
            }
        }
    }
    return GS_N_SENTIMENTS;
}

/* Finds the output of each sentiment; false: the labels are something else. */
static bool is_sentiment(const struct gs_encoder_config *config, int logit[GS_N_SENTIMENTS])
{
    if (config->problem != GS_SINGLE_LABEL || config->n_labels > GS_N_SENTIMENTS) {
        return false;
    }
    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        logit[s] = -1;
    }
    for (size_t l = 0; l < config->n_labels; l++) {
        const size_t s = sentiment_of(config->labels[l]);
        if (s == GS_N_SENTIMENTS || logit[s] >= 0) {
            return false;
        }
        logit[s] = (int)l;
    }
    return logit[GS_NEGATIVE] >= 0 && logit[GS_POSITIVE] >= 0;
}

static enum gs_status check(const struct gs_encoder_config *config, const char *path,
                            struct gs_error *err)
{
    if (!config->classifies || config->n_labels == 0) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "%s: no …ForSequenceClassification: the model has no head to tag with",
                       path);
    }
    if (config->problem == GS_REGRESSION) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: a regression has no labels to tag with", path);
    }
    if (config->n_labels > GS_MAX_LABELS) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: id2label: %zu labels, at most %d can be used", path,
                       config->n_labels, GS_MAX_LABELS);
    }
    if (config->problem == GS_SINGLE_LABEL && config->n_labels < 2) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: id2label: a single label is always true", path);
    }
    for (size_t l = 0; l < config->n_labels; l++) {
        const char *name = config->labels[l];
        for (const char *c = name; *c != '\0'; c++) {
            if ((unsigned char)*c < ' ') {
                return gs_fail(err, GS_BAD_FORMAT,
                               "%s: id2label: label %zu has a control character", path, l);
            }
        }
        for (size_t other = 0; other < l; other++) {
            if (strcmp(config->labels[other], name) == 0) {
                return gs_fail(err, GS_BAD_FORMAT, "%s: id2label: \"%s\" twice", path, name);
            }
        }
        if (*name == '\0') {
            return gs_fail(err, GS_BAD_FORMAT, "%s: id2label: label %zu has no name", path, l);
        }
    }
    return GS_OK;
}

static void name_sentiments(struct gs_model *model)
{
    static const char *const zh[GS_N_SENTIMENTS] = {"负面", "中性", "正面"};
    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        struct gs_label *label = &model->labels[GS_HEAD_SENTIMENT][s];
        (void)snprintf(label->id, sizeof label->id, "%s", gs_sentiment_name((enum gs_sentiment)s));
        memcpy(label->zh, zh[s], strlen(zh[s]) + 1);
    }
    model->n_labels[GS_HEAD_SENTIMENT] = GS_N_SENTIMENTS;
}

/* A single-label head always says its best label; several labels have to be more likely
 * than not. */
static void name_topics(const struct gs_encoder_config *config, struct gs_model *model,
                        struct gs_encoder_head *head)
{
    for (size_t l = 0; l < config->n_labels; l++) {
        struct gs_label *label = &model->labels[GS_HEAD_TOPICS][l];
        _Static_assert(sizeof label->id >= GS_LABEL_SIZE, "a label's name fits");
        memcpy(label->id, config->labels[l], strlen(config->labels[l]) + 1);
        head->logit[l] = (int)l;
        head->thresholds[l] = head->single ? 0.0F : 0.5F;
    }
    model->n_labels[GS_HEAD_TOPICS] = config->n_labels;
}

enum gs_status gs_labels_adopt(const struct gs_encoder_config *config, const char *path,
                               struct gs_model *model, struct gs_encoder_head heads[GS_N_HEADS],
                               struct gs_error *err)
{
    int logit[GS_N_SENTIMENTS];

    const enum gs_status status = check(config, path, err);
    if (status != GS_OK) {
        return status;
    }
    const bool sentiment = is_sentiment(config, logit);
    struct gs_encoder_head *head = &heads[sentiment ? GS_HEAD_SENTIMENT : GS_HEAD_TOPICS];
    head->single = config->problem == GS_SINGLE_LABEL;
    for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
        head->temperature[lang] = 1.0F;
        head->gate[lang] = GS_NO_GATE;
    }
    if (sentiment) {
        memcpy(head->logit, logit, sizeof logit);
        name_sentiments(model);
        head->n_labels = GS_N_SENTIMENTS;
    } else {
        name_topics(config, model, head);
        head->n_labels = config->n_labels;
    }
    return GS_OK;
}
