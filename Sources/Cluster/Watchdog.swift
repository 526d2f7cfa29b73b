internal import Subprocess
internal import SystemPackage

/// The shell script that owns the server from its first file to its last.
///
/// It holds on as long as its standard input, a pipe that only this process holds, stays open.
/// The kernel closes the pipe however this process ends, so the server and its directory never
/// outlive it. Arguments: the programs' directory, the directory to put the server's own in, lines
/// for `pg_hba.conf`, `standby` or nothing, then the server's arguments.
let watchdogScript = """
    # Nothing but the end of standard input ends the watchdog. SIGPIPE comes once nobody listens.
    trap '' HUP INT PIPE TERM
    umask 077
    bin=$1 parent=$2 rules=$3 mode=$4
    shift 4
    directory=$(mktemp -d "$parent/pgsmoke.XXXXXX" 2>/dev/null || mktemp -d /tmp/pgsmoke.XXXXXX) \\
        || exit
    data=$directory/data
    log=$directory/log

    start() {
        "$bin/initdb" --pgdata="$data" --username=postgres --encoding=UTF8 --locale=C --no-sync \\
            --auth-local=trust --auth-host=reject </dev/null >"$log" 2>&1 || return
        { printf '%s\\n' "$rules"; cat "$data/pg_hba.conf"; } >"$directory/pg_hba.conf"
        if [ "$mode" = standby ]; then : >"$data/standby.signal"; fi
        "$bin/postgres" -D "$data" -c hba_file="$directory/pg_hba.conf" \\
            -c unix_socket_directories="$directory" "$@" </dev/null >"$log" 2>&1 &
        postmaster=$!
        # The eighth line of the file says how far the server is (miscadmin.h, PM_STATUS_READY).
        attempts=1200
        while kill -0 "$postmaster" 2>/dev/null && [ "$attempts" -gt 0 ]; do
            case $(sed -n 8p "$data/postmaster.pid" 2>/dev/null) in
                ready* | standby*) return 0 ;;
            esac
            sleep 0.05
            attempts=$((attempts - 1))
        done
        return 1
    }

    stop() {
        if [ -n "$postmaster" ]; then
            kill -QUIT "$postmaster" 2>/dev/null
            wait "$postmaster"
        fi
        # A server that was killed leaves its lock file and, named in it, a shared memory segment.
        set -- $(sed -n 7p "$data/postmaster.pid" 2>/dev/null)
        if [ -n "$2" ]; then ipcrm -m "$2" 2>/dev/null; fi
        # Backends that outlived a killed server may still write.
        for attempt in 1 2 3 4 5; do
            rm -rf "$directory" 2>/dev/null && return
            sleep 0.2
        done
    }

    postmaster=
    if start "$@"; then
        echo "$postmaster $directory"
        while read -r line; do :; done
    else
        tail -c 4000 "$log" >&2
    fi
    stop
    """

/// Returns how to run the watchdog: in a session of its own, out of a terminal's reach, and not as
/// root.
func watchdog(
    over binaries: ServerBinaries,
    options: ServerOptions,
    environment: [String: String]
) -> Configuration {
    var platform = PlatformOptions()
    platform.createSession = true
    // Cancelled or not, the body ends first and with it the watchdog's input; the signal that a
    // step must name is one that the watchdog ignores.
    platform.teardownSequence = [
        .send(signal: .terminate, allowedDurationToNextStep: .seconds(100_000_000))
    ]
    let parent = temporaryDirectory(environment)
    let rules = options.accessRules.joined(separator: "\n")
    let mode = options.isStandby ? "standby" : ""
    let command =
        (Account.forServer?.commandPrefix ?? [])
        + ["sh", "-c", watchdogScript, "pgsmoke-watchdog", binaries.directory, parent, rules, mode]
        + options.serverArguments
    return Configuration(
        executable: .name(command[0]),
        arguments: Arguments(Array(command.dropFirst())),
        environment: .custom([
            "PATH": environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin",
            "LC_ALL": "C",
            "TZ": "UTC",
            // Locales of one's own, for servers that speak another language.
            "LOCPATH": environment["LOCPATH"] ?? "",
        ]),
        workingDirectory: "/",
        platformOptions: platform
    )
}

/// `TMPDIR`, unless the path of a socket in it would be longer than the 103 bytes that fit in
/// every system's `sockaddr_un`.
private func temporaryDirectory(_ environment: [String: String]) -> String {
    let directory = environment["TMPDIR"] ?? ""
    let longest = "\(directory)/pgsmoke.XXXXXX/.s.PGSQL.65535.lock"
    let fits = directory.hasPrefix("/") && longest.utf8.count <= 103
    return fits ? directory : "/tmp"
}
