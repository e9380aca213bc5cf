/* The progress line: what is known of the files' sizes, and the pace so far. */
#include "deploy/daemon/cli/progress.h"

#include "ingest/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TERMINAL_NS = 500000000 };
static const int64_t elsewhere_ns = 5000000000;

/* Lines are counted in the bytes they have after unpacking, so a packed file's size says nothing. */
static uint64_t size_of(const char *file)
{
    struct stat info;
    const size_t len = strlen(file);
    const bool packed = len > 3 && strcmp(file + len - 3, ".gz") == 0;

    return packed || strcmp(file, "-") == 0 || stat(file, &info) != 0 || !S_ISREG(info.st_mode)
               ? 0
               : (uint64_t)info.st_size;
}

void gs_progress_start(struct gs_progress *progress, const struct gs_args *args,
                       const char *const *files, size_t n_files)
{
    *progress = (struct gs_progress){.start_ns = gs_clock_monotonic_ns()};
    progress->last_ns = progress->start_ns;
    progress->terminal = isatty(STDERR_FILENO) == 1;
    progress->on = !args->quiet && !args->log_json &&
                   (args->progress || (progress->terminal && isatty(STDOUT_FILENO) != 1));
    for (size_t i = 0; i < n_files && progress->on; i++) {
        const uint64_t size = size_of(files[i]);
        progress->total += size;
        if (size == 0) {
            progress->total = 0;
            break;
        }
    }
}

void gs_progress_left(double seconds, char *ret, size_t size)
{
    const unsigned long long whole = seconds > 0 && seconds < 1e9 ? (unsigned long long)seconds : 0;

    if (whole >= 3600) {
        (void)snprintf(ret, size, "%llu:%02llu:%02llu", whole / 3600, whole / 60 % 60, whole % 60);
    } else {
        (void)snprintf(ret, size, "%llu:%02llu", whole / 60, whole % 60);
    }
}

static void show(struct gs_progress *progress, int64_t now_ns)
{
    const double seconds = (double)(now_ns - progress->start_ns) / 1e9;
    const double share =
        progress->total == 0 ? 0 : (double)progress->bytes / (double)progress->total;
    char left[32] = "";

    progress->last_ns = now_ns;
    progress->shown = true;
    (void)fputs(progress->terminal ? "\r" : "", stderr);
    if (share > 0) {
        gs_progress_left(seconds * (1 - share) / share, left, sizeof left);
        (void)fprintf(stderr, "%3.0f%%  ", share < 1 ? share * 100 : 100);
    }
    (void)fprintf(stderr, "%" PRIu64 " lines, %.0f a second%s%s%s", progress->lines,
                  seconds > 0 ? (double)progress->lines / seconds : 0, left[0] == '\0' ? "" : ", ",
                  left, left[0] == '\0' ? "" : " left");
    (void)fputs(progress->terminal ? "\033[K" : "\n", stderr);
}

void gs_progress_add(struct gs_progress *progress, uint64_t lines, uint64_t bytes)
{
    progress->lines += lines;
    progress->bytes += bytes;
    if (!progress->on) {
        return;
    }
    const int64_t now_ns = gs_clock_monotonic_ns();
    if (now_ns - progress->last_ns >= (progress->terminal ? TERMINAL_NS : elsewhere_ns)) {
        show(progress, now_ns);
    }
}

void gs_progress_end(struct gs_progress *progress)
{
    if (progress->on && (progress->shown || !progress->terminal)) {
        show(progress, gs_clock_monotonic_ns());
        (void)fputs(progress->terminal ? "\n" : "", stderr);
    }
    progress->on = false;
}
