/* Copies the files of a model's folder that go along with its weights: for who makes one folder of
 * another. One list says which files those are. */
#ifndef GS_CLASSIFIER_ENCODER_FOLDER_COPY_H
#define GS_CLASSIFIER_ENCODER_FOLDER_COPY_H

#include "ingest/base/error.h"

/* Makes the folder, unless it is there. GS_IO. */
GS_MUST_CHECK
enum gs_status gs_folder_make(const char *path, struct gs_error *err);

/* Copies dir/name to out/name; a file that is not there is none. GS_IO, GS_BAD_FORMAT: more than
 * 1 GB. */
GS_MUST_CHECK
enum gs_status gs_folder_copy_file(const char *dir, const char *out, const char *name,
                                   struct gs_error *err);

/* Copies settings, pooling and tokenizer, those that are there. As gs_folder_copy_file(). */
GS_MUST_CHECK
enum gs_status gs_folder_copy_settings(const char *dir, const char *out, struct gs_error *err);

/* Removes what gs_folder_copy_settings() may have put there, groundswell.json and weights, and the
 * folder if nothing else is in it: for what a failure has left. */
void gs_folder_remove(const char *dir);

#endif
