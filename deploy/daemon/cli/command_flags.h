/* Which flags each command takes, and its own words for some: the lists of command_table.c, which
 * alone includes this. */
#ifndef GS_DEPLOY_COMMAND_FLAGS_H
#define GS_DEPLOY_COMMAND_FLAGS_H

#include "deploy/daemon/cli/command_line.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): lists of initializers */
#define COMMON                                                                                     \
    {GS_FLAG_QUIET, 0, NULL}, {GS_FLAG_LOG_FORMAT, 0, NULL},                                       \
    {                                                                                              \
        GS_FLAG_HELP, 0, NULL                                                                      \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

/* Of commands that read labelled lines. */
#define EACH_REASON                                                                                \
    "Refused lines as JSON records, all of them; stderr has the first of each reason."

static const struct gs_flag_use run[] = {
    {GS_FLAG_CONFIG, GS_FLAG_NEEDED, NULL},
    {GS_FLAG_STAGE, 0, NULL},
    {GS_FLAG_SET, 0, NULL},
    {GS_FLAG_REJECTS, 0,
     "With files or stdin as input: refused lines, byte for byte (output.files.dlq)."},
    COMMON,
};

static const struct gs_flag_use demo[] = {
    {GS_FLAG_FOR, 0, NULL},
    {GS_FLAG_PORT, 0, NULL},
    {GS_FLAG_NO_BROWSER, 0, NULL},
    {GS_FLAG_MODEL, 0,
     "Model folder; else the one that came with the program, or GROUNDSWELL_MODELS."},
    {GS_FLAG_SEED, 0, "Another stream (1)."},
    {GS_FLAG_MESSAGES, 0, NULL},
    {GS_FLAG_PLAIN, 0, NULL},
    {GS_FLAG_START, 0, NULL},
    {GS_FLAG_WRITE, 0, NULL},
    {GS_FLAG_TRUTH, 0, NULL},
    {GS_FLAG_WATCHLIST, 0, "Instead of running: the companies (CSV)."},
    {GS_FLAG_HELP, 0, NULL},
};

static const struct gs_flag_use tag[] = {
    {GS_FLAG_MODEL, 0,
     "Model folder, such as classifier/models/finance-zh-en-fast; needed unless "
     "the configuration names one."},
    {GS_FLAG_TIER, 0, NULL},
    {GS_FLAG_ARITHMETIC, 0, NULL},
    {GS_FLAG_THREADS, 0, NULL},
    {GS_FLAG_FORMAT, 0, NULL},
    {GS_FLAG_ALL_LABELS, 0, NULL},
    {GS_FLAG_LOGITS, 0, NULL},
    {GS_FLAG_EXPLAIN, 0, NULL},
    {GS_FLAG_WATCHLIST, 0, NULL},
    {GS_FLAG_REJECTS, 0, NULL},
    {GS_FLAG_CONFIG, 0, "Input pointers, text rules and watchlist of a configuration."},
    {GS_FLAG_SET, 0, NULL},
    {GS_FLAG_PROGRESS, 0, NULL},
    COMMON,
};

static const struct gs_flag_use replay[] = {
    {GS_FLAG_CONFIG, 0,
     "Configuration, such as deploy/config/replay.yaml. Needed, but with --counts."},
    {GS_FLAG_SCORES, 0, NULL},
    {GS_FLAG_STATE, 0, NULL},
    {GS_FLAG_SPEED, 0, NULL},
    {GS_FLAG_COUNTS, 0, NULL},
    {GS_FLAG_AGAINST, 0, NULL},
    {GS_FLAG_SWEEP, 0, NULL},
    {GS_FLAG_ALERT, 0, NULL},
    {GS_FLAG_RECORD, 0, NULL},
    {GS_FLAG_HTML, 0,
     "A page of what was found, for people: when, how grave, who, with charts of each incident."},
    {GS_FLAG_JSON, 0, "What --against, --sweep or --alert say is one line of JSON."},
    {GS_FLAG_REJECTS, 0,
     "Refused lines, byte for byte (output.files.dlq); else one message each on "
     "stderr."},
    {GS_FLAG_SET, 0,
     "Overrides a setting, as --set http.port=9500, of OTHER too; may be given again."},
    {GS_FLAG_PROGRESS, 0, NULL},
    {GS_FLAG_QUIET, 0, "No table, nothing on stderr but errors."},
    {GS_FLAG_LOG_FORMAT, 0, NULL},
    {GS_FLAG_HELP, 0, NULL},
};

static const struct gs_flag_use check[] = {
    {GS_FLAG_CONFIG, GS_FLAG_NEEDED, "The configuration."},
    {GS_FLAG_SET, 0, NULL},
    {GS_FLAG_QUIET, 0, "No summary on stderr."},
    {GS_FLAG_LOG_FORMAT, 0, NULL},
    {GS_FLAG_HELP, 0, NULL},
};

static const struct gs_flag_use train[] = {
    {GS_FLAG_KIND, GS_FLAG_NEEDED, NULL},
    {GS_FLAG_DATA, GS_FLAG_NEEDED,
     "SPEC: a path, and what is known of it, joined by commas; may be given again. register=NAME: "
     "texts of one kind (tweets, headlines) share an expert. c=X: how closely to fit this set "
     "(0.5). "
     "knows=HEAD/LABEL+HEAD/LABEL: labels that a row of this set would carry if they applied: one "
     "that "
     "does not carry them is an example of their absence. name=NAME: for the provenance (the "
     "path). "
     "valid: not trained on, calibration only. body: the member \"body\" is one more row."},
    {GS_FLAG_OUT, GS_FLAG_NEEDED, NULL},
    {GS_FLAG_LABELS, 0, NULL},
    {GS_FLAG_NAME, 0, NULL},
    {GS_FLAG_VERSION, 0, NULL},
    {GS_FLAG_SEED, 0, NULL},
    {GS_FLAG_EPOCHS, 0, NULL},
    {GS_FLAG_ROWS, 0, NULL},
    {GS_FLAG_MIN_DF, 0, NULL},
    {GS_FLAG_SHARE, 0, NULL},
    {GS_FLAG_WORD_WEIGHT, 0, NULL},
    {GS_FLAG_TOLERANCE, 0, NULL},
    {GS_FLAG_HOLDOUT, 0, NULL},
    {GS_FLAG_REJECTS, 0, EACH_REASON},
    COMMON,
};

static const struct gs_flag_use train_encoder[] = {
    {GS_FLAG_KIND, GS_FLAG_NEEDED, NULL},
    {GS_FLAG_BASE, GS_FLAG_NEEDED, NULL},
    {GS_FLAG_DATA, GS_FLAG_NEEDED,
     "SPEC: a path, and what is known of it, joined by commas; may be given again. weight=X: how "
     "often an epoch sees a row (1). knows=HEAD/LABEL+...: labels that a row of this set would "
     "carry if they applied. valid: not trained on, chooses the epoch and calibrates. body: the "
     "member \"body\" is one more row. name=NAME: for the provenance (the path)."},
    {GS_FLAG_OUT, GS_FLAG_NEEDED, NULL},
    {GS_FLAG_LABELS, 0,
     "Ids and Chinese names of topics and risks, in order (JSON); others are refused."},
    {GS_FLAG_NAME, 0, NULL},
    {GS_FLAG_VERSION, 0, NULL},
    {GS_FLAG_SEED, 0, "Of order, dropout and new weights (1)."},
    {GS_FLAG_EPOCHS, 0, "Most passes over the rows, 1 to 1000 (4)."},
    {GS_FLAG_MAX_TOKENS, 0, "Longer texts are cut (128)."},
    {GS_FLAG_THREADS, 0, "0: one for each processor (0)."},
    {GS_FLAG_SMOOTHING, 0, "Of sentiment's labels (0)."},
    {GS_FLAG_HOLDOUT, 0, "Share of the rows that is not trained on but chosen by (0.05)."},
    {GS_FLAG_POOLING, 0, NULL},
    {GS_FLAG_SCHEDULE, 0, NULL},
    {GS_FLAG_BATCH, 0, NULL},
    {GS_FLAG_BATCH_TOKENS, 0, NULL},
    {GS_FLAG_LAYERS, 0, NULL},
    {GS_FLAG_FREEZE, 0, NULL},
    {GS_FLAG_PATIENCE, 0, NULL},
    {GS_FLAG_BUCKET, 0, NULL},
    {GS_FLAG_LR, 0, NULL},
    {GS_FLAG_HEAD_LR, 0, NULL},
    {GS_FLAG_LAYER_DECAY, 0, NULL},
    {GS_FLAG_DECAY, 0, NULL},
    {GS_FLAG_CLIP, 0, NULL},
    {GS_FLAG_WARM_UP, 0, NULL},
    {GS_FLAG_EMA, 0, NULL},
    {GS_FLAG_DROPOUT, 0, NULL},
    {GS_FLAG_R_DROP, 0, NULL},
    {GS_FLAG_TEMPERATURE, 0, NULL},
    {GS_FLAG_TEACHER, 0, NULL},
    {GS_FLAG_SENTIMENT, 0, NULL},
    {GS_FLAG_TOPICS, 0, NULL},
    {GS_FLAG_RISKS, 0, NULL},
    {GS_FLAG_CHECKPOINT, 0, NULL},
    {GS_FLAG_BALANCE, 0, NULL},
    {GS_FLAG_RESUME, 0, NULL},
    {GS_FLAG_REJECTS, 0, EACH_REASON},
    COMMON,
};

static const struct gs_flag_use eval[] = {
    {GS_FLAG_MODEL, GS_FLAG_NEEDED, NULL},
    {GS_FLAG_DATA, 0,
     "FILE[,knows=HEAD/LABEL+...]: labelled lines; may be given again; - is stdin. knows: labels "
     "that its lines would carry if they applied; a head alone is all of its labels."},
    {GS_FLAG_TASK, 0, NULL},
    {GS_FLAG_TIER, 0, NULL},
    {GS_FLAG_ARITHMETIC, 0, NULL},
    {GS_FLAG_JSON, 0, NULL},
    {GS_FLAG_HTML, 0, NULL},
    {GS_FLAG_MIN, 0, NULL},
    {GS_FLAG_MAX, 0, NULL},
    {GS_FLAG_REJECTS, 0, EACH_REASON},
    COMMON,
};

static const struct gs_flag_use explain[] = {
    {GS_FLAG_MODEL, GS_FLAG_NEEDED, NULL},
    {GS_FLAG_HEAD, 0, NULL},
    {GS_FLAG_LABEL, 0, NULL},
    {GS_FLAG_METHOD, 0, NULL},
    {GS_FLAG_HTML, 0, "A page to look at."},
    {GS_FLAG_REJECTS, 0, NULL},
    COMMON,
};

static const struct gs_flag_use tokenize[] = {
    {GS_FLAG_MODEL, GS_FLAG_NEEDED, "Folder with tokenizer.json or vocab.txt."},
    {GS_FLAG_MAX_TOKENS, 0, NULL},
    {GS_FLAG_OFFSETS, 0, NULL},
    {GS_FLAG_REJECTS, 0, NULL},
    {GS_FLAG_PROGRESS, 0, NULL},
    COMMON,
};

static const struct gs_flag_use embed[] = {
    {GS_FLAG_MODEL, GS_FLAG_NEEDED, "Folder of an encoder; it needs no classification head."},
    {GS_FLAG_ARITHMETIC, 0, NULL},
    {GS_FLAG_MAX_TOKENS, 0, "Longer messages are cut (what the model reads)."},
    {GS_FLAG_FORMAT, 0, NULL},
    {GS_FLAG_REJECTS, 0, NULL},
    {GS_FLAG_PROGRESS, 0, NULL},
    COMMON,
};

static const struct gs_flag_use quantize[] = {
    {GS_FLAG_MODEL, GS_FLAG_NEEDED, "Folder of an encoder in fp32, fp16 or bf16."},
    {GS_FLAG_OUT, GS_FLAG_NEEDED, NULL},
    {GS_FLAG_CALIBRATION, 0, NULL},
    {GS_FLAG_EVAL, 0, NULL},
    {GS_FLAG_SMOOTHING, 0, NULL},
    {GS_FLAG_QUIET, 0, "Only the table and errors."},
    {GS_FLAG_LOG_FORMAT, 0, NULL},
    {GS_FLAG_HELP, 0, NULL},
};

static const struct gs_flag_use combine[] = {
    {GS_FLAG_FAST, GS_FLAG_NEEDED, NULL},
    {GS_FLAG_ENCODER, GS_FLAG_NEEDED, NULL},
    {GS_FLAG_DATA, GS_FLAG_NEEDED,
     "FILE[,name=NAME][,knows=HEAD/LABEL+...]: labelled lines that no tier was trained on; may be "
     "given again. knows as of eval."},
    {GS_FLAG_ENTITIES, 0, NULL},
    {GS_FLAG_OUT, GS_FLAG_NEEDED, "The new folder; it must not be there yet."},
    {GS_FLAG_LOSS, 0, NULL},
    {GS_FLAG_NAME, 0, NULL},
    {GS_FLAG_VERSION, 0, NULL},
    {GS_FLAG_ARITHMETIC, 0, NULL},
    {GS_FLAG_REJECTS, 0, EACH_REASON},
    {GS_FLAG_QUIET, 0, "Only the table and errors."},
    {GS_FLAG_LOG_FORMAT, 0, NULL},
    {GS_FLAG_HELP, 0, NULL},
};

static const struct gs_flag_use bench[] = {
    {GS_FLAG_MODEL, GS_FLAG_NEEDED, NULL},
    {GS_FLAG_TIER, 0, "auto (default): each that the folder has; fast or encoder: only that."},
    {GS_FLAG_ARITHMETIC, 0, NULL},
    {GS_FLAG_THREADS, 0, NULL},
    {GS_FLAG_SECONDS, 0, NULL},
    COMMON,
};

/* lag and offsets */
static const struct gs_flag_use group[] = {
    {GS_FLAG_CONFIG, GS_FLAG_NEEDED, "The configuration of the running system."},
    {GS_FLAG_STAGE, 0, "The group of this stage: tag or watch (lag: both, offsets: tag)."},
    {GS_FLAG_SET, 0, NULL},
    COMMON,
};

static const struct gs_flag_use dlq[] = {
    {GS_FLAG_CONFIG, GS_FLAG_NEEDED, "The configuration of the running system."},
    {GS_FLAG_REASON, 0, NULL},
    {GS_FLAG_SINCE, 0, NULL},
    {GS_FLAG_UNTIL, 0, NULL},
    {GS_FLAG_DRY_RUN, 0, "redrive: says what it would send, and sends nothing."},
    {GS_FLAG_MAX_REDRIVES, 0, NULL},
    {GS_FLAG_RAW, 0, "show: the value's bytes as they are, and nothing else."},
    {GS_FLAG_JSON, 0, "show: as a line of output.files.dlq."},
    {GS_FLAG_SET, 0, NULL},
    COMMON,
};

static const struct gs_flag_use incidents[] = {
    {GS_FLAG_CONFIG, GS_FLAG_NEEDED, "The configuration, which names the journal."},
    {GS_FLAG_SET, 0, NULL},
    COMMON,
};

static const struct gs_flag_use ack[] = {
    {GS_FLAG_CONFIG, GS_FLAG_NEEDED, "The configuration, which names the journal."},
    {GS_FLAG_VERDICT, 0, NULL},
    {GS_FLAG_WHO, 0, NULL},
    {GS_FLAG_WHY, 0, NULL},
    {GS_FLAG_SET, 0, NULL},
    COMMON,
};

static const struct gs_flag_use mute[] = {
    {GS_FLAG_CONFIG, GS_FLAG_NEEDED, "The configuration, which names the journal."},
    {GS_FLAG_WHY, GS_FLAG_NEEDED, NULL},
    {GS_FLAG_FOR, 0, "Its end from now, such as 4h."},
    {GS_FLAG_UNTIL, 0, "Its end, such as 2026-11-21T18:00:00Z."},
    {GS_FLAG_WHO, 0, NULL},
    {GS_FLAG_SET, 0, NULL},
    COMMON,
};

/* unack and unmute */
static const struct gs_flag_use undo[] = {
    {GS_FLAG_CONFIG, GS_FLAG_NEEDED, "The configuration, which names the journal."},
    {GS_FLAG_WHO, 0, NULL},
    {GS_FLAG_WHY, 0, NULL},
    {GS_FLAG_SET, 0, NULL},
    COMMON,
};

static const struct gs_flag_use doctor[] = {
    {GS_FLAG_CONFIG, GS_FLAG_NEEDED, "The configuration of the running system."},
    {GS_FLAG_JSON, 0, "Each finding is one JSON object."},
    {GS_FLAG_SET, 0, NULL},
    COMMON,
};

static const struct gs_flag_use state[] = {
    {GS_FLAG_CONFIG, GS_FLAG_NEEDED, "The configuration of what wrote it."},
    {GS_FLAG_STATE, 0, "This file, whatever the configuration names."},
    {GS_FLAG_JSON, 0, "One JSON object a partition, or for the key."},
    {GS_FLAG_SET, 0, NULL},
    COMMON,
};

static const struct gs_flag_use tap[] = {
    {GS_FLAG_CONFIG, GS_FLAG_NEEDED, "The configuration of the running system."},
    {GS_FLAG_FROM, 0, NULL},
    {GS_FLAG_WHERE, 0, NULL},
    {GS_FLAG_COUNT, 0, NULL},
    {GS_FLAG_PRETTY, 0, NULL},
    {GS_FLAG_SET, 0, NULL},
    COMMON,
};

#undef COMMON

#endif
