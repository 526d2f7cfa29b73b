import Migrations

/// The migrations of `fixtures/incident`, which the command carries within itself.
enum Incident {
    /// A migration's file name and its SQL.
    struct Script: Sendable {
        let file: String
        let sql: String
    }

    /// The migrations in Flyway's order; the last one forgets a sequence.
    static let migrations = scripts([
        "V1__schema_and_roles.sql": PackageResources.V1__schema_and_roles_sql,
        "V2__users_and_orders.sql": PackageResources.V2__users_and_orders_sql,
        "V3__audit_trail.sql": PackageResources.V3__audit_trail_sql,
        "V4__events.sql": PackageResources.V4__events_sql,
        "V5__jobs.sql": PackageResources.V5__jobs_sql,
    ])

    /// The GRANT that was forgotten.
    static let cure = scripts(["V6__grant_sequence.sql": PackageResources.V6__grant_sequence_sql])

    /// The role that the application connects as.
    static let role = "shop_app"
    /// The cases that must fail before the cure.
    static let failures = [
        "insert shop.jobs as shop_app", "insert-returning shop.jobs as shop_app",
    ]

    private static func scripts(_ files: [String: [UInt8]]) -> [Script] {
        do {
            return try FlywayOrder(of: files.keys).migrations.map {
                Script(file: $0.file, sql: String(decoding: files[$0.file] ?? [], as: UTF8.self))
            }
        } catch {
            preconditionFailure("\(error)")
        }
    }
}
