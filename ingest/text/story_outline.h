/* The outline of a text (ingest/base/outline.h), by which near-copies are found: a retweet with a
 * comment, a wire copy that was edited or cut, an advertisement with other tickers behind it.
 *
 * Threads: any; keeps no state. */
#ifndef GS_INGEST_STORY_OUTLINE_H
#define GS_INGEST_STORY_OUTLINE_H

#include "ingest/base/outline.h"
#include "ingest/base/str.h"

/* Outlines a cleaned message, its title before its text; either may be empty. What counts are its
 * first 64 words, where a Han character is a word. A message of fewer than five is not compared:
 * *ret is all 0. */
void gs_outline(struct gs_str title, struct gs_str text, struct gs_outline *ret);

#endif
