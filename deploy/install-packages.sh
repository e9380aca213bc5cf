#!/bin/sh
# install-packages.sh runtime|tests: installs what is missing of the Debian packages that building
# the program (runtime) or running all its tests (tests) needs. Says what it installs; can be run
# again; works as root or with sudo.
set -eu

RUNTIME="gcc libc6-dev cmake ninja-build pkg-config
    librdkafka-dev libpcre2-dev libutf8proc-dev libjansson-dev libyaml-dev libmicrohttpd-dev
    libxxhash-dev zlib1g-dev libssl-dev libcurl4-openssl-dev libopenblas-pthread-dev"
TESTS="clang-14 clang libclang-rt-14-dev llvm-14 clang-format-14 clang-tidy-14 libcmocka-dev
    python3 python3-venv valgrind maven default-jre-headless prometheus prometheus-alertmanager util-linux"

say() { echo "install-packages: $*" >&2; }

fail() {
    say "$*"
    exit 1
}

case "${1:-}" in
runtime) wanted=$RUNTIME ;;
tests) wanted="$RUNTIME $TESTS" ;;
*)
    echo "usage: install-packages.sh runtime|tests" >&2
    exit 2
    ;;
esac

# The list without its line breaks.
# shellcheck disable=SC2086
set -- $wanted
wanted=$*

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    fail "this machine has no apt-get: it is made for Debian 12 (a container of debian:12 will do)." \
        "Elsewhere, install what these packages stand for, then: cmake --workflow --preset release." \
        "The packages: $wanted"
fi

missing=
for package in $wanted; do
    state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    fail "packages are missing, and installing them takes root or sudo, and there is neither." \
        "Ask for: apt-get install --no-install-recommends$missing"
fi

# Prometheus and Alertmanager are started by the tests, on ports of their own: the services that their
# packages bring must not run. This policy is Debian's way of saying so, while we install.
policy=/usr/sbin/policy-rc.d
ours=
end_policy() {
    if [ -n "$ours" ]; then
        $as_root rm -f $policy
        ours=
    fi
}
trap end_policy EXIT
trap 'exit 1' INT TERM
services=
case "$missing " in
*" prometheus"*)
    for service in prometheus prometheus-alertmanager; do
        case "$missing " in *" $service "*) services="$services $service" ;; esac
    done
    if [ ! -e $policy ]; then
        ours=yes
        printf '#!/bin/sh\nexit 101\n' | $as_root sh -c "cat >$policy && chmod 755 $policy"
    fi
    ;;
esac

say "installing with apt-get:$missing"
log=$(mktemp)
$as_root apt-get update -qq >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    fail "apt-get update failed: is there a network, and are the sources in /etc/apt right?"
}
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing \
    >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    fail "apt-get could not install them; its reason is above." \
        "The names are Debian 12's; this is $(. /etc/os-release && echo "$PRETTY_NAME")."
}
rm -f "$log"

# Nor may they come up at the next start of the machine.
if [ -n "$services" ] && [ -d /run/systemd/system ]; then
    # shellcheck disable=SC2086
    $as_root systemctl disable --now --quiet $services || true
fi
