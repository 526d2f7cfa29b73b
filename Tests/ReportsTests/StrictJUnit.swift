import Foundation
import Trials

/// The strict shape of a JUnit file, every rule of it.
struct StrictJUnit {
    /// Returns what is wrong with the file; nothing if it has the strict shape.
    static func violations(in xml: String) -> [String] {
        var check = StrictJUnit()
        check.file(xml)
        return check.violations
    }

    private static let suiteAttributes: Set = [
        "name", "package", "id", "timestamp", "hostname", "tests", "failures", "errors", "skipped",
        "time",
    ]

    private static var tags: some RegexComponent {
        /([^<>]*<[^<>\n\t\r]*>)*\s*/.matchingSemantics(.unicodeScalar)
    }

    private var violations: [String] = []
    private var names: Set<[String]> = []

    private mutating func require(_ condition: Bool, _ rule: String) {
        if !condition { violations.append(rule) }
    }

    private mutating func file(_ xml: String) {
        require(
            xml.hasPrefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"),
            "starts with the declaration"
        )
        require(!xml.contains("<!"), "has no DOCTYPE, comment or CDATA")
        require(xml.wholeMatch(of: Self.tags) != nil, "a tag is on one line")
        guard let root = Element.root(of: xml) else {
            require(false, "is well-formed")
            return
        }
        require(root.name == "testsuites", "the root is testsuites")
        require(root.attributes.isEmpty, "the root has no attributes")
        require(root.text.isBlank, "the root has no text")
        require(!root.children.isEmpty, "there is a suite")
        for (id, suite) in root.children.enumerated() { self.suite(suite, id: id) }
    }

    private mutating func suite(_ suite: Element, id: Int) {
        let attributes = suite.attributes
        require(suite.name == "testsuite", "the root's children are suites")
        require(Set(attributes.keys) == Self.suiteAttributes, "a suite has exactly its attributes")
        require(attributes["name"]?.isEmpty == false, "a suite has a name")
        printable(attributes["name"] ?? "", "a suite's name")
        require(attributes["package"] == "pgsmoke", "the package is pgsmoke")
        require(attributes["id"] == "\(id)", "ids count from 0")
        require(
            attributes["timestamp"]?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/) != nil,
            "the timestamp has no zone and no fraction"
        )
        require(attributes["hostname"]?.isBlank == false, "there is a host name")
        time(attributes["time"])
        require(suite.text.isBlank, "a suite has no text")

        let cases = suite.children.filter { $0.name == "testcase" }
        let order =
            ["properties"] + cases.map { _ in "testcase" } + ["system-out", "system-err"]
        require(suite.children.map(\.name) == order, "a suite's children are in order")
        for output in suite.children.suffix(2) {
            require(output.text.isEmpty && output.children.isEmpty, "the outputs are empty")
        }
        for properties in suite.children.prefix(1) { self.properties(properties) }
        for (attribute, child) in [
            ("failures", "failure"), ("errors", "error"), ("skipped", "skipped"),
        ] {
            let count = cases.count { $0.children.contains { $0.name == child } }
            require(attributes[attribute] == "\(count)", "the number of \(attribute) is right")
        }
        require(attributes["tests"] == "\(cases.count)", "the number of tests is right")
        for testCase in cases { self.testCase(testCase) }
    }

    private mutating func properties(_ properties: Element) {
        for property in properties.children {
            require(property.name == "property", "properties are properties")
            require(
                Set(property.attributes.keys) == ["name", "value"],
                "a property is name and value"
            )
            label(property.attributes["name"], "a property's name")
            printable(property.attributes["value"] ?? "", "a property's value")
            require(property.children.isEmpty && property.text.isEmpty, "a property is empty")
        }
    }

    private mutating func testCase(_ testCase: Element) {
        let attributes = testCase.attributes
        require(
            Set(attributes.keys) == ["name", "classname", "time"],
            "a case has name, classname and time"
        )
        label(attributes["name"], "a case's name")
        label(attributes["classname"], "a case's classname")
        require(
            attributes["classname"]?.wholeMatch(of: /pgsmoke\..+/) != nil,
            "a classname is dotted"
        )
        time(attributes["time"])
        let isNew = names.insert([attributes["name"] ?? "", attributes["classname"] ?? ""]).inserted
        require(isNew, "name and classname are unique")
        require(testCase.children.count <= 1, "a case has at most one child")
        require(testCase.text.isBlank, "a case has no text")
        for child in testCase.children { outcome(child) }
    }

    private mutating func outcome(_ outcome: Element) {
        switch outcome.name {
        case "failure", "error":
            require(
                Set(outcome.attributes.keys) == ["message", "type"],
                "an outcome has message and type"
            )
            require(
                outcome.attributes["type"]?.wholeMatch(of: /pgsmoke\.[A-Z][A-Za-z]+/) != nil,
                "the type is namespaced"
            )
        case "skipped":
            require(Set(outcome.attributes.keys) == ["message"], "skipped has a message only")
        default: require(false, "a case's child is failure, error or skipped")
        }
        let message = outcome.attributes["message"] ?? ""
        require(!message.isBlank, "there is a message")
        require(message.utf16.count <= 1_000, "a message has 1,000 characters at most")
        printable(message, "a message")
        require(outcome.children.isEmpty, "an outcome has no children")
        require(!outcome.text.isBlank, "a body is not empty")
        require(outcome.text.utf16.count <= 3_500, "a body has 3,500 characters at most")
        for line in outcome.text.split(separator: "\n") { printable(String(line), "a body") }
    }

    private mutating func label(_ text: String?, _ what: String) {
        require(text?.isEmpty == false, "\(what) is there")
        require((text ?? "").unicodeScalars.count <= 250, "\(what) has 250 characters at most")
        printable(text ?? "", what)
    }

    private mutating func printable(_ text: String, _ what: String) {
        require(
            !text.unicodeScalars.contains(where: PrintableText.isControl),
            "\(what) is one line without control characters"
        )
    }

    private mutating func time(_ text: String?) {
        require(text?.wholeMatch(of: /\d+\.\d{3}/) != nil, "a time has three decimals")
    }
}

extension String {
    fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
