import Access
import ArgumentParser
import Catalog
import FoundationEssentials
import Glibc
import Reports
import Settings
import Trials

/// `pgsmoke explain`: why a role can, or cannot.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explain why a role has a privilege, or what it lacks.",
        discussion: """
            Shows every way by which the privilege comes to the role, link by link: direct grants, \
            PUBLIC, chains of memberships, ownership, predefined roles; what needs SET ROLE, what \
            NOINHERIT or INHERIT FALSE blocks, and who can grant what is missing.

            OBJECT is a relation unless a kind stands before it: schema:public, \
            function:public.f(integer), column:public.users.email, database:shop, \
            large-object:16401, parameter:work_mem and so on.

            Ends with 0 if the privilege is granted (without PRIVILEGE: if one of the object's is), \
            with 1 if it is not.
            """,
        helpNames: RootCommand.helpNames
    )

    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    @Argument(help: "The role, or PUBLIC.") var role: String

    @Argument(help: ArgumentHelp("The object.", valueName: "[kind:]object")) var object: String

    @Argument(
        help:
            "The privilege, such as INSERT, or its letter in an ACL; all of the object's without it."
    )
    var privilege: String?

    /// Answers and returns the exit code.
    func status() async -> Int32 {
        let reference: ObjectReference
        let inquiry: Inquiry
        do throws(Misuse) {
            reference = try self.reference()
            inquiry = try Inquiry(connection, largeObject: reference.largeObject)
        } catch {
            return error.told()
        }
        return await inquiry.status { access, _ in
            let role = try access.role(named: self.role, by: "the role")
            let target = try self.target(reference, access)
            let explanation = access.explanation(
                role: role,
                target,
                try privileges(on: target.kind, access)
            )
            Console.print(
                ExplainReport.text(
                    of: explanation,
                    isColoured: inquiry.isColoured
                )
            )
            return explanation.isGranted
                ? Inquiry.Answer(0, "granted") : Inquiry.Answer(ExitCode.failed, "not granted")
        }
    }

    private func reference() throws(Misuse) -> ObjectReference {
        do throws(ObjectLookup.Failure) {
            return try ObjectReference(object)
        } catch {
            throw Misuse(error)
        }
    }

    private func target(
        _ reference: ObjectReference,
        _ access: AccessMap
    ) throws(Misuse) -> ObjectLookup.Target {
        let lookup = ObjectLookup(access)
        do throws(ObjectLookup.Failure) {
            return try lookup.find(reference)
        } catch {
            throw Misuse(error, alikes: lookup.alikes(of: reference))
        }
    }

    private func privileges(
        on kind: ObjectKind,
        _ access: AccessMap
    ) throws(Misuse) -> [Privilege] {
        let version = access.snapshot.server.version
        let all = Privilege.all(on: kind, version: version)
        guard let privilege else { return all }
        guard let wanted = Privilege(privilege), all.contains(wanted) else {
            let known = all.map(\.rawValue).joined(separator: ", ")
            throw Misuse(
                message: "'\(PrintableText.line(privilege))' is no privilege on a \(kind.rawValue) "
                    + "of PostgreSQL \(access.snapshot.server.major); there are \(known)"
            )
        }
        return [wanted]
    }
}

extension Misuse {
    /// Says what is wrong with an object's name, or which object of another kind bears it.
    init(_ failure: ObjectLookup.Failure, alikes: [String] = []) {
        switch failure {
        case .unknownKind(let word):
            message =
                "'\(PrintableText.line(word))' is no kind of object; kinds are "
                + ObjectReference.kindWords.joined(separator: ", ")
        case .malformed(let name, let example):
            message =
                "'\(PrintableText.line(name))' is no name of an object; write it like \(example), "
                + "with double quotes around what is not in lower case"
        case .unknown(let kind, let name, let known):
            let isSystems = name.hasPrefix("pg_") || name.hasPrefix("information_schema.")
            let alike =
                alikes.first.map { "; there is \($0)" }
                ?? (isSystems ? "; the system's own schemas are not looked into" : nil)
            message =
                "there is no \(kind) '\(PrintableText.line(name))' in this database"
                + (alike ?? NearestName.hint(name, amongQualified: known))
        case .ambiguous(let name, let candidates):
            message =
                "'\(PrintableText.line(name))' can be \(candidates.joined(separator: " or ")); "
                + "write one of them"
        case .tooOld(let kind, let since):
            message = "privileges on \(kind) exist from PostgreSQL \(since)"
        }
    }
}

extension NearestName {
    /// Compares with the whole names and, for a name without a schema, with their last parts.
    fileprivate static func hint(_ name: String, amongQualified known: [String]) -> String {
        let whole = of(name, among: known)
        let last = known.first { candidate in
            !name.contains(".")
                && of(name, among: [String(candidate.split(separator: ".").last ?? "")]) != nil
        }
        let nearest = whole ?? last
        return nearest.map { "; did you mean \(PrintableText.line($0))?" } ?? ""
    }
}
