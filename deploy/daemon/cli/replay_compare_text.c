/* A comparison as a page of text: what is different first, then the days, then what is on one side
 * alone. */
#include "deploy/daemon/cli/replay_compare.h"

#include "deploy/daemon/config/options.h"
#include "ingest/base/escape.h"

#include <inttypes.h>
#include <string.h>

static const char *const side_names[2] = {"before", "after"};

static void print_settings(const struct gs_replay_compared *compared, FILE *out)
{
    const struct gs_config *before = compared->sides[0].config;
    const struct gs_config *after = compared->sides[1].config;
    size_t n = 0;

    for (size_t i = 0; i < gs_n_options; i++) {
        const struct gs_option *option = &gs_options[i];
        if (gs_option_bearing(option) == GS_BEARS_ON_NOTHING ||
            gs_option_is_same(option, before, after)) {
            continue;
        }
        struct gs_buf values[2] = {{.max = 4096}, {.max = 4096}};
        gs_option_write(option, before, &values[0]);
        gs_option_write(option, after, &values[1]);
        gs_print_line(out, "%-32s  %-24.*s  %.*s", option->name,
                      GS_STR_ARGS(gs_buf_str(&values[0])), GS_STR_ARGS(gs_buf_str(&values[1])));
        gs_buf_done(&values[0]);
        gs_buf_done(&values[1]);
        n++;
    }
    if (n == 0) {
        gs_print_line(out, "no setting that bears on alerts is different");
    }
}

static void print_sums(const struct gs_replay_compared *compared, FILE *out)
{
    for (size_t i = 0; i < 2; i++) {
        const struct gs_replay_side *side = &compared->sides[i];
        const double days = gs_replay_days(&side->totals);
        const size_t alerts = side->alerts.n + side->alerts.n_more;
        gs_print_line(out,
                      "%-6s  %zu alerts (%.3g a day), %zu incidents, %u notices over %.1f days: %s",
                      side_names[i], alerts, days > 0.0 ? (double)alerts / days : 0.0,
                      side->incidents.n + side->incidents.n_more,
                      gs_replay_notices(&side->incidents), days, side->path);
    }
}

void gs_replay_severities_write(char ret[48], const uint32_t n[GS_N_SEVERITIES])
{
    const uint32_t all = n[0] + n[1] + n[2];

    (void)snprintf(ret, 48, all == 0 ? "0" : "%u (%u/%u/%u)", all, n[0], n[1], n[2]);
}

static void print_days(const struct gs_replay_compared *compared, FILE *out)
{
    if (compared->n_days == 0) {
        return;
    }
    (void)fputc('\n', out);
    gs_print_line(out, "%-10s  %-14s  %-10s  %-14s  %s", "day", "rule", "kind", "before (i/w/c)",
                  "after (i/w/c)");
    for (size_t i = 0; i < compared->n_days; i++) {
        const struct gs_replay_day *day = &compared->days[i];
        char time[17];
        char before[48];
        char after[48];
        gs_replay_time(time, day->day_ms);
        gs_replay_severities_write(before, day->n[0]);
        gs_replay_severities_write(after, day->n[1]);
        gs_print_line(out, "%.10s  %-14s  %-10s  %-14s  %s", time,
                      day->rule == NULL ? "incidents" : day->rule, day->kind, before, after);
    }
}

static void print_alert(const struct gs_replay_alert *row, FILE *out)
{
    char fired[17];
    char share[64] = "risk event";

    gs_replay_time(fired, row->fired_at_ms);
    if (!row->event) {
        (void)snprintf(share, sizeof share, "%.0f %% for %.0f %%, 10^%.2f of 10^%.2f",
                       100.0 * row->observed, 100.0 * row->expected, row->log10_evidence,
                       row->log10_threshold);
    }
    gs_print_line(out, "  %s  %-8s  %-34s  %s%s%s", fired, gs_severity_name(row->severity), share,
                  row->key, row->name[0] != '\0' ? "  " : "", row->name);
}

/* Alerts and incidents of one side without a counterpart. */
static void print_alone(const struct gs_replay_compared *compared, size_t i, FILE *out)
{
    const struct gs_replay_side *side = &compared->sides[i];
    size_t n = 0;

    for (size_t k = 0; k < side->alerts.n; k++) {
        if (compared->alerts[i][k] == GS_REPLAY_ALONE) {
            if (n++ == 0) {
                (void)fputc('\n', out);
                gs_print_line(out, "alerts only %s", side_names[i]);
            }
            print_alert(&side->alerts.rows[k], out);
        }
    }
    n = 0;
    for (size_t k = 0; k < side->incidents.n; k++) {
        const struct gs_replay_incident *row = &side->incidents.rows[k];
        char opened[17];
        if (compared->incidents[i][k] != GS_REPLAY_ALONE) {
            continue;
        }
        if (n++ == 0) {
            (void)fputc('\n', out);
            gs_print_line(out, "incidents only %s", side_names[i]);
        }
        gs_replay_time(opened, row->opened_at_ms);
        gs_print_line(out, "  %s  %-8s  %s", opened,
                      gs_severity_name((enum gs_severity)row->severity), row->title);
    }
}

static void print_changed(const struct gs_replay_compared *compared, FILE *out)
{
    const struct gs_replay_alerts *before = &compared->sides[0].alerts;
    size_t n = 0;
    size_t same = 0;

    for (size_t i = 0; i < before->n; i++) {
        const size_t j = compared->alerts[0][i];
        if (j == GS_REPLAY_ALONE) {
            continue;
        }
        const struct gs_replay_alert *a = &before->rows[i];
        const struct gs_replay_alert *b = &compared->sides[1].alerts.rows[j];
        const int64_t later_ms = b->fired_at_ms - a->fired_at_ms;
        if (a->severity == b->severity && later_ms == 0) {
            same++;
            continue;
        }
        if (n++ == 0) {
            (void)fputc('\n', out);
            gs_print_line(out, "alerts in both that are not alike");
        }
        char fired[17];
        gs_replay_time(fired, a->fired_at_ms);
        gs_print_line(out, "  %s  %-8s  %-8s  %+" PRId64 " min  %s%s%s", fired,
                      gs_severity_name(a->severity), gs_severity_name(b->severity),
                      later_ms / 60000, a->key, a->name[0] != '\0' ? "  " : "", a->name);
    }
    (void)fputc('\n', out);
    gs_print_line(out, "%zu alerts are the same in both", same);
}

void gs_replay_compared_print(const struct gs_replay_compared *compared, FILE *out)
{
    print_sums(compared, out);
    print_settings(compared, out);
    print_days(compared, out);
    print_alone(compared, 0, out);
    print_alone(compared, 1, out);
    print_changed(compared, out);
    for (size_t i = 0; i < 2; i++) {
        struct gs_buf line = {.max = 2048};
        if (compared->sides[i].nearest.there) {
            gs_replay_nearest_write(&compared->sides[i].nearest,
                                    &compared->sides[i].config->watch.options, &line);
        } else {
            gs_buf_puts(&line, "nothing came near");
        }
        gs_print_line(out, "nearest miss %s: %.*s", side_names[i], GS_STR_ARGS(gs_buf_str(&line)));
        gs_buf_done(&line);
    }
}
