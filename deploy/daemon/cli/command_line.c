/* Reading argv by the table.
 *
 * Written here and not with getopt_long(), because that speaks for itself on stderr and knows no
 * nearest name. What it takes is the same: "--name VALUE", "--name=VALUE", "-n VALUE", "-nVALUE",
 * bundles of letters without values, the beginning of a name where no other begins so, operands
 * anywhere, and "--" behind which everything is an operand. "-" is an operand: stdin. */
#include "deploy/daemon/cli/command_line.h"

#include "deploy/daemon/exit_code.h"
#include "ingest/base/escape.h"
#include "ingest/base/log.h"
#include "ingest/base/nearest.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gs_args_init(struct gs_args *args, enum gs_command_id id, int argc, char **argv)
{
    *args = (struct gs_args){
        .command = &gs_commands[id], .argc = argc, .argv = argv, .at = 1, .code = GS_EXIT_OK};
}

void gs_args_done(struct gs_args *args)
{
    for (size_t i = 0; i < args->n_texts; i++) {
        gs_buf_done(&args->texts[i]);
    }
    args->n_texts = 0;
}

bool gs_args_wrong(struct gs_args *args, const char *fmt, ...)
{
    struct gs_buf text = {.max = 4096};
    va_list list;

    va_start(list, fmt);
    gs_buf_vprintf(&text, fmt, list);
    va_end(list);
    gs_buf_putc(&text, '\0');
    gs_print_line(stderr, "groundswell %s: %s ('groundswell %s --help' explains)",
                  args->command->name, gs_buf_ok(&text) ? text.bytes : fmt, args->command->name);
    gs_buf_done(&text);
    args->ends = true;
    args->code = GS_EXIT_USAGE;
    return false;
}

/* ---- names ---- */

static const struct gs_flag_use *use_of(const struct gs_args *args, enum gs_flag_id flag)
{
    for (size_t i = 0; i < args->command->n_uses; i++) {
        if (args->command->uses[i].flag == flag) {
            return &args->command->uses[i];
        }
    }
    return NULL;
}

/* The command's flag of that name, or the only one that begins with it; GS_N_FLAGS: none. */
static enum gs_flag_id find_name(const struct gs_args *args, const char *name, size_t len)
{
    enum gs_flag_id found = GS_N_FLAGS;
    size_t n = 0;

    for (size_t i = 0; i < args->command->n_uses; i++) {
        const enum gs_flag_id flag = args->command->uses[i].flag;
        if (strncmp(gs_flags[flag].name, name, len) == 0) {
            if (gs_flags[flag].name[len] == '\0') {
                return flag;
            }
            found = flag;
            n++;
        }
    }
    return n == 1 ? found : GS_N_FLAGS;
}

static bool unknown_name(struct gs_args *args, const char *name, size_t len)
{
    char written[80];
    size_t n_begin = 0;

    (void)snprintf(written, sizeof written, "%.*s", (int)len, name);
    struct gs_nearest nearest = gs_nearest(written);
    for (size_t i = 0; i < args->command->n_uses; i++) {
        const char *known = gs_flags[args->command->uses[i].flag].name;
        n_begin += len > 0 && strncmp(known, name, len) == 0;
        gs_nearest_offer(&nearest, known);
    }
    if (n_begin > 1) {
        return gs_args_wrong(args, "--%s: more than one option begins with it", written);
    }
    return nearest.best == NULL
               ? gs_args_wrong(args, "--%s: there is no such option", written)
               : gs_args_wrong(args, "--%s: there is no such option; did you mean --%s?", written,
                               nearest.best);
}

/* ---- what every command takes in the same sense ---- */

static bool set_log_format(struct gs_args *args)
{
    size_t format = 0;

    if (!gs_args_choice(args, gs_log_format_names, 2, &format)) {
        return false;
    }
    args->log_json = format == 1;
    args->log_format_given = true;
    return true;
}

static bool add_set(struct gs_args *args, const char *set)
{
    if (args->n_sets == GS_ARGS_MAX_SETS) {
        return gs_args_wrong(args, "--set %s: more than %d settings", set, GS_ARGS_MAX_SETS);
    }
    args->sets[args->n_sets++] = set;
    return true;
}

/* True: the flag is dealt with. */
static bool take_common(struct gs_args *args)
{
    switch (args->flag) {
    case GS_FLAG_HELP: {
        struct gs_buf help = {.max = 1 << 20};
        gs_help_command(args->command, &help);
        (void)fwrite(help.bytes, 1, help.len, stdout);
        gs_buf_done(&help);
        args->ends = true;
        return true;
    }
    case GS_FLAG_QUIET:
        args->quiet = true;
        return true;
    case GS_FLAG_LOG_FORMAT:
        (void)set_log_format(args);
        return true;
    case GS_FLAG_PROGRESS:
        args->progress = true;
        return true;
    case GS_FLAG_CONFIG:
        args->config = args->value;
        return true;
    case GS_FLAG_SET:
        (void)add_set(args, args->value);
        return true;
    case GS_FLAG_REJECTS:
        args->rejects = args->value;
        return true;
    default:
        return false;
    }
}

/* ---- the walk over argv ---- */

/* Takes the value from behind "=", from the rest of the letters, or the next argument. */
static bool take_value(struct gs_args *args, const char *written, const char *joined)
{
    const struct gs_flag *flag = &gs_flags[args->flag];
    const struct gs_flag_use *use = use_of(args, args->flag);

    args->seen[args->flag] = true;
    args->value = NULL;
    if ((use->is & GS_FLAG_LATER) != 0) {
        return gs_args_wrong(args, "--%s: not yet, this version does not have it", flag->name);
    }
    if (flag->value == NULL) {
        return joined == NULL || gs_args_wrong(args, "--%s takes no value", flag->name);
    }
    if (joined != NULL) {
        args->value = joined;
    } else if (args->at < args->argc) {
        args->value = args->argv[args->at++];
    } else {
        return gs_args_wrong(args, "%s needs a value: --%s %s", written, flag->name, flag->value);
    }
    return true;
}

static bool read_long(struct gs_args *args, const char *arg)
{
    const char *equals = strchr(arg, '=');
    const size_t len = equals == NULL ? strlen(arg) : (size_t)(equals - arg);
    char written[88];

    args->flag = find_name(args, arg + 2, len - 2);
    if (args->flag == GS_N_FLAGS) {
        return unknown_name(args, arg + 2, len - 2);
    }
    (void)snprintf(written, sizeof written, "%.*s", (int)len, arg);
    return take_value(args, written, equals == NULL ? NULL : equals + 1);
}

static bool read_letter(struct gs_args *args)
{
    const char letter = *args->letters++;
    const char written[] = {'-', letter, '\0'};

    args->flag = GS_N_FLAGS;
    for (size_t i = 0; i < args->command->n_uses; i++) {
        if (gs_flags[args->command->uses[i].flag].letter == letter) {
            args->flag = args->command->uses[i].flag;
        }
    }
    if (args->flag == GS_N_FLAGS) {
        return gs_args_wrong(args, "%s: there is no such option", written);
    }
    const char *rest = *args->letters == '\0' ? NULL : args->letters;
    if (gs_flags[args->flag].value != NULL || rest == NULL) {
        args->letters = NULL;
    }
    return take_value(args, written, gs_flags[args->flag].value == NULL ? NULL : rest);
}

static bool add_operand(struct gs_args *args, const char *arg)
{
    const size_t most = args->command->max_operands;

    if (args->n_operands < most) {
        args->operands[args->n_operands++] = arg;
        return true;
    }
    return most == 0 ? gs_args_wrong(args, "%s: it takes options only", arg)
                     : gs_args_wrong(args, "%s: more than %zu %s%s", arg, most,
                                     args->command->operand, most > 1 ? "s" : "");
}

static void check_needed(struct gs_args *args)
{
    for (size_t i = 0; i < args->command->n_uses && !args->ends; i++) {
        const struct gs_flag_use *use = &args->command->uses[i];
        if ((use->is & GS_FLAG_NEEDED) != 0 && !args->seen[use->flag]) {
            (void)gs_args_wrong(args, "--%s %s is missing", gs_flags[use->flag].name,
                                gs_flags[use->flag].value);
        }
    }
}

/* One argument, or one letter of a bundle. True: args->flag is set. */
static bool read_one(struct gs_args *args)
{
    if (args->letters != NULL) {
        return read_letter(args);
    }
    const char *arg = args->argv[args->at++];
    if (args->only_operands || arg[0] != '-' || arg[1] == '\0') {
        (void)add_operand(args, arg);
        return false;
    }
    if (strcmp(arg, "--") == 0) {
        args->only_operands = true;
        return false;
    }
    if (arg[1] == '-') {
        return read_long(args, arg);
    }
    args->letters = arg + 1;
    return read_letter(args);
}

bool gs_args_next(struct gs_args *args)
{
    while (!args->ends && (args->letters != NULL || args->at < args->argc)) {
        if (read_one(args) && !take_common(args)) {
            return true;
        }
    }
    if (!args->ends) {
        check_needed(args);
    }
    if (!args->ends) {
        gs_log_configure(args->quiet ? GS_LOG_ERROR : GS_LOG_INFO, args->log_json);
    }
    return false;
}

/* ---- values ---- */

bool gs_args_count(struct gs_args *args, unsigned long long least, unsigned long long most,
                   unsigned long long *ret)
{
    char *end = NULL;

    errno = 0;
    const unsigned long long value = strtoull(args->value, &end, 10);
    if (args->value[0] < '0' || args->value[0] > '9' || *end != '\0' || errno != 0 ||
        value < least || value > most) {
        return gs_args_wrong(args, "--%s is a whole number from %llu to %llu, not %s",
                             gs_flags[args->flag].name, least, most, args->value);
    }
    *ret = value;
    return true;
}

bool gs_args_number(struct gs_args *args, double least, double most, double *ret)
{
    char *end = NULL;
    const double value = strtod(args->value, &end);

    if (end == args->value || *end != '\0' || !(value >= least && value <= most)) {
        return gs_args_wrong(args, "--%s is a number from %g to %g, not %s",
                             gs_flags[args->flag].name, least, most, args->value);
    }
    *ret = value;
    return true;
}

bool gs_args_choice(struct gs_args *args, const char *const *names, size_t n, size_t *ret)
{
    struct gs_buf all = {.max = 1024};

    assert(args->value != NULL); /* a flag of this kind has one */
    for (size_t i = 0; i < n; i++) {
        if (strcmp(args->value, names[i]) == 0) {
            *ret = i;
            return true;
        }
    }
    for (size_t i = 0; i < n; i++) {
        gs_buf_printf(&all, "%s%s", i == 0 ? "" : i + 1 == n ? " or " : ", ", names[i]);
    }
    gs_buf_putc(&all, '\0');
    (void)gs_args_wrong(args, "--%s is %s, not %s", gs_flags[args->flag].name,
                        gs_buf_ok(&all) ? all.bytes : "something else", args->value);
    gs_buf_done(&all);
    return false;
}

bool gs_args_set(struct gs_args *args, const char *setting, const char *value)
{
    if (args->n_sets == GS_ARGS_MAX_SETS) {
        return add_set(args, setting);
    }
    struct gs_buf *text = &args->texts[args->n_texts++];
    *text = (struct gs_buf){.max = 1 << 16};
    gs_buf_printf(text, "%s=%s", setting, value);
    gs_buf_putc(text, '\0');
    return gs_buf_ok(text) ? add_set(args, text->bytes)
                           : gs_args_wrong(args, "--%s: too long", gs_flags[args->flag].name);
}
