internal import Catalog
internal import Postgres
internal import Trials

/// The code in which an error arose, as far as its context and the catalog tell.
struct CodeInContext {
    /// The innermost first.
    let routines: [Routine]
    /// The role whose privileges counted there: the owner of the innermost SECURITY DEFINER function,
    /// else the role that was tried.
    let user: OID
    /// What may name the object: the context itself, then the functions' bodies, the innermost first,
    /// and those of the functions that they call.
    let texts: [String]
}

extension AccessMap {
    /// Reads an error's context; the names of functions stand in it in every language.
    func code(around error: ServerError, in attempt: StatementAttempt) -> CodeInContext {
        code(around: error, by: attempt.role.oid)
    }

    /// Reads an error's context, of a statement of the role.
    func code(around error: ServerError, by role: OID) -> CodeInContext {
        let context = (error.context ?? "").withoutStatements
        let found = snapshot.routines.values
            .compactMap { routine in
                context.place(ofFunction: routine.name, in: routine.schema)
                    .map { (routine, place: $0) }
            }
            .filter { !$0.0.isBuiltIn }
            .sorted { ($0.place, $0.0.oid) < ($1.place, $1.0.oid) }
            .map(\.0)
        // Of several of one name it is rather that of a trigger.
        let ofTriggers = Set(snapshot.triggers.values.joined().map(\.routine))
        let names = Set(found.filter { ofTriggers.contains($0.oid) }.map(\.name))
        let routines = found.filter { ofTriggers.contains($0.oid) || !names.contains($0.name) }
        let user = routines.first { $0.isSecurityDefiner }?.owner ?? role
        // Statements stand between the context's quotation marks, whatever these look like.
        let quoted = [error.internalQuery, error.context].compactMap(\.self)
        let unquoted = quoted.map { $0.replacing(scalar: "\"", with: " ") }
        return CodeInContext(
            routines: routines,
            user: user,
            texts: quoted + unquoted + bodies(calledFrom: routines)
        )
    }

    /// The bodies of functions and of those that they name, which the server may have put in their
    /// place without a word in the context.
    func bodies(calledFrom routines: [Routine]) -> [String] {
        var bodies: [String] = []
        var pending = routines
        var visited = Set(routines.map(\.oid))
        while !pending.isEmpty, bodies.count < 64 {
            let routine = pending.removeFirst()
            bodies.append(routine.source)
            for name in Words(routine.source).names {
                for next in reach.routinesByName[name] ?? []
                where !next.isBuiltIn && !next.isSecurityDefiner
                    && visited.insert(next.oid).inserted
                {
                    pending.append(next)
                }
            }
        }
        return bodies
    }
}

extension String {
    /// An error's context without the statements that stand in it between quotation marks, whatever
    /// these look like.
    ///
    /// What they name is not at work. A name alone between such marks stays.
    var withoutStatements: String {
        var kept = ""
        var isInside = false
        for line in split(separator: "\n", omittingEmptySubsequences: false) {
            var rest = line
            if !isInside, let start = rest.firstIndex(where: \.isQuotationMark) {
                let after = rest[rest.index(after: start)...]
                let end = after.firstIndex(where: \.isQuotationMark)
                let isName =
                    end.map { end in
                        let next = after.index(after: end)
                        return next < after.endIndex
                            && !after[..<end].contains { $0.isWhitespace || $0 == "(" }
                    } ?? false
                guard !isName else {
                    kept += line + "\n"
                    continue
                }
                kept += rest[..<start] + "\n"
                isInside = true
                rest = after
            } else if !isInside {
                kept += line + "\n"
                continue
            }
            // A statement ends with its line.
            if rest.last(where: { !$0.isWhitespace && $0 != "." })?.isQuotationMark ?? false {
                isInside = false
            }
        }
        return kept
    }

    /// Where a function's name stands in an error's context: before its arguments, or in quotation
    /// marks, and behind no schema but its own.
    func place(ofFunction name: String, in schema: String) -> Int? {
        place(of: name, in: schema) { next in
            next.map { [UInt8(ascii: "("), UInt8(ascii: "\"")].contains($0) || $0 >= 0x80 } ?? false
        }
    }

    /// Whether a name stands in the text by itself.
    func mentions(_ name: String) -> Bool { place(of: name) { _ in true } != nil }

    /// Finds a name with no letter, digit or underscore of ASCII beside it: in some languages the words
    /// around it are letters too, with no space between.
    private func place(
        of name: String,
        in schema: String? = nil,
        before isNext: (UInt8?) -> Bool
    ) -> Int? {
        let name = Array(name.utf8)
        let text = Array(utf8)
        guard let first = name.first, text.count >= name.count else { return nil }
        for start in 0...(text.count - name.count) where text[start] == first {
            let end = start + name.count
            let next = end < text.count ? text[end] : nil
            guard text[start..<end].elementsEqual(name),
                start == 0 || !text[start - 1].isPartOfName,
                !(next?.isPartOfName ?? false), isNext(next),
                schema.map({ Self.isQualified(text[..<start], by: $0) }) ?? true
            else { continue }
            return start
        }
        return nil
    }

    /// Whether what stands before a name is its schema, or none.
    private static func isQualified(_ before: ArraySlice<UInt8>, by schema: String) -> Bool {
        var before = before
        if before.last == UInt8(ascii: "\"") { before.removeLast() }
        guard before.last == UInt8(ascii: ".") else { return true }
        before.removeLast()
        if before.last == UInt8(ascii: "\"") { before.removeLast() }
        let name = schema.replacing(scalar: "\"", with: "\"\"").utf8
        return before.suffix(name.count).elementsEqual(name)
    }
}

extension Character {
    /// Whether messages of the server, in some language, open or close quotations with it.
    fileprivate var isQuotationMark: Bool { "\"«»„“”「」『』‟".contains(self) }
}

extension UInt8 {
    fileprivate var isPartOfName: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"):
            true
        default: false
        }
    }
}
