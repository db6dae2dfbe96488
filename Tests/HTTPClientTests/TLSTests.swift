import Foundation
import Glibc
import HTTPClient
import Runtime
import Testing

/// Certificates, made by the openssl command for one test run, and what the client makes of them.
@Suite(.timeLimit(.minutes(10))) struct TLSTests {
    @Test func theRightNameIsAcceptedAndTheConnectionKept() async throws {
        let authority = try Authority()
        let server = try TLSPeer(authority.certificate(name: "hooks.example.com"))
        defer { server.stop() }
        let port = server.port
        try await withClient(authority.configuration) { client in
            let response = try await client.send(.test(.get, port: port, host: "hooks.example.com", scheme: "https"))
            #expect(response.status == 200)
            #expect(response.timings.tls > .zero)
        }
    }

    @Test func theWrongNameIsRefused() async throws {
        let authority = try Authority()
        let server = try TLSPeer(authority.certificate(name: "hooks.example.com"))
        defer { server.stop() }
        #expect(try await error(authority, server, host: "other.example.com") == .tlsFailed(.wrongName))
        #expect(try await error(authority, server, host: "127.0.0.1") == .tlsFailed(.wrongName))
    }

    @Test func aChainToNobodyWeTrustIsRefused() async throws {
        let authority = try Authority()
        let stranger = try Authority()
        let server = try TLSPeer(stranger.certificate(name: "hooks.example.com"))
        defer { server.stop() }
        #expect(try await error(authority, server) == .tlsFailed(.untrusted))
        // And by the system's authorities.
        let request = try OutgoingRequest.test(port: server.port, host: "hooks.example.com", scheme: "https")
        var configuration = authority.configuration
        configuration.authoritiesFile = nil
        let error = try await withClient(configuration) { client in
            await failure { () async throws(ClientError) in try await client.send(request) }
        }
        #expect(error == .tlsFailed(.untrusted))
    }

    @Test func aSelfSignedCertificateIsRefused() async throws {
        let authority = try Authority()
        let server = try TLSPeer(authority.certificate(name: "hooks.example.com", isSelfSigned: true))
        defer { server.stop() }
        #expect(try await error(authority, server) == .tlsFailed(.untrusted))
    }

    @Test func anExpiredCertificateIsRefused() async throws {
        let authority = try Authority()
        let server = try TLSPeer(authority.certificate(name: "hooks.example.com", days: -1))
        defer { server.stop() }
        #expect(try await error(authority, server) == .tlsFailed(.expired))
    }

    @Test func aWeakKeyIsRefused() async throws {
        let authority = try Authority()
        let server = try TLSPeer(
            authority.certificate(name: "hooks.example.com", key: ["rsa:1024"]), ["-cipher", "DEFAULT@SECLEVEL=0"])
        defer { server.stop() }
        let error = try await error(authority, server)
        #expect(error == .tlsFailed(.certificate) || error == .tlsFailed(.handshake))
    }

    @Test func oldVersionsOfTLSAreRefused() async throws {
        let authority = try Authority()
        let server = try TLSPeer(
            authority.certificate(name: "hooks.example.com"), ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])
        defer { server.stop() }
        #expect(try await error(authority, server) == .tlsFailed(.handshake))
    }

    @Test func aDemandForAClientCertificateIsNotMet() async throws {
        let authority = try Authority()
        let server = try TLSPeer(
            authority.certificate(name: "hooks.example.com"), ["-Verify", "1", "-verify_return_error"])
        defer { server.stop() }
        let error = try await error(authority, server)
        // With TLS 1.3 the refusal comes after the client has finished its part and sent its request.
        #expect(error?.code == "connectionReset" || error?.code == "tlsFailed")
    }

    @Test func aPeerThatSpeaksNoTLSIsATLSFailure() async throws {
        let authority = try Authority()
        let server = LoopbackServer { peer in
            _ = peer.read()
            peer.write("HTTP/1.1 400 Bad Request\r\n\r\n")
        }
        defer { server.stop() }
        #expect(try await error(authority, port: server.port) == .tlsFailed(.handshake))
    }

    @Test func aStalledHandshakeMeetsTheConnectDeadline() async throws {
        let authority = try Authority()
        let server = LoopbackServer { $0.waitForEnd() }
        defer { server.stop() }
        var request = try OutgoingRequest.test(port: server.port, host: "hooks.example.com", scheme: "https")
        request.connectTimeout = .milliseconds(200)
        let error = try await withClient(authority.configuration) { [request] client in
            await failure { () async throws(ClientError) in try await client.send(request) }
        }
        #expect(error == .connectTimeout)
    }

    private func error(
        _ authority: Authority, _ server: TLSPeer, host: String = "hooks.example.com"
    ) async throws -> ClientError? {
        try await error(authority, port: server.port, host: host)
    }

    private func error(
        _ authority: Authority, port: UInt16, host: String = "hooks.example.com"
    ) async throws -> ClientError? {
        let request = try OutgoingRequest.test(port: port, host: host, scheme: "https")
        return try await withClient(authority.configuration) { client in
            await failure { () async throws(ClientError) in try await client.send(request) }
        }
    }
}

/// A certificate authority of one test, in a directory of its own.
private final class Authority: Sendable {
    let directory: URL

    /// A run that is killed cannot clean up after itself: the next one does.
    private static let sweep: Void = {
        let folder = FileManager.default.temporaryDirectory
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
            let parts = name.split(separator: "-")
            guard name.hasPrefix("subgate-tls-"), parts.count > 3, let owner = Int32(parts[2]),
                kill(owner, 0) != 0, errno == ESRCH
            else { continue }
            try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
        }
    }()

    init() throws {
        _ = Authority.sweep
        let name = "subgate-tls-\(ProcessInfo.processInfo.processIdentifier)-\(UUID().uuidString)"
        directory = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try openssl(
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                file("ca.key"),
            ]
                + ["-out", file("ca.pem"), "-days", "2", "-subj", "/CN=Test authority"])
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// Every name leads to loopback, and only this authority is trusted.
    var configuration: HTTPClientConfiguration {
        var configuration = HTTPClientConfiguration()
        configuration.authoritiesFile = directory.appendingPathComponent("ca.pem").path
        configuration.resolve = { (_, _) throws(ResolverError) in [.v4(0x7f00_0001)] }
        return configuration
    }

    /// The files of a certificate and its key, concatenated.
    func certificate(
        name: String, days: Int = 2, key: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
        isSelfSigned: Bool = false
    ) throws -> URL {
        try Data("subjectAltName=DNS:\(name)\n".utf8).write(to: directory.appendingPathComponent("names"))
        try openssl(
            ["req", "-newkey"] + key + ["-nodes", "-keyout", file("peer.key"), "-out", file("peer.csr")]
                + ["-subj", "/CN=\(name)"])
        let signer =
            isSelfSigned
            ? ["-signkey", file("peer.key")] : ["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-set_serial", "7"]
        try openssl(
            ["x509", "-req", "-in", file("peer.csr"), "-out", file("peer.crt"), "-extfile", file("names")]
                + ["-days", "\(days)"] + signer)
        let both = directory.appendingPathComponent("peer.pem")
        let key = try Data(contentsOf: directory.appendingPathComponent("peer.key"))
        try (key + Data(contentsOf: directory.appendingPathComponent("peer.crt"))).write(to: both)
        return both
    }

    private func file(_ name: String) -> String { directory.appendingPathComponent(name).path }

    private func openssl(_ arguments: [String]) throws {
        let status = try Command(["openssl"] + arguments).wait()
        try #require(status == 0, "openssl \(arguments[0])")
    }
}

/// `openssl s_server`, which answers every GET with a page.
private struct TLSPeer: Sendable {
    let port: UInt16
    private let command: Command

    init(_ certificate: URL, _ options: [String] = []) throws {
        let arguments = ["-accept", "127.0.0.1:0", "-cert", certificate.path, "-key", certificate.path, "-www"]
        command = try Command(["openssl", "s_server"] + arguments + options)
        let line = try #require(command.line(startingWith: "ACCEPT"))
        port = try #require(line.split(separator: ":").last.flatMap { UInt16($0) })
    }

    func stop() { command.stop() }
}
