package import Catalog
package import Postgres
internal import Trials

/// Questions to the server about rows and bounds, each in a short transaction that changes nothing.
package struct Lookup {
    /// As whom a relation is read.
    package enum Reader: Sendable, Hashable {
        case connectingRole
        case role(String)
        case nobody
    }

    package let snapshot: Snapshot
    package let connection: Connection
    /// Who may read a relation.
    package let reader: (Relation) -> Reader
    /// Where questions wait that are put together.
    package let book = AnswerBook()

    package init(
        _ snapshot: Snapshot,
        with connection: Connection,
        reader: @escaping (Relation) -> Reader
    ) {
        self.snapshot = snapshot
        self.connection = connection
        self.reader = reader
    }

    /// A question and the circumstances under which it is put.
    struct Question {
        /// What makes up the answer.
        struct Contents: Hashable {
            let query: String
            let reader: Reader
            let preparations: [String]
            let roleLines: [String]
            let schema: String?
        }

        var query: String
        var reader: Reader
        /// Statements that must come before, in the same transaction, such as temporary functions.
        var preparations: [String] = []
        /// Puts on the role under trial instead of the reader.
        var roleLines: [String] = []
        /// The schema whose names the application's code may use without it.
        var schema: String?
        var milliseconds = 2_000

        var contents: Contents {
            Contents(
                query: query,
                reader: reader,
                preparations: preparations,
                roleLines: roleLines,
                schema: schema
            )
        }
    }

    enum Answer {
        case rows([[String?]])
        case refused(ServerError)
        /// The question waits: what follows from this is in vain.
        case unasked
    }

    /// Runs a query as `reader`; `nil` if the server refused it, for whatever reason.
    ///
    /// - Throws: `connectionLost`.
    package func rows(of query: String, as reader: Reader) throws(PostgresError) -> [[String?]]? {
        guard reader != .nobody else { return nil }
        guard case .rows(let rows) = try answer(to: Question(query: query, reader: reader)) else {
            return nil
        }
        return rows
    }

    /// Puts a question in a transaction that cannot write, nor draw from a sequence.
    ///
    /// - Throws: `connectionLost`.
    func answer(to question: Question) throws(PostgresError) -> Answer {
        if let answer = book.answer(to: question) { return answer }
        let (statements, asked) = try transaction(asking: question)
        var rows: [[String?]] = []
        do throws(PostgresError) {
            try connection.query(statements) { index, result in
                if index == asked { rows = result.texts }
            }
            return .rows(rows)
        } catch {
            guard case .server(let refusal) = error else { throw error }
            if connection.isInTransaction { try connection.execute("ROLLBACK") }
            return .refused(refusal)
        }
    }

    /// The statements of a question's transaction, and which of them is the question itself.
    func transaction(
        asking question: Question
    ) throws(PostgresError) -> (statements: [String], asked: Int) {
        var statements = [
            question.preparations.isEmpty ? "BEGIN READ ONLY" : "BEGIN READ WRITE",
            """
            SELECT pg_catalog.set_config('lock_timeout', '100ms', true),
                   pg_catalog.set_config('statement_timeout', '\(question.milliseconds)', true),
                   pg_catalog.set_config('search_path', \(try searchPath(for: question)), true),
                   pg_catalog.set_config('jit', 'off', true),
                   pg_catalog.set_config('join_collapse_limit', '1', true),
                   pg_catalog.set_config('enable_hashjoin', 'off', true),
                   pg_catalog.set_config('enable_mergejoin', 'off', true),
                   pg_catalog.set_config('max_parallel_workers_per_gather', '0', true)
            """,
        ]
        if case .role(let owner) = question.reader, question.roleLines.isEmpty {
            statements.append("SET LOCAL ROLE \(try connection.quoted(identifier: owner))")
        }
        if !question.preparations.isEmpty {
            statements += question.preparations + ["SET TRANSACTION READ ONLY"]
        }
        statements += question.roleLines
        let asked = statements.count
        return (statements + [question.query, "ROLLBACK"], asked)
    }

    /// What the server deparsed means the same with `pg_catalog` first; what functions look up by
    /// themselves is found where an application finds it.
    private func searchPath(for question: Question) throws(PostgresError) -> String {
        guard let schema = question.schema else { return "'pg_catalog, pg_temp'" }
        let name = try connection.quoted(literal: try connection.quoted(identifier: schema))
        return """
            'pg_catalog, ' || \(name) || coalesce(', ' || nullif(pg_catalog.current_setting('search_path'), ''), '')
            """
    }

    func quotedName(of relation: Relation) throws(PostgresError) -> String {
        try connection.quoted(identifier: relation.name, in: relation.schema)
    }

    /// The type's name, for a cast.
    func quotedName(of type: DataType) throws(PostgresError) -> String {
        try connection.quoted(identifier: type.name, in: type.schema)
    }
}

extension Rows {
    /// All of them as texts.
    var texts: [[String?]] {
        (0..<count).map { row in (0..<columnCount).map { text(row, $0) } }
    }
}
