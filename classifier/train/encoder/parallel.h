/* Work in equal parts on a few threads. What a part does must not depend on which thread does it:
 * then a result does not depend on how many there are.
 *
 * Internal to the encoder's trainer. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_PARALLEL_H
#define GS_CLASSIFIER_TRAIN_ENCODER_PARALLEL_H

#include <stddef.h>

enum { GS_PARALLEL_MAX = 64 };

typedef void gs_part_fn(void *arg, size_t part);

/* run(arg, part) for every part below n_parts, on up to n_threads threads, the caller's among them.
 * Returns when all are done. A thread that cannot be had is done without. */
void gs_parallel(size_t n_threads, size_t n_parts, gs_part_fn *run, void *arg);

#endif
