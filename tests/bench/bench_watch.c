/* What a observation costs (processor time of one core), what closing a key's bin costs, and what a
 * key weighs. */
#include "alerting/detector/watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { REPETITIONS = 5, BATCH = 5000 };

static const int64_t t0 = 1767571200000;

struct load {
    const char *name;
    size_t n_keys;
    double zipf; /* exponent; 0: all keys alike */
    size_t messages;
    double messages_a_bin; /* over all keys: how fast event time goes */
    bool stories;          /* a duplicate group each */
    bool outlines;         /* and one that resembles no other */
};

struct result {
    double add_ns, advance_ns, key_bin_ns, bytes_a_key, total_mb;
    size_t alerts;
};

static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

/* Processor time, so that other work on the machine costs cache only. */
static int64_t cpu_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct prepared {
    char (*keys)[40];
    char (*ids)[24];
    uint32_t *key_of; /* a message's key, drawn before the clock runs */
    double *p;
};

static void draw_keys(const struct load *load, uint32_t *key_of, uint64_t *state)
{
    double *sum = malloc(load->n_keys * sizeof *sum);
    double total = 0.0;
    if (sum == NULL) {
        abort();
    }
    for (size_t i = 0; i < load->n_keys; i++) {
        total += pow((double)(i + 1), -load->zipf);
        sum[i] = total;
    }
    for (size_t i = 0; i < load->messages; i++) {
        const double at = (double)(next(state) >> 11) * 0x1p-53 * total;
        size_t low = 0;
        size_t high = load->n_keys - 1;
        while (low < high) {
            const size_t middle = (low + high) / 2;
            if (sum[middle] < at) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        key_of[i] = (uint32_t)low;
    }
    free(sum);
}

static struct prepared prepare(const struct load *load)
{
    uint64_t state = 42;
    struct prepared ret = {
        .keys = malloc(load->n_keys * sizeof *ret.keys),
        .ids = malloc(load->messages * sizeof *ret.ids),
        .key_of = malloc(load->messages * sizeof *ret.key_of),
        .p = malloc(load->messages * sizeof *ret.p),
    };
    if (ret.keys == NULL || ret.ids == NULL || ret.key_of == NULL || ret.p == NULL) {
        abort();
    }
    for (size_t i = 0; i < load->n_keys; i++) {
        (void)snprintf(ret.keys[i], sizeof ret.keys[i], "entity:%06zu.SH", i);
    }
    draw_keys(load, ret.key_of, &state);
    for (size_t i = 0; i < load->messages; i++) {
        (void)snprintf(ret.ids[i], sizeof ret.ids[i], "m%zu", i);
        ret.p[i] = next(&state) % 4 == 0 ? 0.9 : 0.1;
    }
    return ret;
}

static void drop(struct prepared *prepared)
{
    free(prepared->keys);
    free(prepared->ids);
    free(prepared->key_of);
    free(prepared->p);
}

static void draw_outline(uint64_t seed, struct gs_outline *ret)
{
    for (size_t i = 0; i < GS_OUTLINE_BANDS; i++) {
        ret->bands[i] = (uint32_t)next(&seed);
    }
    for (size_t i = 0; i < 12; i++) {
        ret->cells[i] = (uint8_t)next(&seed);
    }
}

static void add_batch(struct gs_watch *watch, const struct load *load, const struct prepared *with,
                      size_t from, size_t to)
{
    static const char text[] =
        "An excerpt of the usual length: what the message said, up to a point, "
        "so that the copy costs what it costs.";
    static const char *const sources[] = {"reuters.com", "example.cn", "forum", "wire"};

    for (size_t i = from; i < to; i++) {
        const int64_t ts = t0 + (int64_t)((double)i * 300000.0 / load->messages_a_bin);
        struct gs_outline outline = {.bands = {0}};
        if (load->outlines) {
            draw_outline(i, &outline);
        }
        (void)gs_watch_add(watch,
                           &(struct gs_observation){.key = gs_str(with->keys[with->key_of[i]]),
                                                    .id = gs_str(with->ids[i]),
                                                    .ts_ms = ts,
                                                    .source = gs_str(sources[i & 3]),
                                                    .p_negative = with->p[i],
                                                    .story = load->stories ? i + 1 : 0,
                                                    .excerpt = gs_str(text),
                                                    .outline = outline});
    }
}

/* Closed bins with messages, all keys together. */
static size_t count_key_bins(const struct load *load, const struct prepared *with)
{
    int64_t *last = malloc(load->n_keys * sizeof *last);
    size_t n = 0;
    if (last == NULL) {
        abort();
    }
    for (size_t i = 0; i < load->n_keys; i++) {
        last[i] = -1;
    }
    for (size_t i = 0; i < load->messages; i++) {
        const int64_t bin = (int64_t)((double)i / load->messages_a_bin);
        n += last[with->key_of[i]] != bin;
        last[with->key_of[i]] = bin;
    }
    free(last);
    return n;
}

static struct result run(const struct load *load, const struct prepared *with)
{
    struct gs_watch_options options;
    struct gs_watch *watch = NULL;
    struct result ret = {0};
    struct gs_watch_counts counts;
    int64_t adding = 0;
    int64_t advancing = 0;

    gs_watch_options_default(&options);
    if (gs_watch_new(&options, &watch, NULL) != GS_OK) {
        abort();
    }
    for (size_t from = 0; from < load->messages; from += BATCH) {
        const size_t to = from + BATCH < load->messages ? from + BATCH : load->messages;
        const int64_t a = cpu_ns();
        gs_watch_begin(watch);
        add_batch(watch, load, with, from, to);
        const int64_t b = cpu_ns();
        const int64_t latest = t0 + (int64_t)((double)(to - 1) * 300000.0 / load->messages_a_bin);
        struct gs_alert alert;
        gs_watch_advance(watch, latest - 600000);
        while (gs_watch_next(watch, &alert)) {
            ret.alerts++;
        }
        gs_watch_commit(watch);
        adding += b - a;
        advancing += cpu_ns() - b;
    }
    gs_watch_counts(watch, &counts);
    ret.add_ns = (double)adding / (double)load->messages;
    ret.advance_ns = (double)advancing / (double)load->messages;
    ret.key_bin_ns = (double)advancing / (double)count_key_bins(load, with);
    ret.bytes_a_key = (double)counts.key_bytes / (double)counts.keys;
    ret.total_mb = (double)counts.total_bytes / 1e6;
    gs_watch_free(watch);
    return ret;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void print(const char *name, const char *what, double values[REPETITIONS], const char *unit)
{
    qsort(values, REPETITIONS, sizeof *values, ascending);
    printf("{\"bench\":\"watch\",\"case\":\"%s, %s\",\"value\":%.4g,\"unit\":\"%s\",\"min\":%.4g,"
           "\"max\":%.4g,\"repetitions\":%d}\n",
           name, what, values[REPETITIONS / 2], unit, values[0], values[REPETITIONS - 1],
           REPETITIONS);
}

static void bench(const struct load *load)
{
    struct prepared with = prepare(load);
    double add[REPETITIONS], key_bin[REPETITIONS], both[REPETITIONS];
    struct result result = {0};

    for (size_t i = 0; i < REPETITIONS; i++) {
        result = run(load, &with);
        add[i] = result.add_ns;
        key_bin[i] = result.key_bin_ns;
        both[i] = 1e9 / (result.add_ns + result.advance_ns);
    }
    print(load->name, "gs_watch_add", add, "ns/message");
    print(load->name, "advance, a closed bin of a key", key_bin, "ns/key-bin");
    print(load->name, "add and advance", both, "messages/s");
    printf(
        "{\"bench\":\"watch\",\"case\":\"%s, key state\",\"value\":%.0f,\"unit\":\"bytes/key\"}\n",
        load->name, result.bytes_a_key);
    printf("{\"bench\":\"watch\",\"case\":\"%s, all memory\",\"value\":%.1f,\"unit\":\"MB\"}\n",
           load->name, result.total_mb);
    drop(&with);
}

int main(void)
{
    static const struct load loads[] = {
        {"10k keys zipf 1.1", 10000, 1.1, 2000000, 20000.0, false, false},
        {"10k keys zipf 1.1, a story each", 10000, 1.1, 2000000, 20000.0, true, false},
        {"10k keys zipf 1.1, a story and an outline each", 10000, 1.1, 2000000, 20000.0, true,
         true},
        {"10k keys alike, one message a bin", 10000, 0.0, 2000000, 10000.0, false, false},
        {"100k keys alike, one message in 50 minutes", 100000, 0.0, 1000000, 10000.0, false, false},
        {"100 keys", 100, 0.0, 2000000, 20000.0, false, false},
    };
    for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++) {
        bench(&loads[i]);
    }
    return 0;
}
