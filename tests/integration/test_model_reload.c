/* The service takes another model, watchlist and rules while it runs: records before and after are
 * answered by those in use, one that is wrong changes nothing, the metrics say so. */
#include "deploy/daemon/service/service.h"
#include "tests/integration/mock.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { RECORDS = 40, WAIT_S = 120 };

static char folder[] = "/tmp/gs-reload-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* model.path is a link: the folder behind it changes. */
static void point_to(const char *model)
{
    char here[2048];
    char target[4200];
    char next[128];
    assert_non_null(getcwd(here, sizeof here));
    (void)snprintf(target, sizeof target, "%s/%s", here, model);
    (void)snprintf(next, sizeof next, "%s/next", folder);
    assert_int_equal(symlink(target, next), 0);
    assert_int_equal(rename(next, path_of("model")), 0);
}

/* file: in the folder, more settings, or NULL; set: one more. */
static struct gs_config *configure(const struct mock *mock, const char *file, const char *set)
{
    char path[200];
    char brokers[300];
    char model[200];
    (void)snprintf(brokers, sizeof brokers, "kafka.brokers=%s", mock->brokers);
    (void)snprintf(model, sizeof model, "model.path=%s", path_of("model"));
    (void)snprintf(path, sizeof path, "%s", file == NULL ? "" : path_of(file));
    const char *const sets[] = {brokers,
                                model,
                                "kafka.delivery=at_least_once",
                                "input.topics=in",
                                "input.format=text",
                                "output.topics.tagged=out",
                                "output.topics.observations=observations",
                                "output.topics.dlq=dlq",
                                "kafka.instance=test",
                                "http.port=0",
                                "kafka.properties.session.timeout.ms=60000",
                                "kafka.properties.heartbeat.interval.ms=300",
                                set};
    struct gs_diagnostics diagnostics = {0};
    struct gs_config *config = NULL;
    struct gs_error err = {GS_OK, ""};

    const enum gs_status status = gs_config_load(file == NULL ? NULL : path, sets, GS_COUNT(sets),
                                                 &config, &diagnostics, &err);
    gs_diagnostics_print(&diagnostics, stdout);
    gs_diagnostics_done(&diagnostics);
    assert_int_equal(status, GS_OK);
    return config;
}

/* /metrics, whole. */
static const char *scrape(int port)
{
    static char text[1 << 20];
    static const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    size_t n = 0;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(write(fd, request, sizeof request - 1), (ssize_t)sizeof request - 1);
    for (ssize_t got = 1; got > 0 && n<sizeof text - 1; n += got> 0 ? (size_t)got : 0) {
        got = read(fd, text + n, sizeof text - 1 - n);
    }
    text[n] = '\0';
    (void)close(fd);
    return text;
}

/* The value of a series by its whole name; -1: it is not there. */
static double value_of(const char *metrics, const char *series)
{
    const char *at = strstr(metrics, series);
    return at == NULL ? -1 : strtod(at + strlen(series), NULL);
}

static void wait_for(struct gs_service *service, uint64_t n)
{
    const struct timespec step = {0, 50000000};
    struct gs_service_totals totals = {0};
    for (int i = 0; i < WAIT_S * 20 && totals.consumed < n; i++) {
        (void)nanosleep(&step, NULL);
        gs_service_totals(service, &totals);
    }
    assert_int_equal(totals.consumed, n);
}

static void start_mock(struct mock *mock)
{
    static const char *const topics[] = {"in", "out", "observations", "dlq"};

    mock_start(mock, 1);
    for (size_t i = 0; i < GS_COUNT(topics); i++) {
        mock_topic(mock, topics[i], 1);
    }
    (void)snprintf(folder, sizeof folder, "/tmp/gs-reload-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static void lanes_take_the_new_model(void **state)
{
    struct mock mock;
    struct gs_service *service = NULL;
    struct gs_error err = {GS_OK, ""};

    (void)state;
    start_mock(&mock);
    point_to("golden/folders/sentiment");
    struct gs_config *config = configure(&mock, NULL, "log.level=info");
    if (gs_service_start(config, GS_STAGE_TAG, NULL, &service, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    const int port = gs_service_port(service);
    mock_fill(&mock, "in", 0, RECORDS, 20);
    wait_for(service, RECORDS);
    assert_true(value_of(scrape(port), "groundswell_tier_messages_total{tier=\"encoder\"} ") ==
                RECORDS);

    point_to("golden/folders"); /* no model there */
    assert_int_not_equal(gs_service_reload(service, config, &err), GS_OK);
    mock_fill(&mock, "in", RECORDS, RECORDS, 20);
    wait_for(service, 2 * (uint64_t)RECORDS);
    assert_true(value_of(scrape(port), "groundswell_tier_messages_total{tier=\"encoder\"} ") ==
                2 * RECORDS);
    assert_true(value_of(scrape(port), "groundswell_model_swaps_total{result=\"refused\"} ") == 1);
    assert_non_null(strstr(scrape(port), "model=\"model\"} 1"));

    point_to("../classifier/models/finance-zh-en-fast");
    assert_int_equal(gs_service_reload(service, config, &err), GS_OK);
    mock_fill(&mock, "in", 2 * RECORDS, RECORDS, 20);
    wait_for(service, 3 * (uint64_t)RECORDS);
    const char *metrics = scrape(port);
    assert_true(value_of(metrics, "groundswell_tier_messages_total{tier=\"encoder\"} ") ==
                2 * RECORDS);
    assert_true(value_of(metrics, "groundswell_tier_messages_total{tier=\"fast\"} ") == RECORDS);
    assert_true(value_of(metrics, "groundswell_model_swaps_total{result=\"loaded\"} ") == 1);
    assert_non_null(strstr(metrics, "model=\"finance-zh-en-fast\"} 1"));
    assert_null(strstr(metrics, "model=\"model\"}"));
    gs_service_stop(service);
    mock_check_all(&mock, "out", 3 * RECORDS, true);
    gs_config_free(config);
    assert_int_equal(unlink(path_of("model")), 0);
    assert_int_equal(rmdir(folder), 0);
    mock_stop(&mock);
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static struct gs_error reload(struct gs_service *service, const struct mock *mock, const char *set)
{
    struct gs_config *config = configure(mock, "settings.yaml", set);
    struct gs_error err = {GS_OK, ""};

    const enum gs_status status = gs_service_reload(service, config, &err);
    assert_int_equal(status, err.status);
    gs_config_free(config);
    return err;
}

/* Each step's records say "xxxx…"; how many companies have been found then. */
static void expect_entities(struct gs_service *service, const struct mock *mock, int *steps,
                            double entities)
{
    mock_fill(mock, "in", *steps * RECORDS, RECORDS, 20);
    ++*steps;
    wait_for(service, (uint64_t)*steps * RECORDS);
    const double found =
        value_of(scrape(gs_service_port(service)), "\ngroundswell_entities_total ");
    if (found < entities || found > entities) {
        fail_msg("step %d: %g companies found, not %g", *steps, found, entities);
    }
}

static void lanes_take_the_new_watchlist_and_rules(void **state)
{
    static const char plain[] = "log: {level: info}\n";
    static const char rule[] =
        "text:\n  rules:\n  - {name: calm, pattern: 'x+', replace: 'calm'}\n";
    struct mock mock;
    struct gs_service *service = NULL;
    struct gs_error err = {GS_OK, ""};
    char list[200];
    int steps = 0;

    (void)state;
    start_mock(&mock);
    point_to("../classifier/models/finance-zh-en-fast");
    write_file("settings.yaml", plain);
    write_file("list.csv", "id,name\nX,xxxxxxxxxxxxxxxxxxxx\n");
    (void)snprintf(list, sizeof list, "entities.watchlist=%s", path_of("list.csv"));
    struct gs_config *config = configure(&mock, "settings.yaml", "log.level=info");
    assert_int_equal(gs_service_start(config, GS_STAGE_TAG, NULL, &service, &err), GS_OK);
    expect_entities(service, &mock, &steps, 0);

    assert_int_equal(reload(service, &mock, list).status, GS_OK);
    expect_entities(service, &mock, &steps, RECORDS);

    write_file("settings.yaml", rule); /* a change that takes a restart takes nothing over */
    err = reload(service, &mock, "batch.max_messages=77");
    assert_int_equal(err.status, GS_BAD_CONFIG);
    assert_string_equal(err.message, "a change takes a restart: batch.max_messages");
    expect_entities(service, &mock, &steps, 2 * RECORDS);

    write_file("list.csv", "id,name\nX,\n"); /* nor does a list with a mistake */
    assert_int_not_equal(reload(service, &mock, list).status, GS_OK);
    expect_entities(service, &mock, &steps, 3 * RECORDS);

    write_file("list.csv", "id,name\nX,xxxxxxxxxxxxxxxxxxxx\n");
    assert_int_equal(reload(service, &mock, list).status, GS_OK);
    expect_entities(service, &mock, &steps, 3 * RECORDS); /* the rule has made them calm */
    gs_service_stop(service);
    mock_check_all(&mock, "out", steps * RECORDS, true);
    gs_config_free(config);
    assert_int_equal(unlink(path_of("settings.yaml")), 0);
    assert_int_equal(unlink(path_of("list.csv")), 0);
    assert_int_equal(unlink(path_of("model")), 0);
    assert_int_equal(rmdir(folder), 0);
    mock_stop(&mock);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(lanes_take_the_new_model),
    cmocka_unit_test(lanes_take_the_new_watchlist_and_rules),
};

MOCK_MAIN(cases)
