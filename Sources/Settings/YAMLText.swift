internal import Foundation
internal import Yams

/// Turns a file's text into YAML nodes, each of which knows its line.
struct YAMLText {
    let source: SettingsSource

    func error(_ line: Int?, _ sentence: String) -> SettingsError {
        SettingsError(file: source.path, line: line, sentence)
    }

    /// Composes the only document; `nil` if the text holds nothing but comments.
    ///
    /// - Throws: `SettingsError` for what is no YAML, or YAML of a kind that the file does not need.
    func root() throws(SettingsError) -> Node? {
        if let line = lineOfManyAliases { throw anchorError(line) }
        do {
            let parser = try Parser(yaml: source.text, encoding: .utf8)
            let root = try parser.singleRoot()
            // Nodes refer to their anchors weakly; the parser holds them.
            let line = withExtendedLifetime(parser) { root.flatMap(Self.lineOfAnchor) }
            if let line { throw anchorError(line) }
            return root
        } catch let error as YamlError {
            throw refusal(error)
        } catch let error as SettingsError {
            throw error
        } catch {
            throw self.error(nil, "this cannot be read as YAML")
        }
    }

    private func anchorError(_ line: Int?) -> SettingsError {
        error(line, "anchors and aliases (& and *) are not taken here; write the value out")
    }

    /// Finds the first anchor; an alias stands for a node with one.
    private static func lineOfAnchor(in root: Node) -> Int? {
        var pending = [root]
        while let node = pending.popLast() {
            if node.anchor != nil { return node.mark?.line }
            switch node {
            case .mapping(let mapping):
                pending += mapping.reversed().flatMap { [$0.value, $0.key] }
            case .sequence(let sequence): pending += sequence.reversed()
            default: break
            }
        }
        return nil
    }

    /// The line of an anchor if so many aliases refer to anchors that composing them could take for
    /// ever; a few are harmless, and are refused with their exact place.
    private var lineOfManyAliases: Int? {
        var names: [Substring: Int] = [:]
        var aliases: [Substring] = []
        var line = 1
        var previous: Character = "\n"
        var rest = source.text[...]
        while let character = rest.popFirst() {
            if character == "&" || character == "*", !previous.isLetter, !previous.isNumber {
                let name = rest.prefix { !$0.isWhitespace && !"[]{},:".contains($0) }
                if character == "&", names[name] == nil, !name.isEmpty { names[name] = line }
                if character == "*" { aliases.append(name) }
            }
            if character.isNewline { line += 1 }
            previous = character
        }
        let found = aliases.filter { names[$0] != nil }
        return found.count > 16 ? names[found[0]] : nil
    }

    /// Says in one sentence what the parser stumbled over.
    private func refusal(_ error: YamlError) -> SettingsError {
        switch error {
        case .scanner(let context, let problem, let mark, _),
            .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            return stumble(context?.text, problem, mark)
        case .reader(let problem, let offset, _, _):
            let line = offset.map { source.text.prefix($0).count(where: \.isNewline) + 1 }
            return self.error(line, "this cannot be read as YAML (\(problem))")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let name = duplicates.first ?? ""
            let first = context.mark.line
            let line = lineOfSecond(name, after: first) ?? first
            return self.error(
                line,
                "the key '\(name)' is there already, on line \(first); write it once"
            )
        default: return self.error(nil, "this cannot be read as YAML")
        }
    }

    private func stumble(_ context: String?, _ problem: String, _ mark: Mark) -> SettingsError {
        let character = character(at: mark)
        if problem.contains("undefined alias") || character == "*" {
            return error(
                mark.line,
                "a bare * starts an alias in YAML; put the pattern in double quotes"
            )
        }
        if character == "\t" {
            return error(mark.line, "YAML takes no tab here; indent with spaces")
        }
        if problem.contains("found another document") {
            return error(mark.line, "a second document starts here; the file holds only one")
        }
        if let character, ["@", "`", "%"].contains(character) {
            return error(mark.line, "'\(character)' cannot start a text; put it in double quotes")
        }
        if problem.contains("nesting level") {
            return error(mark.line, "lists and mappings are nested far too deeply here")
        }
        if line(mark.line).contains(": '") {
            return error(
                mark.line,
                "a text that starts with a quote ends with it; put double quotes around the whole "
                    + "of an SQL expression: \"'draft'\""
            )
        }
        let words = [context?.trimmingCharacters(in: .whitespaces), problem].compactMap(\.self)
        return error(
            mark.line,
            "this cannot be read as YAML (\(words.joined(separator: ": "))); "
                + "look at the quotes, brackets and spaces up to here"
        )
    }

    private var lines: [Substring] {
        source.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    }

    /// The text of a line, from 1; empty beyond the last.
    private func line(_ number: Int) -> Substring {
        let lines = lines
        return lines.indices.contains(number - 1) ? lines[number - 1] : ""
    }

    private func character(at mark: Mark) -> Unicode.Scalar? {
        line(mark.line).unicodeScalars.dropFirst(mark.column - 1).first
    }

    /// Looks for the line on which a key of that name stands again.
    private func lineOfSecond(_ name: String, after first: Int) -> Int? {
        func indent(_ line: Substring) -> Int { line.prefix { $0 == " " }.count }
        let depth = indent(line(first))
        for (index, line) in lines.enumerated().dropFirst(first) where indent(line) == depth {
            let key = line.drop { $0 == " " || $0 == "\"" || $0 == "'" }
            if key.hasPrefix(name) { return index + 1 }
        }
        return nil
    }
}
