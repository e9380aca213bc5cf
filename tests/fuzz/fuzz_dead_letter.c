/* Bytes become the headers of a record in the dead-letter queue, and the text beside a group's offset.
 * Properties:
 *   - a letter that goes back has none of our names of errors left, one count, which is larger than
 *     before, and as many other headers as it had;
 *   - a note that is read is written as the same ledger, and what is sent in it stays sent. */
#include "deploy/daemon/pipeline/dead_letter.h"
#include "deploy/daemon/pipeline/redrive_ledger.h"

#include <stdlib.h>
#include <string.h>

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 64 };

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool begins(struct gs_str name, const char *prefix)
{
    return name.len >= strlen(prefix) && memcmp(name.bytes, prefix, strlen(prefix)) == 0;
}

/* A text of as many bytes as the first byte says. */
static struct gs_str take(const char **at, size_t *left)
{
    if (*left == 0) {
        return (struct gs_str){NULL, 0};
    }
    const size_t want = (unsigned char)**at;
    const size_t len = want < *left - 1 ? want : *left - 1;
    const struct gs_str text = {*at + 1, len};
    *at += len + 1;
    *left -= len + 1;
    return text;
}

static void look_at_letter(const char *at, size_t left)
{
    struct gs_header headers[MOST];
    struct gs_dead_letter letter;
    struct gs_redrive redrive;
    size_t n = 0, n_counts = 0;

    while (left > 0 && n < MOST) {
        headers[n].name = take(&at, &left);
        headers[n++].value = take(&at, &left);
    }
    const struct gs_record record = {.topic = gs_str("dlq"), .headers = headers, .n_headers = n};
    gs_dead_letter_read(&record, &letter);
    check(letter.partition >= -1 && letter.offset >= -1);
    check(gs_redrive_make(&letter, &redrive, NULL) == GS_OK);
    for (size_t i = 0; i < n; i++) {
        n_counts += gs_str_equal(headers[i].name, gs_str("groundswell.redrive.count"));
    }
    check(redrive.output.n_headers == n - n_counts + 1);
    for (size_t i = 0; i + 1 < redrive.output.n_headers; i++) {
        check(!begins(redrive.output.headers[i].name, "groundswell.error."));
        check(!gs_str_equal(redrive.output.headers[i].name, gs_str("groundswell.redrive.count")));
    }
    const struct gs_record back = {.topic = gs_str("raw"),
                                   .headers = redrive.output.headers,
                                   .n_headers = redrive.output.n_headers};
    struct gs_dead_letter again;
    gs_dead_letter_read(&back, &again);
    check(again.redrives == letter.redrives + 1 && again.code.bytes == NULL && !again.cut);
    gs_redrive_done(&redrive);
}

static void look_at_note(struct gs_str note)
{
    struct gs_ledger ledger, again;
    struct gs_buf out = {.max = 1 << 20};
    struct gs_error err = {GS_OK, ""};

    if (gs_ledger_read(1000, note, &ledger, &err) == GS_OK && note.len > 0) {
        gs_ledger_write(&ledger, &out);
        check(gs_buf_ok(&out));
        check(gs_ledger_read(ledger.first, gs_buf_str(&out), &again, NULL) == GS_OK);
        check(again.n == ledger.n && again.first == ledger.first);
        for (size_t i = 0; i < ledger.n; i++) {
            check(again.runs[i].from == ledger.runs[i].from &&
                  again.runs[i].to == ledger.runs[i].to);
            check(ledger.runs[i].from < ledger.runs[i].to && ledger.runs[i].from > ledger.first);
            check(gs_ledger_sent(&ledger, ledger.runs[i].from));
            check(!gs_ledger_sent(&ledger, ledger.runs[i].to));
        }
        check(gs_ledger_pass(&again, -1, 1000, true, NULL) == GS_OK &&
              gs_ledger_sent(&again, 1000));
        gs_ledger_trim(&again, 1005);
        check(again.first >= 1005);
        gs_ledger_done(&again);
    } else {
        check(note.len == 0 || err.message[0] != '\0');
    }
    gs_ledger_done(&ledger);
    gs_buf_done(&out);
}

/* NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;

    look_at_letter(bytes, size);
    look_at_note((struct gs_str){bytes, size});
    return 0;
}
