/* Does the threshold mean what it says? Keys whose negative share never exceeds baseline and
 * tolerance are watched for years of event time; the mean time between their alarms must not be
 * below the bound.
 *
 *     detector_null [--keys N] [--days N] [--seed N]
 *
 * A JSON line for every world, threshold and set of gates: alarms, key-days, days between alarms,
 * the bound c/4, and the 95 % interval of the measured time (Poisson, by the normal approximation
 * of its root). */
#include "alerting/watch.h"
#include "tests/bench/simulate.h"

#include <stdio.h>
#include <stdlib.h>

static const int64_t t0 = 1767571200000;
enum { BINS_A_DAY = 288, BIN_MS = 300000, WARM_UP_DAYS = 7 };

struct world {
    const char *name;
    double volume;    /* messages of a key in a bin, on average over the keys */
    double rho;       /* of the shares of one bin */
    double season;    /* of the log odds, over a day */
    double ar, ar_sd; /* correlation of successive bins' log odds, and their spread */
    double drift_sd;  /* of the log odds in a day: the baseline wanders */
    int herd;         /* messages that say the same */
    double tolerance; /* of the watch; 0 tests the bound where it is tight */
};

struct key {
    char name[32];
    double odds, volume, ar, phase;
};

struct counts {
    size_t fired;
    int64_t from_ms;
};

static void count_fired(void *arg, const struct gs_alert *alert)
{
    struct counts *counts = arg;
    counts->fired += alert->state == GS_ALERT_FIRING && alert->fired_at_ms >= counts->from_ms;
}

static void add(struct gs_watch *watch, struct draw *draw, const char *key, int64_t bin, double p)
{
    static const char *const sources[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    const int64_t ts = t0 + bin * BIN_MS + (int64_t)(draw_bits(draw) % BIN_MS);
    (void)gs_watch_add(watch, &(struct gs_sighting){.key = gs_str(key),
                                                    .ts_ms = ts,
                                                    .source = gs_str(sources[draw_bits(draw) & 7]),
                                                    .p_negative = p});
}

static void add_bin(struct gs_watch *watch, struct draw *draw, const struct world *world,
                    struct key *key, int64_t bin)
{
    const double turn = 6.283185307179586 * (double)(bin % BINS_A_DAY) / BINS_A_DAY;
    const double day_volume = exp(0.8 * sin(turn + key->phase));
    const double burst = draw_unit(draw) < 0.01 ? 6.0 : 1.0; /* volume is no opinion */

    key->odds += world->drift_sd / sqrt(BINS_A_DAY) * draw_normal(draw) - 2e-5 * (key->odds + 1.2);
    key->ar =
        world->ar * key->ar + world->ar_sd * sqrt(1.0 - world->ar * world->ar) * draw_normal(draw);
    const double odds = key->odds + world->season * sin(turn) + key->ar;
    const double share = draw_share(draw, 1.0 / (1.0 + exp(-odds)), world->rho);
    const int n = draw_poisson(draw, key->volume * day_volume * burst / world->herd);
    for (int i = 0; i < n; i++) {
        const double p = draw_unit(draw) < share ? 0.97 : 0.03;
        for (int j = 0; j < world->herd; j++) {
            add(watch, draw, key->name, bin, p);
        }
    }
}

static size_t watch_world(const struct world *world, size_t n_keys, int64_t days, uint64_t seed,
                          const struct gs_watch_options *options)
{
    struct draw draw = {seed};
    struct gs_watch *watch = NULL;
    struct key *keys = calloc(n_keys, sizeof *keys);
    struct counts counts = {.from_ms = t0 + WARM_UP_DAYS * (int64_t)86400000};

    if (keys == NULL || gs_watch_new(options, &watch, NULL) != GS_OK) {
        abort();
    }
    for (size_t i = 0; i < n_keys; i++) {
        (void)snprintf(keys[i].name, sizeof keys[i].name, "topic:%u", (unsigned)i);
        keys[i].odds = -1.2 + 0.4 * draw_normal(&draw);
        keys[i].volume = world->volume * exp(0.7 * draw_normal(&draw));
        keys[i].phase = 0.5 * draw_normal(&draw);
    }
    for (int64_t bin = 0; bin < (days + WARM_UP_DAYS) * BINS_A_DAY; bin++) {
        gs_watch_begin(watch);
        for (size_t i = 0; i < n_keys; i++) {
            add_bin(watch, &draw, world, &keys[i], bin);
        }
        gs_watch_advance(watch, t0 + (bin + 1) * BIN_MS, count_fired, &counts);
        gs_watch_commit(watch);
    }
    gs_watch_free(watch);
    free(keys);
    return counts.fired;
}

static void print(const struct world *world, double c, bool gates, size_t fired, double key_days)
{
    const double low = fmax(sqrt((double)fired) - 0.98, 0.0);
    const double high = sqrt((double)fired) + 0.98 + 0.5;
    const double bound = c / 4.0;
    const double between = fired == 0 ? 0.0 : key_days / (double)fired;

    printf("{\"bench\":\"detector_null\",\"case\":\"%s\",\"c\":%g,\"gates\":%s,\"alarms\":%zu,"
           "\"key_days\":%.0f,\"days_between\":",
           world->name, c, gates ? "true" : "false", fired, key_days);
    if (fired == 0) {
        printf("null");
    } else {
        printf("%.4g", between);
    }
    printf(",\"at_least_95\":%.4g,\"at_most_95\":", key_days / (high * high));
    if (low > 0.0) {
        printf("%.4g", key_days / (low * low));
    } else {
        printf("null");
    }
    printf(",\"bound_days\":%g,\"holds\":%s}\n", bound,
           fired == 0 || between >= bound ? "true" : "false");
    (void)fflush(stdout);
}

static void study(const struct world *world, size_t n_keys, int64_t days, uint64_t seed)
{
    static const double thresholds[] = {10.0, 100.0, 1000.0};

    for (size_t t = 0; t < sizeof thresholds / sizeof thresholds[0]; t++) {
        for (int gates = 0; gates < 2; gates++) {
            struct gs_watch_options options;
            gs_watch_options_default(&options);
            options.info_evidence = thresholds[t];
            options.warning_evidence = thresholds[t];
            options.tolerance_logit = world->tolerance;
            if (gates == 0) { /* the statistic alone */
                options.min_excess_share = 0.0;
                options.min_excess_count = 0.0;
                options.min_publishers = 0;
                options.min_stories = 0;
                options.cooldown_ms = 0;
            }
            const size_t fired = watch_world(world, n_keys, days, seed, &options);
            print(world, thresholds[t], gates == 1, fired, (double)n_keys * (double)days);
        }
    }
}

int main(int argc, char **argv)
{
    static const struct world worlds[] = {
        {"as assumed: beta-binomial, season", 10.0, 0.05, 0.2, 0.0, 0.0, 0.0, 1, 0.4},
        {"as assumed, tolerance 0", 10.0, 0.05, 0.2, 0.0, 0.0, 0.0, 1, 0.0},
        {"sparse: 1 message a bin", 1.0, 0.05, 0.2, 0.0, 0.0, 0.0, 1, 0.4},
        {"sparse, tolerance 0", 1.0, 0.05, 0.2, 0.0, 0.0, 0.0, 1, 0.0},
        {"the baseline wanders 0.1 a day", 10.0, 0.05, 0.2, 0.0, 0.0, 0.1, 1, 0.4},
        {"serial correlation 0.9 with sd 0.2", 10.0, 0.05, 0.2, 0.9, 0.2, 0.05, 1, 0.4},
        {"serial correlation 0.95 with sd 0.4", 10.0, 0.05, 0.2, 0.95, 0.4, 0.05, 1, 0.4},
        {"herds of 4 that say the same, unmarked", 10.0, 0.05, 0.2, 0.0, 0.0, 0.0, 4, 0.4},
    };
    size_t n_keys = 20;
    int64_t days = 250;
    uint64_t seed = 1;

    for (int i = 1; i + 1 < argc; i += 2) {
        const long long value = strtoll(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--keys") == 0 && value > 0) {
            n_keys = (size_t)value;
        } else if (strcmp(argv[i], "--days") == 0 && value > 0) {
            days = value;
        } else if (strcmp(argv[i], "--seed") == 0) {
            seed = (uint64_t)value;
        } else {
            (void)fprintf(stderr, "detector_null [--keys N] [--days N] [--seed N]\n");
            return 1;
        }
    }
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++) {
        study(&worlds[i], n_keys, days, seed);
    }
    return 0;
}
