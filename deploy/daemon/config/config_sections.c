/* The groups of settings, in the order of the documents. */
#include "deploy/daemon/config/options.h"

const struct gs_section gs_sections[] = {
    {"input", "Where messages come from and how a record is read."},
    {"input.pointers", "Where the fields of a JSON record are: RFC 6901 JSON pointers. A pointer "
                       "without a value switches its field off."},
    {"kafka", "The brokers, and how delivery is promised."},
    {"output", "Where results go."},
    {"output.topics", "The Kafka topic of each stream. They must exist."},
    {"output.files",
     "The file of each stream: a path, \"-\" for standard output, \".gz\" compresses. "
     "A stream without a file is dropped."},
    {"lanes", "How many threads work: each has a consumer and a producer of its own."},
    {"batch", "How much is committed at once."},
    {"text", "Cleaning, before anything else sees the text."},
    {"entities", "Whom a message is about."},
    {"model", "What says topic, sentiment and risk."},
    {"model.encoder", "How messages are put into micro-batches for a model with an encoder."},
    {"observations", "What each message is counted for."},
    {"watch", "When negative opinion counts as rising."},
    {"incidents", "Alerts that people are told of as one (incidents.md)."},
    {"notify", "How incidents go out to people (notify.md)."},
    {"notify.alertmanager", "Alertmanagers that incidents are pushed to."},
    {"notify.webhook", "Addresses that each notice of an incident is posted to."},
    {"state", "What is kept of the windows from one run to the next."},
    {"http", "The server of /metrics, /healthz, /readyz and the status page."},
    {"log", "What is said on standard error."},
};
const size_t gs_n_sections = GS_COUNT(gs_sections);
