#!/bin/sh
# fetch_kafka.sh VERSION DIRECTORY: puts the jars of that Apache Kafka into DIRECTORY, once.
# They come from Maven Central, which checks each download's checksum; the list of what was
# fetched is the last file written, so that a broken download starts anew.
set -eu
version=$1
target=$2
here=$(cd "$(dirname "$0")" && pwd)

mkdir -p "$target"
exec 9>"$target.lock" # tests that run at once wait for the one that fetches
flock 9
if [ -s "$target/complete" ] && (cd "$target" && sha256sum --quiet --check complete); then
    exit 0
fi
command -v mvn >/dev/null || {
    echo "fetch_kafka.sh: Maven is missing; deploy/install-packages.sh tests installs it" >&2
    exit 1
}
rm -f "$target/complete" "$target"/*.jar
attempt=1
until mvn --batch-mode --quiet -Dstyle.color=never --strict-checksums --file "$here/kafka-$version/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$target" >&2; do
    if [ "$attempt" -ge 3 ]; then
        echo "fetch_kafka.sh: Maven could not fetch Kafka $version; is Maven Central reachable?" >&2
        exit 1
    fi
    attempt=$((attempt + 1))
    sleep 5
done
(cd "$target" && sha256sum ./*.jar >complete.part && mv complete.part complete)
