internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

extension LaneRunner {
    /// Tries `nextval` and `currval` on a sequence that an application calls itself.
    func runOnSequence(
        _ trials: [PendingTrial],
        _ sequence: Relation,
        _ isolation: String?
    ) throws(PostgresError) -> [(place: Int, record: Record)] {
        var records: [(place: Int, record: Record)] = []
        var pending = trials[...]
        let draft = draft(for: sequence)
        while let first = pending.first {
            var prepared: [PreparedTrial] = []
            for trial in pending { prepared.append(try prepare(trial, on: sequence)) }
            let (shields, consumed, refusal) = try shields(for: sequence)
            if let (problem, reason) = refusal {
                records += pending.map {
                    (
                        $0.place,
                        Record(trial: $0.trial, verdict: .error, reason: reason, problem: problem)
                    )
                }
                return records
            }
            let steps = try carryOut(draft, prepared, shields, unshielded: consumed, isolation)
            for (step, prepared) in zip(steps, prepared) {
                if case .shieldFailed(let index, let error) = step {
                    note(error, at: shields[index])
                    break
                }
                let record = record(of: step, prepared, draft).heldAgainstDenial()
                records.append((pending.removeFirst().place, record))
            }
            if steps.isEmpty {
                throw .connectionLost("no answer for \(first.trial.name)")
            }
        }
        return records
    }

    private func record(
        of step: AttemptStep,
        _ prepared: PreparedTrial,
        _ draft: RowDraft
    ) -> Record {
        let trial = prepared.pending.trial
        var record: Record
        switch step {
        case .finished(let finished), .swallowed(let finished), .filtered(let finished),
            .scaffoldRefused(let finished, _):
            record = finished
            if record.verdict == .passed { record.stage = nil }
        case .stopped(let error, _)
        where trial.operation == .currval && error.sourceFunction == "nextval_internal":
            // Not the current value was refused, but the next one that it takes first.
            let owner = context.snapshot.roleName(draft.row.relation.owner)
            record = Record(
                trial: trial,
                verdict: .inconclusive,
                reason: "the sequence gave the role no value that currval could be asked for; SET "
                    + "membership in its owner \(Identifier.displayed(owner)) would allow another "
                    + "to draw one",
                problem: .inconclusive,
                sqlState: error.sqlState.code,
                message: error.message
            )
        case .stopped(let error, let isForcing):
            record = stopped(prepared, draft, error, isForcing: isForcing)
        case .rowFailed(let error), .scaffoldFailed(_, let error as ServerError?):
            record = Record(
                trial: trial,
                verdict: .inconclusive,
                reason: "the sequence gave no value that currval could be asked for",
                problem: .inconclusive,
                sqlState: error?.sqlState.code,
                message: error?.message
            )
        case .shieldFailed:
            record = Record(trial: trial, verdict: .error, problem: .locked)
        }
        record.tried = PrintableText.line(prepared.statement.lines.joined(separator: "; "))
        return record
    }

    /// Calls the function by the sequence's name, as applications do: the name asks for its schema.
    private func prepare(
        _ pending: PendingTrial,
        on sequence: Relation
    ) throws(PostgresError) -> PreparedTrial {
        let name = try connection.quoted(identifier: sequence.name, in: sequence.schema)
        let literal = try connection.quoted(literal: name)
        let next = "SELECT pg_catalog.nextval(\(literal))"
        guard pending.trial.operation == .currval else {
            return PreparedTrial(
                pending: pending,
                statement: TrialStatement(lines: [next], needs: [])
            )
        }
        // A session has a current value only after its own nextval.
        let current = "SELECT pg_catalog.currval(\(literal))"
        let drawer = context.drawer(sequence)
        let statement = TrialStatement(
            lines: drawer == .nobody ? [next, current] : [current],
            needs: [],
            row: drawer == .nobody ? .none : .own(lines: [next], inserter: drawer.role)
        )
        return PreparedTrial(pending: pending, statement: statement)
    }
}

extension RunContext {
    /// As whom a sequence is drawn from before `currval` is asked.
    fileprivate func drawer(_ sequence: Relation) -> Lookup.Reader {
        let mayDraw = access.canAdvance(user, sequence)
        let schema = snapshot.schemas[sequence.schemaOID]
        if mayDraw, schema.map({ access.has(user, .usage, on: $0) }) ?? false {
            return .connectingRole
        }
        guard snapshot.canSetRole(user.role, to: sequence.owner) else { return .nobody }
        return .role(snapshot.roleName(sequence.owner))
    }
}

extension Lookup.Reader {
    /// The role to become; `nil` for the connecting one.
    fileprivate var role: String? { if case .role(let name) = self { name } else { nil } }
}
