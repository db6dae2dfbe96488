import Foundation
import Glibc
import Synchronization

/// A name server on loopback, by UDP and by TCP at the same port, that answers as a closure says.
final class FakeNameServer: Sendable {
    struct Asked: Sendable {
        let message: [UInt8]
        let isTCP: Bool
        /// The name with dots between its labels.
        let name: String
        /// Where the name ends and its type begins.
        private let kind: Int

        /// Nil if this is no question: whatever else runs on this machine may send something to this port.
        init?(message: [UInt8], isTCP: Bool) {
            var labels: [String] = []
            var place = 12
            while place < message.count, message[place] > 0 {
                let end = place + 1 + Int(message[place])
                guard end < message.count else { return nil }
                labels.append(String(decoding: message[place + 1..<end], as: UTF8.self))
                place = end
            }
            guard !labels.isEmpty, message.count >= place + 5 else { return nil }
            (self.message, self.isTCP) = (message, isTCP)
            (name, kind) = (labels.joined(separator: "."), place + 1)
        }

        var isIPv6: Bool { message[kind] == 0 && message[kind + 1] == 28 }

        /// The question section, which an answer repeats.
        var question: ArraySlice<UInt8> { message[12..<kind + 4] }

        /// A whole answer to this question.
        func answer(_ records: [[UInt8]], flags: UInt16 = 0x8180) -> [UInt8] {
            var bytes = Array(message[0..<2])
            for number in [flags, 1, UInt16(records.count), 0, 0] { bytes += number.octets }
            return bytes + question + records.joined()
        }

        /// An address record; its owner is the name asked for.
        static func record(_ address: [UInt8]) -> [UInt8] {
            record(kind: address.count == 4 ? 1 : 28, address)
        }

        static func record(owner: [UInt8] = [0xc0, 12], kind: UInt16, _ data: [UInt8]) -> [UInt8] {
            owner + kind.octets + UInt16(1).octets + [0, 0, 0, 0] + UInt16(data.count).octets + data
        }
    }

    let port: UInt16
    private let sockets: [Int32]
    private let log = Mutex<[Asked]>([])

    var asked: [Asked] { log.withLock { $0 } }

    /// - Parameter answer: nil keeps silent.
    init(_ answer: @escaping @Sendable (Asked) -> [UInt8]?) {
        let (datagrams, listener, port) = FakeNameServer.bothSockets()
        self.port = port
        listen(listener, 16)
        sockets = [datagrams, listener]
        Thread.detachNewThread { [self] in
            var room = [UInt8](repeating: 0, count: 4_096)
            while true {
                var from = sockaddr_in()
                var size = socklen_t(MemoryLayout<sockaddr_in>.size)
                let count = unsafe withUnsafeMutablePointer(to: &from) { pointer in
                    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        unsafe recvfrom(datagrams, &room, room.count, 0, $0, &size)
                    }
                }
                if count <= 0 { return }
                guard let reply = hear(Array(room[..<count]), isTCP: false, answer) else { continue }
                _ = unsafe withUnsafeMutablePointer(to: &from) { pointer in
                    unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        unsafe sendto(datagrams, reply, reply.count, 0, $0, size)
                    }
                }
            }
        }
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                if connection < 0 { return }
                var room = [UInt8](repeating: 0, count: 4_096)
                let count = unsafe recv(connection, &room, room.count, 0)
                if count > 2, let reply = hear(Array(room[2..<count]), isTCP: true, answer) {
                    let whole = UInt16(reply.count).octets + reply
                    _ = unsafe send(connection, whole, whole.count, Int32(MSG_NOSIGNAL))
                }
                close(connection)
            }
        }
    }

    private func hear(
        _ message: [UInt8], isTCP: Bool, _ answer: (Asked) -> [UInt8]?
    ) -> [UInt8]? {
        guard let asked = Asked(message: message, isTCP: isTCP) else { return nil }
        log.withLock { $0.append(asked) }
        return answer(asked)
    }

    func stop() {
        for socket in sockets {
            shutdown(socket, Int32(SHUT_RDWR))
            close(socket)
        }
    }

    /// Each protocol has ports of its own: one that is free in both is found by trying.
    private static func bothSockets() -> (datagrams: Int32, listener: Int32, port: UInt16) {
        for _ in 0..<100 {
            let datagrams = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            if let port = bind(datagrams, port: 0), bind(listener, port: port) != nil {
                return (datagrams, listener, port)
            }
            close(datagrams)
            close(listener)
        }
        preconditionFailure("a port must be free")
    }

    private static func bind(_ socket: Int32, port: UInt16) -> UInt16? {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { base in
                unsafe Glibc.bind(socket, base, size) == 0 && getsockname(socket, base, &size) == 0
            }
        }
        return isBound ? UInt16(bigEndian: name.sin_port) : nil
    }
}

extension UInt16 {
    fileprivate var octets: [UInt8] { [UInt8(self >> 8), UInt8(truncatingIfNeeded: self)] }
}
