/* Why a client does not get in, for people: one sentence in place of librdkafka's report.
 *
 *     a certificate            what OpenSSL found wrong with it, which librdkafka does not pass on
 *     hung up on, or silence   the port itself is asked what it speaks (probe.h)
 *     all else                 librdkafka's words, without the address before and the times behind
 */
#include "ingest/kafka/kafka_internal.h"
#include "ingest/kafka/probe.h"

#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int error;
    const char *says;
} certificates[] = {
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
     "is signed by an authority that is not trusted here (ssl.ca.location)"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "is not valid yet (is this machine's clock right?)"},
    {X509_V_ERR_CERT_HAS_EXPIRED, "has expired"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
     "is signed by itself, and not trusted here (ssl.ca.location)"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
     "is signed by an authority that is not trusted here (ssl.ca.location)"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     "is signed by an authority that is not trusted here (ssl.ca.location)"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
     "is signed by an authority that is not trusted here (ssl.ca.location)"},
    {X509_V_ERR_CERT_REVOKED, "has been revoked"},
    {X509_V_ERR_HOSTNAME_MISMATCH, "is for another name than the one in kafka.brokers"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, "is for another address than the one in kafka.brokers"},
};

static void of_certificate(int error, char reason[GS_KAFKA_REASON])
{
    for (size_t i = 0; i < GS_COUNT(certificates); i++) {
        if (certificates[i].error == error) {
            (void)snprintf(reason, GS_KAFKA_REASON, "the broker's certificate %s",
                           certificates[i].says);
            return;
        }
    }
    (void)snprintf(reason, GS_KAFKA_REASON,
                   "the broker's certificate is not to be trusted (OpenSSL's verify error %d)",
                   error);
}

/* "ssl://host:9092/bootstrap: Connect to ipv4#… failed: Connection refused (after 0ms in state CONNECT)"
 * becomes "Connection refused"; other reports lose the address and the times. */
static void shorten(const char *report, char reason[GS_KAFKA_REASON])
{
    const char *end = strstr(report, " (after ");
    const char *start = strstr(report, ": ");

    end = end == NULL ? report + strlen(report) : end;
    start = start == NULL || start > end ? report : start + 2;
    const char *why = strstr(start, " failed: ");
    if (strncmp(start, "Connect to ", 11) == 0 && why != NULL && why < end) {
        start = why + 9;
    }
    (void)snprintf(reason, GS_KAFKA_REASON, "%.*s", (int)(end - start), start);
}

/* True: the client was hung up on, or nobody has said anything. */
static bool puzzling(const char *report)
{
    static const char *const signs[] = {"isconnected", "ApiVersion",  "brokers are down",
                                        "SSL",         "Broken pipe", "reset by peer"};

    for (size_t i = 0; i < GS_COUNT(signs); i++) {
        if (strstr(report, signs[i]) != NULL) {
            return true;
        }
    }
    return report[0] == '\0';
}

/* False: each port that answers speaks what the client speaks. */
static bool ask_ports(const struct gs_kafka_client *client, char reason[GS_KAFKA_REASON])
{
    enum { STEP_MS = 1000, ALL_MS = 2000 };
    const struct gs_probe_client speaks = {client->protocol, client->mechanism};
    const int64_t deadline = gs_kafka_deadline(ALL_MS);
    struct gs_probe probe;
    struct gs_probe_verdict verdict = {.fits = true};
    char host[256];
    char port[16];

    for (size_t i = 0; verdict.fits && !gs_kafka_past(deadline) && !gs_kafka_stopping(client) &&
                       gs_probe_split(client->brokers, i, host, port);
         i++) {
        gs_probe(host, port, STEP_MS, &probe);
        if (probe.step == GS_PROBE_DONE) {
            gs_probe_judge(&probe, &speaks, &verdict);
        }
    }
    if (!verdict.fits) {
        (void)snprintf(reason, GS_KAFKA_REASON, "%.*s", GS_KAFKA_REASON - 1, verdict.what);
    }
    return !verdict.fits;
}

void gs_kafka_reason(const struct gs_kafka_client *client, char reason[GS_KAFKA_REASON])
{
    const char *const report = client->last_error;
    const int x509_error = atomic_load(&client->x509_error);

    if (x509_error != 0 && strstr(report, "certificate") != NULL) {
        of_certificate(x509_error, reason);
        return;
    }
    if (puzzling(report) && ask_ports(client, reason)) {
        return;
    }
    shorten(report[0] == '\0' ? "no answer" : report, reason);
}
