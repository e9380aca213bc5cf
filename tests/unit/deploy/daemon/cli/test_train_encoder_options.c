/* The defaults that the help tells are those that hold. */
#include "deploy/daemon/cli/command_line.h"
#include "deploy/daemon/cli/train_encoder_options.h"
#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <string.h>

static struct gs_train_encoder_options read;

static const struct {
    enum gs_flag_id flag;
    const double *real;
    const size_t *count;
} numbers[] = {
    {GS_FLAG_EPOCHS, NULL, &read.tune.epochs},
    {GS_FLAG_BATCH, NULL, &read.tune.batch},
    {GS_FLAG_BATCH_TOKENS, NULL, &read.tune.batch_tokens},
    {GS_FLAG_MAX_TOKENS, NULL, &read.tune.max_tokens},
    {GS_FLAG_LAYERS, NULL, &read.tune.layers},
    {GS_FLAG_PATIENCE, NULL, &read.tune.patience},
    {GS_FLAG_BUCKET, NULL, &read.tune.bucket},
    {GS_FLAG_LR, &read.tune.optimizer.lr, NULL},
    {GS_FLAG_HEAD_LR, &read.tune.optimizer.head_lr, NULL},
    {GS_FLAG_LAYER_DECAY, &read.tune.optimizer.layer_decay, NULL},
    {GS_FLAG_DECAY, &read.tune.optimizer.decay, NULL},
    {GS_FLAG_CLIP, &read.tune.optimizer.clip, NULL},
    {GS_FLAG_EMA, &read.tune.optimizer.ema, NULL},
    {GS_FLAG_WARM_UP, &read.tune.warm_up, NULL},
    {GS_FLAG_DROPOUT, &read.tune.dropout.hidden, NULL},
    {GS_FLAG_R_DROP, &read.tune.r_drop, NULL},
    {GS_FLAG_SMOOTHING, &read.tune.targets.smoothing, NULL},
    {GS_FLAG_TEMPERATURE, &read.tune.targets.temperature, NULL},
    {GS_FLAG_TEACHER, &read.tune.targets.teacher, NULL},
    {GS_FLAG_HOLDOUT, &read.holdout, NULL},
    {GS_FLAG_SENTIMENT, &read.tune.targets.factors[0], NULL},
    {GS_FLAG_TOPICS, &read.tune.targets.factors[1], NULL},
    {GS_FLAG_RISKS, &read.tune.targets.factors[2], NULL},
    {GS_FLAG_CHECKPOINT, &read.tune.checkpoint_s, NULL},
};

static const char *help_of(enum gs_flag_id flag)
{
    const struct gs_command *command = &gs_commands[GS_CMD_TRAIN_ENCODER];

    for (size_t i = 0; i < command->n_uses; i++) {
        if (command->uses[i].flag == flag) {
            return command->uses[i].help != NULL ? command->uses[i].help : gs_flags[flag].help;
        }
    }
    fail_msg("train --kind encoder does not take --%s", gs_flags[flag].name);
    return "";
}

/* argv as the program gets it: words apart by blanks. */
enum { MAX_WORDS = 10 };
struct words {
    char text[120];
    char *argv[MAX_WORDS];
    int argc;
};

static void split(const char *line, struct words *ret)
{
    char *rest = ret->text;

    ret->argc = 0;
    assert_true(strlen(line) < sizeof ret->text);
    (void)strcpy(ret->text, line); // NOLINT(clang-analyzer-security.insecureAPI.strcpy): it fits
    for (char *word = strtok_r(rest, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        assert_true(ret->argc < MAX_WORDS);
        ret->argv[ret->argc++] = word;
    }
}

static int parse(const char *line)
{
    static struct words words; /* read borrows from it */

    split(line, &words);
    return gs_train_encoder_parse(words.argc, words.argv, &read);
}

static void defaults_are_as_told(void **state)
{
    (void)state;
    assert_int_equal(parse("train --kind encoder --base=b --data=d --out=o"), -1);
    for (size_t i = 0; i < GS_COUNT(numbers); i++) {
        char told[40];
        const double value = numbers[i].real != NULL ? *numbers[i].real : (double)*numbers[i].count;
        (void)snprintf(told, sizeof told, "(%g).", value);
        print_message("  --%s %s\n", gs_flags[numbers[i].flag].name, told);
        const char *help = help_of(numbers[i].flag);
        const char *at = strrchr(help, '(');
        assert_non_null(at);
        assert_string_equal(at, told);
    }
}

static void nothing_is_frozen_unless_asked(void **state)
{
    static const struct {
        const char *line;
        size_t frozen;
    } rows[] = {
        {"train --kind=encoder --base=b --data=d --out=o", GS_TUNE_FREEZE_NONE},
        {"train --kind=encoder --base=b --data=d --out=o --freeze=0", 0},
        {"train --kind=encoder --base=b --data=d --out=o --freeze=2", 2},
        {"train --kind=encoder --base=b --data=d --out=o --freeze=all", GS_TUNE_FREEZE_ALL}};

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        assert_int_equal(parse(rows[i].line), -1);
        assert_true(read.tune.frozen_layers == rows[i].frozen);
    }
}

static void the_kind_is_found_however_it_is_written(void **state)
{
    static const struct {
        const char *line;
        bool encoder;
    } rows[] = {{"train --kind=encoder", true}, {"train --out x --kind encoder", true},
                {"train --ki encoder", true},   {"train --kind ngram --name encoder", false},
                {"train --kind", false},        {"train -- encoder", false}};

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct words words;
        split(rows[i].line, &words);
        assert_true(gs_train_encoder_asked(words.argc, words.argv) == rows[i].encoder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_as_told),
        cmocka_unit_test(nothing_is_frozen_unless_asked),
        cmocka_unit_test(the_kind_is_found_however_it_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
