/* What is behind a broker's address, seen from a bare socket: does the name resolve, does somebody
 * listen, and does that speak Kafka in the clear, Kafka behind SASL, TLS, or something else. For
 * `groundswell doctor`, and for what a lane says when it does not get in (reason.c): a client only says
 * that it was hung up on.
 *
 *     ApiVersions ─┬─ an answer ─► SaslHandshake with a mechanism that nobody has ─┬─ the list of those
 *                  │                                                               │  that there are: SASL
 *                  │                                                               └─ out of place: plain
 *                  └─ none, or an alert ─► another connection: ClientHello ─► a record of TLS: TLS
 *
 * Nothing secret is sent, and nothing that a broker would act on.
 *
 * Source: Kafka's protocol guide (ApiVersions 3, SaslHandshake 1), RFC 8446 section 5.1.
 * Threads: no state. */
#ifndef GS_INGEST_PROBE_H
#define GS_INGEST_PROBE_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdint.h>

enum gs_probe_speaks {
    GS_PROBE_NOTHING,   /* it hangs up, or says nothing in time */
    GS_PROBE_PLAINTEXT, /* Kafka */
    GS_PROBE_SASL,      /* Kafka that wants SASL, without TLS */
    GS_PROBE_TLS,       /* what is behind it cannot be seen from here */
    GS_PROBE_HTTP,
    GS_PROBE_OTHER
};

enum gs_probe_step { GS_PROBE_DNS, GS_PROBE_TCP, GS_PROBE_DONE };

struct gs_probe {
    enum gs_probe_step step; /* how far it came: _DNS or _TCP failed, or _DONE */
    char address[64];        /* the one that answered, or was tried last */
    int n_addresses;
    int connect_ms;
    enum gs_probe_speaks speaks;
    char mechanisms[128];     /* of SASL: "PLAIN,SCRAM-SHA-256" */
    int32_t metadata_version; /* the cluster's finalized feature level; -1: it does not say */
    struct gs_error why;      /* where it came no further */
};

/* Waits at most timeout_ms in each step. */
void gs_probe(const char *host, const char *port, int timeout_ms, struct gs_probe *ret);

/* The i-th address of a list like kafka.brokers: "a:9092,SASL_SSL://b:9093,[::1]:9092,c" (9092 is what
 * is left out). False: there is none. What is longer than the room is cut. */
bool gs_probe_split(const char *brokers, size_t i, char host[256], char port[16]);

/* The client's side of a connection, by its properties. */
struct gs_probe_client {
    const char *protocol;  /* security.protocol, "plaintext" */
    const char *mechanism; /* sasl.mechanism, "GSSAPI" */
};
/* Whether a port speaks what a client speaks; if not, what is wrong, and the cure. */
struct gs_probe_verdict {
    bool fits;
    char what[300], cure[400]; /* cure: "" when it fits */
};
void gs_probe_judge(const struct gs_probe *probe, const struct gs_probe_client *client,
                    struct gs_probe_verdict *ret);

/* ---- the answers' bytes, which come from anybody; for tests and the fuzzer ---- */

/* Of an answer to ApiVersions 3, behind its length: the level of metadata.version, -1: not there. False:
 * it is no such answer. */
bool gs_probe_read_versions(struct gs_str bytes, int32_t *ret_level);
/* Of an answer to SaslHandshake 1, behind its length. False: it is no such answer. */
bool gs_probe_read_handshake(struct gs_str bytes, bool *ret_sasl, char *mechanisms, size_t size);

#endif
