/* What `groundswell doctor` finds, and the checks that find it: a file each.
 *
 *     network   each bootstrap address: name, port, and whether it speaks what the client speaks
 *     cluster   the client itself: log-in, the addresses that the brokers give out, topics, groups
 *     host      this machine: folders, limits, clock
 *
 * Threads: one. */
#ifndef GS_DEPLOY_DOCTOR_H
#define GS_DEPLOY_DOCTOR_H

#include "deploy/daemon/config/config.h"
#include "ingest/kafka/probe.h"

enum gs_finding_level { GS_FINDING_OK, GS_FINDING_WARN, GS_FINDING_FAIL, GS_N_FINDING_LEVELS };

struct gs_doctor {
    const struct gs_config *config;
    bool json;
    size_t n[GS_N_FINDING_LEVELS];
    int32_t metadata_version; /* the cluster's; -1: not known (behind TLS nobody tells us) */
    bool reached;             /* a bootstrap address speaks what the client speaks */
};

/* A finding: of what check, about what, and what it is; then why it matters and the cure, which an
 * "ok" has not. */
struct gs_finding {
    enum gs_finding_level level;
    const char *check;
    const char *subject;
    char what[300], why[300], cure[400];
};

/* Prints and counts it. */
void gs_doctor_tell(struct gs_doctor *doctor, const struct gs_finding *finding);
/* The same for one that is all right. */
GS_PRINTF(4, 5)
void gs_doctor_ok(struct gs_doctor *doctor, const char *check, const char *subject, const char *fmt,
                  ...);

void gs_doctor_network(struct gs_doctor *doctor);
void gs_doctor_cluster(struct gs_doctor *doctor);
void gs_doctor_host(struct gs_doctor *doctor);

/* ---- what is judged without asking anybody; for tests ---- */

/* By kafka.properties. */
struct gs_probe_client gs_doctor_client_of(const struct gs_config *config);
/* Which assignor and group protocol apply with this librdkafka and cluster. */
void gs_doctor_judge_versions(int client_version, const char *client_text, int32_t metadata_version,
                              const struct gs_probe_client *client, struct gs_finding *ret);
/* "3.9" of a level of metadata.version; "" before 3.3 or when it is not known. */
const char *gs_doctor_kafka_name(int32_t metadata_version);

#endif
