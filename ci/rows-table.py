"""Prints what pgsmoke's JSON reports say of each schema: rows-table.py DIRECTORY NAME..."""

import collections
import json
import pathlib
import re
import sys

HEADINGS = ["schema", "tables", "passed", "inconclusive", "failed", "error", "skipped", "full",
            "impossible", "seconds", "ms/table"]
VERDICTS = ["passed", "inconclusive", "failed", "error", "skipped"]


def reason(trial):
    """What stopped a trial, without the names of its objects."""
    text = (trial["reason"] or "no reason").split(":")[0].split(";")[0]
    text = re.sub(r'"[^"]*"|\b[\w$]+\.[\w$.]+', "…", text)
    text = re.sub(r"\b(constraint|column|sequence) (?!of\b)\S+", r"\1 …", text)
    state = f" ({trial['sqlstate']})" if trial["sqlstate"] else ""
    return " ".join(text.split()) + state


def says(trial, word):
    return trial["verdict"] != "passed" and re.search(rf"\b{word}\b", trial["reason"] or "")


def row(name, reports):
    trials = [trial for report in reports for trial in report["trials"]]
    seconds = sum(report["seconds"] for report in reports)
    verdicts = collections.Counter(trial["verdict"] for trial in trials)
    return [name, len(trials), *(verdicts[verdict] for verdict in VERDICTS),
            sum(1 for trial in trials if says(trial, "full")),
            sum(1 for trial in trials if says(trial, "impossible")),
            f"{seconds:.2f}", f"{1000 * seconds / max(1, len(trials)):.1f}"]


def main(directory, names):
    reports = {name: json.loads(pathlib.Path(directory, name + ".json").read_text())
               for name in names}
    table = [HEADINGS, *(row(name, [report]) for name, report in reports.items()),
             row("all", reports.values())]
    widths = [max(len(str(line[column])) for line in table) for column in range(len(HEADINGS))]
    for line in table:
        print("  ".join(str(cell).ljust(width) if column == 0 else str(cell).rjust(width)
                        for column, (cell, width) in enumerate(zip(line, widths))))
    for verdict in VERDICTS[1:]:
        for name, report in reports.items():
            found = [trial for trial in report["trials"] if trial["verdict"] == verdict]
            for text, count in collections.Counter(map(reason, found)).most_common():
                print(f"{verdict}, {name}: {count} × {text}")
    trials = [trial for report in reports.values() for trial in report["trials"]]
    passed = sum(trial["verdict"] == "passed" for trial in trials)
    share = 100 * passed / max(1, len(trials))
    print(f"passed: {passed} of {len(trials)}, {share:.1f} %")


main(sys.argv[1], sys.argv[2:])
