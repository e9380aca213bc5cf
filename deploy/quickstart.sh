#!/bin/sh
# quickstart.sh [OPTION of groundswell demo]…: from a fresh Debian 12 to the running demo.
#
# Installs the packages that the build needs (as root or with sudo), builds the release and runs
# `groundswell demo --for 60`. Options go to the demo: ./deploy/quickstart.sh --for 300 --port 9100
set -eu
cd "$(dirname "$0")/.."

say() { echo "quickstart: $*" >&2; }

./deploy/install-packages.sh runtime || {
    say "stopped: the packages for the build are not there."
    exit 1
}

mkdir -p build/logs
log=build/logs/quickstart.log
say "building the release (a minute or two the first time; its output goes to $log)"
if ! { cmake --preset release -DBUILD_TESTING=OFF && cmake --build --preset release --target groundswell; } \
    >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    say "the build failed; the end of $log is above. rm -rf build starts afresh."
    exit 1
fi

program=build/release/deploy/daemon/groundswell
say "starting: $program demo --for 60 $*"
exec "$program" demo --for 60 "$@"
