/* The table is an array in the order of coming; it has at most a few hundred entries, so everything
 * walks it. */
#include "alerting/notify/push_table.h"

#include <assert.h>
#include <stdlib.h>

/* An entry at one Alertmanager. */
struct peer_state {
    int64_t due_ms;
    uint32_t knows; /* the version that it has accepted; 0: none */
    bool alone;     /* was in a request that was refused */
};

struct entry {
    uint64_t number; /* never used twice */
    uint32_t version;
    int64_t over_ms; /* since when it has ended, by our clock; -1: it is on */
    int64_t left_ms; /* since when it is told once more and no longer; -1: it is not */
    struct gs_push_alert alert;
    struct peer_state peers[GS_PUSH_PEERS];
};

struct gs_push_table {
    size_t n_peers, max;
    int64_t resend_ms, keep_ms;
    uint64_t last_number;
    struct entry *entries;
    size_t n, capacity;
};

enum gs_status gs_push_new(size_t n_peers, size_t max, int64_t resend_ms,
                           struct gs_push_table **ret, struct gs_error *err)
{
    assert(n_peers <= GS_PUSH_PEERS && max > 0 && resend_ms > 0);
    struct gs_push_table *table = calloc(1, sizeof *table);

    if (table == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "notify");
    }
    table->n_peers = n_peers;
    table->max = max;
    table->resend_ms = resend_ms;
    table->keep_ms = 5 * resend_ms > GS_PUSH_KEEP_MS ? 5 * resend_ms : GS_PUSH_KEEP_MS;
    *ret = table;
    return GS_OK;
}

void gs_push_free(struct gs_push_table *table)
{
    if (table != NULL) {
        free(table->entries);
        free(table);
    }
}

/* ---- entries ---- */

static void take_out(struct gs_push_table *table, size_t i)
{
    table->n--;
    memmove(table->entries + i, table->entries + i + 1, (table->n - i) * sizeof *table->entries);
}

/* The entry of an incident that has not ended; there is one at most. */
static struct entry *find_live(struct gs_push_table *table, const char *incident)
{
    for (size_t i = 0; i < table->n; i++) {
        struct entry *entry = &table->entries[i];
        if (entry->over_ms < 0 && strcmp(entry->alert.incident, incident) == 0) {
            return entry;
        }
    }
    return NULL;
}

static struct entry *find_number(struct gs_push_table *table, uint64_t number)
{
    for (size_t i = 0; i < table->n; i++) {
        if (table->entries[i].number == number) {
            return &table->entries[i];
        }
    }
    return NULL;
}

static bool all_know(const struct gs_push_table *table, const struct entry *entry)
{
    for (size_t i = 0; i < table->n_peers; i++) {
        if (entry->peers[i].knows != entry->version) {
            return false;
        }
    }
    return true;
}

/* Since when it is not kept up; -1: it is. */
static int64_t past_since(const struct entry *entry)
{
    return entry->over_ms >= 0 ? entry->over_ms : entry->left_ms;
}

/* Room for one more, where the one that ended first may have to go; false: all are on. *ret_lost:
 * it went untold. */
static bool make_room(struct gs_push_table *table, bool *ret_lost)
{
    size_t oldest = table->n;

    *ret_lost = false;
    if (table->n < table->capacity) {
        return true;
    }
    if (table->capacity < table->max) {
        const size_t twice = table->capacity < 8 ? 16 : 2 * table->capacity;
        const size_t capacity = twice < table->max ? twice : table->max;
        struct entry *entries = realloc(table->entries, capacity * sizeof *entries);
        if (entries != NULL) {
            table->entries = entries;
            table->capacity = capacity;
            return true;
        }
    }
    for (size_t i = 0; i < table->n; i++) {
        const int64_t since_ms = past_since(&table->entries[i]);
        if (since_ms >= 0 &&
            (oldest == table->n || since_ms < past_since(&table->entries[oldest]))) {
            oldest = i;
        }
    }
    if (oldest == table->n) {
        return false;
    }
    *ret_lost = !all_know(table, &table->entries[oldest]);
    take_out(table, oldest);
    return true;
}

/* Something else is to be said of it, at this time. */
static void change(struct gs_push_table *table, struct entry *entry, int64_t due_ms)
{
    entry->version++;
    for (size_t i = 0; i < table->n_peers; i++) {
        struct peer_state *peer = &entry->peers[i];
        peer->due_ms = due_ms < peer->due_ms ? due_ms : peer->due_ms;
    }
}

static void end(struct gs_push_table *table, struct entry *entry, int64_t ended_at_ms,
                int64_t now_ms)
{
    entry->alert.ended_at_ms = ended_at_ms;
    entry->over_ms = now_ms;
    change(table, entry, now_ms);
}

static bool begin(struct gs_push_table *table, const struct gs_push_alert *alert, int64_t now_ms)
{
    bool lost = false;

    if (!make_room(table, &lost)) {
        return false;
    }
    struct entry *entry = &table->entries[table->n++];
    *entry = (struct entry){.number = ++table->last_number,
                            .version = 1,
                            .over_ms = -1,
                            .left_ms = -1,
                            .alert = *alert};
    for (size_t i = 0; i < table->n_peers; i++) {
        entry->peers[i].due_ms = now_ms;
    }
    return !lost;
}

/* Where people are not told, the labels stay: they say which alert it is. */
static void keep_labels(const struct gs_push_alert *from, struct gs_push_alert *to)
{
    memcpy(to->key, from->key, sizeof to->key);
    memcpy(to->name, from->name, sizeof to->name);
    to->kind = from->kind;
    to->severity = from->severity;
}

bool gs_push_put(struct gs_push_table *table, const struct gs_push_alert *alert, bool told,
                 int64_t now_ms)
{
    struct entry *entry = find_live(table, alert->incident);

    if (entry == NULL) {
        return alert->ended_at_ms >= 0 || begin(table, alert, now_ms);
    }
    if (alert->ended_at_ms >= 0) {
        end(table, entry, alert->ended_at_ms, now_ms);
        return true;
    }
    if (told && !gs_push_same_labels(&entry->alert, alert)) {
        end(table, entry, alert->at_ms, now_ms);
        return begin(table, alert, now_ms);
    }
    struct gs_push_alert now = *alert;
    keep_labels(&entry->alert, &now);
    now.starts_at_ms = entry->alert.starts_at_ms;
    entry->alert = now;
    entry->left_ms = -1;
    change(table, entry, told ? now_ms : now_ms + table->resend_ms);
    return true;
}

void gs_push_drop(struct gs_push_table *table, const char *incident)
{
    struct entry *entry = find_live(table, incident);

    if (entry != NULL) {
        take_out(table, (size_t)(entry - table->entries));
    }
}

void gs_push_leave(struct gs_push_table *table, const char *incident, int64_t now_ms)
{
    struct entry *entry = find_live(table, incident);

    if (entry != NULL && entry->left_ms < 0) {
        entry->left_ms = now_ms;
        change(table, entry, now_ms);
    }
}

void gs_push_hurry(struct gs_push_table *table, int64_t now_ms)
{
    for (size_t i = 0; i < table->n; i++) {
        for (size_t peer = 0; peer < table->n_peers && table->entries[i].over_ms < 0; peer++) {
            struct peer_state *state = &table->entries[i].peers[peer];
            state->due_ms = state->due_ms == INT64_MAX ? INT64_MAX : now_ms;
        }
    }
}

/* ---- requests ---- */

/* What is due within half a resend goes along, so that alerts fall into step. */
static bool goes_along(const struct gs_push_table *table, const struct peer_state *state,
                       int64_t now_ms)
{
    return state->due_ms != INT64_MAX && state->due_ms <= now_ms + table->resend_ms / 2;
}

static void take_along(struct gs_push_batch *batch, const struct entry *entry, int64_t ends_at_ms,
                       struct gs_buf *out)
{
    gs_buf_putc(out, batch->n == 0 ? '[' : ',');
    gs_push_alert_encode(&entry->alert, ends_at_ms, out);
    batch->items[batch->n].entry = entry->number;
    batch->items[batch->n].version = entry->version;
    batch->n++;
}

/* The entry that is to go alone, if it is due. */
static const struct entry *lone(const struct gs_push_table *table, size_t peer, int64_t now_ms)
{
    for (size_t i = 0; i < table->n; i++) {
        const struct peer_state *state = &table->entries[i].peers[peer];
        if (state->alone && state->due_ms <= now_ms) {
            return &table->entries[i];
        }
    }
    return NULL;
}

bool gs_push_batch(struct gs_push_table *table, size_t peer, int64_t now_ms, int64_t ends_at_ms,
                   struct gs_push_batch *ret, struct gs_buf *out)
{
    const struct entry *alone = lone(table, peer, now_ms);

    ret->n = 0;
    if (gs_push_due(table, peer) > now_ms) {
        return false;
    }
    if (alone != NULL) {
        take_along(ret, alone, ends_at_ms, out);
    }
    for (size_t i = 0; i < table->n && alone == NULL && ret->n < GS_PUSH_BATCH; i++) {
        const struct entry *entry = &table->entries[i];
        if (!entry->peers[peer].alone && goes_along(table, &entry->peers[peer], now_ms)) {
            take_along(ret, entry, ends_at_ms, out);
        }
    }
    gs_buf_putc(out, ']');
    return true;
}

void gs_push_accepted(struct gs_push_table *table, size_t peer, const struct gs_push_batch *batch,
                      int64_t now_ms)
{
    for (size_t i = 0; i < batch->n; i++) {
        struct entry *entry = find_number(table, batch->items[i].entry);
        if (entry == NULL) {
            continue; /* dropped meanwhile */
        }
        struct peer_state *state = &entry->peers[peer];
        const bool changed = entry->version != batch->items[i].version;
        const bool over = entry->left_ms >= 0 ||
                          (entry->over_ms >= 0 && now_ms - entry->over_ms >= table->keep_ms);
        state->knows = batch->items[i].version;
        state->alone = false;
        state->due_ms = changed && state->due_ms <= now_ms ? now_ms
                        : over                             ? INT64_MAX
                                                           : now_ms + table->resend_ms;
    }
}

const char *gs_push_refused(struct gs_push_table *table, size_t peer,
                            const struct gs_push_batch *batch, int64_t now_ms)
{
    const char *incident = NULL;

    for (size_t i = 0; i < batch->n; i++) {
        struct entry *entry = find_number(table, batch->items[i].entry);
        if (entry == NULL) {
            continue;
        }
        struct peer_state *state = &entry->peers[peer];
        const bool changed = entry->version != batch->items[i].version;
        state->alone = true;
        state->due_ms = batch->n == 1 && !changed ? INT64_MAX : now_ms;
        if (batch->n == 1) {
            state->knows = batch->items[i].version; /* no use in keeping it for this one */
            incident = entry->alert.incident;
        }
    }
    return incident;
}

/* ---- what is due ---- */

int64_t gs_push_due(const struct gs_push_table *table, size_t peer)
{
    int64_t due_ms = INT64_MAX;

    for (size_t i = 0; i < table->n; i++) {
        const int64_t own_ms = table->entries[i].peers[peer].due_ms;
        due_ms = own_ms < due_ms ? own_ms : due_ms;
    }
    return due_ms;
}

size_t gs_push_waiting(const struct gs_push_table *table, size_t peer, int64_t now_ms)
{
    size_t n = 0;

    for (size_t i = 0; i < table->n; i++) {
        n += table->entries[i].peers[peer].due_ms <= now_ms;
    }
    return n;
}

size_t gs_push_count(const struct gs_push_table *table)
{
    return table->n;
}

/* True for what need not be told any more, or cannot be. */
static bool is_past(const struct gs_push_table *table, const struct entry *entry, int64_t now_ms)
{
    if (entry->left_ms >= 0) {
        return all_know(table, entry) || now_ms - entry->left_ms >= 3 * table->resend_ms;
    }
    if (entry->over_ms < 0) {
        return false;
    }
    const int64_t age_ms = now_ms - entry->over_ms;
    return age_ms >= GS_PUSH_GIVE_UP_MS || (age_ms >= table->keep_ms && all_know(table, entry));
}

void gs_push_sweep(struct gs_push_table *table, int64_t now_ms)
{
    for (size_t i = table->n; i > 0; i--) {
        if (is_past(table, &table->entries[i - 1], now_ms)) {
            take_out(table, i - 1);
        }
    }
}
