/* Preloaded into the program that ships: kills or stops it at a named point of Kafka's protocol.
 *
 *     GS_FAILPOINT=sent:EndTxn:7          with the 7th EndTxn on the wire and not answered
 *     GS_FAILPOINT=answered:TxnOffsetCommit:3        the broker has said yes, the client has not read it
 *     GS_FAILPOINT=answered:TxnOffsetCommit:3:stop   SIGSTOP in place of SIGKILL: a zombie to be
 *
 * The program itself has no fail points, so that what is killed is what ships. librdkafka's public
 * interceptors see each request and answer of every client; that they are there is all that is added. */
#include <dlfcn.h>
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Kafka's numbers of its requests. */
static const struct {
    const char *name;
    int16_t key;
} requests[] = {
    {"Produce", 0},
    {"Fetch", 1},
    {"ListOffsets", 2},
    {"OffsetFetch", 9},
    {"FindCoordinator", 10},
    {"JoinGroup", 11},
    {"Heartbeat", 12},
    {"LeaveGroup", 13},
    {"SyncGroup", 14},
    {"InitProducerId", 22},
    {"AddPartitionsToTxn", 24},
    {"AddOffsetsToTxn", 25},
    {"EndTxn", 26},
    {"TxnOffsetCommit", 28},
};

static struct {
    int sent; /* else answered */
    int16_t key;
    long count;
    int signal;
} point;
static atomic_long left; /* until it is met */

static void refuse(const char *text)
{
    (void)fprintf(stderr, "GS_FAILPOINT: not sent|answered:REQUEST:COUNT[:stop]: %s\n", text);
    _exit(2);
}

static int16_t key_of(const char *name)
{
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        if (strcmp(requests[i].name, name) == 0) {
            return requests[i].key;
        }
    }
    return -1;
}

/* WHEN:REQUEST:COUNT[:stop] */
static void read_point(const char *text)
{
    char copy[64] = "";
    char *rest = copy;
    const char *parts[4] = {"", "", "", "kill"};

    (void)snprintf(copy, sizeof copy, "%s", text);
    for (size_t i = 0; i < 4 && rest != NULL; i++) {
        parts[i] = rest;
        rest = strchr(rest, ':');
        if (rest != NULL) {
            *rest++ = '\0';
        }
    }
    point.sent = strcmp(parts[0], "sent") == 0;
    point.key = key_of(parts[1]);
    point.count = strtol(parts[2], NULL, 10);
    point.signal = strcmp(parts[3], "stop") == 0 ? SIGSTOP : SIGKILL;
    if (point.key < 0 || point.count < 1 || (!point.sent && strcmp(parts[0], "answered") != 0)) {
        refuse(text);
    }
    atomic_store(&left, point.count);
}

static void pass(int sent, int16_t key)
{
    static const char said[] = "failpoint: met\n";

    if (sent == point.sent && key == point.key && atomic_fetch_sub(&left, 1) == 1) {
        (void)!write(STDERR_FILENO, said, sizeof said - 1);
        (void)kill(getpid(), point.signal);
    }
}

// NOLINTNEXTLINE(readability-function-size): librdkafka's parameters
static rd_kafka_resp_err_t on_sent(rd_kafka_t *rk, int fd, const char *broker, int32_t id,
                                   int16_t key, int16_t version, int32_t correlation, size_t size,
                                   void *arg)
{
    (void)rk, (void)fd, (void)broker, (void)id, (void)version, (void)correlation, (void)size,
        (void)arg;
    pass(1, key);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// NOLINTNEXTLINE(readability-function-size): librdkafka's parameters
static rd_kafka_resp_err_t on_answered(rd_kafka_t *rk, int fd, const char *broker, int32_t id,
                                       int16_t key, int16_t version, int32_t correlation,
                                       size_t size, int64_t rtt, rd_kafka_resp_err_t err, void *arg)
{
    (void)rk, (void)fd, (void)broker, (void)id, (void)version, (void)correlation, (void)size;
    (void)rtt, (void)err, (void)arg;
    pass(0, key);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

// NOLINTNEXTLINE(readability-non-const-parameter): librdkafka's
static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *arg, char *why,
                                  size_t size)
{
    (void)conf, (void)arg, (void)why, (void)size;
    (void)rd_kafka_interceptor_add_on_request_sent(rk, "failpoints", on_sent, NULL);
    return rd_kafka_interceptor_add_on_response_received(rk, "failpoints", on_answered, NULL);
}

typedef rd_kafka_t *new_fn(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *why, size_t size);

/* In front of librdkafka's own. */
rd_kafka_t *rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *errstr,
                         size_t errstr_size)
{
    void *symbol = dlsym(RTLD_NEXT, "rd_kafka_new");
    new_fn *real = NULL;

    memcpy(&real, &symbol, sizeof real); /* ISO C has no cast from a data pointer to a function's */
    if (conf != NULL && point.count > 0) {
        (void)rd_kafka_conf_interceptor_add_on_new(conf, "failpoints", on_new, NULL);
    }
    return real(type, conf, errstr, errstr_size);
}

__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("GS_FAILPOINT"); // NOLINT(concurrency-mt-unsafe): before any thread

    if (text != NULL && text[0] != '\0') {
        read_point(text);
    }
}
