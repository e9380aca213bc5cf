/* Puts one record into librdkafka's queue, with its headers. rd_kafka_produceva() frees headers
 * twice for a partition that is not there (fixed in 2.12), so this is producev(). */
#include "ingest/kafka/kafka_internal.h"

#include <string.h>

/* librdkafka takes void pointers to bytes that it only copies. */
static void *lent(const char *bytes)
{
    union {
        const char *in;
        void *out;
    } pointer = {bytes};

    return pointer.out;
}

/* NULL when there are none, or without memory (*ret_failed). */
static rd_kafka_headers_t *headers_of(const struct gs_output *output, bool *ret_failed)
{
    if (output->n_headers == 0) {
        return NULL;
    }
    rd_kafka_headers_t *headers = rd_kafka_headers_new(output->n_headers);
    *ret_failed = headers == NULL;
    for (size_t i = 0; i < output->n_headers && headers != NULL; i++) {
        const struct gs_header *header = &output->headers[i];
        const char *name = header->name.bytes == NULL ? "" : header->name.bytes;
        if (rd_kafka_header_add(headers, name, (ssize_t)header->name.len, header->value.bytes,
                                (ssize_t)header->value.len) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_headers_destroy(headers);
            headers = NULL;
            *ret_failed = true;
        }
    }
    return headers;
}

rd_kafka_resp_err_t gs_kafka_produce(rd_kafka_t *rk, rd_kafka_topic_t *rkt,
                                     const struct gs_output *output)
{
    bool failed = false;
    rd_kafka_headers_t *headers = headers_of(output, &failed);

    if (failed) {
        return RD_KAFKA_RESP_ERR__FAIL;
    }
    const int32_t partition = output->partition < 0 ? RD_KAFKA_PARTITION_UA : output->partition;
    const int64_t timestamp_ms = output->timestamp_ms < 0 ? 0 : output->timestamp_ms; /* 0: now */
    const int flags = RD_KAFKA_MSG_F_COPY;
    /* producev, not produceva: that one frees the headers twice when it fails (before 2.12). Its
     * type-checking macros are GNU C, so the types are spelt out here. */
    const rd_kafka_resp_err_t code = rd_kafka_producev(
        rk, RD_KAFKA_VTYPE_RKT, rkt, RD_KAFKA_VTYPE_PARTITION, partition, RD_KAFKA_VTYPE_MSGFLAGS,
        flags, RD_KAFKA_VTYPE_KEY, lent(output->key.bytes), output->key.len, RD_KAFKA_VTYPE_VALUE,
        lent(output->value.bytes), output->value.len, RD_KAFKA_VTYPE_TIMESTAMP, timestamp_ms,
        RD_KAFKA_VTYPE_HEADERS, headers, RD_KAFKA_VTYPE_END);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && headers != NULL) {
        rd_kafka_headers_destroy(headers);
    }
    return code;
}

size_t gs_kafka_output_size(const struct gs_output *output)
{
    size_t size = output->key.len + output->value.len;

    for (size_t i = 0; i < output->n_headers; i++) {
        size += output->headers[i].name.len + output->headers[i].value.len + 10;
    }
    return size;
}
