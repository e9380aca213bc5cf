/* The records of a changelog, last one wins: entries are appended, and sorted when there are twice as
 * many as were left by the last sort, which drops what was written over. */
#include "alerting/detector/state_log.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 16 << 20, FIRST_SORT = 65536 };

static struct gs_str key_of(const struct gs_state_log_entry *entry)
{
    return (struct gs_str){entry->bytes, entry->key_len};
}

static int compare_keys(const struct gs_state_log_entry *x, const struct gs_state_log_entry *y)
{
    const int by_type = gs_watch_record_order(key_of(x)) - gs_watch_record_order(key_of(y));
    const size_t shorter = x->key_len < y->key_len ? x->key_len : y->key_len;
    const int by_bytes = by_type != 0 ? by_type : memcmp(x->bytes, y->bytes, shorter);

    return by_bytes != 0 ? by_bytes : (x->key_len > y->key_len) - (x->key_len < y->key_len);
}

/* Merges two sorted runs; equal keys stay in the order in which they came. */
static void merge(struct gs_state_log_entry *to, const struct gs_state_log_entry *from,
                  size_t middle, size_t n)
{
    size_t a = 0;
    size_t b = middle;

    for (size_t i = 0; i < n; i++) {
        const bool left = b == n || (a < middle && compare_keys(&from[a], &from[b]) <= 0);
        to[i] = left ? from[a++] : from[b++];
    }
}

/* Stable, bottom up: of equal keys the last one counts. False without memory. */
static bool sort(struct gs_state_log *log)
{
    struct gs_state_log_entry *from = log->entries;
    struct gs_state_log_entry *to = malloc((log->n + 1) * sizeof *to);

    if (to == NULL) {
        return false;
    }
    for (size_t run = 1; run < log->n; run *= 2) {
        for (size_t at = 0; at < log->n; at += 2 * run) {
            const size_t left = log->n - at;
            merge(to + at, from + at, run < left ? run : left, 2 * run < left ? 2 * run : left);
        }
        struct gs_state_log_entry *swap = from;
        from = to;
        to = swap;
    }
    if (from != log->entries) {
        memcpy(log->entries, from, log->n * sizeof *from);
        to = from;
    }
    free(to);
    return true;
}

static void drop_old(struct gs_state_log *log)
{
    size_t kept = 0;

    for (size_t i = 0; i < log->n; i++) {
        const bool last =
            i + 1 == log->n || compare_keys(&log->entries[i], &log->entries[i + 1]) != 0;
        if (last && !log->entries[i].gone) {
            log->entries[kept++] = log->entries[i];
        } else {
            log->bytes -= log->entries[i].key_len + log->entries[i].value_len;
            free(log->entries[i].bytes);
        }
    }
    log->n = kept;
    log->n_kept = kept;
}

void gs_state_log_settle(struct gs_state_log *log)
{
    if (sort(log)) {
        drop_old(log);
    }
}

static bool reserve(struct gs_state_log *log)
{
    if (log->n >= FIRST_SORT && log->n >= 2 * log->n_kept) {
        gs_state_log_settle(log);
    }
    if (log->n < log->capacity) {
        return true;
    }
    const size_t want = log->capacity * 2 + 1024;
    struct gs_state_log_entry *bigger = realloc(log->entries, want * sizeof *bigger);
    if (bigger == NULL) {
        return false;
    }
    log->entries = bigger;
    log->capacity = want;
    return true;
}

enum gs_status gs_state_log_add(struct gs_state_log *log, struct gs_str key, struct gs_str value,
                                struct gs_error *err)
{
    const size_t len = value.bytes == NULL ? 0 : value.len;

    if (key.len == 0 || key.len > MAX_BYTES || len > MAX_BYTES) {
        return gs_fail(err, GS_BAD_FORMAT, "state: a record without a key, or of over 16 MiB");
    }
    char *bytes = reserve(log) ? malloc(key.len + len) : NULL;
    if (bytes == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "state: %zu records", log->n);
    }
    memcpy(bytes, key.bytes, key.len);
    if (len > 0) {
        memcpy(bytes + key.len, value.bytes, len);
    }
    log->entries[log->n++] =
        (struct gs_state_log_entry){bytes, (uint32_t)key.len, (uint32_t)len, value.bytes == NULL};
    log->bytes += key.len + len;
    return GS_OK;
}

struct gs_state_record gs_state_log_at(const struct gs_state_log *log, size_t i)
{
    const struct gs_state_log_entry *entry = &log->entries[i];

    return (struct gs_state_record){key_of(entry),
                                    {entry->bytes + entry->key_len, entry->value_len}};
}

void gs_state_log_done(struct gs_state_log *log)
{
    for (size_t i = 0; i < log->n; i++) {
        free(log->entries[i].bytes);
    }
    free(log->entries);
    *log = (struct gs_state_log){0};
}
