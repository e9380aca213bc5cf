/* The parts of a tagged record that are objects in lists; for tagged_decode.c only. Each takes the
 * next value and stops the parser when it is not what we write. */
#ifndef GS_INGEST_TAGGED_INTERNAL_H
#define GS_INGEST_TAGGED_INTERNAL_H

#include "ingest/records/codec.h"
#include "ingest/records/record.h"

/* Adds to labels[*ret_n …], at most GS_MAX_TAGS in all. */
bool gs_codec_read_labels(struct gs_json *json, struct gs_scored_label *labels, size_t *ret_n);

/* The three probabilities; whatever else the object holds follows from them. */
bool gs_codec_read_sentiment(struct gs_json *json, float p[3]);

bool gs_codec_read_entities(struct gs_json *json, struct gs_tagged *tagged);

#endif
