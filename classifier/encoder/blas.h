/* OpenBLAS as the program may use it: called from many threads at once, one thread a product.
 *
 * Some builds of the library cannot be used so. A serial one (Debian's libopenblas-serial) has no
 * lock around the table of its work buffers: two threads are given the same buffer, and products
 * come out wrong, at random and without a word. One on OpenMP takes its number of threads from the
 * thread that calls, so it cannot be held to one. All builds have the same file name, and the
 * machine's administrator chooses among them; so the library says at start which it is, and one
 * that is not safe is refused.
 *
 * A build with kernels for many CPUs (DYNAMIC_ARCH) chooses among them by the CPU's family and model,
 * not by what it can do, and on a model that is younger than the library it takes the oldest: with
 * OpenBLAS 0.3.21 a Xeon with AVX-512 multiplied with SSE3, at a fifth of its rate. The choice is
 * made while the library is loaded, and only the environment (OPENBLAS_CORETYPE) can change it.
 *
 * Threads: call gs_blas_init() before the first product. It may be called again, from any thread.
 */
#ifndef GS_CLASSIFIER_ENCODER_BLAS_H
#define GS_CLASSIFIER_ENCODER_BLAS_H

#include "ingest/base/error.h"

#include <stdbool.h>

/* Sets the library to one thread a product. GS_BAD_CONFIG: it is a build that is not safe; the
 * message names it and says what to install. */
GS_MUST_CHECK
enum gs_status gs_blas_init(struct gs_error *err);

/* The judgement alone. parallel and config are what openblas_get_parallel() and
 * openblas_get_config() say. */
GS_MUST_CHECK
enum gs_status gs_blas_check(int parallel, const char *config, struct gs_error *err);

/* Whose kernels the library has, in its own word: "SkylakeX". Static. */
const char *gs_blas_core(void);

/* The value of OPENBLAS_CORETYPE with which the library would use what this CPU can do; NULL where
 * its own choice is good. Before gs_blas_init() or after it. */
const char *gs_blas_better_core(void);

/* The judgement alone: chosen is what openblas_get_corename() says, avx2 (with FMA) and avx512 (F,
 * BW, DQ and VL) what the CPU and the operating system have. */
const char *gs_blas_judge_core(const char *chosen, bool avx2, bool avx512);

#endif
