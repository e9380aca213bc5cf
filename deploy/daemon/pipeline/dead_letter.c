/* Dead letters read back (dead_letter.h).
 *
 * Anybody who may write to the queue may write anything there: a header that cannot be what it should
 * be counts as absent, and of two with one name the last counts, as it is the one that we add. */
#include "deploy/daemon/pipeline/dead_letter.h"

#include "deploy/daemon/pipeline/dlq.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static const char count_name[] = "groundswell.redrive.count";

/* A whole number from 0 to most; false: it is none. */
static bool read_number(struct gs_str text, int64_t most, int64_t *ret)
{
    int64_t number = 0;

    for (size_t i = 0; i < text.len; i++) {
        const int digit = text.bytes[i] - '0';
        if (digit < 0 || digit > 9 || number > (most - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    *ret = number;
    return text.len > 0;
}

static struct gs_str header(const struct gs_record *record, const char *name)
{
    struct gs_str value = {NULL, 0};

    for (size_t i = 0; i < record->n_headers; i++) {
        if (gs_str_equal(record->headers[i].name, gs_str(name))) {
            value = record->headers[i].value;
        }
    }
    return value;
}

static int64_t number_header(const struct gs_record *record, const char *name, int64_t most,
                             int64_t otherwise)
{
    int64_t number = 0;

    return read_number(header(record, name), most, &number) ? number : otherwise;
}

/* The largest of them: whoever adds one of his own does not get more tries by it. */
static unsigned count_of(const struct gs_record *record)
{
    int64_t largest = 0;

    for (size_t i = 0; i < record->n_headers; i++) {
        int64_t number = 0;
        if (gs_str_equal(record->headers[i].name, gs_str(count_name)) &&
            read_number(record->headers[i].value, INT_MAX, &number)) {
            largest = number > largest ? number : largest;
        }
    }
    return (unsigned)largest;
}

void gs_dead_letter_read(const struct gs_record *record, struct gs_dead_letter *ret)
{
    *ret = (struct gs_dead_letter){
        .record = record,
        .code = header(record, "groundswell.error.code"),
        .message = header(record, "groundswell.error.message"),
        .stage = header(record, "groundswell.error.stage"),
        .topic = header(record, "groundswell.error.topic"),
        .partition = (int32_t)number_header(record, "groundswell.error.partition", INT32_MAX, -1),
        .offset = number_header(record, "groundswell.error.offset", INT64_MAX, -1),
        .timestamp_ms =
            number_header(record, "groundswell.error.timestamp", INT64_MAX, record->timestamp_ms),
        .size = header(record, "groundswell.error.size"),
        .sha256 = header(record, "groundswell.error.sha256"),
        .redrives = count_of(record),
    };
    ret->cut = ret->size.bytes != NULL || ret->sha256.bytes != NULL;
}

void gs_dead_letter_history(const struct gs_dead_letter *letter,
                            void (*each)(void *arg, struct gs_str code), void *arg)
{
    const struct gs_record *record = letter->record;

    for (size_t i = 0; i < record->n_headers; i++) {
        if (gs_str_equal(record->headers[i].name, gs_str("groundswell.previous.error.code"))) {
            each(arg, record->headers[i].value);
        }
    }
}

/* ---- back to where it was ---- */

enum gs_status gs_redrive_make(const struct gs_dead_letter *letter, struct gs_redrive *ret,
                               struct gs_error *err)
{
    const struct gs_record *record = letter->record;
    size_t n = 0;

    *ret = (struct gs_redrive){.headers = calloc(record->n_headers + 1, sizeof *ret->headers)};
    if (ret->headers == NULL || !gs_dlq_copy_headers(record, ret->headers, &ret->names)) {
        gs_redrive_done(ret);
        return gs_fail(err, GS_NO_MEMORY, "a record with %zu headers", record->n_headers);
    }
    for (size_t i = 0; i < record->n_headers; i++) {
        if (!gs_str_equal(ret->headers[i].name, gs_str(count_name))) {
            ret->headers[n++] = ret->headers[i];
        }
    }
    (void)snprintf(ret->count, sizeof ret->count, "%u", letter->redrives + 1);
    ret->headers[n++] = (struct gs_header){gs_str(count_name), gs_str(ret->count)};
    ret->output = (struct gs_output){.key = record->key,
                                     .value = record->value,
                                     .headers = ret->headers,
                                     .n_headers = n,
                                     .timestamp_ms = letter->timestamp_ms,
                                     .partition = letter->partition};
    return GS_OK;
}

void gs_redrive_done(struct gs_redrive *redrive)
{
    free(redrive->headers);
    free(redrive->names);
    redrive->headers = NULL;
    redrive->names = NULL;
}
