import Catalog
import TestSupport
import Testing
import Trials

@Suite struct HistoryTablesTests {
    /// A migration tool's tables, with the columns that the tool makes.
    private struct Tool {
        let name: String
        /// The schema, if the tool insists on one.
        var schema: String?
        let tables: [(name: String, columns: String)]

        init(_ name: String, in schema: String? = nil, _ tables: (String, String)...) {
            self.name = name
            self.schema = schema
            self.tables = tables.map { (name: $0.0, columns: $0.1) }
        }
    }

    private static let tools = [
        Tool(
            "Flyway",
            (
                "flyway_schema_history",
                """
                installed_rank version description type script checksum installed_by installed_on
                execution_time success
                """
            )
        ),
        Tool(
            "Flyway before 5",
            (
                "schema_version",
                """
                version_rank installed_rank version description type script checksum installed_by
                installed_on execution_time success
                """
            )
        ),
        Tool(
            "Liquibase",
            (
                "databasechangelog",
                """
                id author filename dateexecuted orderexecuted exectype md5sum description comments
                tag liquibase contexts labels deployment_id
                """
            ),
            ("databasechangeloglock", "id locked lockgranted lockedby")
        ),
        Tool("Alembic", ("alembic_version", "version_num")),
        Tool("Django", ("django_migrations", "id app name applied")),
        Tool(
            "yoyo",
            ("_yoyo_migration", "migration_hash migration_id applied_at_utc"),
            (
                "_yoyo_log",
                "id migration_hash migration_id operation username hostname comment created_at_utc"
            ),
            ("_yoyo_version", "version installed_at_utc"),
            ("yoyo_lock", "locked ctime pid")
        ),
        Tool(
            "Sqitch",
            in: "sqitch",
            ("releases", "version installed_at installer_name installer_email"),
            ("projects", "project uri created_at creator_name creator_email"),
            (
                "changes",
                """
                change_id script_hash change project note committed_at committer_name
                committer_email planned_at planner_name planner_email
                """
            ),
            ("tags", "tag_id tag project change_id note committed_at committer_name"),
            ("dependencies", "change_id type dependency dependency_id"),
            ("events", "event change_id change project note requires conflicts tags committed_at")
        ),
        Tool("sql-migrate", ("gorp_migrations", "id applied_at")),
        Tool(
            "Rails",
            ("schema_migrations", "version"),
            ("ar_internal_metadata", "key value created_at updated_at")
        ),
        Tool("golang-migrate", ("schema_migrations", "version dirty")),
        Tool("Ecto", ("schema_migrations", "version inserted_at")),
        Tool("goose", ("goose_db_version", "id version_id is_applied tstamp")),
        Tool("Refinery", ("refinery_schema_history", "version name applied_on checksum")),
        Tool(
            "SQLx",
            ("_sqlx_migrations", "version description installed_on success checksum execution_time")
        ),
        Tool("Diesel", ("__diesel_schema_migrations", "version run_on")),
        Tool("SeaORM", ("seaql_migrations", "version applied_at")),
        Tool("node-pg-migrate", ("pgmigrations", "id name run_on")),
        Tool(
            "Knex",
            ("knex_migrations", "id name batch migration_time"),
            ("knex_migrations_lock", "index is_locked")
        ),
        Tool("Drizzle", in: "drizzle", ("__drizzle_migrations", "id hash created_at")),
        Tool("MikroORM", ("mikro_orm_migrations", "id name executed_at")),
        Tool("TypeORM", ("migrations", "id timestamp name")),
        Tool("Sequelize", ("SequelizeMeta", "name")),
        Tool(
            "Atlas",
            in: "atlas_schema_revisions",
            (
                "atlas_schema_revisions",
                """
                version description type applied total executed_at execution_time error error_stmt
                hash partial_hashes operator_version
                """
            )
        ),
        Tool("Doctrine", ("doctrine_migration_versions", "version executed_at execution_time")),
        Tool("Phinx", ("phinxlog", "version migration_name start_time end_time breakpoint")),
        Tool("FluentMigrator", ("VersionInfo", "Version AppliedOn Description")),
        Tool(
            "Prisma",
            (
                "_prisma_migrations",
                """
                id checksum finished_at migration_name logs rolled_back_at started_at
                applied_steps_count
                """
            )
        ),
        Tool("Entity Framework", ("__EFMigrationsHistory", "MigrationId ProductVersion")),
        Tool(
            "Supabase",
            in: "supabase_migrations",
            ("schema_migrations", "version statements name created_by idempotency_key")
        ),
        Tool(
            "Graphile Migrate",
            in: "graphile_migrate",
            ("migrations", "hash previous_hash filename date"),
            ("current", "filename content date")
        ),
        Tool(
            "pgroll",
            in: "pgroll",
            (
                "migrations",
                """
                schema name migration created_at updated_at parent done resulting_schema
                migration_type
                """
            )
        ),
    ]

    @Test("Every tool's own tables are left out, with the tool's name in the reason")
    func leftOut() async throws {
        let relations = try await applicationRelations { $0.columns }
        for (index, tool) in Self.tools.enumerated() {
            let schema = tool.schema ?? "tool_\(index)"
            for table in tool.tables {
                let reason = relations.leftOut
                    .first { $0.object.schema == schema && $0.object.name == table.name }?.reason
                #expect(
                    reason?.hasPrefix("history table of ") == true,
                    "\(table.name) of \(tool.name)"
                )
            }
        }
    }

    @Test("A table of the same name with other columns is the application's")
    func sameNames() async throws {
        let relations = try await applicationRelations { _ in "number title body" }
        #expect(relations.leftOut == [])
        let names = Set(relations.relations.map { "\($0.schema).\($0.name)" })
        #expect(names.count == Self.tools.map(\.tables.count).reduce(0, +))
    }

    @Test("A table that has a tool's columns among many others is the application's")
    func manyColumns() async throws {
        let others = (1...40).map { ", c\($0) text" }.joined()
        let database = try await TestServer.any.makeDatabase(
            sql: """
                CREATE TABLE schema_migrations (version text\(others));
                CREATE TABLE migrations (id integer, "timestamp" bigint, name text\(others));
                """
        )
        let found = ApplicationRelations(in: try database.snapshot(), selected: .everything)
        #expect(found.relations.map(\.name) == ["migrations", "schema_migrations"])
    }

    private func applicationRelations(
        columns: ((name: String, columns: String)) -> String
    ) async throws -> ApplicationRelations {
        var statements: [String] = []
        for (index, tool) in Self.tools.enumerated() {
            let schema = tool.schema ?? "tool_\(index)"
            statements.append("CREATE SCHEMA \(schema)")
            for table in tool.tables {
                let list = columns(table).split(whereSeparator: \.isWhitespace)
                    .map { "\"\($0)\" text" }
                    .joined(separator: ", ")
                statements.append("CREATE TABLE \(schema).\"\(table.name)\" (\(list))")
            }
        }
        let database = try await TestServer.any.makeDatabase(
            sql: statements.joined(separator: ";\n")
        )
        return ApplicationRelations(in: try database.snapshot(), selected: .everything)
    }
}
