"""How time, memory, catalog queries and the server's work grow with tables and roles."""

from measure import interleaved, median, run

# The statements that read catalogs; the looks at who is there and what is locked come as often as
# time passes.
CATALOG_QUERIES = """
SELECT coalesce(sum(calls), 0) FROM pg_stat_statements
 WHERE query ~ '\\mFROM (pg_catalog\\.)?pg_'
   AND query !~ '^SELECT (DISTINCT l\\.relation|application_name IN )'
"""


def compare(pgsmoke, server, sizes, roles, rounds, results):
    for size in sizes:
        server.make(f"tables_{size}", size)
    server.make("roles", sizes[min(1, len(sizes) - 1)], roles[-1])

    def command(database, count):
        names = [word for n in range(1, count + 1) for word in ("--role", f"app{n}")]
        return [pgsmoke, "-q", "-d", database, *names]

    def action(database, count):
        return server.measured(command(database, count), database)

    by_size = {size: action(f"tables_{size}", 1) for size in sizes}
    by_roles = {count: action("roles", count) for count in roles}
    samples = interleaved(by_size, rounds)
    queries = {}
    for size in sizes:
        queries[size] = counted(server, command(f"tables_{size}", 1), f"tables_{size}")
    for smaller, larger in zip([None] + sizes, sizes):
        grown(results, f"{larger:,} tables", samples, smaller, larger)
        results.add(
            f"{larger:,} tables, catalog queries",
            queries[larger],
            queries.get(smaller),
            unit="",
            most=1 if smaller else None,
        )
    samples = interleaved(by_roles, rounds)
    for count in roles:
        plural = "s" * (count > 1)
        grown(results, f"{count} role{plural}", samples, None if count == 1 else 1, count, 10)


def grown(results, name, samples, smaller, larger, most=11):
    """Adds what the larger took, as a multiple of the smaller."""
    for field, what, unit in (
        ("seconds", "seconds", "s"),
        ("server", "server's processor time", "s"),
        ("memory", "most memory", "MB"),
    ):
        before = None if smaller is None else median(samples[smaller], field)
        aim = most if field == "seconds" and before else None
        results.add(f"{name}, {what}", median(samples[larger], field), before, unit, most=aim)
    results.judge(median(samples[larger], "memory") <= 200, f"{name}, at most 200 MB")


def counted(server, command, database):
    """Counts the catalog queries of one run."""
    server.psql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset()")
    run(command, server.host, environment={"PGOPTIONS": "-c pg_stat_statements.track=top"})
    return int(server.psql(CATALOG_QUERIES))
