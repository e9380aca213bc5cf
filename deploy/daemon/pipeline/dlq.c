/* A record that cannot be used goes to the dead-letter queue byte for byte: key, value and headers as
 * they came, and in further headers where it was, why it is here, and which stage says so.
 *
 * It is larger than the record by those headers, so the queue may refuse a record that the input
 * topic took. It is cut then, to what fits, and its size and SHA-256 tell which bytes they were; the
 * whole record stays where it was, at the topic, partition and offset that the headers name. A
 * partition does not stand still for that:
 *
 *     whole ─► value cut, again and again ─► without its own headers ─► without its key
 */
#include "deploy/daemon/pipeline/dlq.h"

#include "classifier/format/sha256.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_ERROR_HEADERS = 6, N_MORE_HEADERS = 4, FEW_HEADERS = 32 };
/* What a cut leaves of the value each time, and below which it leaves nothing. */
enum { KEPT_EIGHTHS = 7, SMALLEST_CUT = 64 };

static const char own_prefix[] = "groundswell.error.";
static const char kept_prefix[] = "groundswell.previous.error.";

static bool looks_like_ours(struct gs_str name)
{
    const size_t len = sizeof own_prefix - 1;

    return name.len >= len && memcmp(name.bytes, own_prefix, len) == 0;
}

bool gs_dlq_copy_headers(const struct gs_record *record, struct gs_header *to, char **ret_names)
{
    size_t size = 0;

    for (size_t i = 0; i < record->n_headers; i++) {
        const struct gs_str name = record->headers[i].name;
        to[i] = record->headers[i];
        size += looks_like_ours(name) ? name.len + sizeof kept_prefix - sizeof own_prefix : 0;
    }
    if (size == 0) {
        return true;
    }
    char *at = malloc(size);
    *ret_names = at;
    for (size_t i = 0; i < record->n_headers && at != NULL; i++) {
        const struct gs_str name = to[i].name;
        if (looks_like_ours(name)) {
            const size_t rest = name.len - (sizeof own_prefix - 1);
            to[i].name = (struct gs_str){at, sizeof kept_prefix - 1 + rest};
            memcpy(at, kept_prefix, sizeof kept_prefix - 1);
            memcpy(at + sizeof kept_prefix - 1, name.bytes + sizeof own_prefix - 1, rest);
            at += to[i].name.len;
        }
    }
    return *ret_names != NULL;
}

static struct gs_header header(const char *name, struct gs_str value)
{
    return (struct gs_header){gs_str(name), value};
}

/* A dead letter while it is made. */
struct letter {
    const struct gs_record *record;
    struct gs_header *headers; /* the record's own, then ours */
    size_t n_own, n;
    char partition[16], offset[24], timestamp[24], size[24];
    char sha256[GS_SHA256_HEX];
};

static void add(struct letter *letter, const char *name, const char *value)
{
    letter->headers[letter->n++] = header(name, gs_str(value));
}

static void add_reasons(struct letter *letter, const struct gs_rejection *why)
{
    const struct gs_record *record = letter->record;

    (void)snprintf(letter->partition, sizeof letter->partition, "%" PRId32, record->partition);
    (void)snprintf(letter->offset, sizeof letter->offset, "%" PRId64, record->offset);
    add(letter, "groundswell.error.code", gs_reject_name(why->reject));
    add(letter, "groundswell.error.message", why->message);
    add(letter, "groundswell.error.stage", why->stage);
    letter->headers[letter->n++] = header("groundswell.error.topic", record->topic);
    add(letter, "groundswell.error.partition", letter->partition);
    add(letter, "groundswell.error.offset", letter->offset);
    if (why->suspect && record->timestamp_ms >= 0) {
        (void)snprintf(letter->timestamp, sizeof letter->timestamp, "%" PRId64,
                       record->timestamp_ms);
        add(letter, "groundswell.error.timestamp", letter->timestamp);
    }
}

static struct gs_output output_of(const struct letter *letter, const struct gs_rejection *why)
{
    return (struct gs_output){.key = letter->record->key,
                              .value = letter->record->value,
                              .headers = letter->headers,
                              .n_headers = letter->n,
                              /* the topic may refuse that time: the broker refused something */
                              .timestamp_ms = why->suspect ? -1 : letter->record->timestamp_ms,
                              .partition = -1};
}

/* Less and less of the value, until it fits. */
static enum gs_status put_cut(struct gs_sink *sink, struct gs_output *output, size_t len,
                              struct gs_error *err)
{
    enum gs_status status = GS_BAD_FORMAT;

    for (output->value.len = len; status == GS_BAD_FORMAT;) {
        status = gs_sink_put(sink, GS_STREAM_DLQ, output, err);
        if (output->value.len == 0) {
            break;
        }
        output->value.len =
            output->value.len < SMALLEST_CUT ? 0 : output->value.len / 8 * KEPT_EIGHTHS;
    }
    return status;
}

/* The queue has refused the whole. */
static enum gs_status put_what_fits(struct gs_sink *sink, struct letter *letter,
                                    struct gs_output *output, struct gs_error *err)
{
    const size_t len = letter->record->value.len;
    enum gs_status status = gs_sha256_hex(letter->record->value, letter->sha256, err);

    if (status != GS_OK) {
        return status;
    }
    (void)snprintf(letter->size, sizeof letter->size, "%zu", len);
    add(letter, "groundswell.error.size", letter->size);
    add(letter, "groundswell.error.sha256", letter->sha256);
    output->n_headers = letter->n;
    status = put_cut(sink, output, len / 8 * KEPT_EIGHTHS, err);
    if (status == GS_BAD_FORMAT) { /* its own headers are what is large */
        output->headers = letter->headers + letter->n_own;
        output->n_headers = letter->n - letter->n_own;
        status = put_cut(sink, output, len, err);
    }
    if (status == GS_BAD_FORMAT) {
        output->key = (struct gs_str){NULL, 0};
        status = put_cut(sink, output, len, err);
    }
    return status;
}

static enum gs_status put(struct gs_sink *sink, struct letter *letter,
                          const struct gs_rejection *why, struct gs_error *err)
{
    char refusal[sizeof err->message];

    add_reasons(letter, why);
    struct gs_output output = output_of(letter, why);
    enum gs_status status = gs_sink_put(sink, GS_STREAM_DLQ, &output, err);
    if (status == GS_BAD_FORMAT) {
        status = put_what_fits(sink, letter, &output, err);
    }
    if (status == GS_BAD_FORMAT) { /* nowhere left to keep it: never skip it silently */
        memcpy(refusal, err->message, sizeof refusal);
        status =
            gs_fail(err, GS_IO, "the DLQ refuses %.*s[%s] offset %s: %s",
                    GS_STR_ARGS(letter->record->topic), letter->partition, letter->offset, refusal);
    }
    return status;
}

enum gs_status gs_dlq_put(struct gs_sink *sink, const struct gs_record *record,
                          const struct gs_rejection *why, struct gs_error *err)
{
    struct gs_header few[FEW_HEADERS];
    struct letter letter = {
        .record = record, .headers = few, .n_own = record->n_headers, .n = record->n_headers};
    char *names = NULL;
    struct gs_error ignored;
    enum gs_status status = GS_NO_MEMORY;

    if (record->n_headers > FEW_HEADERS - N_ERROR_HEADERS - N_MORE_HEADERS) {
        letter.headers =
            calloc(record->n_headers + N_ERROR_HEADERS + N_MORE_HEADERS, sizeof *letter.headers);
    }
    if (letter.headers == NULL || !gs_dlq_copy_headers(record, letter.headers, &names)) {
        (void)gs_fail(err, GS_NO_MEMORY, "DLQ record with %zu headers", record->n_headers);
    } else {
        status = put(sink, &letter, why, err == NULL ? &ignored : err);
    }
    free(names);
    free(letter.headers != few ? letter.headers : NULL);
    return status;
}
