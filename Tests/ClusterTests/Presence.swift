import Cluster
import Glibc

/// Whether both directory and process are there.
func isThere(_ server: PrivateServer) -> Bool {
    access(server.socketDirectory, F_OK) == 0 && kill(server.postmasterPID, 0) == 0
}

/// Whether neither directory nor process is there.
func isGone(_ server: PrivateServer) -> Bool {
    access(server.socketDirectory, F_OK) != 0 && kill(server.postmasterPID, 0) != 0
}
