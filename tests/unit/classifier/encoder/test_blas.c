/* The library of matrix products: what is refused, and that several threads at once get the bits
 * that one thread gets. */
#include "classifier/encoder/blas.h"
#include "tests/unit/gs_test.h"

#include "ingest/base/attr.h"

#include <cblas.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void builds_that_are_not_safe_are_refused(void **state)
{
    static const struct {
        const char *shows;
        int parallel;
        enum gs_status want;
        const char *says;
    } rows[] = {
        {"threads of its own, with locks", OPENBLAS_THREAD, GS_OK, NULL},
        {"serial, without locks", OPENBLAS_SEQUENTIAL, GS_BAD_CONFIG, "wrong products"},
        {"OpenMP, which counts threads by caller", OPENBLAS_OPENMP, GS_BAD_CONFIG, "one thread"},
        {"a kind that is not known", 7, GS_BAD_CONFIG, "one thread"},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_error err = {0};
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(gs_blas_check(rows[i].parallel, "OpenBLAS 9.9", &err), rows[i].want);
        if (rows[i].says != NULL) {
            assert_non_null(strstr(err.message, rows[i].says));
            assert_non_null(strstr(err.message, "OpenBLAS 9.9"));
            assert_non_null(strstr(err.message, "libopenblas0-pthread"));
            assert_null(strchr(err.message, '\n'));
        }
    }
}

static void the_library_at_hand_is_safe_and_has_one_thread(void **state)
{
    struct gs_error err = {0};

    (void)state;
    assert_int_equal(gs_blas_init(&err), GS_OK);
    assert_int_equal(openblas_get_num_threads(), 1);
}

static void the_kernels_are_those_that_the_cpu_can_run(void **state)
{
    static const struct {
        const char *shows, *chosen;
        bool avx2, avx512;
        const char *want;
    } rows[] = {
        {"a model that the library does not know", "Prescott", true, true, "SkylakeX"},
        {"the same without AVX-512", "Prescott", true, false, "Haswell"},
        {"an old CPU that it knows", "Prescott", false, false, NULL},
        {"the system does not keep wide registers", "Nehalem", false, false, NULL},
        {"a guess that is nearly right", "Sandybridge", true, false, "Haswell"},
        {"a model that it knows", "SkylakeX", true, true, NULL},
        {"another one", "Zen", true, true, NULL},
        {"a younger library's name", "Sapphirerapids", true, true, NULL},
    };

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        const char *core = gs_blas_judge_core(rows[i].chosen, rows[i].avx2, rows[i].avx512);
        print_message("  %s\n", rows[i].shows);
        if (rows[i].want == NULL) {
            assert_null(core);
        } else {
            assert_string_equal(core, rows[i].want);
        }
    }
}

/* ---- products of several threads ---- */

enum { THREADS = 4, ROUNDS = 60, PRODUCTS = 20, M = 48, N = 96, K = 64 };

static struct {
    pthread_barrier_t start; /* of a round, so that calls fall together */
    float a[THREADS][M * K], b[THREADS][N * K], want[THREADS][M * N];
} all;

struct worker {
    size_t number;
    size_t wrong;
    float got[M * N];
};

static void multiply(size_t number, float *ret)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, M, N, K, 1.0F, all.a[number], K,
                all.b[number], K, 0.0F, ret, N);
}

static void *work(void *arg)
{
    struct worker *worker = arg;

    for (size_t round = 0; round < ROUNDS; round++) {
        (void)pthread_barrier_wait(&all.start);
        for (size_t i = 0; i < PRODUCTS; i++) {
            multiply(worker->number, worker->got);
            const float *want = all.want[worker->number];
            /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): it is the bits that count */
            worker->wrong += memcmp(worker->got, want, sizeof worker->got) != 0 ? 1 : 0;
        }
    }
    return NULL;
}

/* THREADS * ROUNDS * PRODUCTS of them: with Debian's serial build 10 to 50 of these are wrong. */
static void products_of_several_threads_are_those_of_one(void **state)
{
    static struct worker workers[THREADS];
    pthread_t threads[THREADS];
    unsigned seed = 1;

    (void)state;
    assert_int_equal(gs_blas_init(NULL), GS_OK);
    for (size_t t = 0; t < THREADS; t++) {
        for (size_t i = 0; i < (size_t)M * K; i++) {
            all.a[t][i] = (float)((seed = seed * 1103515245U + 12345U) >> 16 & 0xFFF) / 4096.0F;
        }
        for (size_t i = 0; i < (size_t)N * K; i++) {
            all.b[t][i] = (float)((seed = seed * 1103515245U + 12345U) >> 16 & 0xFFF) / 4096.0F;
        }
        multiply(t, all.want[t]);
    }
    assert_int_equal(pthread_barrier_init(&all.start, NULL, THREADS), 0);
    for (size_t t = 0; t < THREADS; t++) {
        workers[t] = (struct worker){.number = t};
        assert_int_equal(pthread_create(&threads[t], NULL, work, &workers[t]), 0);
    }
    for (size_t t = 0; t < THREADS; t++) {
        assert_int_equal(pthread_join(threads[t], NULL), 0);
        assert_int_equal(workers[t].wrong, 0);
    }
    (void)pthread_barrier_destroy(&all.start);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(builds_that_are_not_safe_are_refused),
    cmocka_unit_test(the_library_at_hand_is_safe_and_has_one_thread),
    cmocka_unit_test(the_kernels_are_those_that_the_cpu_can_run),
    cmocka_unit_test(products_of_several_threads_are_those_of_one),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
