/* What false alarms cost: the budget, and the thresholds that keep to it (peers.c). Private to
 * alerting/. */
#ifndef GS_ALERTING_PEERS_H
#define GS_ALERTING_PEERS_H

#include <stdint.h>

enum {
    GS_LEVELS = 24, /* of evidence: 2 * exp(0.3 i) */
    GS_OWN_STEP = 3,
    GS_OWN_LEVELS = GS_LEVELS / GS_OWN_STEP,
    GS_VOLUMES = 6, /* classes of messages a day; 0: too new to tell */
    GS_BUDGETS = 2  /* info, warning */
};

/* The history of keys alike: of one kind, and of about as many messages a day. All of it decays
 * but what begins with day_, which is of the day that is under way. */
struct gs_peers {
    float key_days;          /* days of a key with messages that were judged */
    float days, squares;     /* days, and sum of squares of a day's events of the lowest level */
    float events[GS_LEVELS]; /* runs of evidence that got as far as this level */
    uint32_t day_keys;
    uint32_t day_events[GS_LEVELS];
    float c[GS_BUDGETS]; /* thresholds; 0: nothing is known yet, the bound holds */
};

/* A key's own part of it. */
struct gs_own_history {
    uint16_t a_day,
        today; /* messages of a day on which it had any, smoothed; of today (gs_pack()) */
    uint16_t days;
    uint8_t volume;              /* its class */
    uint8_t peak;                /* levels that the run of evidence under way has reached */
    uint8_t runs[GS_OWN_LEVELS]; /* that got to every third level */
};

struct gs_watch;
struct gs_key;
struct gs_detector_params;

/* A bin of n messages of a key was judged; was_day: the day of its last one (INT64_MIN: none). */
void gs_peers_note_bin(struct gs_watch *watch, struct gs_key *key, double n, int64_t was_day,
                       int64_t day);
/* Evidence m with which the key would have fired. */
void gs_peers_note_run(struct gs_watch *watch, struct gs_key *key, double m);
/* Before a bin is closed: when it begins a day, the days before it become history. */
void gs_peers_turn_day(struct gs_watch *watch, int64_t day);
/* The evidence that a key needs for a severity (info or warning; 0, 1). */
double gs_peers_threshold(const struct gs_watch *watch, const struct gs_key *key, int severity);
/* The most that theory asks for, for any severity. */
double gs_peers_most(const struct gs_detector_params *params);
/* False alarms a key-day: what was promised at this severity, and what was measured at threshold c
 * among the key's peers, over so many key-days. */
struct gs_cost {
    double promised, measured, key_days;
};
void gs_peers_cost(const struct gs_watch *watch, const struct gs_key *key, int severity, double c,
                   struct gs_cost *ret);

/* Private to peers.c, and for its test. */
double gs_peers_level(int i); /* the evidence of a level */
/* How often runs of evidence reach each level, at most, a key-day: by the history and what is known
 * otherwise (prior, such rates; NULL: theory only). */
void gs_peers_rates(const struct gs_peers *peers, const double *prior, double starts_a_day,
                    double ret[GS_LEVELS]);
/* The lowest threshold that keeps to budget (runs a key-day) by these rates; at most bound, unless
 * the history says that the bound does not hold. */
double gs_peers_solve(const struct gs_peers *peers, const double up[GS_LEVELS], double budget,
                      double bound);

#endif
