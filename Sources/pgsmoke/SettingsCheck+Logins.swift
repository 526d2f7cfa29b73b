import Catalog
import Engine
import Postgres
import Settings
import Trials

extension SettingsCheck {
    /// Finds out where those of the tried roles log in that the file gives a connection of their own.
    ///
    /// - Throws: `SettingsError` for a variable that is not set, or for what libpq cannot read.
    func logins(
        of roles: [String],
        _ environment: [String: String]
    ) throws(SettingsError) -> ExactNames<ConnectionTarget> {
        var logins: ExactNames<ConnectionTarget> = [:]
        var tried: ExactNames<Bool> = [:]
        for name in roles { tried[name] = true }
        for role in file.roles where tried[role.name.value] != nil {
            guard let connect = role.connect,
                let parameters = try connect.resolved(for: file, environment: environment)
            else { continue }
            let origin = "'connect' (\(file.path):\(connect.line))"
            do throws(PostgresError) {
                logins[role.name.value] = try ConnectionTarget.login(
                    as: role.name.value,
                    by: parameters,
                    besides: connection,
                    origin: origin,
                    environment: environment
                )
            } catch {
                guard case .invalidConnectionString(let text) = error else { continue }
                throw file.error(connect.line, text.replacing(origin, with: "'connect'"))
            }
        }
        return logins
    }
}
