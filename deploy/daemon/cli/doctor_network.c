/* Names, ports and what they speak (doctor.h). A client that speaks in the clear to a port that wants
 * TLS or SASL, or the reverse, is only hung up on; here it gets a sentence. */
#include "deploy/daemon/cli/doctor.h"

#include <stdio.h>
#include <strings.h>

enum { STEP_MS = 4000 };

static const char *property(const struct gs_config *config, const char *name, const char *otherwise)
{
    for (size_t i = 0; i < config->kafka.properties.n; i++) {
        if (strcmp(config->kafka.properties.items[i].name, name) == 0) {
            return config->kafka.properties.items[i].value;
        }
    }
    return otherwise;
}

struct gs_doctor_client gs_doctor_client_of(const struct gs_config *config)
{
    return (struct gs_doctor_client){
        .protocol = property(config, "security.protocol", "plaintext"),
        .mechanism =
            property(config, "sasl.mechanism", property(config, "sasl.mechanisms", "GSSAPI"))};
}

/* ---- judging ---- */

static void bad(struct gs_finding *ret, const char *what, const char *cure)
{
    ret->level = GS_FINDING_FAIL;
    (void)snprintf(ret->what, sizeof ret->what, "%s", what);
    (void)snprintf(ret->why, sizeof ret->why,
                   "the broker hangs up, and the log only says \"disconnected\" or \"ApiVersion\"");
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
                             const struct gs_doctor_client *client, struct gs_finding *ret)
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

void gs_doctor_judge_port(const struct gs_probe *probe, const struct gs_doctor_client *client,
                          struct gs_finding *ret)
{
    const bool tls =
        strcasecmp(client->protocol, "ssl") == 0 || strcasecmp(client->protocol, "sasl_ssl") == 0;
    const bool sasl = strncasecmp(client->protocol, "sasl_", 5) == 0;

    ret->level = GS_FINDING_OK;
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

/* ---- asking ---- */

static void tell_unreachable(struct gs_doctor *doctor, const struct gs_probe *probe,
                             struct gs_finding *finding)
{
    const bool name = probe->step == GS_PROBE_DNS;

    finding->level = GS_FINDING_FAIL;
    finding->check = name ? "dns" : "tcp";
    (void)snprintf(finding->what, sizeof finding->what, "%s%s%.200s", name ? "" : probe->address,
                   name ? "" : ": ", probe->why.message);
    (void)snprintf(finding->why, sizeof finding->why, "%s",
                   name ? "the name has no address here"
                        : "nobody listens, or a firewall is between");
    (void)snprintf(
        finding->cure, sizeof finding->cure, "%s",
        name ? "the name in kafka.brokers, or this machine's DNS (getent hosts NAME)"
             : "does the broker run, and on that address and port (its listeners)? is the "
               "port open from here?");
    gs_doctor_tell(doctor, finding);
}

static void look_at(struct gs_doctor *doctor, const char *host, const char *port)
{
    const struct gs_doctor_client client = gs_doctor_client_of(doctor->config);
    char subject[280];
    struct gs_probe probe;
    struct gs_finding finding = {.check = "port", .subject = subject};

    (void)snprintf(subject, sizeof subject, "%s:%s", host, port);
    gs_probe(host, port, STEP_MS, &probe);
    if (probe.step != GS_PROBE_DONE) {
        tell_unreachable(doctor, &probe, &finding);
        return;
    }
    gs_doctor_ok(doctor, "tcp", subject, "%s answers after %d ms (%d addresses)", probe.address,
                 probe.connect_ms, probe.n_addresses);
    gs_doctor_judge_port(&probe, &client, &finding);
    gs_doctor_tell(doctor, &finding);
    doctor->reached = doctor->reached || finding.level == GS_FINDING_OK;
    if (probe.metadata_version > doctor->metadata_version) {
        doctor->metadata_version = probe.metadata_version;
    }
}

void gs_doctor_network(struct gs_doctor *doctor)
{
    char host[256];
    char port[16];

    for (size_t i = 0; gs_probe_split(doctor->config->kafka.brokers, i, host, port); i++) {
        look_at(doctor, host, port);
    }
}
