#include "base/clock.h"
#include "deploy/daemon/command.h"
#include "deploy/daemon/demo/session.h"
#include "ingest/records/record.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: groundswell demo [options]\n"
    "\n"
    "Runs the whole pipeline on an embedded broker: a stream about companies that do not exist, "
    "half a day\n"
    "of history and then a day in a minute, with two surges of negative opinion that must raise "
    "alerts, and a\n"
    "burst of volume and a story copied 50 times that must not. Needs no network and keeps "
    "nothing.\n"
    "\n"
    "      --for SECONDS   ends by itself (at least 20); else Ctrl-C ends it\n"
    "      --port N        of the pages on 127.0.0.1; 0: any free one (9464, or any when it is "
    "taken)\n"
    "      --no-browser    does not open the status page\n"
    "      --model DIR     model folder; else the one that came with the program, or "
    "GROUNDSWELL_MODELS\n"
    "      --seed N        another stream (1)\n"
    "      --messages N    in all, at least 1000 (120000)\n"
    "      --plain         nothing planted\n"
    "      --start TIME    event time of the first message; else 36 hours ago\n"
    "\n"
    "Instead of running:\n"
    "      --write FILE      the stream as JSON lines; - is stdout\n"
    "      --truth FILE      what each message was meant to be\n"
    "      --watchlist FILE  the companies (CSV)\n"
    "\n"
    "Exit codes: 0 done, 2 usage, 3 a failure, a surge without an alert, or an alert that should "
    "not be.\n"
    "\n"
    "examples:\n"
    "  groundswell demo\n"
    "  groundswell demo --for 60 --no-browser\n"
    "  groundswell demo --write stream.jsonl --messages 20000 --start 2026-01-05T00:00:00Z\n";

enum { LEAST_FOR_S = 20, MOST_FOR_S = 86400 };
enum {
    OPT_FOR = 256,
    OPT_PORT,
    OPT_NO_BROWSER,
    OPT_MODEL,
    OPT_SEED,
    OPT_MESSAGES,
    OPT_PLAIN,
    OPT_START,
    OPT_WRITE,
    OPT_TRUTH,
    OPT_WATCHLIST
};

static const struct option longs[] = {{"for", required_argument, NULL, OPT_FOR},
                                      {"port", required_argument, NULL, OPT_PORT},
                                      {"no-browser", no_argument, NULL, OPT_NO_BROWSER},
                                      {"model", required_argument, NULL, OPT_MODEL},
                                      {"seed", required_argument, NULL, OPT_SEED},
                                      {"messages", required_argument, NULL, OPT_MESSAGES},
                                      {"plain", no_argument, NULL, OPT_PLAIN},
                                      {"start", required_argument, NULL, OPT_START},
                                      {"write", required_argument, NULL, OPT_WRITE},
                                      {"truth", required_argument, NULL, OPT_TRUTH},
                                      {"watchlist", required_argument, NULL, OPT_WATCHLIST},
                                      {"help", no_argument, NULL, 'h'},
                                      {0}};

/* A whole number in range; else says what is wrong. */
static bool read_number(const char *name, unsigned long long least, unsigned long long most,
                        unsigned long long *ret)
{
    char *end = NULL;
    errno = 0;
    const unsigned long long value = strtoull(optarg, &end, 10);
    if (optarg[0] < '0' || optarg[0] > '9' || *end != '\0' || errno != 0 || value < least ||
        value > most) {
        (void)fprintf(stderr, "groundswell demo: --%s %s: a whole number from %llu to %llu\n", name,
                      optarg, least, most);
        return false;
    }
    *ret = value;
    return true;
}

static bool take_number(int option, struct gs_demo_session *session)
{
    unsigned long long value = 0;
    switch (option) {
    case OPT_FOR:
        if (!read_number("for", LEAST_FOR_S, MOST_FOR_S, &value)) {
            return false;
        }
        session->for_s = (int)value;
        return true;
    case OPT_PORT:
        if (!read_number("port", 0, 65535, &value)) {
            return false;
        }
        session->port = (int)value;
        return true;
    case OPT_SEED:
        if (!read_number("seed", 0, UINT64_MAX, &value)) {
            return false;
        }
        session->stream.seed = value;
        return true;
    default:
        if (!read_number("messages", GS_DEMO_MIN_MESSAGES, 1000000000, &value)) {
            return false;
        }
        session->stream.n_messages = (size_t)value;
        return true;
    }
}

static bool take_start(struct gs_demo_session *session)
{
    struct gs_error err = {0};
    if (gs_time_parse(gs_str(optarg), &session->stream.start_ms, &err) != GS_OK) {
        (void)fprintf(stderr, "groundswell demo: --start %s: %s\n", optarg, err.message);
        return false;
    }
    session->start_given = true;
    return true;
}

/* False: usage. */
static bool take(int option, struct gs_demo_session *session)
{
    switch (option) {
    case OPT_FOR:
    case OPT_PORT:
    case OPT_SEED:
    case OPT_MESSAGES:
        return take_number(option, session);
    case OPT_START:
        return take_start(session);
    case OPT_NO_BROWSER:
        session->browser = false;
        return true;
    case OPT_PLAIN:
        session->stream.plain = true;
        return true;
    case OPT_MODEL:
        session->model = optarg;
        return true;
    case OPT_WRITE:
        session->write = optarg;
        return true;
    case OPT_TRUTH:
        session->truth = optarg;
        return true;
    case OPT_WATCHLIST:
        session->watchlist = optarg;
        return true;
    default:
        (void)fputs("groundswell demo --help explains the options\n", stderr);
        return false;
    }
}

int gs_cmd_demo(int argc, char **argv)
{
    struct gs_demo_session session = {
        .stream = {.seed = 1, .n_messages = GS_DEMO_MESSAGES}, .port = -1, .browser = true};
    int option = 0;

    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet
    while ((option = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(usage, stdout);
            return GS_EXIT_OK;
        }
        if (!take(option, &session)) {
            return GS_EXIT_USAGE;
        }
    }
    if (optind < argc) {
        (void)fprintf(stderr, "groundswell demo: '%s' is not an option\n", argv[optind]);
        return GS_EXIT_USAGE;
    }
    if (!session.start_given) {
        session.stream.start_ms = gs_clock_wall_ms() - GS_DEMO_SPAN_MS;
    }
    if (session.write != NULL || session.truth != NULL || session.watchlist != NULL) {
        return gs_demo_write(&session);
    }
    return gs_demo_run(&session);
}
