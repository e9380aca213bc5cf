#include "deploy/daemon/cli/command_line.h"
#include "deploy/daemon/cli/progress.h"
#include "deploy/daemon/exit_code.h"
#include "tests/unit/gs_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MAX_ARGV = 12 };

/* A command line as words; what comes out of it as "flag=value flag operand …", or the exit code. */
static const struct {
    const char *shows;
    enum gs_command_id command;
    const char *argv[MAX_ARGV];
    const char *gives;
} cases[] = {
    {"a value apart", GS_CMD_TAG, {"--model", "d"}, "model=d"},
    {"a value joined", GS_CMD_TAG, {"--model=d"}, "model=d"},
    {"an empty value", GS_CMD_TAG, {"--model="}, "model="},
    {"a value that looks like an option", GS_CMD_TAG, {"--model", "--model"}, "model=--model"},
    {"a letter", GS_CMD_TAG, {"-m", "d"}, "model=d"},
    {"a letter with its value", GS_CMD_TAG, {"-md"}, "model=d"},
    {"a bundle", GS_CMD_TAG, {"-qmd"}, "model=d quiet"},
    {"the beginning of a name", GS_CMD_TAG, {"--mod", "d"}, "model=d"},
    {"a whole name that begins another",
     GS_CMD_EVAL,
     {"--model=d", "--min", "a=1", "--data", "f"},
     "model=d min=a=1 data=f"},
    {"a beginning of two names", GS_CMD_TAG, {"--t", "1"}, "2"},
    {"an unknown name", GS_CMD_TAG, {"--nothing"}, "2"},
    {"an unknown letter", GS_CMD_TAG, {"-z"}, "2"},
    {"a value too many", GS_CMD_TAG, {"--logits=1"}, "2"},
    {"a value too few", GS_CMD_TAG, {"--model"}, "2"},
    {"a letter's value too few", GS_CMD_TAG, {"-m"}, "2"},
    {"operands anywhere", GS_CMD_REPLAY, {"a", "-c", "f", "b"}, "config=f a b"},
    {"stdin", GS_CMD_REPLAY, {"-c", "f", "-"}, "config=f -"},
    {"all operands", GS_CMD_REPLAY, {"-c", "f", "--", "-c", "--"}, "config=f -c --"},
    {"an operand too many", GS_CMD_TAG, {"-m", "d", "a", "b"}, "2"},
    {"an operand where there is none", GS_CMD_RUN, {"-c", "f", "a"}, "2"},
    {"something needed is missing", GS_CMD_RUN, {"--stage", "tag"}, "2"},
    {"help needs nothing else", GS_CMD_RUN, {"--help"}, "0"},
    {"help comes before what is wrong behind it", GS_CMD_RUN, {"-h", "--nothing"}, "0"},
    {"counts instead of messages",
     GS_CMD_REPLAY,
     {"--counts", "x", "--scores", "y"},
     "counts=x scores=y"},
    {"settings",
     GS_CMD_RUN,
     {"-c", "f", "--set", "a=1", "--set", "b=2"},
     "config=f set=a=1 set=b=2"},
    {"a log format that is none", GS_CMD_TAG, {"--log-format", "xml"}, "2"},
};

static void put(struct gs_buf *out, const char *name, const char *value)
{
    gs_buf_printf(out, "%s%s%s%s", out->len > 0 ? " " : "", name, value == NULL ? "" : "=",
                  value == NULL ? "" : value);
}

static void read_all(struct gs_args *args, struct gs_buf *out)
{
    while (gs_args_next(args)) {
        put(out, gs_flags[args->flag].name, args->value);
    }
    if (args->ends) {
        gs_buf_reset(out);
        gs_buf_printf(out, "%d", args->code);
        return;
    }
    if (args->config != NULL) {
        put(out, "config", args->config);
    }
    for (size_t i = 0; i < args->n_sets; i++) {
        put(out, "set", args->sets[i]);
    }
    if (args->quiet) {
        put(out, "quiet", NULL);
    }
    for (size_t i = 0; i < args->n_operands; i++) {
        put(out, args->operands[i], NULL);
    }
}

static void argv_is_read(void **state)
{
    (void)state;
    const int nowhere = open("/dev/null", O_WRONLY);
    assert_true(nowhere >= 0);
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        static char words[MAX_ARGV + 1][32];
        char *argv[MAX_ARGV + 1] = {words[0]};
        struct gs_args args;
        struct gs_buf out = {.max = 4096};
        int argc = 1;

        print_message("  %s\n", cases[i].shows);
        for (; argc <= MAX_ARGV && cases[i].argv[argc - 1] != NULL; argc++) {
            (void)snprintf(words[argc], sizeof words[argc], "%s", cases[i].argv[argc - 1]);
            argv[argc] = words[argc];
        }
        const int old[] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
        (void)fflush(stdout);
        (void)dup2(nowhere, STDOUT_FILENO);
        (void)dup2(nowhere, STDERR_FILENO);
        gs_args_init(&args, cases[i].command, argc, argv);
        read_all(&args, &out);
        gs_args_done(&args);
        (void)fflush(stdout);
        (void)dup2(old[0], STDOUT_FILENO);
        (void)dup2(old[1], STDERR_FILENO);
        (void)close(old[0]);
        (void)close(old[1]);
        gs_buf_putc(&out, '\0');
        assert_string_equal(out.bytes, cases[i].gives);
        gs_buf_done(&out);
    }
    (void)close(nowhere);
}

/* Every flag has its words, is taken by somebody and has a name of its own; no command takes one
 * twice or two with one letter. */
static void the_table_is_whole(void **state)
{
    bool taken[GS_N_FLAGS] = {false};

    (void)state;
    for (size_t i = 0; i < GS_N_COMMANDS; i++) {
        const struct gs_command *command = &gs_commands[i];
        bool letters[128] = {false};
        bool own[GS_N_FLAGS] = {false};
        assert_non_null(command->name);
        assert_true(command->text[0] != '\0' && command->examples[0] != '\0');
        for (size_t k = 0; k < command->n_uses; k++) {
            const enum gs_flag_id flag = command->uses[k].flag;
            const unsigned char letter = (unsigned char)gs_flags[flag].letter;
            print_message("  %s --%s\n", command->name, gs_flags[flag].name);
            assert_false(own[flag]);
            assert_true(letter == 0 || !letters[letter]);
            own[flag] = true;
            taken[flag] = true;
            letters[letter] = true;
        }
        assert_true(own[GS_FLAG_HELP]);
    }
    for (size_t i = 0; i < GS_N_FLAGS; i++) {
        assert_true(taken[i]);
        assert_true(gs_flags[i].name[0] != '\0' && gs_flags[i].help[0] != '\0');
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(gs_flags[i].name, gs_flags[k].name);
        }
    }
}

static void help_fits_a_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_N_COMMANDS; i++) {
        struct gs_buf out = {.max = 1 << 20};
        gs_help_command(&gs_commands[i], &out);
        gs_buf_putc(&out, '\0');
        const char *end = strstr(out.bytes, "\nexample"); /* which are lines to copy */
        for (const char *line = out.bytes; line < end; line = strchr(line, '\n') + 1) {
            assert_true(strcspn(line, "\n") <= 100);
        }
        gs_buf_done(&out);
    }
}

static void time_left_reads_as_a_clock(void **state)
{
    static const struct {
        double seconds;
        const char *reads;
    } rows[] = {{0, "0:00"}, {59.9, "0:59"}, {61, "1:01"}, {3723, "1:02:03"}, {-1, "0:00"}};

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        char text[32];
        gs_progress_left(rows[i].seconds, text, sizeof text);
        assert_string_equal(text, rows[i].reads);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(argv_is_read),
        cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(help_fits_a_terminal),
        cmocka_unit_test(time_left_reads_as_a_clock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
