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

struct gs_probe_client gs_doctor_client_of(const struct gs_config *config)
{
    return (struct gs_probe_client){
        .protocol = property(config, "security.protocol", "plaintext"),
        .mechanism =
            property(config, "sasl.mechanism", property(config, "sasl.mechanisms", "GSSAPI"))};
}

static void judge_port(const struct gs_probe *probe, const struct gs_probe_client *client,
                       struct gs_finding *finding)
{
    struct gs_probe_verdict verdict;

    gs_probe_judge(probe, client, &verdict);
    finding->level = verdict.fits ? GS_FINDING_OK : GS_FINDING_FAIL;
    (void)snprintf(finding->what, sizeof finding->what, "%s", verdict.what);
    (void)snprintf(finding->cure, sizeof finding->cure, "%s", verdict.cure);
    (void)snprintf(finding->why, sizeof finding->why, "%s",
                   verdict.fits ? ""
                                : "the broker hangs up, and the log only says \"disconnected\" or "
                                  "\"ApiVersion\"");
}

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
    const struct gs_probe_client client = gs_doctor_client_of(doctor->config);
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
    judge_port(&probe, &client, &finding);
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
