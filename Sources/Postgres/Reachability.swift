internal import CLibPQ

extension ConnectionTarget {
    /// Whether a server answers there and takes connections, whoever may log in.
    ///
    /// libpq tells a server that is starting, or none at all, from one that refuses a role or a
    /// password by SQLSTATE (manual, 34.1, PQping). The certificate is not looked at: waiting does
    /// not make it valid.
    package func isServerUp() -> Bool {
        let unverified = [("sslmode", "prefer"), ("gssencmode", "disable")]
        return unsafe withParameters(adding: unverified) { names, values in
            switch unsafe PQpingParams(names, values, 1) {
            case PQPING_NO_RESPONSE, PQPING_REJECT: false
            default: true
            }
        }
    }
}
