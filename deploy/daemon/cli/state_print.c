/* A state as text for people and as lines of JSON (state_print.h). */
#include "deploy/daemon/cli/state_print.h"

#include "deploy/daemon/cli/json_member.h"
#include "ingest/base/buf.h"
#include "ingest/base/escape.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

struct text {
    char at[64];
};

/* "2026-01-05T08:00:00.000Z" or "none". */
static struct text time_text(int64_t ms)
{
    struct gs_buf buf = {.max = 64};
    struct text text = {"none"};

    if (ms != INT64_MIN && ms != -1 && gs_buf_time(&buf, ms)) {
        (void)snprintf(text.at, sizeof text.at, "%.*s", GS_STR_ARGS(gs_buf_str(&buf)));
    }
    gs_buf_done(&buf);
    return text;
}

static void print_line(struct gs_buf *line)
{
    gs_buf_puts(line, "}\n");
    if (gs_buf_ok(line)) {
        (void)fwrite(line->bytes, 1, line->len, stdout);
    }
    gs_buf_done(line);
}

/* "topic":…,"partition":…,"offset":…,"group":…,"event_time":… */
static void put_place(struct gs_buf *line, const struct gs_state_part *part)
{
    gs_member_text(line, "topic", gs_str(part->topic));
    gs_member_int(line, "partition", part->partition);
    gs_member_int(line, "offset", part->counted);
    gs_member_text(line, "group", part->counted < 0 ? (struct gs_str){0} : gs_str(part->group));
    gs_member_time(line, "event_time",
                   part->watch == NULL ? INT64_MIN : gs_watch_watermark(part->watch));
}

static void print_place(const char *in, const struct gs_state_part *part)
{
    const int64_t event_ms = part->watch == NULL ? INT64_MIN : gs_watch_watermark(part->watch);
    char counted[320] = "";

    if (part->counted >= 0) {
        (void)snprintf(counted, sizeof counted, "counted up to offset %" PRId64 " (group %s), ",
                       part->counted, part->group);
    }
    if (part->topic[0] == '\0') {
        gs_print_line(stdout, "%sfiles: event time %s", in, time_text(event_ms).at);
    } else {
        gs_print_line(stdout, "%s%s [%" PRId32 "]: %sevent time %s", in, part->topic,
                      part->partition, counted, time_text(event_ms).at);
    }
}

/* ---- a partition ---- */

static void print_json(const struct gs_state_part *part, const struct gs_watch_counts *counts)
{
    struct gs_buf line = {.max = 1 << 20};

    gs_buf_putc(&line, '{');
    put_place(&line, part);
    gs_member_time(&line, "written", part->written_ms);
    gs_buf_printf(&line,
                  ",\"keys\":%zu,\"firing\":%zu,\"records\":%zu,\"bytes\":%" PRIu64 ",\"of\":{",
                  counts->keys, counts->firing, part->n, part->bytes);
    for (size_t i = 0; i < part->n_sorts; i++) {
        gs_buf_puts(&line, i == 0 ? "" : ",");
        gs_buf_json_str(&line, gs_str(part->sorts[i].what));
        gs_buf_printf(&line, ":{\"records\":%zu,\"bytes\":%" PRIu64 "}", part->sorts[i].n,
                      part->sorts[i].bytes);
    }
    gs_buf_puts(&line, "},\"error\":");
    if (part->why.status == GS_OK) {
        gs_buf_puts(&line, "null");
    } else {
        gs_buf_json_str(&line, gs_str(part->why.message));
    }
    print_line(&line);
}

void gs_state_print_part(const struct gs_state_part *part, bool json)
{
    struct gs_watch_counts counts = {0};

    if (part->watch != NULL) {
        gs_watch_counts(part->watch, &counts);
    }
    if (json) {
        print_json(part, &counts);
        return;
    }
    print_place("", part);
    if (part->n == 0) {
        gs_print_line(stdout, "  nothing is kept");
        return;
    }
    if (part->why.status == GS_OK) {
        gs_print_line(stdout, "  %zu keys, %zu alerts on; written %s", counts.keys, counts.firing,
                      time_text(part->written_ms).at);
    } else {
        gs_print_line(stdout, "  it cannot be loaded: %s", part->why.message);
    }
    gs_print_line(stdout, "  %10s %12s", "records", "bytes");
    for (size_t i = 0; i < part->n_sorts; i++) {
        gs_print_line(stdout, "  %10zu %12" PRIu64 "  %s", part->sorts[i].n, part->sorts[i].bytes,
                      part->sorts[i].what);
    }
    gs_print_line(stdout, "  %10zu %12" PRIu64 "  all", part->n, part->bytes);
}

/* ---- a key ---- */

struct showing {
    struct gs_str key;
    struct gs_buf *line; /* NULL: as text */
    size_t n;
};

static void show_alert(void *arg, const struct gs_alert *alert)
{
    struct showing *showing = arg;

    if (!gs_str_equal(alert->key, showing->key)) {
        return;
    }
    if (showing->line == NULL) {
        gs_print_line(stdout, "an alert is on since %s (fired %s), id %s, %s",
                      time_text(alert->starts_at_ms).at, time_text(alert->fired_at_ms).at,
                      alert->id, gs_severity_name(alert->severity));
        gs_print_line(stdout, "  %s", alert->summary);
    } else {
        gs_alert_encode(alert, showing->line);
    }
    showing->n++;
}

static void show_bin(void *arg, const struct gs_bin_look *bin)
{
    struct showing *showing = arg;

    if (showing->line == NULL) {
        if (showing->n == 0) {
            gs_print_line(stdout, "  %-24s %9s %9s %6s %7s", "bin from", "messages", "negative",
                          "share", "reach");
        }
        char reach[16] = "";
        if (bin->reach > 0.0) {
            (void)snprintf(reach, sizeof reach, "%.0f", bin->reach);
        }
        gs_print_line(stdout, "  %-24s %9.1f %9.2f %6.2f %7s%s", time_text(bin->from_ms).at, bin->n,
                      bin->negative, bin->n > 0.0 ? bin->negative / bin->n : 0.0, reach,
                      bin->open ? "  open" : "");
    } else {
        gs_buf_puts(showing->line, showing->n == 0 ? "{" : ",{");
        gs_member_time(showing->line, "from", bin->from_ms);
        gs_member_number(showing->line, "n", bin->n);
        gs_member_number(showing->line, "negative", bin->negative);
        gs_member_number(showing->line, "reach", bin->reach > 0.0 ? bin->reach : (double)NAN);
        gs_buf_printf(showing->line, ",\"open\":%s}", bin->open ? "true" : "false");
    }
    showing->n++;
}

static void print_key_json(const struct gs_state_part *part, const struct gs_key_look *look)
{
    const struct gs_key_view *view = &look->view;
    struct gs_buf line = {.max = 1 << 20};
    struct showing alert = {view->key, &line, 0};
    struct showing bins = {view->key, &line, 0};

    gs_buf_putc(&line, '{');
    gs_member_text(&line, "key", view->key);
    gs_member_text(&line, "name", view->name);
    put_place(&line, part);
    gs_buf_printf(&line, ",\"risk_event\":%s,\"messages\":%" PRIu64, look->event ? "true" : "false",
                  view->n_total);
    gs_member_time(&line, "last_bin", look->seen_ms);
    gs_buf_printf(&line, ",\"learning\":%s", view->learning ? "true" : "false");
    gs_member_number(&line, "baseline_log_odds", look->baseline);
    gs_member_number(&line, "baseline_deviation", look->deviation);
    gs_member_number(&line, "n_hour", view->n_hour);
    gs_member_number(&line, "observed", view->observed);
    gs_member_number(&line, "expected", view->expected);
    gs_member_number(&line, "log10_evidence", view->log10_evidence);
    gs_member_number(&line, "log10_threshold", view->log10_threshold);
    gs_member_number(&line, "detectable_rise", view->detectable_rise);
    gs_buf_puts(&line, ",\"bins\":[");
    gs_watch_look_bins(part->watch, view->key, show_bin, &bins);
    gs_buf_puts(&line, "],\"alert\":");
    gs_watch_each_firing(part->watch, show_alert, &alert);
    gs_buf_puts(&line, alert.n == 0 ? "null" : "");
    print_line(&line);
}

static void print_share(const struct gs_key_look *look)
{
    const struct gs_key_view *view = &look->view;

    gs_print_line(stdout, "baseline: log odds %.2f, known to within %.2f%s", look->baseline,
                  look->deviation, view->learning ? "; learning, nothing is judged yet" : "");
    gs_print_line(stdout, "last hour: %.1f messages, share negative %.2f, %.2f expected",
                  view->n_hour, view->observed, view->expected);
    gs_print_line(stdout, "evidence: 10^%.2f, and 10^%.2f make an alert", view->log10_evidence,
                  view->log10_threshold);
}

bool gs_state_print_key(const struct gs_state_part *part, struct gs_str key, bool json)
{
    struct gs_key_look look;
    struct showing alert = {.key = key};
    struct showing bins = {.key = key};

    if (part->watch == NULL || !gs_watch_look(part->watch, key, &look)) {
        return false;
    }
    if (json) {
        print_key_json(part, &look);
        return true;
    }
    gs_print_line(stdout, "%.*s%s%.*s%s", GS_STR_ARGS(key), look.view.name.len > 0 ? " (" : "",
                  GS_STR_ARGS(look.view.name), look.view.name.len > 0 ? ")" : "");
    print_place("in ", part);
    gs_print_line(stdout, "%" PRIu64 " messages, the last in the bin from %s", look.view.n_total,
                  time_text(look.seen_ms).at);
    if (look.event) {
        gs_print_line(stdout, "a risk event: publishers are counted, no share is judged");
    } else {
        print_share(&look);
    }
    gs_watch_each_firing(part->watch, show_alert, &alert);
    if (alert.n == 0) {
        gs_print_line(stdout, "no alert is on");
    }
    gs_watch_look_bins(part->watch, key, show_bin, &bins);
    return true;
}
