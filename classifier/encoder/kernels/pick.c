/* Picks the rows that this CPU can run. No other place knows of CPUs. */
#include "classifier/encoder/kernels/kernels.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct gs_encoder_kernels *rows[5] = {&gs_encoder_kernels_scalar};
static size_t n_rows = 1;

#if defined(__x86_64__)

#include "classifier/encoder/kernels/amx.h"

#include <cpuid.h>

/* __builtin_cpu_supports() asks the operating system too, but clang 14 does not know this one. */
static bool has_avx_vnni(void)
{
    enum { AVX_VNNI = 1 << 4 };
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & AVX_VNNI) != 0;
}

static bool has_avx512_vnni(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vnni");
}

static void find_rows(void)
{
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && has_avx512_vnni();

    if (avx2) {
        rows[n_rows++] = &gs_encoder_kernels_avx2;
    }
    if (avx2 && has_avx_vnni()) {
        rows[n_rows++] = &gs_encoder_kernels_avxvnni;
    }
    if (avx512) {
        rows[n_rows++] = &gs_encoder_kernels_avx512;
    }
    if (avx512 && gs_encoder_amx_permitted()) {
        rows[n_rows++] = &gs_encoder_kernels_amx;
    }
}

#else

static void find_rows(void)
{
}

#endif

size_t gs_encoder_kernels(const struct gs_encoder_kernels *const **ret)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, find_rows);
    *ret = rows;
    return n_rows;
}

const struct gs_encoder_kernels *gs_encoder_kernels_pick(void)
{
    const struct gs_encoder_kernels *const *found = NULL;
    const size_t n = gs_encoder_kernels(&found);
    const char *wanted =
        getenv("GS_KERNELS"); // NOLINT(concurrency-mt-unsafe): nobody sets variables

    if (wanted == NULL || *wanted == '\0') {
        return found[n - 1];
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(wanted, found[i]->name) == 0) {
            return found[i];
        }
    }
    return found[0];
}
