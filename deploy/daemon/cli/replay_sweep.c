/* replay --sweep: one setting with several values over one input, a row each on stdout: what a
 * budget, a threshold or a window costs in alerts, before one chooses. */
#include "deploy/daemon/cli/replay_command.h"
#include "deploy/daemon/config/options.h"
#include "ingest/base/escape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 16, MAX_VALUE = 256, MAX_JSON = 1 << 20 };

struct sweep {
    char setting[128];
    size_t n;
    char sets[MAX_VALUES][128 + MAX_VALUE]; /* SETTING=VALUE */
    const char *values[MAX_VALUES];         /* in sets */
    struct gs_config *configs[MAX_VALUES];
    struct gs_replay_side sides[MAX_VALUES];
    struct gs_local_options locals[MAX_VALUES];
    struct gs_local_totals totals[MAX_VALUES];
};

/* Splits SETTING=VALUE,VALUE,…; false: it is something else (said). */
static bool split(struct sweep *sweep, struct gs_args *args, const char *text)
{
    const size_t name_len = strcspn(text, "=");
    const char *at = text + name_len;

    if (*at == '\0' || name_len == 0 || name_len >= sizeof sweep->setting) {
        return gs_args_wrong(args, "--sweep: %s is not SETTING=VALUE,VALUE,…", text);
    }
    (void)snprintf(sweep->setting, sizeof sweep->setting, "%.*s", (int)name_len, text);
    while (*at != '\0') {
        const char *value = at + 1;
        const size_t len = strcspn(value, ",");
        if (len == 0 || len >= MAX_VALUE || sweep->n == MAX_VALUES) {
            return gs_args_wrong(args, "--sweep: 1 to %d values of 1 to %d bytes: %s", MAX_VALUES,
                                 MAX_VALUE - 1, text);
        }
        char *set = sweep->sets[sweep->n];
        (void)snprintf(set, sizeof sweep->sets[0], "%.*s=%.*s", (int)name_len, text, (int)len,
                       value);
        sweep->values[sweep->n++] = set + name_len + 1;
        at = value + len;
    }
    return true;
}

/* A configuration for each value; nothing of any is written, and none begins from a state. */
static int load(struct sweep *sweep, const struct gs_replay_options *options,
                struct gs_replay_input *input)
{
    for (size_t i = 0; i < sweep->n; i++) {
        const int code = gs_command_load(&options->args, options->args.config, sweep->sets[i],
                                         &sweep->configs[i]);
        if (code != GS_EXIT_OK) {
            return code;
        }
        memset(sweep->configs[i]->output.files, 0, sizeof sweep->configs[i]->output.files);
        sweep->configs[i]->state.path = NULL;
        sweep->sides[i] =
            (struct gs_replay_side){.path = options->args.config, .config = sweep->configs[i]};
        gs_replay_set_hooks(&sweep->locals[i], &sweep->sides[i], input);
    }
    sweep->locals[0].speed = options->speed;
    return GS_EXIT_OK;
}

static void print(const struct sweep *sweep, FILE *out)
{
    gs_print_line(out, "%s over %.1f days", sweep->setting,
                  gs_replay_days(&sweep->sides[0].totals));
    gs_print_line(out, "%-14s  %-20s  %-8s  %-9s  %-7s  %s", "value", "alerts (i/w/c)", "a day",
                  "incidents", "notices", "nearest miss");
    for (size_t i = 0; i < sweep->n; i++) {
        const struct gs_replay_side *side = &sweep->sides[i];
        const double days = gs_replay_days(&side->totals);
        const size_t n = side->alerts.n + side->alerts.n_more;
        uint32_t of_severity[GS_N_SEVERITIES] = {0};
        struct gs_buf nearest = {.max = 2048};
        char alerts[48];

        for (size_t j = 0; j < side->alerts.n; j++) {
            of_severity[side->alerts.rows[j].severity]++;
        }
        gs_replay_severities_write(alerts, of_severity);
        if (side->nearest.there) {
            gs_replay_nearest_write(&side->nearest, &side->config->watch.options, &nearest);
        }
        gs_print_line(out, "%-14s  %-20s  %-8.3g  %-9zu  %-7u  %.*s", sweep->values[i], alerts,
                      days > 0.0 ? (double)n / days : 0.0,
                      side->incidents.n + side->incidents.n_more,
                      gs_replay_notices(&side->incidents), GS_STR_ARGS(gs_buf_str(&nearest)));
        gs_buf_done(&nearest);
    }
}

static enum gs_status write_json(const struct sweep *sweep, struct gs_error *err)
{
    struct gs_buf out = {.max = MAX_JSON};

    gs_buf_puts(&out, "{\"setting\":");
    gs_buf_json_str(&out, gs_str(sweep->setting));
    gs_buf_puts(&out, ",\"values\":[");
    for (size_t i = 0; i < sweep->n; i++) {
        gs_buf_puts(&out, i > 0 ? ",{\"value\":" : "{\"value\":");
        gs_buf_json_str(&out, gs_str(sweep->values[i]));
        gs_buf_puts(&out, ",\"replay\":");
        gs_replay_side_json(&sweep->sides[i], &out);
        gs_buf_putc(&out, '}');
    }
    gs_buf_puts(&out, "]}");
    const enum gs_status status = gs_replay_put_json(&out, err);
    gs_buf_done(&out);
    return status;
}

static int run(struct sweep *sweep, const struct gs_replay_options *options,
               struct gs_replay_input *input)
{
    struct gs_error err = {0};

    gs_progress_start(&input->progress, &options->args, input->files, input->n_files);
    enum gs_status status = gs_local_run_beside(sweep->locals, sweep->n, sweep->totals, &err);
    gs_progress_end(&input->progress);
    for (size_t i = 0; i < sweep->n; i++) {
        sweep->sides[i].totals = sweep->totals[i];
    }
    if (status == GS_OK) {
        status = gs_replay_to_the_end(&err);
    }
    if (status == GS_OK && options->json) {
        status = write_json(sweep, &err);
    } else if (status == GS_OK) {
        print(sweep, stdout);
    }
    if (status != GS_OK) {
        return gs_command_failed("replay", &err);
    }
    bool doubtful = false;
    for (size_t i = 0; i < sweep->n && !doubtful; i++) { /* said once: the data is the same */
        doubtful = gs_replay_warn_of_times(&sweep->totals[i]) || sweep->totals[i].rejected > 0;
    }
    return doubtful ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}

int gs_replay_sweep(struct gs_replay_options *options, struct gs_replay_input *input)
{
    struct sweep *sweep = calloc(1, sizeof *sweep);

    if (sweep == NULL) {
        struct gs_error err = {0};
        (void)gs_fail(&err, GS_NO_MEMORY, "sweep");
        return gs_command_failed("replay", &err);
    }
    int code = split(sweep, &options->args, options->sweep) ? load(sweep, options, input)
                                                            : options->args.code;
    if (code == GS_EXIT_OK) {
        code = run(sweep, options, input);
    }
    for (size_t i = 0; i < sweep->n; i++) {
        gs_replay_side_done(&sweep->sides[i]);
        gs_config_free(sweep->configs[i]);
    }
    free(sweep);
    return code;
}
