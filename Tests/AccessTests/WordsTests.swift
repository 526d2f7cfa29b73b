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
            ("SELECT \"au\"\"dit\".id", "au\"dit", true),
            ("SELECT '' , audit", "audit", true),
            ("SELECT 'it''s', audit", "audit", true),
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
            ("LOCK TABLE audit IN SHARE MODE", .update),
            ("LOCK public.audit", .update),
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

    @Test(
        "Statements that an error's context quotes, in any language, are no functions at work",
        arguments: [
            ("PL/pgSQL function s.trg() line 1 at SQL statement", "trg", true),
            ("SQL function \"who\" statement 1", "who", true),
            (
                "SQL statement \"SELECT s.audit('x')\"\nPL/pgSQL function trg() line 1 at PERFORM",
                "audit", false
            ),
            (
                "SQL statement \"SELECT s.audit('x')\"\nPL/pgSQL function trg() line 1 at PERFORM",
                "trg", true
            ),
            (
                "SQL-Anweisung »INSERT INTO log\nSELECT audit(1)«\nPL/pgSQL-Funktion trg() Zeile 1",
                "audit", false
            ),
            (
                "SQL-Anweisung »INSERT INTO log\nSELECT audit(1)«\nPL/pgSQL-Funktion trg() Zeile 1",
                "trg", true
            ),
            ("SQL文 \"SELECT audit(1)\"\nPL/pgSQL関数trg()の1行目", "audit", false),
            ("SQL文 \"SELECT audit(1)\"\nPL/pgSQL関数trg()の1行目", "trg", true),
            ("PL/pgSQL function adm.audit() line 1 at RETURN", "audit", false),
            ("PL/pgSQL function public.audit() line 1 at RETURN", "audit", true),
        ]
    )
    func context(text: String, function: String, isAtWork: Bool) {
        let place = text.withoutStatements.place(ofFunction: function, in: "public")
        let anySchema = text.withoutStatements.place(ofFunction: function, in: "s")
        #expect((place != nil || anySchema != nil) == isAtWork)
    }
}
