/* Reads the options of train --kind encoder. Their words stand in the tables of commands and flags;
 * here is what their values may be and where they go. */
#include "deploy/daemon/cli/train_encoder_options.h"

#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/model_name.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Every number that the command line can set, as it is typed. */
struct numbers {
    double seed, epochs, batch, threads, batch_tokens, max_tokens, layers, freeze, patience, bucket;
    double lr, head_lr, layer_decay, decay, clip, warm_up, ema, dropout, r_drop, smoothing;
    double temperature, teacher, holdout, sentiment, topics, risks, checkpoint;
};
static const struct numbers defaults = {
    .seed = 1,
    .epochs = 4,
    .batch = 32,
    .batch_tokens = 1024,
    .max_tokens = 128,
    .freeze = -1,
    .bucket = 16,
    .lr = 1e-4,
    .head_lr = 1e-3,
    .layer_decay = 1,
    .decay = 0.01,
    .clip = 1,
    .warm_up = 0.1,
    .dropout = 0.1,
    .smoothing = 0,
    .temperature = 2,
    .teacher = 0.5,
    .holdout = 0.05,
    .sentiment = 1,
    .topics = 0.3,
    .risks = 0.3,
    .ema = 0.999,
    .checkpoint = 60,
};

enum { ALL = 129 }; /* layers: more than a configuration may have */

/* The options whose value is one number, and what it may be. */
#define AT(member) ((unsigned)offsetof(struct numbers, member))
static const struct number_row {
    enum gs_flag_id flag;
    unsigned at; /* in struct numbers */
    double least, most;
    bool whole;
} rows[] = {
    {GS_FLAG_SEED, AT(seed), 0, 9007199254740992.0, true},
    {GS_FLAG_EPOCHS, AT(epochs), 1, 1000, true},
    {GS_FLAG_BATCH, AT(batch), 1, 65536, true},
    {GS_FLAG_BATCH_TOKENS, AT(batch_tokens), 16, 1 << 20, true},
    {GS_FLAG_MAX_TOKENS, AT(max_tokens), 4, 16384, true},
    {GS_FLAG_THREADS, AT(threads), 0, 64, true},
    {GS_FLAG_LAYERS, AT(layers), 0, 128, true},
    {GS_FLAG_FREEZE, AT(freeze), 0, 128, true},
    {GS_FLAG_PATIENCE, AT(patience), 0, 1000, true},
    {GS_FLAG_BUCKET, AT(bucket), 0, 65536, true},
    {GS_FLAG_LR, AT(lr), 0, 1e30, false},
    {GS_FLAG_HEAD_LR, AT(head_lr), 0, 1e30, false},
    {GS_FLAG_LAYER_DECAY, AT(layer_decay), 0.1, 1, false},
    {GS_FLAG_DECAY, AT(decay), 0, 1, false},
    {GS_FLAG_CLIP, AT(clip), 0, 1e6, false},
    {GS_FLAG_WARM_UP, AT(warm_up), 0, 1, false},
    {GS_FLAG_EMA, AT(ema), 0, 0.999999, false},
    {GS_FLAG_DROPOUT, AT(dropout), 0, 0.9, false},
    {GS_FLAG_R_DROP, AT(r_drop), 0, 100, false},
    {GS_FLAG_SMOOTHING, AT(smoothing), 0, 0.9, false},
    {GS_FLAG_TEMPERATURE, AT(temperature), 0.1, 100, false},
    {GS_FLAG_TEACHER, AT(teacher), 0, 1, false},
    {GS_FLAG_HOLDOUT, AT(holdout), 0, 0.9, false},
    {GS_FLAG_SENTIMENT, AT(sentiment), 0, 1000, false},
    {GS_FLAG_TOPICS, AT(topics), 0, 1000, false},
    {GS_FLAG_RISKS, AT(risks), 0, 1000, false},
    {GS_FLAG_CHECKPOINT, AT(checkpoint), 0, 1e9, false},
};

/* Holds what is read, before it is given back. */
struct options {
    struct gs_train_encoder_options *to;
    const char *name, *version; /* NULL: not given */
    enum gs_net_pooling pooling;
    bool cosine, balanced, resume;
    struct numbers numbers;
};

static double *number_at(struct numbers *numbers, unsigned at)
{
    return (double *)(void *)((char *)numbers + at);
}

/* False: the flag has no number. */
static bool take_number(struct gs_args *args, struct numbers *numbers)
{
    const struct number_row *row = rows;
    unsigned long long count = 0;
    double value = 0;

    while (row < rows + GS_COUNT(rows) && row->flag != args->flag) {
        row++;
    }
    if (row == rows + GS_COUNT(rows)) {
        return false;
    }
    if (row->flag == GS_FLAG_FREEZE && strcmp(args->value, "all") == 0) {
        value = ALL;
    } else if (row->whole) {
        if (!gs_args_count(args, (unsigned long long)row->least, (unsigned long long)row->most,
                           &count)) {
            return true;
        }
        value = (double)count;
    } else if (!gs_args_number(args, row->least, row->most, &value)) {
        return true;
    }
    *number_at(numbers, row->at) = value;
    return true;
}

static void take_choice(struct gs_args *args, struct options *o)
{
    static const char *const poolings[] = {"cls", "mean", "cls_mean", "pooler"};
    static const char *const schedules[] = {"linear", "cosine"};
    static const char *const kinds[] = {"encoder"};
    size_t choice = 0;

    if (args->flag == GS_FLAG_KIND) {
        (void)gs_args_choice(args, kinds, GS_COUNT(kinds), &choice);
    } else if (args->flag == GS_FLAG_SCHEDULE) {
        o->cosine = gs_args_choice(args, schedules, GS_COUNT(schedules), &choice) && choice == 1;
    } else if (gs_args_choice(args, poolings, GS_COUNT(poolings), &choice)) {
        o->pooling = (enum gs_net_pooling)choice;
    }
}

static void take_data(struct gs_args *args, struct gs_train_encoder_options *to)
{
    if (to->n_specs == GS_TUNE_MAX_SETS) {
        (void)gs_args_wrong(args, "--data %s: more than %d", args->value, GS_TUNE_MAX_SETS);
    } else {
        to->specs[to->n_specs++] = args->value;
    }
}

static void take(struct gs_args *args, struct options *o)
{
    switch (args->flag) {
    case GS_FLAG_KIND:
    case GS_FLAG_POOLING:
    case GS_FLAG_SCHEDULE:
        take_choice(args, o);
        break;
    case GS_FLAG_DATA:
        take_data(args, o->to);
        break;
    case GS_FLAG_OUT:
        o->to->out = args->value;
        break;
    case GS_FLAG_BASE:
        o->to->base = args->value;
        break;
    case GS_FLAG_LABELS:
        o->to->labels = args->value;
        break;
    case GS_FLAG_NAME:
        o->name = args->value;
        break;
    case GS_FLAG_VERSION:
        o->version = args->value;
        break;
    case GS_FLAG_BALANCE:
        o->balanced = true;
        break;
    case GS_FLAG_RESUME:
        o->resume = true;
        break;
    default:
        (void)take_number(args, &o->numbers);
        break;
    }
}

static void check_names(struct gs_args *args, struct options *o)
{
    assert(o->to->out != NULL); /* --out is needed */
    if (o->name == NULL) {
        gs_model_name_after(o->to->out, "model", o->to->folder);
        o->name = o->to->folder;
    }
    o->version = o->version == NULL ? "1" : o->version;
    if (!gs_model_name_is_fine(o->name) || !gs_model_name_is_fine(o->version)) {
        (void)gs_args_wrong(args, "--name and --version: lower case letters, digits, \"_\", \"-\" "
                                  "and \".\" only");
    }
}

static struct gs_tune_options tune_options(const struct options *o)
{
    const struct numbers *n = &o->numbers;
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    const size_t threads = n->threads > 0 ? (size_t)n->threads : cpus > 0 ? (size_t)cpus : 1;

    return (struct gs_tune_options){
        .base = o->to->base,
        .out = o->to->out,
        .name = o->name,
        .version = o->version,
        .seed = (uint64_t)n->seed,
        .epochs = (size_t)n->epochs,
        .batch = (size_t)n->batch,
        .threads = threads,
        .shards = threads > 2 ? threads : 2,
        .batch_tokens = (size_t)n->batch_tokens,
        .max_tokens = (size_t)n->max_tokens,
        .layers = (size_t)n->layers,
        .frozen_layers = n->freeze < 0      ? GS_TUNE_FREEZE_NONE
                         : n->freeze >= ALL ? GS_TUNE_FREEZE_ALL
                                            : (size_t)n->freeze,
        .patience = (size_t)n->patience,
        .bucket = (size_t)n->bucket,
        .pooling = o->pooling,
        .optimizer = {.lr = n->lr,
                      .head_lr = n->head_lr,
                      .beta1 = 0.9,
                      .beta2 = 0.98,
                      .eps = 1e-6,
                      .decay = n->decay,
                      .clip = n->clip,
                      .layer_decay = n->layer_decay,
                      .ema = n->ema},
        .dropout = {.hidden = n->dropout, .attention = n->dropout, .pooled = n->dropout},
        .targets = {.smoothing = n->smoothing,
                    .temperature = n->temperature,
                    .teacher = n->teacher,
                    .balanced = o->balanced,
                    .factors = {n->sentiment, n->topics, n->risks}},
        .r_drop = n->r_drop,
        .warm_up = n->warm_up,
        .cosine = o->cosine,
        .checkpoint_s = n->checkpoint,
        .resume = o->resume,
    };
}

int gs_train_encoder_parse(int argc, char **argv, struct gs_train_encoder_options *ret)
{
    struct options o = {.to = ret, .pooling = GS_NET_CLS_MEAN, .numbers = defaults};
    struct gs_args args;

    *ret = (struct gs_train_encoder_options){.n_specs = 0};
    gs_args_init(&args, GS_CMD_TRAIN_ENCODER, argc, argv);
    while (gs_args_next(&args)) {
        take(&args, &o);
    }
    if (!args.ends) {
        check_names(&args, &o);
    }
    gs_args_done(&args);
    if (args.ends) {
        return args.code;
    }
    ret->quiet = args.quiet;
    ret->rejects = args.rejects;
    ret->holdout = o.numbers.holdout;
    ret->tune = tune_options(&o);
    return -1;
}

bool gs_train_encoder_asked(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const size_t len = strcspn(argv[i], "=");
        const char *value = argv[i][len] == '=' ? argv[i] + len + 1
                            : i + 1 < argc      ? argv[i + 1]
                                                : "";
        /* "--k" is enough: no other option of train begins so */
        if (len > 2 && strncmp(argv[i], "--kind", len) == 0 && strcmp(value, "encoder") == 0) {
            return true;
        }
    }
    return false;
}
