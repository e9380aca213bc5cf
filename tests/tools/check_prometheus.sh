#!/bin/sh
# check_prometheus.sh GROUNDSWELL_DOCS: what we ship for Prometheus, held to Prometheus's own tools: the
# rules and their unit tests, the example configurations, and the metrics as the program writes them; the
# OpenMetrics text to our own checker. Every metric that a rule names must exist.
set -u
docs=$1
cd "$(dirname "$0")/../../deploy/prometheus" || exit 2

for tool in promtool amtool; do
    if ! command -v "$tool" >/dev/null; then
        echo "check_prometheus: skipped: $tool is not installed (packages prometheus, prometheus-alertmanager)"
        exit 77
    fi
done

bad=0
check() {
    if ! "$@"; then
        echo "check_prometheus: failed: $*"
        bad=1
    fi
}
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT

check promtool check rules rules/*.yml
check promtool test rules tests/*.yml
check promtool check config prometheus.yml
check amtool check-config alertmanager.yml

check "$docs" --metrics >"$scratch/metrics"
check "$docs" --open-metrics >"$scratch/open-metrics"
check promtool check metrics <"$scratch/metrics"
check python3 ../../tests/tools/check_openmetrics.py <"$scratch/open-metrics"

# Names in the rules are metrics of ours, records of ours, or Prometheus's own.
sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$scratch/metrics" >"$scratch/names"
sed -n 's/^ *- record: *//p' rules/*.yml >>"$scratch/names"
# Comments and annotations hold names too; that is as it should be.
grep -ohE '([a-z_]+:)?groundswell_[a-z0-9_]+(:[a-z0-9_]+)?' rules/*.yml | grep -v '^groundswell_$' |
    sed 's/_bucket$//' | sort -u >"$scratch/used"
while read -r name; do
    if ! grep -qxF "$name" "$scratch/names"; then
        echo "check_prometheus: a rule names $name, which does not exist"
        bad=1
    fi
done <"$scratch/used"
exit $bad
