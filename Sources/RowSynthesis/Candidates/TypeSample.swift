internal import Catalog

/// Values for types: one that each type accepts, or one that has hardly been used before.
struct TypeSample {
    let snapshot: Snapshot

    /// Returns a value of a type, or `nil` if none is known.
    ///
    /// It is made from the number `fresh`, so that two numbers give two values as far as the type
    /// has room; without one it is the type's plain sample.
    func value(of type: OID, modifier: Int, fresh: Int?) -> RowValue.Content? {
        guard let type = snapshot.types[type] else { return nil }
        if type.isBuiltIn, case .base = type.form, let fresh,
            let expression = Self.freshExpression(type.name, fresh)
        {
            return .expression(expression)
        }
        return text(of: type, modifier: modifier, fresh: fresh, depth: 0).map { .literal($0) }
    }

    /// Writes a value as the type's input function reads it.
    private func text(of type: DataType, modifier: Int, fresh: Int?, depth: Int) -> String? {
        guard depth < 8 else { return nil }
        func text(_ oid: OID, _ modifier: Int = -1) -> String? {
            snapshot.types[oid].flatMap {
                self.text(of: $0, modifier: modifier, fresh: fresh, depth: depth + 1)
            }
        }
        switch type.form {
        case .base: return Self.text(of: type, modifier: modifier, fresh: fresh)
        case .domain(let base, let ownModifier):
            return DomainSample(snapshot: snapshot).text(of: type) ?? text(base, ownModifier)
        case .enumeration:
            guard let labels = snapshot.enumLabels[type.oid], !labels.isEmpty else { return nil }
            return labels[(fresh ?? 0) % labels.count]
        // These look like arrays to the catalog, but are written without braces.
        case .array where type.isBuiltIn && ["int2vector", "oidvector"].contains(type.name):
            return String((fresh ?? 1) % 30_000)
        case .array(let element):
            guard fresh != nil else { return "{}" }
            return text(element, modifier).map { "{\(Self.nested($0))}" }
        case .range(let subtype):
            return text(subtype).map { "[\(Self.nested($0)),\(Self.nested($0))]" }
        case .multirange(let subtype):
            return text(subtype).map { "{[\(Self.nested($0)),\(Self.nested($0))]}" }
        case .composite(let relation):
            let fields = (snapshot.columns[relation] ?? []).map { text($0.type, $0.typeModifier) }
            return "(\(fields.map { $0.map(Self.nested) ?? "" }.joined(separator: ",")))"
        case .pseudo: return nil
        }
    }

    /// Quotes a text that stands inside an array, a range or a composite value (manual, 8.15.6).
    static func nested(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted += "\\" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }

    /// Dates far from anybody's, counted by the server.
    private static func freshExpression(_ name: String, _ fresh: Int) -> String? {
        switch name {
        case "date": "('2200-01-01'::pg_catalog.date + \(fresh % 1_000_000))"
        case "timestamp", "timestamptz":
            "('2200-01-01'::pg_catalog.\(name) + pg_catalog.make_interval(secs => \(fresh)))"
        case "time":
            "('00:00'::pg_catalog.time + pg_catalog.make_interval(secs => \(fresh % 86_400)))"
        default: nil
        }
    }

    private static func text(of type: DataType, modifier: Int, fresh: Int?) -> String? {
        guard type.isBuiltIn else { return extensionText(type, modifier, fresh) }
        let number = fresh ?? 1
        switch type.name {
        case "bool": return number % 2 == 1 ? "true" : "false"
        case "int2": return String(fresh.map { 20_000 + $0 % 12_000 } ?? 1)
        case "int4", "oid", "xid", "cid":
            return String(fresh.map { 1_900_000_000 + $0 % 100_000_000 } ?? 1)
        case "int8", "xid8": return String(fresh.map { 9_000_000_000_000_000 + $0 } ?? 1)
        case "numeric": return numeric(modifier, fresh)
        case "float4": return String(fresh.map { $0 % 16_000_000 } ?? 1)
        case "float8", "money": return String(number)
        case "text": return fresh.map { "pgsmoke-\($0)" } ?? "pgsmoke"
        case "varchar", "bpchar": return string(atMost: modifier < 0 ? nil : modifier - 4, fresh)
        case "name": return string(atMost: 63, fresh)
        case "char": return String(UnicodeScalar(UInt8(ascii: "!") + UInt8(number % 90)))
        case "bytea": return "\\x\(hexadecimal(number, digits: 16))"
        case "bit": return binary(number, digits: max(1, modifier))
        case "varbit": return binary(number, digits: modifier < 0 ? 32 : modifier)
        case "uuid": return "f0000000-0000-4000-8000-\(hexadecimal(number, digits: 12))"
        case "date": return "2000-01-01"
        case "timestamp": return "2000-01-01 00:00:00"
        case "timestamptz": return "2000-01-01 00:00:00+00"
        case "time": return "12:00:00"
        case "timetz": return "12:00:\(number % 60)+00"
        case "interval": return "\(number) seconds"
        case "inet": return "10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"
        case "cidr": return "10.\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)/32"
        case "macaddr": return octets(number, 6)
        case "macaddr8": return octets(number, 8)
        case "json", "jsonb": return fresh.map { "{\"pgsmoke\": \($0)}" } ?? "{}"
        case "jsonpath": return "$"
        case "xml": return "<pgsmoke/>"
        case "point": return "(\(number),1)"
        case "line": return "{1,-1,\(number)}"
        case "lseg", "box": return "(\(number),1),(0,0)"
        case "path": return "((0,0),(\(number),1))"
        case "polygon": return "((0,0),(0,1),(\(number),1))"
        case "circle": return "<(0,0),\(number)>"
        case "tsvector", "tsquery": return "pgsmoke\(fresh.map(String.init) ?? "")"
        case "txid_snapshot", "pg_snapshot": return "\(number):\(number):"
        case "pg_lsn": return "0/\(hexadecimal(number, digits: 8))"
        case "tid": return "(\(number),1)"
        case "refcursor": return "pgsmoke\(number)"
        case "aclitem": return "=r/pg_monitor"
        case "regclass": return "pg_catalog.pg_class"
        case "regtype": return "pg_catalog.int4"
        case "regproc": return "pg_catalog.now"
        case "regprocedure": return "pg_catalog.now()"
        case "regoper": return "pg_catalog.||/"
        case "regoperator": return "pg_catalog.+(integer,integer)"
        case "regnamespace": return "pg_catalog"
        case "regcollation": return "pg_catalog.\"C\""
        case "regconfig": return "pg_catalog.simple"
        case "regdictionary": return "pg_catalog.simple"
        case "regrole": return "pg_monitor"
        case "regdatabase": return "template1"
        default: return nil
        }
    }

    /// Values for the base types of widespread extensions.
    private static func extensionText(
        _ type: DataType,
        _ modifier: Int,
        _ fresh: Int?
    ) -> String? {
        let number = fresh ?? 1
        switch type.name {
        case "citext", "ltree", "lquery", "ltxtquery": return "pgsmoke\(number)"
        case "hstore": return "pgsmoke=>\(number)"
        case "cube", "seg": return String(number)
        case "geometry", "geography": return GeometrySample(modifier: modifier).text(number)
        default: return type.category == "S" ? "pgsmoke\(number)" : nil
        }
    }

    private static func string(atMost limit: Int?, _ fresh: Int?) -> String {
        let whole = fresh.map { "pgsmoke-\($0)" } ?? "pgsmoke"
        guard let limit, whole.count > limit else { return whole }
        guard let fresh else { return String(whole.prefix(limit)) }
        // The number's last digits differ soonest.
        let digits = String(fresh, radix: 36)
        return String((String(repeating: "0", count: limit) + digits).suffix(limit))
    }

    /// Stays below the precision; the modifier's low 11 bits hold the scale (15 and later with sign).
    private static func numeric(_ modifier: Int, _ fresh: Int?) -> String {
        guard let (digits, scale) = room(of: modifier) else { return String(fresh ?? 1) }
        if digits <= 0 {
            // Only digits behind the point: 0.00d… with the last one free.
            let value = (fresh ?? 1) % 9 + 1
            return "0." + String(repeating: "0", count: max(0, scale - 1)) + String(value)
        }
        if scale < 0 { return "1" + String(repeating: "0", count: -scale) }
        guard let fresh else { return "1" }
        var room = 1
        for _ in 0..<min(digits, 15) { room *= 10 }
        return String(fresh % room)
    }

    /// How many digits a modifier of numeric leaves before the point, and its scale; `nil` without one.
    static func room(of modifier: Int) -> (digits: Int, scale: Int)? {
        guard modifier >= 4 else { return nil }
        let precision = (modifier - 4) >> 16 & 0xFFFF
        let raw = (modifier - 4) & 0x7FF
        let scale = raw > 1_000 ? raw - 2_048 : raw
        return (precision - scale, scale)
    }

    private static func hexadecimal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 16)
        return String((String(repeating: "0", count: digits) + text).suffix(digits))
    }

    private static func binary(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 2)
        return String((String(repeating: "0", count: digits) + text).suffix(digits))
    }

    private static func octets(_ number: Int, _ count: Int) -> String {
        let digits = Array("02" + hexadecimal(number, digits: count * 2 - 2))
        return stride(from: 0, to: digits.count, by: 2)
            .map { String(digits[$0...($0 + 1)]) }
            .joined(separator: ":")
    }
}
