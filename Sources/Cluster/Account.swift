internal import Glibc

/// The account that the server runs under when this process is root's, since `initdb` and
/// `postgres` refuse root.
struct Account {
    let user: uid_t
    let group: gid_t

    /// `postgres` if there is one, else `nobody`; `nil` if this process may run the server itself.
    static var forServer: Account? {
        guard geteuid() == 0 else { return nil }
        return Account(named: "postgres") ?? Account(named: "nobody")
    }

    /// What stands before a command so that it runs under this account.
    ///
    /// The `userID` of swift-subprocess 1.0.2 would do the same in a child made by `clone3`; there
    /// the C library's `setgroups` sometimes waits for ever for a thread that was just starting in
    /// the parent.
    var commandPrefix: [String] {
        ["setpriv", "--reuid=\(user)", "--regid=\(group)", "--clear-groups"]
    }

    private init?(named name: String) {
        guard let entry = getpwnam(name)?.pointee else { return nil }
        user = entry.pw_uid
        group = entry.pw_gid
    }
}
