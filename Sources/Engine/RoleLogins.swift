internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

/// What became of the logins of roles that have one, by role.
typealias RoleLogins = ExactNames<RoleLogin>

/// What became of one login.
enum RoleLogin: Sendable {
    case ready(RoleFrame)
    case failed(Record)
}

extension Runner {
    /// Carries out the trials of the roles that log in, one role and one connection after another.
    ///
    /// It comes when the other lanes have ended: nothing then waits for their shields, and a role that
    /// is allowed one connection needs no other. A role without trials in this shard of a run logs in
    /// as well, so that all shards say the same of it.
    func runLogins(
        _ gathered: inout Gathered,
        _ trials: [Trial],
        _ context: RunContext,
        besides home: SessionFacts,
        countingOf count: (Role) -> Int,
        progress: @escaping @Sendable (_ done: Int) -> Void
    ) async {
        for (name, target) in context.declarations.logins.sorted where stop.reason == nil {
            guard let role = context.snapshot.rolesByName[name] else { continue }
            let opening = LoginOpening(context: context, role: role, target: target, home: home)
            switch opening.result(countingOf: count) {
            case .failed(let record):
                if !stop.isRequested { gathered.logins[name] = .failed(record) }
            case .ready(let connection, let frame):
                gathered.logins[name] = .ready(frame)
                let done = gathered.records.count
                let own = context.loginTrials(of: role, among: trials)
                let context = context.over(frame, besides: self.target)
                var login = await carryOut(own, context, target, connection) {
                    progress(done + $0)
                }
                decide(&login, trials, context)
                gathered.add(login: login, as: frame)
            }
        }
    }

    /// Carries out one role's trials over its connection, which is closed with the end.
    private func carryOut(
        _ trials: [(place: Int, trial: Trial)],
        _ context: RunContext,
        _ target: ConnectionTarget,
        _ connection: Connection,
        progress: @escaping @Sendable (_ done: Int) -> Void
    ) async -> Gathered {
        let units = WorkUnit.units(
            of: trials.filter { !$0.trial.operation.isDecidedByCatalog },
            with: context
        )
        var (gathered, last) = await Lanes(context: context, target: target)
            .run(units, startingOver: connection, progress: progress)
        if let last {
            do {
                try retry(&gathered, units, context, over: last)
            } catch {
                gathered.notes.append("a login was lost before its last retries")
            }
        }
        return gathered
    }
}

extension RunContext {
    /// The trials that are to be carried out over a role's login.
    fileprivate func loginTrials(
        of role: Role,
        among trials: [Trial]
    ) -> [(place: Int, trial: Trial)] {
        trials.enumerated()
            .filter { runsOverLogin($1) && $1.role.utf8.elementsEqual(role.name.utf8) }
            .map { ($0.offset, $0.element) }
    }

    /// Whether a trial is carried out over a login: a table that another connection has not committed
    /// cannot be seen there.
    func runsOverLogin(_ trial: Trial) -> Bool {
        declarations.logins[trial.role] != nil && trial.operation != .future
    }

    /// The same for a role that has logged in, as its own connecting role and the only one.
    ///
    /// Where the other connection can put the role on, it sees all that the role sees, and more.
    fileprivate func over(_ frame: RoleFrame, besides home: ConnectionTarget) -> RunContext {
        var context = self
        if case .ready(let other)? = frames[frame.role.name] {
            context.lookupHome = LookupHome(target: home, frame: other) { reader($0) }
        }
        context.user = access.principal(frame.effective.oid)
        context.frames = [frame.role.name: .ready(frame)]
        context.options.jobs = 1
        context.login = frame.login
        context.mayUseReplicaMode = frame.effective.isSuperuser
        context.canSilenceStatistics = canSilenceStatistics && frame.effective.isSuperuser
        return context
    }
}

extension Gathered {
    /// Takes in what was gathered over a role's login; its plans become remarks, since a script for
    /// `psql` has one connection.
    fileprivate mutating func add(login: Gathered, as frame: RoleFrame) {
        records.merge(login.records) { $1 }
        notes += login.notes
        consumedOverLogins.merge(login.consumed, uniquingKeysWith: +)
        let heading = "over a real login as \(Identifier.displayed(frame.login ?? frame.role.name))"
        for (place, plan) in login.plans {
            guard !plan.statements.isEmpty else {
                plans[place] = plan
                continue
            }
            plans[place] = PlannedTrial(
                name: plan.name,
                remarks: plan.remarks + ["\(heading):"]
                    + plan.statements.flatMap { $0.split(whereSeparator: \.isNewline) }
                    .map { "  \($0)" }
            )
        }
    }
}
