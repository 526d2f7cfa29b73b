internal import Catalog
internal import Trials

extension Rule {
    static let definerSearchPath = Rule(
        "definer-search-path",
        .error,
        "PUBLIC may execute a SECURITY DEFINER function that has no search_path of its own.",
        page: """
            The function runs with its owner's rights, but finds its tables, functions and operators by \
            the caller's `search_path`. Whoever may create objects in any schema, even temporary ones, \
            can make it run code of their own as the owner (manual, CREATE FUNCTION, "Writing SECURITY \
            DEFINER Functions Safely"). Every function is open to PUBLIC until that is revoked.

            Give it a `search_path` of trusted schemas, `pg_temp` last, or revoke EXECUTE from PUBLIC \
            and grant it to the roles that need it.
            """
    ) { subject in
        subject.otherObjects.compactMap { routine in
            guard let definer = subject.access.objects?.definerRoutines[routine.oid],
                [.function, .procedure].contains(routine.kind), !definer.hasFixedNames,
                subject.access.list(routine.acl).entries.contains(where: {
                    $0.grantee == 0 && $0.privileges.contains(.execute)
                })
            else { return nil }
            let schema = Identifier.sql(routine.schema ?? "public")
            let owner = subject.snapshot.roleName(routine.owner)
            return Remark(
                object: routine.objectName,
                reason:
                    "it runs as \(Identifier.displayed(owner)) for everybody and finds names by "
                    + "the caller's search_path",
                mending: [
                    Cure(
                        sql: "ALTER \(routine.objectName.grantTarget) "
                            + "SET search_path = pg_catalog, \(schema), pg_temp",
                        runBy: owner,
                        isProven: false
                    )
                ]
            )
        }
    }
}
