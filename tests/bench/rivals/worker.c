/* worker MODEL_DIR auto|int8|fp32: Groundswell's encoder with one model, told by lines on stdin
 * what to do, in the language of worker.py, so that all arms are timed alike and in turn.
 *
 *   load FILE                       a work: "NAME N", then N lines of ids; any number of works
 *   run WORK HOW TIMES              {"cpu": seconds of this process, "wall": seconds}
 *   embed WORK HOW FILE             writes float32 [n][hidden]
 *   logits WORK HOW FILE            writes float32 [n][n_logits]
 *   quantize WORK DIR               makes an int8 folder of MODEL_DIR, calibrated on a work
 *
 * HOW is one (message by message) or packN: messages as they come, together up to N tokens. */
#include "classifier/encoder/encoder.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MAX_WORKS = 32,
    MAX_NAME = 32,
    MAX_PATH = 1024,
    MAX_PACK = 4096,
    MAX_GROUP = 4096,
    MAX_WIDTH = 1024
};

struct work {
    char name[MAX_NAME];
    int32_t *ids;
    size_t *starts; /* [n + 1] */
    size_t n;
};

static struct work works[MAX_WORKS];
static size_t n_works;
static struct gs_encoder *encoder;
static struct gs_encoder_workspace *room;
static struct gs_error error;

static _Noreturn void die(const char *what, const char *more)
{
    (void)fprintf(stderr, "worker: %s%s%s\n", what, more[0] == '\0' ? "" : ": ", more);
    exit(1);
}

static void *grown(void *old, size_t n, size_t size)
{
    void *new = realloc(old, n * size);
    if (new == NULL) {
        die("out of memory", "");
    }
    return new;
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A line of ids behind those that are there. */
static void read_ids(struct work *work, size_t message, char *line)
{
    size_t n = work->starts[message];

    for (char *at = line, *end = NULL;; at = end) {
        const long id = strtol(at, &end, 10);
        if (end == at) {
            break;
        }
        if ((n & (n - 1)) == 0) {
            work->ids = grown(work->ids, n == 0 ? 1 : 2 * n, sizeof *work->ids);
        }
        work->ids[n++] = (int32_t)id;
    }
    work->starts[message + 1] = n;
}

static void load(const char *path)
{
    char *line = NULL;
    size_t room_for = 0;
    FILE *file = fopen(path, "r");

    if (file == NULL) {
        die("cannot read", path);
    }
    while (getline(&line, &room_for, file) > 0) {
        struct work *work = &works[n_works];
        const char *space = strchr(line, ' ');
        const size_t len = space == NULL ? MAX_NAME : (size_t)(space - line);
        if (n_works == MAX_WORKS || len >= MAX_NAME) {
            die("not a work", line);
        }
        memcpy(work->name, line, len);
        work->name[len] = '\0';
        work->n = strtoul(space, NULL, 10);
        if (work->n == 0 || work->n > 1U << 24) {
            die("not a work", line);
        }
        work->starts = grown(NULL, work->n + 1, sizeof *work->starts);
        work->starts[0] = 0;
        for (size_t i = 0; i < work->n; i++) {
            if (getline(&line, &room_for, file) <= 0) {
                die("ends early", path);
            }
            read_ids(work, i, line);
        }
        n_works++;
    }
    free(line);
    (void)fclose(file);

    const struct gs_encoder_info *info = gs_encoder_info(encoder);
    printf("{\"ready\":\"%s\",\"kernels\":\"%s\",\"memory_bytes\":%zu}\n",
           info->arithmetic == GS_ARITH_INT8 ? "int8" : "fp32", info->kernels, info->memory_bytes);
}

static const struct work *find(const char *name)
{
    for (size_t i = 0; i < n_works; i++) {
        if (strcmp(works[i].name, name) == 0) {
            return &works[i];
        }
    }
    die("no such work", name);
}

/* All of a work once; ret [n][hidden], or [n][n_logits] of logits, or NULL. */
static void encode(const struct work *work, size_t pack, bool logits, float *ret)
{
    const size_t width =
        logits ? gs_encoder_info(encoder)->n_logits : gs_encoder_info(encoder)->config->hidden;
    static float vectors[MAX_GROUP * MAX_WIDTH];
    static size_t starts[MAX_GROUP + 1];
    size_t last = 0;

    for (size_t first = 0; first < work->n; first = last) {
        const size_t from = work->starts[first];
        size_t n = 0;
        do {
            starts[n] = work->starts[first + n] - from;
            n++;
            last = first + n;
        } while (last < work->n && n < MAX_GROUP && work->starts[last + 1] - from <= pack);
        starts[n] = work->starts[last] - from;
        const struct gs_encoder_batch batch = {work->ids + from, starts, n};
        float *out = ret == NULL ? vectors : ret + first * width;
        if (gs_encoder_run(encoder, room, &batch, logits ? NULL : out, logits ? out : NULL,
                           &error) != GS_OK) {
            die("encode", error.message);
        }
    }
}

static size_t pack_of(const char *how)
{
    char *end = NULL;

    if (strcmp(how, "one") == 0) {
        return 0;
    }
    if (strncmp(how, "pack", 4) != 0) {
        die("unknown way", how);
    }
    const size_t pack = strtoul(how + 4, &end, 10);
    if (*end != '\0' || pack == 0 || pack > MAX_PACK) {
        die("unknown way", how);
    }
    return pack;
}

static void run(const char *name, const char *how, const char *times)
{
    const struct work *work = find(name);
    const size_t pack = pack_of(how);
    const long n = strtol(times, NULL, 10);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    double wall = seconds(CLOCK_MONOTONIC);

    for (long i = 0; i < n; i++) {
        encode(work, pack, false, NULL);
    }
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    wall = seconds(CLOCK_MONOTONIC) - wall;
    printf("{\"cpu\":%.9f,\"wall\":%.9f}\n", cpu, wall);
}

static void embed(const char *name, const char *how, const char *path, bool logits)
{
    const struct work *work = find(name);
    const struct gs_encoder_info *info = gs_encoder_info(encoder);
    const size_t n = work->n * (logits ? info->n_logits : info->config->hidden);
    float *vectors = grown(NULL, n + 1, sizeof *vectors);
    FILE *file = fopen(path, "wb");

    encode(work, pack_of(how), logits, vectors);
    if (file == NULL || fwrite(vectors, sizeof *vectors, n, file) != n || fclose(file) != 0) {
        die("cannot write", path);
    }
    free(vectors);
    printf("{\"vectors\":%zu}\n", work->n);
}

static void on_line(void *arg, const char *line)
{
    (void)arg;
    (void)fprintf(stderr, "%s\n", line);
}

static void quantize(const char *dir, const char *name, const char *out)
{
    const struct work *work = find(name);
    const struct gs_encoder_batch batch = {work->ids, work->starts, work->n};
    const struct gs_quantize_options options = {
        .dir = dir, .out = out, .calibration = &batch, .smoothing = -1};

    if (gs_quantize(&options, on_line, NULL, &error) != GS_OK) {
        die("quantize", error.message);
    }
    printf("{\"quantized\":%zu}\n", work->n);
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t room_for = 0;

    if (argc != 3) {
        die("usage: worker MODEL_DIR auto|int8|fp32", "");
    }
    const enum gs_arithmetic arithmetic = strcmp(argv[2], "int8") == 0   ? GS_ARITH_INT8
                                          : strcmp(argv[2], "fp32") == 0 ? GS_ARITH_FP32
                                                                         : GS_ARITH_AUTO;
    if (gs_encoder_load(argv[1], arithmetic, &encoder, &error) != GS_OK ||
        gs_encoder_workspace_new(encoder, MAX_PACK, MAX_GROUP, &room, &error) != GS_OK) {
        die("load", error.message);
    }
    if (gs_encoder_info(encoder)->config->hidden > MAX_WIDTH) {
        die("too wide", argv[1]);
    }
    while (getline(&line, &room_for, stdin) > 0) {
        char words[4][MAX_PATH] = {"", "", "", ""};
        (void)sscanf(line, "%1023s %1023s %1023s %1023s", words[0], words[1], words[2], words[3]);
        if (strcmp(words[0], "load") == 0) {
            load(words[1]);
        } else if (strcmp(words[0], "run") == 0) {
            run(words[1], words[2], words[3]);
        } else if (strcmp(words[0], "embed") == 0) {
            embed(words[1], words[2], words[3], false);
        } else if (strcmp(words[0], "logits") == 0) {
            embed(words[1], words[2], words[3], true);
        } else if (strcmp(words[0], "quantize") == 0) {
            quantize(argv[1], words[1], words[2]);
        } else {
            die("unknown order", line);
        }
        (void)fflush(stdout);
    }
    free(line);
    for (size_t i = 0; i < n_works; i++) {
        free(works[i].ids);
        free(works[i].starts);
    }
    gs_encoder_workspace_free(room);
    gs_encoder_free(encoder);
    return 0;
}
