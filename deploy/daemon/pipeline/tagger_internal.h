/* Shared by tagger.c (records in, tagged messages out), tagger_entities.c, tagger_marks.c and
 * tagger_fill.c. */
#ifndef GS_DEPLOY_TAGGER_INTERNAL_H
#define GS_DEPLOY_TAGGER_INTERNAL_H

#include "deploy/daemon/pipeline/tagger.h"

/* Entities of title, text and fields, and the counts of names that fields gave; list may be
 * NULL. */
void gs_tagging_find_entities(struct gs_tagging *tagging, const struct gs_watchlist *list);
/* Adds marked and what belongs to it, between the marks of the model. A text that the arena has no
 * room for is left out. */
void gs_tagging_mark_entities(struct gs_tagging *tagging, const struct gs_model_info *info,
                              struct gs_arena *arena);
/* The sentiments of the marked entities into the record. */
void gs_tagging_fill_entities(struct gs_tagging *tagging, const struct gs_reply *reply);
/* The prediction into the record. */
void gs_tagging_fill(struct gs_tagging *tagging, const struct gs_model_info *info,
                     const struct gs_reply *reply);

#endif
