import Trials

extension Sample {
    /// A run of an old database that is held against what failed on the day it was adopted.
    static let baseline = Sample(name: "baseline", report: held(against: adopted))

    /// A run that lets nothing pass that proves nothing.
    static let strict = Sample(
        name: "strict",
        report: strictly(
            [
                passed("users"), lacking("jobs"), unknown("bookings"), known(unknown("seats")),
                foreign("remote_orders"), superuser("users"),
            ]
        )
    )

    /// The second of four parts of a run, to which two cases belong.
    static let shard = Sample(name: "shard", report: part)

    /// A run whose time was over before all was tried.
    static let outOfTime = Sample(name: "out-of-time", report: unfinished)

    private static var unfinished: RunReport {
        var report = RunReport(
            version: "0.1.0",
            server: shop,
            startedAt: startedAt,
            seconds: 60.01,
            exitCode: 2,
            records: [passed("users"), lacking("jobs")]
                + ["orders", "order_lines", "stock", "events"].map {
                    Record(
                        trial: insert($0),
                        verdict: .skipped,
                        reason: CutShort.timeLimit.reason
                    )
                }
        )
        report.cutShort = .timeLimit
        return report
    }

    private static var part: RunReport {
        var report = RunReport(
            version: "0.1.0",
            server: shop,
            startedAt: startedAt,
            seconds: 0.05,
            exitCode: 1,
            records: [passed("users"), lacking("jobs")]
        )
        report.shard = Shard("2/4").map { ShardStamp($0, plan: Digest.sha256("plan")) }
        report.records[0].place = 4
        report.records[1].place = 9
        return report
    }

    /// What failed on the day of adoption.
    private static let adopted = [
        lacking("jobs"), lacking("events"), lacking("orders"), lacking("dropped_since"),
        uncovered("coupons"),
    ]

    private static func held(against records: [Record]) -> RunReport {
        var report = RunReport(
            version: "0.1.0",
            server: shop,
            startedAt: startedAt,
            seconds: 0.25,
            exitCode: 1,
            records: [
                lacking("events"), lacking("invoices"), lacking("jobs"), passed("orders"),
                passed("users"), uncovered("coupons"),
            ]
        )
        Baseline(RunReport(version: "0.1.0", startedAt: startedAt, records: records))
            .mark(&report)
        return report
    }

    private static func strictly(_ records: [Record]) -> RunReport {
        var report = RunReport(
            version: "0.1.0",
            server: shop,
            startedAt: startedAt,
            seconds: 0.25,
            exitCode: 1,
            records: records
        )
        report.isStrict = true
        return report
    }

    private static func lacking(_ table: String) -> Record {
        let sequence = sequence("\(table)_id_seq")
        return Record(
            trial: insert(table),
            verdict: .failed,
            reason: "the default of column id draws from it",
            problem: .missingSequencePrivilege,
            stage: .defaults,
            sqlState: "42501",
            message: "permission denied for sequence \(table)_id_seq",
            missing: [
                MissingPrivilege(privilege: "USAGE", object: sequence, grantee: "app_role")
            ],
            cure: [
                Cure(
                    sql: "GRANT USAGE ON SEQUENCE public.\(table)_id_seq TO app_role",
                    runBy: "shop_owner",
                    isProven: true
                )
            ],
            seconds: 0.003
        )
    }

    private static func uncovered(_ table: String) -> Record {
        Record(
            trial: insert(table),
            verdict: .uncovered,
            reason: "no rule of the settings file says what the role is to do here",
            problem: .uncovered,
            decidedBy: .catalog
        )
    }

    private static func unknown(_ table: String) -> Record {
        Record(
            trial: insert(table),
            verdict: .inconclusive,
            reason: "CHECK constraint \(table)_period_check refused the row",
            problem: .inconclusive,
            stage: .checksAndIndexes,
            sqlState: "23514"
        )
    }

    private static func foreign(_ table: String) -> Record {
        Record(
            trial: insert(table),
            verdict: .skipped,
            reason: "foreign table not asked for",
            decidedBy: .catalog
        )
    }

    private static func superuser(_ table: String) -> Record {
        var record = passed(table, as: "postgres")
        record.reason = "vacuous: the role is a superuser, to whom no privilege is refused"
        record.isVacuous = true
        return record
    }

    private static func known(_ record: Record) -> Record {
        var record = record
        record.isKnown = true
        return record
    }
}
