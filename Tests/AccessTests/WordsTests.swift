import Testing

@testable import Access

@Suite struct WordsTests {
    @Test(
        "A name is found as a whole word only",
        arguments: [
            ("INSERT INTO audit VALUES (1)", "audit", true),
            ("INSERT INTO AUDIT VALUES (1)", "audit", true),
            ("INSERT INTO audit_log VALUES (1)", "audit", false),
            ("INSERT INTO my_audit", "audit", false),
            ("SELECT audit.id", "audit", true),
            ("SELECT \"Audit\".id", "Audit", true),
            ("SELECT \"Audit\".id", "audit", true),
            ("SELECT \"au dit\"", "au dit", true),
            ("SELECT nextval('audit')", "audit", true),
            ("SELECT nextval('public.audit'::text)", "audit", true),
            ("SELECT nextval('public.audit'::text)", "public", true),
            ("SELECT 'an audit'", "audit", false),
            ("SELECT $audit", "audit", false),
            ("SELECT größe", "größe", true),
            ("SELECT größe2", "größe", false),
            ("audit", "audit", true),
            ("", "audit", false),
            ("SELECT 'unterminated audit", "audit", false),
        ]
    )
    func names(text: String, name: String, isThere: Bool) {
        #expect(Words(text).contain(name) == isThere)
    }

    @Test(
        "What stands before a table's name tells the privilege that it needs",
        arguments: [
            ("INSERT INTO audit VALUES (1)", Privilege.insert),
            ("insert into public.audit (a) values (1)", .insert),
            ("UPDATE audit SET a = 1", .update),
            ("UPDATE ONLY public.audit SET a = 1", .update),
            ("DELETE FROM audit", .delete),
            ("DELETE FROM ONLY audit", .delete),
            ("SELECT 1 FROM audit", .select),
            ("SELECT 1 FROM a JOIN public.audit USING (id)", .select),
            ("SELECT 1 FROM a, audit", .select),
            ("TRUNCATE audit", .truncate),
            ("TRUNCATE TABLE audit", .truncate),
            ("PERFORM audit", nil),
        ]
    )
    func privilege(text: String, privilege: Privilege?) throws {
        let words = Words(text)
        let place = try #require(words.places(of: "audit").first)
        #expect(words.privilege(at: place) == privilege)
    }

    @Test("The first argument of a call is taken if it is a literal")
    func arguments() {
        let text = """
            SELECT current_setting('app.tenant'::text), Current_Setting( 'app.user', true),
                   current_setting(name), 'current_setting', set_config('app.other', '', true)
            """
        #expect(Words(text).arguments(of: "current_setting") == ["app.tenant", "app.user"])
        #expect(Words(text).arguments(of: "set_config") == ["app.other"])
    }

    @Test(
        "A parameter that is read has the type that its value is cast to",
        arguments: [
            ("(a = (current_setting('app.a'::text))::integer)", "integer"),
            ("(a = (NULLIF(current_setting('app.a'::text, true), ''::text))::uuid)", "uuid"),
            ("(a = COALESCE((current_setting('app.a'::text))::bigint, (0)::integer))", "bigint"),
            ("(a = current_setting('app.a'::text))", "text"),
            ("(a = ((current_setting('app.a'::text))::json ->> 'sub'::text))", "json"),
            ("a = current_setting('app.a'", "text"),
            ("a = current_setting('app.a'::text) OR (b)::integer = 1", "text"),
        ]
    )
    func settings(text: String, type: String) {
        #expect(Words(text).settings.map { "\($0.name) \($0.type)" } == ["app.a \(type)"])
    }
}
