/* Volume mode: how unusual is a number of messages? Counts of equal intervals in, a score out.
 *
 * Apart from the watch, which never fires on volume alone: for those who ask for it
 * (groundswell replay --counts).
 *
 * Threads: owned by one thread. A plain value: no allocation, copy it as you like. */
#ifndef GS_ALERTING_COUNTS_H
#define GS_ALERTING_COUNTS_H

#include <stdint.h>

enum { GS_COUNTS_WINDOW = 9 };

struct gs_counts {
    uint64_t n;              /* counts so far */
    double level, hours[24]; /* expected: level times its hour's factor */
    double dispersion;       /* variance of a window = mean + dispersion mean^2 */
    double quantile,
        beyond; /* of surprise: what 98.5 % are under, and by how much others exceed it */
    double window[GS_COUNTS_WINDOW];
    double mark; /* the highest score shown of the present episode */
    int64_t mark_ms;
};

struct gs_counts_result {
    double score;    /* in [0, 1); 0 also while an episode goes on without getting worse */
    double expected; /* by the baseline, in the last GS_COUNTS_WINDOW intervals */
    double seen;     /* in the same */
};

void gs_counts_init(struct gs_counts *counts);
/* Takes the next count: at_ms later than the one before, count in [0, 1e12]. */
struct gs_counts_result gs_counts_add(struct gs_counts *counts, int64_t at_ms, double count);

/* log10 of P(X >= x) for X negative binomial with this mean and variance mean + dispersion mean^2;
 * x > 0, mean > 0, dispersion > 0. */
double gs_counts_tail(double x, double mean, double dispersion);

#endif
