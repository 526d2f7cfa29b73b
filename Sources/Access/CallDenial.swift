package import Catalog
package import Postgres
internal import Trials

extension AccessMap {
    /// Decides what an error of a routine's call means for an expectation that it is allowed.
    package func judge(
        _ error: ServerError,
        ofCalling routine: Routine,
        by role: Role
    ) -> Judgement {
        let user = principal(role.oid)
        let name = "\(routine.objectName.kind.rawValue) \(routine.objectName.displayed)"
        func judgement(_ verdict: Verdict, _ problem: Problem, _ reason: String) -> Judgement {
            Judgement(verdict: verdict, problem: problem, reason: reason, stage: .parse)
        }
        if error.sourceFunction == "exec_stmt_raise" {
            return judgement(
                .inconclusive,
                .inconclusive,
                "the \(name) refused the call by RAISE; no GRANT cures that"
            )
        }
        switch error.sqlState {
        case .insufficientPrivilege: return denial(error, ofCalling: routine, user, name)
        case .lockNotAvailable:
            return judgement(.error, .locked, "somebody else holds a lock that the call waited for")
        case .queryCanceled:
            return judgement(.error, .timeout, "the call did not finish within its time limit")
        default: break
        }
        switch error.sqlState.conditionClass {
        case "40": return judgement(.error, .deadlock, "the call was the victim of a deadlock")
        case "53", "57", "58", "08", "XX":
            return judgement(.error, .connectionLost, "the server could not go on")
        case "42", "3F":
            guard error.context != nil || error.internalQuery != nil else {
                return judgement(.error, .invalidStatement, "the server cannot read the call")
            }
            return judgement(
                .failed,
                .brokenFunction,
                "the \(name) names something that is not there; no application can call it"
            )
        default:
            return judgement(.inconclusive, .inconclusive, "the call was stopped by its data")
        }
    }

    /// EXECUTE or USAGE on the schema, else something inside.
    private func denial(
        _ error: ServerError,
        ofCalling routine: Routine,
        _ user: Principal,
        _ name: String
    ) -> Judgement {
        let decision = decision(onExecuting: routine, by: user)
        if let lacking = decision.missing.first {
            return Judgement(
                verdict: .failed,
                problem: Problem(lacking),
                reason: decision.reason ?? "",
                stage: .parse,
                missing: [lacking]
            )
        }
        let quoted = [error.internalQuery, error.context].compactMap(\.self)
        let texts =
            quoted + quoted.map { $0.replacing("\"", with: " ") } + bodies(calledFrom: [routine])
        let closed = likeliest(closedObjects(namedIn: texts, to: user, Asked(error)), error)
        guard let lacking = closed.first else {
            return unexplained(error, user, texts, .parse, "the \(name)")
        }
        return Judgement(
            verdict: .failed,
            problem: Problem(lacking),
            reason: "needed inside \(name)",
            stage: .parse,
            missing: [lacking],
            suspects: Array(closed.dropFirst())
        )
    }
}
