#!/usr/bin/env python3
"""ask_prometheus.py PROGRAM: runs `groundswell demo` beside a real Prometheus and asks it every query of the dashboards.

Prints how many series each panel's queries gave, and exits with 1 when one is refused, or gives nothing though the demo has
what it asks for. A minute and a half; run by hand after a change of dashboards (the demo has no verdicts, no encoder, no
receivers and no transactions: what is about them may be empty).
"""
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
# What the demo has nothing of: an encoder, verdicts, receivers, refused lines.
MAY_BE_EMPTY = {"Precision by verdicts", "Time of a micro-batch", "Texts seen before", "Receivers", "Dead letters"}
SECONDS = 75


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def variables(prometheus, expr, chosen):
    for name, value in chosen.items():
        expr = expr.replace(f"${name}", value)
    return expr.replace("$__rate_interval", "20s")


def ask(prometheus, expr):
    query = urllib.parse.urlencode({"query": expr})
    try:
        answer = get(f"http://127.0.0.1:{prometheus}/api/v1/query?{query}")
    except urllib.error.HTTPError as error:
        return None, json.load(error).get("error", str(error))
    return answer["data"]["result"], ""


def wait_for(what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.5)
    return False


def key_of(prometheus):
    rows, _ = ask(prometheus, "groundswell_alert_active")
    return next((row["metric"]["key"] for row in rows or [] if row["metric"]["key"].startswith("entity:")), ".*")


def report(prometheus):
    bad = 0
    chosen = {"job": ".*", "instance": ".*", "topic": ".*", "key": key_of(prometheus)}
    for name in ("desk", "operations"):
        dashboard = json.loads((ROOT / "deploy" / "grafana" / f"{name}.json").read_text(encoding="utf-8"))
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                rows, why = ask(prometheus, variables(prometheus, target["expr"], chosen))
                empty = not rows and panel["title"] not in MAY_BE_EMPTY
                bad += rows is None or empty
                print(f"{name:10} {'refused' if rows is None else len(rows):>7} {'EMPTY ' if empty else ''}{panel['title']} {target['refId']} {why}")
    return bad


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    if not shutil.which("prometheus"):
        print("ask_prometheus: skipped: prometheus is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        port, pages = free_port(), free_port()
        config = pathlib.Path(folder, "prometheus.yml")
        config.write_text(json.dumps({"global": {"scrape_interval": "2s"}, "scrape_configs": [
            {"job_name": "groundswell", "static_configs": [{"targets": [f"127.0.0.1:{pages}"]}]}]}), encoding="utf-8")
        with open(pathlib.Path(folder, "log"), "wb") as log:
            prometheus = subprocess.Popen(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
            demo = subprocess.Popen([program, "demo", "--for", str(SECONDS + 120), "--port", str(pages), "--no-browser"], stdout=log, stderr=log)
            try:
                if not wait_for(lambda: (ask_quietly(port, "sum(groundswell_incidents_open) > 0")), SECONDS + 60):
                    print("ask_prometheus: no incident came")
                    return 1
                time.sleep(8)
                return 1 if report(port) else 0
            finally:
                demo.terminate()
                prometheus.terminate()
                demo.wait()
                prometheus.wait()


def ask_quietly(prometheus, expr):
    try:
        rows, _ = ask(prometheus, expr)
        return bool(rows)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
