/* The incidents of a demo: how often people were told of each, and a line for each at the end.
 *
 * Threads: take from lane threads, draw from any; a lock guards what is kept. */
#ifndef GS_DEMO_INCIDENTS_H
#define GS_DEMO_INCIDENTS_H

#include "alerting/incidents/incidents.h"

enum { GS_DEMO_MAX_INCIDENTS = 64 };

struct gs_demo_incidents; /* opaque */

GS_MUST_CHECK
enum gs_status gs_demo_incidents_new(struct gs_demo_incidents **ret, struct gs_error *err);
void gs_demo_incidents_free(struct gs_demo_incidents *incidents); /* NULL is fine */

/* A change of an incident. */
void gs_demo_incidents_take(struct gs_demo_incidents *incidents,
                            const struct gs_incident *incident);

/* Appends how many there were and what people were told of them, a line each, at most width columns
 * wide. Returns whether each was opened once and ended once at most. */
bool gs_demo_incidents_draw(struct gs_demo_incidents *incidents, size_t width, struct gs_buf *out);

#endif
