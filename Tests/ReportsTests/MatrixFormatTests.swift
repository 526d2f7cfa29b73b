import Foundation
import Reports
import Testing
import Trials

/// The three ways to write a matrix, with names that try to break them.
@Suite struct MatrixFormatTests {
    private static let hostile = "a,\"b\"\n##[error]\u{1B}[31m\u{202E}é"

    private static let rows = [
        MatrixRow(
            role: hostile,
            kind: .table,
            object: ObjectName(kind: .table, schema: "public", name: hostile).displayed,
            cells: [
                MatrixRow.Cell(privilege: "SELECT", effective: .yes),
                MatrixRow.Cell(privilege: "INSERT", effective: .columns),
            ]
        ),
        MatrixRow(
            role: hostile,
            kind: .sequence,
            object: "public.s",
            cells: [MatrixRow.Cell(privilege: "USAGE", effective: .setRole)]
        ),
        MatrixRow(
            role: "app",
            kind: .sequence,
            object: "public.s",
            cells: [MatrixRow.Cell(privilege: "USAGE", effective: .no)]
        ),
    ]

    private func text(_ format: some MatrixFormat, _ rows: [MatrixRow]) -> String {
        var format = format
        var text = format.start()
        for row in rows { text += format.add(row) }
        return text + format.finish()
    }

    private struct Document: Decodable {
        struct Cell: Decodable, Hashable {
            let role: String
            let kind: String
            let object: String
            let privilege: String
            let effective: String
        }

        let cells: [Cell]
    }

    @Test("JSON holds every cell, roles unchanged, objects as in case names")
    func json() throws {
        let text = text(MatrixJSON(), Self.rows)
        let cells = try JSONDecoder().decode(Document.self, from: Data(text.utf8)).cells
        #expect(cells.map(\.role) == [Self.hostile, Self.hostile, Self.hostile, "app"])
        #expect(cells.map(\.privilege) == ["SELECT", "INSERT", "USAGE", "USAGE"])
        #expect(cells.map(\.effective) == ["yes", "columns", "set-role", "no"])
        #expect(cells.first?.object == Self.rows[0].object)
        #expect(isPrintable(text))
        let empty = self.text(MatrixJSON(), [])
        #expect(try JSONDecoder().decode(Document.self, from: Data(empty.utf8)).cells.isEmpty)
    }

    @Test("CSV has a line a cell and quotes what RFC 4180 wants quoted")
    func csv() throws {
        let text = text(MatrixCSV(), Self.rows)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 5)
        #expect(lines.last == "app,sequence,public.s,USAGE,no")
        let name = #""""a,""""b""""\x0A##[error]\x1B[31m\x{202E}é""""#
        #expect(lines[1].hasPrefix(name + ",table,"), "\(lines[1])")
        #expect(isPrintable(text))
    }

    @Test("The table is aligned, one block for each role and sort of object")
    func table() {
        let text = text(MatrixTable(), Self.rows)
        #expect(
            text.hasSuffix(
                """
                role app, sequences
                            USAGE
                  public.s  -

                """
            )
        )
        #expect(text.contains("  SELECT    INSERT\n"))
        #expect(text.contains("yes       columns\n"))
        #expect(isPrintable(text))
        #expect(!text.contains("##["))
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.hasPrefix("role ") || $0.hasPrefix("  ") })
        #expect(!text.contains("\u{1B}"))
        #expect(self.text(MatrixTable(isColoured: true), Self.rows).contains("\u{1B}[32myes"))
        #expect(self.text(MatrixTable(), []).isEmpty)
    }

    private func isPrintable(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { $0 == "\n" || !PrintableText.isControl($0) }
    }
}
