/* Starts one librdkafka client, passes on its log lines and errors, and ends it within a bounded
 * time.
 *
 * Nothing may wait longer than the lane allows: calls that wait are cut into slices, between which
 * the deadline and the request to stop are looked at, and destroying a client, in which librdkafka
 * has been known to hang, runs in a thread of its own that is left behind when it takes too
 * long. */
#include "ingest/kafka/kafka_internal.h"

#include "ingest/base/buf.h"
#include "ingest/base/hash.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void gs_kafka_log(const struct gs_kafka_client *client, enum gs_log_level level, const char *fmt,
                  ...)
{
    struct gs_buf message = {.max = 1 << 16};
    void (*const log)(void *, int, const char *) = atomic_load(&client->log);
    va_list args;

    if (log == NULL) {
        return;
    }
    va_start(args, fmt);
    gs_buf_vprintf(&message, fmt, args);
    va_end(args);
    gs_buf_putc(&message, '\0');
    log(client->log_arg, (int)level, gs_buf_ok(&message) ? message.bytes : fmt);
    gs_buf_done(&message);
}

/* ---- asked to stop ---- */

void gs_kafka_client_init(struct gs_kafka_client *client, void *owner,
                          const struct gs_kafka_options *options)
{
    client->owner = owner;
    client->log_arg = options->log_arg;
    atomic_store(&client->log, options->log);
    client->stop_ns = options->stop_ns;
    client->shutdown_ms =
        options->shutdown_timeout_ms == 0 ? GS_KAFKA_SHUTDOWN_MS : options->shutdown_timeout_ms;
    atomic_store(&client->heard_ns, options->heard_ns);
    (void)snprintf(client->brokers, sizeof client->brokers, "%s",
                   options->brokers == NULL ? "" : options->brokers);
}

static int64_t stop_ns(const struct gs_kafka_client *client)
{
    return client->stop_ns == NULL ? 0 : atomic_load(client->stop_ns);
}

bool gs_kafka_stopping(const struct gs_kafka_client *client)
{
    return stop_ns(client) != 0;
}

/* A batch may take longer to end than a stop has time for (an encoder's last batch). The commit
 * then still gets a second of its own, since otherwise a healthy broker would never get it. */
static int64_t stop_deadline(struct gs_kafka_client *client)
{
    enum { LAST_COMMIT_MS = 1000 };
    const int64_t now = gs_clock_monotonic_ns();

    if (client->noticed_ns == 0) {
        client->noticed_ns = now;
    }
    const int64_t asked = stop_ns(client) + (int64_t)client->shutdown_ms / 2 * 1000000;
    const int64_t noticed = client->noticed_ns + LAST_COMMIT_MS * INT64_C(1000000);
    return asked > noticed ? asked : noticed;
}

bool gs_kafka_give_up(struct gs_kafka_client *client, int64_t deadline_ns)
{
    return gs_kafka_past(deadline_ns) ||
           (gs_kafka_stopping(client) && gs_kafka_past(stop_deadline(client)));
}

int gs_kafka_slice_ms(struct gs_kafka_client *client)
{
    enum { SHORTEST_MS = 100 };

    if (!gs_kafka_stopping(client)) {
        return GS_KAFKA_SLICE_MS;
    }
    const int64_t left_ms = (stop_deadline(client) - gs_clock_monotonic_ns()) / 1000000;
    return left_ms < SHORTEST_MS         ? SHORTEST_MS
           : left_ms > GS_KAFKA_SLICE_MS ? GS_KAFKA_SLICE_MS
                                         : (int)left_ms;
}

int64_t gs_kafka_close_deadline(const struct gs_kafka_client *client)
{
    enum { SHORTEST_MS = 200 };
    const int64_t asked = stop_ns(client) + (int64_t)client->shutdown_ms / 10 * 9 * 1000000;
    const int64_t soonest = gs_kafka_deadline(SHORTEST_MS);

    if (!gs_kafka_stopping(client)) {
        return gs_kafka_deadline(GS_KAFKA_CLOSE_MS);
    }
    return asked > soonest ? asked : soonest;
}

/* ---- what the client says ---- */

/* syslog's levels to ours. */
static enum gs_log_level level_of(int level)
{
    if (level <= 3) {
        return GS_LOG_ERROR;
    }
    if (level <= 4) {
        return GS_LOG_WARNING;
    }
    return level <= 6 ? GS_LOG_INFO : GS_LOG_DEBUG;
}

/* A fault that lasts is told again and again, by each client of each lane: of one kind of line the
 * first of each half minute are logged. True: not this one. *ret_more: so many were left out before
 * it. Two kinds may share a place; then they share the bound. */
static bool too_many(const char *facility, unsigned *ret_more)
{
    enum { PLACES = 64, MOST = 20 };
    static struct {
        _Atomic int64_t since_ns;
        atomic_uint n;
    } said[PLACES];
    const size_t place = gs_hash(gs_str(facility)) % PLACES;
    const int64_t now = gs_clock_monotonic_ns();
    int64_t since = atomic_load(&said[place].since_ns);

    if (now - since >= GS_KAFKA_UNREACHABLE_MS * INT64_C(1000000) &&
        atomic_compare_exchange_strong(&said[place].since_ns, &since, now)) {
        const unsigned n = atomic_exchange(&said[place].n, 1);
        *ret_more = n > MOST ? n - MOST : 0;
        return false;
    }
    return atomic_fetch_add(&said[place].n, 1) >= MOST;
}

/* From any of librdkafka's threads. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    const struct gs_kafka_client *client = rd_kafka_opaque(rk);
    unsigned n_more = 0;

    /* Properties are given to both clients; that one of them has no use for some is as it should
     * be. */
    if (strcmp(facility, "CONFWARN") == 0 && strstr(text, "will be ignored by this") != NULL) {
        return;
    }
    /* A connection that fails comes through on_error() too. */
    const bool twice = strcmp(facility, "FAIL") == 0 || strcmp(facility, "ERROR") == 0 ||
                       strcmp(facility, "SSLCERTVRFY") == 0;
    if (too_many(facility, &n_more)) {
        return;
    }
    gs_kafka_log(client, twice ? GS_LOG_DEBUG : level_of(level), "librdkafka %s: %s", facility,
                 text);
    if (n_more > 0) {
        gs_kafka_log(client, GS_LOG_INFO, "librdkafka %s: %u more lines of it were left out",
                     facility, n_more);
    }
}

/* Every client of every lane meets a broker that cannot be reached, again and again. It is logged
 * once for all of them, and again when it lasts. */
static void report_unreachable(const struct gs_kafka_client *client)
{
    static _Atomic int64_t reported_ns;
    int64_t last = atomic_load(&reported_ns);
    const int64_t now = gs_clock_monotonic_ns();
    char reason[GS_KAFKA_REASON];

    if ((last != 0 && now - last < GS_KAFKA_UNREACHABLE_MS * INT64_C(1000000)) ||
        !atomic_compare_exchange_strong(&reported_ns, &last, now)) {
        return;
    }
    gs_kafka_reason(client, reason);
    gs_kafka_log(client, GS_LOG_WARNING, "is Kafka at %s? %s; trying again", client->brokers,
                 reason);
}

static bool is_unreachable(int code)
{
    return code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
           code == RD_KAFKA_RESP_ERR__RESOLVE || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
           code == RD_KAFKA_RESP_ERR__SSL || code == RD_KAFKA_RESP_ERR__AUTHENTICATION;
}

/* From rd_kafka_poll() and consumer_poll(), so on the owner's thread. */
static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    struct gs_kafka_client *client = opaque;
    const bool fatal = code == RD_KAFKA_RESP_ERR__FATAL;

    (void)rk;
    if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || client->last_error[0] == '\0') {
        (void)snprintf(client->last_error, sizeof client->last_error, "%s", reason);
    }
    gs_kafka_log(client,
                 fatal                  ? GS_LOG_ERROR
                 : is_unreachable(code) ? GS_LOG_DEBUG
                                        : GS_LOG_WARNING,
                 "%s: %s", rd_kafka_err2name((rd_kafka_resp_err_t)code), reason);
    if (is_unreachable(code)) {
        report_unreachable(client);
    }
}

/* NOLINTNEXTLINE(readability-function-size): the signature is librdkafka's */
static rd_kafka_resp_err_t on_answer(rd_kafka_t *rk, int socket, const char *broker,
                                     int32_t broker_id, int16_t api_key, int16_t api_version,
                                     int32_t correlation, size_t size, int64_t rtt_us,
                                     rd_kafka_resp_err_t code, void *opaque)
{
    struct gs_kafka_client *client = opaque;
    _Atomic int64_t *heard_ns = atomic_load(&client->heard_ns);

    (void)rk, (void)socket, (void)broker, (void)broker_id, (void)api_key, (void)api_version;
    (void)correlation, (void)size, (void)rtt_us;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && heard_ns != NULL) {
        atomic_store(heard_ns, gs_clock_monotonic_ns());
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque,
                                  char *why, /* NOLINT(readability-non-const-parameter) */
                                  size_t why_size)
{
    (void)conf, (void)why, (void)why_size;
    return rd_kafka_interceptor_add_on_response_received(rk, "heard", on_answer, opaque);
}

/* Whether a broker's certificate may be trusted is OpenSSL's judgement; only what is wrong with it is
 * kept, since librdkafka says the same of all that is wrong. On librdkafka's threads. */
/* NOLINTNEXTLINE(readability-function-size): the signature is librdkafka's */
static int on_certificate(rd_kafka_t *rk, const char *broker, int32_t broker_id,
                          int *x509_error, /* NOLINT(readability-non-const-parameter) */
                          int depth, const char *certificate, size_t size,
                          char *why, /* NOLINT(readability-non-const-parameter) */
                          size_t why_size, void *opaque)
{
    struct gs_kafka_client *client = opaque;

    (void)rk, (void)broker, (void)broker_id, (void)depth, (void)certificate, (void)size;
    (void)why, (void)why_size;
    if (*x509_error != 0) {
        atomic_store(&client->x509_error, *x509_error);
    }
    return *x509_error == 0;
}

static void read_conf(const rd_kafka_conf_t *conf, const char *name, char *to, size_t size)
{
    if (rd_kafka_conf_get(conf, name, to, &size) != RD_KAFKA_CONF_OK) {
        to[0] = '\0';
    }
}

enum gs_status gs_kafka_client_start(struct gs_kafka_client *client, rd_kafka_type_t type,
                                     rd_kafka_conf_t *conf, struct gs_error *err)
{
    char why[200];

    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    read_conf(conf, "security.protocol", client->protocol, sizeof client->protocol);
    read_conf(conf, "sasl.mechanism", client->mechanism, sizeof client->mechanism);
    if (strstr(client->protocol, "ssl") != NULL) {
        (void)rd_kafka_conf_set_ssl_cert_verify_cb(conf, on_certificate);
    }
    atomic_store(&client->x509_error, 0);
    if (atomic_load(&client->heard_ns) != NULL) {
        (void)rd_kafka_conf_interceptor_add_on_new(conf, "heard", on_new, client);
    }
    client->last_error[0] = '\0';
    client->rk = rd_kafka_new(type, conf, why, sizeof why);
    if (client->rk == NULL) {
        const bool ours = rd_kafka_last_error() == RD_KAFKA_RESP_ERR__INVALID_ARG;
        rd_kafka_conf_destroy(conf);
        return gs_fail(err, ours ? GS_BAD_CONFIG : GS_IO, "kafka client: %s", why);
    }
    return GS_OK;
}

/* A client is destroyed in a thread of its own, and its owner waits for that only for a bounded
 * time: librdkafka has had several ways to hang in it. A client that hangs is left behind, and the
 * log says so. */
struct ending {
    pthread_mutex_t lock; /* guards done and left */
    pthread_cond_t changed;
    rd_kafka_t *rk;
    bool done;
    bool left; /* nobody waits; the thread frees this */
};

static void *end_client(void *arg)
{
    struct ending *ending = arg;

    rd_kafka_destroy_flags(ending->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    pthread_mutex_lock(&ending->lock);
    ending->done = true;
    const bool left = ending->left;
    pthread_cond_signal(&ending->changed);
    pthread_mutex_unlock(&ending->lock);
    if (left) {
        free(ending);
    }
    return NULL;
}

/* True when the client ended in time. */
static bool wait_for_end(struct ending *ending, int64_t deadline_ns)
{
    struct timespec until;
    const int64_t left_ns = deadline_ns - gs_clock_monotonic_ns();

    (void)clock_gettime(CLOCK_REALTIME, &until);
    const int64_t until_ns = until.tv_nsec + (left_ns > 0 ? left_ns : 0);
    until.tv_sec += (time_t)(until_ns / 1000000000);
    until.tv_nsec = (long)(until_ns % 1000000000);
    pthread_mutex_lock(&ending->lock);
    while (!ending->done && pthread_cond_timedwait(&ending->changed, &ending->lock, &until) == 0) {
    }
    const bool done = ending->done;
    ending->left = !done;
    pthread_mutex_unlock(&ending->lock);
    return done;
}

bool gs_kafka_client_stop(struct gs_kafka_client *client)
{
    const int64_t deadline = gs_kafka_close_deadline(client);
    pthread_t thread;
    bool ended = true;

    if (client->rk == NULL) {
        return true;
    }
    struct ending *ending = malloc(sizeof *ending);
    if (ending == NULL) {
        rd_kafka_destroy_flags(client->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        client->rk = NULL;
        return true;
    }
    *ending = (struct ending){PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, client->rk,
                              false, false};
    if (pthread_create(&thread, NULL, end_client, ending) != 0) {
        rd_kafka_destroy_flags(client->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        free(ending);
    } else if (wait_for_end(ending, deadline)) {
        (void)pthread_join(thread, NULL);
        free(ending);
    } else {
        (void)pthread_detach(thread);
        ended = false;
        gs_kafka_log(client, gs_kafka_stopping(client) ? GS_LOG_WARNING : GS_LOG_ERROR,
                     "a Kafka client did not end in time, left behind");
        atomic_store(&client->log, NULL); /* its threads may outlive the log */
        atomic_store(&client->heard_ns, NULL);
    }
    client->rk = NULL;
    return ended;
}
