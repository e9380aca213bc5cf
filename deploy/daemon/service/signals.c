/* Signal handlers only write atomics; one lane may be stopped from inside the handler, because
 * gs_lane_stop() does no more than that either. */
#include "deploy/daemon/service/signals.h"

#include "deploy/daemon/pipeline/lane.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>

static _Atomic bool stop;
static _Atomic bool reload;
static struct gs_lane *_Atomic lane_to_stop;

static void on_signal(int number)
{
    (void)number;
    atomic_store(&stop, true);
    struct gs_lane *lane = atomic_load(&lane_to_stop);
    if (lane != NULL) {
        gs_lane_stop(lane);
    }
}

static void on_hangup(int number)
{
    (void)number;
    atomic_store(&reload, true);
}

void gs_signals_catch_reload(void)
{
    struct sigaction action = {.sa_handler = on_hangup};

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGHUP, &action, NULL);
}

bool gs_signals_reload(void)
{
    return atomic_exchange(&reload, false);
}

void gs_signals_catch(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL); /* a closed pipe is a failed write, not a death */
}

bool gs_signals_stop(void)
{
    return atomic_load(&stop);
}

void gs_signals_lane(void *unused, struct gs_lane *lane)
{
    (void)unused;
    atomic_store(&lane_to_stop, lane);
    if (lane != NULL && atomic_load(&stop)) {
        gs_lane_stop(lane);
    }
}

bool gs_signals_wait(int timeout_ms)
{
    const struct timespec step = {0, 20000000};

    for (int waited_ms = 0; waited_ms < timeout_ms && !gs_signals_stop(); waited_ms += 20) {
        (void)nanosleep(&step, NULL);
    }
    return gs_signals_stop();
}
