/* Thread i takes parts i, i + n, i + 2 n, …, the caller's thread those from 0. The share of a thread
 * that cannot be started is done by the caller. */
#include "classifier/train/encoder/parallel.h"

#include <pthread.h>
#include <stdbool.h>

struct share {
    size_t first, step, n_parts;
    gs_part_fn *run;
    void *arg;
    pthread_t thread;
    bool started;
};

static void *run_share(void *arg)
{
    const struct share *share = arg;
    for (size_t part = share->first; part < share->n_parts; part += share->step) {
        share->run(share->arg, part);
    }
    return NULL;
}

void gs_parallel(size_t n_threads, size_t n_parts, gs_part_fn *run, void *arg)
{
    struct share shares[GS_PARALLEL_MAX];
    size_t n = n_threads < n_parts ? n_threads : n_parts;
    n = n > GS_PARALLEL_MAX ? GS_PARALLEL_MAX : n;
    n = n == 0 ? 1 : n;

    for (size_t i = 0; i < n; i++) {
        shares[i] =
            (struct share){.first = i, .step = n, .n_parts = n_parts, .run = run, .arg = arg};
    }
    for (size_t i = 1; i < n; i++) {
        shares[i].started = pthread_create(&shares[i].thread, NULL, run_share, &shares[i]) == 0;
    }
    (void)run_share(&shares[0]);
    for (size_t i = 1; i < n; i++) {
        if (shares[i].started) {
            (void)pthread_join(shares[i].thread, NULL);
        } else {
            (void)run_share(&shares[i]);
        }
    }
}
