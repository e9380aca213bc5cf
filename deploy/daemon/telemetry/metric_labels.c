/* Labels by name, and by metric where a name has several meanings: a metric's own row stands before
 * that of all others. The values are written out so that a reader finds them here; a test holds them
 * to the enums and to the series that there are. */
#include "deploy/daemon/telemetry/metric_labels.h"

#include <string.h>

#define EVERY 0, GS_N_METRICS
#define ONLY(id) id, id

static const struct gs_metric_label rows[] = {
    {"topic", EVERY, NULL, "a topic of the model; `none`: messages without one"},
    {"sentiment", EVERY, "negative, neutral, positive", "the most probable one"},
    {"window", EVERY, "1h", "the length of the window, of event time"},
    {"key", EVERY, NULL,
     "what is watched: `topic:legal`, `entity:600519.SH`, `risk:fraud` (glossary.md)"},
    {"name", EVERY, NULL, "of the company or label, as people know it; may be empty"},
    {"headline", EVERY, NULL, "of the heaviest story; may be empty"},
    {"title", EVERY, NULL, "of the incident"},
    {"url", EVERY, NULL, "where the heaviest story is; may be empty"},
    {"incident", EVERY, NULL, "the incident's id, as in its records"},
    {"route", EVERY, NULL, "a word of the watchlist; may be empty"},
    {"severity", GS_M_ALARM_RUNS, GS_M_ALARM_BUDGET, "info, warning",
     "those that a budget of false alarms is kept for"},
    {"severity", EVERY, "info, warning, critical", "of the alert or incident"},
    {"state", EVERY, "firing, updated, resolved", "what the alert became"},
    {"notice", EVERY, "opened, worse, reminder, ended, late", "why people are told"},
    {"limit", EVERY, "incidents, keys, waiting, records, severity", "the bound that was met"},
    {"rule", EVERY, "negative_share, risk_event", "of the incident's foremost key"},
    {"verdict", EVERY, "right, debatable, wrong", "what people found"},
    {"problem", EVERY, "broken_line, chain, anew, refused, read, write", "what was wrong"},
    {"reason", ONLY(GS_M_NOTICES_SUPPRESSED), "muted, acknowledged, quiet_hours, untold",
     "why people were not told"},
    {"reason", ONLY(GS_M_NOTIFY_FAILED),
     "credentials, connect, timeout, tls, auth, throttled, refused, server, redirect",
     "why the request failed (notify.md)"},
    {"reason", ONLY(GS_M_NOTIFY_DROPPED), "refused, full, replaced, late, stopped",
     "why the receiver was not told"},
    {"kind", ONLY(GS_M_TEXT_REPAIRS), "bad_bytes, mojibake, cut, rule_limit, masked",
     "what was done to the text"},
    {"kind", EVERY, "alertmanager, webhook", "of the receiver"},
    {"receiver", EVERY, NULL,
     "host and port of its address, with `#2`, `#3` … where several have the same"},
    {"code", EVERY,
     "null_value, too_large, bad_utf8, bad_json, too_deep, not_object, wrong_type, no_text, "
     "bad_time, future_time, ancient_time, output_too_large",
     "why the record was refused (records.md)"},
    {"lang", EVERY, "en, zh, mixed, other", "of the text"},
    {"decile", EVERY, "0, 1, 2, 3, 4, 5, 6, 7, 8, 9", "the tenth that the probability is in"},
    {"result", ONLY(GS_M_ENTITIES_NAMED), "known, unknown", "whether the watchlist has the name"},
    {"result", ONLY(GS_M_OBSERVATIONS), "counted, repeated, copy, late, too_late, refused",
     "what became of the observation"},
    {"result", ONLY(GS_M_ANSWER_CACHE), "hit, miss", "whether the reading was there"},
    {"result", ONLY(GS_M_MODEL_SWAPS), "loaded, refused", "what became of the folder"},
    {"result", ONLY(GS_M_TRANSACTIONS), "committed, aborted", "how the batch ended"},
    {"detectable", EVERY, "yes, no, learning", "whether a rise would be found"},
    {"tier", EVERY, "fast, encoder, fast+encoder", "which answered"},
    {"stage", EVERY, "tag, watch", "of the pipeline"},
    {"stream", EVERY, "tagged, observations, alerts, incidents, late, dlq, state",
     "what was written: a topic of `output.topics`"},
    {"lane", EVERY, NULL, "its number, from 0"},
    {"version", EVERY, NULL, "of the program"},
    {"model", EVERY, NULL, "its name"},
};

static bool is_for(const struct gs_metric_label *row, enum gs_metric_id id)
{
    return row->last == GS_N_METRICS || (id >= row->first && id <= row->last);
}

const struct gs_metric_label *gs_metric_label(enum gs_metric_id id, const char *name)
{
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        if (strcmp(rows[i].name, name) == 0 && is_for(&rows[i], id)) {
            return &rows[i];
        }
    }
    return NULL;
}

/* The value that begins at text, which then moves behind it; len 0 at the end. */
static struct gs_str next_value(const char **text)
{
    const struct gs_str value = {*text, strcspn(*text, ",")};

    *text += value.len;
    *text += strspn(*text, ", ");
    return value;
}

bool gs_metric_label_has(const struct gs_metric_label *label, struct gs_str value)
{
    const char *text = label->values;

    while (*text != '\0') {
        if (gs_str_equal(next_value(&text), value)) {
            return true;
        }
    }
    return false;
}

size_t gs_metric_label_count(const struct gs_metric_label *label)
{
    const char *text = label->values;
    size_t n = 0;

    while (*text != '\0') {
        (void)next_value(&text);
        n++;
    }
    return n;
}

static void write_metrics(const struct gs_metric_label *row, struct gs_buf *out)
{
    if (row->last == GS_N_METRICS) {
        return;
    }
    for (size_t id = row->first; id <= (size_t)row->last; id++) {
        for (size_t j = 0; j < GS_METRIC_MAX_LABELS && gs_metric_table[id].labels[j] != NULL; j++) {
            if (strcmp(gs_metric_table[id].labels[j], row->name) == 0) {
                gs_buf_printf(out, "%s`%s`", id == (size_t)row->first ? "" : ", ",
                              gs_metric_table[id].name);
            }
        }
    }
}

void gs_metric_labels_write(struct gs_buf *out)
{
    gs_buf_puts(out, "\n## Labels\n\n"
                     "Where a label stands here with metrics of its own, those come first and the "
                     "last row is of all others.\n\n"
                     "| label | of | values | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        gs_buf_printf(out, "| `%s` | ", rows[i].name);
        write_metrics(&rows[i], out);
        gs_buf_puts(out, " | ");
        const char *text = rows[i].values == NULL ? "" : rows[i].values;
        for (size_t n = 0; *text != '\0'; n++) {
            const struct gs_str value = next_value(&text);
            gs_buf_printf(out, "%s`%.*s`", n == 0 ? "" : ", ", GS_STR_ARGS(value));
        }
        gs_buf_printf(out, " | %s |\n", rows[i].meaning);
    }
}
