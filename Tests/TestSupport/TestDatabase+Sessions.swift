extension TestDatabase {
    /// Returns the roles of the sessions in the database that lie in `pg_sleep`, by their name.
    ///
    /// Through a pooler a session bears the pooler's `application_name`; the database alone tells it.
    package func sleepers() throws -> [String] {
        try rows(
            """
            SELECT usename FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event = 'PgSleep'
             ORDER BY usename
            """
        ).compactMap { $0[0] }
    }

    /// Ends all other sessions: a server notices a client that was killed when its statement ends.
    package func endOtherSessions() throws {
        try execute(
            """
            DO $$
            BEGIN
                WHILE (SELECT count(pg_terminate_backend(pid)) > 0 FROM pg_stat_activity
                        WHERE datname = current_database() AND pid <> pg_backend_pid())
                LOOP
                    PERFORM pg_sleep(0.02);
                    PERFORM pg_stat_clear_snapshot();
                END LOOP;
            END
            $$
            """
        )
    }
}
