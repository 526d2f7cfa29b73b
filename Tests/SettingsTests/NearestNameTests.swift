import Settings
import Testing

@Suite struct NearestNameTests {
    @Test(
        "A name is near if few letters are wrong, missing or in each other's place",
        arguments: [
            ("rolse", "roles"), ("ROLES", "roles"), ("hots", "host"), ("exlcude", "exclude"),
            ("schema", "schemas"), ("tabels", "tables"), ("exclude", "exclude"),
        ]
    )
    func near(name: String, expected: String) {
        let known = ["roles", "host", "exclude", "schemas", "tables"]
        #expect(NearestName.of(name, among: known) == expected)
    }

    @Test("A name that resembles none has no nearest", arguments: ["timeout", "", "x", "rolex-zz"])
    func far(name: String) {
        #expect(NearestName.of(name, among: ["roles", "tables"]) == nil)
        #expect(NearestName.of(name, among: []) == nil)
    }
}
