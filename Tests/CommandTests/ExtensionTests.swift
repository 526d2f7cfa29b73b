import Cluster
import Foundation
import TestSupport
import Testing

/// What extensions bring along is no business of an application's roles.
struct ExtensionTests {
    /// The server for which all of the extensions are installed, if there is one.
    private static let server = TestServer.all.first { server in
        ["postgis-3", "postgis_topology-3", "pg_cron", "pg_partman_bgw"]
            .allSatisfy(server.binaries.hasLibrary)
    }

    @Test(
        "Tables and schemas of PostGIS, pg_cron and pg_partman, and partitions of the latter, are left out",
        .enabled(if: server != nil, "PostGIS, pg_cron and pg_partman are needed")
    )
    func leftOut() async throws {
        let binaries = try #require(Self.server).binaries
        let options = ServerOptions(
            settings: [
                "shared_preload_libraries": "pg_cron", "cron.database_name": "postgres",
                "cron.use_background_workers": "on", "max_worker_processes": "20",
            ]
        )
        try await withServer(of: binaries, options: options) { server in
            let database = TestDatabase(on: server)
            try database.execute(
                """
                CREATE ROLE app LOGIN;
                CREATE EXTENSION postgis;
                CREATE EXTENSION postgis_topology;
                CREATE EXTENSION pg_cron;
                CREATE SCHEMA partman;
                CREATE EXTENSION pg_partman SCHEMA partman;
                CREATE SCHEMA shop;
                CREATE TABLE shop.places (id serial PRIMARY KEY, at geometry(Point, 4326) NOT NULL);
                CREATE TABLE shop.events (id int NOT NULL, at timestamptz NOT NULL) PARTITION BY RANGE (at);
                SELECT partman.create_parent('shop.events', 'at', 'native', 'daily');
                GRANT USAGE ON SCHEMA shop TO app;
                GRANT INSERT ON ALL TABLES IN SCHEMA shop TO app;
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA shop TO app;
                """
            )
            let run = try await ReportedRun.of(database, ["--role", "app"])
            let tried = run.report.trials.map { "\($0.object.schema ?? "").\($0.object.name)" }
            #expect(tried == ["shop.events", "shop.places"])
            #expect(
                run.report.trials.map(\.verdict) == ["passed", "passed"],
                "\(run.report.trials)"
            )
            #expect(run.command.status == 0)
            let reasons = Dictionary(
                run.report.leftOut.map {
                    ("\($0.object.schema ?? "").\($0.object.name)", $0.reason)
                }
            ) { first, _ in first }
            #expect(reasons["public.spatial_ref_sys"] == "member of the extension postgis")
            #expect(reasons["topology.topology"] == "member of the extension postgis_topology")
            #expect(reasons["cron.job"] == "member of the extension pg_cron")
            #expect(reasons["partman.part_config"] == "member of the extension pg_partman")
            #expect(reasons["partman.template_shop_events"] == "template of pg_partman's")
            #expect(
                reasons.contains {
                    $0.key.hasPrefix("shop.events_p") && $0.value.contains("shop.events")
                }
            )
        }
    }
}
