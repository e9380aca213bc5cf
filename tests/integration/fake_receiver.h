/* A receiver of notifications on a port of 127.0.0.1: it keeps what it gets, and answers as it is
 * told.
 *
 * Threads: any; a lock guards everything. */
#ifndef GS_TEST_FAKE_RECEIVER_H
#define GS_TEST_FAKE_RECEIVER_H

#include "ingest/base/str.h"

#include <stdint.h>

enum { RECEIVER_REQUESTS = 512, RECEIVER_HEADER = 600 };

/* One request as it came. */
struct received {
    char *body;
    size_t len;
    char path[200], type[60], authorization[RECEIVER_HEADER], signature[RECEIVER_HEADER];
    char timestamp[40], agent[60], query[400]; /* query: "a=b&" for each */
    int64_t at_ms;
};

/* What a request is answered. */
struct reply {
    unsigned status;      /* 0: 200 */
    const char *body;     /* NULL: "{}" */
    const char *location; /* NULL: none */
    unsigned wait_ms;     /* before it */
    size_t padding;       /* so many more bytes */
};
typedef struct reply reply_fn(void *arg, const struct received *request);

struct receiver; /* opaque */

/* port 0: any free one. reply NULL: always 200. */
struct receiver *receiver_start(int port, reply_fn *reply, void *arg);
void receiver_stop(struct receiver *receiver); /* frees what it got */
int receiver_port(const struct receiver *receiver);
void receiver_url(const struct receiver *receiver, char ret[64]);

size_t receiver_count(struct receiver *receiver);
/* Copies request i, body too; free it with received_done(). */
void receiver_get(struct receiver *receiver, size_t i, struct received *ret);
void received_done(struct received *request);
/* How many of the requests have the text in their body. */
size_t receiver_count_with(struct receiver *receiver, const char *text);
/* Waits until n requests have come (with the text, unless it is NULL); false: not within ms. */
bool receiver_wait(struct receiver *receiver, size_t n, const char *text, int64_t ms);

#endif
