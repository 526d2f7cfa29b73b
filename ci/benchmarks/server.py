"""A private server that ci/bench has started, and the databases that are measured."""

import os
import subprocess
import time

from measure import run

# Tables of ten columns with serial keys and CHECKs; every third refers to the one before it. No
# transaction makes so many that the server's table of locks would be full.
TABLES = """
SELECT set_config('bench.tables', '{tables}', false) \\g /dev/null
DO $$
BEGIN
    FOR n IN 1..current_setting('bench.tables')::integer LOOP
        EXECUTE format($sql$
            CREATE TABLE t%1$s (
                id serial PRIMARY KEY,
                %2$s,
                name text NOT NULL CHECK (length(name) BETWEEN 1 AND 40),
                email varchar(120) NOT NULL,
                amount numeric(10, 2) NOT NULL CHECK (amount >= 0),
                quantity integer NOT NULL CHECK (quantity > 0),
                state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'paid', 'sent')),
                active boolean NOT NULL DEFAULT true,
                created_at timestamptz NOT NULL DEFAULT now(),
                notes text
            )$sql$, n, CASE WHEN n % 3 = 0
                THEN format('parent_id integer NOT NULL REFERENCES t%s', n - 1)
                ELSE 'code integer NOT NULL' END);
        IF n % 500 = 0 THEN COMMIT; END IF;
    END LOOP;
END
$$;
"""

GRANTS = """
GRANT INSERT ON ALL TABLES IN SCHEMA public TO {roles};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {roles};
"""


class Server:
    def __init__(self, host):
        self.host = host
        with open(f"{host}/data/postmaster.pid") as file:
            self.pid = int(file.readline())

    def psql(self, sql, database="postgres"):
        """Runs a script and returns what it prints."""
        return subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database],
            input=sql,
            env=os.environ | {"PGHOST": self.host},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout

    def make(self, database, tables, roles=1):
        """Makes a database in which `app1` and so on may insert into every table."""
        names = [f"app{number}" for number in range(1, roles + 1)]
        for name in names:
            self.psql(
                f"SELECT 'CREATE ROLE {name} LOGIN' WHERE NOT EXISTS "
                f"(SELECT FROM pg_roles WHERE rolname = '{name}') \\gexec"
            )
        self.psql(f"CREATE DATABASE {database}")
        self.psql(TABLES.format(tables=tables), database)
        self.psql(GRANTS.format(roles=", ".join(names)), database)
        self.psql("VACUUM ANALYZE", database)

    def settle(self, database):
        """Leaves every run the same: no dead rows in the catalog, no files to be removed."""
        self.psql("VACUUM pg_class; VACUUM pg_attribute; VACUUM pg_sequence; CHECKPOINT;", database)
        self.wait_for_end()

    def wait_for_end(self):
        """Waits until no process that serves a client is left, so that all their time is counted."""
        # One that has ended and was not yet taken leave of has no title.
        while any(not title or b" [local] " in title for title in self.titles()):
            time.sleep(0.005)

    def titles(self):
        """What the server's processes call themselves."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children") as file:
            children = file.read().split()
        for child in children:
            try:
                with open(f"/proc/{child}/cmdline", "rb") as file:
                    yield file.read()
            except FileNotFoundError:
                pass

    def processor(self):
        """Seconds of a processor that the server's processes have spent that have ended."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def measured(self, command, database, **options):
        """Returns the action that settles the server, runs a command and measures both sides."""

        def action():
            self.settle(database)
            before = self.processor()
            sample = run(command, self.host, **options)
            self.wait_for_end()
            sample.server = self.processor() - before
            return sample

        return action
