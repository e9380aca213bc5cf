/* The board of watched keys: gauges and rows of the busiest keys, and the alerts that fire. Written by
 * its watch lane after a commit, read by the HTTP thread under its lock. */
#include "deploy/daemon/telemetry/key_board.h"

#include "deploy/daemon/telemetry/metric_table.h"
#include "ingest/base/metrics.h"
#include "ingest/base/utf8.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_TOPIC_ROWS = 256, MAX_ALERTS = 4096 };

/* The gauges of a key: of a topic, and of another. */
enum { RATIO, EXPECTED, DEVIATION, EVIDENCE, THRESHOLD, N_GAUGES };
static const enum gs_metric_id gauges[N_GAUGES][2] = {
    [RATIO] = {GS_M_NEGATIVE_RATIO, GS_M_KEY_NEGATIVE_RATIO},
    [EXPECTED] = {GS_M_NEGATIVE_EXPECTED_RATIO, GS_M_KEY_EXPECTED_RATIO},
    [DEVIATION] = {GS_M_EXPECTED_DEVIATION, GS_M_KEY_EXPECTED_DEVIATION},
    [EVIDENCE] = {GS_M_SPIKE_LOG10_EVIDENCE, GS_M_KEY_LOG10_EVIDENCE},
    [THRESHOLD] = {GS_M_SPIKE_LOG10_THRESHOLD, GS_M_KEY_LOG10_THRESHOLD},
};

/* Those of one key that is shown. */
struct shown {
    char key[GS_BOARD_KEY];
    struct gs_series *series[N_GAUGES];
    bool seen; /* in the round that ends */
};

struct gs_board {
    struct gs_shard *shard;
    size_t max_others;
    struct shown *shown; /* [MAX_TOPIC_ROWS + max_others] */
    size_t n_shown;
    struct gs_series *firing[GS_N_SEVERITIES];
    struct gs_series *changes[GS_N_ALERT_STATES][GS_N_SEVERITIES];

    struct gs_board_row
        *round; /* being gathered: topics from the front, others behind MAX_TOPIC_ROWS */
    size_t n_topics, n_others;

    pthread_mutex_t lock; /* guards rows, n_rows, alerts, n_alerts */
    struct gs_board_row *rows;
    size_t n_rows;
    struct gs_board_alert *alerts;
    size_t n_alerts;
};

static void find_series(struct gs_board *board)
{
    for (size_t s = 0; s < GS_N_SEVERITIES; s++) {
        const char *const severity = gs_severity_name((enum gs_severity)s);
        board->firing[s] = gs_metric_series(board->shard, GS_M_ALERTS_FIRING, &severity);
        for (size_t i = 0; i < GS_N_ALERT_STATES; i++) {
            const char *const values[] = {gs_alert_state_name((enum gs_alert_state)i), severity};
            board->changes[i][s] = gs_metric_series(board->shard, GS_M_ALERTS, values);
        }
    }
}

enum gs_status gs_board_new(struct gs_shard *shard, size_t max_gauge_keys, struct gs_board **ret,
                            struct gs_error *err)
{
    const size_t max = MAX_TOPIC_ROWS + max_gauge_keys;
    struct gs_board *board = calloc(1, sizeof *board);

    if (board == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "board");
    }
    (void)pthread_mutex_init(&board->lock, NULL);
    board->shard = shard;
    board->max_others = max_gauge_keys;
    board->shown = calloc(max, sizeof *board->shown);
    board->round = calloc(max, sizeof *board->round);
    board->rows = calloc(max, sizeof *board->rows);
    if (board->shown == NULL || board->round == NULL || board->rows == NULL) {
        gs_board_free(board);
        return gs_fail(err, GS_NO_MEMORY, "board of %zu rows", max);
    }
    find_series(board);
    *ret = board;
    return GS_OK;
}

void gs_board_free(struct gs_board *board)
{
    if (board == NULL) {
        return;
    }
    for (size_t i = 0; i < board->n_alerts; i++) {
        free(board->alerts[i].json);
    }
    (void)pthread_mutex_destroy(&board->lock);
    free(board->alerts);
    free(board->shown);
    free(board->round);
    free(board->rows);
    free(board);
}

/* ---- rows ---- */

static bool is_topic(const char *key)
{
    return strncmp(key, "topic:", 6) == 0;
}

/* As much as fits, cut at a character. */
static void copy_text(char *to, size_t size, struct gs_str text)
{
    (void)snprintf(to, size, "%.*s", GS_STR_ARGS(gs_utf8_cut(text, size - 1)));
}

void gs_board_begin(struct gs_board *board)
{
    board->n_topics = 0;
    board->n_others = 0;
}

/* Firing keys before others, then by evidence. */
static bool weighs_more(const struct gs_board_row *a, const struct gs_board_row *b)
{
    return a->firing != b->firing ? a->firing : a->log10_evidence > b->log10_evidence;
}

void gs_board_row(struct gs_board *board, const struct gs_key_view *view)
{
    struct gs_board_row row = {.messages = view->n_total,
                               .n_hour = view->n_hour,
                               .observed = view->observed,
                               .expected = view->expected,
                               .log10_evidence = view->log10_evidence,
                               .expected_sd = view->expected_sd,
                               .log10_threshold = view->log10_threshold,
                               .detectable_rise = view->detectable_rise,
                               .firing = view->firing,
                               .detectable = view->detectable};
    copy_text(row.key, sizeof row.key, view->key);
    copy_text(row.name, sizeof row.name, view->name);
    if (is_topic(row.key)) {
        if (board->n_topics < MAX_TOPIC_ROWS) {
            board->round[board->n_topics++] = row;
        }
        return;
    }
    struct gs_board_row *others = board->round + MAX_TOPIC_ROWS;
    if (board->max_others == 0 || (board->n_others == board->max_others &&
                                   !weighs_more(&row, &others[board->n_others - 1]))) {
        return;
    }
    size_t at = board->n_others < board->max_others ? board->n_others++ : board->max_others - 1;
    for (; at > 0 && weighs_more(&row, &others[at - 1]); at--) {
        others[at] = others[at - 1];
    }
    others[at] = row;
}

static struct shown *find_shown(struct gs_board *board, const char *key)
{
    for (size_t i = 0; i < board->n_shown; i++) {
        if (strcmp(board->shown[i].key, key) == 0) {
            return &board->shown[i];
        }
    }
    return NULL;
}

static struct shown *show(struct gs_board *board, const char *key)
{
    struct shown *shown = find_shown(board, key);

    if (shown != NULL) {
        return shown;
    }
    if (board->n_shown == MAX_TOPIC_ROWS + board->max_others) {
        return NULL;
    }
    shown = &board->shown[board->n_shown++];
    *shown = (struct shown){0};
    (void)snprintf(shown->key, sizeof shown->key, "%s", key);
    const bool topic = is_topic(key);
    const char *const values[] = {topic ? key + 6 : key, "1h"};
    for (size_t i = 0; i < N_GAUGES; i++) {
        shown->series[i] = gs_metric_series(board->shard, gauges[i][topic ? 0 : 1], values);
    }
    return shown;
}

static void set_gauges(struct gs_board *board, const struct gs_board_row *row)
{
    struct shown *shown = show(board, row->key);

    if (shown != NULL) {
        gs_series_set(shown->series[RATIO], row->observed);
        gs_series_set(shown->series[EXPECTED], row->expected);
        gs_series_set(shown->series[DEVIATION], row->expected_sd);
        gs_series_set(shown->series[EVIDENCE], row->log10_evidence);
        gs_series_set(shown->series[THRESHOLD], row->log10_threshold);
    }
}

static void drop_unseen(struct gs_board *board)
{
    size_t kept = 0;

    for (size_t i = 0; i < board->n_shown; i++) {
        struct shown *shown = &board->shown[i];
        if (shown->seen) {
            shown->seen = false;
            board->shown[kept++] = *shown;
        } else {
            for (size_t k = 0; k < N_GAUGES; k++) {
                gs_series_drop(board->shard, shown->series[k]);
            }
        }
    }
    board->n_shown = kept;
}

/* The i-th row of the round, topics first. */
static const struct gs_board_row *round_row(const struct gs_board *board, size_t i)
{
    return i < board->n_topics ? &board->round[i]
                               : &board->round[MAX_TOPIC_ROWS + i - board->n_topics];
}

void gs_board_end(struct gs_board *board)
{
    const size_t n = board->n_topics + board->n_others;

    for (size_t i = 0; i < n; i++) {
        struct shown *shown = find_shown(board, round_row(board, i)->key);
        if (shown != NULL) {
            shown->seen = true;
        }
    }
    drop_unseen(board); /* first, so that there is room for the new ones */
    for (size_t i = 0; i < n; i++) {
        set_gauges(board, round_row(board, i));
    }
    (void)pthread_mutex_lock(&board->lock);
    memcpy(board->rows, board->round, board->n_topics * sizeof *board->rows);
    memcpy(board->rows + board->n_topics, board->round + MAX_TOPIC_ROWS,
           board->n_others * sizeof *board->rows);
    board->n_rows = n;
    (void)pthread_mutex_unlock(&board->lock);
}

size_t gs_board_rows(struct gs_board *board, struct gs_board_row *rows, size_t max)
{
    (void)pthread_mutex_lock(&board->lock);
    const size_t n = board->n_rows < max ? board->n_rows : max;
    memcpy(rows, board->rows, n * sizeof *rows);
    (void)pthread_mutex_unlock(&board->lock);
    return n;
}

/* ---- alerts ---- */

static void one_or_gone(struct gs_board *board, enum gs_metric_id id, const char *const *values,
                        bool there)
{
    struct gs_series *series = gs_metric_series(board->shard, id, values);

    if (there) {
        gs_series_set(series, 1);
    } else {
        gs_series_drop(board->shard, series);
    }
}

/* Two series an alert while it fires, so their number is bounded as the alerts are; the headline
 * changes with the severity at most. */
static void active_gauges(struct gs_board *board, const struct gs_board_alert *alert, bool active)
{
    const char *const who[] = {alert->key, alert->name, gs_severity_name(alert->severity)};
    const char *const what[] = {alert->key, alert->headline, alert->url};

    one_or_gone(board, GS_M_ALERT_ACTIVE, who, active);
    one_or_gone(board, GS_M_ALERT_INFO, what, active);
    gs_series_add(board->firing[alert->severity], active ? 1 : -1);
}

/* Needs the lock. */
static void take_out(struct gs_board *board, size_t i)
{
    active_gauges(board, &board->alerts[i], false);
    free(board->alerts[i].json);
    board->alerts[i] = board->alerts[--board->n_alerts];
}

/* Needs the lock. False without memory or past the bound: the record is in the alerts topic all the
 * same. */
static bool put_in(struct gs_board *board, const struct gs_board_alert *alert)
{
    if (board->n_alerts == MAX_ALERTS) {
        return false;
    }
    struct gs_board_alert *bigger =
        realloc(board->alerts, (board->n_alerts + 1) * sizeof *board->alerts);
    if (bigger == NULL) {
        return false;
    }
    board->alerts = bigger;
    board->alerts[board->n_alerts++] = *alert;
    active_gauges(board, alert, true);
    return true;
}

/* Its record as it would be now; who it is and what it is about stay as they were told. Needs the
 * lock. */
static void refresh(struct gs_board_alert *alert, struct gs_str json)
{
    char *copy = gs_str_copy(json);

    if (copy != NULL) {
        free(alert->json);
        alert->json = copy;
    }
}

void gs_board_alert(struct gs_board *board, uint64_t watch, const struct gs_alert *alert,
                    struct gs_str json)
{
    if (!alert->routine) {
        gs_series_add(board->changes[alert->state][alert->severity], 1);
    }
    gs_board_show_alert(board, watch, alert, json);
}

void gs_board_show_alert(struct gs_board *board, uint64_t watch, const struct gs_alert *alert,
                         struct gs_str json)
{
    struct gs_board_alert entry = {.severity = alert->severity, .watch = watch};

    copy_text(entry.key, sizeof entry.key, alert->key);
    copy_text(entry.name, sizeof entry.name, alert->name);
    if (alert->n_evidence > 0) {
        const struct gs_evidence_item *first = &alert->evidence[0];
        copy_text(entry.headline, sizeof entry.headline, first->excerpt);
        if (first->url.len < sizeof entry.url) { /* half a link is none */
            copy_text(entry.url, sizeof entry.url, first->url);
        }
    }
    (void)pthread_mutex_lock(&board->lock);
    for (size_t i = 0; i < board->n_alerts; i++) {
        if (board->alerts[i].watch == watch && strcmp(board->alerts[i].key, entry.key) == 0) {
            if (alert->routine) {
                refresh(&board->alerts[i], json);
                goto done;
            }
            take_out(board, i);
            break;
        }
    }
    if (alert->state != GS_ALERT_RESOLVED) {
        entry.json = gs_str_copy(json);
        if (!put_in(board, &entry)) {
            free(entry.json);
        }
    }

done:
    (void)pthread_mutex_unlock(&board->lock);
}

void gs_board_forget(struct gs_board *board, uint64_t watch)
{
    (void)pthread_mutex_lock(&board->lock);
    for (size_t i = board->n_alerts; i > 0; i--) {
        if (board->alerts[i - 1].watch == watch) {
            take_out(board, i - 1);
        }
    }
    (void)pthread_mutex_unlock(&board->lock);
}

bool gs_board_alerts_json(struct gs_board *board, bool comma, struct gs_buf *out)
{
    bool wrote = false;

    (void)pthread_mutex_lock(&board->lock);
    for (size_t i = 0; i < board->n_alerts; i++) {
        if (board->alerts[i].json != NULL) {
            gs_buf_puts(out, comma || wrote ? "," : "");
            gs_buf_puts(out, board->alerts[i].json);
            wrote = true;
        }
    }
    (void)pthread_mutex_unlock(&board->lock);
    return wrote;
}
