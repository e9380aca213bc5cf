#include "base/log.h"
#include "deploy/daemon/command.h"
#include "deploy/daemon/local.h"
#include "deploy/daemon/service.h"
#include "deploy/daemon/signals.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_SETS = 128, MAX_ALERT_ROWS = 100000, DAY_MS = 86400000 };

static const char usage[] =
    "usage: groundswell replay -c FILE [--scores FILE.csv] [--speed N] [FILE...]\n"
    "\n"
    "Runs kept data through the pipeline as the configuration says: raw messages, tagged records "
    "or\n"
    "observations, as JSON lines (gzip too). Alerts come on stdout as JSON lines; a table of "
    "alerts per day\n"
    "and key follows on stderr. The same input gives the same alerts.\n"
    "\n"
    "  -c, --config FILE    configuration, such as deploy/config/replay.yaml\n"
    "      --scores FILE    CSV: time,key,n,observed,expected,log10_evidence,firing whenever a bin "
    "closes\n"
    "      --speed N        N event seconds a second; as fast as it goes when not given\n"
    "      --set KEY=VALUE  overrides a setting\n"
    "      --quiet          no table\n"
    "\n"
    "Exit codes: 0 done, 1 some lines were refused or the configuration is wrong, 2 usage, 3 a "
    "failure.\n"
    "\n"
    "example:\n"
    "  groundswell replay -c deploy/config/replay.yaml tweets.jsonl > alerts.jsonl\n";

/* ---- the table: alerts per day and key ---- */

struct row {
    int64_t day; /* since the epoch */
    char key[GS_BOARD_KEY];
    char severity[12];
    unsigned n;
};

struct table {
    struct row *rows;
    size_t n, n_more; /* n_more: not kept */
    FILE *scores;
    bool scores_failed;
};

static void count_alert(void *arg, const struct gs_alert *alert)
{
    static const char *const severities[] = {"info", "warning", "critical"};
    struct table *table = arg;
    struct row row = {.day = alert->fired_at_ms / DAY_MS, .n = 1};

    if (alert->state != GS_ALERT_FIRING) {
        return;
    }
    (void)snprintf(row.key, sizeof row.key, "%.*s", GS_STR_ARGS(alert->key));
    (void)snprintf(row.severity, sizeof row.severity, "%s", severities[alert->severity]);
    for (size_t i = table->n; i > 0 && table->rows[i - 1].day == row.day; i--) {
        struct row *same = &table->rows[i - 1];
        if (strcmp(same->key, row.key) == 0 && strcmp(same->severity, row.severity) == 0) {
            same->n++;
            return;
        }
    }
    struct row *bigger =
        table->n < MAX_ALERT_ROWS ? realloc(table->rows, (table->n + 1) * sizeof row) : NULL;
    if (bigger == NULL) {
        table->n_more++;
        return;
    }
    table->rows = bigger;
    table->rows[table->n++] = row;
}

static void print_table(const struct table *table, const struct gs_local_totals *totals)
{
    unsigned n_alerts = 0;

    (void)fprintf(stderr, "%-10s  %-9s %6s  %s\n", "day", "severity", "alerts", "key");
    for (size_t i = 0; i < table->n; i++) {
        struct gs_buf day = {.max = 64};
        gs_buf_json_time(&day, table->rows[i].day * DAY_MS);
        (void)fprintf(stderr, "%.10s  %-9s %6u  %s\n", day.len > 11 ? day.bytes + 1 : "?",
                      table->rows[i].severity, table->rows[i].n, table->rows[i].key);
        gs_buf_done(&day);
        n_alerts += table->rows[i].n;
    }
    if (table->n_more > 0) {
        (void)fprintf(stderr, "and %zu more\n", table->n_more);
    }
    (void)fprintf(stderr,
                  "%" PRIu64 " lines, %" PRIu64 " refused, %" PRIu64 " observations, %u alerts\n",
                  totals->lines, totals->rejected, totals->observations, n_alerts);
}

/* ---- scores ---- */

/* A CSV field (RFC 4180); keys hold whatever a source calls itself. */
static void put_field(FILE *out, struct gs_str text)
{
    (void)fputc('"', out);
    for (size_t i = 0; i < text.len; i++) {
        if (text.bytes[i] == '"') {
            (void)fputc('"', out);
        }
        (void)fputc(text.bytes[i], out);
    }
    (void)fputc('"', out);
}

static void write_score(void *arg, int64_t watermark_ms, const struct gs_key_view *view)
{
    struct table *table = arg;
    struct gs_buf time = {.max = 64};

    gs_buf_json_time(&time, watermark_ms);
    (void)fprintf(table->scores, "%.*s,", time.len > 2 ? (int)time.len - 2 : 0,
                  time.len > 2 ? time.bytes + 1 : "");
    put_field(table->scores, view->key);
    const int n = fprintf(table->scores, ",%.6g,%.6g,%.6g,%.6g,%d\n", view->n_hour, view->observed,
                          view->expected, view->log10_evidence, view->firing ? 1 : 0);
    table->scores_failed |= n < 0;
    gs_buf_done(&time);
}

/* ---- the command ---- */

struct replay_options {
    const char *config, *scores;
    const char *sets[MAX_SETS];
    size_t n_sets;
    double speed;
    bool quiet;
};

static int parse(int argc, char **argv, struct replay_options *ret)
{
    static const struct option longs[] = {
        {"config", required_argument, NULL, 'c'}, {"scores", required_argument, NULL, 's'},
        {"speed", required_argument, NULL, 'v'},  {"set", required_argument, NULL, 'S'},
        {"counts", required_argument, NULL, 'C'}, {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},         {0}};
    char *end = NULL;
    int c = 0;

    *ret = (struct replay_options){0};
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet
    while ((c = getopt_long(argc, argv, "c:h", longs, NULL)) != -1) {
        switch (c) {
        case 'c':
            ret->config = optarg;
            break;
        case 's':
            ret->scores = optarg;
            break;
        case 'v':
            ret->speed = strtod(optarg, &end);
            if (end == optarg || *end != '\0' || !(ret->speed > 0 && ret->speed < 1e9)) {
                (void)fprintf(stderr, "groundswell replay: --speed %s: not a positive number\n",
                              optarg);
                return GS_EXIT_USAGE;
            }
            break;
        case 'S':
            if (ret->n_sets == MAX_SETS - 4) {
                (void)fputs("groundswell replay: too many --set\n", stderr);
                return GS_EXIT_USAGE;
            }
            ret->sets[ret->n_sets++] = optarg;
            break;
        case 'C':
            (void)fputs(
                "groundswell replay: --counts needs the volume mode, which this version does "
                "not have\n",
                stderr);
            return GS_EXIT_USAGE;
        case 'q':
            ret->quiet = true;
            break;
        case 'h':
            (void)fputs(usage, stdout);
            return -1;
        default:
            (void)fputs(usage, stderr);
            return GS_EXIT_USAGE;
        }
    }
    if (ret->config == NULL) {
        (void)fputs(usage, stderr);
        return GS_EXIT_USAGE;
    }
    return GS_EXIT_OK;
}

static enum gs_status open_scores(struct table *table, const char *path, struct gs_error *err)
{
    if (path == NULL) {
        return GS_OK;
    }
    table->scores = fopen(path, "w");
    if (table->scores == NULL) {
        return gs_fail_errno(err, errno, "%s", path);
    }
    (void)fputs("time,key,n,observed,expected,log10_evidence,firing\n", table->scores);
    return GS_OK;
}

static int replay(const struct replay_options *options, const struct gs_config *config,
                  const char *const *files, size_t n_files)
{
    struct table table = {0};
    struct gs_local_totals totals = {0};
    struct gs_error err = {0};
    const struct gs_local_options local = {.config = config,
                                           .files = files,
                                           .n_files = n_files,
                                           .stages = GS_STAGE_TAG | GS_STAGE_WATCH,
                                           .speed = options->speed,
                                           .alert = count_alert,
                                           .alert_arg = &table,
                                           .score = options->scores == NULL ? NULL : write_score,
                                           .score_arg = &table,
                                           .started = gs_signals_lane};

    enum gs_status status = open_scores(&table, options->scores, &err);
    if (status == GS_OK) {
        status = gs_local_run(&local, &totals, &err);
    }
    if (table.scores != NULL && (fclose(table.scores) != 0 || table.scores_failed) &&
        status == GS_OK) {
        status = gs_fail_errno(&err, errno, "%s", options->scores);
    }
    if (status == GS_OK && !options->quiet) {
        print_table(&table, &totals);
    }
    free(table.rows);
    if (status != GS_OK) {
        return gs_command_failed("replay", &err);
    }
    return totals.rejected > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}

int gs_cmd_replay(int argc, char **argv)
{
    static const char *const standard_input = "-";
    struct replay_options options;
    struct gs_config *config = NULL;

    const int parsed = parse(argc, argv, &options);
    if (parsed != GS_EXIT_OK) {
        return parsed < 0 ? GS_EXIT_OK : parsed;
    }
    int code =
        gs_command_configure("replay", options.config, options.sets, options.n_sets, &config);
    if (code != GS_EXIT_OK) {
        return code;
    }
    config->output.files[GS_STREAM_ALERTS] = "-"; /* the contract: alerts on stdout */

    const char *const *files = (const char *const *)argv + optind;
    size_t n_files = (size_t)(argc - optind);
    if (n_files == 0) {
        files = config->input.files.n > 0 ? config->input.files.items : &standard_input;
        n_files = config->input.files.n > 0 ? config->input.files.n : 1;
    }
    code = replay(&options, config, files, n_files);
    gs_config_free(config);
    return code;
}
