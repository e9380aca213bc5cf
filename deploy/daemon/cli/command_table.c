/* The table of commands: what each is for and which flags it takes. The lists of flags are in
 * command_flags.h, the flags themselves in flag_table.c. */
#include "deploy/daemon/cli/command_flags.h"

// NOLINTNEXTLINE(bugprone-macro-parentheses): a list of initializers
#define USES(list) .uses = list, .n_uses = GS_COUNT(list)

#define ANSWER_EXIT_CODES                                                                          \
    "0 done, 1 incidents.journal is not set, or nothing is known of that target (it is written "   \
    "all the same), 2 usage, 3 a failure: nothing is written."

const struct gs_command gs_commands[GS_N_COMMANDS] = {
    [GS_CMD_RUN] =
        {"run", "the service: Kafka or files in, tags and alerts out",
         "-c FILE [--stage tag|watch] [--set KEY=VALUE]...",
         "Runs the service: reads messages from Kafka, files or stdin as configured, tags them, "
         "watches them, raises alerts; shows itself over HTTP meanwhile.",
         USES(run), 0, "",
         "SIGINT and SIGTERM finish what is in flight. SIGHUP, with Kafka as input, reads "
         "the configuration again and loads rules, watchlist and model anew: lanes go over between "
         "two batches, or all stays as it was.",
         "0 stopped or end of input, 1 the configuration is wrong or lines of a file were refused, "
         "2 "
         "usage, 3 a failure at run time.",
         "groundswell run -c deploy/config/groundswell.yaml\n"
         "groundswell run -c groundswell.yaml --stage watch --set http.port=9465"},
    [GS_CMD_DEMO] =
        {"demo", "all of it on a stream that it makes, in a minute", "[options]",
         "Runs the whole pipeline on an embedded broker: a stream about companies that do not "
         "exist, "
         "half a day of history and then a day in a minute, with two surges of negative opinion "
         "that "
         "must raise alerts, and a burst of volume and a story copied 50 times that must not. "
         "Needs no "
         "network and keeps nothing.",
         USES(demo), 0, "", NULL,
         "0 done, 2 usage, 3 a failure, a surge without an alert, or an alert that should not be.",
         "groundswell demo\n"
         "groundswell demo --for 60 --no-browser\n"
         "groundswell demo --write stream.jsonl --messages 20000 --start 2026-01-05T00:00:00Z"},
    [GS_CMD_TAG] =
        {"tag", "topic, sentiment, risk and entities of each line", "--model DIR [options] [FILE]",
         "Tags messages: topics, sentiment, risks, entities. One JSON record on stdout for each "
         "good "
         "line, in input order. FILE may be gzip; without it, or as -, stdin is read.",
         USES(tag), 1, "FILE", NULL,
         "0 all lines tagged, 1 some were refused, 2 usage, 3 a failure.",
         "groundswell tag --model classifier/models/finance-zh-en-fast < messages.jsonl\n"
         "echo 'Profit warning sends shares down 20%' | groundswell tag -m "
         "classifier/models/finance-zh-en-fast"},
    [GS_CMD_REPLAY] =
        {"replay", "the alerts that a configuration gives on kept data",
         "-c FILE [options] [FILE...]",
         "Runs kept data through the pipeline as the configuration says: raw messages, tagged "
         "records "
         "or observations, as JSON lines (gzip too); each file's first line decides. Alerts come "
         "on "
         "stdout as JSON lines; a table of alerts per day and key follows on stderr. The same "
         "input "
         "gives the same alerts.",
         USES(replay), GS_ARGS_MAX_OPERANDS, "FILE", NULL,
         "0 done; 1 the answer is not to be trusted: lines were refused, came too late to be "
         "counted (the data is not in order of time), or claim a time ahead of all others; or the "
         "configuration is wrong. With --alert, lines that are refused are part of the input: 1 is "
         "that the id was not found, or that what is computed is not what --record says; 2 usage; "
         "3 a failure, also a file that changed while it was replayed.",
         "groundswell replay -c deploy/config/replay.yaml tweets.jsonl > alerts.jsonl\n"
         "groundswell replay -c deploy/config/replay.yaml --against strict.yaml tweets.jsonl\n"
         "groundswell replay -c deploy/config/replay.yaml --sweep "
         "watch.info_false_alarms=0.03,0.1,0.3 "
         "tweets.jsonl\n"
         "groundswell replay -c deploy/config/replay.yaml --html year.html tweets.jsonl "
         "> alerts.jsonl\n"
         "groundswell replay -c replay.yaml --alert 4be0643f1d98573b --record alerts.jsonl "
         "tweets.jsonl"},
    [GS_CMD_CHECK] = {"check", "what is wrong with a configuration and what it names",
                      "-c FILE [--set KEY=VALUE]...",
                      "Reads a configuration and all that it names: compiles the rules, loads the "
                      "watchlist and the "
                      "model, puts Kafka's properties to librdkafka. Everything that is wrong "
                      "comes on stdout, one "
                      "line a fault: \"file:line: setting: what, and what is allowed\".",
                      USES(check), 0, "", NULL,
                      "0 nothing found, 1 findings, 2 usage, 3 the file cannot be read.",
                      "groundswell check -c deploy/config/groundswell.yaml"},
    [GS_CMD_TRAIN] =
        {"train", "a model folder from labelled lines: --kind ngram or encoder",
         "--kind ngram --data SPEC [--data SPEC]... --out DIR [options]",
         "Trains the fast tier from labelled JSON lines: text (and title), sentiment, topics, "
         "risks. "
         "Writes the model folder: groundswell.json, model.safetensors.gz, train.jsonl, "
         "report.html. "
         "The same data, options and seed give the same model. A training takes seconds to minutes "
         "and is not resumable. --kind encoder is a command with options of its own: "
         "train --kind encoder --help.",
         USES(train), 0, "", NULL,
         "0 done, 1 done but some lines were refused, 2 usage, 3 a failure.",
         "groundswell train --kind ngram --data tweets.jsonl,register=tweet --data posts.jsonl "
         "--out "
         "mine"},
    [GS_CMD_TRAIN_ENCODER] =
        {"train --kind encoder", "a fine-tuned encoder from labelled lines",
         "--base DIR --data SPEC [--data SPEC]... --out DIR [options]",
         "Fine-tunes a published BERT, RoBERTa, XLM-R or DistilBERT folder on labelled JSON lines: "
         "text (and title), sentiment, topics, risks. Writes a folder that tag --model loads. The "
         "same data, options and seed give the same model, whatever --threads up to 2 says. A run "
         "that was stopped goes on with --resume, to the same numbers.",
         USES(train_encoder), 0, "", NULL,
         "0 done, 1 done but some lines were refused, 2 usage, 3 a failure.",
         "groundswell train --kind encoder --base bge-small-zh --data posts.jsonl --out mine\n"
         "groundswell tag --model mine < messages.jsonl"},
    [GS_CMD_EVAL] =
        {"eval", "how good a model is on labelled lines",
         "--model DIR --data FILE... [--task sentiment|topics|risks] [options]",
         "How good a model is on labelled JSON lines: per class precision, recall, F1 and support; "
         "accuracy; macro, micro and weighted F1; calibration error (15 bins), Brier score, "
         "accuracy of "
         "the surest answers, confusion matrix. Lines without a label of the task are passed over.",
         USES(eval), 64, "FILE",
         "Topics and risks: a file knows the labels that one of its lines carries, and those of "
         "knows=; what the model says of the others is left out, which is said once for each file. "
         "Accuracy is that of the best label, or none where it is below its "
         "threshold, against the first label or none. Sets without a neutral class (\"labels\": "
         "\"binary\") are judged between negative and positive.",
         "0 done, 1 a gate failed or lines were refused, 2 usage, 3 a failure.",
         "groundswell eval --model classifier/models/finance-zh-en-fast --data test.jsonl --min "
         "accuracy=0.8"},
    [GS_CMD_EXPLAIN] =
        {"explain", "why the model says what it says", "--model DIR [options] [TEXT|FILE]",
         "Why the model says what it says: what each n-gram and each token of the encoder adds to "
         "one "
         "label's logit, folded onto characters and words. One JSON object a text on stdout; bias "
         "+ "
         "the sum of weights + residual = logit. FILE holds lines, plain or JSON; without TEXT or "
         "FILE, or as -, stdin is read.",
         USES(explain), 1, "TEXT or FILE",
         "Each character has start and end (bytes of the cleaned text) and from (byte of the text "
         "as given). tier says who answered; n-grams have exact weights, an encoder's tokens "
         "(encoder_tokens) those of --method, and residual is what these leave over.",
         "0 done, 1 some lines were refused, 2 usage, 3 a failure.",
         "groundswell explain --model classifier/models/finance-zh-en \"Profit warning sends "
         "shares down\""},
    [GS_CMD_TOKENIZE] =
        {"tokenize", "the ids that an encoder reads of each line", "--model DIR [options] [FILE]",
         "The ids that a model's tokenizer makes of each line, special tokens included: those of "
         "HuggingFace's tokenizers. Lines are taken as they are, without cleaning; one JSON object "
         "a "
         "line on stdout. FILE may be gzip; without it, or as -, stdin is read.",
         USES(tokenize), 1, "FILE", NULL,
         "0 done, 1 some lines were refused, 2 usage, 3 a failure.",
         "echo 'Profit warning' | groundswell tokenize --model minilm --offsets"},
    [GS_CMD_EMBED] = {"embed", "an encoder's vector of each line", "--model DIR [options] [FILE]",
                      "An encoder's vector of each message, pooled as the folder says "
                      "(1_Pooling/config.json, or the "
                      "mean of the tokens): one JSON object {\"id\",\"embedding\"} on stdout for "
                      "each good line, in "
                      "input order. Lines are read and cleaned as tag does it. FILE may be gzip; "
                      "without it, or as "
                      "-, stdin is read. Of a combined folder name the subfolder of one encoder.",
                      USES(embed), 1, "FILE", NULL,
                      "0 all lines done, 1 some were refused, 2 usage, 3 a failure.",
                      "echo 'Profit warning' | groundswell embed --model minilm"},
    [GS_CMD_QUANTIZE] =
        {"quantize", "an int8 folder from an encoder of fp32", "--model DIR --out DIR [options]",
         "Makes an int8 folder from an encoder's fp32 folder: about a quarter of the size, loaded "
         "without rounding anew, and closer to fp32 than rounding at loading is, because example "
         "texts "
         "show what the inputs of each product look like. The other files of a model folder are "
         "copied, groundswell.json and the fast tier that it names among them. On stdout a table "
         "of what it cost; on stderr what was done to each product and "
         "what "
         "stays fp32.",
         USES(quantize), 0, "", NULL, "0 done, 1 some lines were refused, 2 usage, 3 a failure.",
         "groundswell quantize --model finbert --out finbert-int8 --calibration headlines.jsonl"},
    [GS_CMD_COMBINE] =
        {"combine", "one folder of a fast tier and encoders, answering together",
         "--fast DIR --encoder LANG=DIR... --data FILE... --out DIR [options]",
         "Makes one model folder of a fast tier and an encoder for each language. From labelled "
         "lines it fits how the two answer together: for each head and language the weight of the "
         "fast tier's logits beside the encoder's, a temperature, thresholds, and the gate: how "
         "sure the fast tier must be to answer alone. On stdout a table of each tier alone, of "
         "their sum and of the cascade; it goes into the folder's provenance too.",
         USES(combine), 0, "",
         "Mixed texts are read by the Chinese encoder unless one is named for them; texts of a "
         "language without an encoder are the fast tier's. With fewer than 100 lines of a head and "
         "language nothing is fitted for it: the fast tier weighs 0.35, the temperature is 1. The "
         "figures are those of the lines that were fitted on, so they are a little kind.",
         "0 done, 1 done but some lines were refused, 2 usage, 3 a failure.",
         "groundswell combine --fast fast --encoder en=minilm --encoder zh=bge --data valid.jsonl "
         "--out pair"},
    [GS_CMD_BENCH] =
        {"bench", "how fast the model is here", "--model DIR [options] [FILE]",
         "How fast the model is here: texts are cleaned once, then each thread runs over all of "
         "them, "
         "five times. One JSON object on stdout for each tier (of a combined folder for each "
         "encoder, "
         "over the texts in its languages): messages and n-grams or tokens a "
         "second "
         "(worst, median, best of five), time of one message alone (p50, p99), and the share of "
         "what "
         "this machine can do at most: of the row gather (fast tier), of the product instruction "
         "(encoder in int8). FILE holds lines, plain or JSON (at most 20000 are used); without it "
         "a "
         "built-in mix is.",
         USES(bench), 1, "FILE", NULL, "0 done, 2 usage, 3 a failure.",
         "groundswell bench --model classifier/models/finance-zh-en-fast messages.jsonl"},
    [GS_CMD_LAG] =
        {"lag", "messages and seconds that wait, per partition",
         "-c FILE [--stage tag|watch] [--set KEY=VALUE]...",
         "How far a running system is behind, as the brokers see it: one JSON object on stdout for "
         "each partition of a stage's input, with committed (null: none), end, lag (records), "
         "lag_seconds (age of the oldest that waits) and owner (null: nobody reads it).",
         USES(group), 0, "", "Markers that end transactions count as records.",
         "0 done, 1 a partition is read by nobody, 2 usage, 3 a failure.",
         "groundswell lag -c deploy/config/groundswell.yaml --stage tag"},
    [GS_CMD_OFFSETS] =
        {"offsets", "sets or skips a group's position, on record",
         "set|skip TOPIC PARTITION [OFFSET|COUNT] -c FILE [options]",
         "Moves the position of a stage's group in one partition: skip past COUNT (1) records that "
         "cannot be read, or over a gap where records were deleted; set to OFFSET, first or end. "
         "All processes of the group have to be stopped. One JSON object on stdout, and a line of "
         "the log, say what it was and is.",
         USES(group), 4, "ACTION TOPIC PARTITION OFFSET",
         "What is skipped is in no output. COUNT is of Kafka's numbers, which have holes.",
         "0 done, 1 refused: the group has members, or no such offset; 2 usage, 3 a failure.",
         "groundswell offsets skip raw 3 -c deploy/config/groundswell.yaml"},
    [GS_CMD_DLQ] =
        {"dlq", "lists, shows and sends again what was refused",
         "ls|show|redrive -c FILE [PARTITION OFFSET] [options]",
         "What is in the dead-letter queue, as the brokers have it. ls: one JSON object on stdout "
         "for "
         "each letter, and on stderr how many there are of each reason. show PARTITION OFFSET: one "
         "letter, its bytes escaped for a terminal. redrive: letters go back to the topic and "
         "partition "
         "that they came from, with their key, time and headers, and their reasons under "
         "groundswell.previous.error.*; one JSON object on stdout for each.",
         USES(dlq), 3, "PARTITION OFFSET",
         "What was sent again is kept in the offsets of the group PREFIX-redrive, in the same "
         "transaction: to kill redrive, or to run it again, doubles and loses nothing. It looks at "
         "the "
         "letters that are there when it begins. Refused, and still there afterwards: letters that "
         "were cut to fit (the line says where the whole record is), that came back --max-redrives "
         "times, whose topic is no input of this configuration or does not take them. Times are "
         "those "
         "of the records.",
         "0 done, 1 letters were refused or there is no such letter, 2 usage, 3 a failure.",
         "groundswell dlq ls -c deploy/config/groundswell.yaml --reason bad_json --since 2h\n"
         "groundswell dlq show 3 1207 -c groundswell.yaml --raw > letter.bin\n"
         "groundswell dlq redrive -c groundswell.yaml --reason future_time --dry-run"},
    [GS_CMD_INCIDENTS] =
        {"incidents", "what people were told of, and what they did about it",
         "ls|show|precision|verify [ID] -c FILE [options]",
         "Reads the journal (incidents.journal). ls: one JSON object on stdout for each incident "
         "that people were told of, or were not, and each muted key. show: the lines of one "
         "incident or key, as they stand. precision: verdicts by rule and severity. verify: every "
         "line that cannot be read or was tampered with, on stderr, and the number of lines with "
         "the SHA-256 of the last one on stdout: kept elsewhere, that also shows whether lines are "
         "missing at the end.",
         USES(incidents), 2, "ACTION ID", NULL,
         "0 done; 1 verify found something, or show nothing; 2 usage, 3 a failure.",
         "groundswell incidents ls -c deploy/config/groundswell.yaml\n"
         "groundswell incidents verify -c deploy/config/groundswell.yaml"},
    [GS_CMD_ACK] =
        {"ack", "takes an incident over, and says whether it was right",
         "ID -c FILE [--verdict V] [--why TEXT] [--who NAME]",
         "Says in the journal that somebody has the incident: no reminders of it any more, but "
         "what gets worse and its end are told. The running process knows within two seconds. The "
         "line that was written is on stdout.",
         USES(ack), 1, "ID", NULL, ANSWER_EXIT_CODES,
         "groundswell ack d079ed74e16f34ff --verdict right -c deploy/config/groundswell.yaml"},
    [GS_CMD_UNACK] = {"unack", "takes an ack back, with its verdict", "ID -c FILE [options]",
                      "Says in the journal that nobody has the incident any more, and that nothing "
                      "was found of it.",
                      USES(undo), 1, "ID", NULL, ANSWER_EXIT_CODES,
                      "groundswell unack d079ed74e16f34ff -c deploy/config/groundswell.yaml"},
    [GS_CMD_MUTE] =
        {"mute", "tells nobody of an incident or a key for a time",
         "ID|KEY --why TEXT --for TIME|--until TIME -c FILE [options]",
         "Says in the journal that people are not to be told of an incident (by its id), or of a "
         "key: entity:ACME or what people call it (entity:Acme), topic:results, risk:fraud. By "
         "keys an incident is muted when all its companies are, or all its keys where it has no "
         "company. It is counted, recorded and shown all the same; when its severity rises above "
         "what it ever was people are told (incidents.mute_breaks_on_worse). The running process "
         "knows within two seconds.",
         USES(mute), 1, "ID or KEY",
         "Without --for and --until an incident is muted as long as it lasts; a key needs one of "
         "them.",
         ANSWER_EXIT_CODES,
         "groundswell mute entity:ACME --for 4h --why \"known, in talks\" -c "
         "deploy/config/groundswell.yaml"},
    [GS_CMD_UNMUTE] = {"unmute", "ends a mute", "ID|KEY -c FILE [options]",
                       "Says in the journal that a mute is over: of just what was muted, an "
                       "incident's id or a key.",
                       USES(undo), 1, "ID or KEY", NULL, ANSWER_EXIT_CODES,
                       "groundswell unmute entity:ACME -c deploy/config/groundswell.yaml"},
    [GS_CMD_DOCTOR] =
        {"doctor", "what is wrong with a running environment, and what to do",
         "-c FILE [--json] [--set KEY=VALUE]...",
         "Looks at what is around the program: whether each bootstrap address resolves, listens "
         "and "
         "speaks what the client speaks (TLS, SASL, neither); whether the client gets in, and "
         "reaches "
         "the addresses that the brokers give out; versions, and which assignor applies; topics, "
         "their "
         "partitions, replicas and settings; groups; folders, file limits, the clock. One line a "
         "finding "
         "on stdout: ok, warn or fail, what, why and the cure.",
         USES(doctor), 0, "",
         "It writes nothing and joins no group, so it may run beside the service. Rights to write "
         "are "
         "not tried out. The configuration itself is what check looks at.",
         "0 nothing is wrong (there may be warnings), 1 something is, 2 usage, 3 a failure.",
         "groundswell doctor -c deploy/config/groundswell.yaml\n"
         "groundswell doctor -c groundswell.yaml --json | grep -v '\"ok\"'"},
    [GS_CMD_STATE] =
        {"state", "what is kept of the windows, and those of one key",
         "ls|show -c FILE [KEY] [--state FILE] [--json]",
         "Reads what a start would go on with: the changelog (output.topics.state), or with files "
         "or "
         "stdin as input the file state.path. ls: for each partition up to which offset and event "
         "time it has counted, and records and bytes by what they are: keys of each kind, "
         "messages, "
         "ids, incidents. show KEY (entity:ACME, topic:results): the key's baseline, its last "
         "hour, "
         "its evidence and the alert that is on, and its bins of the last three hours.",
         USES(state), 2, "KEY",
         "It writes nothing, joins no group and may run beside the service; of the changelog it "
         "sees what is committed. A partition is loaded as a start loads it, so what cannot be "
         "loaded is found before.",
         "0 done; 1 something cannot be loaded, or nothing is kept of the key; 2 usage, 3 a "
         "failure.",
         "groundswell state ls -c deploy/config/groundswell.yaml\n"
         "groundswell state show entity:ACME -c deploy/config/replay.yaml --state day.state"},
    [GS_CMD_TAP] =
        {"tap", "records of a running system as they pass",
         "STREAM -c FILE [--from P] [--where M=VALUE]... [--count N] [--pretty]",
         "Follows a stream: tagged, observations, alerts, incidents, late or dlq, or any topic by "
         "its "
         "name. One line of JSON on stdout for each record: its value; a dead letter, and what is "
         "not "
         "JSON, as in output.files.dlq. It joins no group and commits nothing, and ends by Ctrl-C "
         "or "
         "--count.",
         USES(tap), 1, "STREAM",
         "Only what is committed is shown. Ends of transactions have offsets too, so that --from "
         "-N may "
         "show fewer than N.",
         "0 done, 2 usage, 3 a failure.",
         "groundswell tap alerts -c deploy/config/groundswell.yaml --pretty\n"
         "groundswell tap tagged -c groundswell.yaml --where sentiment.label=negative --where "
         "topics.label=legal\n"
         "groundswell tap dlq -c groundswell.yaml --from earliest --count 10"},
};
