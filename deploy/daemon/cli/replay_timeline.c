/* Places are in percent, so that letters keep their size on any screen. */
#include "deploy/daemon/cli/replay_timeline.h"

#include "ingest/base/escape.h"

enum { N_TICKS = 5 };

/* As much of a time as tells the ticks of a span apart. */
static struct gs_str tick_of(const char time[17], int64_t span_ms)
{
    const int64_t day_ms = 86400000;

    if (span_ms < 5 * day_ms) {
        return (struct gs_str){time + 5, 11};
    }
    return span_ms < 200 * day_ms ? (struct gs_str){time + 5, 5} : (struct gs_str){time, 7};
}

static double part_of(const struct gs_local_totals *totals, int64_t at_ms)
{
    const double span = (double)(totals->to_ms - totals->from_ms);
    const double part = span > 0.0 ? (double)(at_ms - totals->from_ms) / span : 0.0;

    return 100.0 * (part < 0.0 ? 0.0 : part > 1.0 ? 1.0 : part);
}

static void put_mark(const struct gs_local_totals *totals, const struct gs_replay_incident *row,
                     size_t number, struct gs_buf *out)
{
    const int y = 4 + 22 * (GS_SEVERITY_CRITICAL - row->severity);
    const double from = part_of(totals, row->opened_at_ms);
    const double to = row->ends_at_ms < 0 ? 100.0 : part_of(totals, row->ends_at_ms);
    char opened[17];

    gs_replay_time(opened, row->opened_at_ms);
    gs_buf_printf(out, "<a href=\"#i%zu\" class=\"%s\"><title>%s  ", number,
                  gs_severity_name((enum gs_severity)row->severity), opened);
    gs_buf_html(out, gs_str(row->title));
    gs_buf_printf(out,
                  "</title><rect class=\"mark\" x=\"%.2f%%\" y=\"%d\" width=\"%.2f%%\" "
                  "height=\"16\"/></a>",
                  from < 99.2 ? from : 99.2, y, to - from > 0.8 ? to - from : 0.8);
}

void gs_replay_timeline(struct gs_buf *out, const struct gs_replay_side *side)
{
    const struct gs_local_totals *totals = &side->totals;
    const struct gs_replay_incidents *incidents = &side->incidents;

    gs_buf_puts(out,
                "<svg class=\"timeline\" role=\"img\"><title>When there were incidents</title>");
    for (int i = 0; i < GS_N_SEVERITIES; i++) {
        const int y = 12 + 22 * i;
        gs_buf_printf(out, "<line class=\"lane\" x1=\"0\" x2=\"100%%\" y1=\"%d\" y2=\"%d\"/>", y,
                      y);
    }
    for (size_t i = 0; i < incidents->n; i++) {
        put_mark(totals, &incidents->rows[i], i + 1, out);
    }
    for (int i = 0; i < N_TICKS; i++) {
        const int64_t at = totals->from_ms + (totals->to_ms - totals->from_ms) / (N_TICKS - 1) * i;
        char time[17];
        gs_replay_time(time, at);
        gs_buf_printf(out, "<text x=\"%d%%\" y=\"86\" text-anchor=\"%s\">%.*s</text>",
                      100 / (N_TICKS - 1) * i,
                      i == 0             ? "start"
                      : i == N_TICKS - 1 ? "end"
                                         : "middle",
                      GS_STR_ARGS(tick_of(time, totals->to_ms - totals->from_ms)));
    }
    gs_buf_puts(out, "</svg>\n<ul class=\"marks\">");
    for (int i = GS_N_SEVERITIES - 1; i >= 0; i--) {
        const char *name = gs_severity_name((enum gs_severity)i);
        gs_buf_printf(out,
                      "<li class=\"%s\"><svg><rect class=\"mark\" width=\"12\" "
                      "height=\"12\"/></svg> %s</li>",
                      name, name);
    }
    gs_buf_puts(out,
                "</ul>\n<p class=\"quiet\">In the charts red is the negative share, grey what is "
                "ordinary for that key at that hour and volume. An alert fires when the evidence "
                "gets over what is needed and enough publishers and stories are behind it.</p>\n");
}
