/* A comparison as one line of JSON. */
#include "deploy/daemon/cli/replay_compare.h"

#include "deploy/daemon/cli/json_member.h"
#include "deploy/daemon/config/options.h"

#include <inttypes.h>
#include <math.h>

static const char *const side_names[2] = {"before", "after"};

static void put_nearest(const struct gs_replay_nearest *nearest, struct gs_buf *out)
{
    const struct gs_near_miss *near = &nearest->miss;

    if (!nearest->there) {
        gs_buf_puts(out, ",\"nearest\":null");
        return;
    }
    gs_buf_puts(out, ",\"nearest\":{\"key\":");
    gs_buf_json_str(out, gs_str(nearest->key));
    gs_member_time(out, "at", near->at_ms);
    gs_member_number(out, "log10_evidence", near->log10_evidence);
    gs_member_number(out, "log10_threshold", near->log10_threshold);
    gs_member_number(out, "observed", near->observed);
    gs_member_number(out, "expected", near->expected);
    gs_member_number(out, "n", near->n);
    gs_buf_printf(out, ",\"publishers\":%u,\"stories\":%u}", near->publishers, near->stories);
}

void gs_replay_side_json(const struct gs_replay_side *side, struct gs_buf *out)
{
    const struct gs_local_totals *totals = &side->totals;

    gs_buf_puts(out, "{\"config\":");
    gs_buf_json_str(out, gs_str(side->path));
    gs_buf_printf(out,
                  ",\"lines\":%" PRIu64 ",\"rejected\":%" PRIu64 ",\"observations\":%" PRIu64
                  ",\"late\":%" PRIu64 ",\"too_late\":%" PRIu64 ",\"ahead\":%" PRIu64,
                  totals->lines, totals->rejected, totals->observations, totals->late,
                  totals->too_late, totals->odd.ahead);
    gs_member_number(out, "days", gs_replay_days(totals));
    gs_buf_printf(out, ",\"alerts\":%zu,\"incidents\":%zu,\"notices\":%u",
                  side->alerts.n + side->alerts.n_more, side->incidents.n + side->incidents.n_more,
                  gs_replay_notices(&side->incidents));
    put_nearest(&side->nearest, out);
    gs_buf_putc(out, '}');
}

static void put_settings(const struct gs_replay_compared *compared, struct gs_buf *out)
{
    const struct gs_config *before = compared->sides[0].config;
    const struct gs_config *after = compared->sides[1].config;
    size_t n = 0;

    gs_buf_puts(out, ",\"settings\":[");
    for (size_t i = 0; i < gs_n_options; i++) {
        const struct gs_option *option = &gs_options[i];
        if (gs_option_bearing(option) == GS_BEARS_ON_NOTHING ||
            gs_option_is_same(option, before, after)) {
            continue;
        }
        gs_buf_puts(out, n++ > 0 ? ",{\"name\":" : "{\"name\":");
        gs_buf_json_str(out, gs_str(option->name));
        for (size_t side = 0; side < 2; side++) {
            struct gs_buf value = {.max = 65536};
            gs_option_write(option, compared->sides[side].config, &value);
            gs_buf_printf(out, ",\"%s\":", side_names[side]);
            gs_buf_json_str(out, gs_buf_str(&value));
            gs_buf_done(&value);
        }
        gs_buf_putc(out, '}');
    }
    gs_buf_putc(out, ']');
}

static void put_days(const struct gs_replay_compared *compared, struct gs_buf *out)
{
    gs_buf_puts(out, ",\"days\":[");
    for (size_t i = 0; i < compared->n_days; i++) {
        const struct gs_replay_day *day = &compared->days[i];
        char time[17];
        gs_replay_time(time, day->day_ms);
        gs_buf_printf(out, "%s{\"day\":\"%.10s\",\"what\":\"%s\"", i > 0 ? "," : "", time,
                      day->rule == NULL ? "incidents" : "alerts");
        if (day->rule != NULL) {
            gs_member_text(out, "rule", gs_str(day->rule));
            gs_member_text(out, "kind", gs_str(day->kind));
        }
        for (size_t side = 0; side < 2; side++) {
            gs_buf_printf(out, ",\"%s\":{\"info\":%u,\"warning\":%u,\"critical\":%u}",
                          side_names[side], day->n[side][GS_SEVERITY_INFO],
                          day->n[side][GS_SEVERITY_WARNING], day->n[side][GS_SEVERITY_CRITICAL]);
        }
        gs_buf_putc(out, '}');
    }
    gs_buf_putc(out, ']');
}

static void put_alert(const struct gs_replay_alert *row, struct gs_buf *out)
{
    const double none = (double)NAN;

    gs_buf_puts(out, "{\"id\":");
    gs_buf_json_str(out, gs_str(row->id));
    gs_member_text(out, "rule", gs_str(row->rule));
    gs_member_text(out, "key", gs_str(row->key));
    if (row->name[0] != '\0') {
        gs_member_text(out, "name", gs_str(row->name));
    }
    gs_member_text(out, "severity", gs_str(gs_severity_name(row->severity)));
    gs_member_time(out, "starts_at", row->starts_at_ms);
    gs_member_time(out, "fired_at", row->fired_at_ms);
    gs_member_time(out, "ends_at", row->ends_at_ms);
    gs_member_number(out, "observed", row->observed);
    gs_member_number(out, "expected", row->event ? none : row->expected);
    gs_member_number(out, "n", row->n);
    gs_member_number(out, "log10_evidence", row->event ? none : row->log10_evidence);
    gs_member_number(out, "log10_threshold", row->event ? none : row->log10_threshold);
    gs_buf_printf(out, ",\"publishers\":%u,\"stories\":%u}", row->publishers, row->stories);
}

static void put_alone(const struct gs_replay_compared *compared, size_t i, struct gs_buf *out)
{
    const struct gs_replay_side *side = &compared->sides[i];
    size_t n = 0;

    gs_buf_printf(out, ",\"only_%s\":{\"alerts\":[", side_names[i]);
    for (size_t k = 0; k < side->alerts.n; k++) {
        if (compared->alerts[i][k] == GS_REPLAY_ALONE) {
            gs_buf_puts(out, n++ > 0 ? "," : "");
            put_alert(&side->alerts.rows[k], out);
        }
    }
    gs_buf_puts(out, "],\"incidents\":[");
    n = 0;
    for (size_t k = 0; k < side->incidents.n; k++) {
        const struct gs_replay_incident *row = &side->incidents.rows[k];
        if (compared->incidents[i][k] == GS_REPLAY_ALONE) {
            gs_buf_puts(out, n++ > 0 ? ",{\"id\":" : "{\"id\":");
            gs_buf_json_str(out, gs_str(row->id));
            gs_member_text(out, "title", gs_str(row->title));
            gs_member_text(out, "severity",
                           gs_str(gs_severity_name((enum gs_severity)row->severity)));
            gs_member_time(out, "opened_at", row->opened_at_ms);
            gs_member_time(out, "ends_at", row->ends_at_ms);
            gs_buf_putc(out, '}');
        }
    }
    gs_buf_puts(out, "]}");
}

static void put_both(const struct gs_replay_compared *compared, struct gs_buf *out)
{
    const struct gs_replay_alerts *before = &compared->sides[0].alerts;
    size_t n = 0;

    gs_buf_puts(out, ",\"both\":[");
    for (size_t i = 0; i < before->n; i++) {
        const size_t j = compared->alerts[0][i];
        if (j != GS_REPLAY_ALONE) {
            gs_buf_puts(out, n++ > 0 ? ",{\"before\":" : "{\"before\":");
            put_alert(&before->rows[i], out);
            gs_buf_puts(out, ",\"after\":");
            put_alert(&compared->sides[1].alerts.rows[j], out);
            gs_buf_putc(out, '}');
        }
    }
    gs_buf_putc(out, ']');
}

void gs_replay_compared_json(const struct gs_replay_compared *compared, struct gs_buf *out)
{
    gs_buf_puts(out, "{\"v\":1");
    for (size_t i = 0; i < 2; i++) {
        gs_buf_printf(out, ",\"%s\":", side_names[i]);
        gs_replay_side_json(&compared->sides[i], out);
    }
    put_settings(compared, out);
    put_days(compared, out);
    put_alone(compared, 0, out);
    put_alone(compared, 1, out);
    put_both(compared, out);
    gs_buf_putc(out, '}');
}
