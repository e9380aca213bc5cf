/* The command line: one table of commands (command_table.c) and one of flags (flag_table.c), from
 * which come the reading of argv (command_line.c), --help and deploy/docs/cli.md (command_help.c).
 *
 *     struct gs_args args;
 *     gs_args_init(&args, GS_CMD_TAG, argc, argv);
 *     while (gs_args_next(&args)) {
 *         args.flag says which one came, args.value is what stands behind it
 *     }
 *     if (args.ends) return args.code;      --help was shown, or something was wrong and is said
 *
 * A flag that every command takes in the same sense never reaches one: --help, --quiet,
 * --log-format, --progress, --config, --set and --rejects are kept in struct gs_args.
 *
 * Threads: one, before any other is started. */
#ifndef GS_DEPLOY_COMMAND_LINE_H
#define GS_DEPLOY_COMMAND_LINE_H

#include "ingest/base/attr.h"
#include "ingest/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum gs_command_id {
    GS_CMD_RUN,
    GS_CMD_DEMO,
    GS_CMD_TAG,
    GS_CMD_REPLAY,
    GS_CMD_CHECK,
    GS_CMD_TRAIN,
    GS_CMD_TRAIN_ENCODER, /* train --kind encoder */
    GS_CMD_EVAL,
    GS_CMD_EXPLAIN,
    GS_CMD_TOKENIZE,
    GS_CMD_EMBED,
    GS_CMD_QUANTIZE,
    GS_CMD_COMBINE,
    GS_CMD_BENCH,
    GS_CMD_LAG,
    GS_CMD_OFFSETS,
    GS_CMD_DLQ,
    GS_CMD_DOCTOR,
    GS_CMD_TAP,
    GS_CMD_STATE,
    GS_CMD_INCIDENTS,
    GS_CMD_ACK,
    GS_CMD_UNACK,
    GS_CMD_MUTE,
    GS_CMD_UNMUTE,
    GS_N_COMMANDS
};

enum gs_flag_id {
    GS_FLAG_MODEL,
    GS_FLAG_CONFIG,
    GS_FLAG_DATA,
    GS_FLAG_OUT,
    GS_FLAG_STAGE,
    GS_FLAG_TIER,
    GS_FLAG_ARITHMETIC,
    GS_FLAG_THREADS,
    GS_FLAG_FORMAT,
    GS_FLAG_ALL_LABELS,
    GS_FLAG_LOGITS,
    GS_FLAG_EXPLAIN,
    GS_FLAG_WATCHLIST,
    GS_FLAG_SCORES,
    GS_FLAG_STATE,
    GS_FLAG_COUNTS,
    GS_FLAG_AGAINST,
    GS_FLAG_SWEEP,
    GS_FLAG_ALERT,
    GS_FLAG_RECORD,
    GS_FLAG_SPEED,
    GS_FLAG_TASK,
    GS_FLAG_JSON,
    GS_FLAG_HTML,
    GS_FLAG_MIN,
    GS_FLAG_MAX,
    GS_FLAG_HEAD,
    GS_FLAG_LABEL,
    GS_FLAG_METHOD,
    GS_FLAG_MAX_TOKENS,
    GS_FLAG_OFFSETS,
    GS_FLAG_CALIBRATION,
    GS_FLAG_EVAL,
    GS_FLAG_FAST,
    GS_FLAG_ENCODER,
    GS_FLAG_LOSS,
    GS_FLAG_ENTITIES,
    GS_FLAG_SMOOTHING,
    GS_FLAG_SECONDS,
    GS_FLAG_KIND,
    GS_FLAG_LABELS,
    GS_FLAG_NAME,
    GS_FLAG_VERSION,
    GS_FLAG_SEED,
    GS_FLAG_EPOCHS,
    GS_FLAG_ROWS,
    GS_FLAG_MIN_DF,
    GS_FLAG_SHARE,
    GS_FLAG_WORD_WEIGHT,
    GS_FLAG_TOLERANCE,
    GS_FLAG_HOLDOUT,
    GS_FLAG_BASE,
    GS_FLAG_POOLING,
    GS_FLAG_SCHEDULE,
    GS_FLAG_BATCH,
    GS_FLAG_BATCH_TOKENS,
    GS_FLAG_LAYERS,
    GS_FLAG_FREEZE,
    GS_FLAG_PATIENCE,
    GS_FLAG_BUCKET,
    GS_FLAG_LR,
    GS_FLAG_HEAD_LR,
    GS_FLAG_LAYER_DECAY,
    GS_FLAG_DECAY,
    GS_FLAG_CLIP,
    GS_FLAG_WARM_UP,
    GS_FLAG_EMA,
    GS_FLAG_DROPOUT,
    GS_FLAG_R_DROP,
    GS_FLAG_TEMPERATURE,
    GS_FLAG_TEACHER,
    GS_FLAG_SENTIMENT,
    GS_FLAG_TOPICS,
    GS_FLAG_RISKS,
    GS_FLAG_CHECKPOINT,
    GS_FLAG_BALANCE,
    GS_FLAG_RESUME,
    GS_FLAG_FOR,
    GS_FLAG_PORT,
    GS_FLAG_NO_BROWSER,
    GS_FLAG_MESSAGES,
    GS_FLAG_PLAIN,
    GS_FLAG_START,
    GS_FLAG_WRITE,
    GS_FLAG_TRUTH,
    GS_FLAG_REASON,
    GS_FLAG_SINCE,
    GS_FLAG_UNTIL,
    GS_FLAG_DRY_RUN,
    GS_FLAG_MAX_REDRIVES,
    GS_FLAG_RAW,
    GS_FLAG_FROM,
    GS_FLAG_WHERE,
    GS_FLAG_COUNT,
    GS_FLAG_PRETTY,
    GS_FLAG_VERDICT,
    GS_FLAG_WHO,
    GS_FLAG_WHY,
    GS_FLAG_REJECTS,
    GS_FLAG_SET,
    GS_FLAG_PROGRESS,
    GS_FLAG_QUIET,
    GS_FLAG_LOG_FORMAT,
    GS_FLAG_HELP,
    GS_N_FLAGS
};

/* A row of the table of flags: what a flag means wherever it is taken. */
struct gs_flag {
    const char *name;  /* "model", without the dashes */
    char letter;       /* 'm'; 0: none */
    const char *value; /* what stands behind it, for --help: "DIR"; NULL: nothing does */
    const char *help;  /* sentences; a command may say it in its own words */
};
extern const struct gs_flag gs_flags[GS_N_FLAGS];

enum {
    GS_FLAG_NEEDED = 1, /* the command cannot do without */
    GS_FLAG_LATER = 2,  /* known, and not in this version */
};

/* A flag that a command takes. */
struct gs_flag_use {
    enum gs_flag_id flag;
    unsigned is;      /* GS_FLAG_NEEDED … */
    const char *help; /* NULL: the flag's own */
};

struct gs_command {
    const char *name, *what; /* what: half a line for `groundswell --help` */
    const char *synopsis;    /* behind the name: "--model DIR [options] [FILE]" */
    const char *text;        /* paragraphs, separated by an empty line */
    const struct gs_flag_use *uses;
    size_t n_uses, max_operands;
    const char *operand; /* "FILE", for messages */
    const char *more;    /* paragraphs behind the options; may be NULL */
    const char *exit_codes;
    const char *examples; /* lines */
};
extern const struct gs_command gs_commands[GS_N_COMMANDS];

/* Commands that the contract names and this version does not have. */
struct gs_later_command {
    const char *name, *what;
};
extern const struct gs_later_command gs_later_commands[];
extern const size_t gs_n_later_commands;

enum { GS_ARGS_MAX_SETS = 128, GS_ARGS_MAX_OPERANDS = 256 };

struct gs_args {
    const struct gs_command *command;

    /* of the last gs_args_next() */
    enum gs_flag_id flag;
    const char *value;

    /* The command ends here, with this exit code: help was shown, or usage was wrong (said). */
    bool ends;
    int code;

    /* what every command takes */
    const char *config, *rejects; /* NULL: not given */
    const char *sets[GS_ARGS_MAX_SETS + 1];
    size_t n_sets;
    bool quiet, log_json, log_format_given;
    bool progress; /* --progress: also where stderr is no terminal */

    const char *operands[GS_ARGS_MAX_OPERANDS];
    size_t n_operands;

    /* private */
    int argc, at;
    char **argv;
    const char *letters; /* the rest of a bundle "-ab"; NULL: none */
    bool only_operands;  /* behind "--" */
    bool seen[GS_N_FLAGS];
    struct gs_buf texts[GS_ARGS_MAX_SETS]; /* of gs_args_set() */
    size_t n_texts;
};

/* argv[0] is the command's name. End it with gs_args_done(). */
void gs_args_init(struct gs_args *args, enum gs_command_id id, int argc, char **argv);
void gs_args_done(struct gs_args *args);

/* The next flag; false: no more, and then args->ends says whether to go on. */
bool gs_args_next(struct gs_args *args);

/* The value of the flag that came, read and checked. What is wrong is said, ends the command, and
 * gives false. Ranges include both ends. */
bool gs_args_count(struct gs_args *args, unsigned long long least, unsigned long long most,
                   unsigned long long *ret);
bool gs_args_number(struct gs_args *args, double least, double most, double *ret);
bool gs_args_choice(struct gs_args *args, const char *const *names, size_t n, size_t *ret);
/* A setting that a flag stands for, as --set would: "model.path", args->value. */
bool gs_args_set(struct gs_args *args, const char *setting, const char *value);
/* Says what is wrong and ends the command with exit code 2. Always false. */
GS_PRINTF(2, 3) bool gs_args_wrong(struct gs_args *args, const char *fmt, ...);

/* `groundswell --help`, and that of one command. */
void gs_help_all(struct gs_buf *out);
void gs_help_command(const struct gs_command *command, struct gs_buf *out);
/* deploy/docs/cli.md. */
void gs_command_docs(struct gs_buf *out);

#endif
