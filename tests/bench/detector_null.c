/* Are false alarms as rare as was promised? Keys on which nothing happens are watched for years of
 * event time.
 *
 *     detector_null [--bound] [--world N] [--keys N] [--days N] [--seed N]
 *
 * For each world and budget (false alarms a key-day) a JSON line tells the alarms, the key-days,
 * the measured rate with its 95 % interval (Poisson, by the normal approximation of its root), and
 * the same of the first 30 days alone, when thresholds still come from theory. In some worlds the
 * share leaves what is tolerated for hours; such alarms count as false here, too.
 *
 * --bound: constant thresholds instead, and nothing but the statistic; the days between alarms must
 * not be below the bound of theory. */
#include "alerting/detector/watch_internal.h"
#include "tests/bench/simulate.h"

#include <stdio.h>
#include <stdlib.h>

static const int64_t t0 = 1767571200000;
enum { BINS_A_DAY = 288, BIN_MS = 300000, WARM_UP_DAYS = 7, START_DAYS = 30, TRIALS = 3 };

struct world {
    const char *name;
    double volume;    /* messages of a key in a bin, on average over the keys */
    double rho;       /* of the shares of one bin */
    double season;    /* of the log odds, over a day */
    double ar, ar_sd; /* correlation of successive bins' log odds, and their spread */
    double drift_sd;  /* of the log odds in a day: the baseline wanders */
    int herd;         /* messages that say the same */
    double tolerance; /* of the watch; 0 tests the bound where it is tight */
    double together;  /* share of the correlated part that all keys have in common */
};

struct key {
    char name[32];
    double odds, volume, ar, phase;
};

/* One watch of a world. */
struct trial {
    double budget, c; /* c: a constant threshold instead of the budget */
    struct gs_watch *watch;
    size_t fired, fired_at_start;
};

static void count_fired(struct trial *trial, const struct gs_alert *alert)
{
    const int64_t day = (alert->fired_at_ms - t0) / 86400000;

    trial->fired += alert->state == GS_ALERT_FIRING && day >= (trial->c > 0.0 ? WARM_UP_DAYS : 0);
    trial->fired_at_start += alert->state == GS_ALERT_FIRING && day < START_DAYS;
}

static void add(struct trial trials[TRIALS], struct draw *draw, const char *key, int64_t bin,
                double p)
{
    static const char *const sources[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    const int64_t ts = t0 + bin * BIN_MS + (int64_t)(draw_bits(draw) % BIN_MS);
    const struct gs_observation observation = {.key = gs_str(key),
                                               .ts_ms = ts,
                                               .source = gs_str(sources[draw_bits(draw) & 7]),
                                               .p_negative = p};
    for (size_t i = 0; i < TRIALS; i++) {
        (void)gs_watch_add(trials[i].watch, &observation);
    }
}

static void add_bin(struct trial trials[TRIALS], struct draw *draw, const struct world *world,
                    struct key *key, double common, int64_t bin)
{
    const double turn = 6.283185307179586 * (double)(bin % BINS_A_DAY) / BINS_A_DAY;
    const double day_volume = exp(0.8 * sin(turn + key->phase));
    const double burst = draw_unit(draw) < 0.01 ? 6.0 : 1.0; /* volume is no opinion */

    key->odds += world->drift_sd / sqrt(BINS_A_DAY) * draw_normal(draw) - 2e-5 * (key->odds + 1.2);
    key->ar =
        world->ar * key->ar + world->ar_sd * sqrt(1.0 - world->ar * world->ar) * draw_normal(draw);
    const double odds = key->odds + world->season * sin(turn) +
                        sqrt(1.0 - world->together) * key->ar + sqrt(world->together) * common;
    const double share = draw_share(draw, 1.0 / (1.0 + exp(-odds)), world->rho);
    const int n = draw_poisson(draw, key->volume * day_volume * burst / world->herd);
    for (int i = 0; i < n; i++) {
        const double p = draw_unit(draw) < share ? 0.97 : 0.03;
        for (int j = 0; j < world->herd; j++) {
            add(trials, draw, key->name, bin, p);
        }
    }
}

static void make_keys(struct draw *draw, const struct world *world, struct key *keys, size_t n_keys)
{
    for (size_t i = 0; i < n_keys; i++) {
        (void)snprintf(keys[i].name, sizeof keys[i].name, "topic:%u", (unsigned)i);
        keys[i].odds = -1.2 + 0.4 * draw_normal(draw);
        keys[i].volume = world->volume * exp(0.7 * draw_normal(draw));
        keys[i].phase = 0.5 * draw_normal(draw);
    }
}

static void close_bins(struct trial *trial, int64_t watermark_ms)
{
    struct gs_alert alert;

    gs_watch_advance(trial->watch, watermark_ms);
    while (gs_watch_next(trial->watch, &alert)) {
        count_fired(trial, &alert);
    }
    gs_watch_commit(trial->watch);
}

static void watch_world(const struct world *world, size_t n_keys, int64_t days, uint64_t seed,
                        struct trial trials[TRIALS])
{
    struct draw draw = {seed};
    struct key *keys = calloc(n_keys, sizeof *keys);
    double common = 0.0;

    if (keys == NULL) {
        abort();
    }
    make_keys(&draw, world, keys, n_keys);
    for (int64_t bin = 0; bin < days * BINS_A_DAY; bin++) {
        common = world->ar * common +
                 world->ar_sd * sqrt(1.0 - world->ar * world->ar) * draw_normal(&draw);
        for (size_t i = 0; i < TRIALS; i++) {
            gs_watch_begin(trials[i].watch);
        }
        for (size_t i = 0; i < n_keys; i++) {
            add_bin(trials, &draw, world, &keys[i], common, bin);
        }
        for (size_t i = 0; i < TRIALS; i++) {
            close_bins(&trials[i], t0 + (bin + 1) * BIN_MS);
        }
    }
    free(keys);
}

static void print(const struct world *world, const struct trial *trial, double n_keys, double days)
{
    const double judged = n_keys * (trial->c > 0.0 ? days - WARM_UP_DAYS : days);
    const double low = fmax(sqrt((double)trial->fired) - 0.98, 0.0);
    const double high = sqrt((double)trial->fired) + 0.98;
    const double rate = (double)trial->fired / judged;
    /* What the bound promises: thresholds of c are crossed starts / c times a day. */
    const double promised = trial->c > 0.0 ? trial->budget / trial->c : trial->budget;

    printf("{\"bench\":\"detector_null\",\"case\":\"%s\",\"c\":%g,\"promised\":%.4g,"
           "\"alarms\":%zu,\"key_days\":%.0f,\"measured\":%.4g,\"at_least_95\":%.4g,"
           "\"at_most_95\":%.4g,",
           world->name, trial->c, promised, trial->fired, judged, rate, low * low / judged,
           high * high / judged);
    if (trial->c <= 0.0) {
        printf("\"measured_first_%d_days\":%.4g,", START_DAYS,
               (double)trial->fired_at_start / (n_keys * START_DAYS));
    }
    printf("\"holds\":%s}\n", rate <= promised ? "true" : "false");
    (void)fflush(stdout);
}

static void open_trial(struct trial *trial, const struct world *world)
{
    struct gs_watch_options options;

    gs_watch_options_default(&options);
    options.tolerance_logit = world->tolerance;
    if (trial->c > 0.0) { /* the statistic alone */
        options.info_evidence = trial->c;
        options.warning_evidence = trial->c;
        options.min_excess_share = 0.0;
        options.min_excess_count = 0.0;
        options.min_publishers = 0;
        options.min_stories = 0;
        options.cooldown_ms = 0;
    } else {
        options.info_false_alarms = trial->budget;
        options.warning_false_alarms = trial->budget;
    }
    if (gs_watch_new(&options, &trial->watch, NULL) != GS_OK) {
        abort();
    }
}

static void study(const struct world *world, size_t n_keys, int64_t days, uint64_t seed, bool bound)
{
    static const double budgets[TRIALS] = {0.1, 0.03, 0.01};
    static const double constants[TRIALS] = {10.0, 100.0, 1000.0};
    struct gs_detector_params params;
    struct trial trials[TRIALS] = {0};

    struct gs_watch_options options;
    gs_watch_options_default(&options);
    gs_detector_params_init(&params, &options);
    for (size_t i = 0; i < TRIALS; i++) {
        trials[i].budget = bound ? gs_starts_a_day(&params) : budgets[i];
        trials[i].c = bound ? constants[i] : 0.0;
        open_trial(&trials[i], world);
    }
    watch_world(world, n_keys, days + (bound ? WARM_UP_DAYS : 0), seed, trials);
    for (size_t i = 0; i < TRIALS; i++) {
        print(world, &trials[i], (double)n_keys, (double)(days + (bound ? WARM_UP_DAYS : 0)));
        gs_watch_free(trials[i].watch);
    }
}

int main(int argc, char **argv)
{
    static const struct world worlds[] = {
        {"independent messages", 3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1, 0.4, 0.0},
        {"beta-binomial, season", 3.0, 0.05, 0.2, 0.0, 0.0, 0.0, 1, 0.4, 0.0},
        {"the same, tolerance 0", 1.0, 0.05, 0.2, 0.0, 0.0, 0.0, 1, 0.0, 0.0},
        {"strong season, sd 0.6", 1.0, 0.05, 0.8, 0.0, 0.0, 0.0, 1, 0.4, 0.0},
        {"sparse: 2 messages an hour", 0.17, 0.05, 0.2, 0.0, 0.0, 0.0, 1, 0.4, 0.0},
        {"sparse, tolerance 0", 0.17, 0.05, 0.2, 0.0, 0.0, 0.0, 1, 0.0, 0.0},
        {"the baseline wanders 0.1 a day", 1.0, 0.05, 0.2, 0.0, 0.0, 0.1, 1, 0.4, 0.0},
        {"serial correlation 0.9, sd 0.2", 1.0, 0.05, 0.2, 0.9, 0.2, 0.05, 1, 0.4, 0.0},
        {"serial correlation 0.95, sd 0.4", 1.0, 0.05, 0.2, 0.95, 0.4, 0.05, 1, 0.4, 0.0},
        {"the same, keys together", 1.0, 0.05, 0.2, 0.95, 0.4, 0.05, 1, 0.4, 0.8},
        {"herds of 4 that say the same, unmarked", 1.0, 0.05, 0.2, 0.0, 0.0, 0.0, 4, 0.4, 0.0},
    };
    size_t n_keys = 40;
    int64_t days = 250;
    uint64_t seed = 1;
    size_t only = 0; /* a world by its number, from 1; 0: all */
    bool bound = false;

    for (int i = 1; i < argc; i++) {
        const char *const text = i + 1 < argc ? argv[i + 1] : "";
        const long long value = strtoll(text, NULL, 10);
        if (strcmp(argv[i], "--bound") == 0) {
            bound = true;
            continue;
        }
        if (strcmp(argv[i], "--keys") == 0 && value > 0) {
            n_keys = (size_t)value;
        } else if (strcmp(argv[i], "--days") == 0 && value > 0) {
            days = value;
        } else if (strcmp(argv[i], "--world") == 0 && value > 0) {
            only = (size_t)value;
        } else if (strcmp(argv[i], "--seed") == 0) {
            seed = (uint64_t)value;
        } else {
            (void)fprintf(stderr,
                          "detector_null [--bound] [--world N] [--keys N] [--days N] [--seed N]\n");
            return 1;
        }
        i++;
    }
    for (size_t i = 0; i < GS_COUNT(worlds); i++) {
        if (only == 0 || only == i + 1) {
            study(&worlds[i], n_keys, days, seed, bound);
        }
    }
    return 0;
}
