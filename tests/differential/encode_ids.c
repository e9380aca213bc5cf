/* encode_ids fp32|int8 FOLDER: one list of ids a line on stdin, the embedding of each on stdout. */
#include "classifier/encoder/encoder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LINE = 1 << 20 };

/* Ids of a line into ids [most]; how many, or 0 when that is not what the line has. */
static size_t read_ids(const char *line, int32_t *ids, size_t most)
{
    size_t n = 0;
    char *end = NULL;
    const char *at = line;

    while (*at != '\0' && *at != '\n') {
        errno = 0;
        const long id = strtol(at, &end, 10);
        if (end == at || errno != 0 || id < 0 || id > INT32_MAX || n == most) {
            return 0;
        }
        ids[n++] = (int32_t)id;
        at = end;
    }
    return n;
}

static enum gs_status encode_lines(const struct gs_encoder *encoder,
                                   struct gs_encoder_workspace *work, struct gs_error *err)
{
    const size_t most = gs_encoder_info(encoder)->config->max_tokens;
    const size_t hidden = gs_encoder_info(encoder)->config->hidden;
    char *line = malloc(MAX_LINE);
    int32_t *ids = calloc(most, sizeof *ids);
    float *pooled = calloc(hidden, sizeof *pooled);
    enum gs_status status = GS_OK;

    if (line == NULL || ids == NULL || pooled == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "encode_ids");
        goto done;
    }
    while (status == GS_OK && fgets(line, MAX_LINE, stdin) != NULL) {
        const size_t starts[] = {0, read_ids(line, ids, most)};
        const struct gs_encoder_batch batch = {ids, starts, 1};
        status = gs_encoder_run(encoder, work, &batch, pooled, NULL, err);
        for (size_t i = 0; i < hidden && status == GS_OK; i++) {
            (void)printf("%.9g%c", (double)pooled[i], i + 1 < hidden ? ' ' : '\n');
        }
    }

done:
    free(line);
    free(ids);
    free(pooled);
    return status;
}

int main(int argc, char **argv)
{
    struct gs_encoder *encoder = NULL;
    struct gs_encoder_workspace *work = NULL;
    struct gs_error err = {0};

    if (argc != 3 || (strcmp(argv[1], "fp32") != 0 && strcmp(argv[1], "int8") != 0)) {
        (void)fprintf(stderr, "usage: encode_ids fp32|int8 FOLDER <ids\n");
        return 2;
    }
    const bool int8 = strcmp(argv[1], "int8") == 0;
    enum gs_status status =
        gs_encoder_load(argv[2], int8 ? GS_ARITH_INT8 : GS_ARITH_FP32, &encoder, &err);
    if (status == GS_OK) {
        const size_t most = gs_encoder_info(encoder)->config->max_tokens;
        status = gs_encoder_workspace_new(encoder, most, 1, &work, &err);
    }
    if (status == GS_OK) {
        (void)fprintf(stderr, "%s %s\n", gs_encoder_info(encoder)->kernels,
                      gs_encoder_info(encoder)->sha256);
        status = encode_lines(encoder, work, &err);
    }
    gs_encoder_workspace_free(work);
    gs_encoder_free(encoder);
    if (status != GS_OK) {
        (void)fprintf(stderr, "encode_ids: %s\n", err.message);
        return 3;
    }
    return 0;
}
