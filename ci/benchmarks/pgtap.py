"""Against pgTAP under pg_prove, which asserts from the catalog what pgsmoke carries out."""

from measure import interleaved, median

# In a schema of its own, so that its functions are none of the application's.
TESTS = """
BEGIN;
SET LOCAL search_path = tap, pg_catalog;
SELECT plan((SELECT 1 + count(*)::integer FROM pg_class
              WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')));
SELECT schema_privs_are('public', 'app1', ARRAY['USAGE']);
SELECT table_privs_are('public', tablename, 'app1', ARRAY['INSERT'])
  FROM pg_tables WHERE schemaname = 'public';
SELECT sequence_privs_are('public', sequencename, 'app1', ARRAY['USAGE'])
  FROM pg_sequences WHERE schemaname = 'public';
SELECT * FROM finish();
ROLLBACK;
"""


def compare(pgsmoke, server, tables, rounds, folder, results):
    server.make("asserted", tables)
    server.psql("CREATE DATABASE tap TEMPLATE asserted")
    server.psql(
        "CREATE SCHEMA tap; CREATE EXTENSION pgtap SCHEMA tap;"
        # From 15 on the case; before, everybody might create in it.
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC;",
        "tap",
    )
    tests = f"{folder}/privileges.sql"
    with open(tests, "w") as file:
        file.write(TESTS)
    command = [pgsmoke, "-q", "-d", "asserted", "--role", "app1"]
    samples = interleaved(
        {
            "pgtap": server.measured(["pg_prove", "--quiet", "-d", "tap", tests], "tap"),
            "two": server.measured(command + ["-j", "2"], "asserted"),
            "one": server.measured(command + ["-j", "1"], "asserted"),
        },
        rounds,
    )
    for lanes, most in (("two", 2), ("one", None)):
        results.add(
            f"{tables:,} tables, {lanes} lane{'s' * (lanes == 'two')}, to pgTAP's catalog look-ups",
            median(samples[lanes]),
            median(samples["pgtap"]),
            most=most,
        )
