import Foundation
import JSON
import Postgres
import Runtime
import TestSupport

/// `subgate dev`, or `subgate sandbox` with a private database: the program in a folder of its own, which goes with it.
final class DevProcess: Sendable {
    let folder: String
    let port: UInt16
    private let process: ProgramProcess
    /// Where it writes how it is reached, once it is ready.
    private let announcement: String

    /// Runs `dev` on five ports in a row.
    static func dev(_ arguments: [String] = []) throws -> DevProcess {
        let port = FreePorts.row(5)
        return try DevProcess("dev", ["--port", String(port)] + arguments, port: port, announcement: "dev.json")
    }

    /// Runs `sandbox` on a port.
    static func sandbox(_ arguments: [String] = []) throws -> DevProcess {
        let port = FreePorts.take(1)[0]
        return try DevProcess(
            "sandbox", ["--listen", "127.0.0.1:\(port)"] + arguments, port: port, announcement: "sandbox.json")
    }

    private init(_ command: String, _ arguments: [String], port: UInt16, announcement: String) throws {
        self.port = port
        folder = "/tmp/subgate-\(command)-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.announcement = "\(folder)/data/\(announcement)"
        process = ProgramProcess(
            [command, "--data-dir", "\(folder)/data"] + arguments, log: "\(folder)/log")
    }

    deinit {
        // It stops its database when it is asked to end; one that was killed would leave it.
        _ = process.terminate(within: .seconds(20))
        try? PrivateCluster(folder: "\(folder)/data/postgres").stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    var log: String { process.log }

    /// Starts it; what it says of itself once it is ready.
    func start() throws -> JSONValue {
        // The log goes on where an earlier run ended.
        let before = process.log.utf8.count
        try process.start()
        return try Patience.wait(for: "readiness", within: .seconds(60)) {
            guard process.isRunning else { throw Unexpected("it ended: \(process.log.suffix(2_000))") }
            guard String(decoding: process.log.utf8.dropFirst(before), as: UTF8.self).contains(" ready") else {
                return nil
            }
            return try JSONDocument.parse(file(announcement)).root
        }
    }

    /// Asks it to end, which takes its database with it.
    func stop() throws {
        let exit = process.terminate(within: .seconds(20))
        guard exit == .status(0) else { throw Unexpected("ended as \(String(describing: exit)): \(process.log)") }
    }

    /// A file in its data directory.
    func data(_ name: String) throws -> JSONValue { try JSONDocument.parse(file("\(folder)/data/\(name)")).root }

    private func file(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }
}
