/* The budget: from the number of false alarms that a key may cost to the evidence that it needs.
 *
 *     start      c = bound / budget: what theory allows at worst (statistic.c)
 *     day by day runs of evidence are counted by how far they got, over keys alike
 *     end        the lowest c at which so few runs got that the budget is kept
 *
 * A run is a stretch of evidence that would have been one alert: it begins when M reaches the
 * lowest level in a bin in which all else that an alert needs holds too (lifecycle.c), and ends
 * when M is near 1 again or nobody has written for an hour. At each level it counts once. Runs of
 * real surges count like any other, and so do those that were alerts: so a surge can only make
 * thresholds higher, and no alert is left out of the history because it was one, which would let
 * the threshold sink under its own alarms.
 *
 * Keys alike (struct gs_peers) are those of one kind and one class of messages a day. All keys
 * together, with N runs at level u over T key-days, have a rate of at most
 *
 *     up(u)  = d (N/d + z^2/2 + z sqrt(N/d + z^2/4)) / T          z = 1.645
 *
 * with a confidence of 95 % (the score bound of a Poisson rate), where d >= 1 is the variance over
 * the mean of a day's number of runs: keys that swing together count as fewer. Theory's rate,
 * bound / u, is the other limit. What is known of all keys counts as 200 key-days of experience
 * with those of a kind, and that of the kind as 200 key-days with those of a class:
 *
 *     up'(u) = (N + z sqrt(d N) + 200 up(u)) / (T + 200)
 *
 * so that a class goes by its own history as that grows. Then
 *
 *     c      = min over levels u of  u * max(1, up(u) / budget)      and at most the bound
 *
 * Beyond a level that has been seen often enough, the tail is thus taken to fall like 1/c. That is
 * the slowest that theory allows: M is multiplied by a random number of mean 1 or less, so its
 * tail falls like c^-a with a >= 1 (Kesten 1973; Goldie 1991). Nothing is fitted: a short history
 * has a large up(u) and stays at the bound, and no day can change the exponent. Where more runs
 * than the budget got over the bound itself (one standard deviation sure), its premises are wrong
 * for these keys, and c goes above it.
 *
 * A key may be worse than its peers. Its own runs are counted at every third level, and the first
 * at which they are not more than the budget (one standard deviation sure) is the least it needs.
 * A key's own history only raises what it needs.
 *
 * Thresholds change at midnight (UTC) of event time only, by sums of integers, so that they depend
 * neither on the order of messages nor on batches, and the surge of a day meets the thresholds
 * of the day before. Runs and days are forgotten with a half-life of 180 days.
 *
 * Source: the decision and what else was thought of: deploy/docs/adr/0036. */
#include "alerting/detector/peers.h"
#include "alerting/detector/watch_internal.h"

#include <math.h>

static const double lowest = 2.0; /* evidence */
static const double step = 0.3;   /* of its logarithm */
static const double half_life_days = 180.0;
static const double sure = 1.645;
static const double one_sd = 1.0;
static const double prior_key_days = 200.0;
static const double smooth = 0.1; /* weight of a new day in a_day */
enum { OLD_ENOUGH_DAYS = 2, MAX_OWN_DAYS = 360 };

double gs_peers_level(int i)
{
    return lowest * exp(step * i);
}

/* Levels at or under m. */
static int levels_of(double m)
{
    if (m < lowest) {
        return 0;
    }
    const double i = log(m / lowest) / step + 1e-9;
    return i >= GS_LEVELS - 1 ? GS_LEVELS : (int)i + 1;
}

/* The bounds of a Poisson mean of which n were seen. */
static double at_most(double n, double z)
{
    return n + z * z / 2.0 + z * sqrt(n + z * z / 4.0);
}

static double at_least(double n, double z)
{
    return n + z * z / 2.0 - z * sqrt(n + z * z / 4.0);
}

static double dispersion(const struct gs_peers *peers)
{
    if (peers->events[0] <= 0.0F || peers->days <= 0.0F) {
        return 1.0;
    }
    const double mean = (double)peers->events[0] / (double)peers->days;
    return fmax(1.0, (double)peers->squares / (double)peers->days / mean - mean);
}

void gs_peers_rates(const struct gs_peers *peers, const double *prior, double starts_a_day,
                    double ret[GS_LEVELS])
{
    const double t = (double)peers->key_days;
    const double d = dispersion(peers);

    for (int i = 0; i < GS_LEVELS; i++) {
        const double n = (double)peers->events[i];
        ret[i] = starts_a_day / gs_peers_level(i);
        if (prior != NULL) {
            ret[i] = (n + sure * sqrt(d * n) + prior_key_days * prior[i]) / (t + prior_key_days);
        } else if (t > 0.0) {
            ret[i] = fmin(ret[i], d * at_most(n / d, sure) / t);
        }
    }
}

double gs_peers_solve(const struct gs_peers *peers, const double up[GS_LEVELS], double budget,
                      double bound)
{
    const double t = (double)peers->key_days;
    const double d = dispersion(peers);
    double c = bound;

    for (int i = 0; i < GS_LEVELS; i++) {
        c = fmin(c, gs_peers_level(i) * fmax(1.0, up[i] / budget));
    }
    const int n = levels_of(c);
    if (t <= 0.0 || n == 0 ||
        d * at_least((double)peers->events[n - 1] / d, one_sd) / t <= budget) {
        return c;
    }
    for (int i = n; i < GS_LEVELS; i++) { /* the bound does not hold for these keys */
        if (up[i] <= budget) {
            return gs_peers_level(i);
        }
    }
    return fmax(c, gs_peers_level(GS_LEVELS - 1));
}

/* ---- history ---- */

static void fold_day(struct gs_peers *peers, double keep)
{
    const double runs = (double)peers->day_events[0];

    peers->key_days = (float)(((double)peers->key_days + peers->day_keys) * keep);
    peers->days = (float)(((double)peers->days + (peers->day_keys > 0 ? 1.0 : 0.0)) * keep);
    peers->squares = (float)(((double)peers->squares + runs * runs) * keep);
    for (size_t i = 0; i < GS_LEVELS; i++) {
        peers->events[i] = (float)(((double)peers->events[i] + peers->day_events[i]) * keep);
        peers->day_events[i] = 0;
    }
    peers->day_keys = 0;
}

static double budget_of(const struct gs_watch_options *options, int severity)
{
    return severity == 0 ? options->info_false_alarms : options->warning_false_alarms;
}

/* The threshold that theory gives for a budget. */
static double bound_of(const struct gs_detector_params *params, double budget)
{
    return fmax(lowest, gs_starts_a_day(params) / budget);
}

static void add_peers(struct gs_peers *sum, const struct gs_peers *peers)
{
    sum->key_days += peers->key_days;
    sum->days = fmaxf(sum->days, peers->days);
    sum->squares += peers->squares;
    for (size_t i = 0; i < GS_LEVELS; i++) {
        sum->events[i] += peers->events[i];
    }
}

static void settle(struct gs_watch *watch, double starts_a_day)
{
    struct gs_core *now = &watch->now;
    struct gs_peers all = {0};
    struct gs_peers kinds[GS_MAX_KINDS] = {0};
    double by_all[GS_LEVELS];

    for (uint32_t i = 0; i < now->n_kinds; i++) {
        for (size_t j = 0; j < GS_VOLUMES; j++) {
            add_peers(&kinds[i], &now->peers[i][j]);
        }
        add_peers(&all, &kinds[i]);
    }
    gs_peers_rates(&all, NULL, starts_a_day, by_all);
    for (uint32_t i = 0; i < now->n_kinds; i++) {
        double by_kind[GS_LEVELS];
        gs_peers_rates(&kinds[i], by_all, starts_a_day, by_kind);
        for (size_t j = 0; j < GS_VOLUMES; j++) {
            struct gs_peers *peers = &now->peers[i][j];
            double up[GS_LEVELS];
            gs_peers_rates(peers, by_kind, starts_a_day, up);
            for (int s = 0; s < GS_BUDGETS; s++) {
                const double budget = budget_of(&watch->params.options, s);
                peers->c[s] =
                    (float)gs_peers_solve(peers, up, budget, bound_of(&watch->params, budget));
            }
        }
    }
}

void gs_peers_turn_day(struct gs_watch *watch, int64_t day)
{
    struct gs_core *now = &watch->now;
    const int64_t gap = now->peers_set ? day - now->peers_day : 1;

    if (gap <= 0) {
        return;
    }
    const double keep = exp2(-(double)gap / half_life_days);
    for (uint32_t i = 0; i < now->n_kinds; i++) {
        for (size_t j = 0; j < GS_VOLUMES; j++) {
            fold_day(&now->peers[i][j], keep);
        }
    }
    settle(watch, gs_starts_a_day(&watch->params));
    now->peers_set = true;
    now->peers_day = day;
}

static uint8_t volume_of(const struct gs_own_history *own)
{
    static const double from[] = {8.0, 48.0, 240.0, 1440.0}; /* 2, 10 and 60 an hour */
    uint8_t volume = 1;

    if (own->days < OLD_ENOUGH_DAYS) {
        return 0;
    }
    for (size_t i = 0; i < GS_COUNT(from); i++) {
        volume = (uint8_t)(volume + (gs_unpack(own->a_day) >= from[i]));
    }
    return volume;
}

static void begin_day(struct gs_own_history *own)
{
    const double before = gs_unpack(own->a_day);
    const double today = gs_unpack(own->today);

    if (own->days > 0) {
        own->a_day = gs_pack(own->days == 1 ? today : before + smooth * (today - before));
    }
    own->today = 0;
    if (++own->days == MAX_OWN_DAYS) {
        own->days /= 2;
        for (size_t i = 0; i < GS_OWN_LEVELS; i++) {
            own->runs[i] /= 2;
        }
    }
    own->volume = volume_of(own);
}

void gs_peers_note_bin(struct gs_watch *watch, struct gs_key *key, double n, int64_t was_day,
                       int64_t day)
{
    struct gs_own_history *own = &key->own;

    if (day != was_day || own->days == 0) {
        begin_day(own);
        watch->now.peers[key->kind][own->volume].day_keys++;
    }
    own->today = gs_pack(gs_unpack(own->today) + n);
}

void gs_peers_note_run(struct gs_watch *watch, struct gs_key *key, double m)
{
    struct gs_own_history *own = &key->own;
    struct gs_peers *peers = &watch->now.peers[key->kind][own->volume];

    for (int n = levels_of(m); own->peak < n; own->peak++) {
        peers->day_events[own->peak]++;
        if (own->peak % GS_OWN_STEP == 0) {
            uint8_t *runs = &own->runs[own->peak / GS_OWN_STEP];
            *runs = (uint8_t)(*runs + (*runs < UINT8_MAX));
        }
    }
}

/* ---- thresholds ---- */

/* What a key needs by its own history. */
static double own_least(const struct gs_own_history *own, double budget)
{
    const double days = own->days > 0 ? own->days : 1;

    if (own->runs[0] == 0) {
        return 0.0;
    }
    for (int i = 0; i < GS_OWN_LEVELS; i++) {
        if (at_least(own->runs[i], one_sd) / days <= budget) {
            return i == 0 ? 0.0 : gs_peers_level(i * GS_OWN_STEP);
        }
    }
    return gs_peers_level(GS_LEVELS - 1);
}

/* A constant threshold; 0: it is the budget's. */
static double fixed_of(const struct gs_watch_options *options, int severity)
{
    return severity == 0 ? options->info_evidence : options->warning_evidence;
}

/* What keys alike need: by their history, or by theory as long as there is none. */
static double threshold_of(const struct gs_detector_params *params, const struct gs_peers *peers,
                           int severity)
{
    const double c = (double)peers->c[severity];

    return c > 0.0 ? c : bound_of(params, budget_of(&params->options, severity));
}

static double runs_that_reached(const struct gs_peers *peers, double c)
{
    const int n = levels_of(c);

    return n > 0 ? (double)peers->events[n - 1] : 0.0;
}

double gs_peers_most(const struct gs_detector_params *params)
{
    const struct gs_watch_options *options = &params->options;

    return options->warning_evidence > 0.0 ? options->warning_evidence
                                           : bound_of(params, options->warning_false_alarms);
}

double gs_peers_threshold(const struct gs_watch *watch, const struct gs_key *key, int severity)
{
    const struct gs_watch_options *options = &watch->params.options;
    const double fixed = fixed_of(options, severity);

    if (fixed > 0.0) {
        return fixed;
    }
    const struct gs_peers *peers = &watch->now.peers[key->kind][key->own.volume];
    const double needed = fmax(threshold_of(&watch->params, peers, severity),
                               own_least(&key->own, budget_of(options, severity)));
    return fmin(needed, 5.0 * gs_peers_most(&watch->params)); /* half of what M may reach */
}

void gs_watch_cost(const struct gs_watch *watch, enum gs_severity severity,
                   struct gs_watch_cost *ret)
{
    const struct gs_watch_options *options = &watch->params.options;
    const int of = severity == GS_SEVERITY_INFO ? 0 : 1;
    const double fixed = fixed_of(options, of);

    *ret = (struct gs_watch_cost){.budget = fixed > 0.0 ? gs_starts_a_day(&watch->params) / fixed
                                                        : budget_of(options, of)};
    for (size_t kind = 0; kind < GS_MAX_KINDS; kind++) {
        for (size_t volume = 0; volume < GS_VOLUMES; volume++) {
            const struct gs_peers *peers = &watch->now.peers[kind][volume];
            ret->key_days += (double)peers->key_days;
            ret->alarms += runs_that_reached(
                peers, fixed > 0.0 ? fixed : threshold_of(&watch->params, peers, of));
        }
    }
}

void gs_peers_cost(const struct gs_watch *watch, const struct gs_key *key, int severity, double c,
                   struct gs_cost *ret)
{
    const struct gs_watch_options *options = &watch->params.options;
    const struct gs_peers *peers = &watch->now.peers[key->kind][key->own.volume];
    const double fixed = fixed_of(options, severity);

    ret->promised =
        fixed > 0.0 ? gs_starts_a_day(&watch->params) / c : budget_of(options, severity);
    ret->key_days = (double)peers->key_days;
    ret->measured =
        peers->key_days > 0.0F ? runs_that_reached(peers, c) / (double)peers->key_days : 0.0;
}
