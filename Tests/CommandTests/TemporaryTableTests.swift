import TestSupport
import Testing

struct TemporaryTableTests {
    @Test("Code that asks for what its parent's code has left in the session is no broken code")
    func leftByParent() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE ROLE \(app);
                CREATE TABLE parent (id serial PRIMARY KEY, note text NOT NULL);
                CREATE TABLE child (id serial PRIMARY KEY, parent int NOT NULL REFERENCES parent);
                CREATE FUNCTION remember() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    CREATE TEMPORARY TABLE IF NOT EXISTS seen (relation text, id int) ON COMMIT DROP;
                    RETURN NULL;
                END $$;
                CREATE TRIGGER t AFTER INSERT ON parent FOR EACH ROW EXECUTE FUNCTION remember();
                CREATE FUNCTION read() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO seen VALUES ('child', NEW.id); RETURN NEW; END $$;
                CREATE TRIGGER t BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION read();
                GRANT INSERT ON child TO \(app);
                GRANT USAGE ON SEQUENCE child_id_seq TO \(app);
                """
        )
        let before = try database.fingerprint()
        let run = try await ReportedRun.of(
            database,
            ["--role", app, "-t", "child", "--operations", "insert"]
        )
        #expect(run.report.trials.map(\.verdict) == ["inconclusive"])
        #expect(run.report.trials.first?.reason?.contains("temporary tables") ?? false)
        #expect(try database.fingerprint().difference(from: before) == [])
    }
}
