import Access
import Catalog
import Postgres
import TestSupport
import Testing
import Trials

@testable import Engine

@Suite struct ShieldingTests {
    /// Who connects, as seen from the sequence.
    enum Relationship: String, CaseIterable {
        case superuser
        case owner
        case inherits
        case mayBecome
        case stranger
    }

    private struct Case {
        let sequence: Relation
        let snapshot: Snapshot
        let user: Principal

        func decision(
            _ policy: SequencePolicy,
            isBusy: Bool = false,
            hasFailed: Bool = false
        ) throws -> Shielding.Decision {
            let shielding = Shielding(
                access: AccessMap(snapshot),
                user: user,
                policy: policy
            )
            let decisions = shielding.decisions(
                for: [sequence],
                busy: isBusy ? [sequence.oid] : [],
                unshieldable: hasFailed ? [sequence.oid] : []
            )
            #expect(decisions.count == 1)
            return try #require(decisions.first)
        }
    }

    @Test(
        "Who may alter a sequence shields it, as its owner if need be",
        arguments: Relationship.allCases
    )
    func free(relationship: Relationship) async throws {
        let (subject, owner) = try await subject(relationship)
        for policy in [SequencePolicy.auto, .preserve] {
            switch (try subject.decision(policy), relationship) {
            case (.shield(let shield), .superuser), (.shield(let shield), .owner),
                (.shield(let shield), .inherits):
                #expect(shield.owner == nil)
                #expect(shield.parameters.increment == "-3")
            case (.shield(let shield), .mayBecome): #expect(shield.owner == owner)
            case (.consume(let sequence), .stranger):
                #expect(policy == .auto)
                #expect(sequence == subject.sequence)
            case (.refuse(_, let problem, let reason), .stranger):
                #expect(policy == .preserve)
                #expect(problem == .setRole)
                #expect(reason.contains(owner) && reason.contains("public.\"My seq\""))
            case (let decision, _): Issue.record("\(decision)")
            }
        }
        #expect(try subject.decision(.consume) == .consume(subject.sequence))
    }

    @Test("A sequence in use, or that could not be shielded, is consumed or refused")
    func busy() async throws {
        let (subject, _) = try await subject(.superuser)
        for (isBusy, hasFailed) in [(true, false), (false, true)] {
            let auto = try subject.decision(.auto, isBusy: isBusy, hasFailed: hasFailed)
            #expect(auto == .consume(subject.sequence))
            let consume = try subject.decision(.consume, isBusy: isBusy, hasFailed: hasFailed)
            #expect(consume == .consume(subject.sequence))
            let preserve = try subject.decision(.preserve, isBusy: isBusy, hasFailed: hasFailed)
            guard case .refuse(_, .locked, let reason) = preserve else {
                Issue.record("\(preserve)")
                continue
            }
            #expect(reason.contains("public.\"My seq\""))
        }
    }

    @Test("A shield keeps the sequence as it was", arguments: [Relationship.superuser, .mayBecome])
    func keeps(relationship: Relationship) async throws {
        let (subject, _) = try await subject(relationship)
        guard case .shield(let shield) = try subject.decision(.auto) else {
            Issue.record("no shield")
            return
        }
        let name = subject.snapshot.roleName(subject.user.role)
        let database = subject.snapshot.server.database
        let server = try await TestServer.any.running()
        let connection = try TestDatabase(database, on: server).connect(as: name)
        let lines = try shield.lines(with: connection, lockTimeout: 500)
        let results = try connection.exchange(["BEGIN"] + lines + ["SHOW lock_timeout"])
        #expect(results.last == .succeeded(affected: nil, firstRow: ["500ms"]))
        #expect(try connection.execute("SELECT current_user") == [[name]])
        try connection.execute("ROLLBACK")
        let state = try TestDatabase(database, on: server).rows(
            "SELECT last_value, is_called, log_cnt FROM \"My seq\""
        )
        #expect(state == [["100", "f", "0"]])
    }

    /// Makes a sequence and one who connects.
    private func subject(_ relationship: Relationship) async throws -> (Case, owner: String) {
        let owner = uniqueRoleName("owner")
        let user = relationship == .owner ? owner : uniqueRoleName("user")
        var script = """
            CREATE ROLE \(owner) LOGIN;
            CREATE SEQUENCE "My seq" INCREMENT BY -3 MINVALUE -1000 MAXVALUE 1000 START 100;
            ALTER SEQUENCE "My seq" OWNER TO \(owner);
            """
        switch relationship {
        case .superuser: script += "CREATE ROLE \(user) LOGIN SUPERUSER"
        case .owner: break
        case .inherits: script += "CREATE ROLE \(user) LOGIN; GRANT \(owner) TO \(user)"
        case .mayBecome: script += "CREATE ROLE \(user) LOGIN NOINHERIT; GRANT \(owner) TO \(user)"
        case .stranger: script += "CREATE ROLE \(user) LOGIN"
        }
        let database = try await TestServer.any.makeDatabase(sql: script)
        let snapshot = try database.snapshot(as: user)
        let role = try #require(snapshot.rolesByName[user])
        let sequence = try #require(snapshot.orderedRelations.first)
        let subject = Case(
            sequence: sequence,
            snapshot: snapshot,
            user: AccessMap(snapshot).principal(role.oid)
        )
        return (subject, owner)
    }
}
