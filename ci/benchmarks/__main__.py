"""Carries out the comparisons that ci/bench was asked for and prints a table of them."""

import argparse
import os

import growth
import instructions
import pgtap
import psql
import start
from results import Results
from server import Server

PARTS = ["psql", "pgtap", "growth", "start", "instructions"]


def numbers(text):
    return [int(number) for number in text.split(",")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pgsmoke", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--servers", nargs=2, required=True)
    parser.add_argument("--only", type=lambda text: text.split(","), default=PARTS)
    parser.add_argument("--tables", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--growth", type=numbers, default=[100, 1_000, 10_000])
    parser.add_argument("--roles", type=numbers, default=[1, 5, 20])
    options = parser.parse_args()
    os.environ["PGUSER"] = "postgres"
    small, big = (Server(host) for host in options.servers)
    results = Results()
    if "start" in options.only:
        start.compare(options.pgsmoke, small, options.rounds, results)
    if "psql" in options.only:
        psql.compare(
            options.pgsmoke, small, big, options.tables, options.rounds, options.folder, results
        )
    if "pgtap" in options.only:
        pgtap.compare(
            options.pgsmoke, small, options.tables, options.rounds, options.folder, results
        )
    if "growth" in options.only:
        growth.compare(
            options.pgsmoke, small, options.growth, options.roles, options.rounds, results
        )
    if "instructions" in options.only:
        sizes = options.growth[:2]
        instructions.compare(options.pgsmoke, small, sizes, options.folder, results)
    for what in results.missed:
        print(f"not reached: {what}")
    return 1 if results.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
