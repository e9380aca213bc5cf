#include "deploy/daemon/board.h"

#include "base/metrics.h"
#include "deploy/daemon/metric_table.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_TOPIC_ROWS = 256, MAX_ALERTS = 4096, N_SEVERITIES = 3 };

static const char *const severity_names[N_SEVERITIES] = {"info", "warning", "critical"};

/* The gauges of one key that is shown. */
struct shown {
    char key[GS_BOARD_KEY];
    struct gs_series *ratio, *expected, *evidence;
    bool seen; /* in the round that ends */
};

struct gs_board {
    struct gs_shard *shard;
    size_t max_others;
    struct shown *shown; /* [MAX_TOPIC_ROWS + max_others] */
    size_t n_shown;
    struct gs_series *firing[N_SEVERITIES];
    struct gs_series *changes[3][N_SEVERITIES];

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
    static const char *const states[] = {"firing", "updated", "resolved"};

    for (size_t s = 0; s < N_SEVERITIES; s++) {
        board->firing[s] = gs_metric_series(board->shard, GS_M_ALERTS_FIRING, &severity_names[s]);
        for (size_t i = 0; i < 3; i++) {
            const char *const values[] = {states[i], severity_names[s]};
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

static void copy_key(char *to, struct gs_str key)
{
    const size_t len = key.len < GS_BOARD_KEY - 1 ? key.len : GS_BOARD_KEY - 1;

    memcpy(to, key.bytes, len);
    to[len] = '\0';
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
                               .firing = view->firing,
                               .detectable = view->detectable};
    copy_key(row.key, view->key);
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
    shown->ratio = gs_metric_series(board->shard,
                                    topic ? GS_M_NEGATIVE_RATIO : GS_M_KEY_NEGATIVE_RATIO, values);
    shown->expected = gs_metric_series(
        board->shard, topic ? GS_M_NEGATIVE_EXPECTED_RATIO : GS_M_KEY_EXPECTED_RATIO, values);
    shown->evidence = gs_metric_series(
        board->shard, topic ? GS_M_SPIKE_LOG10_EVIDENCE : GS_M_KEY_LOG10_EVIDENCE, values);
    return shown;
}

static void set_gauges(struct gs_board *board, const struct gs_board_row *row)
{
    struct shown *shown = show(board, row->key);

    if (shown != NULL) {
        gs_series_set(shown->ratio, row->observed);
        gs_series_set(shown->expected, row->expected);
        gs_series_set(shown->evidence, row->log10_evidence);
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
            gs_series_drop(board->shard, shown->ratio);
            gs_series_drop(board->shard, shown->expected);
            gs_series_drop(board->shard, shown->evidence);
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

static void active_gauge(struct gs_board *board, const struct gs_board_alert *alert, bool active)
{
    const char *const values[] = {alert->key, severity_names[alert->severity]};
    struct gs_series *series = gs_metric_series(board->shard, GS_M_ALERT_ACTIVE, values);

    if (active) {
        gs_series_set(series, 1);
    } else {
        gs_series_drop(board->shard, series);
    }
    gs_series_add(board->firing[alert->severity], active ? 1 : -1);
}

/* Needs the lock. */
static void take_out(struct gs_board *board, size_t i)
{
    active_gauge(board, &board->alerts[i], false);
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
    active_gauge(board, alert, true);
    return true;
}

void gs_board_alert(struct gs_board *board, uint64_t watch, const struct gs_alert *alert,
                    struct gs_str json)
{
    struct gs_board_alert entry = {.severity = alert->severity, .watch = watch};

    gs_series_add(board->changes[alert->state][alert->severity], 1);
    copy_key(entry.key, alert->key);
    (void)pthread_mutex_lock(&board->lock);
    for (size_t i = 0; i < board->n_alerts; i++) {
        if (board->alerts[i].watch == watch && strcmp(board->alerts[i].key, entry.key) == 0) {
            take_out(board, i);
            break;
        }
    }
    if (alert->state != GS_ALERT_RESOLVED) {
        entry.json = malloc(json.len + 1);
        if (entry.json != NULL) {
            memcpy(entry.json, json.bytes, json.len);
            entry.json[json.len] = '\0';
        }
        if (!put_in(board, &entry)) {
            free(entry.json);
        }
    }
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
