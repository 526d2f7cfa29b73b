"""Takes one privilege after another away from the databases that ci/mutations has loaded.

Arguments: the pgsmoke to try, how many mutations, the seed, a folder for files.
"""

import json
import os
import random
import subprocess
import sys
import time

PGSMOKE, COUNT, SEED, FOLDER = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]


class Psql:
    """One psql that stays open, so that a question costs no process."""

    def __init__(self, database):
        self.process = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-d", database],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, sql):
        """Runs a script and returns its lines; an error is the end."""
        self.process.stdin.write(f"{sql}\n;\n\\echo =end=\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == "=end=\n":
                if any("ERROR:" in line for line in lines):
                    raise SystemExit("\n".join([sql] + lines))
                return lines
            lines.append(line.rstrip("\n"))
        raise SystemExit("psql ended")

    def rows(self, sql):
        return [line.split("\t") for line in self.run(sql)]


# Every grant of the database, one a line, in an order of its own: a list's order is no matter.
STATE = """
SELECT g.kind, g.name, g.grantor::regrole, g.grantee, g.privilege_type, g.is_grantable
FROM (
    SELECT 'relation' AS kind, c.oid::regclass::text AS name, a.*
      FROM pg_class c, aclexplode(c.relacl) a WHERE c.relkind <> 'i'
    UNION ALL
    SELECT 'column', attrelid::regclass || '.' || attname, a.*
      FROM pg_attribute, aclexplode(attacl) a
    UNION ALL
    SELECT 'schema', nspname, a.* FROM pg_namespace, aclexplode(nspacl) a
    UNION ALL
    SELECT 'routine', p.oid::regprocedure::text, a.* FROM pg_proc p, aclexplode(proacl) a
    UNION ALL
    SELECT 'default', d.oid::text, a.* FROM pg_default_acl d, aclexplode(defaclacl) a
) AS g
UNION ALL
SELECT 'role', rolname, 0::oid::regrole, 0, rolinherit::text, false FROM pg_roles
UNION ALL
SELECT 'membership', (to_jsonb(m) - 'oid')::text, 0::oid::regrole, 0, '', false
  FROM pg_auth_members m
ORDER BY 1, 2, 3, 4, 5, 6
"""

# The grants to others than the owner: what to take away, what gives it back, and by whom.
CANDIDATES = """
SELECT kind, name, revoke, "grant", owner::regrole, schema, relation
FROM (
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind,
           c.oid::regclass::text AS name, c.relowner AS owner, n.nspname AS schema,
           c.relname AS relation, a.grantee,
           format('REVOKE %s ON %s%I.%I FROM %I', a.privilege_type,
               CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE '' END,
               n.nspname, c.relname, a.grantee::regrole::text) AS revoke,
           format('GRANT %s ON %s%I.%I TO %I', a.privilege_type,
               CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE '' END,
               n.nspname, c.relname, a.grantee::regrole::text) AS "grant",
           a.privilege_type AS privilege
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
     WHERE c.relkind <> 'i'
    UNION ALL
    SELECT 'column', c.oid::regclass || '.' || t.attname, c.relowner, n.nspname, c.relname, a.grantee,
           format('REVOKE %s (%I) ON %I.%I FROM %I', a.privilege_type, t.attname, n.nspname,
               c.relname, a.grantee::regrole::text),
           format('GRANT %s (%I) ON %I.%I TO %I', a.privilege_type, t.attname, n.nspname,
               c.relname, a.grantee::regrole::text), a.privilege_type
      FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(t.attacl) a
    UNION ALL
    SELECT 'schema', n.nspname, n.nspowner, n.nspname, '', a.grantee,
           format('REVOKE %s ON SCHEMA %I FROM %I', a.privilege_type, n.nspname,
               a.grantee::regrole::text),
           format('GRANT %s ON SCHEMA %I TO %I', a.privilege_type, n.nspname,
               a.grantee::regrole::text), a.privilege_type
      FROM pg_namespace n, aclexplode(n.nspacl) a
    UNION ALL
    SELECT 'routine', p.oid::regprocedure::text, p.proowner, n.nspname, p.proname, a.grantee,
           format('REVOKE %s ON %s %I.%I(%s) FROM %I', a.privilege_type,
               CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, n.nspname, p.proname,
               oidvectortypes(p.proargtypes), a.grantee::regrole::text),
           format('GRANT %s ON %s %I.%I(%s) TO %I', a.privilege_type,
               CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, n.nspname, p.proname,
               oidvectortypes(p.proargtypes), a.grantee::regrole::text), a.privilege_type
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, aclexplode(p.proacl) a
) AS g
WHERE g.grantee NOT IN (0, g.owner) AND g.schema !~ '^(pg_|information_schema)'
  AND (g.kind, g.privilege) IN (('table', 'INSERT'), ('table', 'SELECT'), ('table', 'UPDATE'),
      ('column', 'INSERT'), ('sequence', 'USAGE'), ('sequence', 'SELECT'), ('schema', 'USAGE'),
      ('routine', 'EXECUTE'))
ORDER BY 1, 2, 3
"""

# The tables whose own defaults draw from a sequence.
DRAWERS = """
SELECT s.oid::regclass::text, n.nspname, c.relname
  FROM pg_depend d
  JOIN pg_attrdef ad ON ad.oid = d.objid AND d.classid = 'pg_attrdef'::regclass
  JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
  JOIN pg_class c ON c.oid = ad.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
"""


class Mutation:
    """A privilege, the statements that take it away and give it back, and who gives it."""

    def __init__(self, kind, name, revoke, grant, owner, tables=None):
        self.kind, self.name, self.revoke, self.grant = kind, name, revoke, grant
        self.owner = owner
        # The cases that must fail, where the catalog tells: names of tables with their schema.
        self.tables = tables


class Database:
    """A database in which every trial passes, and what can be taken away there."""

    def __init__(self, name, roles, options, is_exact, privileges):
        self.name, self.roles, self.is_exact = name, roles, is_exact
        self.options = options
        self.psql = Psql(name)
        self.psql.run("SET client_min_messages = error; SET search_path = pg_catalog")
        self.state = self.psql.run(STATE)
        drawers = {}
        for sequence, schema, table in self.psql.rows(DRAWERS):
            drawers.setdefault(sequence, []).append((schema, table))
        self.mutations = []
        for kind, name, revoke, grant, owner, schema, relation in self.psql.rows(CANDIDATES):
            if privileges is not None and not grant.startswith(privileges):
                continue
            if not any(f"TO {role}" in grant for role in self.grantees()):
                continue
            tables = None
            if is_exact:
                tables = {
                    "table": [(schema, relation)],
                    "sequence": drawers.get(name, []),
                    "schema": None,
                }.get(kind)
                if kind == "sequence" and not tables:
                    continue
            self.mutations.append(Mutation(kind, name, revoke, grant, owner, tables))

    def grantees(self):
        return self.roles + ["kinds_"] if self.name == "kinds" else self.roles

    def run(self, tables=None):
        """Runs pgsmoke and returns its exit code, its report and its script."""
        script = os.path.join(FOLDER, f"{self.name}.sql")
        command = [PGSMOKE, "-d", self.name, "-q", "--json", "-", "--fix", script]
        for role in self.roles:
            command += ["--role", role]
        command += self.options
        for schema, table in tables or []:
            command += ["-t", f'"{schema}"."{table}"']
        run = subprocess.run(command, capture_output=True, text=True)
        try:
            report = json.loads(run.stdout)
        except json.JSONDecodeError:
            raise SystemExit(f"no report: {run.stdout}{run.stderr}")
        with open(script) as file:
            return run.returncode, report, file.read()

    def attempt(self, mutation, chance):
        """Takes the privilege away, and returns what is wrong with what pgsmoke says, if anything."""
        self.psql.run(f"SET ROLE {mutation.owner}; {mutation.revoke}; RESET ROLE")
        if self.psql.run(STATE) == self.state:
            raise SystemExit(f"nothing was taken away: {mutation.revoke}")
        tables = None
        if mutation.tables and chance.random() < 0.6:
            others = [m.tables[0] for m in self.mutations if m.kind == "table" and m.tables]
            tables = mutation.tables + chance.sample(others, min(5, len(others)))
        code, report, script = self.run(tables)
        failed = [t for t in report["trials"] if t["verdict"] != "passed"]
        wrong = []
        if code != 1 or not failed:
            wrong.append(f"exit {code}, not found")
        for trial in failed:
            cures = [(c["sql"], c["runBy"], c["proven"]) for c in trial["cure"]]
            if trial["verdict"] != "failed" or cures != [(mutation.grant, mutation.owner, True)]:
                wrong.append(
                    f"{trial['name']}: {trial['verdict']} {trial['type']}, {trial['reason']}; "
                    f"{trial['message']}; cure {trial['cure']}"
                )
            elif mutation.kind != "membership":
                wrong += self.misnamed(trial, mutation)
        if mutation.tables:
            found = {(t["object"]["schema"], t["object"]["name"]) for t in failed}
            if found != set(mutation.tables):
                wrong.append(f"failed: {sorted(found)}, should: {mutation.tables}")
        self.psql.run(script if "COMMIT" in script else mutation.grant)
        if self.psql.run(STATE) != self.state:
            wrong.append("the grants are not what they were before")
            self.psql.run(f"SET ROLE {mutation.owner}; {mutation.grant}; RESET ROLE")
        return wrong

    @staticmethod
    def misnamed(trial, mutation):
        types = {
            "table": "MissingTablePrivilege",
            "column": "MissingColumnPrivilege",
            "sequence": "MissingSequencePrivilege",
            "schema": "MissingSchemaPrivilege",
            "routine": "MissingFunctionPrivilege",
        }
        allowed = {f"pgsmoke.{types[mutation.kind]}", "pgsmoke.ForeignOwner"}
        missing = trial["missing"]
        privilege = mutation.grant.removeprefix("GRANT ").split(" ON ")[0].replace('"', "")
        named = [m["privilege"].replace('"', "") for m in missing]
        if trial["type"] not in allowed or named != [privilege]:
            return [f"{trial['name']}: named {trial['type']}, {missing}"]
        return []


def memberships(database, version):
    """What takes a membership's inheritance away: the attribute up to 15."""
    if version >= 160000:
        return Mutation(
            "membership",
            "kinds_member in kinds_writers",
            "GRANT kinds_writers TO kinds_member WITH INHERIT FALSE",
            "GRANT kinds_writers TO kinds_member WITH INHERIT TRUE",
            "postgres",
        )
    return Mutation(
        "membership",
        "kinds_member",
        "ALTER ROLE kinds_member NOINHERIT",
        "ALTER ROLE kinds_member INHERIT",
        "postgres",
    )


def owners_rights():
    """What a parent's owner can take from itself."""
    return [
        Mutation(
            "table",
            "families.parents",
            f"REVOKE {privilege} ON families.parents FROM kinds_parents",
            f"GRANT {privilege} ON families.parents TO kinds_parents",
            "kinds_parents",
        )
        for privilege in ["SELECT", "UPDATE"]
    ]


def databases():
    inner = ["counters", "tenants", "base", "defined", "parents"]
    excluded = [option for table in inner for option in ("-T", table)]
    kinds = Database("kinds", ["kinds_app"], ["-N", "team"] + excluded, False, None)
    version = int(kinds.psql.run("SHOW server_version_num")[0])
    kinds.mutations = [m for m in kinds.mutations if not m.grant.endswith("kinds_writers")]
    kinds.mutations += owners_rights() * 3
    team = Database("kinds", ["kinds_member"], ["-n", "team"], False, None)
    team.mutations = [m for m in team.mutations if m.grant.endswith("kinds_writers")]
    team.mutations = [memberships(team, version)] * 3
    incident = Database(
        "incident", ["shop_app"], [], False, ("GRANT INSERT", "GRANT USAGE")
    )
    real = [
        Database(name, [f"{name}_app"], [], True, None) for name in ["zabbix", "icinga2"]
    ]
    # Those of the owners of what the applications use are in the first database alone.
    return [kinds, team, incident] + real


def main():
    chance = random.Random(SEED)
    start = time.monotonic()
    places = databases()
    for place in places:
        code, report, _ = place.run()
        others = [t["name"] for t in report["trials"] if t["verdict"] != "passed"]
        if code != 0 or others:
            raise SystemExit(f"{place.name} does not work before anything is taken away: {others}")
    share = {"kinds": 0.45, "incident": 0.1, "zabbix": 0.2, "icinga2": 0.25}
    plan = []
    for place in places:
        wanted = round(COUNT * share[place.name])
        if place.roles == ["kinds_member"]:
            wanted = max(1, COUNT // 50)
        elif place.name == "kinds":
            wanted -= max(1, COUNT // 50)
        # Each once before any comes again.
        while wanted > 0:
            part = chance.sample(place.mutations, min(wanted, len(place.mutations)))
            plan += [(place, mutation) for mutation in part]
            wanted -= len(part)
    chance.shuffle(plan)
    kinds, bad = {}, 0
    for number, (place, mutation) in enumerate(plan, 1):
        wrong = place.attempt(mutation, chance)
        kinds[mutation.kind] = kinds.get(mutation.kind, 0) + 1
        if wrong:
            bad += 1
            print(f"WRONG {number} {place.name}: {mutation.revoke}")
            print("".join(f"    {line}\n" for line in wrong[:4]), end="", flush=True)
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    seconds = time.monotonic() - start
    print(f"{len(plan)} mutations ({counts}), seed {SEED}, {seconds:.0f} s")
    print(
        f"{len(plan) - bad} found, named rightly, cured by exactly what was taken away, nothing "
        f"else reported, grants as before; {bad} not"
    )
    return 1 if bad else 0


sys.exit(main())
