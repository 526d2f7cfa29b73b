internal import Catalog
internal import Postgres
internal import Trials

extension AccessMap {
    /// A denial for which the catalog shows nothing that a GRANT could give.
    func unexplained(
        _ error: ServerError,
        _ user: Principal,
        _ texts: [String],
        _ stage: Stage,
        _ what: String
    ) -> Judgement {
        let mentioned = closedMentioned(in: error, to: user)
        if let lacking = mentioned.first {
            return Judgement(
                verdict: .failed,
                problem: Problem(lacking),
                reason: "needed inside \(what)",
                stage: stage,
                missing: [lacking],
                suspects: Array(mentioned.dropFirst())
            )
        }
        if error.sourceFunction == "InitTempTableNamespace" {
            return Judgement(
                verdict: .failed,
                problem: .missingTablePrivilege,
                reason: "\(what) creates a temporary table, which takes TEMPORARY on the database",
                stage: stage
            )
        }
        let builtIn = closedBuiltIns(namedIn: texts, to: user).first
        let reason =
            builtIn.map {
                "\(what) calls \($0.objectName.displayed), which the server keeps to superusers; no "
                    + "GRANT is proposed: a SECURITY DEFINER function of a role that may call it "
                    + "would do"
            }
            ?? "\(what) asks for what no GRANT that the catalog shows would give, such as ownership "
            + "or superuser rights"
        return Judgement(
            verdict: .failed,
            problem: builtIn == nil ? .missingTablePrivilege : .missingFunctionPrivilege,
            reason: reason,
            stage: stage
        )
    }

    /// Puts first what the message names: it quotes names in every language, and the catalog has
    /// confirmed each.
    func likeliest(_ candidates: [MissingPrivilege], _ error: ServerError) -> [MissingPrivilege] {
        func isNamed(_ candidate: MissingPrivilege) -> Bool {
            error.message.mentions(candidate.object.routineName ?? candidate.object.name)
        }
        return candidates.filter(isNamed) + candidates.filter { !isNamed($0) }
    }

    /// What the message names and the catalog says is closed, for names that code puts together.
    private func closedMentioned(in error: ServerError, to user: Principal) -> [MissingPrivilege] {
        let names =
            snapshot.relations.values.map(\.name) + snapshot.schemas.values.map(\.name)
            + snapshot.routines.values.filter { !$0.isBuiltIn }.map(\.name)
        let mentioned = Set(names).filter(error.message.mentions)
            .sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
        let texts = mentioned.map(Identifier.inQuotationMarks)
        // What is to be made in a schema takes CREATE on it.
        let schemas = snapshot.schemas.values
            .filter {
                error.message.mentions($0.name) && has(user, .usage, on: $0)
                    && !has(user, .create, on: $0)
            }
            .sorted { $0.name < $1.name }
            .map { missing(.create, on: schemaName($0), user) }
        return closedObjects(namedIn: texts, to: user, Asked(error)) + schemas
    }
}
