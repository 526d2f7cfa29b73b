import Testing

@testable import RowSynthesis

@Suite struct GeometrySampleTests {
    @Test(
        "A shape is of the kind, the SRID and the dimensions that the modifier asks for",
        arguments: [
            (-1, "POINT(7 0)"), (1_107_460, "SRID=4326;POINT(7 0)"), (7, "POINT ZM (7 0 1 1)"),
            (8, "LINESTRING(7 0, 8 1)"),
            (987_416, "SRID=3857;MULTIPOLYGON(((7 0, 7 1, 8 1, 8 0, 7 0)))"),
            (30, "GEOMETRYCOLLECTION Z (POINT Z (7 0 1))"),
        ]
    )
    func text(modifier: Int, text: String) {
        #expect(GeometrySample(modifier: modifier).text(7) == text)
    }

    @Test("Without a kind all common ones are worth a try, each in the common systems")
    func candidates() {
        let shapes = GeometrySample.candidates(modifier: -1)
        #expect(shapes.count == 7 * 3 * 2)
        #expect(Set(shapes).count == shapes.count - 6)
        #expect(GeometrySample.candidates(modifier: 1_107_460).allSatisfy { $0.contains("POINT") })
    }
}
