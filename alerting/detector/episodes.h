/* From evidence to alerts: lifecycle.c and emit.c. Private to the detector. */
#ifndef GS_ALERTING_EPISODES_H
#define GS_ALERTING_EPISODES_H

#include "alerting/detector/watch_internal.h"

/* Looks at a key whose bin has closed: fires, or moves its episode on. traffic: the bin had
 * messages. */
void gs_episode_step(struct gs_watch *watch, uint32_t key, bool traffic);
/* Room for one episode more in gs_episodes_settle()'s workspace; false without memory. */
bool gs_episodes_reserve(struct gs_watch *watch);
/* Begins an alert; an earlier one of the key, which is over, goes. NULL: no memory. */
struct gs_episode *gs_episode_open(struct gs_watch *watch, uint32_t key_at, int32_t starts,
                                   double threshold);
void gs_episode_end(struct gs_episode *episode, struct gs_key *key, enum gs_end why);
/* consequence.c: what the severities of the alerts that are on become by consequence. */
void gs_consequences_settle(struct gs_watch *watch);
/* Why an alert is as severe as it is, in words. */
void gs_consequence_write(char *ret, size_t size, const struct gs_watch *watch,
                          const struct gs_episode *episode);
/* At the end of a bin: settles severities and puts the episodes that changed into watch->ranked, by
 * key; returns how many. gs_episodes_retire(), after their alerts were given, frees those that are
 * long over. */
size_t gs_episodes_settle(struct gs_watch *watch);
void gs_episodes_retire(struct gs_watch *watch, int32_t bin);
/* The number of n e-values (descending) that e-BH rejects at level q among n_live hypotheses. */
size_t gs_e_bh(const struct gs_ranked_episode *descending, size_t n, double n_live, double q);
/* Makes the alert of an episode at the close of bin; its texts are in watch->parts. */
void gs_alert_make(struct gs_watch *watch, uint32_t at, int32_t bin, struct gs_alert *ret);
bool gs_episode_calm(const struct gs_hour *hour, double m);
/* The shortest window in which all that an alert needs beside evidence holds; the hour if none. */
bool gs_episode_window(const struct gs_watch *watch, const struct gs_key *key, struct gs_hour *ret);
bool gs_episode_gates(const struct gs_watch_options *options, const struct gs_hour *hour);

#endif
