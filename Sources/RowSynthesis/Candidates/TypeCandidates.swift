internal import Catalog

/// Values that are worth a try for a type whatever its constraints say.
struct TypeCandidates {
    let snapshot: Snapshot
    let type: DataType
    /// The modifier of the column, such as a length.
    let modifier: Int

    var candidates: [Candidate] {
        var texts: [String] = []
        switch type.form {
        case .enumeration: texts = snapshot.enumLabels[type.oid] ?? []
        case .range: texts = ["[,)", "empty", "(,)"]
        case .array: texts = ["{}"]
        case .base: texts = Self.texts(type, modifier)
        default: break
        }
        return texts.map { Candidate(content: .literal($0), source: .sample) }
    }

    /// Whether a column of the type can hold nothing but its candidates.
    var isComplete: Bool {
        if case .enumeration = type.form { return true }
        return type.name == "bool" && type.isBuiltIn
    }

    private static func texts(_ type: DataType, _ modifier: Int) -> [String] {
        switch type.name {
        case "bool": ["true", "false"]
        case "int2", "int4", "int8": ["1", "0", "2", "-1", "3", "10", "100", "2000", "12345"]
        case "oid": ["1", "2"]
        case "numeric", "float4", "float8": ["1", "0", "0.5", "2", "-1", "10", "100"]
        case "money": ["1", "0", "100"]
        case "date": ["2000-01-01", "2000-01-31", "2030-06-15", "infinity"]
        case "timestamp", "timestamptz":
            ["2000-01-01 00:00:00+00", "2030-06-15 12:00:00+00", "infinity"]
        case "interval": ["1 second", "0", "1 day", "1 mon", "-1 day"]
        case "time", "timetz":
            ["12:00:00", "00:00:00", "23:59:59", "08:00:00", "09:00:00", "10:00:00", "17:00:00"]
        case "uuid": ["00000000-0000-0000-0000-000000000000"]
        case "inet", "cidr":
            ["10.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32"].filter {
                type.name == "inet" || $0 != "10.0.0.1"
            }
        case "bytea": ["\\x", "\\x00", "\\x5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"]
        case "xml": ["<pgsmoke/>", "<?xml version=\"1.0\"?><pgsmoke>1</pgsmoke>"]
        case "geometry", "geography": GeometrySample.candidates(modifier: modifier)
        case "ltree": ["a", "a.b", "a.b.c", "a.b.c.d.e", "Top.a.b", ""]
        case "hstore": ["", "a=>1", "a=>NULL", "a=>1, b=>2"]
        case _ where type.category == "S":
            [
                "a", "A", "1", "0", "", "pgsmoke", "PGSMOKE", "ab", "AB", "abc",
                "pgsmoke@example.com",
                "https://example.com/", "a-b", "a_1", "1.0.0", "10.0.0.1", "2000-01-01", "/", "/a",
                "#a0b1c2",
                "{}", "[]", "f0000000-0000-4000-8000-000000000001",
                String(repeating: "a0", count: 16), String(repeating: "a0", count: 20),
                String(repeating: "a0", count: 32), "aA1!aA1!aA1!", "+12025550123", "en", "en_US",
            ]
        default: []
        }
    }
}
