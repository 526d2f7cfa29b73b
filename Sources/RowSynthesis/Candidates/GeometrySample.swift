/// Shapes for PostGIS columns, as extended well-known text.
struct GeometrySample {
    private let kind: Kind
    private let srid: Int
    private let hasZ: Bool
    private let hasM: Bool

    /// The kinds of shapes by the numbers that type modifiers have for them.
    enum Kind: Int, CaseIterable {
        case any
        case point
        case lineString
        case polygon
        case multiPoint
        case multiLineString
        case multiPolygon
        case geometryCollection
        case circularString
        case compoundCurve
        case curvePolygon
        case multiCurve
        case multiSurface
        case polyhedralSurface
        case triangle
        case tin
    }

    /// Reads a column's modifier: kind, SRID and dimensions (PostGIS, `liblwgeom.h`).
    init(modifier: Int) {
        let bits = modifier < 0 ? 0 : modifier
        kind = Kind(rawValue: (bits & 0xFC) >> 2) ?? .any
        srid = ((bits & 0x0FFF_FF00) - (bits & 0x1000_0000)) >> 8
        hasZ = bits & 2 != 0
        hasM = bits & 1 != 0
    }

    private init(_ kind: Kind, srid: Int) {
        self.kind = kind
        self.srid = srid
        hasZ = false
        hasM = false
    }

    /// Returns a shape of the width given, at a place made from the number.
    func text(_ number: Int, width: Int = 1) -> String {
        let start = srid > 0 ? "SRID=\(srid);" : ""
        return start + shape(kind, number, width)
    }

    /// The shapes that a column of the modifier might hold, small and large; without a kind or an
    /// SRID of its own, those of every common one.
    static func candidates(modifier: Int) -> [String] {
        let own = GeometrySample(modifier: modifier)
        let kinds =
            own.kind == .any ? Kind.allCases.filter { (1...7).contains($0.rawValue) } : [own.kind]
        guard own.kind == .any || own.srid == 0 else {
            return [1, 20, 1_000].map { own.text(1, width: $0) }
        }
        let systems = own.srid == 0 ? [0, 4_326, 3_857] : [own.srid]
        return kinds.flatMap { kind in
            systems.flatMap { srid in
                [1, 20].map {
                    (own.kind == .any ? GeometrySample(kind, srid: srid) : own).text(1, width: $0)
                }
            }
        }
    }

    private func shape(_ kind: Kind, _ number: Int, _ width: Int) -> String {
        let x = number % 80
        let y = number / 80 % 80
        func at(_ dx: Int, _ dy: Int) -> String {
            (["\(x + dx)", "\(y + dy)"] + (hasZ ? ["1"] : []) + (hasM ? ["1"] : []))
                .joined(separator: " ")
        }
        let line = "(\(at(0, 0)), \(at(width, width)))"
        let corners = [at(0, 0), at(0, width), at(width, width), at(width, 0), at(0, 0)]
        let ring = "((\(corners.joined(separator: ", "))))"
        let triangle = "((\(at(0, 0)), \(at(0, width)), \(at(width, width)), \(at(0, 0))))"
        let dimensions = (hasZ ? "Z" : "") + (hasM ? "M" : "")
        func tagged(_ name: String, _ body: String) -> String {
            dimensions.isEmpty ? "\(name)\(body)" : "\(name) \(dimensions) \(body)"
        }
        return switch kind {
        case .any, .point: tagged("POINT", "(\(at(0, 0)))")
        case .lineString: tagged("LINESTRING", line)
        case .polygon: tagged("POLYGON", ring)
        case .multiPoint: tagged("MULTIPOINT", "((\(at(0, 0))), (\(at(width, width))))")
        case .multiLineString: tagged("MULTILINESTRING", "(\(line))")
        case .multiPolygon: tagged("MULTIPOLYGON", "(\(ring))")
        case .geometryCollection:
            tagged("GEOMETRYCOLLECTION", "(\(shape(.point, number, width)))")
        case .circularString:
            tagged("CIRCULARSTRING", "(\(at(0, 0)), \(at(width, width)), \(at(2 * width, 0)))")
        case .compoundCurve: tagged("COMPOUNDCURVE", "(\(line))")
        case .curvePolygon: tagged("CURVEPOLYGON", ring)
        case .multiCurve: tagged("MULTICURVE", "(\(line))")
        case .multiSurface: tagged("MULTISURFACE", "(\(ring))")
        case .polyhedralSurface: tagged("POLYHEDRALSURFACE", "(\(ring))")
        case .triangle: tagged("TRIANGLE", triangle)
        case .tin: tagged("TIN", "(\(triangle))")
        }
    }
}
