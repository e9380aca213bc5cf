/* An exhibit as text and as JSON. Text leads with the answer; hashes stand as sha256sum writes them,
 * so that they can be handed to `sha256sum -c`. */
#include "deploy/daemon/cli/replay_exhibit.h"

#include "deploy/daemon/version.h"
#include "ingest/base/escape.h"

#include <inttypes.h>
#include <string.h>

/* What is to be said first. */
static const char *verdict_of(const struct gs_exhibit *exhibit,
                              const struct gs_record_verdict *record)
{
    if (exhibit->n_own == 0) {
        return "not_found";
    }
    if (record->path == NULL) {
        return "computed";
    }
    if (record->n_recorded == 0) {
        return "not_recorded";
    }
    if (!gs_record_holds(record)) {
        return "different";
    }
    return record->n_same == record->n_recorded ? "identical" : "same_values";
}

/* They stand behind all other files, and there is one at least. */
static const struct gs_provenance_file *inputs_of(const struct gs_provenance *provenance)
{
    const struct gs_provenance_file *file = provenance->files;

    while (file->part != GS_PART_INPUT) {
        file++;
    }
    return file;
}

/* ---- text ---- */

/* A line for people that is not cut. */
static void print_whole(const char *bytes, size_t len, FILE *out)
{
    struct gs_buf line = {.max = 64 << 20};

    gs_buf_terminal(&line, (struct gs_str){bytes, len});
    (void)fwrite(line.bytes, 1, gs_buf_ok(&line) ? line.len : 0, out);
    (void)fputc('\n', out);
    gs_buf_done(&line);
}

static void print_verdict(const struct gs_exhibit *exhibit, const struct gs_record_verdict *record,
                          FILE *out)
{
    const char *kind = exhibit->incident ? "incident" : "alert";
    const char *verdict = verdict_of(exhibit, record);

    if (strcmp(verdict, "not_found") == 0) {
        gs_print_line(out,
                      "%s: NOT FOUND: this input and configuration give no such alert or "
                      "incident",
                      exhibit->id);
    } else if (strcmp(verdict, "computed") == 0) {
        gs_print_line(out, "%s %s: computed, %zu changes; not held against a record (--record)",
                      kind, exhibit->id, exhibit->n_own);
    } else if (strcmp(verdict, "not_recorded") == 0) {
        gs_print_line(out, "%s %s: NOT RECORDED: %s has no change of it", kind, exhibit->id,
                      record->path);
    } else if (strcmp(verdict, "different") == 0) {
        gs_print_line(out,
                      "%s %s: DIFFERENT from %s: of %zu recorded changes %zu are the same, %zu "
                      "differ, %zu are not computed",
                      kind, exhibit->id, record->path, record->n_recorded,
                      record->n_recorded - record->n_different - record->n_missing,
                      record->n_different, record->n_missing);
    } else {
        gs_print_line(out,
                      "%s %s: REPRODUCED: all %zu recorded changes of %zu computed ones (%zu byte "
                      "for byte, %zu in other bytes, %zu but for what people answered)",
                      kind, exhibit->id, record->n_recorded, exhibit->n_own, record->n_same,
                      record->n_alike, record->n_answered);
    }
    for (size_t i = 0; i < record->n_differences && i < GS_RECORD_DIFFERENCES; i++) {
        const struct gs_record_difference *difference = &record->differences[i];
        gs_print_line(out, "  %s: %s: recorded %s, computed %s", difference->change,
                      difference->member,
                      difference->recorded[0] == '\0' ? "nothing" : difference->recorded,
                      difference->computed[0] == '\0' ? "nothing" : difference->computed);
    }
    if (record->n_differences > GS_RECORD_DIFFERENCES) {
        gs_print_line(out, "  and %zu more differences",
                      record->n_differences - GS_RECORD_DIFFERENCES);
    }
    if (exhibit->part_of[0] != '\0') {
        gs_print_line(out, "part of incident %s: %s", exhibit->part_of, exhibit->part_title);
    }
}

static void print_provenance(const struct gs_exhibit *exhibit,
                             const struct gs_provenance *provenance, FILE *out)
{
    enum gs_provenance_part part = GS_N_PARTS;

    gs_print_line(out, "groundswell %s", GS_VERSION);
    for (size_t i = 0; i < provenance->n_files; i++) {
        const struct gs_provenance_file *file = &provenance->files[i];
        if (file->part != part) {
            part = file->part;
            (void)fputc('\n', out);
            gs_print_line(out, "%s%s", gs_provenance_part_names[part],
                          part == GS_PART_MODEL && !exhibit->tagged_here
                              ? " (not asked: the input was tagged before)"
                              : "");
        }
        gs_print_line(out, "%s  %s", file->sha256, file->path);
    }
    (void)fputc('\n', out);
    gs_print_line(out, "%s  settings that can change an alert (%zu, paths aside)",
                  provenance->settings_sha256, provenance->n_settings);
    for (size_t i = 0; i < provenance->n_overrides; i++) {
        if (gs_provenance_override_bears(provenance->overrides[i])) {
            gs_print_line(out, "--set %s", provenance->overrides[i]);
        }
    }
    for (size_t i = 0; i < exhibit->n_models; i++) {
        gs_print_line(out, "messages tagged by %s %s, %s", exhibit->models[i].name,
                      exhibit->models[i].version, exhibit->models[i].sha256);
    }
}

static void print_message(const struct gs_exhibit *exhibit, size_t i,
                          const struct gs_provenance *provenance, FILE *out)
{
    const struct gs_exhibit_message *message = &exhibit->messages[i];
    struct gs_buf time = {.max = 64};

    (void)gs_buf_time(&time, message->ts_ms);
    gs_print_line(out, "%zu. %.*s  %s  id %s  weight %.3f  %s", i + 1,
                  GS_STR_ARGS(gs_buf_str(&time)), message->source, message->id, message->weight,
                  message->url);
    gs_buf_done(&time);
    if (message->text == NULL) {
        gs_print_line(out, "   its line was not found; the alert says: %s", message->excerpt);
        return;
    }
    gs_print_line(out, "   %s:%" PRId64 "  SHA-256 %s", inputs_of(provenance)[message->file].path,
                  message->line, message->sha256);
    (void)fputs("   ", out);
    print_whole(message->text, message->len, out);
}

void gs_exhibit_print(const struct gs_exhibit *exhibit, const struct gs_provenance *provenance,
                      const struct gs_record_verdict *record, FILE *out)
{
    print_verdict(exhibit, record, out);
    (void)fputc('\n', out);
    print_provenance(exhibit, provenance, out);
    for (size_t i = 0; i < exhibit->n_changes; i++) {
        if (i == 0 || i == exhibit->n_own) {
            (void)fputc('\n', out);
            gs_print_line(out, i == 0 ? "records" : "records of its alerts");
        }
        print_whole(exhibit->changes[i].json, exhibit->changes[i].len, out);
    }
    if (exhibit->n_messages > 0) {
        (void)fputc('\n', out);
        gs_print_line(out, "evidence, as it stands in the input");
    }
    for (size_t i = 0; i < exhibit->n_messages; i++) {
        print_message(exhibit, i, provenance, out);
    }
}

/* ---- JSON ---- */

static void put_text(struct gs_buf *out, const char *before, const char *text)
{
    gs_buf_puts(out, before);
    gs_buf_json_str(out, gs_str(text));
}

static void put_provenance(const struct gs_exhibit *exhibit, const struct gs_provenance *provenance,
                           struct gs_buf *out)
{
    put_text(out, ",\"program\":{\"version\":", GS_VERSION);
    put_text(out, "},\"settings_sha256\":", provenance->settings_sha256);
    gs_buf_puts(out, ",\"overrides\":[");
    const char *comma = "";
    for (size_t i = 0; i < provenance->n_overrides; i++) {
        if (gs_provenance_override_bears(provenance->overrides[i])) {
            put_text(out, comma, provenance->overrides[i]);
            comma = ",";
        }
    }
    gs_buf_printf(out, "],\"tagged_here\":%s,\"models\":[",
                  exhibit->tagged_here ? "true" : "false");
    for (size_t i = 0; i < exhibit->n_models; i++) {
        put_text(out, i > 0 ? ",{\"name\":" : "{\"name\":", exhibit->models[i].name);
        put_text(out, ",\"version\":", exhibit->models[i].version);
        put_text(out, ",\"sha256\":", exhibit->models[i].sha256);
        gs_buf_putc(out, '}');
    }
    gs_buf_puts(out, "],\"files\":[");
    for (size_t i = 0; i < provenance->n_files; i++) {
        const struct gs_provenance_file *file = &provenance->files[i];
        put_text(out, i > 0 ? ",{\"part\":" : "{\"part\":", gs_provenance_part_names[file->part]);
        put_text(out, ",\"path\":", file->path);
        gs_buf_printf(out, ",\"bytes\":%" PRIu64 ",\"sha256\":\"%s\"}", file->bytes, file->sha256);
    }
    gs_buf_putc(out, ']');
}

static void put_record(const struct gs_record_verdict *record, struct gs_buf *out)
{
    if (record->path == NULL) {
        gs_buf_puts(out, ",\"record\":null");
        return;
    }
    put_text(out, ",\"record\":{\"path\":", record->path);
    gs_buf_printf(out,
                  ",\"changes\":%zu,\"same\":%zu,\"same_values\":%zu,\"but_for_answers\":%zu,"
                  "\"different\":%zu,\"not_computed\":%zu,\"differences\":[",
                  record->n_recorded, record->n_same, record->n_alike, record->n_answered,
                  record->n_different, record->n_missing);
    for (size_t i = 0; i < record->n_differences && i < GS_RECORD_DIFFERENCES; i++) {
        const struct gs_record_difference *difference = &record->differences[i];
        put_text(out, i > 0 ? ",{\"change\":" : "{\"change\":", difference->change);
        put_text(out, ",\"member\":", difference->member);
        put_text(out, ",\"recorded\":", difference->recorded);
        put_text(out, ",\"computed\":", difference->computed);
        gs_buf_putc(out, '}');
    }
    gs_buf_puts(out, "]}");
}

static void put_changes(const struct gs_exhibit *exhibit, size_t from, size_t to,
                        struct gs_buf *out)
{
    for (size_t i = from; i < to; i++) {
        gs_buf_puts(out, i > from ? "," : "");
        gs_buf_put(out, (struct gs_str){exhibit->changes[i].json, exhibit->changes[i].len});
    }
}

static void put_message(const struct gs_exhibit_message *message,
                        const struct gs_provenance_file *inputs, struct gs_buf *out)
{
    put_text(out, "{\"id\":", message->id);
    gs_buf_puts(out, ",\"ts\":");
    gs_buf_json_time(out, message->ts_ms);
    put_text(out, ",\"source\":", message->source);
    gs_buf_puts(out, ",\"weight\":");
    gs_buf_json_number(out, message->weight);
    if (message->text == NULL) {
        gs_buf_puts(out, ",\"file\":null}");
        return;
    }
    put_text(out, ",\"file\":", inputs[message->file].path);
    gs_buf_printf(out, ",\"line\":%" PRId64 ",\"sha256\":\"%s\",\"text\":", message->line,
                  message->sha256);
    gs_buf_json_str(out, (struct gs_str){message->text, message->len});
    gs_buf_putc(out, '}');
}

void gs_exhibit_json(const struct gs_exhibit *exhibit, const struct gs_provenance *provenance,
                     const struct gs_record_verdict *record, struct gs_buf *out)
{
    const struct gs_provenance_file *inputs = inputs_of(provenance);

    put_text(out, "{\"v\":1,\"id\":", exhibit->id);
    put_text(out, ",\"kind\":", exhibit->incident ? "incident" : "alert");
    put_text(out, ",\"verdict\":", verdict_of(exhibit, record));
    put_record(record, out);
    gs_buf_puts(out, ",\"incident\":");
    if (exhibit->part_of[0] == '\0') {
        gs_buf_puts(out, "null");
    } else {
        put_text(out, "{\"id\":", exhibit->part_of);
        put_text(out, ",\"title\":", exhibit->part_title);
        gs_buf_putc(out, '}');
    }
    put_provenance(exhibit, provenance, out);
    gs_buf_puts(out, ",\"records\":[");
    put_changes(exhibit, 0, exhibit->n_own, out);
    gs_buf_puts(out, "],\"alerts\":[");
    put_changes(exhibit, exhibit->n_own, exhibit->n_changes, out);
    gs_buf_puts(out, "],\"evidence\":[");
    for (size_t i = 0; i < exhibit->n_messages; i++) {
        gs_buf_puts(out, i > 0 ? "," : "");
        put_message(&exhibit->messages[i], inputs, out);
    }
    gs_buf_puts(out, "]}");
}
