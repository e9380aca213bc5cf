/* The client itself, with the settings of a lane (doctor.h): does it get in, can it reach the addresses
 * that the brokers give out, are the topics there and do they suit, may the groups be seen. */
#include "deploy/daemon/cli/doctor.h"

#include "ingest/kafka/inspect.h"
#include "ingest/kafka/survey.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

enum { STEP_MS = 3000, MOST_ADVERTISED = 16, HEADERS_OF_A_LETTER = 1024 };

/* ---- versions ---- */

const char *gs_doctor_kafka_name(int32_t metadata_version)
{
    static const struct {
        int32_t level;
        const char *name;
    } names[] = {{34, "4.5 or later"}, {31, "4.4"}, {30, "4.3"}, {28, "4.2"}, {26, "4.1"},
                 {22, "4.0"},          {21, "3.9"}, {20, "3.8"}, {15, "3.7"}, {12, "3.6"},
                 {9, "3.5"},           {8, "3.4"},  {4, "3.3"}};

    for (size_t i = 0; i < GS_COUNT(names); i++) {
        if (metadata_version >= names[i].level) {
            return names[i].name;
        }
    }
    return "";
}

enum { KAFKA_4_0 = 22, KAFKA_4_3 = 30 };
enum { CLIENT_2_6_1 = 0x020601ff, CLIENT_2_10 = 0x020a0000, CLIENT_2_15 = 0x020f0000 };

void gs_doctor_judge_versions(int client_version, const char *client_text, int32_t metadata_version,
                              const struct gs_probe_client *client, struct gs_finding *ret)
{
    const char *name = gs_doctor_kafka_name(metadata_version);
    const bool scram = strncasecmp(client->protocol, "sasl_", 5) == 0 &&
                       strncasecmp(client->mechanism, "SCRAM", 5) == 0;
    const bool new_protocol = client_version >= CLIENT_2_15 && metadata_version >= KAFKA_4_3;

    ret->level = GS_FINDING_OK;
    (void)snprintf(
        ret->what, sizeof ret->what,
        "librdkafka %s, Kafka %s: %s, static members, %s; KIP-848 (group.protocol: consumer) "
        "%s",
        client_text, name[0] == '\0' ? "of a version that cannot be seen" : name,
        client_version < CLIENT_2_10 ? "assignor range, eager"
                                     : "assignor range, eager (cooperative-sticky may be set)",
        "group protocol classic",
        new_protocol ? "would be safe here, and is not used yet"
                     : "is not safe before librdkafka 2.15 with brokers of 4.3");
    if (scram && client_version < CLIENT_2_6_1 && metadata_version >= KAFKA_4_0) {
        ret->level = GS_FINDING_FAIL;
        (void)snprintf(
            ret->why, sizeof ret->why,
            "SCRAM of librdkafka before 2.6.1 is refused by every broker since 4.0 (its nonce "
            "is doubled, librdkafka #4895)");
        (void)snprintf(ret->cure, sizeof ret->cure,
                       "librdkafka 2.6.1 or later, or sasl.mechanism: PLAIN over TLS");
    } else if (metadata_version >= KAFKA_4_3) {
        ret->level = GS_FINDING_WARN;
        (void)snprintf(
            ret->why, sizeof ret->why,
            "Kafka 4.3 and 4.4 can lose the end of a transaction when a partition has no "
            "leader (KAFKA-20734)");
        (void)snprintf(ret->cure, sizeof ret->cure,
                       "three replicas, min.insync.replicas=2, one broker restarted at a time "
                       "(operations.md, \"Which Kafka\")");
    }
}

/* ---- the way in ---- */

static void tell_shut_out(struct gs_doctor *doctor, const struct gs_error *err)
{
    struct gs_finding finding = {
        .level = GS_FINDING_FAIL, .check = "client", .subject = doctor->config->kafka.brokers};

    (void)snprintf(finding.what, sizeof finding.what, "the client does not get in: %s",
                   err->message);
    (void)snprintf(
        finding.why, sizeof finding.why,
        "the port is the right one: it is the certificate, the user, the password or the "
        "mechanism");
    (void)snprintf(finding.cure, sizeof finding.cure, "%s",
                   strstr(err->message, "certificate") != NULL
                       ? "kafka.properties: ssl.ca.location names the CA that signed the broker's "
                         "certificate, and kafka.brokers the name that is in it"
                       : "kafka.properties: sasl.username, sasl.password, sasl.mechanism, "
                         "ssl.ca.location");
    gs_doctor_tell(doctor, &finding);
}

static bool is_bootstrap(const struct gs_config *config, const char *host, int port)
{
    char known[256];
    char number[16];
    char wanted[16];

    (void)snprintf(wanted, sizeof wanted, "%d", port);
    for (size_t i = 0; gs_probe_split(config->kafka.brokers, i, known, number); i++) {
        if (strcasecmp(known, host) == 0 && strcmp(number, wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* Clients come in by a bootstrap address and go on to those that the brokers give out. */
static void look_at_advertised(struct gs_doctor *doctor, const struct gs_kafka_broker_facts *broker)
{
    char subject[300];
    char port[16];
    struct gs_probe probe;
    struct gs_finding finding = {
        .level = GS_FINDING_FAIL, .check = "advertised", .subject = subject};

    if (is_bootstrap(doctor->config, broker->host, broker->port)) {
        return;
    }
    (void)snprintf(port, sizeof port, "%d", broker->port);
    (void)snprintf(subject, sizeof subject, "broker %" PRId32 " at %s:%s", broker->id, broker->host,
                   port);
    gs_probe(broker->host, port, STEP_MS, &probe);
    if (probe.step == GS_PROBE_DONE) {
        gs_doctor_ok(doctor, "advertised", subject, "%s answers after %d ms", probe.address,
                     probe.connect_ms);
        return;
    }
    (void)snprintf(finding.what, sizeof finding.what, "%s: %s",
                   probe.step == GS_PROBE_DNS ? "its name has no address here"
                                              : "cannot be reached",
                   probe.why.message);
    (void)snprintf(
        finding.why, sizeof finding.why,
        "the bootstrap address answers, but clients go on to the address that the broker gives "
        "out, and it gives out this one");
    (void)snprintf(
        finding.cure, sizeof finding.cure,
        "advertised.listeners of the broker: an address that this machine reaches; or its name "
        "in this machine's DNS");
    gs_doctor_tell(doctor, &finding);
}

/* ---- topics ---- */

struct role {
    const char *what; /* "input", "stream dlq" */
    int lanes;        /* that read it; 0: none of ours */
    bool queue;       /* the dead-letter queue */
    int changelog;    /* of a topic with this many partitions: compacted, and as many; 0: none */
};

static void warn(struct gs_doctor *doctor, struct gs_finding *finding, const char *why,
                 const char *cure)
{
    finding->level = GS_FINDING_WARN;
    (void)snprintf(finding->why, sizeof finding->why, "%s", why);
    (void)snprintf(finding->cure, sizeof finding->cure, "%s", cure);
    gs_doctor_tell(doctor, finding);
}

static void judge_partitions(struct gs_doctor *doctor, const struct role *role,
                             const struct gs_kafka_topic_facts *facts, struct gs_finding *finding)
{
    if (facts->n_leaderless > 0) {
        (void)snprintf(finding->what, sizeof finding->what, "%d of %d partitions have no leader",
                       facts->n_leaderless, facts->n_partitions);
        warn(doctor, finding, "nothing is read from them or written to them until they have one",
             "the brokers that have their replicas: start them");
    }
    if (facts->min_in_sync > facts->fewest_in_sync) {
        (void)snprintf(finding->what, sizeof finding->what,
                       "%d replicas are in sync, and min.insync.replicas is %d",
                       facts->fewest_in_sync, facts->min_in_sync);
        warn(doctor, finding, "writing to it is refused (NOT_ENOUGH_REPLICAS)",
             "the brokers that are away; a topic with fewer replicas than that never works");
    }
    if (role->lanes > facts->n_partitions) {
        (void)snprintf(finding->what, sizeof finding->what, "%d lanes, and %d partitions",
                       role->lanes, facts->n_partitions);
        warn(doctor, finding, "a lane without a partition does nothing",
             "fewer lanes (lanes.tag, lanes.watch), or more partitions");
    }
}

/* Lanes stop at a changelog that is not as it has to be (state.md). */
static bool judge_changelog(struct gs_doctor *doctor, const struct role *role,
                            const struct gs_kafka_topic_facts *facts, struct gs_finding *finding)
{
    const bool compacted = !facts->told || (facts->compacted && !facts->deleted);

    if (role->changelog == 0 || (compacted && facts->n_partitions >= role->changelog)) {
        return true;
    }
    finding->level = GS_FINDING_FAIL;
    (void)snprintf(finding->what, sizeof finding->what,
                   "%s: %d partitions for %d of observations, cleanup.policy is %scompact%s",
                   role->what, facts->n_partitions, role->changelog,
                   compacted || facts->compacted ? "" : "not ",
                   facts->compacted && facts->deleted ? ",delete" : "");
    (void)snprintf(finding->why, sizeof finding->why,
                   "a lane of stage watch stops where its windows cannot be kept");
    (void)snprintf(finding->cure, sizeof finding->cure,
                   "cleanup.policy=compact, and as many partitions as observations (state.md)");
    gs_doctor_tell(doctor, finding);
    return false;
}

static void judge_settings(struct gs_doctor *doctor, const struct role *role,
                           const struct gs_kafka_topic_facts *facts, struct gs_finding *finding)
{
    const struct gs_config *config = doctor->config;

    if (!facts->told) {
        (void)snprintf(finding->what, sizeof finding->what, "its settings may not be seen");
        warn(doctor, finding, "batches are then bounded by message.max.bytes alone",
             "the right DESCRIBE_CONFIGS on it (operations.md, \"Rights\")");
        return;
    }
    if (role->changelog == 0 && facts->compacted) {
        (void)snprintf(finding->what, sizeof finding->what, "cleanup.policy is compact");
        warn(doctor, finding,
             role->queue ? "a later dead letter with the same key deletes the one before"
                         : "of the records with one key only the last stays",
             "cleanup.policy=delete");
    }
    if (role->queue && facts->max_message_bytes >= 0 &&
        (uint64_t)facts->max_message_bytes < config->input.max_record_bytes + HEADERS_OF_A_LETTER) {
        (void)snprintf(finding->what, sizeof finding->what,
                       "max.message.bytes is %" PRId64 ", and input.max_record_bytes %zu",
                       facts->max_message_bytes, config->input.max_record_bytes);
        warn(doctor, finding,
             "dead letters of large records are cut to fit, and cannot be redriven",
             "a larger max.message.bytes on this topic");
    }
}

/* How many partitions it has; 0: it is not there. */
static int look_at_topic(struct gs_doctor *doctor, struct gs_kafka_survey *survey,
                         const char *topic, const struct role *role)
{
    struct gs_finding finding = {.check = "topic", .subject = topic};
    struct gs_kafka_topic_facts facts;
    struct gs_error err = {GS_OK, ""};

    if (topic[0] == '^') {
        gs_doctor_ok(doctor, "topic", topic, "%s: a pattern, not looked at", role->what);
        return 0;
    }
    if (gs_kafka_survey_topic(survey, topic, &facts, &err) != GS_OK) {
        finding.level = GS_FINDING_FAIL;
        (void)snprintf(finding.what, sizeof finding.what, "%s: %s", role->what, err.message);
        (void)snprintf(
            finding.why, sizeof finding.why,
            "lanes do not start without it, and do not go past a record that has no place");
        (void)snprintf(finding.cure, sizeof finding.cure,
                       "create it, or give the user the rights to it (operations.md, \"Rights\")");
        gs_doctor_tell(doctor, &finding);
        return 0;
    }
    if (!judge_changelog(doctor, role, &facts, &finding)) {
        return facts.n_partitions;
    }
    const size_t before = doctor->n[GS_FINDING_WARN];
    judge_partitions(doctor, role, &facts, &finding);
    judge_settings(doctor, role, &facts, &finding);
    if (doctor->n[GS_FINDING_WARN] == before) {
        gs_doctor_ok(doctor, "topic", topic,
                     "%s: %d partitions, %d replicas, records up to %" PRId64 " bytes", role->what,
                     facts.n_partitions, facts.fewest_replicas, facts.max_message_bytes);
    }
    return facts.n_partitions;
}

static void look_at_topics(struct gs_doctor *doctor, struct gs_kafka_survey *survey)
{
    const struct gs_config *config = doctor->config;
    char what[48];
    int n_observations = 0;

    for (size_t i = 0; i < config->input.topics.n && config->input.kind == GS_INPUT_KAFKA; i++) {
        (void)look_at_topic(doctor, survey, config->input.topics.items[i],
                            &(struct role){.what = "input", .lanes = config->lanes.tag});
    }
    for (int i = 0; i < GS_N_STREAMS && config->output.kind == GS_OUTPUT_KAFKA; i++) {
        if (config->output.topics[i] == NULL) {
            continue; /* no changelog is wanted */
        }
        (void)snprintf(what, sizeof what, "stream %s", gs_stream_name((enum gs_stream)i));
        const int n = look_at_topic(
            doctor, survey, config->output.topics[i],
            &(struct role){.what = what,
                           .lanes = i == GS_STREAM_OBSERVATIONS ? config->lanes.watch : 0,
                           .queue = i == GS_STREAM_DLQ,
                           .changelog = i == GS_STREAM_STATE ? n_observations : 0});
        n_observations = i == GS_STREAM_OBSERVATIONS ? n : n_observations;
    }
}

/* ---- groups ---- */

static void look_at_group(struct gs_doctor *doctor, struct gs_kafka_survey *survey,
                          const char *stage)
{
    char group[256];
    size_t n = 0;
    struct gs_error err = {GS_OK, ""};
    struct gs_finding finding = {.level = GS_FINDING_FAIL, .check = "group", .subject = group};

    (void)snprintf(group, sizeof group, "%s-%s", doctor->config->kafka.group_prefix, stage);
    if (gs_kafka_survey_group(survey, group, &n, &err) == GS_OK) {
        gs_doctor_ok(doctor, "group", group, "%zu members", n);
        return;
    }
    (void)snprintf(finding.what, sizeof finding.what, "%s", err.message);
    (void)snprintf(finding.why, sizeof finding.why, "lanes have to join it and commit its offsets");
    (void)snprintf(finding.cure, sizeof finding.cure,
                   "the right READ on groups that begin with \"%s-\" (operations.md, \"Rights\")",
                   doctor->config->kafka.group_prefix);
    gs_doctor_tell(doctor, &finding);
}

/* ---- all of it ---- */

void gs_doctor_cluster(struct gs_doctor *doctor)
{
    const struct gs_probe_client client = gs_doctor_client_of(doctor->config);
    struct gs_kafka_survey *survey = NULL;
    struct gs_kafka_options options;
    struct gs_kafka_broker_facts broker;
    char group[256];
    struct gs_error err = {GS_OK, ""};
    struct gs_finding versions = {.check = "versions", .subject = "librdkafka"};

    gs_doctor_judge_versions(gs_kafka_client_version(), gs_kafka_client_version_text(),
                             doctor->metadata_version, &client, &versions);
    gs_doctor_tell(doctor, &versions);
    if (!doctor->reached) {
        return; /* the findings about the ports say why no client gets in */
    }
    gs_config_kafka_options(doctor->config, &options);
    (void)snprintf(group, sizeof group, "%s-doctor", doctor->config->kafka.group_prefix);
    options.group = group; /* it is not joined */
    if (gs_kafka_survey_open(&options, &survey, &err) != GS_OK) {
        tell_shut_out(doctor, &err);
        return;
    }
    gs_doctor_ok(doctor, "client", doctor->config->kafka.brokers, "the client gets in");
    for (size_t i = 0; i < MOST_ADVERTISED && gs_kafka_survey_broker(survey, i, &broker); i++) {
        look_at_advertised(doctor, &broker);
    }
    look_at_topics(doctor, survey);
    look_at_group(doctor, survey, "tag");
    look_at_group(doctor, survey, "watch");
    gs_kafka_survey_close(survey);
}
