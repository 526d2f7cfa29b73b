import Testing
import Trials

/// A run that a fixture is named after.
struct Sample: CustomTestStringConvertible, Sendable {
    let name: String
    let report: RunReport

    var testDescription: String { name }

    static let all = [
        incident, everythingPassed, noConnection, hostileNames, allVerdicts, emptyRun, baseline,
        strict, shard, outOfTime,
    ]

    static let shop = ServerIdentity(version: "15.14", database: "shop", user: "deploy")

    /// 2026-01-31 03:04:05 UTC.
    static let startedAt = 1_769_828_645.25

    static func table(_ name: String, in schema: String = "public") -> ObjectName {
        ObjectName(kind: .table, schema: schema, name: name)
    }

    static func sequence(_ name: String) -> ObjectName {
        ObjectName(kind: .sequence, schema: "public", name: name)
    }

    static func insert(_ table: String, as role: String = "app_role") -> Trial {
        Trial(role: role, operation: .insert, object: Self.table(table))
    }

    static func passed(_ table: String, as role: String = "app_role") -> Record {
        Record(
            trial: insert(table, as: role),
            verdict: .passed,
            stage: .deferred,
            tried: "INSERT INTO public.\(table) (name) VALUES (text)",
            seconds: 0.002_4
        )
    }

    static let emptyRun = Sample(
        name: "empty-run",
        report: RunReport(
            version: "0.1.0",
            server: shop,
            startedAt: startedAt,
            seconds: 0.031,
            exitCode: 3,
            leftOut: [
                LeftOut(
                    object: table("flyway_schema_history"),
                    reason: "history table of Flyway"
                )
            ]
        )
    )

    static let everythingPassed = Sample(
        name: "everything-passed",
        report: RunReport(
            version: "0.1.0",
            server: shop,
            startedAt: startedAt,
            seconds: 0.118,
            logins: [LoginFacts(role: "app_role", canLogIn: true, why: "it has LOGIN and CONNECT")],
            records: ["users", "orders", "order_lines", "jobs"].map { passed($0) }
        )
    )

    static let noConnection = Sample(
        name: "no-connection",
        report: RunReport(
            version: "0.1.0",
            startedAt: startedAt,
            seconds: 0.004,
            exitCode: 2,
            records: [
                Record(
                    trial: Trial(
                        role: "deploy",
                        operation: .connect,
                        object: ObjectName(kind: .database, schema: nil, name: "shop")
                    ),
                    verdict: .error,
                    reason: "The server cannot be reached.",
                    problem: .noConnection,
                    message: """
                        connection to server at "db.internal" (10.0.0.7), port 5432 failed: \
                        Connection refused
                        \tIs the server running on that host and accepting TCP/IP connections?
                        """,
                    seconds: 0.004
                )
            ]
        )
    )
}
