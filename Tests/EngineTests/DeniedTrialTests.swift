import Access
import Catalog
import Engine
import Postgres
import TestSupport
import Testing
import Trials

/// What a role must not be able to do is tried as well.
@Suite struct DeniedTrialTests {
    private static let schema = """
        CREATE SEQUENCE numbers;
        CREATE TABLE closed (id serial PRIMARY KEY, v text NOT NULL);
        CREATE TABLE open (id serial PRIMARY KEY, v text NOT NULL);
        CREATE TABLE open_row (id serial PRIMARY KEY);
        CREATE TABLE held_by_sequence (id bigint DEFAULT nextval('numbers'), v text NOT NULL);
        CREATE TABLE stopped_by_data (v int NOT NULL CHECK (v < 0 AND v > 0));
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE check_violation USING MESSAGE = 'no'; END $$;
        CREATE TABLE ruled (v int NOT NULL);
        CREATE TRIGGER refuse BEFORE INSERT ON ruled FOR EACH ROW EXECUTE FUNCTION refuse();
        CREATE TABLE secured (v int NOT NULL);
        ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
        CREATE TABLE parent (id int PRIMARY KEY);
        CREATE TABLE closed_child (parent int NOT NULL REFERENCES parent);
        """

    @Test(
        "A denial holds for whatever object; what only the data stopped was not denied",
        arguments: TestServer.all
    )
    func verdicts(server: TestServer) async throws {
        let app = uniqueRoleName("app")
        let database = try await server.makeDatabase(
            sql: Self.schema + """
                CREATE ROLE \(app);
                GRANT INSERT ON open, open_row, held_by_sequence, stopped_by_data, ruled, secured
                    TO \(app);
                GRANT USAGE ON SEQUENCE open_id_seq, open_row_id_seq TO \(app);
                """
        )
        let before = try database.fingerprint()
        let records = try await records(of: app, in: database)
        func record(_ table: String) throws -> Record {
            try #require(records.first { $0.trial.object.name == table })
        }
        let expected: [(String, Verdict, Problem?, String?)] = [
            ("closed", .passed, nil, nil), ("closed_child", .passed, nil, nil),
            ("open", .failed, .unexpectedlyAllowed, "succeeded"),
            ("open_row", .failed, .unexpectedlyAllowed, "succeeded"),
            ("held_by_sequence", .passed, nil, "the privilege on the table itself is held"),
            ("stopped_by_data", .failed, .unexpectedlyAllowed, "only the data"),
            ("ruled", .inconclusive, .inconclusive, "TriggerRule"),
            ("secured", .passed, nil, "row security"),
        ]
        for (table, verdict, problem, reason) in expected {
            let record = try record(table)
            #expect(record.verdict == verdict, "\(record)")
            #expect(record.problem == problem, "\(record)")
            #expect(
                record.reason.map { $0.contains(reason ?? "-") } ?? (reason == nil),
                "\(record)"
            )
            #expect(record.trial.name == "insert public.\(table) as \(app) is denied")
        }
        #expect(try database.fingerprint().difference(from: before) == [])
    }

    @Test("What the table's ACL denies needs no parent and touches no sequence")
    func withoutRow() async throws {
        let app = uniqueRoleName("app")
        let database = try await TestServer.any.makeDatabase(
            sql: Self.schema + "CREATE ROLE \(app);"
        )
        let idle = try database.connect()
        try idle.execute("BEGIN")
        try idle.execute("SELECT nextval('closed_id_seq')")
        try idle.execute("LOCK TABLE parent IN ACCESS EXCLUSIVE MODE")
        let records = try await records(of: app, in: database, sequences: .preserve)
        for table in ["closed", "closed_child"] {
            #expect(records.first { $0.trial.object.name == table }?.verdict == .passed)
        }
        try idle.execute("ROLLBACK")
    }

    private func records(
        of app: String,
        in database: TestDatabase,
        sequences: SequencePolicy = .auto
    ) async throws -> [Record] {
        let lane = Lane()
        defer { lane.stop() }
        return try await withTaskExecutorPreference(lane) {
            let connection = try database.connect()
            let snapshot = try Snapshot.read(from: connection)
            let trials = snapshot.orderedRelations.filter { $0.kind == .table }.map {
                Trial(role: app, operation: .insert, object: $0.objectName, expected: .denied)
            }
            let runner = Runner(
                AccessMap(snapshot),
                options: EngineOptions(jobs: 2, sequences: sequences, lockTimeout: 200),
                target: database.target(),
                stop: StopSignal()
            )
            let second = SecondLane(to: database.target(), stop: StopSignal())
            defer { second.end() }
            return try await runner.run(trials, preparedOver: connection, helpedBy: second) { _ in }
                .records
        }
    }
}
