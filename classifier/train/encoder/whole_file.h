/* A file that appears whole or not at all: written under another name, brought to the disk, then
 * renamed. What was there before stays until then, also when the disk is full or the process is
 * killed.
 *
 * Internal to the encoder's trainer. */
#ifndef GS_CLASSIFIER_TRAIN_ENCODER_WHOLE_FILE_H
#define GS_CLASSIFIER_TRAIN_ENCODER_WHOLE_FILE_H

#include "classifier/encoder/folder.h"
#include "ingest/base/str.h"

#include <stdio.h>

struct gs_whole_file {
    FILE *file;
    char path[GS_FOLDER_PATH], draft[GS_FOLDER_PATH], dir[GS_FOLDER_PATH];
    int error; /* errno of the first failure */
};

GS_MUST_CHECK
enum gs_status gs_whole_file_open(struct gs_whole_file *file, const char *dir, const char *name,
                                  struct gs_error *err);
void gs_whole_file_put(struct gs_whole_file *file, const void *bytes, size_t n);
/* GS_IO: what could not be done, and then the draft is gone. */
GS_MUST_CHECK
enum gs_status gs_whole_file_commit(struct gs_whole_file *file, struct gs_error *err);

/* All of it at once. */
GS_MUST_CHECK
enum gs_status gs_whole_file_save(const char *dir, const char *name, struct gs_str bytes,
                                  struct gs_error *err);

#endif
