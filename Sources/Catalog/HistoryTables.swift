internal import Trials

/// The tables in which migration tools keep their books.
///
/// Names collide with application tables, so the columns decide as well.
enum HistoryTables {
    private struct Shape {
        let tool: String
        let name: String
        /// Columns that the tool's table has, folded to lower case.
        let columns: Set<String>

        init(_ tool: String, _ name: String, _ columns: String...) {
            self.tool = tool
            self.name = name
            self.columns = Set(columns)
        }
    }

    /// A schema that belongs to a tool if it holds the table that tells it.
    private struct ToolSchema {
        let tool: String
        let name: String
        let table: String
        let columns: Set<String>
    }

    private static let shapes = [
        Shape("Flyway", "flyway_schema_history", "installed_rank", "version", "script", "checksum"),
        Shape("Flyway", "schema_version", "installed_rank", "version", "script", "checksum"),
        Shape(
            "Liquibase",
            "databasechangelog",
            "id",
            "author",
            "filename",
            "dateexecuted",
            "orderexecuted",
            "exectype",
            "md5sum"
        ),
        Shape("Liquibase", "databasechangeloglock", "id", "locked", "lockgranted", "lockedby"),
        Shape("Alembic", "alembic_version", "version_num"),
        Shape("Django", "django_migrations", "app", "name", "applied"),
        Shape("yoyo", "_yoyo_migration", "migration_hash", "migration_id"),
        Shape("yoyo", "_yoyo_log", "migration_hash", "migration_id", "operation"),
        Shape("yoyo", "_yoyo_version", "version", "installed_at_utc"),
        Shape("yoyo", "yoyo_lock", "locked", "ctime", "pid"),
        Shape("sql-migrate", "gorp_migrations", "id", "applied_at"),
        Shape("Supabase", "schema_migrations", "version", "statements", "name"),
        Shape("Rails, golang-migrate, dbmate or Ecto", "schema_migrations", "version"),
        Shape("Rails", "ar_internal_metadata", "key", "value", "created_at"),
        Shape("goose", "goose_db_version", "version_id", "is_applied", "tstamp"),
        Shape("Refinery", "refinery_schema_history", "version", "name", "applied_on", "checksum"),
        Shape("SQLx", "_sqlx_migrations", "version", "installed_on", "checksum"),
        Shape("Diesel", "__diesel_schema_migrations", "version", "run_on"),
        Shape("SeaORM", "seaql_migrations", "version", "applied_at"),
        Shape("node-pg-migrate", "pgmigrations", "id", "name", "run_on"),
        Shape("Knex", "knex_migrations", "name", "batch", "migration_time"),
        Shape("Knex", "knex_migrations_lock", "index", "is_locked"),
        Shape("Drizzle", "__drizzle_migrations", "id", "hash", "created_at"),
        Shape("MikroORM", "mikro_orm_migrations", "id", "name", "executed_at"),
        Shape("TypeORM", "migrations", "id", "timestamp", "name"),
        Shape("Laravel", "migrations", "id", "migration", "batch"),
        Shape("Sequelize", "sequelizemeta", "name"),
        Shape("Atlas", "atlas_schema_revisions", "version", "applied", "executed_at", "hash"),
        Shape("Doctrine", "doctrine_migration_versions", "version", "executed_at"),
        Shape("Phinx", "phinxlog", "version", "migration_name", "start_time"),
        Shape("FluentMigrator", "versioninfo", "version", "appliedon", "description"),
        Shape("Prisma", "_prisma_migrations", "checksum", "migration_name", "applied_steps_count"),
        Shape("Entity Framework", "__efmigrationshistory", "migrationid", "productversion"),
        Shape("Entity Framework", "__efmigrationshistory", "migration_id", "product_version"),
    ]

    private static let schemas = [
        ToolSchema(
            tool: "Sqitch",
            name: "sqitch",
            table: "changes",
            columns: ["change_id", "change", "project"]
        ),
        ToolSchema(
            tool: "Graphile Migrate",
            name: "graphile_migrate",
            table: "migrations",
            columns: ["hash", "filename"]
        ),
        ToolSchema(
            tool: "pgroll",
            name: "pgroll",
            table: "migrations",
            columns: ["schema", "name", "migration"]
        ),
    ]

    /// A table of at most this many columns more than its tool's shape still is the tool's.
    private static let tolerance = 8

    /// Returns each history table with the name of its tool.
    static func find(in snapshot: Snapshot) -> [OID: String] {
        var found: [OID: String] = [:]
        var toolSchemas: [String: String] = [:]
        for relation in snapshot.orderedRelations where relation.kind != .sequence {
            let columns = Set((snapshot.columns[relation.oid] ?? []).map { $0.name.lowercased() })
            let name = relation.name.lowercased()
            if let shape = shapes.first(where: {
                $0.name == name && $0.columns.isSubset(of: columns)
                    && columns.count <= $0.columns.count + tolerance
            }) {
                found[relation.oid] = shape.tool
            }
            if let schema = schemas.first(where: {
                $0.name == relation.schema && $0.table == name && $0.columns.isSubset(of: columns)
            }) {
                toolSchemas[relation.schema] = schema.tool
            }
        }
        for relation in snapshot.orderedRelations {
            if let tool = toolSchemas[relation.schema] { found[relation.oid] = tool }
        }
        return found
    }
}
