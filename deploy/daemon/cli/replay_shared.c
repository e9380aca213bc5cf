/* What all forms of replay do: hooks of a run, and whether the answer can be trusted. */
#include "deploy/daemon/cli/replay_command.h"
#include "deploy/daemon/service/service.h"
#include "deploy/daemon/service/signals.h"
#include "ingest/base/escape.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static void count_line(void *arg, size_t bytes)
{
    gs_progress_add(arg, 1, bytes + 1);
}

void gs_replay_set_hooks(struct gs_local_options *local, struct gs_replay_side *side,
                         struct gs_replay_input *input)
{
    *local = (struct gs_local_options){.config = side->config,
                                       .files = input->files,
                                       .n_files = input->n_files,
                                       .stages = GS_STAGE_TAG | GS_STAGE_WATCH,
                                       .kept = true,
                                       .alert = gs_replay_alerts_take,
                                       .alert_arg = &side->alerts,
                                       .incident = gs_replay_incidents_take,
                                       .incident_arg = &side->incidents,
                                       .nearest = gs_replay_nearest_take,
                                       .nearest_arg = &side->nearest,
                                       .started = gs_signals_lane,
                                       .line = count_line,
                                       .line_arg = &input->progress};
}

void gs_replay_side_done(struct gs_replay_side *side)
{
    gs_replay_alerts_done(&side->alerts);
    gs_replay_incidents_done(&side->incidents);
}

bool gs_replay_warn_of_times(const struct gs_local_totals *totals)
{
    const struct gs_clock_lead *worst = &totals->odd.worst;
    const bool unsorted = totals->too_late > 0 || totals->late * 100 > totals->observations;

    if (unsorted) {
        (void)fprintf(stderr,
                      "groundswell replay: warning: of %" PRIu64 " observations %" PRIu64
                      " came too late to be counted and %" PRIu64
                      " late: the data is not in order of time, or some clocks are wrong; sort it "
                      "by time: these alerts are not to be trusted\n",
                      totals->observations, totals->too_late, totals->late);
    }
    if (totals->odd.ahead > 0) {
        gs_print_line(
            stderr,
            "groundswell replay: warning: %" PRIu64
            " observations are ahead of all others and were counted at the time that they "
            "claim; most of source %s (%" PRIu64 ", the last by %.1f h): is its clock or "
            "time zone wrong?",
            totals->odd.ahead, worst->name, worst->n, (double)worst->lead_ms / 3600000.0);
    }
    return unsorted || totals->odd.ahead > 0;
}

enum gs_status gs_replay_to_the_end(struct gs_error *err)
{
    return gs_signals_stop() ? gs_fail(err, GS_IO, "stopped before the end of the input") : GS_OK;
}

enum gs_status gs_replay_put_json(struct gs_buf *json, struct gs_error *err)
{
    gs_buf_putc(json, '\n');
    if (!gs_buf_ok(json)) {
        return gs_fail(err, GS_NO_MEMORY, "the answer is too long");
    }
    return fwrite(json->bytes, 1, json->len, stdout) == json->len && fflush(stdout) == 0
               ? GS_OK
               : gs_fail_errno(err, errno, "stdout");
}
