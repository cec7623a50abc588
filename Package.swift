// swift-tools-version:6.2
import PackageDescription

/// Strict everywhere, once for every target. Warnings are errors.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
]

let package = Package(
    name: "weir",
    platforms: [.macOS(.v15)],
    dependencies: [
        // HTTP server; its types stay inside WeirHTTP and the provider sandbox.
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        // Event loops and the HTTP/1.1 codec of the upstream connection pool.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        // TLS towards the providers.
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        // SHA-256 for key digests, fingerprints and the audit chain; HMAC for signatures.
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        // Methods, header names and status codes as values, shared with Hummingbird.
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        // One logging front for every target.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        // Start order, signals and graceful drain of the long-running parts.
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        // The command line.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        // Reading weir.yaml with positions for error messages.
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        .target(name: "WeirCore", swiftSettings: strict),
        .target(name: "WeirProviders", dependencies: ["WeirCore"], swiftSettings: strict),
        .target(
            name: "WeirService",
            dependencies: [
                "WeirCore",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        // SQLite from the system: the amalgamation's C interface, nothing of ours.
        .systemLibrary(
            name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(
            name: "WeirStorage",
            dependencies: [
                "WeirCore", "WeirService", "CSQLite",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "WeirUpstream",
            dependencies: [
                "WeirCore", "WeirService",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict),
        .target(
            name: "WeirHTTP",
            dependencies: [
                "WeirCore", "WeirService",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                // The frames of event streams by WebSocket.
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .target(
            name: "WeirTesting",
            dependencies: [
                "WeirCore", "WeirService",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "weir",
            dependencies: [
                "WeirCore", "WeirProviders", "WeirService", "WeirStorage", "WeirUpstream",
                "WeirHTTP", "WeirTesting",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WeirCoreTests", dependencies: ["WeirCore", "WeirTesting"],
            swiftSettings: strict),
        .testTarget(
            name: "WeirProvidersTests",
            dependencies: [
                "WeirCore", "WeirProviders", "WeirService", "WeirUpstream", "WeirTesting",
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["Matrix/Golden", "Matrix/Requests"],
            swiftSettings: strict),
        .testTarget(
            name: "WeirServiceTests", dependencies: ["WeirCore", "WeirService", "WeirTesting"],
            swiftSettings: strict),
        .testTarget(
            name: "WeirUpstreamTests",
            dependencies: [
                "WeirCore", "WeirService", "WeirUpstream",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WeirTests",
            dependencies: [
                "weir", "WeirCore", "WeirProviders", "WeirService", "WeirTesting", "WeirUpstream",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WeirStorageTests",
            dependencies: ["WeirCore", "WeirService", "WeirStorage", "WeirTesting", "CSQLite"],
            swiftSettings: strict),
        .testTarget(
            name: "WeirHTTPTests",
            dependencies: [
                "WeirCore", "WeirProviders", "WeirService", "WeirHTTP", "WeirTesting",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
    ]
)
