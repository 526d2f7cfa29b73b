import Testing

@testable import Reports

@Suite struct ProgressBarTests {
    @Test("The bar shows how far the run is and what it is at")
    func bar() {
        let bar = ProgressBar(done: 42, total: 210, current: "insert public.users as app_role")
        #expect(
            bar.line(width: 80) == "━━━━────────────────   42/210  insert public.users as app_role"
        )
        #expect(bar.line(width: 40) == "━━━━────────────────   42/210  insert p…")
        #expect(bar.line(width: 10) == " 42/210")
    }

    @Test(
        "The bar is empty at first and full at last",
        arguments: [
            (0, 0, "────────────────────  0/0"), (0, 9, "────────────────────  0/9"),
            (9, 9, "━━━━━━━━━━━━━━━━━━━━  9/9"), (10, 9, "━━━━━━━━━━━━━━━━━━━━  10/9"),
        ]
    )
    func ends(_ done: Int, _ total: Int, _ line: String) {
        #expect(ProgressBar(done: done, total: total, current: "").line(width: 60) == line)
    }

    @Test(
        "No name makes the bar longer than the terminal is wide",
        arguments: Sample.hostileIdentifiers
    )
    func width(_ name: String) {
        for width in 0...120 {
            let line = ProgressBar(done: 1, total: 1_000, current: name).line(width: width)
            #expect(Columns.width(of: line) <= width)
            #expect(!line.contains("\n") && !line.contains("\u{1B}"))
        }
    }
}
