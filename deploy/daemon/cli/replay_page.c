/* The page leads with the answer (how many, how grave, when), then a line of time, then a card for
 * each incident: title, what was off in one sentence, two charts, the heaviest messages. Where there
 * are many, the gravest have cards and the others a row each. */
#include "deploy/daemon/cli/replay_page.h"

#include "classifier/eval/report_page.h"
#include "deploy/daemon/cli/replay_chart.h"
#include "deploy/daemon/cli/replay_timeline.h"
#include "deploy/daemon/version.h"
#include "ingest/base/escape.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 20000, MAX_CARDS = 100, MAX_CHARTS = 3 };

/* ---- what alerts say ---- */

static struct gs_replay_words *words_of(const struct gs_replay_page *page, const char *alert)
{
    for (size_t i = page->n_words; i > 0; i--) {
        if (strcmp(page->words[i - 1].alert, alert) == 0) {
            return &page->words[i - 1];
        }
    }
    return NULL;
}

static struct gs_replay_words *add_words(struct gs_replay_page *page, const char *alert)
{
    struct gs_replay_words *bigger =
        page->n_words < MAX_WORDS ? realloc(page->words, (page->n_words + 1) * sizeof *bigger)
                                  : NULL;

    if (bigger == NULL) {
        return NULL;
    }
    page->words = bigger;
    struct gs_replay_words *words = &bigger[page->n_words++];
    *words = (struct gs_replay_words){.log10_evidence = -1e9};
    (void)snprintf(words->alert, sizeof words->alert, "%s", alert);
    return words;
}

void gs_replay_page_alert(void *arg, const struct gs_alert *alert)
{
    struct gs_replay_page *page = arg;
    struct gs_replay_words *words = words_of(page, alert->id);

    gs_replay_alerts_take(&page->side->alerts, alert);
    words = words == NULL ? add_words(page, alert->id) : words;
    if (words == NULL || alert->n_evidence == 0 || alert->log10_evidence < words->log10_evidence) {
        return;
    }
    words->log10_evidence = alert->log10_evidence;
    words->n_stories = 0;
    for (size_t i = 0; i < alert->n_evidence && i < GS_STORIES; i++) {
        struct gs_replay_story *story = &words->stories[words->n_stories++];
        story->ts_ms = alert->evidence[i].ts_ms;
        story->weight = alert->evidence[i].weight;
        (void)snprintf(story->source, sizeof story->source, "%.*s",
                       GS_STR_ARGS(alert->evidence[i].source));
        (void)snprintf(story->text, sizeof story->text, "%.*s",
                       GS_STR_ARGS(alert->evidence[i].excerpt));
    }
}

void gs_replay_page_done(struct gs_replay_page *page)
{
    free(page->words);
    gs_replay_series_free(page->series);
}

/* ---- pieces ---- */

static void put_html(struct gs_buf *out, const char *text)
{
    gs_buf_html(out, gs_str(text));
}

/* "3 h 20 min" */
static void write_length(char ret[32], int64_t ms)
{
    const long long minutes = ms / 60000;

    if (minutes < 60) {
        (void)snprintf(ret, 32, "%lld min", minutes);
    } else if (minutes < 2880) {
        (void)snprintf(ret, 32, "%lld h %lld min", minutes / 60, minutes % 60);
    } else {
        (void)snprintf(ret, 32, "%.1f days", (double)minutes / 1440.0);
    }
}

static const struct gs_replay_alert *alert_of(const struct gs_replay_page *page,
                                              const struct gs_replay_incident_key *key)
{
    const struct gs_replay_alerts *alerts = &page->side->alerts;

    for (size_t i = 0; i < alerts->n; i++) {
        const struct gs_replay_alert *alert = &alerts->rows[i];
        if (alert->fired_at_ms == key->fired_at_ms && strcmp(alert->key, key->key) == 0) {
            return alert;
        }
    }
    return NULL;
}

/* ---- the answer ---- */

static void count_severities(const struct gs_replay_incidents *incidents,
                             size_t ret[GS_N_SEVERITIES])
{
    memset(ret, 0, GS_N_SEVERITIES * sizeof *ret);
    for (size_t i = 0; i < incidents->n; i++) {
        ret[incidents->rows[i].severity]++;
    }
}

static void put_answer(const struct gs_replay_page *page, struct gs_buf *out)
{
    const struct gs_replay_side *side = page->side;
    const struct gs_replay_incidents *incidents = &side->incidents;
    size_t n[GS_N_SEVERITIES];
    char from[17];
    char to[17];

    count_severities(incidents, n);
    gs_replay_time(from, side->totals.from_ms);
    gs_replay_time(to, side->totals.to_ms);
    gs_buf_printf(out, "<p class=\"answer\"><b>%zu incident%s</b> in <b>%.0f days</b>",
                  incidents->n, incidents->n == 1 ? "" : "s", gs_replay_days(&side->totals));
    for (int i = GS_N_SEVERITIES - 1; i >= 0 && incidents->n > 0; i--) {
        gs_buf_printf(out, "%s%zu %s", i == GS_N_SEVERITIES - 1 ? ": " : ", ", n[i],
                      gs_severity_name((enum gs_severity)i));
    }
    gs_buf_printf(out,
                  ".</p>\n<p class=\"quiet\">%.10s to %.10s (UTC), %" PRIu64
                  " messages; alerts: %zu, notices to people: %u. Configuration ",
                  from, to, side->totals.lines, side->alerts.n + side->alerts.n_more,
                  gs_replay_notices(incidents));
    put_html(out, side->path);
    gs_buf_puts(out, "; data");
    for (size_t i = 0; i < page->n_files && i < 8; i++) {
        gs_buf_puts(out, i > 0 ? ", " : " ");
        put_html(out, page->files[i]);
    }
    gs_buf_puts(out, ".</p>\n");
    if (side->totals.rejected + side->totals.late + side->totals.too_late > 0) {
        gs_buf_printf(out,
                      "<p class=\"quiet\">%" PRIu64 " lines were refused, %" PRIu64
                      " observations came late, %" PRIu64 " too late to be counted.</p>\n",
                      side->totals.rejected, side->totals.late, side->totals.too_late);
    }
}

/* ---- cards ---- */

static void put_sentence(const struct gs_replay_alert *alert, struct gs_buf *out)
{
    if (alert == NULL) {
        return;
    }
    gs_buf_puts(out, "<p>");
    if (alert->event) {
        gs_buf_printf(out, "Said by <b>%u publishers</b>: a risk event.", alert->publishers);
    } else {
        gs_buf_printf(out,
                      "<b>%.0f %%</b> of %.0f messages within %lld minutes were negative, "
                      "<b>%.0f %%</b> are usual. %u stories, %u publisher%s.",
                      100.0 * alert->observed, alert->n, (long long)(alert->window_s / 60),
                      100.0 * alert->expected, alert->stories, alert->publishers,
                      alert->publishers == 1 ? "" : "s");
    }
    gs_buf_puts(out, "</p>\n");
}

static void put_stories(const struct gs_replay_page *page, const struct gs_replay_alert *alert,
                        struct gs_buf *out)
{
    const struct gs_replay_words *words = alert == NULL ? NULL : words_of(page, alert->id);

    if (words == NULL || words->n_stories == 0) {
        return;
    }
    gs_buf_puts(out, "<h3>The heaviest messages</h3><ol class=\"stories\">");
    for (size_t i = 0; i < words->n_stories; i++) {
        const struct gs_replay_story *story = &words->stories[i];
        char time[17];
        gs_replay_time(time, story->ts_ms);
        gs_buf_puts(out, "<li>");
        put_html(out, story->text);
        gs_buf_puts(out, " <small>");
        put_html(out, story->source);
        gs_buf_printf(out, ", %s, %.0f %% of the excess</small></li>", time, 100.0 * story->weight);
    }
    gs_buf_puts(out, "</ol>\n");
}

static void put_key(const struct gs_replay_page *page, const struct gs_replay_incident_key *key,
                    struct gs_buf *out)
{
    const struct gs_series *series =
        gs_replay_series_find(page->series, key->key, key->fired_at_ms);
    const struct gs_replay_alert *alert = alert_of(page, key);

    gs_buf_puts(out, "<h3>");
    put_html(out, key->key);
    if (alert != NULL && alert->name[0] != '\0') {
        gs_buf_puts(out, " · ");
        put_html(out, alert->name);
    }
    gs_buf_puts(out, "</h3>\n");
    put_sentence(alert, out);
    if (series != NULL) {
        const int hours = alert != NULL && alert->window_s > 3600 ? 3 : 1;
        gs_replay_charts(out, series, hours, &page->side->alerts);
    }
    put_stories(page, alert, out);
}

static void put_card(const struct gs_replay_page *page, size_t i, struct gs_buf *out)
{
    const struct gs_replay_incident *row = &page->side->incidents.rows[i];
    const char *severity = gs_severity_name((enum gs_severity)row->severity);
    char opened[17];
    char ended[17];
    char length[32] = "not over";

    gs_replay_time(opened, row->opened_at_ms);
    gs_replay_time(ended, row->ends_at_ms);
    if (row->ends_at_ms >= 0) {
        write_length(length, row->ends_at_ms - row->opened_at_ms);
    }
    gs_buf_printf(out, "<article id=\"i%zu\" class=\"%s\"><p class=\"badge\">%s</p><h2>", i + 1,
                  severity, severity);
    put_html(out, row->title);
    gs_buf_printf(out,
                  "</h2>\n<p class=\"quiet\">%s to %s UTC (%s), %u notices to people, incident "
                  "%s</p>\n",
                  opened, row->ends_at_ms < 0 ? "the end of the data" : ended, length, row->notices,
                  row->id);
    for (uint32_t k = 0; k < row->n_keys && k < MAX_CHARTS; k++) {
        put_key(page, &row->keys[k], out);
    }
    if (row->n_keys > MAX_CHARTS) {
        gs_buf_puts(out, "<p class=\"quiet\">Also in it:");
        for (uint32_t k = MAX_CHARTS; k < row->n_keys; k++) {
            gs_buf_puts(out, k > MAX_CHARTS ? ", " : " ");
            put_html(out, row->keys[k].key);
        }
        gs_buf_puts(out, "</p>\n");
    }
    gs_buf_puts(out, "</article>\n");
}

/* The gravest have cards, as many as there is room for. seen: incidents of each severity so far. */
static bool has_card(const struct gs_replay_incident *row, const size_t n[GS_N_SEVERITIES],
                     size_t seen[GS_N_SEVERITIES])
{
    size_t before = seen[row->severity]++;

    for (int s = row->severity + 1; s < GS_N_SEVERITIES; s++) {
        before += n[s];
    }
    return before < MAX_CARDS;
}

static void put_rest(const struct gs_replay_page *page, struct gs_buf *out)
{
    const struct gs_replay_incidents *incidents = &page->side->incidents;
    size_t seen[GS_N_SEVERITIES] = {0};
    size_t n[GS_N_SEVERITIES];

    if (incidents->n <= MAX_CARDS) {
        return;
    }
    count_severities(incidents, n);
    gs_page_heading(out, "The others");
    gs_buf_puts(out,
                "<div class=\"wide\"><table><tr><th>opened (UTC)</th><th>severity</th><th>title"
                "</th></tr>\n");
    for (size_t i = 0; i < incidents->n; i++) {
        const struct gs_replay_incident *row = &incidents->rows[i];
        char opened[17];
        if (!has_card(row, n, seen)) {
            gs_replay_time(opened, row->opened_at_ms);
            gs_buf_printf(out, "<tr id=\"i%zu\"><td>%s</td><td>%s</td><td>", i + 1, opened,
                          gs_severity_name((enum gs_severity)row->severity));
            put_html(out, row->title);
            gs_buf_puts(out, "</td></tr>\n");
        }
    }
    gs_buf_puts(out, "</table></div>\n");
}

void gs_replay_page_write(const struct gs_replay_page *page, struct gs_buf *out)
{
    const struct gs_replay_side *side = page->side;
    size_t seen[GS_N_SEVERITIES] = {0};
    size_t n[GS_N_SEVERITIES];
    struct gs_buf line = {.max = 2048};

    count_severities(&side->incidents, n);
    gs_page_begin_styled(out, "Groundswell: replay", gs_replay_style);
    put_answer(page, out);
    if (side->incidents.n > 0) {
        gs_replay_timeline(out, side);
    }
    for (size_t i = 0; i < side->incidents.n; i++) {
        if (has_card(&side->incidents.rows[i], n, seen)) {
            put_card(page, i, out);
        }
    }
    put_rest(page, out);
    if (side->nearest.there) {
        gs_page_heading(out, "What came nearest without an alert");
        gs_replay_nearest_write(&side->nearest, &side->config->watch.options, &line);
        gs_buf_putc(&line, '\0');
        gs_page_text(out, gs_buf_ok(&line) ? line.bytes : "");
        gs_buf_done(&line);
    }
    gs_buf_printf(out, "<p class=\"quiet\"><small>groundswell %s. Times are UTC.</small></p>\n",
                  GS_VERSION);
    gs_page_end(out);
}
