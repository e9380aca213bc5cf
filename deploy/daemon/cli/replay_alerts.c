/* Rows of a replay's alerts. A year of a busy stream has thousands, not millions: what is past the
 * bound is counted alone. */
#include "deploy/daemon/cli/replay_alerts.h"

#include "ingest/base/buf.h"
#include "ingest/base/escape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROWS = 100000, DAY_MS = 86400000 };

static void copy_text(char *ret, size_t size, struct gs_str text)
{
    (void)snprintf(ret, size, "%.*s", GS_STR_ARGS(text));
}

static void change(struct gs_replay_alerts *alerts, const struct gs_alert *alert)
{
    for (size_t i = alerts->n; i > 0; i--) {
        struct gs_replay_alert *row = &alerts->rows[i - 1];
        if (strcmp(row->id, alert->id) == 0) {
            row->severity = alert->severity > row->severity ? alert->severity : row->severity;
            row->ends_at_ms = alert->ends_at_ms;
            return;
        }
    }
}

void gs_replay_alerts_take(void *arg, const struct gs_alert *alert)
{
    struct gs_replay_alerts *alerts = arg;
    struct gs_replay_alert row = {.rule = alert->rule,
                                  .severity = alert->severity,
                                  .starts_at_ms = alert->starts_at_ms,
                                  .fired_at_ms = alert->fired_at_ms,
                                  .ends_at_ms = -1,
                                  .event = alert->event,
                                  .observed = alert->observed,
                                  .expected = alert->expected,
                                  .n = alert->n,
                                  .log10_evidence = alert->log10_evidence,
                                  .log10_threshold = alert->log10_threshold,
                                  .detectable_rise = alert->detectable_rise,
                                  .window_s = alert->window_s,
                                  .stories = alert->stories,
                                  .publishers = alert->publishers};

    if (alert->state != GS_ALERT_FIRING) {
        change(alerts, alert);
        return;
    }
    memcpy(row.id, alert->id, sizeof row.id);
    copy_text(row.key, sizeof row.key, alert->key);
    copy_text(row.name, sizeof row.name, alert->name);
    struct gs_replay_alert *bigger =
        alerts->n < MAX_ROWS ? realloc(alerts->rows, (alerts->n + 1) * sizeof row) : NULL;
    if (bigger == NULL) {
        alerts->n_more++;
        return;
    }
    alerts->rows = bigger;
    alerts->rows[alerts->n++] = row;
}

void gs_replay_alerts_done(struct gs_replay_alerts *alerts)
{
    free(alerts->rows);
}

void gs_replay_time(char ret[17], int64_t ms)
{
    struct gs_buf time = {.max = 64};

    (void)snprintf(ret, 17, "-");
    if (ms >= 0 && gs_buf_time(&time, ms) && gs_buf_ok(&time)) {
        (void)snprintf(ret, 17, "%.10s %.5s", time.bytes, time.bytes + 11);
    }
    gs_buf_done(&time);
}

/* ---- the table ---- */

static bool are_alike(const struct gs_replay_alert *a, const struct gs_replay_alert *b)
{
    return a->severity == b->severity && strcmp(a->key, b->key) == 0;
}

static bool on_same_day(const struct gs_replay_alert *a, const struct gs_replay_alert *b)
{
    return a->fired_at_ms / DAY_MS == b->fired_at_ms / DAY_MS;
}

/* Takes the rows of one day, key and severity as one; returns how many alerts they are, 0 for one
 * that was counted with an earlier row. */
static unsigned count_like(const struct gs_replay_alerts *alerts, size_t at)
{
    const struct gs_replay_alert *row = &alerts->rows[at];
    unsigned n = 1;

    for (size_t i = at; i > 0 && on_same_day(&alerts->rows[i - 1], row); i--) {
        if (are_alike(&alerts->rows[i - 1], row)) {
            return 0;
        }
    }
    for (size_t i = at + 1; i < alerts->n && on_same_day(&alerts->rows[i], row); i++) {
        n += are_alike(&alerts->rows[i], row);
    }
    return n;
}

void gs_replay_alerts_print(const struct gs_replay_alerts *alerts, FILE *out)
{
    gs_print_line(out, "%-10s  %-9s %6s  %4s  %s", "day", "severity", "alerts", "rise", "key");
    for (size_t i = 0; i < alerts->n; i++) {
        const struct gs_replay_alert *row = &alerts->rows[i];
        const unsigned n = count_like(alerts, i);
        char rise[8] = "-"; /* no rise of this key would be found within three hours */
        char day[17];
        if (isfinite(row->detectable_rise)) {
            (void)snprintf(rise, sizeof rise, "%.1f", row->detectable_rise);
        }
        gs_replay_time(day, row->fired_at_ms);
        if (n > 0) {
            gs_print_line(out, "%.10s  %-9s %6u  %4s  %s%s%s", day, gs_severity_name(row->severity),
                          n, rise, row->key, row->name[0] != '\0' ? "  " : "", row->name);
        }
    }
    if (alerts->n_more > 0) {
        (void)fprintf(out, "and %zu more\n", alerts->n_more);
    }
}

/* ---- the nearest miss ---- */

void gs_replay_nearest_take(void *arg, const struct gs_near_miss *near)
{
    struct gs_replay_nearest *nearest = arg;

    nearest->there = true;
    nearest->miss = *near;
    copy_text(nearest->key, sizeof nearest->key, near->key);
    copy_text(nearest->name, sizeof nearest->name, near->name);
    nearest->miss.key = gs_str(nearest->key);
    nearest->miss.name = gs_str(nearest->name);
}

/* What the window had too little of; evidence alone is no alert (detector.md, Firing). */
static void write_lacks(const struct gs_near_miss *near, const struct gs_watch_options *options,
                        struct gs_buf *out)
{
    const double excess = near->observed - near->expected;
    const struct {
        bool lacks;
        const char *what;
    } gates[] = {
        {near->log10_evidence < near->log10_threshold, "evidence"},
        {near->publishers < options->min_publishers, "publishers"},
        {near->stories < options->min_stories, "stories"},
        {excess < options->min_excess_share, "excess share"},
        {excess * near->n < options->min_excess_count, "messages above what is usual"},
        {near->expected > options->max_expected_share, "room above what is usual"},
    };
    const char *before = "; too little: ";

    for (size_t i = 0; i < GS_COUNT(gates); i++) {
        if (gates[i].lacks) {
            gs_buf_puts(out, before);
            gs_buf_puts(out, gates[i].what);
            before = ", ";
        }
    }
}

void gs_replay_nearest_write(const struct gs_replay_nearest *nearest,
                             const struct gs_watch_options *options, struct gs_buf *out)
{
    const struct gs_near_miss *near = &nearest->miss;
    struct gs_buf time = {.max = 64};

    (void)gs_buf_time(&time, near->at_ms);
    gs_buf_printf(out,
                  "%s%s%s at %.*s: evidence 10^%.2f, 10^%.2f is needed; %.0f %% of %.0f messages "
                  "negative where %.0f %% are usual, %u publishers, %u stories",
                  nearest->key, nearest->name[0] != '\0' ? ", " : "", nearest->name,
                  GS_STR_ARGS(gs_buf_str(&time)), near->log10_evidence, near->log10_threshold,
                  100.0 * near->observed, near->n, 100.0 * near->expected, near->publishers,
                  near->stories);
    write_lacks(near, options, out);
    gs_buf_done(&time);
}
