// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target speaks one dialect: warnings are errors, C pointers are spelled `unsafe`, a file imports what it uses.
let dialect: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func system(_ name: String, _ pkgConfig: String, _ debianPackage: String) -> Target {
    .systemLibrary(name: name, path: "Sources/\(name)", pkgConfig: pkgConfig, providers: [.apt([debianPackage])])
}

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(name)", swiftSettings: dialect)
}

func suite(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: dialect)
}

/// Deliveries are a tenth cheaper with it than with libc's.
let allocator = (library: "mimalloc", debianPackage: "libmimalloc-dev")

let package = Package(
    name: "subgate",
    products: [.executable(name: "subgate", targets: ["subgate"])],
    targets: [
        // System libraries: a header and a module map each.
        system("CLibPQ", "libpq", "libpq-dev"),
        system("CLibUV", "libuv", "libuv1-dev"),
        system("CCurl", "libcurl", "libcurl4-openssl-dev"),
        system("COpenSSL", "openssl", "libssl-dev"),
        system("CPNG", "libpng", "libpng-dev"),
        system("CTurboJPEG", "libturbojpeg", "libturbojpeg0-dev"),

        // Ground.
        module("Domain"),
        module("Runtime", ["Domain", "CLibUV"]),

        // One outside thing each; none of them knows Domain.
        module("JSON"),
        module("Crypto", ["COpenSSL"]),
        module("TLS", ["Runtime", "COpenSSL"]),
        module("Postgres", ["Runtime", "CLibPQ"]),
        module("HTTPServer", ["Runtime", "TLS"]),
        module("HTTPClient", ["Runtime", "CCurl"]),
        module("Image", ["Crypto", "CPNG", "CTurboJPEG"]),

        // SQL is the folder db/ as a module: its files, each statement by name.
        .target(
            name: "SQL", dependencies: ["Postgres"], path: "db", swiftSettings: dialect, plugins: ["EmbedFiles"]),
        .executableTarget(name: "embed-files", path: "Sources/Tooling/embed-files", swiftSettings: dialect),
        .plugin(
            name: "EmbedFiles", capability: .buildTool(), dependencies: ["embed-files"],
            path: "Sources/Tooling/EmbedFiles"),

        // Product.
        module("Store", ["Domain", "Runtime", "JSON", "Crypto", "Postgres", "SQL"]),
        module("Upstream", ["Domain", "Runtime", "JSON", "Crypto", "HTTPClient", "Store"]),
        module("Delivery", ["Domain", "Runtime", "JSON", "Crypto", "HTTPClient", "Store"]),
        .target(
            name: "API",
            dependencies: [
                "Domain", "Runtime", "JSON", "Crypto", "HTTPServer", "HTTPClient", "Image", "Store", "Upstream",
                "Delivery",
            ],
            path: "Sources/API", swiftSettings: dialect, plugins: ["EmbedFiles"]),
        .target(
            name: "Sandbox",
            dependencies: ["Domain", "Runtime", "JSON", "Crypto", "Postgres", "HTTPServer", "HTTPClient", "SQL"],
            path: "Sources/Sandbox", swiftSettings: dialect, plugins: ["EmbedFiles"]),
        .executableTarget(
            name: "subgate",
            dependencies: [
                "Domain", "Runtime", "JSON", "Crypto", "TLS", "Postgres", "SQL", "HTTPServer", "HTTPClient", "Store",
                "Upstream", "Delivery", "API", "Sandbox",
            ],
            path: "Sources/subgate", swiftSettings: dialect,
            // Its `malloc` takes the place of libc's for all of the program; nothing calls it by another name.
            linkerSettings: [.linkedLibrary(allocator.library)], plugins: ["EmbedFiles"]),

        // Tests mirror Sources.
        .target(
            name: "TestSupport", dependencies: ["Domain", "Runtime", "Crypto", "Postgres", "SQL", "Store"],
            path: "Tests/Support",
            swiftSettings: dialect),
        suite("DomainTests", ["Domain"]),
        suite("RuntimeTests", ["Runtime"]),
        suite("JSONTests", ["JSON"]),
        suite("CryptoTests", ["Crypto"]),
        suite("PostgresTests", ["Runtime", "Postgres", "TestSupport"]),
        suite("HTTPServerTests", ["Domain", "Runtime", "TLS", "HTTPServer", "COpenSSL"]),
        suite("HTTPClientTests", ["Runtime", "HTTPClient"]),
        suite("ImageTests", ["Crypto", "Image", "TestSupport"]),
        suite("StoreTests", ["Domain", "Runtime", "Crypto", "Postgres", "SQL", "Store", "TestSupport"]),
        suite(
            "DeliveryTests",
            ["Domain", "Runtime", "JSON", "Crypto", "Postgres", "HTTPClient", "Store", "Delivery", "TestSupport"]),
        suite(
            "APITests",
            [
                "Domain", "Runtime", "JSON", "Crypto", "HTTPServer", "HTTPClient", "Image", "Store", "Upstream",
                "Delivery", "API", "TestSupport",
            ]),
        suite(
            "UpstreamTests",
            [
                "Domain", "Runtime", "JSON", "Postgres", "HTTPServer", "HTTPClient", "Store", "Upstream", "Sandbox",
                "TestSupport",
            ]),
        suite(
            "SandboxTests",
            [
                "Domain", "Runtime", "JSON", "Crypto", "Postgres", "HTTPServer", "HTTPClient", "Sandbox", "TestSupport",
            ]),
        suite("EndToEndTests", ["Runtime", "JSON", "Crypto", "Postgres", "SQL", "TestSupport"]),
        suite("TidyTests", ["Domain", "Runtime", "HTTPServer", "Delivery", "API", "Sandbox"]),
    ],
    swiftLanguageModes: [.v6]
)
