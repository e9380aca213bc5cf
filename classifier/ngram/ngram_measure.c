/* Figures for `bench`: how many n-grams of a text the model knows, and how fast rows can be gathered. */
#include "classifier/ngram/ngram_internal.h"
#include "ingest/base/clock.h"

size_t gs_model_known(const struct gs_model *model, struct gs_model_workspace *work,
                      const uint32_t *hashes, size_t n)
{
    float scores[GS_MAX_WIDTH];
    size_t n_rows = 0;
    (void)gs_profile_scores(model, work, hashes, n, scores, &n_rows);
    return n_rows;
}

const char *gs_model_kernel(const struct gs_model *model)
{
    return model->kernel->name;
}

double gs_model_gather_rate(const struct gs_model *model, struct gs_model_workspace *work,
                            size_t n_rows, bool han, double seconds)
{
    const struct gs_profile *p = &model->profiles[han ? GS_PROFILE_HAN : GS_PROFILE_ALPHABETIC];
    const int64_t start = gs_clock_monotonic_ns();
    const size_t n = n_rows < p->n_rows ? n_rows : p->n_rows;
    uint64_t random = 1;
    uint64_t done = 0;
    int64_t spent = 0;

    if (n == 0) {
        return 0.0;
    }
    do {
        int32_t sums[GS_MAX_WIDTH] = {0};
        for (size_t i = 0; i < n; i++) { /* the loads overlap, as in a message */
            random = random * 6364136223846793005U + 1442695040888963407U;
            work->rows[i] = (uint32_t)((random >> 33) % p->n_rows);
            __builtin_prefetch(p->rows + (size_t)work->rows[i] * p->width);
        }
        model->kernel->sum(p->rows, p->width, work->rows, n, sums);
        done += n;
        spent = gs_clock_monotonic_ns() - start;
    } while ((double)spent < seconds * 1e9);
    return (double)done * 1e9 / (double)spent;
}
