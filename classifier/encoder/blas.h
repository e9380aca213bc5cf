/* OpenBLAS as the program may use it: called from many threads at once, one thread a product.
 *
 * Some builds of the library cannot be used so. A serial one (Debian's libopenblas-serial) has no
 * lock around the table of its work buffers: two threads are given the same buffer, and products
 * come out wrong, at random and without a word. One on OpenMP takes its number of threads from the
 * thread that calls, so it cannot be held to one. All builds have the same file name, and the
 * machine's administrator chooses among them; so the library says at start which it is, and one
 * that is not safe is refused.
 *
 * Threads: call gs_blas_init() before the first product. It may be called again, from any thread.
 */
#ifndef GS_CLASSIFIER_ENCODER_BLAS_H
#define GS_CLASSIFIER_ENCODER_BLAS_H

#include "ingest/base/error.h"

/* Sets the library to one thread a product. GS_BAD_CONFIG: it is a build that is not safe; the
 * message names it and says what to install. */
GS_MUST_CHECK
enum gs_status gs_blas_init(struct gs_error *err);

/* The judgement alone. parallel and config are what openblas_get_parallel() and
 * openblas_get_config() say. */
GS_MUST_CHECK
enum gs_status gs_blas_check(int parallel, const char *config, struct gs_error *err);

#endif
