"""Against psql: one that runs the whole plan as a script, and one process for each table."""

import os

from measure import interleaved, median, run

LOOPED = 100


def compare(pgsmoke, small, big, tables, rounds, folder, results):
    """Measures on a server with few and on one with much memory for buffers.

    What psql runs is the plan of pgsmoke itself, so it is the same work.
    """
    for server in (small, big):
        server.make("tables", tables)
    plan = f"{folder}/plan.sql"
    run([pgsmoke, "plan", "-q", "-d", "tables", "--role", "app1"], small.host, output=plan)
    loop, looped = write_loop(plan, folder)

    def ours(server, jobs):
        command = [pgsmoke, "-q", "-d", "tables", "--role", "app1", "-j", str(jobs)]
        return server.measured(command + ["--junit", f"{folder}/junit.xml"], "tables")

    def script(server):
        return server.measured(["psql", "-X", "-q", "-d", "tables", "-f", plan], "tables")

    samples = interleaved(
        {
            "script": script(small),
            "two": ours(small, 2),
            "one": ours(small, 1),
            "loop": small.measured(["bash", loop], "tables"),
            "big script": script(big),
            "big two": ours(big, 2),
            "big one": ours(big, 1),
        },
        rounds,
    )
    time = {name: median(of) for name, of in samples.items()}
    name = f"{tables:,} tables"
    for prefix, memory in (("", "128 MB"), ("big ", "8 GB")):
        for lanes, most in (("two", 0.40), ("one", 0.75)):
            results.add(
                f"{name}, {lanes} lane{'s' * (lanes == 'two')}, to psql -f of the plan, {memory}",
                time[prefix + lanes],
                time[prefix + "script"],
                most=most if prefix == "" else None,
            )
    for lanes in ("two", "one"):
        results.add(
            f"{name}, {lanes} lane{'s' * (lanes == 'two')}, 8 GB to 128 MB of shared_buffers",
            time["big " + lanes],
            time[lanes],
            most=1.3,
        )
    for lanes, least in (("two", 60), ("one", 40)):
        ours_each, others_each = time[lanes] / tables, time["loop"] / looped
        results.add(
            f"one table, {lanes} lane{'s' * (lanes == 'two')}, to a psql of its own: times faster",
            ours_each,
            others_each,
            ratio=others_each / ours_each,
            least=least,
        )


def write_loop(plan, folder):
    """Writes each of the first trials into a file, and the shell script that runs them."""
    with open(plan) as file:
        trials = file.read().split("-- trial: ")[1:][:LOOPED]
    os.makedirs(f"{folder}/trials", exist_ok=True)
    for number, trial in enumerate(trials):
        with open(f"{folder}/trials/{number:03}.sql", "w") as file:
            file.write("-- trial: " + trial)
    loop = f"{folder}/loop.sh"
    with open(loop, "w") as file:
        file.write(
            f"for trial in {folder}/trials/*.sql; do\n"
            '    psql -X -q -d tables -f "$trial" >/dev/null\n'
            "done\n"
        )
    return loop, len(trials)
