#include "deploy/daemon/dlq.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { N_ERROR_HEADERS = 6, FEW_HEADERS = 32 };

static struct gs_header header(const char *name, struct gs_str value)
{
    return (struct gs_header){gs_str(name), value};
}

enum gs_status gs_dlq_put(struct gs_sink *sink, const struct gs_record *record,
                          enum gs_reject reject, const char *message, const char *stage,
                          struct gs_error *err)
{
    struct gs_header few[FEW_HEADERS];
    struct gs_header *headers = few;
    const size_t n = record->n_headers;
    char partition[16];
    char offset[24];

    if (n > FEW_HEADERS - N_ERROR_HEADERS) {
        headers = calloc(n + N_ERROR_HEADERS, sizeof *headers);
        if (headers == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "DLQ record with %zu headers", n);
        }
    }
    if (n > 0) {
        memcpy(headers, record->headers, n * sizeof *headers);
    }
    (void)snprintf(partition, sizeof partition, "%" PRId32, record->partition);
    (void)snprintf(offset, sizeof offset, "%" PRId64, record->offset);
    headers[n] = header("groundswell.error.code", gs_str(gs_reject_name(reject)));
    headers[n + 1] = header("groundswell.error.message", gs_str(message));
    headers[n + 2] = header("groundswell.error.stage", gs_str(stage));
    headers[n + 3] = header("groundswell.error.topic", record->topic);
    headers[n + 4] = header("groundswell.error.partition", gs_str(partition));
    headers[n + 5] = header("groundswell.error.offset", gs_str(offset));

    const struct gs_output output = {.key = record->key,
                                     .value = record->value,
                                     .headers = headers,
                                     .n_headers = n + N_ERROR_HEADERS,
                                     .timestamp_ms = record->timestamp_ms,
                                     .partition = -1};
    enum gs_status status = gs_sink_put(sink, GS_STREAM_DLQ, &output, err);
    if (status == GS_BAD_FORMAT) { /* nowhere left to keep it: never skip it silently */
        char why[sizeof err->message];
        memcpy(why, err->message, sizeof why);
        status = gs_fail(err, GS_IO, "the DLQ refuses %.*s[%s] offset %s: %s",
                         GS_STR_ARGS(record->topic), partition, offset, why);
    }
    if (headers != few) {
        free(headers);
    }
    return status;
}
