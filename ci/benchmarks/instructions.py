"""Instructions of the client for each trial, as valgrind counts them: the same on a noisy machine."""

import re
import subprocess

from measure import run


def compare(pgsmoke, server, sizes, folder, results):
    """The difference between two sizes leaves out what a run costs however many tables there are."""
    # Newer debugging information than valgrind's own is the end of it.
    stripped = f"{folder}/pgsmoke"
    subprocess.run(["strip", "--strip-debug", "-o", stripped, pgsmoke], check=True)
    counts = {}
    for size in sizes:
        database = f"counted_{size}"
        server.make(database, size)
        counts[size] = instructions(stripped, server, database, folder)
    few, many = sizes
    each = (counts[many] - counts[few]) / (many - few)
    results.add("instructions of a run, whatever it tries", counts[few] - few * each, None, unit="")
    results.add("instructions for each trial", each, None, unit="")


def instructions(pgsmoke, server, database, folder):
    file = f"{folder}/callgrind.out"
    run(
        ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={file}", pgsmoke]
        + ["-q", "-d", database, "--role", "app1", "-j", "1"],
        server.host,
    )
    with open(file) as lines:
        for line in lines:
            if found := re.match(r"(?:summary|totals): (\d+)", line):
                return int(found[1])
    raise SystemExit(f"{file} has no total")
