/* The options of train --kind encoder: those whose value is a number are rows of a table. */
#include "deploy/daemon/cli/train_encoder_options.h"

#include "deploy/daemon/cli/command.h"

#include <getopt.h>
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

#define AT(member) offsetof(struct numbers, member)
static const struct {
    const char *name, *help;
    double least, most;
    size_t at;
    bool whole;
} rows[] = {
    {"seed", "of order, dropout and new weights", 0, 9007199254740992.0, AT(seed), true},
    {"epochs", "most passes over the rows", 1, 1000, AT(epochs), true},
    {"batch", "rows of a step", 1, 65536, AT(batch), true},
    {"batch-tokens", "tokens that go through together, of each thread: memory and speed", 16,
     1 << 20, AT(batch_tokens), true},
    {"max-tokens", "longer texts are cut", 4, 16384, AT(max_tokens), true},
    {"threads", "0: one for each processor", 0, 64, AT(threads), true},
    {"layers", "keep the first so many layers; 0: all", 0, 128, AT(layers), true},
    {"freeze", "embeddings and the first N layers stay as they are; all: a linear probe; -1: none",
     -1, ALL, AT(freeze), true},
    {"patience", "end after so many epochs without a better figure; 0: never", 0, 1000,
     AT(patience), true},
    {"bucket", "batches among which texts of like length come together; 0: none", 0, 65536,
     AT(bucket), true},
    {"lr", "highest learning rate", 0, 1e30, AT(lr), false},
    {"head-lr", "that of the heads", 0, 1e30, AT(head_lr), false},
    {"layer-decay", "rate of a layer, of that of the layer above", 0.1, 1, AT(layer_decay), false},
    {"decay", "weight decay of matrices", 0, 1, AT(decay), false},
    {"clip", "longest gradient; 0: any", 0, 1e6, AT(clip), false},
    {"warm-up", "share of the steps in which the rate rises", 0, 1, AT(warm_up), false},
    {"ema", "decay of the average of weights that is kept; 0: none", 0, 0.999999, AT(ema), false},
    {"dropout", "on rows, attention and the heads' input", 0, 0.9, AT(dropout), false},
    {"r-drop", "weight of the divergence of two dropouts of a row; 0: none", 0, 100, AT(r_drop),
     false},
    {"smoothing", "of sentiment's labels", 0, 0.9, AT(smoothing), false},
    {"temperature", "at which teachers' logits are taken", 0.1, 100, AT(temperature), false},
    {"teacher", "weight of a teacher beside a label", 0, 1, AT(teacher), false},
    {"holdout", "share of the rows that is not trained on but chosen by", 0, 0.9, AT(holdout),
     false},
    {"sentiment", "weight of the head", 0, 1000, AT(sentiment), false},
    {"topics", "weight of the head", 0, 1000, AT(topics), false},
    {"risks", "weight of the head", 0, 1000, AT(risks), false},
    {"checkpoint", "seconds between two checkpoints", 0, 1e9, AT(checkpoint), false},
};
enum { N_ROWS = sizeof rows / sizeof *rows, OPT_ROW = 1000 };

enum { OPT_KIND = 256, OPT_DATA, OPT_OUT, OPT_BASE, OPT_LABELS, OPT_NAME, OPT_VERSION };
enum { OPT_POOLING = 300, OPT_SCHEDULE, OPT_BALANCE, OPT_RESUME, OPT_QUIET, OPT_LOG };

static const struct option words[] = {{"kind", required_argument, NULL, OPT_KIND},
                                      {"data", required_argument, NULL, OPT_DATA},
                                      {"out", required_argument, NULL, OPT_OUT},
                                      {"base", required_argument, NULL, OPT_BASE},
                                      {"labels", required_argument, NULL, OPT_LABELS},
                                      {"name", required_argument, NULL, OPT_NAME},
                                      {"version", required_argument, NULL, OPT_VERSION},
                                      {"pooling", required_argument, NULL, OPT_POOLING},
                                      {"schedule", required_argument, NULL, OPT_SCHEDULE},
                                      {"balance", no_argument, NULL, OPT_BALANCE},
                                      {"resume", no_argument, NULL, OPT_RESUME},
                                      {"quiet", no_argument, NULL, OPT_QUIET},
                                      {"log-format", required_argument, NULL, OPT_LOG},
                                      {"help", no_argument, NULL, 'h'}};
enum { N_WORDS = sizeof words / sizeof *words };

static const char usage[] =
    "usage: groundswell train --kind encoder --base DIR --data SPEC [--data SPEC]... --out DIR "
    "[options]\n"
    "\n"
    "Fine-tunes a published BERT, RoBERTa, XLM-R or DistilBERT folder on labelled JSON lines: "
    "text\n"
    "(and title), sentiment, topics, risks. Writes a folder that `tag --model` loads. The same "
    "data,\n"
    "options and seed give the same model, whatever --threads up to 2 says. A run that was "
    "stopped\n"
    "goes on with --resume, to the same numbers.\n"
    "\n"
    "  SPEC              PATH[,name=NAME][,weight=X][,knows=HEAD/LABEL+...][,valid][,body]\n"
    "                      weight  how often an epoch sees a row (1)\n"
    "                      knows   labels that a row of this set would carry if they applied\n"
    "                      valid   not trained on: chooses the epoch and calibrates\n"
    "                      body    the member \"body\" is one more row\n"
    "      --labels FILE the labels of topics and risks, in order (JSON); others are refused\n"
    "      --name NAME, --version V  of the model (the folder's name, 1)\n"
    "      --pooling P   what the heads read: cls, mean, cls_mean, or pooler, the family's own\n"
    "                    layer, which transformers loads too (cls_mean)\n"
    "      --schedule S  linear or cosine (linear)\n"
    "      --balance     rare classes weigh more\n"
    "      --resume      go on from DIR/checkpoint.bin\n"
    "      --quiet       nothing on stderr but errors\n";

/* Holds what is read, before it is given back. */
struct options {
    struct gs_train_encoder_options *to;
    const char *name, *version;
    enum gs_net_pooling pooling;
    bool cosine, balanced, resume;
    struct numbers numbers;
};

static int wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "groundswell train: %s: %s (--help shows how)\n", what, value);
    return GS_EXIT_USAGE;
}

static double *number_at(struct numbers *numbers, size_t row)
{
    return (double *)(void *)((char *)numbers + rows[row].at);
}

static void print_usage(void)
{
    struct numbers numbers = defaults;
    (void)fputs(usage, stdout);
    for (size_t i = 0; i < N_ROWS; i++) {
        (void)printf("      --%-14s%s (%g)\n", rows[i].name, rows[i].help, *number_at(&numbers, i));
    }
    (void)puts(
        "\nExit codes: 0 done, 1 done but some lines were refused, 2 usage, 3 a failure.\n"
        "\nexample:\n"
        "  groundswell train --kind encoder --base bge-small-zh --data posts.jsonl --out mine\n"
        "  groundswell tag --model mine < messages.jsonl");
}

static int set_number(struct numbers *numbers, size_t row, const char *text)
{
    char *end = NULL;
    const bool all = strcmp(rows[row].name, "freeze") == 0 && strcmp(text, "all") == 0;
    const double value = all ? rows[row].most : strtod(text, &end);

    if ((!all && (end == text || *end != '\0')) ||
        !(value >= rows[row].least && value <= rows[row].most) ||
        (rows[row].whole && value != (double)(long long)value)) {
        (void)fprintf(stderr, "groundswell train: --%s: \"%s\" is not a %snumber from %g to %g\n",
                      rows[row].name, text, rows[row].whole ? "whole " : "", rows[row].least,
                      rows[row].most);
        return GS_EXIT_USAGE;
    }
    *number_at(numbers, row) = value;
    return -1;
}

static int set_pooling(struct options *o, const char *value)
{
    static const char *const names[] = {"cls", "mean", "cls_mean", "pooler"};
    for (size_t i = 0; i < GS_COUNT(names); i++) {
        if (strcmp(value, names[i]) == 0) {
            o->pooling = (enum gs_net_pooling)i;
            return -1;
        }
    }
    return wrong("--pooling", value);
}

/* -1: go on */
static int set_word(struct options *o, int option, const char *value)
{
    switch (option) {
    case OPT_DATA:
        if (o->to->n_specs == GS_TUNE_MAX_SETS) {
            return wrong("too many --data", value);
        }
        o->to->specs[o->to->n_specs++] = value;
        break;
    case OPT_OUT:
        o->to->out = value;
        break;
    case OPT_BASE:
        o->to->base = value;
        break;
    case OPT_LABELS:
        o->to->labels = value;
        break;
    case OPT_NAME:
        o->name = value;
        break;
    case OPT_VERSION:
        o->version = value;
        break;
    case OPT_POOLING:
        return set_pooling(o, value);
    case OPT_SCHEDULE:
        o->cosine = strcmp(value, "cosine") == 0;
        return o->cosine || strcmp(value, "linear") == 0 ? -1 : wrong("--schedule", value);
    case OPT_BALANCE:
        o->balanced = true;
        break;
    case OPT_RESUME:
        o->resume = true;
        break;
    case OPT_QUIET:
        o->to->quiet = true;
        break;
    default:
        break;
    }
    return -1;
}

/* A plain name: what groundswell.json takes. */
static bool plain(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strlen(name) < 64 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-.") == strlen(name);
}

static void name_after(const char *path, char name[64])
{
    size_t end = strlen(path);
    while (end > 0 && path[end - 1] == '/') {
        end--;
    }
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    (void)snprintf(name, 64, "%.*s", (int)(end - start < 63 ? end - start : 63), path + start);
}

static int check(struct options *o)
{
    if (o->to->base == NULL || o->to->n_specs == 0 || o->to->out == NULL) {
        return wrong("--base, --data and --out", "all three are needed");
    }
    if (o->name == NULL) {
        name_after(o->to->out, o->to->folder);
        o->name = plain(o->to->folder) ? o->to->folder : "model";
    }
    o->version = o->version == NULL ? "1" : o->version;
    if (!plain(o->name) || !plain(o->version)) {
        return wrong("--name and --version",
                     "lower case letters, digits, \"_\", \"-\" and \".\" only");
    }
    return -1;
}

static int read_all(int argc, char **argv, struct options *o)
{
    struct option longs[N_WORDS + N_ROWS + 1] = {0};
    int option = 0;

    memcpy(longs, words, sizeof words);
    for (size_t i = 0; i < N_ROWS; i++) {
        longs[N_WORDS + i] =
            (struct option){rows[i].name, required_argument, NULL, OPT_ROW + (int)i};
    }
    optind = 1;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet
    while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        if (option == 'h') {
            print_usage();
            return GS_EXIT_OK;
        }
        const int code = option == '?' ? GS_EXIT_USAGE
                         : option >= OPT_ROW
                             ? set_number(&o->numbers, (size_t)(option - OPT_ROW), optarg)
                             : set_word(o, option, optarg);
        if (code >= 0) {
            return code;
        }
    }
    return optind < argc ? wrong("not an option", argv[optind]) : check(o);
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

    *ret = (struct gs_train_encoder_options){.n_specs = 0};
    const int code = read_all(argc, argv, &o);
    if (code < 0) {
        ret->holdout = o.numbers.holdout;
        ret->tune = tune_options(&o);
    }
    return code;
}

bool gs_train_encoder_asked(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--kind=encoder") == 0 ||
            (i + 1 < argc && strcmp(argv[i], "--kind") == 0 &&
             strcmp(argv[i + 1], "encoder") == 0)) {
            return true;
        }
    }
    return false;
}
