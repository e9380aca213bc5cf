/* The encoder's kernels on one core, every row this CPU has: the peak, the products at MiniLM-L6's
 * shapes with weights in cache and streamed (six layers of distinct ones), each vector kernel per
 * token, and a whole pass of six layers with where its time goes. One JSON line a case; time is the
 * thread's CPU time. Arguments: names of rows to measure (none: all but scalar). */
#include "classifier/encoder/kernels/kernels.h"
#include "ingest/base/attr.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    REPEATS = 7,
    H = 384,
    F = 1536,
    HEADS = 12,
    LAYERS = 6,
    MAX_ROWS = 256,
    QKV = 0, /* a layer's four matrices */
    OUT = 1,
    UP = 2,
    DOWN = 3,
    MATRICES = 4
};

static const struct {
    const char *name;
    size_t k, n;
} shapes[MATRICES] = {{"qkv", H, 3 * (size_t)H}, {"out", H, H}, {"up", H, F}, {"down", F, H}};

struct bench {
    const struct gs_encoder_kernels *row;
    struct gs_q8_linear w[LAYERS][MATRICES];
    struct gs_q8_rows q;
    float *x, *y, *wide, *fresh, *work, *ones;
    size_t m;       /* packed tokens */
    size_t message; /* tokens of each */
    size_t matrix;  /* the one that hot() takes */
};

static double cpu_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *block(size_t bytes)
{
    void *ret = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    if (ret == NULL) {
        exit(1);
    }
    memset(ret, 0, bytes);
    return ret;
}

static uint32_t any(void)
{
    static uint32_t random = 5;
    random = random * 1664525U + 1013904223U;
    return random >> 8;
}

static float *floats(size_t n, float size)
{
    float *ret = block(n * sizeof *ret);
    for (size_t i = 0; i < n; i++) {
        ret[i] = ((float)(any() & 0xFFFF) / 32768.0F - 1) * size;
    }
    return ret;
}

/* Bell-shaped, as trained weights are. */
static int8_t any_weight(void)
{
    const uint32_t r = any();
    return (int8_t)((int)(r % 64 + r / 64 % 64 + r / 4096 % 64 + r / 262144 % 64) - 126);
}

/* One model: all weights in one block, in the order in which they are used. */
static void make_model(struct bench *b)
{
    size_t bytes = 0;
    for (size_t i = 0; i < MATRICES; i++) {
        bytes += shapes[i].k * shapes[i].n;
    }
    int8_t *weights = block(bytes * LAYERS);
    for (size_t i = 0; i < bytes * LAYERS; i++) {
        weights[i] = any_weight();
    }
    for (size_t l = 0; l < LAYERS; l++) {
        for (size_t i = 0; i < MATRICES; i++) {
            struct gs_q8_linear *w = &b->w[l][i];
            const size_t n = shapes[i].n;
            *w = (struct gs_q8_linear){.n = n, .n_padded = n, .packed = weights};
            w->k = w->k_padded = shapes[i].k;
            w->scale = floats(n, 0.0005F);
            w->sum = floats(n, 0.1F);
            w->bias = floats(n, 0.5F);
            uint16_t *pairs = block(gs_q8_pairs_len(w) * sizeof *pairs);
            gs_q8_pairs(w, pairs);
            w->pairs = pairs;
            weights += n * w->k;
        }
    }
    b->q.q = block((size_t)MAX_ROWS * F);
    b->q.scale = block(MAX_ROWS * sizeof(float));
    b->q.offset = block(MAX_ROWS * sizeof(float));
    b->x = floats((size_t)MAX_ROWS * H, 2);
    b->y = floats((size_t)MAX_ROWS * H, 2);
    b->wide = floats((size_t)MAX_ROWS * F, 2);
    b->fresh = floats((size_t)MAX_ROWS * F, 2);
    b->ones = floats(F, 1);
    for (size_t i = 0; i < (size_t)MAX_ROWS * F; i++) {
        b->q.q[i] = (uint8_t)(any() % 128);
    }
    for (size_t i = 0; i < MAX_ROWS; i++) {
        b->q.scale[i] = 0.03F;
        b->q.offset[i] = -2;
    }
    b->work = block(gs_attention_workspace(512, 128) * sizeof(float));
}

/* What is measured; each returns its work in the unit's numerator. */

static double product(struct bench *b, size_t layer, size_t i)
{
    b->q.k_padded = shapes[i].k;
    b->row->linear(&b->w[layer][i], &b->q, b->m, i == UP ? GS_ACT_GELU : GS_ACT_NONE,
                   i == UP || i == QKV ? b->wide : b->y, shapes[i].n);
    return (double)b->m * (double)(shapes[i].n * shapes[i].k);
}

static double streamed(struct bench *b)
{
    double macs = 0;
    for (size_t l = 0; l < LAYERS; l++) {
        for (size_t i = 0; i < MATRICES; i++) {
            macs += product(b, l, i);
        }
    }
    return macs;
}

/* One matrix again and again. */
static double hot(struct bench *b)
{
    return product(b, 0, b->matrix);
}

static void quantize(struct bench *b, const float *x, size_t k)
{
    b->q.k_padded = k;
    b->row->quantize(x, k, b->m, k, NULL, &b->q);
}

static double quantize_384(struct bench *b)
{
    quantize(b, b->x, H);
    return (double)b->m;
}

static double quantize_1536(struct bench *b)
{
    quantize(b, b->wide, F);
    return (double)b->m;
}

/* The same input each time: GELU of GELU of … ends in denormals. */
static double gelu_1536(struct bench *b)
{
    memcpy(b->wide, b->fresh, b->m * F * sizeof *b->wide);
    b->row->activate(b->wide, b->m * F, GS_ACT_GELU);
    return (double)b->m;
}

static double layer_norm(struct bench *b)
{
    b->row->layer_norm(b->y, b->x, H, b->m, H, b->ones, b->ones, 1e-12F, b->x);
    return (double)b->m;
}

/* The pack's messages one after another, the last one what is left. */
static double attention(struct bench *b)
{
    for (size_t at = 0; at < b->m; at += b->message) {
        const size_t s = b->m - at < b->message ? b->m - at : b->message;
        const struct gs_attention_shape shape = {
            s, s, HEADS, H / HEADS, 3 * (size_t)H, H, 2 * (size_t)H, H, 0.17677669F};
        b->row->attention(b->wide + at * 3 * H, &shape, b->work, b->y + at * H);
    }
    return (double)b->m;
}

enum { P_QUANTISE, P_PRODUCT, P_ATTENTION, P_NORM, PARTS };
static const char *const part_names[PARTS] = {"quantize", "products", "attention", "layer_norm"};
static double part_s[PARTS];
static bool timing;

static double spent(int part, double since)
{
    if (!timing) {
        return 0;
    }
    const double now = cpu_s();
    part_s[part] += now - since;
    return now;
}

static double whole_model(struct bench *b)
{
    double t = timing ? cpu_s() : 0;
    double macs = 0;
    for (size_t l = 0; l < LAYERS; l++) {
        quantize(b, b->x, H);
        t = spent(P_QUANTISE, t);
        macs += product(b, l, QKV);
        t = spent(P_PRODUCT, t);
        (void)attention(b);
        t = spent(P_ATTENTION, t);
        quantize(b, b->y, H);
        t = spent(P_QUANTISE, t);
        macs += product(b, l, OUT);
        t = spent(P_PRODUCT, t);
        (void)layer_norm(b);
        t = spent(P_NORM, t);
        quantize(b, b->x, H);
        t = spent(P_QUANTISE, t);
        macs += product(b, l, UP);
        t = spent(P_PRODUCT, t);
        quantize(b, b->wide, F);
        t = spent(P_QUANTISE, t);
        macs += product(b, l, DOWN);
        t = spent(P_PRODUCT, t);
        (void)layer_norm(b);
        t = spent(P_NORM, t);
    }
    return macs;
}

typedef double work_fn(struct bench *b);

/* Units of work a second, over about 20 ms. */
static double rate(struct bench *b, work_fn *work)
{
    double done = 0;
    double s = 0;
    const double start = cpu_s();
    do {
        for (int i = 0; i < 4; i++) {
            done += work(b);
        }
        s = cpu_s() - start;
    } while (s < 0.02);
    return done / s;
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_case(const struct bench *b, const char *name, double *v, const char *unit)
{
    qsort(v, REPEATS, sizeof *v, rising);
    (void)printf("{\"bench\":\"encoder_kernels\",\"kernels\":\"%s\",\"case\":\"%s\",\"rows\":%zu,"
                 "\"value\":%.4g,\"unit\":\"%s\",\"min\":%.4g,\"median\":%.4g,\"max\":%.4g,"
                 "\"repetitions\":%d}\n",
                 b->row->name, name, b->m, v[REPEATS / 2], unit, v[0], v[REPEATS / 2],
                 v[REPEATS - 1], REPEATS);
    (void)fflush(stdout);
}

static void run_products(struct bench *b)
{
    static const size_t rows[] = {1, 6, 8, 16, 24, 32, 48, 64, 96, 128, 256};
    static const struct {
        const char *name;
        work_fn *work;
        size_t matrix;
    } cases[] = {{"qkv 384x1152 hot", hot, QKV},     {"out 384x384 hot", hot, OUT},
                 {"up 384x1536 gelu hot", hot, UP},  {"down 1536x384 hot", hot, DOWN},
                 {"6 layers streamed", streamed, 0}, {"whole model", whole_model, 0}};
    double v[REPEATS];
    double share[REPEATS];
    char name[64];
    for (size_t c = 0; c < GS_COUNT(cases); c++) {
        for (size_t i = 0; i < GS_COUNT(rows); i++) {
            b->m = rows[i];
            b->matrix = cases[c].matrix;
            for (size_t r = 0; r < REPEATS; r++) {
                const double peak = gs_encoder_peak(b->row, 0.005);
                v[r] = rate(b, cases[c].work) / 1e9;
                share[r] = peak > 0 ? v[r] / peak : 0;
            }
            print_case(b, cases[c].name, v, "GMAC/s");
            (void)snprintf(name, sizeof name, "%s, of the peak", cases[c].name);
            print_case(b, name, share, "share");
        }
    }
}

static void run_vectors(struct bench *b)
{
    static const struct {
        const char *name;
        size_t m, message;
        work_fn *work;
    } cases[] = {{"quantize 384", 96, 0, quantize_384},
                 {"quantize 1536", 96, 0, quantize_1536},
                 {"gelu 1536", 96, 0, gelu_1536},
                 {"layer_norm 384", 96, 0, layer_norm},
                 {"attention of 8 tokens", 96, 8, attention},
                 {"attention of 16 tokens", 96, 16, attention},
                 {"attention of 27 tokens", 81, 27, attention},
                 {"attention of 32 tokens", 96, 32, attention},
                 {"attention of 64 tokens", 64, 64, attention},
                 {"attention of 128 tokens", 128, 128, attention},
                 {"attention of 256 tokens", 256, 256, attention}};
    double v[REPEATS];
    for (size_t c = 0; c < GS_COUNT(cases); c++) {
        b->m = cases[c].m;
        memcpy(b->wide, b->fresh, (size_t)MAX_ROWS * F * sizeof *b->wide);
        b->message = cases[c].message;
        for (size_t r = 0; r < REPEATS; r++) {
            v[r] = 1e9 / rate(b, cases[c].work);
        }
        print_case(b, cases[c].name, v, "ns/token");
    }
}

/* Where the time of a whole pass goes. */
static void run_parts(struct bench *b)
{
    double v[PARTS][REPEATS];
    char name[64];
    timing = true;
    for (size_t r = 0; r < REPEATS; r++) {
        double all = 0;
        memset(part_s, 0, sizeof part_s);
        (void)rate(b, whole_model);
        for (size_t p = 0; p < PARTS; p++) {
            all += part_s[p];
        }
        for (size_t p = 0; p < PARTS; p++) {
            v[p][r] = part_s[p] / all;
        }
    }
    timing = false;
    for (size_t p = 0; p < PARTS; p++) {
        (void)snprintf(name, sizeof name, "share of %s", part_names[p]);
        print_case(b, name, v[p], "share");
    }
}

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], name) == 0) {
            return true;
        }
    }
    return argc == 1 && strcmp(name, "scalar") != 0;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const struct gs_encoder_kernels *const *rows = NULL;
    const size_t n = gs_encoder_kernels(&rows);
    double v[REPEATS];

    make_model(&bench);
    for (size_t i = 0; i < n; i++) {
        if (!wanted(rows[i]->name, argc, argv)) {
            continue;
        }
        bench.row = rows[i];
        bench.m = 0;
        for (size_t r = 0; r < REPEATS; r++) {
            v[r] = gs_encoder_peak(rows[i], 0.02);
        }
        print_case(&bench, "peak", v, "GMAC/s");
        run_vectors(&bench);
        bench.message = 27;
        run_products(&bench);
        bench.m = 96;
        run_parts(&bench);
    }
    return 0;
}
