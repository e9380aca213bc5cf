/* Writes refused lines to the file of --rejects, one JSON object each, or says them on stderr. */
#include "deploy/daemon/workbench/rejects.h"

#include "ingest/base/file.h"
#include "ingest/base/log.h"

#include <errno.h>

enum { MAX_LINE = 1 << 28 };

enum gs_status gs_rejects_open(struct gs_rejects *rejects, const char *command, const char *path,
                               struct gs_error *err)
{
    *rejects = (struct gs_rejects){.command = command, .path = path};
    if (path == NULL) {
        return GS_OK;
    }
    return gs_file_create(path, "{\"line\":", GS_FILE_FOR_OWNER, &rejects->file, err);
}

enum gs_status gs_rejects_close(struct gs_rejects *rejects, struct gs_error *err)
{
    FILE *file = rejects->file;

    rejects->file = NULL;
    return file == NULL ? GS_OK : gs_file_close(file, rejects->path, 0, err);
}

void gs_rejects_format(const struct gs_rejects *rejects, const struct gs_record *record,
                       const char *code, const char *why, struct gs_buf *out)
{
    const bool record_wanted = rejects->path != NULL;

    if (!record_wanted && !gs_log_is_json()) {
        gs_buf_printf(out, "groundswell %s: %.*s:%lld: %s: %s\n", rejects->command,
                      GS_STR_ARGS(record->topic), (long long)record->offset, code, why);
        return;
    }
    gs_buf_printf(out, "{\"line\":%lld,\"code\":\"%s\",\"message\":", (long long)record->offset,
                  code);
    gs_buf_json_str(out, gs_str(why));
    gs_buf_puts(out, record_wanted ? ",\"value\":" : ",\"file\":");
    gs_buf_json_str(out, record_wanted ? record->value : record->topic);
    gs_buf_puts(out, "}\n");
}

enum gs_status gs_rejects_write(const struct gs_rejects *rejects, struct gs_str lines,
                                struct gs_error *err)
{
    FILE *file = rejects->file == NULL ? stderr : rejects->file;

    return lines.len > 0 && fwrite(lines.bytes, 1, lines.len, file) != lines.len
               ? gs_fail_errno(err, errno, "%s", rejects->path == NULL ? "stderr" : rejects->path)
               : GS_OK;
}

enum gs_status gs_rejects_put(const struct gs_rejects *rejects, const struct gs_record *record,
                              const char *code, const char *why, struct gs_error *err)
{
    struct gs_buf line = {.max = MAX_LINE};

    gs_rejects_format(rejects, record, code, why, &line);
    const enum gs_status status = gs_buf_ok(&line)
                                      ? gs_rejects_write(rejects, gs_buf_str(&line), err)
                                      : gs_fail(err, GS_NO_MEMORY, "a refused line");
    gs_buf_done(&line);
    return status;
}
