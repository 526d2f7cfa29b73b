// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "pgsmoke",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        // The C libraries.
        .systemLibrary(
            name: "CLibPQ",
            pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"]), .brew(["libpq"])]
        ),
        .systemLibrary(
            name: "CCrypto",
            pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl"])]
        ),

        // The layers, lowest first.
        .target(name: "Postgres", dependencies: ["CLibPQ"], swiftSettings: [.strictMemorySafety()]),
        .target(name: "Trials", dependencies: ["CCrypto"]),
        .target(name: "Catalog", dependencies: ["Postgres", "Trials"]),
        .target(name: "Access", dependencies: ["Catalog", "Postgres", "Trials"]),
        .target(
            name: "Settings",
            dependencies: [
                "Access", "Catalog", "Trials",
                .product(name: "Yams", package: "Yams"),
            ]
        ),
        .target(name: "RowSynthesis", dependencies: ["Catalog", "Postgres", "Trials"]),
        .target(
            name: "Engine",
            dependencies: ["Access", "Catalog", "Postgres", "RowSynthesis", "Trials"]
        ),
        .target(name: "Reports", dependencies: ["Trials"]),
        .target(
            name: "Cluster",
            dependencies: [
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        .target(name: "Migrations"),
        .executableTarget(
            name: "pgsmoke",
            dependencies: [
                "Access", "Cluster", "Engine", "Migrations", "Reports", "Settings",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            resources: [.embedInCode("Incident")]
        ),

        // Tests.
        .target(
            name: "TestSupport",
            dependencies: [
                "Cluster", "Postgres",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/TestSupport"
        ),
        .testTarget(
            name: "AccessTests",
            dependencies: ["Access", "Catalog", "Postgres", "TestSupport", "Trials"]
        ),
        .testTarget(
            name: "CatalogTests",
            dependencies: ["Catalog", "Cluster", "Postgres", "TestSupport", "Trials"]
        ),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "Access", "Catalog", "Cluster", "Engine", "Postgres", "RowSynthesis", "TestSupport",
                "Trials",
            ]
        ),
        .testTarget(name: "PostgresTests", dependencies: ["Postgres", "TestSupport"]),
        .testTarget(
            name: "RowSynthesisTests",
            dependencies: ["Catalog", "Cluster", "Postgres", "RowSynthesis", "TestSupport"]
        ),
        .testTarget(
            name: "SettingsTests",
            dependencies: ["Access", "Catalog", "Cluster", "Settings", "TestSupport", "Trials"]
        ),
        .testTarget(
            name: "ClusterTests",
            dependencies: [
                "Cluster", "Postgres", "TestSupport",
                .product(name: "Subprocess", package: "swift-subprocess"),
            ]
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "Access", "Cluster", "Postgres", "TestSupport", "Trials", "pgsmoke",
                .product(name: "Subprocess", package: "swift-subprocess"),
            ]
        ),
        .testTarget(name: "MigrationsTests", dependencies: ["Migrations"]),
        .testTarget(name: "TestSupportTests", dependencies: ["Postgres", "TestSupport"]),
        .testTarget(name: "ReportsTests", dependencies: ["Reports", "Trials"]),
    ]
)

for target in package.targets where target.type != .system {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("ImmutableWeakCaptures"),
            .enableUpcomingFeature("InferIsolatedConformances"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
            .treatAllWarnings(as: .error),
        ]
}
