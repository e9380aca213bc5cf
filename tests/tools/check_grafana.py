#!/usr/bin/env python3
"""check_grafana.py METRICS_MD [PROMTOOL]: the dashboards, held to what there is.

  - They are what deploy/grafana/make_dashboards.py writes.
  - Each panel has a title that is not used twice, a description, a unit that Grafana knows, a place of its own, and no
    data source but the variable's.
  - Each query is PromQL (by promtool, where it is installed), names metrics of the table alone, and asks them for labels
    that they have; a legend shows labels that its query keeps.
  - Each variable that is used is defined. What is provisioned is there.
"""
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
GRAFANA = ROOT / "deploy" / "grafana"
UNITS = {"none", "percentunit", "s", "bytes", "mps", "ops", "bool_yes_no"}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
OF_EVERY_TARGET = {"job", "instance"}
OF_PROMETHEUS = {"up": set()}
KEPT_BY_PROMQL = {"le"}
WORDS = {"sum", "max", "min", "by", "on", "group_left", "rate", "increase", "histogram_quantile", "time", "clamp_max", "clamp_min", "label_replace", "or",
         "label_values"}
problems = []


def say(where, what):
    problems.append(f"{where}: {what}")


def read_metrics(path):
    """name: labels, of the table of metrics.md; a histogram's series too."""
    metrics = {name: set(labels) for name, labels in OF_PROMETHEUS.items()}
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) < 6 or not re.fullmatch(r"`[a-z0-9_]+`", cells[1]):
            continue
        name, labels = cells[1].strip("`"), set(re.findall(r"`([a-z_]+)`", cells[3]))
        if cells[2] == "histogram":
            metrics[f"{name}_bucket"] = labels | KEPT_BY_PROMQL
            metrics[f"{name}_sum"] = metrics[f"{name}_count"] = labels
        else:
            metrics[name] = labels
    return metrics


def check_query(where, expr, metrics):
    """Returns the labels of the metrics that it names."""
    bare = re.sub(r'"[^"]*"', '""', expr)
    found = set()
    for name, selector in re.findall(r"\b([a-z_][a-z0-9_]*)\b(?:\{([^}]*)\})?", re.sub(r"\b(?:by|on|group_left)\s*\([^)]*\)", "", bare)):
        if name in WORDS or not (selector or name.startswith(("groundswell_", "process_", "up"))):
            continue
        if name not in metrics:
            say(where, f"{name} is no metric")
            continue
        found |= metrics[name] | OF_EVERY_TARGET
        for label in re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)", selector):
            if label not in metrics[name] | OF_EVERY_TARGET:
                say(where, f"{name} has no label {label}")
        if "instance" not in selector:
            say(where, f"{name} is not asked of the chosen job and instances")
    for labels in re.findall(r"\b(?:by|on|group_left)\s*\(([^)]*)\)", bare):
        for label in filter(None, (part.strip() for part in labels.split(","))):
            if label not in found:
                say(where, f"no metric in it has the label {label}")
    return found


def kept_labels(expr):
    groups = re.findall(r"\bby\s*\(([^)]*)\)", expr)
    return {label.strip() for labels in groups for label in labels.split(",")} if groups else set()


def check_target(where, target, metrics):
    if target["datasource"] != SOURCE:
        say(where, f"a data source of its own: {target['datasource']}")
    check_query(where, target["expr"], metrics)
    for label in re.findall(r"\{\{\s*(\w+)\s*\}\}", target["legendFormat"]):
        if label not in kept_labels(target["expr"]):
            say(where, f"the legend shows {label}, which the query does not keep")


def check_panel(where, panel, metrics):
    if panel["type"] == "row":
        return
    if len(panel.get("description", "")) < 20:
        say(where, "no description")
    unit = panel["fieldConfig"]["defaults"].get("unit")
    if unit not in UNITS:
        say(where, f"unit {unit} is not one of {sorted(UNITS)}")
    if panel["datasource"] != SOURCE:
        say(where, f"a data source of its own: {panel['datasource']}")
    if not panel["targets"]:
        say(where, "it asks nothing")
    legends = [target["legendFormat"] for target in panel["targets"]]
    for override in panel["fieldConfig"]["overrides"]:
        name = override["matcher"]["options"]
        if name not in legends and not any("{{severity}}" == legend for legend in legends):
            say(where, f"an override of {name}, which no query is called")
    for target in panel["targets"]:
        check_target(where, target, metrics)


def check_places(name, panels):
    taken = {}
    for panel in panels:
        at = panel["gridPos"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                if x >= 24 or (x, y) in taken:
                    say(f"{name}: {panel['title']}", f"is where {taken.get((x, y), 'the edge')} is")
                    return
                taken[x, y] = panel["title"]


def check_dashboard(name, dashboard, metrics):
    titles = [panel["title"] for panel in dashboard["panels"]]
    ids = [panel["id"] for panel in dashboard["panels"]]
    if len(set(titles)) != len(titles) or len(set(ids)) != len(ids):
        say(name, "two panels have one title or id")
    if "id" in dashboard or not dashboard["uid"].startswith("groundswell-"):
        say(name, "an id of one Grafana, or a uid that is not ours")
    for panel in dashboard["panels"]:
        check_panel(f"{name}: {panel['title']}", panel, metrics)
    check_places(name, dashboard["panels"])
    defined = {variable["name"] for variable in dashboard["templating"]["list"]}
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            if variable["datasource"] != SOURCE:
                say(name, f"the variable {variable['name']} has a data source of its own")
            asked = re.fullmatch(r"label_values\(([a-z0-9_]+)(?:\{.*\})?, ([a-z_]+)\)", variable["definition"])
            if not asked or asked[2] not in metrics.get(asked[1], set()) | OF_EVERY_TARGET or asked[1] not in metrics:
                say(name, f"the variable {variable['name']} asks {variable['definition']}")
    for annotation in dashboard["annotations"]["list"]:
        check_target(f"{name}: annotation {annotation['name']}", annotation | {"legendFormat": annotation["titleFormat"]}, metrics)
    for used in set(re.findall(r"\$\{?(\w+)", json.dumps(dashboard))):
        if used not in defined and not used.startswith("__"):
            say(name, f"${used} is not defined")
    if re.findall(r'"uid": "(?!\$\{datasource\}|groundswell-)[^"]*"', json.dumps(dashboard)):
        say(name, "a data source by its uid")


def plain(expr):
    return re.sub(r"\$\w+", "x", expr.replace("$__rate_interval", "5m").replace("$__range", "1h"))


def check_promql(dashboards, promtool):
    rules = [{"record": f"a:b{n}:c", "expr": plain(target["expr"])}
             for n, target in enumerate(target for dashboard in dashboards.values() for panel in dashboard["panels"] for target in panel.get("targets", []))]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump({"groups": [{"name": "g", "rules": rules}]}, file)  # JSON is YAML
        file.flush()
        done = subprocess.run([promtool, "check", "rules", file.name], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        say("promtool", done.stdout + done.stderr)


def check_provisioning():
    for path in ("provisioning/datasources/groundswell.yml", "provisioning/dashboards/groundswell.yml"):
        text = (GRAFANA / path).read_text(encoding="utf-8") if (GRAFANA / path).exists() else ""
        if "apiVersion: 1" not in text:
            say(path, "is not there, or none of Grafana's")


def main():
    metrics = read_metrics(sys.argv[1])
    if len(metrics) < 50:
        say(sys.argv[1], "is not the table of metrics")
    made = subprocess.run([sys.executable, "-B", GRAFANA / "make_dashboards.py", "--check"], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        say("make_dashboards.py", made.stdout + made.stderr)
    dashboards = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(GRAFANA.glob("*.json"))}
    if sorted(dashboards) != ["desk", "operations"]:
        say("deploy/grafana", f"dashboards are {sorted(dashboards)}")
    for name, dashboard in dashboards.items():
        check_dashboard(name, dashboard, metrics)
    check_provisioning()
    promtool = sys.argv[2] if len(sys.argv) > 2 else shutil.which("promtool")
    if promtool:
        check_promql(dashboards, promtool)
    for problem in problems:
        print(f"check_grafana: {problem}")
    print(f"{sum(len(d['panels']) for d in dashboards.values())} panels, {len(problems)} problems" + ("" if promtool else " (PromQL not checked: no promtool)"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
