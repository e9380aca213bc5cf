#include "tests/integration/fake_receiver.h"

#include "ingest/base/buf.h"
#include "ingest/base/clock.h"
#include "tests/unit/gs_test.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { MAX_BODY = 8 * 1024 * 1024 };

struct receiver {
    struct MHD_Daemon *daemon;
    reply_fn *reply;
    void *arg;
    int port;
    pthread_mutex_t lock;
    struct received requests[RECEIVER_REQUESTS];
    size_t n;
};

static int64_t now_ms(void)
{
    return gs_clock_monotonic_ns() / 1000000;
}

static void sleep_ms(unsigned ms)
{
    const struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
    (void)nanosleep(&time, NULL);
}

static void header(struct MHD_Connection *connection, const char *name, char *ret, size_t size)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    (void)snprintf(ret, size, "%s", value == NULL ? "" : value);
}

static enum MHD_Result answer(struct receiver *receiver, struct MHD_Connection *connection,
                              const struct received *request)
{
    struct reply reply = {0};
    struct gs_buf body = {.max = MAX_BODY};

    if (receiver->reply != NULL) {
        reply = receiver->reply(receiver->arg, request);
    }
    sleep_ms(reply.wait_ms);
    gs_buf_puts(&body, reply.body == NULL ? "{}" : reply.body);
    char *padding = reply.padding > 0 ? gs_buf_reserve(&body, reply.padding) : NULL;
    if (padding != NULL) {
        memset(padding, 'x', reply.padding);
        body.len += reply.padding;
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body.len, body.bytes, MHD_RESPMEM_MUST_COPY);
    if (reply.location != NULL) {
        (void)MHD_add_response_header(response, "Location", reply.location);
    }
    const enum MHD_Result result =
        MHD_queue_response(connection, reply.status == 0 ? 200 : reply.status, response);
    MHD_destroy_response(response);
    gs_buf_done(&body);
    return result;
}

static enum MHD_Result on_argument(void *arg, enum MHD_ValueKind kind, const char *key,
                                   const char *value)
{
    struct received *request = arg;
    const size_t len = strlen(request->query);

    (void)kind;
    (void)snprintf(request->query + len, sizeof request->query - len, "%s=%s&", key,
                   value == NULL ? "" : value);
    return MHD_YES;
}

static void read_request(struct MHD_Connection *connection, const char *url,
                         const struct gs_buf *body, struct received *ret)
{
    *ret = (struct received){.at_ms = now_ms(), .len = body->len};
    ret->body = gs_str_copy(gs_buf_str(body));
    (void)snprintf(ret->path, sizeof ret->path, "%s", url);
    (void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, on_argument, ret);
    header(connection, "Content-Type", ret->type, sizeof ret->type);
    header(connection, "Authorization", ret->authorization, sizeof ret->authorization);
    header(connection, "User-Agent", ret->agent, sizeof ret->agent);
    header(connection, "Groundswell-Signature", ret->signature, sizeof ret->signature);
    header(connection, "Groundswell-Timestamp", ret->timestamp, sizeof ret->timestamp);
}

static void keep(struct receiver *receiver, const struct received *request)
{
    (void)pthread_mutex_lock(&receiver->lock);
    if (receiver->n < RECEIVER_REQUESTS) {
        receiver->requests[receiver->n++] = *request;
    } else {
        free(request->body);
    }
    (void)pthread_mutex_unlock(&receiver->lock);
}

// NOLINTNEXTLINE(readability-function-size): the parameters are libmicrohttpd's
static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **state)
{
    struct receiver *receiver = arg;
    struct gs_buf *body = *state;

    (void)method;
    (void)version;
    if (body == NULL) {
        body = calloc(1, sizeof *body);
        body->max = MAX_BODY;
        *state = body;
        return MHD_YES;
    }
    if (*upload_size > 0) {
        gs_buf_put(body, (struct gs_str){upload, *upload_size});
        *upload_size = 0;
        return MHD_YES;
    }
    struct received request;
    read_request(connection, url, body, &request);
    const enum MHD_Result result = answer(receiver, connection, &request);
    keep(receiver, &request);
    return result;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct gs_buf *body = *state;

    (void)arg;
    (void)connection;
    (void)code;
    if (body != NULL) {
        gs_buf_done(body);
        free(body);
    }
}

struct receiver *receiver_start(int port, reply_fn *reply, void *arg)
{
    struct receiver *receiver = calloc(1, sizeof *receiver);
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    assert_non_null(receiver);
    receiver->reply = reply;
    receiver->arg = arg;
    (void)pthread_mutex_init(&receiver->lock, NULL);
    receiver->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL, 0, NULL,
        NULL, on_request, receiver, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
        MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
    assert_non_null(receiver->daemon);
    receiver->port = MHD_get_daemon_info(receiver->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return receiver;
}

void receiver_stop(struct receiver *receiver)
{
    MHD_stop_daemon(receiver->daemon);
    for (size_t i = 0; i < receiver->n; i++) {
        free(receiver->requests[i].body);
    }
    (void)pthread_mutex_destroy(&receiver->lock);
    free(receiver);
}

int receiver_port(const struct receiver *receiver)
{
    return receiver->port;
}

void receiver_url(const struct receiver *receiver, char ret[64])
{
    (void)snprintf(ret, 64, "http://127.0.0.1:%d", receiver->port);
}

size_t receiver_count(struct receiver *receiver)
{
    return receiver_count_with(receiver, "");
}

void receiver_get(struct receiver *receiver, size_t i, struct received *ret)
{
    (void)pthread_mutex_lock(&receiver->lock);
    assert_true(i < receiver->n);
    *ret = receiver->requests[i];
    ret->body = gs_str_copy((struct gs_str){ret->body, ret->len});
    (void)pthread_mutex_unlock(&receiver->lock);
}

void received_done(struct received *request)
{
    free(request->body);
}

size_t receiver_count_with(struct receiver *receiver, const char *text)
{
    size_t n = 0;

    (void)pthread_mutex_lock(&receiver->lock);
    for (size_t i = 0; i < receiver->n; i++) {
        n += strstr(receiver->requests[i].body, text) != NULL;
    }
    (void)pthread_mutex_unlock(&receiver->lock);
    return n;
}

bool receiver_wait(struct receiver *receiver, size_t n, const char *text, int64_t ms)
{
    const int64_t end_ms = now_ms() + ms;

    while (receiver_count_with(receiver, text == NULL ? "" : text) < n) {
        if (now_ms() > end_ms) {
            return false;
        }
        sleep_ms(5);
    }
    return true;
}
