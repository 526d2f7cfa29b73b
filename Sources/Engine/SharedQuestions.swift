internal import Access
internal import Catalog
internal import Postgres
internal import RowSynthesis
internal import Trials

/// A relation whose trials are under way, among others.
private struct Undertaking {
    let work: RelationWork
    var records: [(place: Int, record: Record)] = []
    var attempts: ArraySlice<Attempts> = []
    /// What is asked before it can go on.
    var question: OpenQuestion?
    var isBegun = false
}

extension LaneRunner {
    /// Tries relations one by one, and asks together what their rows take where the server is far away.
    ///
    /// Each goes on until it has to ask, then all questions are put in one string.
    /// What asks in the middle of its work is done again with the answer. Next to the server that takes
    /// longer than a round trip, so everyone asks alone. Those that have their verdicts are taken off
    /// the list; the others stand in it in their order, what the server was at work on first.
    /// - Throws: `connectionLost`, or `server` for an answer that no trial is there for.
    func runTogether(
        _ works: inout [RelationWork],
        report: (_ records: [(place: Int, record: Record)]) -> Void
    ) throws(PostgresError) {
        var waiting = works.map { Undertaking(work: $0) }
        defer {
            works = waiting.map(\.work)
            lookup.book.clear()
        }
        while !waiting.isEmpty, context.stop.reason == nil {
            let questions = waiting.compactMap(\.question)
            try lookup.ask(questions)
            for index in waiting.indices { waiting[index].question = nil }
            var place = 0
            while place < waiting.count, context.stop.reason == nil {
                // What is lost with the connection is at the head.
                waiting.swapAt(0, place)
                try advance(&waiting[0], sharing: context.distance.isFar && waiting.count > 1)
                if waiting[0].question == nil {
                    report(waiting[0].records)
                    waiting.remove(at: 0)
                } else {
                    waiting.swapAt(0, place)
                    place += 1
                }
            }
        }
    }

    /// Goes on with a relation until it has all verdicts or has to ask.
    private func advance(
        _ undertaking: inout Undertaking,
        sharing: Bool
    ) throws(PostgresError) {
        if !undertaking.isBegun {
            let (records, attempts) = try begin(undertaking.work)
            undertaking.records = records
            undertaking.attempts = attempts[...]
            undertaking.isBegun = true
        }
        while var next = undertaking.attempts.popFirst() {
            // Others must not draw between what the session is asked for and what it has drawn.
            let sharing = sharing && !context.reach.asksSession(undertaking.work.relation.oid)
            guard try next.advance(sharing: sharing) else {
                undertaking.question = lookup.book.takeOpen()
                undertaking.attempts.insert(next, at: undertaking.attempts.startIndex)
                return
            }
            undertaking.records += next.records
        }
    }
}
