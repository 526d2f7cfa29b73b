"""From start to finish on one table, against the shortest psql."""

from measure import interleaved, median


def compare(pgsmoke, server, rounds, results):
    server.make("single", 1)
    command = [pgsmoke, "-q", "-d", "single", "--role", "app1"]
    samples = interleaved(
        {
            "psql": server.measured(["psql", "-X", "-d", "single", "-c", "select 1"], "single"),
            "pgsmoke": server.measured(command, "single"),
        },
        4 * rounds,
    )
    results.add(
        "one table, start to finish, to psql -c 'select 1'",
        median(samples["pgsmoke"]),
        median(samples["psql"]),
        most=3,
    )
