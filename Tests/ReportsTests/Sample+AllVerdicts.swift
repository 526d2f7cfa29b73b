import Trials

extension Sample {
    /// Every verdict, and everything that a run can tell besides.
    static let allVerdicts = Sample(
        name: "all-verdicts",
        report: RunReport(
            version: "0.1.0",
            server: ServerIdentity(version: "18.1", database: "shop", user: "deploy"),
            startedAt: startedAt,
            seconds: 12.5,
            exitCode: 2,
            leftOut: [
                LeftOut(object: table("schema_migrations"), reason: "history table of dbmate")
            ]
                + (1...48).map {
                    LeftOut(
                        object: table("events_\($0)"),
                        reason: "a partition, reached through its root"
                    )
                },
            sequencesConsumed: [
                ConsumedSequence(sequence: sequence("orders_id_seq"), values: 2),
                ConsumedSequence(sequence: sequence("invoice_numbers"), values: 50),
            ],
            logins: [
                LoginFacts(role: "app_role", canLogIn: true, why: "it has LOGIN and CONNECT"),
                LoginFacts(
                    role: "reporting",
                    canLogIn: false,
                    why: "VALID UNTIL 2025-12-31 has passed"
                ),
            ],
            notes: [
                "deploy is no member of billing_owner: the sequences of schema billing could not be "
                    + "shielded and its GRANTs are not proven. "
                    + "GRANT billing_owner TO deploy would change that."
            ],
            records: billing + problems + doubts + good
        )
    )

    /// One forgotten privilege on a schema that stops all of its tables.
    private static let billing = ["invoices", "payments", "refunds"].map { name in
        Record(
            trial: Trial(role: "app_role", operation: .insert, object: table(name, in: "billing")),
            verdict: .failed,
            problem: .missingSchemaPrivilege,
            stage: .parse,
            sqlState: "42501",
            message: "permission denied for schema billing",
            tried: "INSERT INTO billing.\(name) DEFAULT VALUES",
            missing: [
                MissingPrivilege(
                    privilege: "USAGE",
                    object: ObjectName(kind: .schema, schema: nil, name: "billing"),
                    grantee: "app_role"
                )
            ],
            cure: [
                Cure(
                    sql: "GRANT USAGE ON SCHEMA billing TO app_role",
                    runBy: "billing_owner",
                    isProven: false,
                    doubt: "deploy would have to be able to become billing_owner to try it: GRANT "
                        + "billing_owner TO deploy WITH SET TRUE, INHERIT FALSE"
                )
            ],
            seconds: 0.001
        )
    }

    private static let problems = [
        Record(
            trial: insert("audit_log", as: "reporting"),
            verdict: .failed,
            reason: "The foreign key to public.accounts is checked as the owner of that table.",
            problem: .foreignOwner,
            stage: .afterTriggers,
            sqlState: "42501",
            message: "permission denied for table accounts",
            tried: "INSERT INTO public.audit_log (account_id, what, happened_at, happened_where, "
                + "happened_to, details, origin, request_id, session_id, correlation_id, tenant_id) "
                + "VALUES (parent public.accounts, text, timestamptz, text, text, jsonb, inet, uuid, "
                + "uuid, uuid, existing row of public.tenants, existing row of public.regions)",
            missing: [
                MissingPrivilege(
                    privilege: "SELECT",
                    object: table("accounts"),
                    grantee: "old_owner"
                )
            ],
            cure: [
                Cure(
                    sql: "GRANT SELECT ON TABLE public.accounts TO old_owner;",
                    runBy: "shop_owner",
                    isProven: true
                ),
                Cure(
                    sql: "GRANT UPDATE (id) ON TABLE public.accounts TO old_owner;",
                    runBy: "shop_owner",
                    isProven: true
                ),
            ],
            seconds: 0.012
        ),
        Record(
            trial: Trial(
                role: "reporting",
                operation: .insert,
                object: table("users"),
                expected: .denied
            ),
            verdict: .failed,
            reason: "The row was inserted although the role must not be able to.",
            tried: "INSERT INTO public.users (name) VALUES (text)"
        ),
        Record(
            trial: insert("coupons"),
            verdict: .uncovered,
            reason: "No rule of pgsmoke.yml says what is expected of this role and table."
        ),
        Record(
            trial: Trial(
                role: "batch",
                operation: .setRole,
                object: ObjectName(kind: .role, schema: nil, name: "batch")
            ),
            verdict: .error,
            reason: "deploy may not become this role.",
            problem: .setRole,
            sqlState: "42501",
            message: "permission denied to set role \"batch\"",
            cure: [Cure(sql: "GRANT batch TO deploy", runBy: "postgres", isProven: false)]
        ),
        Record(
            trial: insert("stock"),
            verdict: .error,
            reason: "Another session holds a lock on the table.",
            problem: .locked,
            sqlState: "55P03",
            message: "canceling statement due to lock timeout",
            tried: "INSERT INTO public.stock (sku) VALUES (text)",
            seconds: 2.004
        ),
    ]

    private static let doubts =
        [
            Record(
                trial: insert("bookings"),
                verdict: .inconclusive,
                reason: "The row does not satisfy CHECK constraint bookings_period_check.",
                problem: .inconclusive,
                stage: .checksAndIndexes,
                sqlState: "23514",
                message: "new row for relation \"bookings\" violates check constraint "
                    + "\"bookings_period_check\"",
                tried: "INSERT INTO public.bookings (period) VALUES (tstzrange)",
                seconds: 0.004
            )
        ]
        + ["notes", "memos", "drafts", "tags"].map {
            Record(
                trial: insert($0),
                verdict: .skipped,
                reason: "row security stops it, and the expectation was only inferred"
            )
        } + [
            Record(
                trial: insert("remote_orders"),
                verdict: .skipped,
                reason: "a foreign table that was not asked for"
            )
        ]

    private static let good = [
        passed("orders"),
        passed("users"),
        Record(
            trial: insert("orders", as: "postgres"),
            verdict: .passed,
            reason: "The role is a superuser, whom nothing is denied: this proves nothing.",
            seconds: 0.002
        ),
        Record(
            trial: Trial(
                role: "reporting",
                operation: .insert,
                object: table("orders"),
                expected: .denied
            ),
            verdict: .passed,
            decidedBy: .catalog,
            seconds: 0.000_2
        ),
    ]
}
