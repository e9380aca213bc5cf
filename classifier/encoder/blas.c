/* Asks OpenBLAS how it was built and which kernels it took, refuses what blas.h says cannot be used,
 * and sets one thread. */
#include "classifier/encoder/blas.h"

#include "ingest/base/attr.h"

#include <cblas.h>
#include <string.h>

char *openblas_get_corename(void); /* 0.3.21's cblas.h does not declare it */

enum gs_status gs_blas_check(int parallel, const char *config, struct gs_error *err)
{
    if (parallel == OPENBLAS_THREAD) {
        return GS_OK;
    }
    return gs_fail(err, GS_BAD_CONFIG,
                   "%.100s: %s; install libopenblas0-pthread, or choose it with "
                   "update-alternatives",
                   config,
                   parallel == OPENBLAS_SEQUENTIAL
                       ? "this serial build gives wrong products when several threads call it"
                       : "this build cannot be held to one thread a product");
}

enum gs_status gs_blas_init(struct gs_error *err)
{
    const enum gs_status status =
        gs_blas_check(openblas_get_parallel(), openblas_get_config(), err);

    if (status == GS_OK) {
        openblas_set_num_threads(1); /* the caller has its own threads */
    }
    return status;
}

const char *gs_blas_judge_core(const char *chosen, bool avx2, bool avx512)
{
    /* What OpenBLAS takes where it does not know the model, without AVX or without FMA. */
    static const char *const plain[] = {"Prescott", "Core2", "Nehalem", "Sandybridge", "Barcelona"};

    for (size_t i = 0; i < GS_COUNT(plain); i++) {
        if (avx2 && strcmp(chosen, plain[i]) == 0) {
            return avx512 ? "SkylakeX" : "Haswell";
        }
    }
    return NULL;
}

const char *gs_blas_core(void)
{
    return openblas_get_corename();
}

const char *gs_blas_better_core(void)
{
#ifdef __x86_64__
    /* These also ask whether the operating system keeps the wide registers. */
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");

    return gs_blas_judge_core(gs_blas_core(), avx2, avx512);
#else
    return NULL;
#endif
}
