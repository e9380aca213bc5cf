/* The three matrix products of training, on OpenBLAS in the number of this build. */
#include "classifier/train/encoder/real.h"

#include <cblas.h>

#ifdef GS_NET_DOUBLE
#define GEMM cblas_dgemm
#else
#define GEMM cblas_sgemm
#endif

/* clang-tidy: eight arguments are what a product has. */
/* NOLINTBEGIN(readability-function-size) */
void gs_gemm_nt(size_t m, size_t n, size_t k, gs_real alpha, struct gs_cmat a, struct gs_cmat b,
                gs_real beta, struct gs_mat c)
{
    GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)n, (int)k, alpha, a.at, (int)a.ld,
         b.at, (int)b.ld, beta, c.at, (int)c.ld);
}

void gs_gemm_nn(size_t m, size_t n, size_t k, gs_real alpha, struct gs_cmat a, struct gs_cmat b,
                gs_real beta, struct gs_mat c)
{
    GEMM(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)m, (int)n, (int)k, alpha, a.at, (int)a.ld,
         b.at, (int)b.ld, beta, c.at, (int)c.ld);
}

void gs_gemm_tn(size_t m, size_t n, size_t k, gs_real alpha, struct gs_cmat a, struct gs_cmat b,
                gs_real beta, struct gs_mat c)
{
    GEMM(CblasRowMajor, CblasTrans, CblasNoTrans, (int)m, (int)n, (int)k, alpha, a.at, (int)a.ld,
         b.at, (int)b.ld, beta, c.at, (int)c.ld);
}
/* NOLINTEND(readability-function-size) */
