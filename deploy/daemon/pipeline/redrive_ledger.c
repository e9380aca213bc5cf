/* The ledger of a redrive (redrive_ledger.h): a sorted list of runs. The note is a version and then
 * the lengths of the runs, waiting and sent in turn, each in digits of five bits, the lowest first,
 * with a sixth bit on those that are not the last (as VLQ in source maps). */
#include "deploy/daemon/pipeline/redrive_ledger.h"

#include <stdlib.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char version = '1';

void gs_ledger_done(struct gs_ledger *ledger)
{
    free(ledger->runs);
    *ledger = (struct gs_ledger){.n = 0};
}

enum gs_status gs_ledger_copy(const struct gs_ledger *from, struct gs_ledger *ret,
                              struct gs_error *err)
{
    *ret = *from;
    ret->capacity = from->n;
    ret->runs = calloc(from->n + 1, sizeof *ret->runs);
    if (ret->runs == NULL) {
        *ret = (struct gs_ledger){.n = 0};
        return gs_fail(err, GS_NO_MEMORY, "a ledger");
    }
    if (from->n > 0) {
        memcpy(ret->runs, from->runs, from->n * sizeof *ret->runs);
    }
    return GS_OK;
}

/* ---- as a note ---- */

static void put_length(struct gs_buf *out, int64_t length)
{
    for (uint64_t left = (uint64_t)length;; left >>= 5U) {
        const size_t digit = (left & 31U) | (left > 31 ? 32U : 0U);
        gs_buf_putc(out, digits[digit]);
        if (left <= 31) {
            return;
        }
    }
}

void gs_ledger_write(const struct gs_ledger *ledger, struct gs_buf *out)
{
    int64_t at = ledger->first;

    gs_buf_putc(out, version);
    for (size_t i = 0; i < ledger->n; i++) {
        put_length(out, ledger->runs[i].from - at);
        put_length(out, ledger->runs[i].to - ledger->runs[i].from);
        at = ledger->runs[i].to;
    }
}

/* False: it is no length, or leads past the last offset that there can be. */
static bool take_length(struct gs_str *note, int64_t *at)
{
    uint64_t length = 0;

    for (unsigned shift = 0; note->len > 0 && shift < 60; shift += 5) {
        const char *digit = memchr(digits, note->bytes[0], sizeof digits - 1);
        if (digit == NULL) {
            return false;
        }
        const uint64_t bits = (uint64_t)(digit - digits);
        note->bytes++;
        note->len--;
        length |= (bits & 31U) << shift;
        if (bits < 32) {
            if (length == 0 || length > (uint64_t)(INT64_MAX - *at)) {
                return false;
            }
            *at += (int64_t)length;
            return true;
        }
    }
    return false;
}

static enum gs_status insert(struct gs_ledger *ledger, size_t at, struct gs_ledger_run run,
                             struct gs_error *err)
{
    if (ledger->n == ledger->capacity) {
        const size_t capacity = ledger->capacity < 8 ? 16 : 2 * ledger->capacity;
        struct gs_ledger_run *runs = realloc(ledger->runs, capacity * sizeof *runs);
        if (runs == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "a ledger");
        }
        ledger->runs = runs;
        ledger->capacity = capacity;
    }
    memmove(&ledger->runs[at + 1], &ledger->runs[at], (ledger->n - at) * sizeof *ledger->runs);
    ledger->runs[at] = run;
    ledger->n++;
    return GS_OK;
}

enum gs_status gs_ledger_read(int64_t offset, struct gs_str note, struct gs_ledger *ret,
                              struct gs_error *err)
{
    int64_t at = offset < 0 ? 0 : offset;
    enum gs_status status = GS_OK;

    *ret = (struct gs_ledger){.first = at};
    if (note.len == 0) {
        return GS_OK;
    }
    bool good = offset >= 0 && note.bytes[0] == version;
    note = (struct gs_str){note.bytes + 1, note.len - 1};
    while (good && note.len > 0 && status == GS_OK) {
        struct gs_ledger_run run;
        good = take_length(&note, &at);
        run.from = at;
        good = good && take_length(&note, &at);
        run.to = at;
        status = good ? insert(ret, ret->n, run, err) : GS_OK;
    }
    return good ? status
                : gs_fail(err, GS_BAD_FORMAT,
                          "the text beside the group's offset was written by something else");
}

/* ---- letters ---- */

/* The first run that ends behind the offset. */
static size_t find(const struct gs_ledger *ledger, int64_t offset)
{
    size_t low = 0;
    size_t high = ledger->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (ledger->runs[middle].to > offset) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

bool gs_ledger_sent(const struct gs_ledger *ledger, int64_t offset)
{
    const size_t at = find(ledger, offset);

    return offset < ledger->first || (at < ledger->n && ledger->runs[at].from <= offset);
}

bool gs_ledger_fits(const struct gs_ledger *ledger, int64_t before)
{
    enum { FEW_RUNS = 150, LONGEST_GROWTH = 26 }; /* 26: two lengths of 13 digits */
    struct gs_buf note = {.max = 1 << 20};

    if (ledger->n < FEW_RUNS || before < 0 || gs_ledger_sent(ledger, before)) {
        return true;
    }
    gs_ledger_write(ledger, &note);
    const bool fits = gs_buf_ok(&note) && note.len + LONGEST_GROWTH <= GS_LEDGER_MAX_NOTE;
    gs_buf_done(&note);
    return fits;
}

static void take_out(struct gs_ledger *ledger, size_t from, size_t n)
{
    ledger->n -= n;
    if (n > 0) {
        memmove(&ledger->runs[from], &ledger->runs[from + n],
                (ledger->n - from) * sizeof *ledger->runs);
    }
}

void gs_ledger_trim(struct gs_ledger *ledger, int64_t low)
{
    size_t n = 0;

    ledger->first = low > ledger->first ? low : ledger->first;
    while (n < ledger->n && ledger->runs[n].from <= ledger->first) {
        ledger->first = ledger->runs[n].to > ledger->first ? ledger->runs[n].to : ledger->first;
        n++;
    }
    take_out(ledger, 0, n);
}

/* Both were sent, and no letter is between them: whatever the ledger has there is one run. */
static void join(struct gs_ledger *ledger, int64_t before, int64_t offset)
{
    const size_t at = find(ledger, offset);

    if (before < ledger->first) {
        gs_ledger_trim(ledger, ledger->runs[at].to);
        return;
    }
    const size_t from = find(ledger, before);
    ledger->runs[at].from = ledger->runs[from].from;
    take_out(ledger, from, at - from);
}

enum gs_status gs_ledger_pass(struct gs_ledger *ledger, int64_t before, int64_t offset, bool send,
                              struct gs_error *err)
{
    if (offset < ledger->first) {
        return GS_OK;
    }
    if (send && !gs_ledger_sent(ledger, offset)) {
        const struct gs_ledger_run run = {offset, offset + 1};
        const enum gs_status status = insert(ledger, find(ledger, offset), run, err);
        if (status != GS_OK) {
            return status;
        }
    }
    if (gs_ledger_sent(ledger, offset) && (before < 0 || gs_ledger_sent(ledger, before))) {
        join(ledger, before, offset);
    }
    return GS_OK;
}
