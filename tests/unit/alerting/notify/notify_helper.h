/* An incident to tell of, for the tests of notification. */
#ifndef GS_TEST_NOTIFY_HELPER_H
#define GS_TEST_NOTIFY_HELPER_H

#include "alerting/incidents/incidents.h"

#include <stdio.h>

static inline void make_incident(const char *id, const char *key, enum gs_severity severity,
                                 struct gs_incident *ret)
{
    *ret = (struct gs_incident){.severity = (uint8_t)severity,
                                .told_severity = (uint8_t)severity,
                                .notice = GS_NOTICE_OPENED,
                                .starts_at_ms = 1767571200000,
                                .opened_at_ms = 1767572000000,
                                .updated_at_ms = 1767572000000,
                                .ends_at_ms = -1,
                                .n_keys = 1};
    (void)snprintf(ret->id, sizeof ret->id, "%s", id);
    (void)snprintf(ret->title, sizeof ret->title, "Norvane Holdings: shares suspended");
    struct gs_incident_key *lead = &ret->keys[0];
    *lead = (struct gs_incident_key){
        .kind = GS_KEY_ENTITY,
        .severity = (uint8_t)severity,
        .firing = true,
        .now = {.observed = 0.684, .expected = 0.21, .n = 120, .stories = 34, .publishers = 12}};
    (void)snprintf(lead->key, sizeof lead->key, "%s", key);
    (void)snprintf(lead->name, sizeof lead->name, "Norvane Holdings");
    (void)snprintf(lead->story.text, sizeof lead->story.text, "Shares suspended");
    (void)snprintf(lead->story.url, sizeof lead->story.url, "https://news.example/1");
}

#endif
