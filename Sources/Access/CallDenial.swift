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
        if error.sqlState == .insufficientPrivilege {
            return annotated(denial(error, ofCalling: routine, user, name), error)
        }
        if let obstacle = judgeObstacle(error, at: .parse) { return obstacle }
        switch error.sqlState.conditionClass {
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
        let code = code(around: error, by: user.role)
        let texts = code.texts + bodies(calledFrom: [routine])
        return denial(error, inside: name, texts, [principal(code.user)], .parse)
    }
}
