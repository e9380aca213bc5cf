/* Trains one linear column: an L2-regularized squared-hinge SVM by dual coordinate descent, with
 * shrinking. Rows come from several data sets (domains); a column has weights that all share and weights
 * of each domain's own, so that a set's habits do not spoil what all agree on (Daumé's feature
 * augmentation, written as two accumulators a feature).
 *
 * Sources: Hsieh et al. 2008, "A dual coordinate descent method for large-scale linear SVM"; Daumé 2007,
 * "Frustratingly easy domain adaptation". */
#include "classifier/train/solve.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* Accumulators are [feature][1 + n_domains]: what all rows add, then what each domain's rows add,
 * so that a feature's are on one cache line. The bias is one more feature, of value 1. */
struct solver {
    const struct gs_svm_problem *p;
    size_t stride;
    float *sums;
    double *alpha;
    double *diagonal; /* x.x + 1 / 2C */
    uint32_t *order;
    size_t n_active;
    uint64_t random;
    double most, least; /* projected gradients of this pass */
    double shrink_above;
    double loss;
    size_t n_seen;
};

uint64_t gs_train_random(uint64_t *state)
{
    *state += 0x9E3779B97F4A7C15U;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

static double score_of(const struct solver *s, size_t i)
{
    const struct gs_svm_problem *p = s->p;
    const uint32_t row = p->rows[i];
    const size_t own = 1 + (size_t)p->domain[i];
    float all = 0.0F;
    float mine = 0.0F;

    for (size_t k = p->at[row]; k < p->at[row + 1]; k++) {
        const float *sums = s->sums + p->ids[k] * s->stride;
        all += sums[0];
        mine += sums[own];
    }
    const float *bias = s->sums + p->n_features * s->stride;
    all = all * p->inverse_norm[row] + bias[0];
    mine = mine * p->inverse_norm[row] + bias[own];
    return (double)(p->share * all + (1.0F - p->share) * mine);
}

static void move(struct solver *s, size_t i, double delta)
{
    const struct gs_svm_problem *p = s->p;
    const uint32_t row = p->rows[i];
    const size_t own = 1 + (size_t)p->domain[i];
    const float amount = (float)(delta * p->y[i]);
    const float each = amount * p->inverse_norm[row];

    for (size_t k = p->at[row]; k < p->at[row + 1]; k++) {
        float *sums = s->sums + p->ids[k] * s->stride;
        const float add = each * (float)p->squares[p->ids[k]];
        sums[0] += add;
        sums[own] += add;
    }
    float *bias = s->sums + p->n_features * s->stride;
    bias[0] += amount;
    bias[own] += amount;
}

/* One example; true when it may be set aside. */
static bool visit(struct solver *s, size_t i)
{
    const struct gs_svm_problem *p = s->p;
    const double margin = p->y[i] * score_of(s, i);
    const double gradient = margin - 1.0 + s->alpha[i] / (2.0 * (double)p->cost[i]);
    double projected = gradient;

    s->loss += margin < 1.0 ? (1.0 - margin) * (1.0 - margin) : 0.0;
    s->n_seen++;
    if (s->alpha[i] <= 0.0) {
        if (gradient > s->shrink_above) {
            return true;
        }
        projected = gradient < 0.0 ? gradient : 0.0;
    }
    s->most = projected > s->most ? projected : s->most;
    s->least = projected < s->least ? projected : s->least;
    if (fabs(projected) > 1e-12) {
        const double next = s->alpha[i] - gradient / s->diagonal[i];
        const double alpha = next > 0.0 ? next : 0.0;
        const double delta = alpha - s->alpha[i];
        s->alpha[i] = alpha;
        move(s, i, delta);
    }
    return false;
}

static void shuffle(struct solver *s)
{
    for (size_t i = s->n_active; i > 1; i--) {
        const size_t j = (size_t)(gs_train_random(&s->random) % i);
        const uint32_t t = s->order[i - 1];
        s->order[i - 1] = s->order[j];
        s->order[j] = t;
    }
}

static void pass(struct solver *s)
{
    s->most = -DBL_MAX;
    s->least = DBL_MAX;
    s->loss = 0.0;
    s->n_seen = 0;
    shuffle(s);
    for (size_t k = 0; k < s->n_active; k++) {
        const uint32_t i = s->order[k];
        if (visit(s, i)) {
            s->n_active--;
            s->order[k] = s->order[s->n_active];
            s->order[s->n_active] = i;
            k--;
        }
    }
}

static void descend(struct solver *s, struct gs_solution *ret)
{
    const struct gs_svm_problem *p = s->p;
    s->shrink_above = DBL_MAX;
    for (ret->passes = 0; ret->passes < p->max_passes && ret->passes < GS_MAX_PASSES;) {
        pass(s);
        ret->loss[ret->passes++] = s->n_seen > 0 ? (float)(s->loss / (double)s->n_seen) : 0.0F;
        ret->violation = s->n_active > 0 ? s->most - s->least : 0.0;
        if (ret->violation <= (double)p->tolerance) {
            if (s->n_active == p->n) {
                return;
            }
            s->n_active = p->n; /* look at those set aside once more */
            s->shrink_above = DBL_MAX;
        } else {
            s->shrink_above = s->most > 0.0 ? s->most : DBL_MAX;
        }
    }
}

static void prepare(struct solver *s)
{
    const struct gs_svm_problem *p = s->p;
    for (size_t i = 0; i < p->n; i++) {
        const uint32_t row = p->rows[i];
        double squares = 0.0;
        for (size_t k = p->at[row]; k < p->at[row + 1]; k++) {
            squares += p->squares[p->ids[k]];
        }
        const double norm = (double)p->inverse_norm[row];
        s->diagonal[i] = squares * norm * norm + 1.0 + 1.0 / (2.0 * (double)p->cost[i]);
        s->order[i] = (uint32_t)i;
    }
    s->n_active = p->n;
    s->random = p->seed;
}

static void hand_over(const struct solver *s, struct gs_solution *ret)
{
    const struct gs_svm_problem *p = s->p;
    for (size_t d = 0; d < p->n_domains; d++) {
        for (size_t j = 0; j <= p->n_features; j++) {
            const float *sums = s->sums + j * s->stride;
            const float w = p->share * sums[0] + (1.0F - p->share) * sums[1 + d];
            if (j < p->n_features) {
                ret->weights[d * p->n_features + j] = w;
            } else {
                ret->bias[d] = w;
            }
        }
    }
}

enum gs_status gs_solve(const struct gs_svm_problem *problem, struct gs_solution *ret,
                        struct gs_error *err)
{
    enum gs_status status = GS_OK;
    struct solver s = {.p = problem, .stride = 1 + problem->n_domains};

    s.sums = calloc((problem->n_features + 1) * s.stride, sizeof *s.sums);
    s.alpha = calloc(problem->n + 1, sizeof *s.alpha);
    s.diagonal = malloc((problem->n + 1) * sizeof *s.diagonal);
    s.order = malloc((problem->n + 1) * sizeof *s.order);
    if (s.sums == NULL || s.alpha == NULL || s.diagonal == NULL || s.order == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "a problem of %zu rows, %zu n-grams", problem->n,
                         problem->n_features);
        goto done;
    }
    prepare(&s);
    descend(&s, ret);
    hand_over(&s, ret);

done:
    free(s.sums);
    free(s.alpha);
    free(s.diagonal);
    free(s.order);
    return status;
}
