/* Names and versions of models on the command line: what groundswell.json takes. */
#ifndef GS_DEPLOY_MODEL_NAME_H
#define GS_DEPLOY_MODEL_NAME_H

#include <stdbool.h>

enum { GS_MODEL_NAME_SIZE = 64 }; /* with its NUL */

/* Lower case letters, digits, "_", "-" and ".", which does not come first. */
bool gs_model_name_is_fine(const char *name);

/* The name that a model has without --name: the last part of the folder's path, upper case as lower
 * case and '-' for what a name may not have; fallback where nothing is left. */
void gs_model_name_after(const char *folder, const char *fallback, char ret[GS_MODEL_NAME_SIZE]);

#endif
