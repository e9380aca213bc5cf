/* --help and deploy/docs/cli.md, from the table. Texts are wrapped here, so that a row of the table
 * is only words. */
#include "deploy/daemon/cli/command_line.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 92, HELP_COLUMN = 24 };

/* ---- wrapping ---- */

static size_t columns(struct gs_str word)
{
    size_t n = 0;

    for (size_t i = 0; i < word.len; i++) {
        n += ((unsigned char)word.bytes[i] & 0xC0U) != 0x80U;
    }
    return n;
}

/* Puts text in lines of at most WIDTH columns; all but the first begin with `indent` blanks, and
 * the first begins at column `at`. "\n" begins a new line. */
static void put_wrapped(struct gs_buf *out, const char *text, size_t indent, size_t at)
{
    bool first = true;

    while (*text != '\0') {
        if (*text == '\n') {
            gs_buf_printf(out, "\n%*s", text[1] == '\n' ? 0 : (int)indent, "");
            at = indent;
            first = true;
            text++;
            continue;
        }
        text += *text == ' ';
        const struct gs_str word = {text, strcspn(text, " \n")};
        if (!first && at + 1 + columns(word) > WIDTH) {
            gs_buf_printf(out, "\n%*s", (int)indent, "");
            at = indent;
            first = true;
        }
        gs_buf_puts(out, first ? "" : " ");
        gs_buf_put(out, word);
        at += columns(word) + (first ? 0 : 1);
        first = false;
        text += word.len;
    }
    gs_buf_putc(out, '\n');
}

/* ---- one command ---- */

static const char *help_of(const struct gs_flag_use *use)
{
    return use->help != NULL ? use->help : gs_flags[use->flag].help;
}

static void put_flag(struct gs_buf *out, const struct gs_flag_use *use)
{
    const struct gs_flag *flag = &gs_flags[use->flag];
    char left[64];
    int n = 0;

    if (flag->letter != '\0') {
        n = snprintf(left, sizeof left, "  -%c, --%s%s%s", flag->letter, flag->name,
                     flag->value == NULL ? "" : " ", flag->value == NULL ? "" : flag->value);
    } else {
        n = snprintf(left, sizeof left, "      --%s%s%s", flag->name,
                     flag->value == NULL ? "" : " ", flag->value == NULL ? "" : flag->value);
    }
    gs_buf_puts(out, left);
    if (n + 1 >= HELP_COLUMN) {
        gs_buf_printf(out, "\n%*s", HELP_COLUMN, "");
    } else {
        gs_buf_printf(out, "%*s", HELP_COLUMN - n, "");
    }
    put_wrapped(out, help_of(use), HELP_COLUMN, HELP_COLUMN);
}

static void put_examples(struct gs_buf *out, const char *lines)
{
    while (*lines != '\0') {
        const size_t len = strcspn(lines, "\n");
        gs_buf_printf(out, "  %.*s\n", (int)len, lines);
        lines += len + (lines[len] == '\n');
    }
}

void gs_help_command(const struct gs_command *command, struct gs_buf *out)
{
    gs_buf_printf(out, "usage: groundswell %s %s\n\n", command->name, command->synopsis);
    put_wrapped(out, command->text, 0, 0);
    gs_buf_putc(out, '\n');
    for (size_t i = 0; i < command->n_uses; i++) {
        if ((command->uses[i].is & GS_FLAG_LATER) == 0) {
            put_flag(out, &command->uses[i]);
        }
    }
    if (command->more != NULL) {
        gs_buf_putc(out, '\n');
        put_wrapped(out, command->more, 0, 0);
    }
    gs_buf_puts(out, "\nExit codes: ");
    put_wrapped(out, command->exit_codes, 0, sizeof "Exit codes:");
    gs_buf_puts(out, strchr(command->examples, '\n') == NULL ? "\nexample:\n" : "\nexamples:\n");
    put_examples(out, command->examples);
}

void gs_help_all(struct gs_buf *out)
{
    gs_buf_puts(out, "usage: groundswell COMMAND [options]\n\n");
    for (size_t i = 0; i < GS_N_COMMANDS; i++) {
        if (strchr(gs_commands[i].name, ' ') == NULL) { /* not a kind of the one before */
            gs_buf_printf(out, "  %-9s %s\n", gs_commands[i].name, gs_commands[i].what);
        }
    }
    gs_buf_puts(out,
                "\n'groundswell COMMAND --help' explains one. 'groundswell --version' says which "
                "this is.\n");
}

/* ---- deploy/docs/cli.md ---- */

static const char intro[] =
    "# The command line: a contract\n"
    "\n"
    "People script against these, and so do checks. Names, flags, fields and exit codes stay; more "
    "may "
    "be added.\n"
    "This page is written by `groundswell_docs` from the table that `--help` and the parser use "
    "(`deploy/daemon/cli/command_table.c`, `flag_table.c`).\n"
    "\n"
    "Data goes to stdout, everything else to stderr. `-` or no FILE is stdin; a FILE may be gzip. "
    "SIGINT "
    "and SIGTERM finish what is in flight.\n"
    "Every command that reads lines survives any line: a bad one is one message with its line "
    "number and "
    "reason on stderr, or a record in\n"
    "`--rejects FILE`: `{\"line\":7,\"code\":\"bad_json\",\"message\":\"…\",\"value\":\"…\"}`. "
    "Numbers in "
    "JSON are finite.\n"
    "A progress line, with the time left where the size is known, stands on stderr when it is a "
    "terminal, "
    "or with `--progress`.\n"
    "`GS_KERNELS=scalar|avx2|avx512` forces the kernels of one instruction set.\n"
    "\n"
    "Options may stand anywhere; `--name VALUE` and `--name=VALUE` are the same, the beginning of "
    "a name "
    "will do where no other begins so,\n"
    "and everything behind `--` is no option. What is wrong on the command line is one line on "
    "stderr and "
    "exit code 2.\n"
    "\n"
    "| exit code | means |\n"
    "|---|---|\n"
    "| 0 | done |\n"
    "| 1 | findings: the configuration is wrong, some input lines were refused, a gate of `eval` "
    "failed |\n"
    "| 2 | usage; a command or option that this version does not have yet |\n"
    "| 3 | a failure at run time |\n"
    "\n"
    "| command | |\n"
    "|---|---|\n";

/* Markdown would take "<", "|" and "*" for its own. */
static void put_cell(struct gs_buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        gs_buf_puts(out, *text == '|' ? "\\" : *text == '*' ? "\\" : "");
        if (*text == '<') {
            gs_buf_puts(out, "&lt;");
        } else {
            gs_buf_putc(out, (char)(*text == '\n' ? ' ' : *text));
        }
    }
}

static void put_option_row(struct gs_buf *out, const struct gs_flag_use *use)
{
    const struct gs_flag *flag = &gs_flags[use->flag];

    gs_buf_puts(out, "| `");
    if (flag->letter != '\0') {
        gs_buf_printf(out, "-%c`, `", flag->letter);
    }
    gs_buf_printf(out, "--%s%s%s` | ", flag->name, flag->value == NULL ? "" : " ",
                  flag->value == NULL ? "" : flag->value);
    put_cell(out, help_of(use));
    gs_buf_puts(out, (use->is & GS_FLAG_NEEDED) != 0 ? " *Needed.*" : "");
    gs_buf_puts(out, (use->is & GS_FLAG_LATER) != 0 ? " *Not yet.*" : "");
    gs_buf_puts(out, " |\n");
}

static void put_section(struct gs_buf *out, const struct gs_command *command)
{
    gs_buf_printf(out, "\n## %s\n\n```\ngroundswell %s %s\n```\n\n", command->name, command->name,
                  command->synopsis);
    gs_buf_puts(out, command->text);
    gs_buf_puts(out, "\n\n| option | |\n|---|---|\n");
    for (size_t i = 0; i < command->n_uses; i++) {
        put_option_row(out, &command->uses[i]);
    }
    if (command->more != NULL) {
        gs_buf_printf(out, "\n%s\n", command->more);
    }
    gs_buf_printf(out, "\nExit codes: %s\n\n```sh\n%s\n```\n", command->exit_codes,
                  command->examples);
}

void gs_command_docs(struct gs_buf *out)
{
    gs_buf_puts(out, intro);
    for (size_t i = 0; i < GS_N_COMMANDS; i++) {
        gs_buf_printf(out, "| [%s](#", gs_commands[i].name);
        for (const char *c = gs_commands[i].name; *c != '\0'; c++) {
            gs_buf_putc(out, (char)(*c == ' ' ? '-' : *c)); /* the heading's anchor */
        }
        gs_buf_puts(out, ") | ");
        put_cell(out, gs_commands[i].what);
        gs_buf_puts(out, " |\n");
    }
    for (size_t i = 0; i < GS_N_COMMANDS; i++) {
        put_section(out, &gs_commands[i]);
    }
    gs_buf_puts(out, "\n## Not yet\n\nKnown by name, answered with one line and exit code 2:\n\n"
                     "| command | |\n|---|---|\n");
    for (size_t i = 0; i < gs_n_later_commands; i++) {
        gs_buf_printf(out, "| `%s` | %s |\n", gs_later_commands[i].name, gs_later_commands[i].what);
    }
    gs_buf_puts(out, "\nThe fields of each record are in [records.md](records.md).\n");
}
