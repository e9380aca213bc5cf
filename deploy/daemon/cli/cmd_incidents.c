/* groundswell incidents: what the journal says, read from its beginning. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/json_member.h"
#include "deploy/daemon/config/config.h"
#include "deploy/daemon/journal/answers.h"
#include "deploy/daemon/journal/journal.h"
#include "ingest/base/clock.h"

#include <math.h>
#include <stdio.h>

enum action { LS, SHOW, PRECISION, VERIFY, N_ACTIONS };
static const char *const actions[N_ACTIONS] = {"ls", "show", "precision", "verify"};

struct reading {
    const char *path, *target; /* target: of show */
    struct gs_answers *answers;
    struct gs_buf line;
    size_t n_lines, n_shown, n_wrong, n_refused;
    bool verify;
};

static void print_line(struct reading *reading)
{
    gs_buf_putc(&reading->line, '\n');
    if (gs_buf_ok(&reading->line)) {
        (void)fwrite(reading->line.bytes, 1, reading->line.len, stdout);
    }
    gs_buf_reset(&reading->line);
}

/* ---- reading ---- */

static void on_line(void *arg, size_t number, const struct gs_journal_line *line)
{
    struct reading *reading = arg;

    reading->n_lines = number;
    reading->n_refused += !gs_answers_apply(reading->answers, line);
    if (reading->target != NULL && strcmp(reading->target, line->target) == 0) {
        gs_journal_line_encode(line, &reading->line);
        print_line(reading);
        reading->n_shown++;
    }
}

static void on_broken(void *arg, size_t number, const char *why)
{
    struct reading *reading = arg;

    reading->n_lines = number;
    reading->n_wrong++;
    if (reading->verify) {
        gs_command_say("incidents", "%s:%zu: cannot be read: %s", reading->path, number, why);
    }
}

static void on_unchained(void *arg, size_t number)
{
    struct reading *reading = arg;

    reading->n_wrong++;
    if (reading->verify) {
        gs_command_say("incidents",
                       "%s:%zu: does not follow the line before it: one was changed, taken out or "
                       "put in there",
                       reading->path, number);
    }
}

static void on_anew(void *arg, const char *why)
{
    struct reading *reading = arg;

    gs_command_say("incidents", "%s: %s while it was read", reading->path, why);
    gs_answers_clear(reading->answers);
}

/* ---- saying ---- */

static void put_told(const struct gs_answered *answered, struct gs_buf *out)
{
    gs_member_text(out, "title", gs_str(answered->title));
    gs_member_text(out, "severity", gs_str(gs_severity_name((enum gs_severity)answered->severity)));
    gs_member_time(out, "opened_at", answered->opened_at_ms);
    gs_member_time(out, "noticed_at", answered->noticed_at_ms);
    gs_member_text(out, "notice",
                   gs_str(gs_incident_notice_name((enum gs_incident_notice)answered->notice)));
    gs_buf_printf(out, ",\"notices\":%u,\"told\":%u", answered->n_notices, answered->n_told);
}

static void put_answers(const struct gs_answered *answered, struct gs_buf *out)
{
    const int64_t now_ms = gs_clock_wall_ms();
    const bool over = answered->muted_until_ms >= 0 && now_ms >= answered->muted_until_ms;

    gs_buf_puts(out, ",\"acknowledged\":");
    if (answered->acknowledged) {
        gs_buf_putc(out, '{');
        gs_member_text(out, "by", gs_str(answered->acknowledged_by));
        gs_member_time(out, "at", answered->acknowledged_at_ms);
        gs_buf_putc(out, '}');
    } else {
        gs_buf_puts(out, "null");
    }
    gs_member_text(out, "verdict",
                   gs_str(gs_incident_verdict_name((enum gs_incident_verdict)answered->verdict)));
    gs_buf_puts(out, ",\"muted\":");
    if (answered->muted && !over && answered->muted_at_ms > answered->broke_at_ms) {
        gs_buf_putc(out, '{');
        gs_member_text(out, "by", gs_str(answered->muted_by));
        gs_member_text(out, "why", gs_str(answered->muted_why));
        gs_member_time(out, "until", answered->muted_until_ms);
        gs_buf_putc(out, '}');
    } else {
        gs_buf_puts(out, "null");
    }
}

static void list_one(void *arg, const struct gs_answered *answered)
{
    struct reading *reading = arg;

    gs_buf_putc(&reading->line, '{');
    gs_member_text(&reading->line, "target", gs_str(answered->target));
    if (answered->n_notices > 0) {
        put_told(answered, &reading->line);
    }
    put_answers(answered, &reading->line);
    gs_buf_putc(&reading->line, '}');
    print_line(reading);
}

/* On stdout as JSON, or on stderr for a person. */
static void tell_precision(struct reading *reading, bool json)
{
    struct gs_verdict_row rows[GS_VERDICT_ROWS];
    const size_t n = gs_answers_verdicts(reading->answers, rows);

    for (size_t i = 0; i < n; i++) {
        const char *const severity = gs_severity_name((enum gs_severity)rows[i].severity);
        const double precision = gs_verdict_precision(&rows[i]);
        if (json) {
            gs_buf_putc(&reading->line, '{');
            gs_member_text(&reading->line, "rule", gs_str(rows[i].rule));
            gs_member_text(&reading->line, "severity", gs_str(severity));
            gs_buf_printf(&reading->line,
                          ",\"right\":%u,\"debatable\":%u,\"wrong\":%u,\"open\":%u,\"precision\":",
                          rows[i].n[GS_VERDICT_RIGHT], rows[i].n[GS_VERDICT_DEBATABLE],
                          rows[i].n[GS_VERDICT_WRONG], rows[i].n[GS_VERDICT_NONE]);
            gs_buf_json_number(&reading->line, precision);
            gs_buf_putc(&reading->line, '}');
            print_line(reading);
        } else if (!isnan(precision)) {
            gs_command_say("incidents", "%s %s: %u right, %u debatable, %u wrong: precision %.2f",
                           rows[i].rule, severity, rows[i].n[GS_VERDICT_RIGHT],
                           rows[i].n[GS_VERDICT_DEBATABLE], rows[i].n[GS_VERDICT_WRONG], precision);
        }
    }
}

static int tell(struct reading *reading, enum action action, const struct gs_journal *journal,
                bool quiet)
{
    if (action == LS) {
        gs_answers_each(reading->answers, list_one, reading);
        if (!quiet) {
            tell_precision(reading, false);
        }
    } else if (action == PRECISION) {
        tell_precision(reading, true);
    } else if (action == VERIFY) {
        if (gs_journal_tail(journal) > 0) {
            gs_command_say("incidents", "%s: its last line has no end", reading->path);
            reading->n_wrong++;
        }
        gs_buf_printf(&reading->line, "{\"lines\":%zu,\"wrong\":%zu,\"head\":\"%s\"}",
                      reading->n_lines, reading->n_wrong, gs_journal_head(journal));
        print_line(reading);
        return reading->n_wrong > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
    } else if (reading->n_shown == 0) {
        gs_command_say("incidents", "%s: nothing is known of %s", reading->path, reading->target);
        return GS_EXIT_FINDINGS;
    }
    if (reading->n_wrong > 0) {
        gs_command_say("incidents",
                       "%s: %zu things are wrong with it (groundswell incidents verify)",
                       reading->path, reading->n_wrong);
    }
    if (reading->n_refused > 0) {
        gs_command_say("incidents", "%s: %zu lines are of more targets than %d and are left out",
                       reading->path, reading->n_refused, GS_ANSWERS_MAX);
    }
    return GS_EXIT_OK;
}

static int read_journal(const struct gs_config *config, enum action action, const char *target,
                        bool quiet)
{
    struct reading reading = {.path = config->desk.journal,
                              .target = action == SHOW ? target : NULL,
                              .line = {.max = GS_JOURNAL_LINE_BYTES},
                              .verify = action == VERIFY};
    const struct gs_journal_reader reader = {.arg = &reading,
                                             .line = on_line,
                                             .broken = on_broken,
                                             .unchained = on_unchained,
                                             .anew = on_anew};
    struct gs_journal *journal = NULL;
    struct gs_error err = {0};
    enum gs_status status =
        reading.path == NULL
            ? gs_fail(&err, GS_BAD_CONFIG, "incidents.journal is not set: there is nothing to read")
            : gs_answers_new(&reading.answers, &err);

    if (status == GS_OK) {
        status = gs_journal_new(reading.path, &reader, &journal, &err);
    }
    if (status == GS_OK) {
        status = gs_journal_follow(journal, &err);
    }
    const int code = status == GS_OK ? tell(&reading, action, journal, quiet)
                                     : gs_command_failed("incidents", &err);
    gs_journal_free(journal);
    gs_answers_free(reading.answers);
    gs_buf_done(&reading.line);
    return code;
}

int gs_cmd_incidents(int argc, char **argv)
{
    struct gs_args args;
    struct gs_config *config = NULL;
    size_t action = 0;

    gs_args_init(&args, GS_CMD_INCIDENTS, argc, argv);
    while (gs_args_next(&args)) {
    }
    while (!args.ends && args.n_operands > 0 && action < N_ACTIONS &&
           strcmp(args.operands[0], actions[action]) != 0) {
        action++;
    }
    if (!args.ends && (args.n_operands == 0 || action == N_ACTIONS)) {
        (void)gs_args_wrong(&args, "it takes ls, show, precision or verify");
    } else if (!args.ends && (action == SHOW) != (args.n_operands == 2)) {
        (void)gs_args_wrong(&args, action == SHOW ? "show ID" : "only show takes an ID");
    }
    int code = args.ends ? args.code : gs_command_configure(&args, &config);
    if (config != NULL) {
        code = read_journal(config, (enum action)action, args.operands[1], args.quiet);
    }
    gs_config_free(config);
    gs_args_done(&args);
    return code;
}
