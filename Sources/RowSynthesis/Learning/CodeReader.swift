internal import Catalog
internal import Trials

/// Reads in a trigger function which rows of other tables it looks for, and what it wants of them.
///
/// This knows no grammar: comparisons of a column of a named table with a column of `NEW`, a constant
/// or a variable are enough, whatever stands around them.
struct CodeReader {
    /// A place in a row: a column of the row that fires the trigger, or of another table.
    private enum Operand: Hashable {
        case own(Int)
        case column(OID, Int)
        case constant(String)
    }

    private typealias Tokens = ArraySlice<Harvest.Token>

    let snapshot: Snapshot
    let relation: Relation
    private let tables: [String: [Relation]]
    /// Variables that hold a column of the row, or of a row that was looked for.
    private var variables: [String: Operand] = [:]
    /// Variables that hold whole rows.
    private var records: [String: OID] = [:]
    /// The tables into which the code puts rows.
    private var made: Set<OID> = []
    /// The lookups in the order of their mention.
    private(set) var lookups: [CodeLookup] = []
    /// What the row itself is better to have in its columns, as far as the code refuses something else.
    private(set) var wishes: [Int: OwnWish] = [:]

    enum OwnWish: Sendable, Hashable {
        case null
        case filled
        case value(String)
    }

    init(_ harvests: [Harvest], of relation: Relation, in snapshot: Snapshot) {
        self.snapshot = snapshot
        self.relation = relation
        tables = snapshot.tablesByName
        for harvest in harvests {
            variables = [:]
            records = [:]
            for statement in Self.statements(harvest.tokens) { read(statement) }
        }
        // What the code makes itself is not made for it.
        lookups.removeAll {
            $0.columns.isEmpty || $0.relation == relation.oid || made.contains($0.relation)
        }
    }

    private static func statements(_ tokens: [Harvest.Token]) -> [Tokens] {
        tokens.split { token in
            if case .word(let word) = token { splitters.contains(word.lowercased()) } else { false }
        }
    }

    private static let splitters: Set<String> = [";", "then", "else", "loop", "begin", "declare"]

    private mutating func read(_ statement: Tokens) {
        learnInserts(statement)
        let named = named(in: statement)
        learnVariables(statement, named)
        // What an UPDATE sets is no condition.
        var isSetting = false
        for index in statement.indices {
            guard let word = Self.word(statement, index) else { continue }
            if word == "set" { isSetting = true }
            if ["where", "from"].contains(word) { isSetting = false }
            guard !isSetting else { continue }
            if Self.comparisons.contains(word) {
                compare(statement, at: index, named)
            } else if word == "null" {
                readNull(statement, at: index, named)
            } else {
                readBoolean(statement, at: index, named)
            }
        }
    }

    /// IS DISTINCT FROM ends with its last word.
    private static let comparisons: Set<String> = [
        "=", "<", ">", "<=", ">=", "<>", "!=", "in", "between", "from",
    ]

    // MARK: Tables

    /// The tables of a statement by the names under which it knows them.
    private func named(in statement: Tokens) -> [String: Relation] {
        var named: [String: Relation] = [:]
        var expectsTable = false
        var index = statement.startIndex
        while index < statement.endIndex {
            guard let word = Self.word(statement, index) else {
                expectsTable = false
                index += 1
                continue
            }
            if ["from", "join", "update"].contains(word) {
                expectsTable = Self.word(statement, index - 1) != "distinct"
                index += 1
                continue
            }
            guard expectsTable, word != "only", case .word(let name) = statement[index] else {
                index += 1
                continue
            }
            expectsTable = false
            let isQualified = Self.word(statement, index + 1) == "."
            let last = isQualified ? index + 2 : index
            guard last < statement.endIndex, case .word(let table) = statement[last],
                let found = self.table(table, in: isQualified ? name : nil)
            else {
                index += 1
                continue
            }
            index = last + 1
            if Self.word(statement, index) == "as" { index += 1 }
            if let alias = Self.word(statement, index), alias.first?.isLetter ?? false,
                !Self.clauses.contains(alias)
            {
                named[alias] = found
                index += 1
            } else {
                named[found.name.lowercased()] = found
            }
            expectsTable = Self.word(statement, index) == ","
            if expectsTable { index += 1 }
        }
        return named
    }

    private static let clauses: Set<String> = [
        "where", "set", "join", "on", "inner", "left", "right", "cross", "full", "group", "order",
        "limit", "for", "using", "union", "returning", "natural", "into", "and", "or", "is",
    ]

    private func table(_ name: String, in schema: String?) -> Relation? {
        let found = tables[name] ?? tables[name.lowercased()] ?? []
        if let schema {
            return found.first { $0.schema == schema || $0.schema == schema.lowercased() }
        }
        return found.first { $0.schema == relation.schema } ?? (found.count == 1 ? found[0] : nil)
    }

    /// The word at a place, in small letters.
    private static func word(_ statement: Tokens, _ index: Int) -> String? {
        guard statement.indices.contains(index), case .word(let word) = statement[index] else {
            return nil
        }
        return word.lowercased()
    }

    /// `INSERT INTO t`.
    private mutating func learnInserts(_ statement: Tokens) {
        for index in statement.indices
        where Self.word(statement, index) == "into" && Self.word(statement, index - 1) == "insert" {
            let isQualified = Self.word(statement, index + 2) == "."
            let place = isQualified ? index + 3 : index + 1
            guard statement.indices.contains(place), statement.indices.contains(index + 1),
                case .word(let name) = statement[place],
                case .word(let schema) = statement[index + 1],
                let table = table(name, in: isQualified ? schema : nil)
            else { continue }
            made.insert(table.oid)
        }
    }

    // MARK: Variables

    /// `v := NEW.a` and `SELECT a INTO v FROM t`.
    private mutating func learnVariables(_ statement: Tokens, _ named: [String: Relation]) {
        if let first = Self.word(statement, statement.startIndex),
            let colon = statement.firstIndex(of: .word(":")),
            Self.word(statement, colon + 1) == "=",
            let operand = operand(statement, endingAfter: colon + 1, named)
        {
            variables[first] = operand.value
        }
        guard let into = statement.indices.first(where: { Self.word(statement, $0) == "into" }),
            let from = statement.indices.first(where: { Self.word(statement, $0) == "from" }),
            let select = statement.indices.first(where: { Self.word(statement, $0) == "select" }),
            select < from, select < into
        else { return }
        var place = into + 1
        if Self.word(statement, place) == "strict" { place += 1 }
        guard let variable = Self.word(statement, place), !named.isEmpty else { return }
        // The list stands between SELECT and INTO, or between the variable and FROM.
        let list =
            into == select + 1
            ? statement[min(place + 1, from)..<from] : statement[(select + 1)..<min(into, from)]
        if list.count == 1, list.first == .word("*"), named.count == 1, let table = named.first {
            records[variable] = table.value.oid
        } else if let last = list.indices.last, !list.contains(.word(",")),
            let operand = operand(statement, startingBefore: last + 1, named),
            operand.range.lowerBound == list.startIndex, case .column = operand.value
        {
            variables[variable] = operand.value
        }
    }

    // MARK: Comparisons

    /// What stands right of a place: a column, a constant, a variable.
    private func operand(
        _ statement: Tokens,
        endingAfter index: Int,
        _ named: [String: Relation]
    ) -> (value: Operand, range: Range<Int>)? {
        var start = index + 1
        while statement.indices.contains(start), statement[start] == .word("(") { start += 1 }
        guard statement.indices.contains(start) else { return nil }
        switch statement[start] {
        case .literal(let text), .number(let text): return (.constant(text), start..<(start + 1))
        case .word(let word):
            if word == "-",
                case .number(let text)? = start + 1 < statement.endIndex
                    ? statement[start + 1] : nil
            {
                return (.constant(text), start..<(start + 2))
            }
            if Self.word(statement, start + 1) == ".", start + 2 < statement.endIndex,
                case .word(let name) = statement[start + 2]
            {
                return column(name, of: word, named).map { ($0, start..<(start + 3)) }
            }
            // A call is no column.
            if Self.word(statement, start + 1) == "(" { return nil }
            return bare(word, named).map { ($0, start..<(start + 1)) }
        }
    }

    /// What stands left of a place.
    private func operand(
        _ statement: Tokens,
        startingBefore index: Int,
        _ named: [String: Relation]
    ) -> (value: Operand, range: Range<Int>)? {
        var last = index - 1
        while statement.indices.contains(last), statement[last] == .word(")") { last -= 1 }
        guard statement.indices.contains(last) else { return nil }
        switch statement[last] {
        case .literal(let text), .number(let text): return (.constant(text), last..<(last + 1))
        case .word(let word):
            if Self.word(statement, last - 1) == ".",
                case .word(let qualifier)? = last - 2 >= statement.startIndex
                    ? statement[last - 2] : nil
            {
                return column(word, of: qualifier, named).map { ($0, (last - 2)..<(last + 1)) }
            }
            return bare(word, named).map { ($0, last..<(last + 1)) }
        }
    }

    private func column(
        _ name: String,
        of qualifier: String,
        _ named: [String: Relation]
    ) -> Operand? {
        let qualifier = qualifier.lowercased()
        if ["new", "old"].contains(qualifier) {
            return number(of: name, in: relation.oid).map { .own($0) }
        }
        guard let table = named[qualifier]?.oid ?? records[qualifier] else { return nil }
        return number(of: name, in: table).map { .column(table, $0) }
    }

    private func bare(_ word: String, _ named: [String: Relation]) -> Operand? {
        switch word.lowercased() {
        case "tg_table_name", "tg_relname": return .constant(relation.name)
        case "tg_table_schema": return .constant(relation.schema)
        case "true", "false": return .constant(word.lowercased())
        default: break
        }
        let owners = Set(named.values).compactMap { table in
            number(of: word, in: table.oid).map { Operand.column(table.oid, $0) }
        }
        if let variable = variables[word.lowercased()] { return variable }
        return owners.count == 1 ? owners[0] : nil
    }

    private func number(of name: String, in table: OID) -> Int? {
        let columns = snapshot.columns[table] ?? []
        return
            (columns.first { $0.name == name } ?? columns.first { $0.name == name.lowercased() })?
            .number
    }

    /// Whether a place stands in the condition of a query, not of an IF.
    private static func isInQuery(_ statement: Tokens, _ index: Int) -> Bool {
        (statement.startIndex..<index).contains {
            ["where", "on"].contains(word(statement, $0) ?? "")
        }
    }

    private mutating func compare(
        _ statement: Tokens,
        at index: Int,
        _ named: [String: Relation]
    ) {
        guard var comparison = Self.word(statement, index) else { return }
        var start = index
        if comparison == "from" {
            guard Self.word(statement, index - 1) == "distinct" else { return }
            let isNegated = Self.word(statement, index - 2) == "not"
            comparison = isNegated ? "=" : "<>"
            start = isNegated ? index - 3 : index - 2
        }
        guard let left = operand(statement, startingBefore: start, named),
            let right = operand(statement, endingAfter: index, named)
        else { return }
        guard !Self.isInQuery(statement, index) else {
            switch comparison {
            case "between":
                wish(left.value, ">=", right.value)
                let and = right.range.upperBound
                if Self.word(statement, and) == "and",
                    let high = operand(statement, endingAfter: and, named)
                {
                    wish(left.value, "<=", high.value)
                }
            case "=", "in": wish(left.value, "=", right.value, isOfQuery: true)
            case "<", ">", "<=", ">=": wish(left.value, comparison, right.value)
            default: break
            }
            return
        }
        // Outside of queries it is what the code refuses.
        let opposite = ["<": ">=", ">": "<=", "<=": ">", ">=": "<", "<>": "=", "!=": "="]
        if let wished = opposite[comparison] { wish(left.value, wished, right.value) }
    }

    /// `NEW.a IS NULL` outside of queries, which is what the code refuses.
    private mutating func readNull(
        _ statement: Tokens,
        at index: Int,
        _ named: [String: Relation]
    ) {
        let isNegated = Self.word(statement, index - 1) == "not"
        let start = isNegated ? index - 2 : index - 1
        guard Self.word(statement, start) == "is", !Self.isInQuery(statement, index),
            let operand = operand(statement, startingBefore: start, named),
            case .own(let number) = operand.value, wishes[number] == nil
        else { return }
        wishes[number] = isNegated ? .null : .filled
    }

    /// A column of true and false that stands as a condition.
    private mutating func readBoolean(
        _ statement: Tokens,
        at index: Int,
        _ named: [String: Relation]
    ) {
        guard let before = Self.word(statement, index - 1),
            let operand = operand(statement, endingAfter: index - 1, named),
            operand.range.contains(index), case .column(let table, let number) = operand.value,
            let column = snapshot.column(number, of: table),
            snapshot.baseType(of: column)?.name == "bool"
        else { return }
        let after = Self.word(statement, operand.range.upperBound) ?? ""
        guard ["where", "and", "or", "on", "not", "if", "(", "when"].contains(before),
            ["and", "or", ")", "", "order", "limit", "for", "group"].contains(after)
        else { return }
        let isInQuery = Self.isInQuery(statement, index)
        let isWanted = (before == "not") != isInQuery
        let value = RowValue(.literal(isWanted ? "true" : "false"), from: .rule)
        add(table, number, isInQuery ? .value(value) : .preferred(value))
    }

    // MARK: Wishes

    private mutating func wish(
        _ left: Operand,
        _ comparison: String,
        _ right: Operand,
        isOfQuery: Bool = false
    ) {
        let mirrored = ["<": ">", ">": "<", "<=": ">=", ">=": "<="]
        switch (left, right) {
        case (.column(let table, let column), _):
            wish(table, column, comparison, right, isOfQuery)
        case (_, .column(let table, let column)):
            wish(table, column, mirrored[comparison] ?? comparison, left, isOfQuery)
        case (.own(let number), .constant(let text)): wishOwn(number, comparison, text)
        case (.constant(let text), .own(let number)):
            wishOwn(number, mirrored[comparison] ?? comparison, text)
        default: break
        }
    }

    private mutating func wishOwn(_ number: Int, _ comparison: String, _ text: String) {
        guard wishes[number] == nil, let column = snapshot.column(number, of: relation.oid) else {
            return
        }
        switch comparison {
        case "=", ">=", "<=": wishes[number] = .value(text)
        default:
            if let constant = Int(text) {
                wishes[number] = .value(String(comparison == ">" ? constant &+ 1 : constant &- 1))
            } else if let extreme = snapshot.extreme(of: column, isGreat: comparison == ">") {
                wishes[number] = .value(extreme)
            }
        }
    }

    private mutating func wish(
        _ table: OID,
        _ column: Int,
        _ comparison: String,
        _ other: Operand,
        _ isOfQuery: Bool
    ) {
        switch (comparison, other) {
        case ("=", .own(let number)): add(table, column, .column(number))
        case ("=", .constant(let text)):
            let value = RowValue(.literal(text), from: .rule)
            add(table, column, isOfQuery ? .value(value) : .preferred(value))
        case ("=", _): break
        default:
            guard let target = snapshot.column(column, of: table),
                let extreme = snapshot.extreme(of: target, isGreat: comparison.hasPrefix(">"))
            else { return }
            add(table, column, .preferred(RowValue(.literal(extreme), from: .rule)))
        }
    }

    private mutating func add(_ table: OID, _ column: Int, _ wish: CodeLookup.Wish) {
        if let index = lookups.firstIndex(where: { $0.relation == table }) {
            if lookups[index].columns[column] == nil { lookups[index].columns[column] = wish }
        } else {
            lookups.append(CodeLookup(by: relation.oid, relation: table, columns: [column: wish]))
        }
    }
}

extension Snapshot {
    /// A value that is greater, or less, than most that the column holds; `nil` if its type has no order
    /// that code would ask for.
    func extreme(of column: Column, isGreat: Bool) -> String? {
        guard let type = baseType(of: column), type.isBuiltIn else { return nil }
        switch type.name {
        case "int2", "int4", "int8", "float4", "float8", "money": return isGreat ? "10000" : "0"
        case "numeric":
            let digits = TypeSample.room(of: baseModifier(of: column))?.digits ?? 5
            return isGreat ? String(repeating: "9", count: max(1, min(5, digits))) : "0"
        case "date", "timestamp", "timestamptz": return isGreat ? "2999-01-01" : "1970-01-01"
        default: return nil
        }
    }
}
