"""Runs commands and measures them, in turn, so that what else the machine does meets all alike."""

import os
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass


@dataclass
class Sample:
    """What one run of a command took."""

    seconds: float
    # The most memory that it had, in MB; of several processes, that of the largest.
    memory: float
    # Seconds of a processor that the command, and the server's processes, spent on it.
    client: float
    server: float = 0.0


def run(command, host, output=os.devnull, environment=None):
    """Runs a command on the server at `host`; ends everything if it fails."""
    variables = os.environ | {"PGHOST": host} | (environment or {})
    with open(output, "wb") as out, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=variables
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            text = errors.read().decode(errors="replace")[-2000:]
            raise SystemExit(f"exit {process.returncode}: {' '.join(command)[:300]}\n{text}")
    return Sample(seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime)


def interleaved(actions, rounds):
    """Carries out every action once a round, A B C A B C, and returns the samples by name.

    A first round, for caches, is not counted.
    """
    samples = {name: [] for name in actions}
    for round in range(rounds + 1):
        for name, action in actions.items():
            sample = action()
            if round > 0:
                samples[name].append(sample)
    return samples


def median(samples, field="seconds"):
    return statistics.median(getattr(sample, field) for sample in samples)
