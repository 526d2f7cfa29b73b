import Reports
import Testing
import Trials

@Suite struct StrictJUnitTests {
    static let mutations = [
        ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", ""),
        ("encoding=\"UTF-8\"", "encoding=\"ISO-8859-1\""),
        ("<testsuites>", "<testsuites tests=\"1\">"),
        ("<testsuites>", "<testsuites>\n<!-- comment -->"),
        ("</testsuites>", ""),
        ("package=\"pgsmoke\" ", ""),
        ("package=\"pgsmoke\"", "package=\"other\""),
        ("id=\"0\"", "id=\"1\""),
        ("T03:04:05", "T03:04:05Z"),
        ("T03:04:05", "T03:04:05.250"),
        ("hostname=\"build-7\"", "hostname=\"\""),
        ("tests=\"7\"", "tests=\"8\""),
        ("failures=\"1\"", "failures=\"0\""),
        ("errors=\"0\"", "errors=\"1\""),
        ("skipped=\"0\"", "skipped=\"1\""),
        ("time=\"0.002\"", "time=\"0.0024\""),
        ("time=\"0.002\"", "time=\"2.4e-03\""),
        ("time=\"0.002\"", "time=\"0,002\""),
        ("time=\"0.002\"", "time=\"0.002\" file=\"a.sql\""),
        ("<system-out/>", ""),
        ("<system-out/>", "<system-out>text</system-out>"),
        ("<system-out/>", "<system-out/><testsuite/>"),
        ("<properties>", "<properties><other/>"),
        ("name=\"server.user\"", "key=\"server.user\""),
        ("name=\"insert public.users as app_role\"", "name=\"insert public.orders as app_role\""),
        ("name=\"insert public.users as app_role\"", "name=\"\""),
        ("name=\"insert public.users", "name=\"insert public.users\n"),
        ("name=\"insert public.users", "name=\"insert public.users&#10;"),
        ("name=\"insert public.users", "name=\"insert public.users\u{202E}"),
        ("name=\"insert public.users", "name=\"insert public.users&#27;"),
        ("name=\"insert public.users", "name=\"" + String(repeating: "a", count: 250)),
        ("classname=\"pgsmoke.app_role.public\"", "classname=\"app_role\""),
        ("type=\"pgsmoke.MissingSequencePrivilege\"", "type=\"yaml\""),
        ("type=\"pgsmoke.MissingSequencePrivilege\"", ""),
        ("message=\"app_role lacks", "message=\"" + String(repeating: "a", count: 1_000)),
        ("<failure ", "<failure>twice</failure><failure "),
        ("<failure ", "<error message=\"m\" type=\"pgsmoke.Locked\">e</error><failure "),
        (">app_role lacks", ">\u{1B}[31mThe default"),
        (">app_role lacks", ">" + String(repeating: "a", count: 3_500)),
    ]

    @Test("The strict shape is found broken", arguments: mutations)
    func broken(_ mutation: (String, String)) throws {
        let xml = JUnitReport.xml(of: Sample.incident.report, hostname: "build-7")
        let place = try #require(xml.firstRange(of: mutation.0))
        let broken = xml.replacingCharacters(in: place, with: mutation.1)
        #expect(StrictJUnit.violations(in: xml).isEmpty)
        #expect(!StrictJUnit.violations(in: broken).isEmpty)
    }

    @Test("A file without a body, a case or a suite is found broken")
    func emptied() {
        let xml = JUnitReport.xml(of: Sample.incident.report, hostname: "build-7")
        let bodyless = xml.replacing(/>app_role lacks[^<]*</, with: "><")
        let suiteless = xml.replacing(/(?s)<testsuite .*<\/testsuite>/, with: "")
        for broken in [bodyless, suiteless, "", "\n"] {
            #expect(!StrictJUnit.violations(in: broken).isEmpty)
        }
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
