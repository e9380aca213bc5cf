/* Start and bounded end of one librdkafka client. */
#include "ingest/kafka/lane.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void gs_kafka_log(const struct gs_kafka_client *client, enum gs_log_level level, const char *fmt,
                  ...)
{
    char message[512];
    va_list args;

    if (client->log == NULL) {
        return;
    }
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    client->log(client->log_arg, (int)level, message);
}

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

/* From any of librdkafka's threads. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    const struct gs_kafka_client *client = rd_kafka_opaque(rk);

    /* Properties are given to both clients; that one of them has no use for some is as it should
     * be. */
    if (strcmp(facility, "CONFWARN") == 0 && strstr(text, "will be ignored by this") != NULL) {
        return;
    }
    gs_kafka_log(client, level_of(level), "librdkafka %s: %s", facility, text);
}

/* From rd_kafka_poll() and consumer_poll(), so on the owner's thread. */
static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    struct gs_kafka_client *client = opaque;

    (void)rk;
    (void)snprintf(client->last_error, sizeof client->last_error, "%s", reason);
    gs_kafka_log(client, code == RD_KAFKA_RESP_ERR__FATAL ? GS_LOG_ERROR : GS_LOG_WARNING, "%s: %s",
                 rd_kafka_err2name((rd_kafka_resp_err_t)code), reason);
}

enum gs_status gs_kafka_client_start(struct gs_kafka_client *client, rd_kafka_type_t type,
                                     rd_kafka_conf_t *conf, struct gs_error *err)
{
    char why[200];

    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set_error_cb(conf, on_error);
    client->last_error[0] = '\0';
    client->rk = rd_kafka_new(type, conf, why, sizeof why);
    if (client->rk == NULL) {
        const bool ours = rd_kafka_last_error() == RD_KAFKA_RESP_ERR__INVALID_ARG;
        rd_kafka_conf_destroy(conf);
        return gs_fail(err, ours ? GS_BAD_CONFIG : GS_IO, "kafka client: %s", why);
    }
    return GS_OK;
}

/* The end of a client runs beside its owner, who waits for it only so long: librdkafka has had
 * several ways to hang in it. A client that hangs is left behind, and said to be. */
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

/* Whether it ended in time. */
static bool wait_for_end(struct ending *ending)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += GS_KAFKA_CLOSE_MS / 1000;
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
    } else if (wait_for_end(ending)) {
        (void)pthread_join(thread, NULL);
        free(ending);
    } else {
        (void)pthread_detach(thread);
        ended = false;
        gs_kafka_log(client, GS_LOG_ERROR, "a Kafka client did not end within %d ms, left behind",
                     GS_KAFKA_CLOSE_MS);
    }
    client->rk = NULL;
    return ended;
}
