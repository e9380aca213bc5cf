/* The parts of a demo, in the order in which one needs the other. */
#include "deploy/daemon/demo/setup.h"

#include "deploy/daemon/demo/locate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { USUAL_PORT = 9464, N_PARTITIONS = 4 };

/* The watchlist is a file to the pipeline, as everybody's is. */
static enum gs_status put_watchlist(struct gs_demo_setup *setup, struct gs_error *err)
{
    const char *dir = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): one thread yet */
    struct gs_buf csv = {.max = 1 << 20};
    (void)snprintf(setup->watchlist, sizeof setup->watchlist, "%s/groundswell-demo-XXXXXX",
                   dir != NULL && dir[0] == '/' && strlen(dir) < 32 ? dir : "/tmp");
    const int fd = mkstemp(setup->watchlist);
    if (fd < 0) {
        const int why = errno;
        setup->watchlist[0] = '\0';
        return gs_fail_errno(err, why, "a temporary file for the watchlist");
    }
    gs_demo_watchlist(&csv);
    const bool good = gs_buf_ok(&csv) && write(fd, csv.bytes, csv.len) == (ssize_t)csv.len;
    const int why = errno;
    (void)close(fd);
    gs_buf_done(&csv);
    return good ? GS_OK : gs_fail_errno(err, why, "%s", setup->watchlist);
}

static bool port_is_free(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) {
        return false;
    }
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const bool is_free = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    (void)close(fd);
    return is_free;
}

static enum gs_status make_config(const struct gs_demo_session *session,
                                  struct gs_demo_setup *setup, struct gs_error *err)
{
    char model[PATH_MAX], sets[6][PATH_MAX + 32];
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the broker's thread does not set variables
    const char *models = session->model != NULL ? session->model : getenv("GROUNDSWELL_MODELS");
    const enum gs_status status = gs_demo_locate_model(models, model, sizeof model, err);
    if (status != GS_OK) {
        return status;
    }
    const int port = session->port >= 0 ? session->port : port_is_free(USUAL_PORT) ? USUAL_PORT : 0;
    (void)snprintf(sets[0], sizeof sets[0], "kafka.brokers=%s", gs_broker_address(setup->broker));
    (void)snprintf(sets[1], sizeof sets[1], "model.path=%s", model);
    (void)snprintf(sets[2], sizeof sets[2], "entities.watchlist=%s", setup->watchlist);
    (void)snprintf(sets[3], sizeof sets[3], "http.port=%d", port);
    (void)snprintf(sets[4], sizeof sets[4], "kafka.instance=demo-%ld", (long)getpid());
    /* A day in a minute is more than encoders read on a few cores. */
    (void)snprintf(sets[5], sizeof sets[5], "model.tier=%s", models == NULL ? "fast" : "auto");
    /* The mock broker does not enforce transactions. */
    const char *const overrides[] = {sets[0],
                                     sets[1],
                                     sets[2],
                                     sets[3],
                                     sets[4],
                                     sets[5],
                                     "kafka.delivery=at_least_once",
                                     "kafka.start=earliest"};
    const struct gs_config_input input = {.yaml = gs_str("{}\n"),
                                          .name = "demo",
                                          .overrides = overrides,
                                          .n_overrides = GS_COUNT(overrides)};
    struct gs_diagnostics diagnostics = {0};
    const enum gs_status parsed = gs_config_parse(&input, &setup->config, &diagnostics, err);
    gs_diagnostics_print(&diagnostics, stderr);
    gs_diagnostics_done(&diagnostics);
    return parsed;
}

/* The topics by the names that the configuration gives them; the broker must exist first to be in
 * it. */
static enum gs_status start_broker(struct gs_demo_setup *setup, struct gs_error *err)
{
    struct gs_config *defaults = NULL;
    const char *topics[GS_N_STREAMS + 8];
    size_t n = 0;

    enum gs_status status = gs_config_defaults(&defaults, err);
    if (status != GS_OK) {
        return status;
    }
    for (size_t i = 0; i < defaults->input.topics.n && n < 8; i++) {
        topics[n++] = defaults->input.topics.items[i];
    }
    for (size_t i = 0; i < GS_N_STREAMS; i++) {
        topics[n++] = defaults->output.topics[i];
    }
    status = gs_broker_start(topics, n, N_PARTITIONS, &setup->broker, err);
    gs_config_free(defaults);
    return status;
}

static enum gs_status start_feeder(const struct gs_demo_options *stream,
                                   struct gs_demo_setup *setup, struct gs_error *err)
{
    const struct gs_demo_feeder_options options = {.brokers = gs_broker_address(setup->broker),
                                                   .topic = setup->config->input.topics.items[0],
                                                   .demo = setup->demo,
                                                   .alerts = setup->alerts,
                                                   .start_ms = stream->start_ms,
                                                   .n_messages = stream->n_messages,
                                                   .lateness_ms =
                                                       setup->config->watch.options.lateness_ms};
    return gs_demo_feeder_start(&options, &setup->feeder, err);
}

static void drop_watchlist(struct gs_demo_setup *setup)
{
    if (setup->watchlist[0] != '\0') {
        (void)unlink(setup->watchlist);
        setup->watchlist[0] = '\0';
    }
}

/* Everything that the service needs before it starts. */
static enum gs_status make_parts(const struct gs_demo_session *session, struct gs_demo_setup *setup,
                                 struct gs_error *err)
{
    const struct gs_demo_options *stream = &session->stream;
    enum gs_status status = gs_demo_new(stream, &setup->demo, err);

    if (status == GS_OK) {
        status = gs_demo_alerts_new(setup->demo, stream->n_messages, &setup->alerts, err);
    }
    if (status == GS_OK) {
        status = gs_demo_incidents_new(&setup->incidents, err);
    }
    if (status == GS_OK) {
        status = put_watchlist(setup, err);
    }
    if (status == GS_OK) {
        status = start_broker(setup, err);
    }
    return status == GS_OK ? make_config(session, setup, err) : status;
}

static void on_alert(void *arg, const struct gs_alert *alert)
{
    const struct gs_demo_setup *setup = arg;

    gs_demo_alerts_take(setup->alerts, alert);
}

static void on_incident(void *arg, const struct gs_incident *incident)
{
    const struct gs_demo_setup *setup = arg;

    gs_demo_incidents_take(setup->incidents, incident);
}

enum gs_status gs_demo_setup_start(const struct gs_demo_session *session,
                                   struct gs_demo_setup *setup, struct gs_error *err)
{
    const struct gs_service_hooks hooks = {
        .arg = setup, .alert = on_alert, .incident = on_incident};
    const struct gs_demo_options *stream = &session->stream;
    enum gs_status status = GS_OK;

    *setup = (struct gs_demo_setup){0};
    status = make_parts(session, setup, err);
    if (status != GS_OK) {
        return status;
    }
    status = gs_service_start(setup->config, GS_STAGE_TAG | GS_STAGE_WATCH, &hooks, &setup->service,
                              err);
    drop_watchlist(setup); /* it has been read, or never will be */
    return status == GS_OK ? start_feeder(stream, setup, err) : status;
}

void gs_demo_setup_stop(struct gs_demo_setup *setup)
{
    (void)gs_demo_feeder_stop(setup->feeder, NULL);
    setup->feeder = NULL;
    gs_service_stop(setup->service);
    setup->service = NULL;
    gs_broker_stop(setup->broker);
    setup->broker = NULL;
    drop_watchlist(setup);
}

void gs_demo_setup_done(struct gs_demo_setup *setup)
{
    gs_demo_setup_stop(setup);
    gs_demo_alerts_free(setup->alerts);
    gs_demo_incidents_free(setup->incidents);
    gs_demo_free(setup->demo);
    gs_config_free(setup->config);
    *setup = (struct gs_demo_setup){0};
}
