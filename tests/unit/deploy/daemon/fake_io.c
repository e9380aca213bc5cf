#include "tests/unit/deploy/daemon/fake_io.h"

#include "deploy/daemon/pipeline/lane.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static struct fake_io *of_source(struct gs_source *source)
{
    return (struct fake_io *)(void *)((char *)source - offsetof(struct fake_io, source));
}

static struct fake_io *of_sink(struct gs_sink *sink)
{
    return (struct fake_io *)(void *)((char *)sink - offsetof(struct fake_io, sink));
}

static enum gs_status rewind_fake(struct gs_source *source, struct gs_error *err)
{
    struct fake_io *io = of_source(source);

    (void)err;
    io->position = io->committed;
    return GS_OK;
}

static bool idle_fake(const struct gs_source *source, struct gs_str topic, int32_t partition)
{
    (void)source;
    (void)topic;
    (void)partition;
    return false;
}

static int64_t lag_fake(const struct gs_source *source)
{
    (void)source;
    return 0;
}

static enum gs_status holds_fake(struct gs_source *source, struct gs_str topic, int32_t partition,
                                 int64_t from, int64_t to, bool *ret, struct gs_error *err)
{
    (void)topic, (void)partition, (void)err;
    *ret = from < to && of_source(source)->holds;
    return GS_OK;
}

static void close_source(struct gs_source *source)
{
    struct fake_io *io = of_source(source);

    io->n_closes++;
    io->position = io->committed;
    if (source->events.revoking != NULL) {
        source->events.revoking(source->events.arg, false); /* as leaving a group does */
    }
}

static enum gs_status begin_fake(struct gs_sink *sink, struct gs_error *err)
{
    (void)err;
    of_sink(sink)->n_begins++;
    of_sink(sink)->n_pending = 0;
    return GS_OK;
}

static enum gs_status keep(struct fake_io *io, const struct gs_output *output, struct gs_error *err)
{
    const size_t n = io->n_kept + io->n_kept_pending;

    if (n == io->max_kept) {
        io->max_kept = 2 * io->max_kept + 1024;
        struct fake_kept *bigger = realloc(io->kept, io->max_kept * sizeof *bigger);
        if (bigger == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "the test keeps too much");
        }
        io->kept = bigger;
    }
    char *bytes = malloc(output->key.len + output->value.len + 1);
    if (bytes == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "the test keeps too much");
    }
    memcpy(bytes, output->key.bytes, output->key.len);
    if (output->value.len > 0) {
        memcpy(bytes + output->key.len, output->value.bytes, output->value.len);
    }
    io->kept[n] =
        (struct fake_kept){bytes, output->key.len, output->value.len, output->value.bytes == NULL};
    io->n_kept_pending++;
    return GS_OK;
}

static void drop_kept(struct fake_io *io)
{
    while (io->n_kept_pending > 0) {
        free(io->kept[io->n_kept + --io->n_kept_pending].bytes);
    }
}

void fake_io_done(struct fake_io *io)
{
    drop_kept(io);
    for (size_t i = 0; i < io->n_kept; i++) {
        free(io->kept[i].bytes);
    }
    free(io->kept);
}

/* What is kept of the partition, then where it goes on. */
static enum gs_status give_kept(const struct fake_io *io, const struct gs_source_events *events,
                                struct gs_error *err)
{
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < io->n_kept && status == GS_OK && events->kept != NULL; i++) {
        const struct fake_kept *kept = &io->kept[i];
        const struct gs_str value = {kept->gone ? NULL : kept->bytes + kept->key_len,
                                     kept->value_len};
        status = events->kept(events->arg, gs_str("in"), 0,
                              (struct gs_str){kept->bytes, kept->key_len}, value, err);
    }
    return status == GS_OK && events->restore != NULL
               ? events->restore(events->arg, gs_str("in"), 0, (int64_t)io->committed, err)
               : status;
}

static enum gs_status rebalance(struct fake_io *io, struct gs_error *err)
{
    const struct gs_source_events *events = &io->source.events;

    io->revoked_once = true;
    events->revoking(events->arg, io->revoke_lost);
    events->revoked(events->arg, gs_str("in"), 0);
    events->assigned(events->arg, gs_str("in"), 0);
    io->position = io->committed;
    return give_kept(io, events, err);
}

static enum gs_status poll_fake(struct gs_source *source, int timeout_ms, struct gs_record *ret,
                                struct gs_error *err)
{
    struct fake_io *io = of_source(source);

    (void)timeout_ms;
    if (io->revoke_at != 0 && io->position == io->revoke_at && !io->revoked_once) {
        const enum gs_status status = rebalance(io, err);
        return status == GS_OK ? GS_AGAIN : status;
    }
    if (io->position == io->n_values) {
        if (!io->end && io->stop_when_dry != NULL) {
            gs_lane_stop(io->stop_when_dry);
        }
        if (io->broken) {
            return gs_fail(err, GS_IO, "broken off");
        }
        return io->end ? GS_CLOSED : GS_AGAIN;
    }
    const char *value = io->values[io->position];
    *ret = (struct gs_record){.topic = gs_str("in"),
                              .offset = (int64_t)io->position,
                              .timestamp_ms = io->timestamp_ms > 0 ? io->timestamp_ms : -1,
                              .value = value == NULL ? (struct gs_str){NULL, 0} : gs_str(value)};
    io->position++;
    return GS_OK;
}

static enum gs_status put_fake(struct gs_sink *sink, enum gs_stream stream,
                               const struct gs_output *output, struct gs_error *err)
{
    struct fake_io *io = of_sink(sink);

    if (stream == GS_STREAM_DLQ ? io->refuse_dlq
                                : io->refuse_len > 0 && output->value.len > io->refuse_len) {
        return gs_fail(err, GS_BAD_FORMAT, "value of %zu bytes is too large", output->value.len);
    }
    if (stream == GS_STREAM_STATE) {
        return keep(io, output, err);
    }
    if (io->n_outputs + io->n_pending == FAKE_MAX_OUTPUTS) {
        return gs_fail(err, GS_NO_MEMORY, "the test writes too much");
    }
    struct fake_output *to = &io->outputs[io->n_outputs + io->n_pending++];
    *to = (struct fake_output){.stream = stream, .n_headers = output->n_headers};
    (void)snprintf(to->key, sizeof to->key, "%.*s", GS_STR_ARGS(output->key));
    (void)snprintf(to->value, sizeof to->value, "%.*s", GS_STR_ARGS(output->value));
    for (size_t i = 0; i < output->n_headers; i++) {
        if (gs_str_equal(output->headers[i].name, gs_str("groundswell.error.code"))) {
            (void)snprintf(to->code, sizeof to->code, "%.*s",
                           GS_STR_ARGS(output->headers[i].value));
        }
    }
    return GS_OK;
}

static void roll_back(struct fake_io *io)
{
    io->n_pending = 0;
    drop_kept(io);
    io->position = io->committed;
}

static bool holds_poison(const struct fake_io *io)
{
    for (size_t i = 0; i < io->n_pending && io->poison != NULL; i++) {
        const struct fake_output *output = &io->outputs[io->n_outputs + i];
        if (output->stream != GS_STREAM_DLQ && strcmp(output->value, io->poison) == 0) {
            return true;
        }
    }
    return false;
}

static enum gs_status commit_fake(struct gs_sink *sink, struct gs_source *source,
                                  struct gs_error *err)
{
    struct fake_io *io = of_sink(sink);
    enum gs_status status =
        io->n_commits < io->n_commit_status ? io->commit_status[io->n_commits] : GS_OK;

    if (io->sink_closed) {
        return gs_fail(err, GS_IO, "the sink is closed");
    }
    (void)source;
    io->n_commits++;
    if (holds_poison(io)) {
        status = GS_ABORTED;
    }
    if (status != GS_OK) {
        roll_back(io);
        return gs_fail(err, status, "the test wants this commit to fail");
    }
    io->n_outputs += io->n_pending;
    io->n_pending = 0;
    io->n_kept += io->n_kept_pending;
    io->n_kept_pending = 0;
    io->committed = io->position;
    return GS_OK;
}

static enum gs_status abort_fake(struct gs_sink *sink, struct gs_source *source,
                                 struct gs_error *err)
{
    struct fake_io *io = of_sink(sink);

    (void)source;
    (void)err;
    io->n_aborts++;
    roll_back(io);
    return GS_OK;
}

static void close_sink(struct gs_sink *sink)
{
    of_sink(sink)->n_pending = 0;
    drop_kept(of_sink(sink));
    of_sink(sink)->sink_closed = true;
}

static const struct gs_source_ops source_ops = {.poll = poll_fake,
                                                .rewind = rewind_fake,
                                                .idle = idle_fake,
                                                .lag = lag_fake,
                                                .close = close_source,
                                                .holds = holds_fake};
static const struct gs_source_ops file_like_ops = {.poll = poll_fake,
                                                   .rewind = rewind_fake,
                                                   .idle = idle_fake,
                                                   .lag = lag_fake,
                                                   .close = close_source,
                                                   .ends_well = true};
static const struct gs_sink_ops sink_ops = {.begin = begin_fake,
                                            .put = put_fake,
                                            .commit = commit_fake,
                                            .abort = abort_fake,
                                            .close = close_sink};

void fake_io_init(struct fake_io *io)
{
    memset(io, 0, sizeof *io);
    io->source.ops = &source_ops;
    io->sink.ops = &sink_ops;
}

enum gs_status fake_open(void *arg, const struct gs_source_events *events,
                         struct gs_source **ret_source, struct gs_sink **ret_sink,
                         struct gs_error *err)
{
    struct fake_io *io = arg;

    io->n_opens++;
    if (io->n_opens - 1 < io->n_open_status && io->open_status[io->n_opens - 1] != GS_OK) {
        return gs_fail(err, io->open_status[io->n_opens - 1], "nobody answers");
    }
    io->sink_closed = false;
    io->source.ops = io->ends_well ? &file_like_ops : &source_ops;
    io->source.events = *events;
    io->position = io->committed;
    *ret_source = &io->source;
    *ret_sink = &io->sink;
    events->assigned(events->arg, gs_str("in"), 0);
    return give_kept(io, events, err);
}

size_t fake_count(const struct fake_io *io, enum gs_stream stream)
{
    size_t n = 0;

    for (size_t i = 0; i < io->n_outputs; i++) {
        n += io->outputs[i].stream == stream;
    }
    return n;
}
