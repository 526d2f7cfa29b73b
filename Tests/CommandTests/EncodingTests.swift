import Postgres
import TestSupport
import Testing

/// A database whose encoding is no encoding holds names that are no text.
struct EncodingTests {
    @Test(
        "A name that is not UTF-8 is left out and said; the rest is tried",
        arguments: TestServer.all
    )
    func sqlASCII(server: TestServer) async throws {
        let running = try await server.running()
        let app = uniqueRoleName("app")
        let name = uniqueRoleName("ascii")
        try TestDatabase(on: running).execute(
            "CREATE DATABASE \(name) ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"
        )
        let database = TestDatabase(name, on: running)
        // The server makes the bytes: no client could send them as text.
        try database.execute(
            """
            CREATE ROLE \(app);
            CREATE TABLE fine (id int);
            CREATE TABLE columns (id int);
            DO $$
            DECLARE bad text := convert_from('\\x636166e9', 'SQL_ASCII');
            BEGIN
                EXECUTE format('CREATE TABLE %I (id int)', bad);
                EXECUTE format('ALTER TABLE columns ADD COLUMN %I int', bad);
                EXECUTE format('CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS %L',
                    'BEGIN /* ' || bad || ' */ RETURN NEW; END');
            END
            $$;
            CREATE TRIGGER note BEFORE INSERT ON fine FOR EACH ROW EXECUTE FUNCTION note();
            GRANT INSERT ON ALL TABLES IN SCHEMA public TO \(app);
            """
        )
        let run = try await ReportedRun.of(database, ["--role", app])
        #expect(run.command.status == 0)
        #expect(run.report.trials.map(\.name) == ["insert public.fine as \(app)"])
        let reasons = run.report.leftOut.map(\.reason)
        #expect(reasons.count { $0.contains("not UTF-8") } == 2, "\(reasons)")
    }
}
