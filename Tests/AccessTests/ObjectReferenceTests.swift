import Access
import Testing
import Trials

/// Names of objects as users write them.
@Suite struct ObjectReferenceTests {
    @Test(
        "A name is folded and taken apart as SQL does it",
        arguments: [
            ("users", ["users"]), ("Public.Users", ["public", "users"]),
            ("\"Public\".\"Odd.Name\"", ["Public", "Odd.Name"]), ("\"a\"\"b\"", ["a\"b"]),
            ("table:users", ["users"]), ("\"table:users\"", ["table:users"]),
            ("column:public.users.\"E Mail\"", ["public", "users", "E Mail"]),
            ("parameter:my.app.setting", ["my", "app", "setting"]), ("ÄRGER", ["Ärger"]),
            ("Large Object:70001", ["70001"]), ("foreign_server:Far", ["far"]),
        ] as [(String, [String])]
    )
    func parts(text: String, parts: [String]) throws {
        #expect(
            try ObjectReference(text).parts.map { Array($0.utf8) } == parts.map { Array($0.utf8) }
        )
    }

    @Test(
        "Arguments of functions are written as the server writes them",
        arguments: [
            ("function:f()", ""), ("function:f(int, VARCHAR [])", "integer, character varying[]"),
            ("function:s.f(int4[],\"My Type\")", "integer[], \"My Type\""),
            ("procedure:p(double  precision)", "double precision"),
        ] as [(String, String)]
    )
    func arguments(text: String, arguments: String) throws {
        #expect(try ObjectReference(text).arguments == arguments)
    }

    @Test("Without parentheses the arguments are not asked for")
    func noArguments() throws {
        #expect(try ObjectReference("function:f").arguments == nil)
        #expect(try ObjectReference("\"f(integer)\"").parts == ["f(integer)"])
    }

    @Test(
        "What is no name is refused",
        arguments: [
            "", ".", "a.", "a.b.c", "\"open", "schema:a.b", "database:a.b", "column:a",
            "function:f(", "function:f(integer", "large-object:x", "nothing:x", ":x",
        ]
    )
    func refused(text: String) {
        #expect(throws: ObjectLookup.Failure.self) { try ObjectReference(text) }
    }

    @Test(
        "A privilege is read in GRANT's words or as its letter",
        arguments: [
            ("insert", .insert), ("a", .insert), ("A", .alterSystem),
            ("alter system", .alterSystem),
            ("ALTER_SYSTEM", .alterSystem), ("temp", .temporary), ("T", .temporary),
            ("m", .maintain),
            ("all", nil), ("", nil), ("z", nil),
        ] as [(String, Privilege?)]
    )
    func privilege(text: String, privilege: Privilege?) {
        #expect(Privilege(text) == privilege)
    }
}
