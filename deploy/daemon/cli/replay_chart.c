/* Charts of a key in alert. Drawn small, 420 units wide, so that a phone shows them without making
 * the letters too small to read; a wide screen shows both side by side.
 *
 *     ┌ LEFT ┬───────── WIDE ─────────┐
 *     │ 50 % │ band, usual, observed  │ HIGH   alerts: a line where one fires, a shade while it is on
 *     │      ├────────────────────────┤
 *     │    n │ messages in the hour   │ LOW    (of the share alone)
 *     └──────┴ 18:00   15 Jan   06:00 ┘
 *
 * Lines break where nobody wrote for longer than `gap_ms`. */
#include "deploy/daemon/cli/replay_chart.h"

#include "classifier/eval/report_page.h"
#include "ingest/base/escape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    LEFT = 44,
    TOP = 16,
    WIDE = 366,
    HIGH = 146,
    SPACE = 8,
    LOW = 38,
    BELOW = 24,
    MOST_DRAWN = 400
};
static const int64_t gap_ms = 5400000;

struct frame {
    int64_t from_ms, to_ms;
    double least, most; /* of the y axis */
    double high;        /* of the plot */
};

static double x_of(const struct frame *frame, int64_t at_ms)
{
    const double span = (double)(frame->to_ms - frame->from_ms);
    const double part = (double)(at_ms - frame->from_ms) / (span > 0.0 ? span : 1.0);

    return LEFT + fmin(fmax(part, 0.0), 1.0) * WIDE;
}

static double y_of(const struct frame *frame, double value)
{
    const double part = (value - frame->least) / (frame->most - frame->least);

    return TOP + frame->high - fmin(fmax(part, 0.0), 1.0) * frame->high;
}

/* ---- axes ---- */

/* "06:00", or "15 Jan" where a day begins. */
static void write_tick(char ret[16], int64_t at_ms)
{
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t seconds = (time_t)(at_ms / 1000);
    struct tm tm = {0};

    (void)gmtime_r(&seconds, &tm);
    if (tm.tm_hour == 0 && tm.tm_min == 0) {
        (void)snprintf(ret, 16, "%d %s", tm.tm_mday, months[tm.tm_mon % 12]);
    } else {
        (void)snprintf(ret, 16, "%02d:%02d", tm.tm_hour, tm.tm_min);
    }
}

static void put_time_axis(struct gs_buf *out, const struct frame *frame, double bottom)
{
    static const int hours[] = {1, 2, 3, 6, 12, 24, 48, 96, 240, 720};
    size_t i = 0;
    char text[16];

    while (i + 1 < GS_COUNT(hours) &&
           (frame->to_ms - frame->from_ms) / (hours[i] * 3600000LL) > 6) {
        i++;
    }
    const int64_t step_ms = hours[i] * 3600000LL;
    for (int64_t at = (frame->from_ms / step_ms + 1) * step_ms; at <= frame->to_ms; at += step_ms) {
        const double x = x_of(frame, at);
        gs_buf_printf(out, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%.1f\"/>",
                      x, x, TOP, bottom);
        if (x > LEFT + 14 && x < LEFT + WIDE - 14) {
            write_tick(text, at);
            gs_page_svg_text(out, x, bottom + 16, "middle", text);
        }
    }
}

static void put_grid_line(struct gs_buf *out, const struct frame *frame, double value,
                          const char *text)
{
    const double y = y_of(frame, value);

    gs_buf_printf(out, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT,
                  LEFT + WIDE, y, y);
    gs_page_svg_text(out, LEFT - 5, y + 4, "end", text);
}

static void put_frame(struct gs_buf *out, double top, double high)
{
    gs_buf_printf(out, "<rect class=\"frame\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%.1f\"/>",
                  LEFT, top, WIDE, high);
}

/* ---- alerts ---- */

static void put_alerts(struct gs_buf *out, const struct frame *frame, const char *key,
                       const struct gs_replay_alerts *alerts)
{
    for (size_t i = 0; i < alerts->n; i++) {
        const struct gs_replay_alert *alert = &alerts->rows[i];
        const int64_t ends = alert->ends_at_ms < 0 ? frame->to_ms : alert->ends_at_ms;
        if (strcmp(alert->key, key) != 0 || alert->fired_at_ms > frame->to_ms ||
            ends < frame->from_ms) {
            continue;
        }
        const double x = x_of(frame, alert->fired_at_ms);
        char time[17];
        char text[40];
        gs_replay_time(time, alert->fired_at_ms);
        (void)snprintf(text, sizeof text, "alert %s", time + 11);
        gs_buf_printf(out, "<g class=\"%s\">", gs_severity_name(alert->severity));
        gs_buf_printf(out,
                      "<rect class=\"on\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%.1f\"/>"
                      "<line class=\"fired\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%.1f\"/>",
                      x, TOP, fmax(x_of(frame, ends) - x, 1.0), frame->high, x, x, TOP,
                      TOP + frame->high);
        gs_page_svg_text(out, x, TOP - 4, x > LEFT + WIDE - 60 ? "end" : "middle", text);
        gs_buf_puts(out, "</g>");
    }
}

/* ---- lines ---- */

typedef double value_fn(const struct gs_series_point *point);

static double observed_of(const struct gs_series_point *point)
{
    return (double)point->observed;
}

static double usual_of(const struct gs_series_point *point)
{
    return (double)point->expected;
}

static double evidence_of(const struct gs_series_point *point)
{
    return (double)point->log10_evidence;
}

static double needed_of(const struct gs_series_point *point)
{
    return (double)point->log10_threshold;
}

static double upper_of(const struct gs_series_point *point)
{
    return fmin((double)point->expected + 2.0 * (double)point->sd, 1.0);
}

static double lower_of(const struct gs_series_point *point)
{
    return fmax((double)point->expected - 2.0 * (double)point->sd, 0.0);
}

/* The end of the run of points from `from` on that has no gap. */
static size_t run_end(const struct gs_series *series, size_t from)
{
    size_t i = from + 1;

    while (i < series->n && series->points[i].at_ms - series->points[i - 1].at_ms <= gap_ms) {
        i++;
    }
    return i;
}

/* Not every point of a long run is worth a corner: the last of each step is drawn. */
static size_t step_of(const struct gs_series *series)
{
    return series->n / MOST_DRAWN + 1;
}

static void put_run(struct gs_buf *out, const struct frame *frame, const struct gs_series *series,
                    size_t from, size_t to, value_fn *value)
{
    for (size_t i = from; i < to; i++) {
        if ((i - from) % step_of(series) == 0 || i + 1 == to) {
            gs_buf_printf(out, "%.1f,%.1f ", x_of(frame, series->points[i].at_ms),
                          y_of(frame, value(&series->points[i])));
        }
    }
}

static void put_line(struct gs_buf *out, const struct frame *frame, const struct gs_series *series,
                     const char *class_name, value_fn *value)
{
    for (size_t from = 0; from < series->n;) {
        const size_t to = run_end(series, from);
        if (to - from == 1) {
            gs_buf_printf(out, "<circle class=\"%s\" r=\"1.2\" cx=\"%.1f\" cy=\"%.1f\"/>",
                          class_name, x_of(frame, series->points[from].at_ms),
                          y_of(frame, value(&series->points[from])));
        } else {
            gs_buf_printf(out, "<polyline class=\"%s\" points=\"", class_name);
            put_run(out, frame, series, from, to, value);
            gs_buf_puts(out, "\"/>");
        }
        from = to;
    }
}

static void put_band(struct gs_buf *out, const struct frame *frame, const struct gs_series *series)
{
    for (size_t from = 0; from < series->n;) {
        const size_t to = run_end(series, from);
        gs_buf_puts(out, "<polygon class=\"band\" points=\"");
        put_run(out, frame, series, from, to, upper_of);
        for (size_t i = to; i > from; i--) {
            if ((i - 1 - from) % step_of(series) == 0 || i == to) {
                gs_buf_printf(out, "%.1f,%.1f ", x_of(frame, series->points[i - 1].at_ms),
                              y_of(frame, lower_of(&series->points[i - 1])));
            }
        }
        gs_buf_puts(out, "\"/>");
        from = to;
    }
}

/* ---- the figures ---- */

struct legend {
    const char *class_name, *text;
    bool area;
};

static void put_legend(struct gs_buf *out, const struct legend *rows, size_t n)
{
    gs_buf_puts(out, "<ul class=\"legend\">");
    for (size_t i = 0; i < n; i++) {
        gs_buf_puts(out, "<li><svg viewBox=\"0 0 22 10\">");
        if (rows[i].area) {
            gs_buf_printf(out, "<rect class=\"%s\" width=\"22\" height=\"10\"/>",
                          rows[i].class_name);
        } else {
            gs_buf_printf(out, "<line class=\"%s\" x2=\"22\" y1=\"5\" y2=\"5\"/>",
                          rows[i].class_name);
        }
        gs_buf_printf(out, "</svg> %s</li>", rows[i].text);
    }
    gs_buf_puts(out, "</ul>");
}

#define ALERT                                                                                      \
    {                                                                                              \
        "on", "an alert is on", true                                                               \
    }

static void begin_figure(struct gs_buf *out, const struct gs_series *series, const char *what)
{
    const int high = TOP + HIGH + SPACE + LOW + BELOW;

    gs_buf_puts(out, "<figure><figcaption>");
    gs_buf_html(out, gs_str(what));
    gs_buf_printf(out, "</figcaption>\n<svg role=\"img\" viewBox=\"0 0 %d %d\"><title>",
                  LEFT + WIDE + 10, high);
    gs_buf_html(out, gs_str(what));
    gs_buf_puts(out, " of ");
    gs_buf_html(out, gs_str(series->key));
    gs_buf_puts(out, "</title>");
}

/* Messages, from 0 to the most there were. */
static void put_volume(struct gs_buf *out, const struct frame *frame,
                       const struct gs_series *series)
{
    const double bottom = TOP + HIGH + SPACE + LOW;
    double most = 1.0;
    char text[24];

    for (size_t i = 0; i < series->n; i++) {
        most = fmax(most, (double)series->points[i].n);
    }
    for (size_t from = 0; from < series->n;) {
        const size_t to = run_end(series, from);
        gs_buf_printf(out, "<polygon class=\"volume\" points=\"%.1f,%.1f ",
                      x_of(frame, series->points[from].at_ms) - 1.0, bottom);
        for (size_t i = from; i < to; i++) {
            if ((i - from) % step_of(series) == 0 || i + 1 == to) {
                gs_buf_printf(out, "%.1f,%.1f ", x_of(frame, series->points[i].at_ms),
                              bottom - LOW * (double)series->points[i].n / most);
            }
        }
        gs_buf_printf(out, "%.1f,%.1f\"/>", x_of(frame, series->points[to - 1].at_ms) + 1.0,
                      bottom);
        from = to;
    }
    put_frame(out, TOP + HIGH + SPACE, LOW);
    (void)snprintf(text, sizeof text, "%.0f", most);
    gs_page_svg_text(out, LEFT - 5, TOP + HIGH + SPACE + 10, "end", text);
    gs_page_svg_text(out, LEFT - 5, bottom + 1, "end", "0");
}

static void put_share(struct gs_buf *out, struct frame frame, const struct gs_series *series,
                      int hours, const struct gs_replay_alerts *alerts)
{
    static const struct legend rows[] = {{"observed", "negative share", false},
                                         {"usual", "usual for this key and hour", false},
                                         {"band", "where 19 of 20 ordinary values lie", true},
                                         ALERT,
                                         {"volume", "messages in that time", true}};
    double most = 0.0;
    char text[16];

    for (size_t i = 0; i < series->n; i++) {
        most = fmax(most, fmax(observed_of(&series->points[i]), upper_of(&series->points[i])));
    }
    frame.high = HIGH;
    frame.most = most > 0.8 ? 1.0 : most > 0.4 ? 0.8 : most > 0.2 ? 0.4 : 0.2;
    begin_figure(out, series,
                 hours == 1 ? "Negative share of the last hour, in %"
                            : "Negative share of the last three hours, in %");
    put_time_axis(out, &frame, TOP + HIGH + SPACE + LOW);
    for (int i = 0; i <= 4; i++) {
        (void)snprintf(text, sizeof text, "%.0f %%", 25.0 * i * frame.most);
        put_grid_line(out, &frame, i * frame.most / 4.0, text);
    }
    put_band(out, &frame, series);
    put_line(out, &frame, series, "usual", usual_of);
    put_alerts(out, &frame, series->key, alerts);
    put_line(out, &frame, series, "observed", observed_of);
    put_frame(out, TOP, HIGH);
    put_volume(out, &frame, series);
    gs_buf_puts(out, "</svg>\n");
    put_legend(out, rows, GS_COUNT(rows));
    gs_buf_puts(out, "</figure>\n");
}

static void put_evidence(struct gs_buf *out, struct frame frame, const struct gs_series *series,
                         const struct gs_replay_alerts *alerts)
{
    static const struct legend rows[] = {
        {"evidence", "evidence", false}, {"needed", "needed for an alert", false}, ALERT};
    double most = 0.5;
    char text[16];

    for (size_t i = 0; i < series->n; i++) {
        most = fmax(most, fmax(evidence_of(&series->points[i]), needed_of(&series->points[i])));
    }
    frame.high = HIGH + SPACE + LOW;
    frame.least = -0.5;
    frame.most = ceil(2.0 * most + 0.4) / 2.0;
    const double step = frame.most > 4.0 ? 2.0 : frame.most > 2.0 ? 1.0 : 0.5;
    begin_figure(out, series, "Evidence: how far beyond chance, as a power of ten");
    put_time_axis(out, &frame, TOP + frame.high);
    for (int i = step > 0.5 ? 0 : -1; i * step <= frame.most; i++) {
        const double value = i * step;
        (void)snprintf(text, sizeof text, value > 0.0 ? "%+.1f" : "%.1f", value);
        put_grid_line(out, &frame, value, text);
    }
    put_alerts(out, &frame, series->key, alerts);
    put_line(out, &frame, series, "needed", needed_of);
    put_line(out, &frame, series, "evidence", evidence_of);
    put_frame(out, TOP, frame.high);
    gs_buf_puts(out, "</svg>\n");
    put_legend(out, rows, GS_COUNT(rows));
    gs_buf_puts(out, "</figure>\n");
}

void gs_replay_charts(struct gs_buf *out, const struct gs_series *series, int hours,
                      const struct gs_replay_alerts *alerts)
{
    struct gs_series longer;

    if (series->n == 0 || !gs_series_over_hours(series, hours, &longer)) {
        return;
    }
    const struct frame frame = {.from_ms = series->points[0].at_ms,
                                .to_ms = series->points[series->n - 1].at_ms};
    gs_buf_puts(out, "<div class=\"charts\">");
    put_share(out, frame, &longer, hours, alerts);
    put_evidence(out, frame, series, alerts);
    gs_buf_puts(out, "</div>\n");
    free(longer.points);
}
