/* Takes a JSON pointer (RFC 6901) apart, once, when the configuration is read.
 *
 * The text is copied and its parts are unescaped in place: ~1 is '/', ~0 is '~', and both get
 * shorter. A part that could be the index of an element is kept as a number as well, since the same
 * pointer may meet an object or a list. */
#include "ingest/records/pointer.h"

#include <stdlib.h>

/* "0", or digits without a zero in front; SIZE_MAX for anything else. */
static size_t element_index(struct gs_str name)
{
    size_t value = 0;

    if (name.len == 0 || name.len > 9 || (name.len > 1 && name.bytes[0] == '0')) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (name.bytes[i] < '0' || name.bytes[i] > '9') {
            return SIZE_MAX;
        }
        value = value * 10 + (size_t)(name.bytes[i] - '0');
    }
    return value;
}

/* Takes one part from *at (behind its slash) to the next slash, unescaped in place. */
static bool read_token(char **at, struct gs_pointer_token *ret)
{
    char *name = *at;
    char *out = name;
    char *in = name;

    for (; *in != '\0' && *in != '/'; in++) {
        if (*in == '~') {
            in++;
            if (*in != '0' && *in != '1') {
                return false;
            }
            *out++ = *in == '0' ? '~' : '/';
        } else {
            *out++ = *in;
        }
    }
    *at = in;
    ret->name = (struct gs_str){name, (size_t)(out - name)};
    ret->index = element_index(ret->name);
    return true;
}

enum gs_status gs_pointer_parse(const char *field, const char *text, struct gs_pointer *ret,
                                struct gs_error *err)
{
    const size_t len = strlen(text);
    struct gs_pointer pointer = {0};
    enum gs_status status = GS_OK;

    if (text[0] != '/') {
        return gs_fail(err, GS_BAD_CONFIG, "%s: \"%s\" is not a JSON pointer: it must begin with /",
                       field, text);
    }
    pointer.text = malloc(len + 1);
    pointer.tokens = calloc(GS_POINTER_MAX_TOKENS, sizeof *pointer.tokens);
    if (pointer.text == NULL || pointer.tokens == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "%s: JSON pointer", field);
        goto done;
    }
    memcpy(pointer.text, text, len + 1);
    for (char *at = pointer.text; *at == '/';) {
        at++;
        if (pointer.n_tokens == GS_POINTER_MAX_TOKENS) {
            status = gs_fail(err, GS_BAD_CONFIG, "%s: \"%s\" has more than %d parts", field, text,
                             GS_POINTER_MAX_TOKENS);
            goto done;
        }
        if (!read_token(&at, &pointer.tokens[pointer.n_tokens++])) {
            status = gs_fail(err, GS_BAD_CONFIG,
                             "%s: \"%s\" is not a JSON pointer: only ~0 and ~1 may follow a ~",
                             field, text);
            goto done;
        }
    }
    *ret = pointer;
    pointer = (struct gs_pointer){0};

done:
    gs_pointer_done(&pointer);
    return status;
}

void gs_pointer_done(struct gs_pointer *pointer)
{
    free(pointer->text);
    free(pointer->tokens);
    *pointer = (struct gs_pointer){0};
}
