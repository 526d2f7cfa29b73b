extension Identifier {
    /// Returns the name as it stands in SQL that is shown: in quotes only where the server's
    /// `quote_ident` would put them, for all but keywords, which always get them here.
    ///
    /// A name with control characters is written with escapes (`U&"a\000Ab"`), on one line that can be run as
    /// it is.
    package static func sql(_ name: String) -> String {
        let isPlain =
            name.utf8.first.map { $0 == UInt8(ascii: "_") || (97...122).contains($0) } ?? false
        let isBare =
            isPlain
            && name.utf8.allSatisfy {
                $0 == UInt8(ascii: "_") || (97...122).contains($0) || (48...57).contains($0)
            }
        guard !isBare || keywords.contains(name) else { return name }
        let quoted = inQuotationMarks(name)
        return name.unicodeScalars.contains(where: PrintableText.isControl)
            ? "U&" + escaped(quoted) : quoted
    }

    /// Returns the name as the server's own queries hold it: always in quotation marks.
    package static func inQuotationMarks(_ name: String) -> String {
        "\"\(name.replacing(scalar: "\"", with: "\"\""))\""
    }

    /// Writes control characters as their numbers (PostgreSQL manual, 4.1.2.3).
    private static func escaped(_ quoted: String) -> String {
        var text = ""
        for scalar in quoted.unicodeScalars {
            if scalar == "\\" {
                text += "\\\\"
            } else if PrintableText.isControl(scalar) {
                let digits = String(scalar.value, radix: 16, uppercase: true)
                let width = scalar.value > 0xFFFF ? 6 : 4
                let zeros = String(repeating: "0", count: max(0, width - digits.count))
                text += (width == 6 ? "\\+" : "\\") + zeros + digits
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// Returns the object's name as it stands in SQL that is shown, with its schema.
    package static func sql(_ object: ObjectName) -> String {
        let name: String =
            switch object.kind {
            case .function, .procedure: sqlSignature(object.name)
            case .largeObject: object.name
            case .parameter:
                object.name.split(separator: ".").map { sql(String($0)) }.joined(separator: ".")
            default: sql(object.name)
            }
        return object.schema.map { "\(sql($0)).\(name)" } ?? name
    }

    /// Writes `name(argument types)`; the server has quoted the types already.
    private static func sqlSignature(_ signature: String) -> String {
        guard let parenthesis = signature.lastIndex(of: "(") else { return sql(signature) }
        return sql(String(signature[..<parenthesis])) + signature[parenthesis...]
    }

    /// Words that cannot stand as a name without quotes (manual, appendix C).
    private static let keywords: Set<String> = [
        "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric",
        "authorization", "between", "bigint", "binary", "bit", "boolean", "both", "case", "cast",
        "char", "character", "check", "coalesce", "collate", "collation", "column", "concurrently",
        "constraint", "create", "cross", "current_catalog", "current_date", "current_role",
        "current_schema", "current_time", "current_timestamp", "current_user", "dec", "decimal",
        "default", "deferrable", "desc", "distinct", "do", "else", "end", "except", "exists",
        "extract", "false", "fetch", "float", "for", "foreign", "freeze", "from", "full", "grant",
        "greatest", "group", "grouping", "having", "ilike", "in", "initially", "inner", "inout",
        "int", "integer", "intersect", "interval", "into", "is", "isnull", "join", "json",
        "json_array", "json_arrayagg", "json_exists", "json_object", "json_objectagg", "json_query",
        "json_scalar", "json_serialize", "json_table", "json_value", "lateral",
        "leading", "least", "left", "like", "limit", "localtime", "localtimestamp", "merge_action",
        "national",
        "natural", "nchar", "none", "normalize", "not", "notnull", "null", "nullif", "numeric",
        "offset", "on", "only", "or", "order", "out", "outer", "overlaps", "overlay", "placing",
        "position", "precision", "primary", "real", "references", "returning", "right",
        "row", "select", "session_user", "setof", "similar", "smallint", "some", "substring",
        "symmetric", "system_user", "table", "tablesample", "then", "time", "timestamp", "to",
        "trailing", "treat", "trim", "true", "union", "unique", "user", "using", "values",
        "varchar", "variadic", "verbose", "when", "where", "window", "with", "xmlattributes",
        "xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlnamespaces", "xmlparse", "xmlpi",
        "xmlroot", "xmlserialize", "xmltable",
    ]
}

extension ObjectName {
    /// The object as it stands behind `ON` in a GRANT: `SEQUENCE public.s`.
    package var grantTarget: String {
        let word: String? =
            switch kind {
            case .table, .partitionedTable, .view, .materializedView, .foreignTable, .column: nil
            // All others are called in GRANT what they are called here.
            default: kind.rawValue.uppercased()
            }
        return (word.map { "\($0) " } ?? "") + Identifier.sql(self)
    }
}
