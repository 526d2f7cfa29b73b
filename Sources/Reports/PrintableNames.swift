import Trials

extension PrintableText {
    /// Returns the name as case names write it, safe to show.
    static func name(_ name: String) -> String {
        line(Identifier.displayed(name))
    }

    /// Returns the object's name as case names write it, safe to show.
    static func name(of object: ObjectName) -> String {
        line(object.displayed)
    }
}
