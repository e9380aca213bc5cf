/* Reads the real texts that lie beside a checkout, where they do. */
#ifndef GS_TEXT_DATA_H
#define GS_TEXT_DATA_H

#include "tests/unit/gs_test.h"

#include "ingest/base/str.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_DATA_SKIPPED = 77 };

/* An environment variable; nothing in the tests changes these. */
static inline const char *text_setting(const char *name)
{
    return getenv(name); /* NOLINT(concurrency-mt-unsafe) */
}

/* The folder of the data; NULL, after saying so, where there is none. */
static inline const char *text_data_folder(void)
{
    const char *folder = text_setting("GROUNDSWELL_DATA");

    folder = folder == NULL ? "../../shared/data" : folder; /* tests run in tests/ */
    if (access(folder, R_OK) != 0) {
        print_message("no data at %s (GROUNDSWELL_DATA): skipped\n", folder);
        return NULL;
    }
    return folder;
}

/* Calls visit with each row of folder/file, at most max. */
static inline size_t text_data_read(const char *folder, const char *file, size_t max,
                                    void (*visit)(const json_t *row, void *arg), void *arg)
{
    char path[512];
    char *line = NULL;
    size_t capacity = 0;
    size_t n = 0;

    (void)snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *in = fopen(path, "r");
    if (in == NULL) {
        print_message("  %s is not there\n", path);
        return 0;
    }
    while (n < max && getline(&line, &capacity, in) > 0) {
        json_t *row = json_loads(line, JSON_ALLOW_NUL, NULL);
        if (row != NULL) {
            visit(row, arg);
            n++;
        }
        json_decref(row);
    }
    free(line);
    (void)fclose(in);
    return n;
}

static inline struct gs_str text_data_field(const json_t *row, const char *name)
{
    const json_t *field = json_object_get(row, name);

    return json_is_string(field)
               ? (struct gs_str){json_string_value(field), json_string_length(field)}
               : (struct gs_str){NULL, 0};
}

#endif
