import Trials

extension Sample {
    /// INSERT granted on a new serial table, its sequence forgotten.
    static let incident = Sample(
        name: "incident",
        report: RunReport(
            version: "0.1.0",
            server: shop,
            startedAt: startedAt,
            seconds: 0.124,
            exitCode: 1,
            leftOut: [
                LeftOut(object: table("flyway_schema_history"), reason: "history table of Flyway"),
                LeftOut(
                    object: table("events_2025"),
                    reason: "a partition, reached through its root"
                ),
                LeftOut(
                    object: table("events_2026"),
                    reason: "a partition, reached through its root"
                ),
            ],
            logins: [LoginFacts(role: "app_role", canLogIn: true, why: "it has LOGIN and CONNECT")],
            records: [passed("users"), passed("orders"), passed("order_lines"), forgotten]
                + [passed("audit_log"), passed("invoices"), passed("events")]
        )
    )

    private static let forgotten = Record(
        trial: insert("jobs"),
        verdict: .failed,
        reason: "The default of column id takes its value from the sequence.",
        problem: .missingSequencePrivilege,
        stage: .defaults,
        sqlState: "42501",
        message: "permission denied for sequence jobs_id_seq",
        tried: "INSERT INTO public.jobs (kind, payload) VALUES (text, jsonb)",
        missing: [
            MissingPrivilege(
                privilege: "USAGE",
                object: sequence("jobs_id_seq"),
                grantee: "app_role"
            )
        ],
        cure: [
            Cure(
                sql: "GRANT USAGE ON SEQUENCE public.jobs_id_seq TO app_role",
                runBy: "shop_owner",
                isProven: true
            )
        ],
        recurrence: Recurrence(
            why: "the default privileges in schema public give app_role USAGE on new sequences of "
                + "migrator only, and public.jobs_id_seq belongs to shop_owner",
            cure: [
                Cure(
                    sql:
                        "ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA public GRANT USAGE "
                        + "ON SEQUENCES TO app_role",
                    runBy: "shop_owner",
                    isProven: true
                )
            ]
        ),
        seconds: 0.003_1
    )
}
