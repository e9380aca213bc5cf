/* The demo's stream into files instead of a broker: messages, what each was meant to be, and the
 * watchlist, for tests and for a look at the data. */
#include "deploy/daemon/demo/session.h"
#include "deploy/daemon/exit_code.h"
#include "ingest/base/escape.h"
#include "ingest/base/file.h"
#include "ingest/base/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const plants[GS_DEMO_N_PLANTS] = {[GS_DEMO_ORDINARY] = "ordinary",
                                                     [GS_DEMO_SURGE_EN] = "surge_en",
                                                     [GS_DEMO_SURGE_ZH] = "surge_zh",
                                                     [GS_DEMO_BURST] = "burst",
                                                     [GS_DEMO_COPY] = "copy"};

static FILE *open_out(const char *path)
{
    FILE *out = stdout;
    struct gs_error err = {0};

    if (strcmp(path, "-") != 0 &&
        gs_file_create(path, NULL, GS_FILE_FOR_ALL, &out, &err) != GS_OK) {
        gs_print_line(stderr, "groundswell demo: %s", err.message);
        return NULL;
    }
    return out;
}

/* Tells whether all that was written got there. */
static bool close_out(FILE *out, const char *path)
{
    if (out == NULL) {
        return true;
    }
    const bool good = ferror(out) == 0 && (out == stdout ? fflush(out) : fclose(out)) == 0;
    if (!good) {
        gs_print_line(stderr, "groundswell demo: %s: cannot write: %s", path,
                      strerror(errno) /* NOLINT(concurrency-mt-unsafe): one thread */);
    }
    return good;
}

static int write_watchlist(const char *path)
{
    struct gs_buf csv = {.max = 1 << 20};
    FILE *out = open_out(path);
    if (out == NULL) {
        return GS_EXIT_FAILURE;
    }
    gs_demo_watchlist(&csv);
    (void)fwrite(gs_buf_str(&csv).bytes, 1, csv.len, out);
    const bool good = gs_buf_ok(&csv) && close_out(out, path);
    gs_buf_done(&csv);
    return good ? GS_EXIT_OK : GS_EXIT_FAILURE;
}

static void write_truth(FILE *out, const struct gs_demo_message *message, struct gs_buf *line)
{
    gs_buf_reset(line);
    gs_buf_printf(line, "{\"id\":\"%s\",\"ts\":", message->id);
    gs_buf_json_time(line, message->ts_ms);
    gs_buf_printf(line, ",\"planted\":\"%s\",\"sentiment\":\"%s\",\"topic\":\"%s\",\"lang\":\"%s\"",
                  plants[message->plant], gs_sentiment_name((enum gs_sentiment)message->tone),
                  gs_demo_topic_name(message->topic), message->lang == GS_DEMO_ZH ? "zh" : "en");
    if (message->entity != NULL) {
        gs_buf_printf(line, ",\"entity\":\"%s\"", message->entity);
    }
    gs_buf_puts(line, "}\n");
    (void)fwrite(gs_buf_str(line).bytes, 1, line->len, out);
}

static void write_messages(struct gs_demo *demo, FILE *raw, FILE *truth)
{
    struct gs_demo_message message;
    struct gs_buf line = {.max = 4096};
    while (gs_demo_next(demo, &message) && (raw == NULL || ferror(raw) == 0)) {
        if (raw != NULL) {
            (void)fwrite(message.json.bytes, 1, message.json.len, raw);
            (void)fputc('\n', raw);
        }
        if (truth != NULL) {
            write_truth(truth, &message, &line);
        }
    }
    gs_buf_done(&line);
}

int gs_demo_write(const struct gs_demo_session *session)
{
    struct gs_demo *demo = NULL;
    struct gs_error err = {0};
    FILE *raw = NULL, *truth = NULL;
    int code = session->watchlist == NULL ? GS_EXIT_OK : write_watchlist(session->watchlist);

    if (code != GS_EXIT_OK || (session->write == NULL && session->truth == NULL)) {
        return code;
    }
    if (gs_demo_new(&session->stream, &demo, &err) != GS_OK) {
        gs_print_line(stderr, "groundswell demo: %s", err.message);
        return err.status == GS_BAD_CONFIG ? GS_EXIT_USAGE : GS_EXIT_FAILURE;
    }
    if (session->write != NULL) {
        raw = open_out(session->write);
    }
    if (session->truth != NULL) {
        truth = open_out(session->truth);
    }
    if ((session->write != NULL && raw == NULL) || (session->truth != NULL && truth == NULL)) {
        code = GS_EXIT_FAILURE;
    } else {
        write_messages(demo, raw, truth);
    }
    const bool good_raw = close_out(raw, session->write);
    const bool good_truth = close_out(truth, session->truth);
    gs_demo_free(demo);
    return code == GS_EXIT_OK && good_raw && good_truth ? GS_EXIT_OK : GS_EXIT_FAILURE;
}
