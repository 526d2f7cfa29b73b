package import Postgres

/// The questions about many rows, and what the server said, so that all are put in one string.
///
/// What learns from an error asks in the middle of its work. While the book collects, a question that
/// has no answer yet ends that work in vain; it is done again when the answer is there, and comes to
/// the next question or to its end.
package final class AnswerBook {
    /// Whether questions wait to be put together with those about other rows.
    package var collects = false
    /// The question that the work at hand waits for.
    private(set) var open: Lookup.Question?
    private var answers: [Lookup.Question.Contents: Lookup.Answer] = [:]

    /// Whether what is learned now is learned in vain.
    package var isWaiting: Bool { open != nil }

    /// The answer to a question; `nil` if it is to be put to the server now.
    func answer(to question: Lookup.Question) -> Lookup.Answer? {
        guard collects else { return nil }
        if let known = answers[question.contents] { return known }
        // What is asked after an answer that is none means nothing.
        open = open ?? question
        return .unasked
    }

    func note(_ answer: Lookup.Answer, to question: Lookup.Question) {
        answers[question.contents] = answer
    }

    /// The question that the work at hand has come to, for the work on other rows to go on.
    package func takeOpen() -> OpenQuestion? {
        defer { open = nil }
        return open.map { OpenQuestion(question: $0) }
    }

    /// Forgets all answers, and what waits for one.
    package func clear() {
        answers = [:]
        open = nil
    }
}

/// A question that waits to be put.
package struct OpenQuestion {
    let question: Lookup.Question
}

extension Lookup {
    /// Puts questions in as few strings as their refusals let, and keeps the answers.
    ///
    /// - Throws: `connectionLost`.
    package func ask(_ questions: [OpenQuestion]) throws(PostgresError) {
        var waiting = questions.map(\.question)[...]
        while !waiting.isEmpty {
            var statements: [String] = []
            var asked: [Int] = []
            for question in waiting {
                let transaction = try transaction(asking: question)
                asked.append(statements.count + transaction.asked)
                statements += transaction.statements
            }
            var done = 0
            var rows: [Int: [[String?]]] = [:]
            do throws(PostgresError) {
                try connection.query(statements) { index, result in
                    done = index + 1
                    if asked.contains(index) { rows[index] = result.texts }
                }
            } catch {
                guard case .server(let refusal) = error else { throw error }
                if connection.isInTransaction { try connection.execute("ROLLBACK") }
                // The one whose transaction holds the statement that was refused.
                let place = asked.firstIndex { $0 + 1 >= done } ?? asked.count - 1
                note(rows, asked, of: waiting.prefix(place))
                let refused = waiting[waiting.startIndex + place]
                book.note(.refused(refusal), to: refused)
                waiting = waiting.dropFirst(place + 1)
                continue
            }
            note(rows, asked, of: waiting)
            waiting = []
        }
    }

    private func note(
        _ rows: [Int: [[String?]]],
        _ asked: [Int],
        of questions: ArraySlice<Question>
    ) {
        for (question, index) in zip(questions, asked) {
            book.note(.rows(rows[index] ?? []), to: question)
        }
    }
}
