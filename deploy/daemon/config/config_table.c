/* Every setting: name, type, field, range, default and help. The order is the order of the
 * documents. */
#include "deploy/daemon/config/config_rows.h"
#include "deploy/daemon/config/severity_rows.h"

static const char *const input_kinds[] = {"kafka", "file", "stdin", NULL};
static const char *const formats[] = {"json", "text", NULL};
static const char *const bad_utf8[] = {"repair", "reject", NULL};
static const char *const jits[] = {"auto", "off", NULL};
static const char *const deliveries[] = {"exactly_once", "at_least_once", NULL};
static const char *const starts[] = {"committed", "earliest", "latest", NULL};
static const char *const output_kinds[] = {"kafka", "file", NULL};

const struct gs_option gs_options[] = {
    {"input.kind", GS_OPT_ENUM, AT(input.kind), 0, 0, "kafka",
     "Where messages come from: Kafka topics, files, or standard input.", input_kinds, 0},
    {"input.topics", GS_OPT_NAMES, AT(input.topics), 0, 0, "groundswell.raw",
     "The Kafka topics that the tag stage reads.", NULL, 0},
    {"input.files", GS_OPT_PATHS, AT(input.files), 0, 0, "",
     "The files to read one after another when input.kind is file: one record a line, plain or "
     "gzip. \"-\" is standard input.",
     NULL, 0},
    {"input.format", GS_OPT_ENUM, AT(input.format), 0, 0, "json",
     "json: a record is one JSON object. text: the whole record is the text.", formats, 0},
    {"input.pointers.id", GS_OPT_POINTER, AT(input.pointers.id), 0, 0, "/id",
     "The message's id. Without one, an id is made from source, time and text.", NULL,
     GS_OPT_OPTIONAL},
    {"input.pointers.ts", GS_OPT_POINTER, AT(input.pointers.ts), 0, 0, "/ts",
     "The event time: RFC 3339, RFC 2822 and the like (see records.md), or a number since the "
     "epoch. Without one, the record's own timestamp counts.",
     NULL, GS_OPT_OPTIONAL},
    {"input.pointers.source", GS_OPT_POINTER, AT(input.pointers.source), 0, 0, "/source",
     "The publisher or account.", NULL, GS_OPT_OPTIONAL},
    {"input.pointers.title", GS_OPT_POINTER, AT(input.pointers.title), 0, 0, "/title",
     "The headline. A message needs a title or a text.", NULL, GS_OPT_OPTIONAL},
    {"input.pointers.text", GS_OPT_POINTER, AT(input.pointers.text), 0, 0, "/text", "The body.",
     NULL, GS_OPT_OPTIONAL},
    {"input.pointers.url", GS_OPT_POINTER, AT(input.pointers.url), 0, 0, "/url",
     "The address, passed on.", NULL, GS_OPT_OPTIONAL},
    {"input.pointers.lang", GS_OPT_POINTER, AT(input.pointers.lang), 0, 0, "/lang",
     "The language as the sender says; ours is found from the text.", NULL, GS_OPT_OPTIONAL},
    {"input.pointers.author", GS_OPT_POINTER, AT(input.pointers.author), 0, 0, "/author",
     "Who wrote it, passed on.", NULL, GS_OPT_OPTIONAL},
    {"input.pointers.entities", GS_OPT_POINTERS, AT(input.pointers.entities), 0, 0, "",
     "Fields that say whom the message is about, such as a feed's list of tickers or the board of "
     "a forum: each a text, a number or a list of them, looked up in the watchlist.",
     NULL, 0},
    {"input.keep_extra", GS_OPT_BOOL, AT(input.keep_extra), 0, 0, "false",
     "Whether fields that no pointer names are passed on under \"extra\".", NULL, 0},
    {"input.default_source", GS_OPT_STRING, AT(input.default_source), 0, 0, "",
     "The source of a record that names none. Not set: the topic's or file's name.", NULL,
     GS_OPT_OPTIONAL},
    {"input.max_record_bytes", GS_OPT_SIZE, AT(input.max_record_bytes), KIB, 64 * MIB, "1MiB",
     "A longer record goes to the dead-letter queue.", NULL, 0},
    {"input.max_future", GS_OPT_DURATION, AT(input.max_future_ms), 0, 30 * DAY, "10m",
     "How far an event time may lie ahead of its record's own time (of the wall clock, where there "
     "is none). One beyond it would make later messages late, so it goes to the dead-letter queue.",
     NULL, 0},
    {"input.bad_utf8", GS_OPT_ENUM, AT(input.bad_utf8), 0, 0, "repair",
     "A record with bytes that are not UTF-8: repair it (U+FFFD, counted) or reject it to the "
     "dead-letter queue.",
     bad_utf8, 0},

    {"kafka.brokers", GS_OPT_STRING, AT(kafka.brokers), 0, 0, "localhost:9092",
     "Addresses to begin with: host:port, separated by commas.", NULL, 0},
    {"kafka.group_prefix", GS_OPT_NAME, AT(kafka.group_prefix), 0, 0, "groundswell",
     "The consumer group of a stage is <prefix>-<stage>, such as groundswell-tag.", NULL, 0},
    {"kafka.instance", GS_OPT_NAME, AT(kafka.instance), 0, 0, "",
     "The stable name of this process, part of its transactional and member ids. Two processes of "
     "a group must not share one. Not set: the host's name.",
     NULL, GS_OPT_OPTIONAL},
    {"kafka.delivery", GS_OPT_ENUM, AT(kafka.delivery), 0, 0, "exactly_once",
     "exactly_once: results and offsets commit in one transaction. at_least_once: offsets are "
     "committed behind the delivery reports; a crash repeats a batch.",
     deliveries, 0},
    {"kafka.start", GS_OPT_ENUM, AT(kafka.start), 0, 0, "earliest",
     "Where a group without committed offsets begins. committed: refuse to start without them.",
     starts, 0},
    {"kafka.strict", GS_OPT_BOOL, AT(kafka.strict), 0, 0, "false",
     "Whether a timed-out end of a transaction makes a new producer, which rules out that the "
     "delayed request touches a later transaction.",
     NULL, 0},
    {"kafka.transaction_timeout", GS_OPT_DURATION, AT(kafka.transaction_timeout_ms), SECOND,
     15 * MINUTE, "10s",
     "After this time the broker aborts an open transaction. Longer than batch.max_time.", NULL, 0},
    {"kafka.leave_on_stop", GS_OPT_BOOL, AT(kafka.leave_on_stop), 0, 0, "true",
     "Whether SIGTERM takes the process out of its groups, so that others read its partitions at "
     "once. false: they wait session.timeout.ms (10s) for it to come back, which spares a restart "
     "two rebalances.",
     NULL, 0},
    {"kafka.shutdown_timeout", GS_OPT_DURATION, AT(kafka.shutdown_timeout_ms), SECOND, 10 * MINUTE,
     "5s",
     "SIGTERM ends the program within this time, whatever Kafka does. Half of it is for what is in "
     "flight; what is not committed by then is read again at the next start.",
     NULL, 0},
    {"kafka.properties", GS_OPT_PROPERTIES, AT(kafka.properties), 0, 0, "",
     "librdkafka properties, applied last. Those that would break the promise of delivery are "
     "refused. A value \"@path\" is read from that file; \"@@\" begins a plain \"@\".",
     NULL, GS_OPT_SECRET},

    {"output.kind", GS_OPT_ENUM, AT(output.kind), 0, 0, "kafka",
     "Where results go: Kafka topics (needs input.kind kafka) or files.", output_kinds, 0},
    {"output.topics.tagged", GS_OPT_NAME, AT(output.topics[GS_STREAM_TAGGED]), 0, 0,
     "groundswell.tagged", "Messages with topic, sentiment, risks and entities.", NULL, 0},
    {"output.topics.observations", GS_OPT_NAME, AT(output.topics[GS_STREAM_OBSERVATIONS]), 0, 0,
     "groundswell.observations", "One record per message and key; the watch stage reads it.", NULL,
     0},
    {"output.topics.alerts", GS_OPT_NAME, AT(output.topics[GS_STREAM_ALERTS]), 0, 0,
     "groundswell.alerts", "Alerts, one record per change of state.", NULL, 0},
    {"output.topics.incidents", GS_OPT_NAME, AT(output.topics[GS_STREAM_INCIDENTS]), 0, 0,
     "groundswell.incidents", "Incidents, one record per change.", NULL, 0},
    {"output.topics.late", GS_OPT_NAME, AT(output.topics[GS_STREAM_LATE]), 0, 0, "groundswell.late",
     "Observations that came too late for their window.", NULL, 0},
    {"output.topics.dlq", GS_OPT_NAME, AT(output.topics[GS_STREAM_DLQ]), 0, 0, "groundswell.dlq",
     "Records that could not be read, byte for byte, with the reason.", NULL, 0},
    {"output.topics.state", GS_OPT_NAME, AT(output.topics[GS_STREAM_STATE]), 0, 0,
     "groundswell.state",
     "What is kept of the windows: compacted, as many partitions as observations (state.md). "
     "Empty, "
     "or at_least_once: nothing is.",
     NULL, GS_OPT_OPTIONAL},
    {"output.files.tagged", GS_OPT_PATH, AT(output.files[GS_STREAM_TAGGED]), 0, 0, "",
     "As output.topics.tagged.", NULL, GS_OPT_OPTIONAL},
    {"output.files.observations", GS_OPT_PATH, AT(output.files[GS_STREAM_OBSERVATIONS]), 0, 0, "",
     "As output.topics.observations.", NULL, GS_OPT_OPTIONAL},
    {"output.files.alerts", GS_OPT_PATH, AT(output.files[GS_STREAM_ALERTS]), 0, 0, "-",
     "As output.topics.alerts.", NULL, GS_OPT_OPTIONAL},
    {"output.files.incidents", GS_OPT_PATH, AT(output.files[GS_STREAM_INCIDENTS]), 0, 0, "",
     "As output.topics.incidents.", NULL, GS_OPT_OPTIONAL},
    {"output.files.late", GS_OPT_PATH, AT(output.files[GS_STREAM_LATE]), 0, 0, "",
     "As output.topics.late.", NULL, GS_OPT_OPTIONAL},
    {"output.files.dlq", GS_OPT_PATH, AT(output.files[GS_STREAM_DLQ]), 0, 0, "",
     "As output.topics.dlq.", NULL, GS_OPT_OPTIONAL},

    {"lanes.tag", GS_OPT_UINT, AT(lanes.tag), 1, 256, "1",
     "Lanes of the tag stage; more than the input has partitions stay idle.", NULL, 0},
    {"lanes.watch", GS_OPT_UINT, AT(lanes.watch), 1, 256, "1", "Lanes of the watch stage.", NULL,
     0},
    {"batch.max_messages", GS_OPT_UINT, AT(batch.max_messages), 1, 1000000, "20000",
     "A batch ends at this many messages.", NULL, 0},
    {"batch.max_time", GS_OPT_DURATION, AT(batch.max_time_ms), 1, MINUTE, "100ms",
     "A batch ends after this time.", NULL, 0},

    {"text.html", GS_OPT_BOOL, AT(text.html), 0, 0, "true",
     "Whether tags are dropped and entities decoded.", NULL, 0},
    {"text.fix_mojibake", GS_OPT_BOOL, AT(text.fix_mojibake), 0, 0, "true",
     "Whether text that was encoded twice is repaired.", NULL, 0},
    {"text.max_bytes", GS_OPT_SIZE, AT(text.max_bytes), 64, 16 * MIB, "64KiB",
     "Longer text is cut at a character and counted.", NULL, 0},
    {"text.use_default_rules", GS_OPT_BOOL, AT(text.use_default_rules), 0, 0, "true",
     "Whether addresses, e-mail, phone, identity and card numbers and mentions are masked by the "
     "rules that come with the program.",
     NULL, GS_OPT_RELOADS},
    {"text.jit", GS_OPT_ENUM, AT(text.jit), 0, 0, "auto",
     "How the rules run. auto: as machine code, and interpreted (the same texts, slower, with one "
     "warning) where the system denies memory that is written and then run, such as systemd's "
     "MemoryDenyWriteExecute. off: interpreted.",
     jits, GS_OPT_RELOADS},
    {"text.rules", GS_OPT_RULES, AT(text.rules), 0, 0, "",
     "Rules of your own, applied in order behind the default ones: each has a name, a PCRE2 "
     "pattern and a replacement ($1 to $9 are groups, \"\" deletes).",
     NULL, GS_OPT_RELOADS},
    {"entities.watchlist", GS_OPT_PATH, AT(entities.watchlist), 0, 0, "",
     "A CSV of companies: id,name[,aliases][,tickers][,cues][,not_beside][,route][,tier]. Not set: "
     "no "
     "entities "
     "are looked for.",
     NULL, GS_OPT_OPTIONAL | GS_OPT_RELOADS},

    {"model.path", GS_OPT_PATH, AT(model.path), 0, 0, "",
     "The model's folder. Needed by every command that tags.", NULL,
     GS_OPT_OPTIONAL | GS_OPT_RELOADS},
    {"model.tier", GS_OPT_ENUM, AT(model.tier), 0, 0, "auto",
     "Which of the model's tiers answers. auto: all that the folder has, its gates deciding which; "
     "without gates the encoder. fast: the n-grams alone. encoder: the encoder for every message, "
     "no gates; a combined folder still adds up both. A tier that the folder has not is refused.",
     gs_tier_names, GS_OPT_RELOADS},
    {"model.arithmetic", GS_OPT_ENUM, AT(model.arithmetic), 0, 0, "auto",
     "How an encoder calculates. auto: int8 for a folder that groundswell quantize made, else "
     "fp32. int8 rounds the weights of an fp32 folder when it is loaded. fp32 is refused for a "
     "folder of int8 weights.",
     gs_arithmetic_names, GS_OPT_RELOADS},
    {"model.encoder.max_tokens", GS_OPT_UINT, AT(model.encoder.max_tokens), 16, 65536, "2048",
     "Tokens of the messages that the encoder reads at once, in each lane.", NULL, 0},
    {"model.encoder.max_message_tokens", GS_OPT_UINT, AT(model.encoder.max_message_tokens), 8,
     65536, "512",
     "A longer message is cut for the encoder, and counted; never above what the model reads.",
     NULL, 0},
    {"model.encoder.max_wait", GS_OPT_DURATION, AT(model.encoder.max_wait_ms), 0, MINUTE, "20ms",
     "How long a message waits at most for others to be read with it; 0: until the batch ends.",
     NULL, 0},
    {"model.encoder.deadline", GS_OPT_DURATION, AT(model.encoder.deadline_ms), 0, DAY, "0",
     "When the records that a lane reads are older than this (by their Kafka timestamp), the fast "
     "tier answers until they are younger than half of it; such records say degraded. 0: never. "
     "Needs a folder with both tiers.",
     NULL, 0},
    {"model.encoder.cache_entries", GS_OPT_UINT, AT(model.encoder.cache_entries), 0, 10000000,
     "16384", "Texts whose answer each lane keeps, so that copies are not read again; 0: none.",
     NULL, 0},
    {"model.encoder.cache_bytes", GS_OPT_SIZE, AT(model.encoder.cache_bytes), 0, 1024 * MIB, "8MiB",
     "Memory for those texts, in each lane.", NULL, 0},

    {"observations.topics", GS_OPT_BOOL, AT(observations.topics), 0, 0, "true",
     "Whether messages count for their topics (key topic:<label>).", NULL, 0},
    {"observations.entities", GS_OPT_BOOL, AT(observations.entities), 0, 0, "true",
     "Whether messages count for the companies they name (entity:<id>).", NULL, 0},
    {"observations.risks", GS_OPT_BOOL, AT(observations.risks), 0, 0, "true",
     "Whether messages count for their risks (risk:<label>).", NULL, 0},
    {"observations.sources", GS_OPT_BOOL, AT(observations.sources), 0, 0, "false",
     "Whether messages count for their source (source:<name>): for streams with few sources, such "
     "as boards of a forum. Authors would fill the table of keys.",
     NULL, 0},
    {"observations.promotion", GS_OPT_BOOL, AT(observations.promotion), 0, 0, "false",
     "Whether messages whose first topic is promotion or off_topic count; they say nothing about "
     "an opinion.",
     NULL, 0},
    {"observations.topic_lang", GS_OPT_BOOL, AT(observations.topic_lang), 0, 0, "false",
     "Whether messages count for topic and language together (topic_lang:<label>/<lang>).", NULL,
     0},
    {"observations.min_topic_p", GS_OPT_DOUBLE, AT(observations.min_topic_p), 0, 1, "0",
     "Topics below this probability are not counted; those below the model's own threshold never "
     "are.",
     NULL, 0},

    {"watch.bin", GS_OPT_DURATION, AT(watch.options.bin_ms), MINUTE, HOUR, "5m",
     "Length of a bin of event time; the window is 12 bins, an hour by default. An hour must be a "
     "whole number of bins.",
     NULL, 0},
    {"watch.lateness", GS_OPT_DURATION, AT(watch.options.lateness_ms), 0, DAY, "10m",
     "How long bins stay open for messages that come late. Later ones count in the open bin.", NULL,
     0},
    {"watch.drop_after", GS_OPT_DURATION, AT(watch.options.drop_after_ms), MINUTE, 30 * DAY, "24h",
     "Older messages are not counted but sent to the late stream.", NULL, 0},
    {"watch.idle_timeout", GS_OPT_DURATION, AT(watch.idle_timeout_ms), SECOND, HOUR, "30s",
     "A partition that brings nothing new for this long no longer holds event time back: it is "
     "empty, or its records cannot be read or are older than those before.",
     NULL, 0},
    {"watch.max_step", GS_OPT_DURATION, AT(watch.max_step_ms), MINUTE, 30 * DAY, "1h",
     "A single message moves event time by this at most; further only when several sources agree.",
     NULL, 0},
    {"watch.dup_weight", GS_OPT_DOUBLE, AT(watch.options.dup_weight), 0, 0.99, "0",
     "The k-th copy of a story weighs this to the power k-1. 0: one story, one vote.", NULL, 0},
    {"watch.tolerance_logit", GS_OPT_DOUBLE, AT(watch.options.tolerance_logit), 0, 3, "0.4",
     "How far, in log-odds, the share may lie above its baseline without being evidence.", NULL, 0},
    {"watch.info_false_alarms", GS_OPT_DOUBLE, AT(watch.options.info_false_alarms), 1e-6, 10, "0.1",
     "The budget: alerts (info and above) that a key may cost on a day on which it has messages. "
     "Thresholds start where theory keeps to it and come down as the history of keys alike shows "
     "that they may.",
     NULL, 0},
    {"watch.warning_false_alarms", GS_OPT_DOUBLE, AT(watch.options.warning_false_alarms), 1e-6, 10,
     "0.01", "The same for warnings; not above watch.info_false_alarms.", NULL, 0},
    {"watch.info_evidence", GS_OPT_DOUBLE, AT(watch.options.info_evidence), 0, 1e12, "0",
     "A constant amount of evidence (at least 1) at which an alert fires, instead of what the "
     "budget says; 0: the budget.",
     NULL, 0},
    {"watch.warning_evidence", GS_OPT_DOUBLE, AT(watch.options.warning_evidence), 0, 1e12, "0",
     "The same for warnings; not below watch.info_evidence.", NULL, 0},
    {"watch.fdr_q", GS_OPT_DOUBLE, AT(watch.options.fdr_q), 1e-6, 1, "0.1",
     "False discovery rate over all live keys at which it is critical.", NULL, 0},
    {"watch.min_excess_share", GS_OPT_DOUBLE, AT(watch.options.min_excess_share), 0, 1, "0.1",
     "Excess of the negative share over the window that an alert needs.", NULL, 0},
    {"watch.min_excess_count", GS_OPT_DOUBLE, AT(watch.options.min_excess_count), 0, 1e9, "3",
     "Negative messages above expectation over the window that an alert needs: over the last hour, "
     "three hours or day.",
     NULL, 0},
    {"watch.max_expected_share", GS_OPT_DOUBLE, AT(watch.options.max_expected_share), 0, 1, "0.75",
     "Keys of which more than this is negative as it is raise no alert: a share has nothing left "
     "to say of them (most risks).",
     NULL, 0},
    {"watch.min_publishers", GS_OPT_UINT, AT(watch.options.min_publishers), 0, 1000000, "2",
     "Different publishers over the window that an alert needs.", NULL, 0},
    {"watch.min_stories", GS_OPT_UINT, AT(watch.options.min_stories), 0, 1000000, "3",
     "Different stories over the window that an alert needs.", NULL, 0},
    {"watch.clear_after", GS_OPT_DURATION, AT(watch.options.clear_after_ms), MINUTE, 7 * DAY, "30m",
     "How long all must be calm before an alert is resolved.", NULL, 0},
    {"watch.cooldown", GS_OPT_DURATION, AT(watch.options.cooldown_ms), 0, 30 * DAY, "2h",
     "How long a key stays silent after its alert was resolved.", NULL, 0},
    {"watch.new_normal_after", GS_OPT_DURATION, AT(watch.options.new_normal_after_ms), HOUR,
     365 * DAY, "48h", "An alert that lasts this long is ended and its level becomes the baseline.",
     NULL, 0},
    {"watch.event_publishers", GS_OPT_UINT, AT(watch.options.event_publishers), 0,
     GS_MAX_EVENT_PUBLISHERS, "3",
     "A grave risk of a company (key risk:<label>@<id>) is an alert when so many publishers have "
     "told it within watch.event_window, each with a story of its own. 0: never.",
     NULL, 0},
    {"watch.event_window", GS_OPT_DURATION, AT(watch.options.event_window_ms), MINUTE, DAY, "3h",
     "Within what time; at most 240 bins.", NULL, 0},
    {"watch.event_cooldown", GS_OPT_DURATION, AT(watch.options.event_cooldown_ms), 0, 30 * DAY,
     "24h", "How long nobody may have told it before it is news again.", NULL, 0},
    {"watch.event_risks", GS_OPT_NAMES, AT(watch.event_risks), 0, 0,
     "default,accounting_fraud,suspected_fraud,suspected_crime,illegal_fundraising,"
     "withdrawal_trouble,absconding,business_closure,sanctions,data_breach,accident",
     "The risks that are grave: names of the model's. A regulator's action is not among them: "
     "there "
     "is one for some company every day.",
     NULL, 0},
    {"watch.event_min_p", GS_OPT_DOUBLE, AT(watch.event_min_p), 0, 1, "0.5",
     "The probability that a message has such a risk, below which it does not tell it.", NULL, 0},
    GS_SEVERITY_ROWS,
    {"watch.max_keys", GS_OPT_UINT, AT(watch.options.max_keys), 1, 100000000, "1000000",
     "Keys that are watched at most, per input partition. Idle keys make room for new ones; where "
     "none is idle, observations of further keys are refused and counted.",
     NULL, 0},
    {"watch.reserved_share", GS_OPT_DOUBLE, AT(watch.options.reserved_share), 0, 0.99, "0.5",
     "Part of watch.max_keys that only topics, risks and companies may use, so that a flood of "
     "other keys leaves them room.",
     NULL, 0},
    {"watch.max_new_keys", GS_OPT_UINT, AT(watch.options.max_new_keys), 1, 100000000, "10000",
     "New keys of other kinds in a bin; further ones wait for the next.", NULL, 0},
    {"watch.max_ids", GS_OPT_UINT, AT(watch.options.max_ids), 64, 1e9, "1000000",
     "Message ids, and as many stories, that are remembered at most, per input partition, to know "
     "repetitions and copies; past it the memory gets shorter.",
     NULL, 0},
    {"watch.max_excerpts", GS_OPT_UINT, AT(watch.options.max_excerpts), 16, 4e6, "32768",
     "Messages kept as evidence, all keys of an input partition together.", NULL, 0},
    {"watch.prior_negative_share", GS_OPT_DOUBLE, AT(watch.options.prior_negative_share), 0.001,
     0.999, "0.25", "Negative share that is expected of a key nothing is known about.", NULL, 0},
    {"watch.max_gauge_keys", GS_OPT_UINT, AT(watch.max_gauge_keys), 0, 4096, "50",
     "Keys other than topics with gauges in /metrics: the firing ones, then those with the most "
     "evidence.",
     NULL, 0},

    {"incidents.hold", GS_OPT_DURATION, AT(incidents.hold_ms), MINUTE, 7 * DAY, "30m",
     "How long an incident whose alerts are all over waits for another before it ends.", NULL, 0},
    {"incidents.notice_gap", GS_OPT_DURATION, AT(incidents.gap_ms), 0, DAY, "15m",
     "What gets worse within this time of a notice is told together at its end; critical at once.",
     NULL, 0},
    {"incidents.repeat", GS_OPT_DURATION, AT(incidents.repeat_ms), 0, 30 * DAY, "0",
     "How often people are reminded of an incident that goes on, such as 4h. 0: never.", NULL, 0},
    {"incidents.max_open", GS_OPT_UINT, AT(incidents.max_open), 1, 4096, "256",
     "Incidents open at a time; alerts past it stay without one and are counted.", NULL, 0},
    {"incidents.journal", GS_OPT_PATH, AT(desk.journal), 0, 0, "",
     "The file of what people do about incidents and what they were told: the audit log.", NULL,
     GS_OPT_OPTIONAL},
    {"incidents.mute_breaks_on_worse", GS_OPT_ENUM, AT(desk.mute_breaks), 0, 0, "severity",
     "When a muted incident is told of all the same: never; when its severity is higher than it "
     "ever was (severity); also when a risk comes to it (risk).",
     gs_mute_breaks_names, 0},
    {"incidents.least_severity", GS_OPT_STRING, AT(desk.least_severity), 0, 0, "",
     "How grave alerts have to be for an incident, by their keys: entity:A=info, topic:*=off.",
     NULL, GS_OPT_OPTIONAL},
    {"incidents.quiet_hours", GS_OPT_STRING, AT(desk.quiet_hours), 0, 0, "",
     "Hours such as 22:00-07:00 at whose end people are told, in one summary, of what is new and "
     "less than critical.",
     NULL, GS_OPT_OPTIONAL},
    {"incidents.time_zone", GS_OPT_STRING, AT(desk.time_zone), 0, 0, "UTC",
     "Their zone by its IANA name, such as Europe/Zurich.", NULL, 0},

    GS_NOTIFY_ROWS,

    {"state.path", GS_OPT_PATH, AT(state.path), 0, 0, "",
     "With files as input: the file in which the windows, and how far each input was read, are "
     "kept from one run to the next. It is read at the start and written at the end and every "
     "state.interval.",
     NULL, GS_OPT_OPTIONAL},
    {"state.interval", GS_OPT_DURATION, AT(state.interval_ms), SECOND, DAY, "1m",
     "How often run writes state.path.", NULL, 0},
    {"state.on_mismatch", GS_OPT_ENUM, AT(state.on_mismatch), 0, 0, "stop",
     "With Kafka: windows that are kept and do not go with where the group stands stop the lane, "
     "are discarded, or kept as they are (state.md).",
     (const char *const[]){"stop", "discard", "keep", NULL}, 0},

    {"http.enabled", GS_OPT_BOOL, AT(http.enabled), 0, 0, "true", "Whether the server runs.", NULL,
     0},
    {"http.address", GS_OPT_STRING, AT(http.address), 0, 0, "127.0.0.1",
     "The IPv4 or IPv6 address to listen at. The server has no log-in: open it to other machines "
     "only behind something that has.",
     NULL, 0},
    {"http.port", GS_OPT_UINT, AT(http.port), 0, 65535, "9464", "The port; 0 takes any free one.",
     NULL, 0},
    {"http.max_connections", GS_OPT_UINT, AT(http.max_connections), 1, 1024, "64",
     "Connections at a time; more wait or are refused.", NULL, 0},
    {"log.level", GS_OPT_ENUM, AT(log.level), 0, 0, "info", "The least grave line that is shown.",
     gs_log_level_names, 0},
    {"log.format", GS_OPT_ENUM, AT(log.json), 0, 0, "text",
     "text for people, json for machines, one object a line.", gs_log_format_names, 0},
};
const size_t gs_n_options = GS_COUNT(gs_options);
