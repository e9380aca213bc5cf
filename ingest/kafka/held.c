/* The messages of the open batch. Their bytes are librdkafka's and are lent on, not copied: a
 * message is destroyed when the batch is committed or rewound.
 *
 * A message keeps the whole fetch response it came in alive, so the batch is bounded in records and
 * in bytes. Headers are the exception to lending: librdkafka gives them one by one, so they are
 * listed in blocks that stay where they are and are used again by the next batch. */
#include "ingest/kafka/kafka_internal.h"

#include <stdlib.h>

enum { HEADERS_A_BLOCK = 1024 };

bool gs_kafka_held_full(const struct gs_kafka_held *held)
{
    return held->n >= held->max || held->bytes >= held->max_bytes;
}

/* A block of its own size: a record may have more headers than a usual block holds. */
static struct gs_kafka_header_block *add_block(struct gs_kafka_held *held, size_t n)
{
    const size_t capacity = n > HEADERS_A_BLOCK ? n : HEADERS_A_BLOCK;
    struct gs_kafka_header_block **blocks =
        realloc(held->blocks, (held->n_blocks + 1) * sizeof(struct gs_kafka_header_block *));

    if (blocks == NULL) {
        return NULL;
    }
    held->blocks = blocks;
    struct gs_kafka_header_block *block = malloc(sizeof *block + capacity * sizeof block->at[0]);
    if (block != NULL) {
        block->capacity = capacity;
        held->blocks[held->n_blocks++] = block;
    }
    return block;
}

/* n headers that live until the release; NULL without memory. */
static struct gs_header *alloc_headers(struct gs_kafka_held *held, size_t n)
{
    while (held->block < held->n_blocks && n > held->blocks[held->block]->capacity - held->used) {
        held->block++;
        held->used = 0;
    }
    if (held->block == held->n_blocks && add_block(held, n) == NULL) {
        return NULL;
    }
    struct gs_header *headers = &held->blocks[held->block]->at[held->used];
    held->used += n;
    return headers;
}

static enum gs_status read_headers(struct gs_kafka_held *held, rd_kafka_message_t *message,
                                   struct gs_record *ret, struct gs_error *err)
{
    rd_kafka_headers_t *list = NULL;

    ret->headers = NULL;
    ret->n_headers = 0;
    if (rd_kafka_message_headers(message, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return GS_OK; /* none */
    }
    const size_t n = rd_kafka_header_cnt(list);
    if (n == 0) {
        return GS_OK;
    }
    struct gs_header *headers = alloc_headers(held, n);
    if (headers == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "headers of a Kafka record");
    }
    for (size_t i = 0; i < n; i++) {
        const char *name = "";
        const void *value = NULL;
        size_t size = 0;
        (void)rd_kafka_header_get_all(list, i, &name, &value, &size);
        headers[i].name = gs_str(name);
        headers[i].value = (struct gs_str){value, size};
    }
    held->bytes += n * sizeof *headers;
    ret->headers = headers;
    ret->n_headers = n;
    return GS_OK;
}

enum gs_status gs_kafka_held_add(struct gs_kafka_held *held, rd_kafka_message_t *message,
                                 struct gs_record *ret, struct gs_error *err)
{
    if (held->n == held->capacity) {
        const size_t capacity = held->capacity == 0 ? 1024 : 2 * held->capacity;
        rd_kafka_message_t **messages =
            realloc(held->messages, capacity * sizeof(rd_kafka_message_t *));
        if (messages == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "a batch of %zu Kafka records", capacity);
        }
        held->messages = messages;
        held->capacity = capacity;
    }
    enum gs_status status = read_headers(held, message, ret, err);
    if (status == GS_OK) {
        held->messages[held->n++] = message;
        held->bytes += message->len + message->key_len;
    }
    return status;
}

void gs_kafka_held_release(struct gs_kafka_held *held)
{
    for (size_t i = 0; i < held->n; i++) {
        rd_kafka_message_destroy(held->messages[i]);
    }
    held->n = 0;
    held->bytes = 0;
    held->block = 0;
    held->used = 0;
}

void gs_kafka_held_done(struct gs_kafka_held *held)
{
    gs_kafka_held_release(held);
    for (size_t i = 0; i < held->n_blocks; i++) {
        free(held->blocks[i]);
    }
    free(held->blocks);
    free(held->messages);
    held->blocks = NULL;
    held->messages = NULL;
    held->n_blocks = 0;
    held->capacity = 0;
}
