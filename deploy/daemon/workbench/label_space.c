/* Reads the specification of a file of labelled lines, names of labels into bits, and keeps account
 * of those that its lines carry. */
#include "deploy/daemon/workbench/label_space.h"

#include "ingest/base/buf.h"
#include "ingest/base/escape.h"

#include <stdio.h>
#include <string.h>

/* A label by its id or its Chinese name; n_labels: none. */
static size_t label_named(const struct gs_model_info *info, enum gs_head head, struct gs_str name)
{
    size_t l = 0;
    while (l < info->n_labels[head] && !gs_str_equal(gs_str(info->labels[head][l]), name) &&
           !gs_str_equal(gs_str(info->labels_zh[head][l]), name)) {
        l++;
    }
    return l;
}

static uint64_t all_of(const struct gs_model_info *info, enum gs_head head)
{
    return ((uint64_t)1 << info->n_labels[head]) - 1;
}

/* One HEAD/LABEL or HEAD of knows=. */
static enum gs_status add_known(struct gs_str one, const struct gs_model_info *info,
                                struct gs_label_space *space, struct gs_error *err)
{
    for (size_t h = GS_HEAD_TOPICS; h < GS_N_HEADS; h++) {
        const enum gs_head head = (enum gs_head)h;
        const size_t len = strlen(gs_head_name(head));
        if (one.len < len || memcmp(one.bytes, gs_head_name(head), len) != 0) {
            continue;
        }
        if (one.len == len) {
            space->knows[head] |= all_of(info, head);
            return GS_OK;
        }
        const struct gs_str name = {one.bytes + len + 1, one.len - len - 1};
        const size_t label = label_named(info, head, name);
        if (one.bytes[len] == '/' && label < info->n_labels[head]) {
            space->knows[head] |= (uint64_t)1 << label;
            return GS_OK;
        }
    }
    return gs_fail(err, GS_BAD_CONFIG,
                   "--data: knows: \"%.*s\" is no topics/LABEL or risks/LABEL of the model",
                   one.len < 80 ? (int)one.len : 80, one.bytes);
}

static enum gs_status add_all_known(struct gs_str list, const struct gs_model_info *info,
                                    struct gs_label_space *space, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    for (size_t at = 0; at <= list.len && status == GS_OK;) {
        const char *plus = at < list.len ? memchr(list.bytes + at, '+', list.len - at) : NULL;
        const size_t end = plus == NULL ? list.len : (size_t)(plus - list.bytes);
        status = add_known((struct gs_str){list.bytes + at, end - at}, info, space, err);
        at = end + 1;
    }
    return status;
}

/* Where the first of the options behind a path begins; NULL: there is none. */
static char *next_option(char *text)
{
    char *name = strstr(text, ",name=");
    char *knows = strstr(text, ",knows=");
    return name == NULL || (knows != NULL && knows < name) ? knows : name;
}

enum gs_status gs_label_space_read(const char *spec, const struct gs_model_info *info,
                                   struct gs_label_space *ret, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    *ret = (struct gs_label_space){.text = ""};
    if (snprintf(ret->text, sizeof ret->text, "%s", spec) >= GS_SPACE_MAX_SPEC) {
        return gs_fail(err, GS_BAD_CONFIG, "--data: longer than %d bytes", GS_SPACE_MAX_SPEC - 1);
    }
    ret->path = ret->text;
    ret->name = ret->text;
    for (char *at = next_option(ret->text); at != NULL && status == GS_OK;) {
        char *end = next_option(at + 1);
        *at = '\0';
        if (end != NULL) {
            *end = '\0';
        }
        const char *value = strchr(at + 1, '=') + 1;
        if (at[1] == 'k') {
            status = add_all_known(gs_str(value), info, ret, err);
        } else {
            ret->name = value;
        }
        at = end;
    }
    if (status == GS_OK && (ret->path[0] == '\0' || ret->name[0] == '\0')) {
        status = gs_fail(err, GS_BAD_CONFIG, "--data: \"%.80s\" names no file", spec);
    }
    return status;
}

struct gs_line_labels gs_label_space_add(struct gs_label_space *space,
                                         const struct gs_model_info *info, enum gs_head head,
                                         const struct gs_labelled *line, size_t *n_unknown)
{
    const bool topics = head == GS_HEAD_TOPICS;
    const char *const *names = topics ? line->topics : line->risks;
    const size_t n = topics ? line->n_topics : line->n_risks;
    struct gs_line_labels ret = {.has = (topics ? line->has_topics : line->has_risks) ||
                                        space->knows[head] != 0,
                                 .first = info->n_labels[head]};

    for (size_t i = 0; i < n; i++) {
        const size_t l = label_named(info, head, gs_str(names[i]));
        if (l == info->n_labels[head]) {
            ++*n_unknown;
            continue;
        }
        ret.first = ret.labels == 0 ? l : ret.first;
        ret.labels |= (uint64_t)1 << l;
    }
    space->carried[head] |= ret.labels;
    return ret;
}

uint64_t gs_label_space_of(const struct gs_label_space *space, enum gs_head head)
{
    return space->knows[head] | space->carried[head];
}

void gs_label_space_say(const struct gs_label_space *space, const char *command,
                        const struct gs_model_info *info, enum gs_head head)
{
    const uint64_t missing = all_of(info, head) & ~gs_label_space_of(space, head);
    struct gs_buf names = {.max = 1 << 14};
    size_t n = 0;

    for (size_t l = 0; l < info->n_labels[head]; l++) {
        if ((missing >> l & 1U) != 0) {
            gs_buf_printf(&names, "%s%s", n++ > 0 ? ", " : "", info->labels[head][l]);
        }
    }
    gs_buf_putc(&names, '\0');
    if (n > 0 && gs_buf_ok(&names)) {
        gs_print_line(stderr,
                      "groundswell %s: %s: no line carries %zu of the model's %s, which are left "
                      "out: %s",
                      command, space->name, n, gs_head_name(head), names.bytes);
    }
    gs_buf_done(&names);
}
