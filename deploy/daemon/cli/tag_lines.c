/* Lines to tagged records on several threads, written in the order of the input.
 *
 * A chunk of lines is read, cut into one run for each worker, tagged, and written run by run; so the
 * output does not depend on the number of threads. The one thing that does depend on order, the
 * number of a copy within its story, is put in while writing. A slow pipe's lines do not wait for a
 * full chunk. */
#include "deploy/daemon/cli/tag_lines.h"

#include "deploy/daemon/pipeline/stage_options.h"
#include "deploy/daemon/service/signals.h"
#include "ingest/base/clock.h"
#include "ingest/files/files.h"
#include "ingest/text/duplicates.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    CHUNK_LINES = 4096,
    CHUNK_BYTES = 16 * 1024 * 1024, /* a chunk of long lines ends earlier */
    WAIT_MS = 50,                   /* a slow pipe's lines are answered after this at the latest */
    MAX_OUT_BYTES = 1 << 30,
    RECENT_STORIES = 1 << 20,
};

/* One tagged line in a worker's output: where it ends, and its story. Copies are counted when the
 * lines are written, in input order, so that the answer does not depend on the number of threads. */
struct line {
    size_t end;
    uint64_t group;
};

/* One thread's tools and what it says of its run of lines. */
struct worker {
    const struct gs_tag_lines_options *options;
    struct gs_tagger *tagger;
    const struct gs_record *records; /* [n] its run */
    size_t n;
    int64_t now_ms;
    struct gs_buf out, refused, extra;
    struct line *lines; /* [CHUNK_LINES] */
    size_t n_lines;
    uint64_t n_refused;
    struct gs_error err; /* why the run could not be ended; status GS_OK: it was */
    pthread_t thread;
};

static void worker_done(struct worker *worker)
{
    gs_tagger_free(worker->tagger);
    gs_buf_done(&worker->out);
    gs_buf_done(&worker->refused);
    gs_buf_done(&worker->extra);
    free(worker->lines);
}

static enum gs_status worker_init(struct worker *worker, const struct gs_tag_lines_options *options,
                                  struct gs_error *err)
{
    struct gs_stage_tag_options stage;

    *worker = (struct worker){.options = options,
                              .out = {.max = MAX_OUT_BYTES},
                              .refused = {.max = MAX_OUT_BYTES},
                              .extra = {.max = MAX_OUT_BYTES},
                              .lines = calloc(CHUNK_LINES, sizeof(struct line))};
    if (worker->lines == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "chunk of lines");
    }
    gs_stage_tag_options(options->config, options->assets, NULL, &stage);
    stage.tagger.decode.plain_text = false;
    stage.tagger.count_copies = false;
    stage.tagger.batcher.max_wait_ms = 0; /* a run's lines are all there */
    stage.tagger.batcher.deadline_ms = 0;
    stage.tagger.batcher.slice_ms = 0;
    return gs_tagger_new(options->assets, &stage.tagger, &worker->tagger, err);
}

/* ---- one run of lines, on a worker's thread ---- */

static void refuse(struct worker *worker, const struct gs_record *record, enum gs_reject reject,
                   const char *why)
{
    worker->n_refused++;
    gs_rejects_format(worker->options->rejects, record, gs_reject_name(reject), why,
                      &worker->refused);
}

static bool is_json(const struct worker *worker, struct gs_str line)
{
    if (worker->options->format != GS_LINES_AUTO) {
        return worker->options->format == GS_LINES_JSON;
    }
    size_t i = line.len >= 3 && memcmp(line.bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (i < line.len && (line.bytes[i] == ' ' || line.bytes[i] == '\t')) {
        i++;
    }
    return i < line.len && line.bytes[i] == '{';
}

static void write_line(struct worker *worker, struct gs_tagging *tagging)
{
    struct gs_tagged *tagged = &tagging->tagged;

    gs_buf_reset(&worker->extra);
    gs_tag_output(&worker->options->output, worker->tagger, tagging, &worker->extra);
    tagged->appended = gs_buf_str(&worker->extra);
    const uint64_t group = tagged->story;
    tagged->story = 0; /* comes behind, with its copy number */
    gs_tagged_encode(tagged, &worker->out);
    worker->lines[worker->n_lines++] = (struct line){worker->out.len, group};
}

/* Each good line that is tagged by now, in order. */
static void write_tagged(struct worker *worker)
{
    struct gs_tagging *tagging = NULL;

    while (gs_tagger_next(worker->tagger, &tagging)) {
        write_line(worker, tagging);
    }
}

static enum gs_status tag_line(struct worker *worker, const struct gs_record *record)
{
    enum gs_reject reject = GS_REJECT_NONE;
    const enum gs_status status =
        gs_tagger_add(worker->tagger, record, !is_json(worker, record->value), worker->now_ms,
                      &reject, &worker->err);

    if (reject != GS_REJECT_NONE) {
        refuse(worker, record, reject, worker->err.message);
    }
    write_tagged(worker);
    return status;
}

static void *tag_run(void *arg)
{
    struct worker *worker = arg;

    enum gs_status status = GS_OK;

    gs_tagger_begin(worker->tagger, NULL);
    gs_buf_reset(&worker->out);
    gs_buf_reset(&worker->refused);
    worker->n_refused = 0;
    worker->n_lines = 0;
    for (size_t i = 0; i < worker->n && status == GS_OK; i++) {
        status = tag_line(worker, &worker->records[i]);
    }
    if (status == GS_OK) {
        status = gs_tagger_flush(worker->tagger, &worker->err);
        write_tagged(worker);
    }
    worker->err.status = status;
    return NULL;
}

/* ---- chunks ---- */

struct chunk {
    struct gs_record *records; /* [CHUNK_LINES] */
    size_t n, bytes;
    bool end; /* of the input */
};

static enum gs_status read_chunk(struct gs_source *source, struct chunk *chunk,
                                 struct gs_error *err)
{
    chunk->n = 0;
    chunk->bytes = 0;
    while (chunk->n < CHUNK_LINES && chunk->bytes < CHUNK_BYTES) {
        const enum gs_status status =
            gs_source_poll(source, WAIT_MS, &chunk->records[chunk->n], err);
        if (status == GS_CLOSED) {
            chunk->end = true;
            return GS_OK;
        }
        if (status == GS_AGAIN && (chunk->n > 0 || gs_signals_stop())) {
            break;
        }
        if (status != GS_OK && status != GS_AGAIN) {
            /* The lines before are good and come first; the next poll says it again. */
            return chunk->n > 0 ? GS_OK : status;
        }
        if (status == GS_OK) {
            chunk->bytes += chunk->records[chunk->n++].value.len + 1;
        }
    }
    return GS_OK;
}

/* Gives each worker a run of the chunk and waits for all. A thread that cannot be started is no
 * failure: its run is done here. */
static void tag_chunk(struct worker *workers, size_t n_workers, const struct chunk *chunk)
{
    size_t start = 0;
    bool started[256];

    for (size_t w = 0; w < n_workers; w++) {
        const size_t stop = chunk->n * (w + 1) / n_workers;
        workers[w].records = chunk->records + start;
        workers[w].n = stop - start;
        workers[w].now_ms = gs_clock_wall_ms();
        start = stop;
        started[w] = w > 0 && workers[w].n > 0 &&
                     pthread_create(&workers[w].thread, NULL, tag_run, &workers[w]) == 0;
    }
    for (size_t w = 0; w < n_workers; w++) {
        if (started[w]) {
            (void)pthread_join(workers[w].thread, NULL);
        } else {
            (void)tag_run(&workers[w]);
        }
    }
}

static enum gs_status write_all(FILE *file, struct gs_str bytes, const char *name,
                                struct gs_error *err)
{
    return bytes.len > 0 && fwrite(bytes.bytes, 1, bytes.len, file) != bytes.len
               ? gs_fail_errno(err, errno, "%s", name)
               : GS_OK;
}

/* A worker's lines with the copy numbers put in: each is an object, so its last byte is the brace. */
static void finish_lines(const struct worker *worker, struct gs_duplicates *duplicates,
                         struct gs_buf *out)
{
    size_t start = 0;

    for (size_t i = 0; i < worker->n_lines; i++) {
        const struct line *line = &worker->lines[i];
        gs_buf_put(out, (struct gs_str){worker->out.bytes + start, line->end - start - 1});
        if (line->group != 0) {
            gs_buf_printf(out, ",\"dup\":{\"group\":\"%016" PRIx64 "\",\"copy\":%" PRIu32 "}",
                          line->group, gs_duplicates_count(duplicates, line->group));
        }
        gs_buf_puts(out, "}\n");
        start = line->end;
    }
}

static enum gs_status write_chunk(struct worker *workers, size_t n_workers,
                                  struct gs_duplicates *duplicates, struct gs_buf *out,
                                  const struct gs_rejects *rejects, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    gs_duplicates_begin(duplicates);
    for (size_t w = 0; w < n_workers && status == GS_OK; w++) {
        if (workers[w].err.status != GS_OK) {
            return gs_fail(err, workers[w].err.status, "%s", workers[w].err.message);
        }
        gs_buf_reset(out);
        finish_lines(&workers[w], duplicates, out);
        if (!gs_buf_ok(&workers[w].out) || !gs_buf_ok(&workers[w].refused) || !gs_buf_ok(out)) {
            return gs_fail(err, GS_NO_MEMORY, "output of one chunk is over %d bytes",
                           MAX_OUT_BYTES);
        }
        status = write_all(stdout, gs_buf_str(out), "stdout", err);
        if (status == GS_OK) {
            status = gs_rejects_write(rejects, gs_buf_str(&workers[w].refused), err);
        }
    }
    if (status == GS_OK && fflush(stdout) != 0) {
        status = gs_fail_errno(err, errno, "stdout");
    }
    return status;
}

static enum gs_status run_chunks(const struct gs_tag_lines_options *options, struct worker *workers,
                                 struct gs_source *source, struct gs_tag_lines_totals *totals,
                                 struct gs_error *err)
{
    const size_t n_workers = (size_t)options->n_threads;
    enum gs_status status = GS_OK;
    struct gs_duplicates *duplicates = NULL;
    struct gs_buf out = {.max = MAX_OUT_BYTES};
    struct chunk chunk = {.records = calloc(CHUNK_LINES, sizeof *chunk.records)};

    if (chunk.records == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "chunk of lines");
    }
    status = gs_duplicates_new(RECENT_STORIES, &duplicates, err);
    while (status == GS_OK && !chunk.end && !gs_signals_stop()) {
        status = read_chunk(source, &chunk, err);
        if (status == GS_OK && chunk.n > 0) {
            tag_chunk(workers, n_workers, &chunk);
            status = write_chunk(workers, n_workers, duplicates, &out, options->rejects, err);
            totals->lines += chunk.n;
            for (size_t w = 0; w < n_workers; w++) {
                totals->refused += workers[w].n_refused;
            }
        }
        if (status == GS_OK) {
            status = gs_source_commit(source, err);
        }
        gs_progress_add(options->progress, chunk.n, chunk.bytes);
    }
    gs_duplicates_free(duplicates);
    gs_buf_done(&out);
    free(chunk.records);
    return status;
}

enum gs_status gs_tag_lines(const struct gs_tag_lines_options *options,
                            struct gs_tag_lines_totals *ret, struct gs_error *err)
{
    const size_t n_workers = (size_t)options->n_threads;
    enum gs_status status = GS_OK;
    struct gs_source *source = NULL;
    size_t n_made = 0;
    struct worker *workers = calloc(n_workers, sizeof *workers);

    *ret = (struct gs_tag_lines_totals){0};
    if (workers == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%d threads", options->n_threads);
    }
    for (; n_made < n_workers && status == GS_OK; n_made++) {
        status = worker_init(&workers[n_made], options, err);
    }
    if (status == GS_OK) {
        status = gs_file_source_new(&options->file, 1, options->config->input.max_record_bytes,
                                    &source, err);
    }
    if (status == GS_OK) {
        status = run_chunks(options, workers, source, ret, err);
    }
    gs_source_close(source);
    for (size_t w = 0; w < n_made; w++) {
        worker_done(&workers[w]);
    }
    free(workers);
    return status;
}
