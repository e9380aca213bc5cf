/* What people answer, on its way from the journal to the incidents of the desk, and notices on their
 * way to the journal.
 *
 *     journal ──► answers ──► each incident's answer ──► its record, the status page, the metrics
 *        ▲                                  │
 *        └── every notice, told or not ◄────┘
 *
 * The journal is looked at once a second by whichever thread comes by (a lane that commits or has
 * nothing to do, or a look at the status page): its stat() costs nothing, and no thread is needed.
 * Notices are written in the same turn, so that a slow disk is waited for once a second at most.
 *
 * Answers come by the wall clock. They decide whether people are told, never what an incident is. */
#include "deploy/daemon/pipeline/incident_desk_internal.h"

#include "deploy/daemon/pipeline/assets.h"
#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/clock.h"
#include "ingest/base/log.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOOK_EVERY_MS = 1000, LOGGED_LINES = 5, LOCK_MS = 50 };

enum problem { BROKEN, UNCHAINED, ANEW, REFUSED, READ, WRITE, N_PROBLEMS };

static void count_problem(struct gs_incident_desk *desk, enum problem problem, double n)
{
    static const char *const names[N_PROBLEMS] = {"broken_line", "chain", "anew",
                                                  "refused",     "read",  "write"};

    gs_series_add(gs_metric_series(desk->options.shard, GS_M_JOURNAL_PROBLEMS, &names[problem]), n);
}

/* ---- lines that come ---- */

/* none: they are about to be forgotten. */
static void show_verdicts(struct gs_incident_desk *desk, bool none)
{
    struct gs_verdict_row rows[GS_VERDICT_ROWS];
    const size_t n = gs_answers_verdicts(desk->answers, rows);

    for (size_t row = 0; row < n; row++) {
        for (int i = GS_VERDICT_RIGHT; i < GS_N_INCIDENT_VERDICTS; i++) {
            const char *const values[] = {rows[row].rule,
                                          gs_severity_name((enum gs_severity)rows[row].severity),
                                          gs_incident_verdict_name((enum gs_incident_verdict)i)};
            gs_series_set(gs_metric_series(desk->options.shard, GS_M_INCIDENT_VERDICTS, values),
                          none ? 0 : rows[row].n[i]);
        }
    }
}

/* What somebody did is said on the log once it counts; at the start there are too many. */
static void log_line(const struct gs_journal_line *line)
{
    struct gs_buf until = {.max = 64};

    gs_buf_json_time(&until, line->until_ms);
    gs_log(GS_LOG_INFO, "incidents", "%s %s by %s%s%.*s%s%s", gs_journal_action_name(line->action),
           line->target, line->who, line->until_ms >= 0 ? ", until " : "",
           line->until_ms >= 0 ? (int)until.len : 0, until.bytes == NULL ? "" : until.bytes,
           line->why[0] != '\0' ? ": " : "", line->why);
    gs_buf_done(&until);
}

static void on_line(void *arg, size_t number, const struct gs_journal_line *line)
{
    struct gs_incident_desk *desk = arg;

    desk->journal_lines = number;
    desk->news = true;
    if (!gs_answers_apply(desk->answers, line)) {
        count_problem(desk, REFUSED, 1);
        gs_log(GS_LOG_ERROR, "incidents", "%s:%zu: no room for one more target, skipping",
               desk->options.journal, number);
    } else if (desk->journal_read && line->action != GS_JOURNAL_NOTICE) {
        log_line(line);
    }
}

/* A file full of rubbish is one thing to say, not a thousand. */
static bool say_one_more(struct gs_incident_desk *desk)
{
    return desk->n_said++ < LOGGED_LINES;
}

static void on_broken(void *arg, size_t number, const char *why)
{
    struct gs_incident_desk *desk = arg;

    desk->journal_lines = number;
    count_problem(desk, BROKEN, 1);
    if (say_one_more(desk)) {
        gs_log(GS_LOG_WARNING, "incidents", "%s:%zu: %s, skipping", desk->options.journal, number,
               why);
    }
}

static void on_unchained(void *arg, size_t number)
{
    struct gs_incident_desk *desk = arg;

    count_problem(desk, UNCHAINED, 1);
    if (say_one_more(desk)) {
        gs_log(GS_LOG_ERROR, "incidents",
               "%s:%zu: the chain is broken: a line before this one was changed, taken out or put "
               "in (groundswell incidents verify)",
               desk->options.journal, number);
    }
}

static void on_anew(void *arg, const char *why)
{
    struct gs_incident_desk *desk = arg;

    count_problem(desk, ANEW, 1);
    show_verdicts(desk, true);
    gs_answers_clear(desk->answers);
    desk->news = true;
    desk->journal_lines = 0;
    gs_log(GS_LOG_WARNING, "incidents",
           "%s: %s: reading it from its beginning; answers that it does not hold are forgotten",
           desk->options.journal, why);
}

static enum gs_status follow(struct gs_incident_desk *desk, struct gs_error *err)
{
    desk->n_said = 0;
    const enum gs_status status = gs_journal_follow(desk->journal, err);
    if (desk->n_said > LOGGED_LINES) {
        gs_log(GS_LOG_WARNING, "incidents", "%s: %zu more such lines", desk->options.journal,
               desk->n_said - LOGGED_LINES);
    }
    return status;
}

/* ---- start and end ---- */

static void find_series(struct gs_incident_desk *desk)
{
    struct gs_shard *shard = desk->options.shard;

    desk->muted = gs_metric_series(shard, GS_M_INCIDENTS_MUTED, NULL);
    desk->acknowledged = gs_metric_series(shard, GS_M_INCIDENTS_ACKNOWLEDGED, NULL);
    for (size_t i = GS_SILENCE_NONE + 1; i < GS_N_INCIDENT_SILENCES; i++) {
        const char *const reason = gs_incident_silence_name((enum gs_incident_silence)i);
        desk->suppressed[i] = gs_metric_series(shard, GS_M_NOTICES_SUPPRESSED, &reason);
    }
}

static enum gs_status open_journal(struct gs_incident_desk *desk, struct gs_error *err)
{
    const struct gs_journal_reader reader = {.arg = desk,
                                             .line = on_line,
                                             .broken = on_broken,
                                             .unchained = on_unchained,
                                             .anew = on_anew};

    desk->unwritten = calloc(GS_INCIDENT_UNWRITTEN, sizeof *desk->unwritten);
    if (desk->unwritten == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "incidents");
    }
    enum gs_status status = gs_journal_new(desk->options.journal, &reader, &desk->journal, err);
    if (status == GS_OK) {
        status = follow(desk, err);
    }
    if (status == GS_OK) {
        gs_log(GS_LOG_INFO, "incidents", "%s: %zu lines, the last one's SHA-256 is %s",
               desk->options.journal, desk->journal_lines, gs_journal_head(desk->journal));
    }
    desk->journal_read = true;
    return status;
}

enum gs_status gs_incident_desk_answers_new(struct gs_incident_desk *desk, struct gs_error *err)
{
    desk->held = calloc(GS_INCIDENT_HELD, sizeof *desk->held);
    desk->released = calloc(GS_INCIDENT_HELD, sizeof *desk->released);
    const enum gs_status status = desk->held == NULL || desk->released == NULL
                                      ? gs_fail(err, GS_NO_MEMORY, "incidents")
                                      : gs_answers_new(&desk->answers, err);

    if (status != GS_OK) {
        return status;
    }
    desk->quiet = gs_quiet_hours_hold(desk->options.quiet, gs_clock_wall_ms());
    find_series(desk);
    return desk->options.journal == NULL ? GS_OK : open_journal(desk, err);
}

/* ---- notices ---- */

static void write_notices(struct gs_incident_desk *desk)
{
    struct gs_error err = {0};

    if (desk->n_unwritten == 0) {
        return;
    }
    if (gs_journal_append(desk->options.journal, desk->unwritten, desk->n_unwritten, LOCK_MS,
                          &err) == GS_OK) {
        desk->n_unwritten = 0;
        desk->write_failed = false;
        return;
    }
    if (!desk->write_failed) {
        count_problem(desk, WRITE, 1);
        gs_log(GS_LOG_ERROR, "incidents", "notices are not in the journal yet, trying again: %s",
               err.message);
    }
    desk->write_failed = true;
}

static void keep_notice(struct gs_incident_desk *desk, const struct gs_journal_line *line)
{
    if (desk->n_unwritten == GS_INCIDENT_UNWRITTEN) {
        write_notices(desk);
    }
    if (desk->n_unwritten == GS_INCIDENT_UNWRITTEN) { /* the oldest goes */
        count_problem(desk, REFUSED, 1);
        desk->n_unwritten--;
        memmove(desk->unwritten, desk->unwritten + 1, desk->n_unwritten * sizeof *desk->unwritten);
    }
    desk->unwritten[desk->n_unwritten++] = *line;
}

void gs_incident_desk_answers_done(struct gs_incident_desk *desk)
{
    if (desk->journal != NULL) {
        write_notices(desk);
        if (desk->n_unwritten > 0) {
            gs_log(GS_LOG_ERROR, "incidents", "%zu notices are not in the journal",
                   desk->n_unwritten);
        }
    }
    gs_journal_free(desk->journal);
    gs_answers_free(desk->answers);
    free(desk->unwritten);
    free(desk->held);
    free(desk->released);
}

/* Of the first company that has one; what it is once, it stays. */
static void find_route(const struct gs_assets *assets, const struct gs_incident *incident,
                       char ret[GS_INCIDENT_ROUTE_BYTES])
{
    static const char kind[] = "entity:";

    if (assets == NULL || ret[0] != '\0') {
        return;
    }
    struct gs_asset_set *set = gs_assets_take(assets, NULL);
    for (uint32_t i = 0; i < incident->n_keys && set->watchlist != NULL && ret[0] == '\0'; i++) {
        const char *key = incident->keys[i].key;
        if (strncmp(key, kind, sizeof kind - 1) == 0) {
            const struct gs_str route =
                gs_watchlist_route(set->watchlist, gs_str(key + sizeof kind - 1));
            (void)snprintf(ret, GS_INCIDENT_ROUTE_BYTES, "%.*s", GS_STR_ARGS(route));
        }
    }
    gs_asset_set_drop(set);
}

/* The answer as it is now, and whether people are not to be told: also in quiet hours, as long as
 * they were told nothing of it. */
static void renew(struct gs_incident_desk *desk, const struct gs_incident *incident, int64_t now_ms,
                  struct gs_incident_answer *answer)
{
    const struct gs_answered *own = gs_answers_find(desk->answers, incident->id);
    const bool told = own != NULL && own->n_told > 0;

    gs_answers_of(desk->answers, incident, now_ms, answer);
    find_route(desk->options.assets, incident, answer->route);
    answer->silenced =
        answer->muted || (desk->quiet && incident->severity < GS_SEVERITY_CRITICAL && !told);
    (void)gs_incidents_answer(desk->incidents, incident->id, answer);
}

/* One more notice, of a change or late. */
static void note(struct gs_incident_desk *desk, const struct gs_journal_line *line)
{
    if (!gs_answers_apply(desk->answers, line)) {
        count_problem(desk, REFUSED, 1);
    }
    if (desk->journal != NULL) {
        keep_notice(desk, line);
    }
    gs_series_add(line->silence == GS_SILENCE_NONE ? desk->notices[line->notice]
                                                   : desk->suppressed[line->silence],
                  1);
    desk->news = true;
}

void gs_incident_desk_told_late(struct gs_incident_desk *desk, const struct gs_held_incident *held,
                                int64_t now_ms)
{
    const struct gs_answered *own = gs_answers_find(desk->answers, held->id);
    struct gs_journal_line line = {.action = GS_JOURNAL_NOTICE,
                                   .at_ms = now_ms,
                                   .until_ms = -1,
                                   .who = "groundswell",
                                   .notice = GS_NOTICE_LATE,
                                   .severity = held->severity};

    memcpy(line.target, held->id, sizeof held->id);
    memcpy(line.title, held->title, sizeof held->title);
    if (own != NULL) {
        memcpy(line.rule, own->rule, sizeof line.rule);
        line.n_risks = own->n_risks;
    }
    note(desk, &line);
    if (desk->journal == NULL && held->ended) {
        gs_answers_forget(desk->answers, held->id);
    }
}

void gs_incident_desk_answer(struct gs_incident_desk *desk, const struct gs_incident *incident)
{
    const int64_t now_ms = gs_clock_wall_ms();
    struct gs_incident_answer answer = incident->answer;
    struct gs_journal_line line;

    if (incident->notice != GS_NOTICE_NONE) {
        gs_answers_notice(incident, now_ms, &line);
        desk->quiet = gs_quiet_hours_hold(desk->options.quiet, now_ms);
        answer.silence = (uint8_t)gs_answers_decide(
            desk->answers, incident, desk->options.mute_breaks, now_ms, desk->quiet, &line.broke);
        line.silence = answer.silence;
        note(desk, &line);
    }
    renew(desk, incident, now_ms, &answer);
    if (incident->notice != GS_NOTICE_NONE) {
        gs_incident_desk_hold(desk, incident);
    }
    if (incident->notice == GS_NOTICE_ENDED && desk->journal == NULL &&
        answer.silence != GS_SILENCE_QUIET_HOURS) {
        gs_answers_forget(desk->answers, incident->id); /* nobody will ever ask for it */
    }
}

/* ---- a look now and then ---- */

struct refreshed {
    struct gs_incident_desk *desk;
    int64_t now_ms;
    size_t n_muted, n_acknowledged;
};

static void refresh_one(void *arg, const struct gs_incident *incident)
{
    struct refreshed *refreshed = arg;
    struct gs_incident_desk *desk = refreshed->desk;
    struct gs_incident_answer answer = incident->answer;
    const bool was_silenced = answer.silenced;

    renew(desk, incident, refreshed->now_ms, &answer);
    gs_incident_desk_silence(desk, incident);
    const bool late = gs_incident_desk_note_held(desk, incident);
    if ((late || answer.silenced != was_silenced) && desk->options.answered != NULL) {
        desk->options.answered(desk->options.tell_arg, incident, late);
    }
    refreshed->n_muted += answer.muted;
    refreshed->n_acknowledged += answer.acknowledged;
}

void gs_incident_desk_look(struct gs_incident_desk *desk, int64_t now_ms)
{
    struct refreshed refreshed = {.desk = desk, .now_ms = now_ms};
    struct gs_error err = {0};

    if (desk->journal_looked_ms != 0 && now_ms - desk->journal_looked_ms < LOOK_EVERY_MS &&
        now_ms >= desk->journal_looked_ms) {
        return;
    }
    desk->journal_looked_ms = now_ms;
    if (desk->journal != NULL) {
        write_notices(desk);
        const bool failed = follow(desk, &err) != GS_OK;
        if (failed && !desk->read_failed) {
            count_problem(desk, READ, 1);
            gs_log(GS_LOG_ERROR, "incidents", "going on with the answers so far: %s", err.message);
        }
        desk->read_failed = failed;
    }
    desk->quiet = gs_quiet_hours_hold(desk->options.quiet, now_ms);
    gs_incidents_each(desk->incidents, refresh_one, &refreshed);
    gs_incident_desk_release(desk, now_ms);
    gs_series_set(desk->muted, (double)refreshed.n_muted);
    gs_series_set(desk->acknowledged, (double)refreshed.n_acknowledged);
    if (desk->news) {
        show_verdicts(desk, false);
        desk->news = false;
    }
}
