internal import Access
internal import Catalog
internal import Foundation

extension LaneRunner {
    /// What holds also where others put rows in place for the trials of a role.
    func surroundings(of frame: RoleFrame) -> [RoleFrame.Setting] {
        if let known = surroundings[frame.role.oid] { return known }
        let found = context.surroundings(of: frame)
        surroundings[frame.role.oid] = found
        return found
    }
}

extension RunContext {
    /// What of a role's settings holds also where others put rows in place for its trials: the
    /// parameters of its own that defaults and triggers read, and where their names are looked for.
    ///
    /// Who puts a row in place may have more rights than the role. Its `search_path` is left out if the
    /// role may create in a schema of it, lest code of the role's be run with those (manual, 5.9.6,
    /// Usage Patterns).
    fileprivate func surroundings(of frame: RoleFrame) -> [RoleFrame.Setting] {
        frame.settings.filter { setting in
            setting.name.contains(".")
                || setting.name == "search_path"
                    && isTrusted(path: setting.value, of: frame.effective)
        }
    }

    private func isTrusted(path: String, of role: Role) -> Bool {
        let principal = access.principal(role.oid)
        let names = path.split(separator: ",").map { part in
            let name = String(part).trimmingCharacters(in: .whitespaces)
            guard name.first == "\"", name.last == "\"", name.count > 1 else {
                return name.lowercased()
            }
            let quoted = String(name.dropFirst().dropLast()).replacing("\"\"", with: "\"")
            return quoted == "$user" ? role.name : quoted
        }
        // The connecting role finds things in `public`, too, unless somebody has changed that.
        let common = LoginSettings.leaking(in: snapshot).contains("search_path") ? "" : "public"
        return !snapshot.schemas.values.contains { schema in
            schema.name != common && names.contains(schema.name)
                && access.has(principal, .create, on: schema)
        }
    }
}
