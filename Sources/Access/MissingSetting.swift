internal import Catalog
package import Postgres
package import Trials

extension AccessMap {
    /// What an error means that came from a parameter which nothing has set; `nil` for all others.
    ///
    /// The first trial to look for it finds that it is not there (42704). Once any transaction of the
    /// session has set it, it stays as an empty text, which is no number, no UUID and so on: both mean
    /// the same, also to an application behind a pooler.
    package func judgeMissingSetting(
        _ error: ServerError,
        of attempt: StatementAttempt,
        at stage: Stage
    ) -> Judgement? {
        let setting: String
        if error.isOfMissingSetting {
            let names = settingsRead(by: attempt, error).map(\.argument)
            // The message quotes the name in every language.
            guard let name = names.first(where: { error.message.contains($0) }) ?? names.first
            else { return nil }
            setting = name
        } else if error.isOfUnreadableText, attempt.operation != .copy,
            let unset = settingsRead(by: attempt, error)
                .first(where: { isUnset($0.argument, in: attempt) })
        {
            if unset.hasMore, unset.isInPolicy {
                // Without the trace of a value it would have been NULL, and the row not let through.
                return Judgement(
                    verdict: .failed,
                    problem: .rowSecurity,
                    reason: policyReason(of: attempt),
                    stage: .rowSecurity
                )
            }
            setting = unset.argument
        } else {
            return nil
        }
        return Judgement(
            verdict: .inconclusive,
            problem: .inconclusive,
            reason:
                "MissingSetting: \(Identifier.displayed(setting)) is not set; give the role a "
                + "value: settings: { \(PrintableText.line(setting)): \"…\" } in pgsmoke.yml, "
                + "or ALTER ROLE … SET",
            stage: stage
        )
    }

    /// Whether a parameter of an extension's or application's own has no value in the role's sessions.
    func isUnset(_ setting: String, in attempt: StatementAttempt) -> Bool {
        func isSame(_ name: String) -> Bool { name.lowercased() == setting.lowercased() }
        return setting.contains(".") && !attempt.settings.contains(where: isSame)
            && !snapshot.sessionSettings.contains { isSame($0.name) }
            && !snapshot.roleSettings.contains { $0.role == 0 && isSame($0.name) }
    }

    /// The calls of `current_setting` in defaults, policies, constraints and functions.
    private func settingsRead(
        by attempt: StatementAttempt,
        _ error: ServerError
    ) -> [(argument: String, hasMore: Bool, isInPolicy: Bool)] {
        let layers = layers(of: attempt)
        var texts = layers.flatMap(\.unnamed).compactMap(\.defaultExpression)
        var policies: [String] = []
        for layer in layers {
            let relation = layer.relation.oid
            policies += (snapshot.policies[relation] ?? []).flatMap(\.expressions)
            texts += (snapshot.constraints[relation] ?? []).compactMap(\.expression)
            texts += (snapshot.triggers[relation] ?? [])
                .compactMap { snapshot.routines[$0.routine]?.source }
        }
        if let routine = routine(namedBy: error, in: attempt) { texts.append(routine.source) }
        func calls(in text: String, isPolicy: Bool) -> [(String, Bool, Bool)] {
            Words(text).calls(of: "current_setting").map { ($0.argument, $0.hasMore, isPolicy) }
        }
        return policies.flatMap { calls(in: $0, isPolicy: true) }
            + texts.flatMap { calls(in: $0, isPolicy: false) }
    }
}
