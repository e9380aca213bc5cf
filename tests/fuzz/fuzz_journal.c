/* Bytes are a journal. Properties:
 *   - every line that has an end is either read or said to be broken, and nothing crashes;
 *   - a line that is read is written and read as the same line;
 *   - whatever is in the file, a line that is added to it is read, and follows the one before it;
 *   - answers to an incident and to its keys come of any lines. */
#include "deploy/daemon/journal/answers.h"
#include "deploy/daemon/journal/journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    struct gs_answers *answers;
    struct gs_arena *arena;
    size_t n_read, n_broken, n_unchained;
};

static void check(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void on_line(void *arg, size_t number, const struct gs_journal_line *line)
{
    struct seen *seen = arg;
    struct gs_journal_line again;
    struct gs_buf text = {.max = GS_JOURNAL_LINE_BYTES}, twice = {.max = GS_JOURNAL_LINE_BYTES};

    seen->n_read++;
    check(number == seen->n_read + seen->n_broken);
    gs_journal_line_encode(line, &text);
    check(gs_buf_ok(&text) && memchr(text.bytes, '\n', text.len) == NULL);
    check(gs_journal_line_decode(gs_buf_str(&text), seen->arena, &again, NULL) == GS_OK);
    gs_journal_line_encode(&again, &twice);
    check(gs_str_equal(gs_buf_str(&text), gs_buf_str(&twice)));
    check(gs_answers_apply(seen->answers, line));
    gs_buf_done(&text);
    gs_buf_done(&twice);
}

static void on_broken(void *arg, size_t number, const char *why)
{
    struct seen *seen = arg;

    seen->n_broken++;
    check(number == seen->n_read + seen->n_broken && why[0] != '\0');
}

static void on_unchained(void *arg, size_t number)
{
    struct seen *seen = arg;

    check(number == seen->n_read + seen->n_broken + 1);
    seen->n_unchained++;
}

static void on_anew(void *arg, const char *why)
{
    (void)arg;
    (void)why;
    abort(); /* nobody has changed it */
}

static void check_answers(const struct seen *seen)
{
    static struct gs_incident incident = {
        .id = "d079ed74e16f34ff", .n_keys = 2, .notice = GS_NOTICE_WORSE};
    struct gs_verdict_row rows[GS_VERDICT_ROWS];
    struct gs_incident_answer answer = {0};
    bool broke = false;

    memcpy(incident.keys[0].key, "entity:A", sizeof "entity:A");
    memcpy(incident.keys[1].key, "topic_lang:legal/zh", sizeof "topic_lang:legal/zh");
    incident.keys[1].kind = GS_KEY_TOPIC_LANG;
    gs_answers_of(seen->answers, &incident, 1800000000000, &answer);
    const enum gs_incident_silence silence = gs_answers_decide(
        seen->answers, &incident, GS_MUTE_BREAKS_ON_RISK, 1800000000000, false, &broke);
    check((silence == GS_SILENCE_MUTED) == (answer.muted && !broke));
    check(gs_answers_verdicts(seen->answers, rows) <= GS_VERDICT_ROWS);
}

static size_t count_lines(const uint8_t *data, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < size; i++) {
        n += data[i] == '\n';
    }
    return n;
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    check(fd >= 0 && write(fd, data, size) == (ssize_t)size && close(fd) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gs_journal_line line = {
        .action = GS_JOURNAL_MUTE, .until_ms = -1, .target = "topic:legal", .who = "a"};
    struct seen seen = {.n_read = 0};
    const struct gs_journal_reader reader = {&seen, on_line, on_broken, on_unchained, on_anew};
    struct gs_journal *journal = NULL;
    char path[64];

    (void)snprintf(path, sizeof path, "/tmp/fuzz_journal.%ld", (long)getpid());
    write_file(path, data, size);
    check(gs_answers_new(&seen.answers, NULL) == GS_OK);
    check(gs_arena_new(GS_JOURNAL_ARENA_BYTES, &seen.arena, NULL) == GS_OK);
    check(gs_journal_new(path, &reader, &journal, NULL) == GS_OK);
    check(gs_journal_follow(journal, NULL) == GS_OK);
    check(seen.n_read + seen.n_broken == count_lines(data, size));
    check_answers(&seen);

    const bool torn = gs_journal_tail(journal) > 0;
    const size_t n_read = seen.n_read, n_broken = seen.n_broken, n_unchained = seen.n_unchained;
    check(gs_journal_append(path, &line, 1, 0, NULL) == GS_OK);
    check(gs_journal_follow(journal, NULL) == GS_OK);
    check(seen.n_read + seen.n_broken == n_read + n_broken + 1 + torn);
    check(seen.n_read > n_read && seen.n_unchained <= n_unchained + torn);
    check(strcmp(line.prev, GS_JOURNAL_FIRST) != 0 || size == 0);
    gs_journal_free(journal);
    gs_answers_free(seen.answers);
    gs_arena_free(seen.arena);
    (void)unlink(path);
    return 0;
}
