/* The table of alerts that the demo draws: columns as wide as their longest cell, Han characters
 * counted as two. */
#include "deploy/daemon/demo/alert_table.h"

#include "deploy/daemon/demo/width.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_ROWS = 64, BAR = 16, NAME = 14 };

static const char bold[] = "1", red[] = "31;1", green[] = "32", yellow[] = "33", dim[] = "2";

static void style(struct gs_buf *out, bool color, const char *code)
{
    if (color) {
        gs_buf_printf(out, "\033[%sm", code);
    }
}

static void plain(struct gs_buf *out, bool color)
{
    if (color) {
        gs_buf_puts(out, "\033[0m");
    }
}

/* A line of one style, cut to width. */
static void line(struct gs_buf *out, struct gs_str text, size_t width, bool color, const char *code)
{
    if (code != NULL) {
        style(out, color, code);
    }
    gs_demo_put(out, text, width, false);
    if (code != NULL) {
        plain(out, color);
    }
    gs_buf_putc(out, '\n');
}

/* Event time, UTC; with_day: "Sat 14:35". */
static void put_clock(struct gs_buf *out, int64_t ms, bool with_day)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    const time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    if (ms <= 0 || gmtime_r(&seconds, &tm) == NULL) {
        gs_buf_puts(out, "--:--");
        return;
    }
    gs_buf_printf(out, "%s%s%02d:%02d", with_day ? days[tm.tm_wday] : "", with_day ? " " : "",
                  tm.tm_hour, tm.tm_min);
}

/* 1234567 as 1,234,567. */
static void put_count(struct gs_buf *out, uint64_t n)
{
    uint64_t unit = 1;
    while (n / unit >= 1000) {
        unit *= 1000;
    }
    gs_buf_printf(out, "%u", (unsigned)(n / unit));
    while (unit > 1) {
        unit /= 1000;
        gs_buf_printf(out, ",%03u", (unsigned)(n / unit % 1000));
    }
}

/* Observed as a filled bar, expected as a mark in it. */
static void put_bar(struct gs_buf *out, double observed, double expected)
{
    const int filled = (int)(observed * BAR + 0.5);
    const int mark = (int)(expected * BAR + 0.5);
    for (int i = 0; i < BAR; i++) {
        gs_buf_puts(out, i == mark ? "\xE2\x94\x82" : i < filled ? "\xE2\x96\x88" : "\xC2\xB7");
    }
}

static const char *state_of(const struct gs_demo_row *row)
{
    return row->firing ? "  FIRING" : row->detectable ? "" : "  too few";
}

static struct gs_buf scratch_buf(char *bytes, size_t size)
{
    return (struct gs_buf){.bytes = bytes, .capacity = size, .max = size};
}

/* A number right-aligned in its column. */
static void put_right(struct gs_buf *out, uint64_t n, size_t columns)
{
    char scratch[32];
    struct gs_buf number = scratch_buf(scratch, sizeof scratch);
    put_count(&number, n);
    for (size_t used = number.len; used < columns; used++) {
        gs_buf_putc(out, ' ');
    }
    gs_buf_put(out, gs_buf_str(&number));
}

static void draw_row(const struct gs_demo_row *row, size_t width, bool color, struct gs_buf *out)
{
    char scratch[512];
    struct gs_buf text = scratch_buf(scratch, sizeof scratch);
    const char *colon = strchr(row->key, ':');

    gs_demo_put(&text, gs_str(colon == NULL ? row->key : colon + 1), NAME, true);
    put_right(&text, row->messages, 10);
    put_right(&text, (uint64_t)(row->n_hour + 0.5), 8);
    gs_buf_puts(&text, "  ");
    put_bar(&text, row->observed, row->expected);
    gs_buf_printf(&text, " %3.0f%% %4.0f%% %6.1f%s", 100 * row->observed, 100 * row->expected,
                  row->log10_evidence, state_of(row));
    if (row->firing) {
        style(out, color, red);
    }
    gs_demo_put(out, gs_buf_str(&text), width, false);
    if (row->firing) {
        plain(out, color);
    }
    gs_buf_putc(out, '\n');
}

static int by_weight(const void *a, const void *b)
{
    const struct gs_demo_row *x = a, *y = b;
    if (x->firing != y->firing) {
        return x->firing ? -1 : 1;
    }
    return x->messages < y->messages ? 1 : x->messages > y->messages ? -1 : strcmp(x->key, y->key);
}

static int by_name(const void *a, const void *b)
{
    const struct gs_demo_row *x = a, *y = b;
    return strcmp(x->key, y->key);
}

size_t gs_demo_draw_rows(const struct gs_demo_row *rows, size_t n, size_t width, size_t max_rows,
                         bool color, struct gs_buf *out)
{
    struct gs_demo_row chosen[MAX_ROWS];
    if (n > MAX_ROWS) {
        n = MAX_ROWS;
    }
    if (n > 0) {
        memcpy(chosen, rows, n * sizeof *rows);
        qsort(chosen, n, sizeof *chosen, by_weight);
    }
    n = n < max_rows ? n : max_rows;
    if (n > 0) {
        qsort(chosen, n, sizeof *chosen, by_name);
    }
    line(out, gs_str("topic            messages  1 hour  negative          now  exp. evid."), width,
         color, bold);
    for (size_t i = 0; i < n; i++) {
        draw_row(&chosen[i], width, color, out);
    }
    return n + 1;
}

/* "Pellamere Foods (entity:PELLAMERE.DEMO)", or the key alone. */
static void put_name(struct gs_buf *out, const char *name, const char *key)
{
    if (name[0] != '\0') {
        gs_buf_printf(out, "%s (%s)", name, key);
    } else {
        gs_buf_puts(out, key);
    }
}

static const char *word_of(const struct gs_demo_alert *alert)
{
    if (alert->state == GS_ALERT_RESOLVED) {
        return gs_alert_state_name(alert->state);
    }
    switch (alert->severity) {
    case GS_SEVERITY_CRITICAL:
        return "CRITICAL";
    case GS_SEVERITY_WARNING:
        return "WARNING";
    case GS_SEVERITY_INFO:
    case GS_N_SEVERITIES:
        break;
    }
    return "INFO";
}

size_t gs_demo_draw_alert(const struct gs_demo_alert *alert, size_t width, size_t max_evidence,
                          bool color, struct gs_buf *out)
{
    char scratch[512];
    struct gs_buf text = scratch_buf(scratch, sizeof scratch);
    const bool over = alert->state == GS_ALERT_RESOLVED;
    size_t lines = 1;

    put_clock(&text, over ? alert->ends_at_ms : alert->fired_at_ms, false);
    gs_buf_putc(&text, ' ');
    gs_buf_printf(&text, "%-8s ", word_of(alert));
    put_name(&text, alert->name, alert->key);
    if (!alert->event) {
        gs_buf_printf(&text, ": %.0f%% negative, %.0f%% expected, evidence %.1f,",
                      100 * alert->observed, 100 * alert->expected, alert->log10_evidence);
    }
    gs_buf_printf(&text, "%s %u stories from %u sources", alert->event ? ": risk event," : "",
                  alert->stories, alert->publishers);
    style(out, color, over ? green : red);
    gs_demo_put(out, gs_buf_str(&text), width, false);
    plain(out, color);
    gs_buf_putc(out, '\n');
    for (size_t i = 0; i < alert->n_evidence && i < max_evidence; i++, lines++) {
        gs_buf_reset(&text);
        gs_buf_printf(&text, "        %s: %s", alert->evidence[i].source, alert->evidence[i].text);
        line(out, gs_buf_str(&text), width, color, dim);
    }
    return lines;
}

static void draw_head(const struct gs_demo_screen *screen, size_t width, struct gs_buf *out)
{
    char scratch[512];
    struct gs_buf text = scratch_buf(scratch, sizeof scratch);

    gs_buf_puts(&text, "Groundswell demo  ");
    put_clock(&text, screen->clock_ms, true);
    gs_buf_printf(&text, "  %s", screen->phase);
    line(out, gs_buf_str(&text), width, screen->color, bold);

    gs_buf_reset(&text);
    put_count(&text, screen->consumed);
    gs_buf_puts(&text, " of ");
    put_count(&text, screen->total);
    gs_buf_puts(&text, " messages, ");
    put_count(&text, (uint64_t)screen->per_second);
    gs_buf_puts(&text, " a second");
    line(out, gs_buf_str(&text), width, screen->color, NULL);

    gs_buf_reset(&text);
    if (screen->port > 0) {
        gs_buf_printf(&text, "http://127.0.0.1:%d/  http://127.0.0.1:%d/metrics", screen->port,
                      screen->port);
    }
    line(out, gs_buf_str(&text), width, screen->color, dim);
    gs_buf_putc(out, '\n');
}

void gs_demo_draw_status(const struct gs_demo_screen *screen, struct gs_buf *out)
{
    size_t firing = 0;
    for (size_t i = 0; i < screen->n_rows; i++) {
        firing += screen->rows[i].firing;
    }
    put_clock(out, screen->clock_ms, true);
    gs_buf_printf(out, "  %s: ", screen->phase);
    put_count(out, screen->consumed);
    gs_buf_puts(out, " of ");
    put_count(out, screen->total);
    gs_buf_printf(out, " messages, %zu topics, %zu firing, %zu alerts so far\n", screen->n_rows,
                  firing, gs_demo_alerts_fired(screen->alerts));
}

/* The latest first, each with as much evidence as there is room for. */
static void draw_alerts(const struct gs_demo_screen *screen, size_t width, size_t height,
                        struct gs_buf *out)
{
    struct gs_demo_alert alert;
    size_t n = 0, left = height;
    while (gs_demo_alerts_get(screen->alerts, n, &alert)) {
        n++;
    }
    if (left == 0) {
        return;
    }
    char head[64];
    snprintf(head, sizeof head, "alerts: %zu so far", gs_demo_alerts_fired(screen->alerts));
    line(out, gs_str(head), width, screen->color, bold);
    left--;
    for (; n > 0 && left > 0 && gs_demo_alerts_get(screen->alerts, n - 1, &alert); n--) {
        const size_t evidence = left > 12 ? 3 : left > 1 ? 1 : 0;
        left -= gs_demo_draw_alert(&alert, width, evidence, screen->color, out);
    }
}

void gs_demo_draw(const struct gs_demo_screen *screen, size_t width, size_t height,
                  struct gs_buf *out)
{
    enum { HEAD = 4, HEADINGS = 1, GAP = 1, LEAST_ALERTS = 2 };
    if (height < HEAD + HEADINGS + GAP + LEAST_ALERTS) {
        return;
    }
    const size_t room = height - HEAD - HEADINGS - GAP; /* rows and alerts */
    const size_t for_alerts = room * 2 / 5 > LEAST_ALERTS ? room * 2 / 5 : LEAST_ALERTS;
    draw_head(screen, width, out);
    const size_t used = gs_demo_draw_rows(screen->rows, screen->n_rows, width, room - for_alerts,
                                          screen->color, out);
    gs_buf_putc(out, '\n');
    draw_alerts(screen, width, room + HEADINGS - used, out);
}

static void draw_verdict(const struct gs_demo_verdict *verdict, bool color, struct gs_buf *out)
{
    style(out, color, verdict->passed ? green : red);
    gs_buf_puts(out, verdict->passed ? "  ok    " : "  FAILED");
    plain(out, color);
    gs_buf_printf(out, " %s:", verdict->event.what);
    if (verdict->key[0] == '\0') {
        gs_buf_puts(out,
                    verdict->event.must_alert ? " no alert\n" : " no alert, as it should be\n");
        return;
    }
    gs_buf_puts(out, "\n         ");
    put_name(out, verdict->name, verdict->key);
    gs_buf_printf(out, " %s %d min after it began,\n",
                  verdict->event.must_alert ? "fired" : "fired, which it should not,",
                  (int)(verdict->delay_ms / 60000));
    gs_buf_printf(out,
                  "         %.0f%% negative, %.0f%% expected, evidence %.1f (%zu alert%s in all)\n",
                  100 * verdict->observed, 100 * verdict->expected, verdict->log10_evidence,
                  verdict->n_alerts, verdict->n_alerts == 1 ? "" : "s");
}

void gs_demo_draw_verdicts(const struct gs_demo_verdict *verdicts, size_t n,
                           struct gs_demo_alerts *alerts, bool color, struct gs_buf *out)
{
    struct gs_demo_alert alert;
    size_t others = 0;
    for (size_t i = 0; i < n; i++) {
        draw_verdict(&verdicts[i], color, out);
    }
    for (size_t i = 0; gs_demo_alerts_get(alerts, i, &alert); i++) {
        if (alert.plant == GS_DEMO_ORDINARY) {
            style(out, color, yellow);
            gs_buf_puts(out, others++ == 0 ? "  alerts that nothing planted explains:\n" : "");
            plain(out, color);
            gs_buf_puts(out, "    ");
            gs_demo_draw_alert(&alert, 160, 1, color, out);
        }
    }
    if (others == 0) {
        gs_buf_puts(out, "  nothing else fired\n");
    }
}
