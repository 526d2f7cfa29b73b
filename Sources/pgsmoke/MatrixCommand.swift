import Access
import ArgumentParser
import Catalog
import FoundationEssentials
import Glibc
import Reports
import Trials

/// `pgsmoke matrix`: role × object × privilege, effective.
struct MatrixCommand: ParsableCommand {
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table
        case csv
        case json
    }

    static let configuration = CommandConfiguration(
        commandName: "matrix",
        abstract: "Show what every role may do with every object.",
        discussion: """
            A cell says yes, no, set-role (only after SET ROLE to another role) or columns (not on \
            the whole relation, but on columns of it). With patterns, only the relations that match \
            are shown. Everything is computed from the catalog, read in a fixed number of queries.
            """,
        helpNames: RootCommand.helpNames
    )

    @OptionGroup(title: "Connection") var connection: ConnectionOptions
    @OptionGroup(title: "Relations") var patterns: PatternOptions

    @Option(
        name: .customLong("role"),
        help: ArgumentHelp(
            "Only this role (repeatable); PUBLIC is one too. Without any, all that initdb did not "
                + "make.",
            valueName: "role"
        )
    )
    var roles: [String] = []

    @Flag(help: "Compute as if every membership inherited.")
    var asIfInherit = false

    @Option(help: ArgumentHelp("How to write it.", valueName: "table|csv|json"))
    var format: Format = .table

    /// Answers and returns the exit code.
    func status() async -> Int32 {
        let inquiry: Inquiry
        do { inquiry = try Inquiry(connection, about: .privileges) } catch { return error.told() }
        return await inquiry.status { access, connection in
            let selected = try patterns.selected(in: access.snapshot, with: connection)
            let matrix = Matrix(
                access,
                roles: try roles(access),
                objects: access.matrixObjects.filter { object in
                    selected.included.map { $0.contains(object.oid) && object.isRelation } ?? true
                        && !(object.isRelation && selected.excluded.contains(object.oid))
                },
                asIfInheriting: asIfInherit
            )
            write(matrix, isColoured: inquiry.isColoured)
            if access.objects?.hasMoreLargeObjects == true, selected.included == nil {
                Console.complain("pgsmoke: of the large objects only the first 1,000 are shown")
            }
            return Inquiry.Answer(0)
        }
    }

    private func roles(_ access: AccessMap) throws(Misuse) -> [OID] {
        guard !roles.isEmpty else { return access.matrixRoles }
        var found: [OID] = []
        for name in roles {
            let role = try access.role(named: name, by: "--role")
            if !found.contains(role) { found.append(role) }
        }
        return found
    }

    private func write(_ matrix: Matrix, isColoured: Bool) {
        var format: any MatrixFormat =
            switch self.format {
            case .table: MatrixTable(isColoured: isColoured)
            case .csv: MatrixCSV()
            case .json: MatrixJSON()
            }
        var text = format.start()
        matrix.forEachRow { row in
            text += format.add(row)
            guard text.utf8.count > 1 << 18 else { return }
            Console.write(text)
            text = ""
        }
        Console.write(text + format.finish())
    }
}

extension SecuredObject {
    fileprivate var isRelation: Bool { kind.hasColumns || kind == .sequence }
}
