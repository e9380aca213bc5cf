/* What a port speaks, held against what a client speaks (probe.h). A client that speaks in the clear to
 * a port that wants TLS or SASL, or the reverse, is only hung up on; here that gets a sentence. */
#include "ingest/kafka/probe.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void bad(struct gs_probe_verdict *ret, const char *what, const char *cure)
{
    ret->fits = false;
    (void)snprintf(ret->what, sizeof ret->what, "%s", what);
    (void)snprintf(ret->cure, sizeof ret->cure, "%s", cure);
}

static bool has_word(const char *list, const char *word)
{
    const size_t len = strlen(word);

    for (const char *at = list; *at != '\0'; at += strcspn(at, ","), at += *at == ',') {
        if (strcspn(at, ",") == len && strncasecmp(at, word, len) == 0) {
            return true;
        }
    }
    return false;
}

static void judge_plain_port(const struct gs_probe *probe, bool tls, bool sasl,
                             const struct gs_probe_client *client, struct gs_probe_verdict *ret)
{
    char what[300];
    char cure[400];
    const bool wants = probe->speaks == GS_PROBE_SASL;

    if (tls) {
        (void)snprintf(what, sizeof what,
                       "the client wants TLS (security.protocol: %s), and this port "
                       "speaks without it",
                       client->protocol);
        (void)snprintf(cure, sizeof cure,
                       "kafka.brokers: the port of the TLS listener; or, where the network may be "
                       "trusted, kafka.properties: {security.protocol: %s}",
                       wants ? "sasl_plaintext" : "plaintext");
        bad(ret, what, cure);
    } else if (wants && !sasl) {
        (void)snprintf(what, sizeof what,
                       "the port wants a log-in by SASL (%s), and the client does not log in",
                       probe->mechanisms);
        (void)snprintf(
            cure, sizeof cure,
            "kafka.properties: {security.protocol: sasl_plaintext, sasl.mechanism: %.40s, "
            "sasl.username: …, sasl.password: \"@/run/secrets/kafka\"}",
            probe->mechanisms);
        bad(ret, what, cure);
    } else if (!wants && sasl) {
        bad(ret, "the client wants to log in by SASL, and this port has no log-in",
            "kafka.brokers: the port of the SASL listener; or kafka.properties: "
            "{security.protocol: plaintext}");
    } else if (wants && !has_word(probe->mechanisms, client->mechanism)) {
        (void)snprintf(what, sizeof what, "the client logs in by %.60s, and this port knows %s",
                       client->mechanism, probe->mechanisms);
        (void)snprintf(cure, sizeof cure,
                       "kafka.properties: {sasl.mechanism: one of %s}, with its user and password",
                       probe->mechanisms);
        bad(ret, what, cure);
    } else {
        (void)snprintf(ret->what, sizeof ret->what, "speaks Kafka%s%s%s, as the client does",
                       wants ? " with SASL (" : "", probe->mechanisms, wants ? ")" : "");
    }
}

void gs_probe_judge(const struct gs_probe *probe, const struct gs_probe_client *client,
                    struct gs_probe_verdict *ret)
{
    const bool tls =
        strcasecmp(client->protocol, "ssl") == 0 || strcasecmp(client->protocol, "sasl_ssl") == 0;
    const bool sasl = strncasecmp(client->protocol, "sasl_", 5) == 0;

    ret->fits = true;
    ret->cure[0] = '\0';
    switch (probe->speaks) {
    case GS_PROBE_PLAINTEXT:
    case GS_PROBE_SASL:
        judge_plain_port(probe, tls, sasl, client, ret);
        break;
    case GS_PROBE_TLS:
        if (tls) {
            (void)snprintf(ret->what, sizeof ret->what, "speaks TLS, as the client does");
        } else {
            bad(ret, "the client speaks in the clear, and this port wants TLS",
                sasl ? "kafka.properties: {security.protocol: sasl_ssl, ssl.ca.location: FILE}"
                     : "kafka.properties: {security.protocol: ssl (sasl_ssl, if it has a log-in), "
                       "ssl.ca.location: FILE}");
        }
        break;
    case GS_PROBE_HTTP:
        bad(ret, "this is a web server, no Kafka broker", "kafka.brokers: the brokers' own port");
        break;
    case GS_PROBE_NOTHING:
        bad(ret, "it takes the connection and says nothing, neither in Kafka's words nor in TLS",
            "is it the broker's port? A balancer or proxy without a broker behind it does this, "
            "and a "
            "broker that is starting");
        break;
    case GS_PROBE_OTHER:
        bad(ret, "what answers there is no Kafka broker", "kafka.brokers: the brokers' own port");
        break;
    }
}
