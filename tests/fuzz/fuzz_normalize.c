/* Any bytes through the cleaning. Properties: the outcome is valid UTF-8; origins never fall and
 * stay in the input; cleaning the outcome again changes nothing, with HTML and repair on or off (no
 * rules); the fast path and utf8proc alone agree; with rules it is still valid UTF-8 without blanks
 * at its ends; the outline does not depend on which part is the title. */
#include "ingest/text/clean/nfkc_class.h"
#include "ingest/text/clean/stage.h"
#include "ingest/text/story_outline.h"

#include <stdint.h>
#include <stdlib.h>

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gs_norm *make(const struct gs_rules *rules, bool html, bool fix)
{
    const struct gs_norm_options options = {GS_UTF8_REPAIR, html, fix, 4096, NULL};
    struct gs_norm *norm = NULL;

    CHECK(gs_norm_new(rules, &options, &norm, NULL) == GS_OK);
    return norm;
}

static void check_text(const struct gs_norm_text *got, size_t in_len)
{
    CHECK(gs_repair_find(&gs_scan_scalar, got->text) == got->text.len);
    for (size_t i = 0; i <= got->text.len; i++) {
        CHECK(got->origin[i] <= in_len && (i == 0 || got->origin[i] >= got->origin[i - 1]));
    }
    if (got->text.len > 0) {
        CHECK(got->text.bytes[0] != ' ' && got->text.bytes[got->text.len - 1] != ' ');
    }
}

/* A text that is not suspect is one that the repair leaves alone. */
static void check_suspicion(struct gs_str text)
{
    static struct gs_out out;
    static uint32_t origin[8 * 4096];
    uint32_t runs = 0;

    if (text.len < GS_COUNT(origin) && !gs_mojibake_suspect(gs_scan_pick(), text)) {
        const struct gs_view in = {text.bytes, origin, text.len};
        CHECK(gs_mojibake_run(in, &out, &runs, NULL) == GS_OK);
        CHECK(runs == 0 && out.len == text.len);
    }
}

/* The fast path, with both scans, against utf8proc for every character. */
static void check_paths(struct gs_str text)
{
    static struct gs_cps cps;
    static struct gs_out outs[3];
    static uint32_t origin[8 * 4096];
    const struct gs_view in = {text.bytes, origin, text.len};

    if (text.len >= GS_COUNT(origin)) {
        return;
    }
    for (size_t i = 0; i <= text.len; i++) {
        origin[i] = (uint32_t)i;
    }
    CHECK(gs_nfkc_run(&gs_scan_scalar, in, false, &cps, &outs[0], NULL) == GS_OK);
    CHECK(gs_nfkc_run(&gs_scan_scalar, in, true, &cps, &outs[1], NULL) == GS_OK);
    CHECK(gs_nfkc_run(gs_scan_pick(), in, true, &cps, &outs[2], NULL) == GS_OK);
    for (size_t i = 1; i < 3; i++) {
        CHECK(outs[i].len == outs[0].len && memcmp(outs[i].bytes, outs[0].bytes, outs[0].len) == 0);
    }
}

struct cleaners {
    struct gs_norm *plain; /* no HTML, no repair, no rules */
    struct gs_norm *all;   /* HTML and repair */
    struct gs_norm *ruled; /* and the default rules */
};

static struct cleaners make_cleaners(void)
{
    struct gs_rules *rules = NULL;
    size_t n = 0;
    const struct gs_rule_spec *specs = gs_rules_default(&n);

    CHECK(gs_rules_compile(specs, n, GS_JIT_AUTO, &rules, NULL) == GS_OK);
    return (struct cleaners){make(NULL, false, false), make(NULL, true, true),
                             make(rules, true, true)};
}

/* Cut into title and text at a blank it is the same, and five bytes hold five words at most. */
static void check_outline(struct gs_str text)
{
    struct gs_outline whole;
    struct gs_outline parts;
    const char *blank = memchr(text.bytes, ' ', text.len);
    const size_t at = blank == NULL ? 0 : (size_t)(blank - text.bytes);

    gs_outline((struct gs_str){NULL, 0}, text, &whole);
    gs_outline((struct gs_str){text.bytes, at}, (struct gs_str){text.bytes + at, text.len - at},
               &parts);
    CHECK(memcmp(&whole, &parts, sizeof whole) == 0);
    CHECK(text.len >= 5 || gs_outline_is_empty(&whole));
}

static void check_again(struct gs_norm *with, struct gs_str text)
{
    static char copy[4096]; /* text may be in with's own buffer */
    struct gs_norm_text again;

    if (text.len <= sizeof copy) { /* else it would be cut */
        memcpy(copy, text.bytes, text.len);
        const struct gs_str cleaned = {copy, text.len};
        CHECK(gs_norm_run(with, cleaned, &again, NULL) == GS_OK);
        CHECK(gs_str_equal(cleaned, again.text));
        CHECK(gs_fingerprint(cleaned) == gs_fingerprint(again.text));
        check_outline(cleaned);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct cleaners cleaners;
    struct gs_norm_text got;
    const struct gs_str raw = {(const char *)data, size};

    if (cleaners.plain == NULL) {
        cleaners = make_cleaners();
    }
    CHECK(gs_norm_run(cleaners.all, raw, &got, NULL) == GS_OK);
    check_text(&got, size);
    check_paths(got.text);
    check_again(cleaners.plain, got.text);
    check_again(cleaners.all, got.text);
    CHECK(gs_norm_run(cleaners.ruled, raw, &got, NULL) == GS_OK);
    check_text(&got, size);
    CHECK(gs_norm_run(cleaners.plain, raw, &got, NULL) == GS_OK);
    check_text(&got, size);
    check_paths(got.text);
    check_suspicion(got.text);
    return 0;
}
