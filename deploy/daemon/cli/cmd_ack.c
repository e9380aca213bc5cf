/* groundswell ack, unack, mute, unmute: what a person does about an incident, as one more line of
 * the journal. Whether the target is known is said, and decides the exit code, but a mute may well
 * come before what it mutes. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/journal/answers.h"
#include "deploy/daemon/journal/journal.h"
#include "ingest/base/clock.h"
#include "ingest/base/utf8.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

enum { WAIT_MS = 10000, LONGEST_DAYS = 3650 };

/* ---- flags ---- */

static void take_text(struct gs_args *args, const char *text, size_t size, char *ret)
{
    const size_t len = strlen(text);
    bool fine = len > 0 && len < size && gs_utf8_check(gs_str(text)) == len;

    for (size_t i = 0; i < len; i++) {
        fine = fine && (unsigned char)text[i] >= ' ' && text[i] != 0x7f;
    }
    if (!fine) {
        (void)gs_args_wrong(args,
                            "a text of 1 to %zu bytes of UTF-8 on one line is needed, not '%.80s'",
                            size - 1, text);
        return;
    }
    memcpy(ret, text, len + 1);
}

static void take_for(struct gs_args *args, struct gs_journal_line *line)
{
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    char *end = NULL;
    const long long n = strtoll(args->value, &end, 10);

    for (size_t i = 0; i < GS_COUNT(units) && end != args->value; i++) {
        if (end[0] == units[i].unit && end[1] == '\0' && n > 0 &&
            n <= LONGEST_DAYS * 86400000LL / units[i].ms) {
            line->until_ms = line->at_ms + n * units[i].ms;
            return;
        }
    }
    (void)gs_args_wrong(args, "--for %s: a whole number and a unit, such as 30m, 4h or 2d",
                        args->value);
}

static void take_until(struct gs_args *args, struct gs_journal_line *line)
{
    struct gs_error err = {0};

    if (gs_time_parse(gs_str(args->value), &line->until_ms, &err) != GS_OK) {
        (void)gs_args_wrong(args, "--until %s: %s", args->value, err.message);
    } else if (line->until_ms <= line->at_ms) {
        (void)gs_args_wrong(args, "--until %s: that is over", args->value);
    }
}

static void take_flag(struct gs_args *args, struct gs_journal_line *line)
{
    static const char *const verdicts[] = {"right", "debatable", "wrong"};
    size_t verdict = 0;

    switch (args->flag) {
    case GS_FLAG_VERDICT:
        if (gs_args_choice(args, verdicts, GS_COUNT(verdicts), &verdict)) {
            line->verdict = (uint8_t)(GS_VERDICT_RIGHT + verdict);
        }
        break;
    case GS_FLAG_WHO:
        take_text(args, args->value, sizeof line->who, line->who);
        break;
    case GS_FLAG_WHY:
        take_text(args, args->value, sizeof line->why, line->why);
        break;
    case GS_FLAG_UNTIL:
        take_until(args, line);
        break;
    default:
        take_for(args, line);
        break;
    }
}

static bool is_key(const char *target)
{
    static const char *const kinds[] = {"entity:", "topic:", "risk:", "source:", "topic_lang:"};

    for (size_t i = 0; i < GS_COUNT(kinds); i++) {
        if (strncmp(target, kinds[i], strlen(kinds[i])) == 0 && target[strlen(kinds[i])] != '\0') {
            return true;
        }
    }
    return false;
}

static void take_target(struct gs_args *args, struct gs_journal_line *line)
{
    const bool of_key = line->action == GS_JOURNAL_MUTE || line->action == GS_JOURNAL_UNMUTE;

    if (args->n_operands == 0) {
        (void)gs_args_wrong(args, "which one? %s", args->command->operand);
        return;
    }
    const char *target = args->operands[0];
    if (!gs_journal_is_incident(target) && !(of_key && is_key(target))) {
        (void)gs_args_wrong(
            args, "%.80s: an incident's id is 16 hexadecimal digits%s", target,
            of_key ? ", a key is entity:…, topic:…, risk:…, source:… or topic_lang:…" : "");
        return;
    }
    take_text(args, target, sizeof line->target, line->target);
    if (!args->ends && line->action == GS_JOURNAL_MUTE && line->until_ms < 0 &&
        !gs_journal_is_incident(target)) {
        (void)gs_args_wrong(args, "a key is muted --for a time or --until one");
    }
}

/* Who is logged in; a number where that has no name. */
static void name_user(struct gs_journal_line *line)
{
    struct passwd entry, *found = NULL;
    char room[4096];

    if (getpwuid_r(getuid(), &entry, room, sizeof room, &found) == 0 && found != NULL) {
        (void)snprintf(line->who, sizeof line->who, "%s", found->pw_name);
    } else {
        (void)snprintf(line->who, sizeof line->who, "uid %lu", (unsigned long)getuid());
    }
}

/* ---- the journal ---- */

static void apply(void *arg, size_t number, const struct gs_journal_line *line)
{
    (void)number;
    (void)gs_answers_apply(arg, line); /* one that has no room is not known, and is said to be */
}

static void pass_over(void *arg, size_t number, const char *why)
{
    (void)arg, (void)number, (void)why;
}

static void go_on(void *arg, size_t number)
{
    (void)arg, (void)number;
}

static void begin(void *arg, const char *why)
{
    (void)arg, (void)why;
}

/* Whether anything is known of the target; a key that is muted for the first time need not be. */
static bool is_known(const char *path, const struct gs_journal_line *line)
{
    struct gs_answers *answers = NULL;
    struct gs_journal *journal = NULL;
    struct gs_error err = {0};
    bool known = line->action == GS_JOURNAL_MUTE && !gs_journal_is_incident(line->target);

    if (known || gs_answers_new(&answers, &err) != GS_OK) {
        return known;
    }
    const struct gs_journal_reader reader = {
        .arg = answers, .line = apply, .broken = pass_over, .unchained = go_on, .anew = begin};
    if (gs_journal_new(path, &reader, &journal, &err) == GS_OK &&
        gs_journal_follow(journal, &err) == GS_OK) {
        known = gs_answers_find(answers, line->target) != NULL;
    }
    gs_journal_free(journal);
    gs_answers_free(answers);
    return known;
}

static int write_line(const char *command, const char *path, struct gs_journal_line *line)
{
    struct gs_buf text = {.max = GS_JOURNAL_LINE_BYTES};
    struct gs_error err = {0};

    if (path == NULL) {
        (void)gs_fail(&err, GS_BAD_CONFIG,
                      "incidents.journal is not set: there is nowhere to write it down");
        return gs_command_failed(command, &err);
    }
    const bool known = is_known(path, line);
    if (gs_journal_append(path, line, 1, WAIT_MS, &err) != GS_OK) {
        return gs_command_failed(command, &err);
    }
    gs_journal_line_encode(line, &text);
    gs_buf_putc(&text, '\n');
    if (gs_buf_ok(&text)) {
        (void)fwrite(text.bytes, 1, text.len, stdout);
    }
    gs_buf_done(&text);
    if (!known) {
        gs_command_say(command, "%s: %s knows nothing of it so far; written all the same",
                       line->target, path);
    }
    return known ? GS_EXIT_OK : GS_EXIT_FINDINGS;
}

static int answer(enum gs_command_id id, enum gs_journal_action action, int argc, char **argv)
{
    struct gs_journal_line line = {.action = action, .at_ms = gs_clock_wall_ms(), .until_ms = -1};
    struct gs_args args;
    struct gs_config *config = NULL;

    gs_args_init(&args, id, argc, argv);
    while (gs_args_next(&args)) {
        take_flag(&args, &line);
    }
    if (!args.ends) {
        take_target(&args, &line);
    }
    if (line.who[0] == '\0') {
        name_user(&line);
    }
    int code = args.ends ? args.code : gs_command_configure(&args, &config);
    if (config != NULL) {
        code = write_line(args.command->name, config->desk.journal, &line);
    }
    gs_config_free(config);
    gs_args_done(&args);
    return code;
}

int gs_cmd_ack(int argc, char **argv)
{
    return answer(GS_CMD_ACK, GS_JOURNAL_ACK, argc, argv);
}

int gs_cmd_unack(int argc, char **argv)
{
    return answer(GS_CMD_UNACK, GS_JOURNAL_UNACK, argc, argv);
}

int gs_cmd_mute(int argc, char **argv)
{
    return answer(GS_CMD_MUTE, GS_JOURNAL_MUTE, argc, argv);
}

int gs_cmd_unmute(int argc, char **argv)
{
    return answer(GS_CMD_UNMUTE, GS_JOURNAL_UNMUTE, argc, argv);
}
