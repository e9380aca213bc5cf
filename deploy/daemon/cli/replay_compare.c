/* Two sides of a what-if: counterparts, counts a day, and the page of text. */
#include "deploy/daemon/cli/replay_compare.h"

#include "deploy/daemon/config/options.h"
#include "ingest/base/escape.h"

#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 86400000 };

static int64_t end_of(int64_t ends_at_ms)
{
    return ends_at_ms < 0 ? INT64_MAX : ends_at_ms;
}

/* ---- counterparts ---- */

/* A place in the order by rule, key and start. */
struct placed {
    const struct gs_replay_alert *row;
};

static int by_key(const struct gs_replay_alert *a, const struct gs_replay_alert *b)
{
    const int order = strcmp(a->rule, b->rule);

    return order != 0 ? order : strcmp(a->key, b->key);
}

static int by_key_and_start(const void *a, const void *b)
{
    const struct gs_replay_alert *x = ((const struct placed *)a)->row;
    const struct gs_replay_alert *y = ((const struct placed *)b)->row;
    const int order = by_key(x, y);

    if (order != 0) {
        return order;
    }
    return x->starts_at_ms < y->starts_at_ms ? -1 : x->starts_at_ms > y->starts_at_ms;
}

static struct placed *sorted(const struct gs_replay_alerts *alerts)
{
    struct placed *rows = calloc(alerts->n + 1, sizeof *rows);

    for (size_t i = 0; i < alerts->n && rows != NULL; i++) {
        rows[i].row = &alerts->rows[i];
    }
    if (rows != NULL) {
        qsort(rows, alerts->n, sizeof *rows, by_key_and_start);
    }
    return rows;
}

/* Which of two alerts lies first, by rule and key and then by time; 0: they are counterparts. */
static int place_of(const struct gs_replay_alert *a, const struct gs_replay_alert *b)
{
    const int order = by_key(a, b);

    if (order != 0) {
        return order;
    }
    if (end_of(a->ends_at_ms) < b->starts_at_ms) {
        return -1;
    }
    return end_of(b->ends_at_ms) < a->starts_at_ms ? 1 : 0;
}

static bool match_alerts(struct gs_replay_compared *compared)
{
    const struct gs_replay_alerts *before = &compared->sides[0].alerts;
    const struct gs_replay_alerts *after = &compared->sides[1].alerts;
    struct placed *a = sorted(before);
    struct placed *b = sorted(after);
    size_t i = 0;
    size_t j = 0;

    while (a != NULL && b != NULL && i < before->n && j < after->n) {
        const int place = place_of(a[i].row, b[j].row);
        if (place == 0) {
            compared->alerts[0][a[i].row - before->rows] = (size_t)(b[j].row - after->rows);
            compared->alerts[1][b[j].row - after->rows] = (size_t)(a[i].row - before->rows);
        }
        i += place <= 0;
        j += place >= 0;
    }
    const bool ok = a != NULL && b != NULL;
    free(a);
    free(b);
    return ok;
}

static bool share_a_key(const struct gs_replay_incident *a, const struct gs_replay_incident *b)
{
    for (uint32_t i = 0; i < a->n_keys; i++) {
        for (uint32_t j = 0; j < b->n_keys; j++) {
            if (strcmp(a->keys[i].key, b->keys[j].key) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Both lists are in order of opening. */
static void match_incidents(struct gs_replay_compared *compared)
{
    const struct gs_replay_incidents *before = &compared->sides[0].incidents;
    const struct gs_replay_incidents *after = &compared->sides[1].incidents;

    for (size_t i = 0; i < before->n; i++) {
        const struct gs_replay_incident *a = &before->rows[i];
        for (size_t j = 0; j < after->n; j++) {
            const struct gs_replay_incident *b = &after->rows[j];
            if (b->opened_at_ms > end_of(a->ends_at_ms)) {
                break;
            }
            if (end_of(b->ends_at_ms) >= a->opened_at_ms &&
                compared->incidents[1][j] == GS_REPLAY_ALONE && share_a_key(a, b)) {
                compared->incidents[0][i] = j;
                compared->incidents[1][j] = i;
                break;
            }
        }
    }
}

static size_t *alone(size_t n)
{
    size_t *list = calloc(n + 1, sizeof *list);

    for (size_t i = 0; i < n && list != NULL; i++) {
        list[i] = GS_REPLAY_ALONE;
    }
    return list;
}

/* ---- days ---- */

static int by_day(const void *a, const void *b)
{
    const struct gs_replay_day *x = a;
    const struct gs_replay_day *y = b;

    if (x->day_ms != y->day_ms) {
        return x->day_ms < y->day_ms ? -1 : 1;
    }
    if (x->rule == NULL || y->rule == NULL) {
        return (x->rule == NULL) - (y->rule == NULL);
    }
    const int order = strcmp(x->rule, y->rule);
    return order != 0 ? order : strcmp(x->kind, y->kind);
}

static int64_t day_of(int64_t ms)
{
    const int64_t past = ms % DAY_MS;

    return ms - (past < 0 ? past + DAY_MS : past);
}

static void add_side(struct gs_replay_compared *compared, size_t side)
{
    const struct gs_replay_alerts *alerts = &compared->sides[side].alerts;
    const struct gs_replay_incidents *incidents = &compared->sides[side].incidents;

    for (size_t i = 0; i < alerts->n; i++) {
        const struct gs_replay_alert *row = &alerts->rows[i];
        struct gs_replay_day *day = &compared->days[compared->n_days++];
        *day = (struct gs_replay_day){.day_ms = day_of(row->fired_at_ms), .rule = row->rule};
        (void)snprintf(day->kind, sizeof day->kind, "%.*s", (int)strcspn(row->key, ":"), row->key);
        day->n[side][row->severity] = 1;
    }
    for (size_t i = 0; i < incidents->n; i++) {
        const struct gs_replay_incident *row = &incidents->rows[i];
        struct gs_replay_day *day = &compared->days[compared->n_days++];
        *day = (struct gs_replay_day){.day_ms = day_of(row->opened_at_ms)};
        day->n[side][row->severity] = 1;
    }
}

static void add_counts(struct gs_replay_day *to, const struct gs_replay_day *from)
{
    for (size_t side = 0; side < 2; side++) {
        for (size_t i = 0; i < GS_N_SEVERITIES; i++) {
            to->n[side][i] += from->n[side][i];
        }
    }
}

/* Each alert and incident as a day of its own, sorted, and those that are alike added up. */
static bool count_days(struct gs_replay_compared *compared)
{
    size_t n = 0;
    size_t kept = 0;

    for (size_t side = 0; side < 2; side++) {
        n += compared->sides[side].alerts.n + compared->sides[side].incidents.n;
    }
    compared->days = calloc(n + 1, sizeof *compared->days);
    if (compared->days == NULL) {
        return false;
    }
    add_side(compared, 0);
    add_side(compared, 1);
    qsort(compared->days, n, sizeof *compared->days, by_day);
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && by_day(&compared->days[kept - 1], &compared->days[i]) == 0) {
            add_counts(&compared->days[kept - 1], &compared->days[i]);
        } else {
            compared->days[kept++] = compared->days[i];
        }
    }
    compared->n_days = kept;
    return true;
}

enum gs_status gs_replay_compare(const struct gs_replay_side sides[2],
                                 struct gs_replay_compared *ret, struct gs_error *err)
{
    *ret = (struct gs_replay_compared){.sides = sides};
    for (size_t side = 0; side < 2; side++) {
        ret->alerts[side] = alone(sides[side].alerts.n);
        ret->incidents[side] = alone(sides[side].incidents.n);
        if (ret->alerts[side] == NULL || ret->incidents[side] == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "comparison");
        }
    }
    if (!match_alerts(ret) || !count_days(ret)) {
        return gs_fail(err, GS_NO_MEMORY, "comparison");
    }
    match_incidents(ret);
    return GS_OK;
}

void gs_replay_compared_done(struct gs_replay_compared *compared)
{
    for (size_t side = 0; side < 2; side++) {
        free(compared->alerts[side]);
        free(compared->incidents[side]);
    }
    free(compared->days);
}

double gs_replay_days(const struct gs_local_totals *totals)
{
    return totals->from_ms > totals->to_ms ? 0.0
                                           : (double)(totals->to_ms - totals->from_ms) / DAY_MS;
}

unsigned gs_replay_notices(const struct gs_replay_incidents *incidents)
{
    unsigned n = 0;

    for (size_t i = 0; i < incidents->n; i++) {
        n += incidents->rows[i].notices;
    }
    return n;
}
