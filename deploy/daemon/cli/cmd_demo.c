/* groundswell demo: its flags become a session (deploy/daemon/demo), which either runs the whole
 * pipeline on the embedded broker or writes the stream that it would have played. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/demo/session.h"
#include "ingest/base/clock.h"
#include "ingest/records/record.h"

enum { LEAST_FOR_S = 20, MOST_FOR_S = 86400 };

static void take_start(struct gs_args *args, struct gs_demo_session *session)
{
    struct gs_error err = {0};

    if (gs_time_parse(gs_str(args->value), &session->stream.start_ms, &err) != GS_OK) {
        (void)gs_args_wrong(args, "--start %s: %s", args->value, err.message);
        return;
    }
    session->start_given = true;
}

static void take_number(struct gs_args *args, struct gs_demo_session *session)
{
    unsigned long long value = 0;

    switch (args->flag) {
    case GS_FLAG_FOR:
        if (gs_args_count(args, LEAST_FOR_S, MOST_FOR_S, &value)) {
            session->for_s = (int)value;
        }
        break;
    case GS_FLAG_PORT:
        if (gs_args_count(args, 0, 65535, &value)) {
            session->port = (int)value;
        }
        break;
    case GS_FLAG_SEED:
        if (gs_args_count(args, 0, UINT64_MAX, &value)) {
            session->stream.seed = value;
        }
        break;
    default:
        if (gs_args_count(args, GS_DEMO_MIN_MESSAGES, 1000000000, &value)) {
            session->stream.n_messages = (size_t)value;
        }
        break;
    }
}

static void take(struct gs_args *args, struct gs_demo_session *session)
{
    switch (args->flag) {
    case GS_FLAG_START:
        take_start(args, session);
        break;
    case GS_FLAG_NO_BROWSER:
        session->browser = false;
        break;
    case GS_FLAG_PLAIN:
        session->stream.plain = true;
        break;
    case GS_FLAG_MODEL:
        session->model = args->value;
        break;
    case GS_FLAG_WRITE:
        session->write = args->value;
        break;
    case GS_FLAG_TRUTH:
        session->truth = args->value;
        break;
    case GS_FLAG_WATCHLIST:
        session->watchlist = args->value;
        break;
    default:
        take_number(args, session);
        break;
    }
}

int gs_cmd_demo(int argc, char **argv)
{
    struct gs_demo_session session = {
        .stream = {.seed = 1, .n_messages = GS_DEMO_MESSAGES}, .port = -1, .browser = true};
    struct gs_args args;

    gs_args_init(&args, GS_CMD_DEMO, argc, argv);
    while (gs_args_next(&args)) {
        take(&args, &session);
    }
    gs_args_done(&args);
    if (args.ends) {
        return args.code;
    }
    if (!session.start_given) {
        session.stream.start_ms = gs_clock_wall_ms() - GS_DEMO_SPAN_MS;
    }
    if (session.write != NULL || session.truth != NULL || session.watchlist != NULL) {
        return gs_demo_write(&session);
    }
    return gs_demo_run(&session);
}
