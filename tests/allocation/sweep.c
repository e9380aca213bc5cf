/* allocation_sweep SCENARIO [STEP]: runs the scenario again and again, and each time another of its
 * allocations fails: the first, the one STEP (1) later, and so on, until it runs with none that did.
 *
 * Each time it has to say that memory was short (or to have done all of it without that block, and
 * then what came out is what comes out of an undisturbed run), and to leave no block behind; the
 * sanitizers look on. Exit 1 with what was wrong. `allocation_sweep` alone lists the scenarios. */
#include "tests/allocation/alloc.h"
#include "tests/allocation/scenarios.h"

#include "ingest/base/clock.h"
#include "ingest/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

static uint64_t outcome;
static char folder[] = "/tmp/groundswell-sweep-XXXXXX";

void scenario_note(struct gs_str bytes)
{
    outcome = XXH3_64bits_withSeed(bytes.bytes, bytes.len, outcome + 1);
}

void scenario_note_number(double number)
{
    scenario_note((struct gs_str){(const char *)&number, sizeof number});
}

void scenario_note_file(const char *path)
{
    static char bytes[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t n = 0;

    if (file != NULL) {
        n = fread(bytes, 1, sizeof bytes, file);
        (void)fclose(file);
    }
    scenario_note((struct gs_str){bytes, n});
    scenario_note_number(file == NULL);
}

const char *scenario_path(const char *name)
{
    static char paths[4][128];
    static size_t next;
    char *to = paths[next++ % 4];

    (void)snprintf(to, sizeof paths[0], "%s/%s", folder, name);
    return to;
}

static const struct {
    const char *name;
    scenario_fn *run;
} scenarios[] = {
    {"configuration", scenario_configuration},
    {"records", scenario_records},
    {"cleaning", scenario_cleaning},
    {"watchlist", scenario_watchlist},
    {"tokenizer", scenario_tokenizer},
    {"fast_tier", scenario_fast_tier},
    {"encoder", scenario_encoder},
    {"detector", scenario_detector},
    {"state", scenario_state},
    {"pipeline", scenario_pipeline},
    {"messages", scenario_messages},
};

/* What one run came to. */
struct result {
    enum gs_status status;
    struct gs_error err;
    uint64_t outcome;
    size_t n, n_left;
};

static struct result run(scenario_fn *scenario, size_t fails_at)
{
    struct result result = {.err = {GS_OK, ""}};
    const size_t before = alloc_live();

    outcome = 0;
    alloc_arm(fails_at);
    result.status = scenario(&result.err);
    result.n = alloc_count();
    alloc_arm(0);
    result.outcome = outcome;
    result.n_left = alloc_live() - before;
    return result;
}

/* False, and says why, when a run in which the allocation failed is not as it has to be. */
static bool is_good(const struct result *result, const struct result *whole, size_t fails_at)
{
    const char *wrong = NULL;

    if (result->n_left != 0) {
        wrong = "blocks are left";
    } else if (result->status == GS_OK && result->outcome != whole->outcome) {
        wrong = "it says that all went well, and something else came out";
    } else if (result->status != GS_OK && result->status != GS_NO_MEMORY) {
        wrong = "it says something else than that memory was short";
    }
    if (wrong != NULL) {
        printf("  allocation %zu: %s (%zu blocks, %s: %s)\n", fails_at, wrong, result->n_left,
               gs_status_name(result->status), result->err.message);
    }
    return wrong == NULL;
}

static int sweep(const char *name, scenario_fn *scenario, size_t step)
{
    enum { MOST_FINDINGS = 20 };
    size_t n_bad = 0;
    size_t n_tried = 0;
    size_t n_survived = 0;

    (void)run(scenario, 0); /* what is kept for the process's life is there now */
    const struct result whole = run(scenario, 0);
    if (whole.status != GS_OK || whole.n_left != 0) {
        printf("%s: undisturbed: %s, %zu blocks left\n", name, whole.err.message, whole.n_left);
        return 1;
    }
    const int64_t start_ns = gs_clock_monotonic_ns();
    for (size_t at = 1; at <= whole.n && n_bad < MOST_FINDINGS; at += step) {
        const struct result result = run(scenario, at);
        n_tried++;
        n_survived += result.status == GS_OK;
        n_bad += !is_good(&result, &whole, at);
    }
    printf(
        "%s: %zu of %zu allocations failed once, %zu of them did no harm, %zu findings, %.1f s\n",
        name, n_tried, whole.n, n_survived, n_bad,
        (double)(gs_clock_monotonic_ns() - start_ns) / 1e9);
    return n_bad > 0;
}

/* Runs one failure alone, to look at it: what is left is listed. */
static int look(scenario_fn *scenario, size_t at)
{
    struct result result = {.err = {GS_OK, ""}};

    (void)run(scenario, 0);
    alloc_arm(at);
    result.status = scenario(&result.err);
    printf("allocation %zu: %s: %s\n", at, gs_status_name(result.status), result.err.message);
    alloc_print_live();
    return 0;
}

int main(int argc, char **argv)
{
    const char *fail_at = getenv("GS_FAIL_ALLOC"); /* NOLINT(concurrency-mt-unsafe): one thread */
    const size_t step = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    int code = 2;

    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    gs_log_configure(GS_LOG_ERROR, false);
    if (step == 0 || mkdtemp(folder) == NULL) {
        return 2;
    }
    for (size_t i = 0; i < GS_COUNT(scenarios); i++) {
        if (argc < 2) {
            puts(scenarios[i].name);
        } else if (strcmp(argv[1], scenarios[i].name) == 0) {
            code = fail_at == NULL ? sweep(argv[1], scenarios[i].run, step)
                                   : look(scenarios[i].run, strtoul(fail_at, NULL, 10));
        }
    }
    return code;
}
