/* The speed that a row's product instruction reaches with nothing in its way. */
#include "classifier/encoder/kernels/kernels.h"

#include <time.h>

static double cpu_seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double gs_encoder_peak(const struct gs_encoder_kernels *kernels, double seconds)
{
    enum { ROUNDS = 20000 };
    double spent = 0;
    uint64_t done = 0;

    if (kernels->peak_rounds == NULL) {
        return 0;
    }
    (void)kernels->peak_rounds(ROUNDS); /* the clock rises, the upper halves wake up */
    const double start = cpu_seconds();
    do {
        done += kernels->peak_rounds(ROUNDS);
        spent = cpu_seconds() - start;
    } while (spent < seconds);
    return (double)done / spent / 1e9;
}
