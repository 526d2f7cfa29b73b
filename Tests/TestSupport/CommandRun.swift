internal import Glibc
internal import Postgres
internal import Subprocess
internal import SystemPackage

/// What a run of the built `pgsmoke` came to.
package struct CommandRun: Sendable, Hashable {
    /// The exit status; 128 and the signal's number if a signal ended it, as in shells.
    package let status: Int32
    /// All that was printed on stdout; on a terminal also what was printed on stderr.
    package let standardOutput: String
    /// All that was printed on stderr.
    package let standardError: String

    /// Runs the command with nothing to read on stdin and waits for its end.
    ///
    /// It sees the variables given, `PATH` and the like, but no `PG…` and no `DATABASE_URL` of the
    /// tester's.
    package static func of(
        _ arguments: [String],
        environment: [String: String] = [:],
        in folder: String? = nil,
        onTerminal: Bool = false,
        interruption: Interruption? = nil
    ) async throws -> CommandRun {
        // On a thread of its own: tests that block the others must not keep a signal waiting.
        let lane = Lane()
        defer { lane.stop() }
        return try await withTaskExecutorPreference(lane) {
            try await result(
                of: onTerminal ? terminalCommand(arguments) : [commandPath] + arguments,
                environment: plainEnvironment.merging(environment) { $1 },
                folder: folder,
                interruption: interruption
            )
        }
    }

    private static func result(
        of command: [String],
        environment: [String: String],
        folder: String?,
        interruption: Interruption?
    ) async throws -> CommandRun {
        let ending = try await run(
            .path(FilePath(command[0])),
            arguments: Arguments(Array(command.dropFirst())),
            environment: .custom(environment.map { Array("\($0)=\($1)\0".utf8) }),
            workingDirectory: folder.map { FilePath($0) },
            input: .none,
            output: .bytes(limit: .max),
            error: .bytes(limit: .max)
        ) { execution in
            let process = execution.processIdentifier.value
            guard let interruption, try await interruption.isDue(before: process) else { return }
            try execution.send(signal: Signal(rawValue: interruption.signal))
        }
        let status =
            switch ending.terminationStatus {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return CommandRun(
            status: status,
            standardOutput: String(decoding: ending.standardOutput, as: UTF8.self),
            standardError: String(decoding: ending.standardError, as: UTF8.self)
        )
    }
}

/// A signal that is sent to a command while it runs.
package struct Interruption: Sendable {
    let signal: Int32
    private let isDue: @Sendable () async throws -> Bool

    /// Sends the signal as soon as the condition holds, which must be within a minute; never, if the
    /// command ends before that.
    package init(_ signal: Int32, when isDue: @escaping @Sendable () async throws -> Bool) {
        self.signal = signal
        self.isDue = isDue
    }

    /// Sends the signal some time after the start.
    package init(_ signal: Int32, after delay: Duration) {
        self.init(signal) {
            try await Task.sleep(for: delay)
            return true
        }
    }

    /// Waits for the condition; `false` if the process ends first.
    fileprivate func isDue(before process: pid_t) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while try await !isDue() {
            if hasEnded(process) { return false }
            guard ContinuousClock.now < deadline else { throw Overdue() }
            try await Task.sleep(for: .milliseconds(5))
        }
        return true
    }

    private struct Overdue: Error {}
}

/// Whether the child has ended, leaving its status to whoever waits for it.
private func hasEnded(_ process: pid_t) -> Bool {
    var information = siginfo_t()
    waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT)
    return information.si_signo == SIGCHLD
}

/// The command beside the tests' own executable, unless `PGSMOKE_BINARY` names another.
private let commandPath: String = {
    if let named = environment["PGSMOKE_BINARY"], !named.isEmpty { return named }
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    let tests = FilePath(String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self))
    return tests.removingLastComponent().appending("pgsmoke").string
}()

private let plainEnvironment = environment.filter { name, _ in
    ["PATH", "TMPDIR", "LD_LIBRARY_PATH"].contains(name)
}.merging(["HOME": "/nonexistent", "LANG": "C.UTF-8"]) { $1 }

/// The command under util-linux's `script`, which gives it a terminal.
private func terminalCommand(_ arguments: [String]) -> [String] {
    let line = ([commandPath] + arguments).map(shellQuoted).joined(separator: " ")
    return ["/usr/bin/script", "--quiet", "--return", "--command", line, "/dev/null"]
}

private func shellQuoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#)
        + "'"
}
