import Glibc

/// Where a name server listens.
package struct NameServer: Sendable, Hashable {
    package let address: IPAddress
    package let port: UInt16

    package init(_ address: IPAddress, port: UInt16 = 53) {
        self.address = address
        self.port = port
    }
}

/// The socket calls of a question to a name server. None of them blocks.
enum DNSSocket {
    /// A socket that takes datagrams from this server alone, at a port the kernel chooses; -1 if there is none.
    static func datagrams(to server: NameServer) -> Int32 { open(Int32(SOCK_DGRAM.rawValue), server) }

    /// A connection that may be under way; -1 if there is none.
    static func connection(to server: NameServer) -> Int32 { open(Int32(SOCK_STREAM.rawValue), server) }

    private static func open(_ kind: Int32, _ server: NameServer) -> Int32 {
        let flags = Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor: Int32
        let status: Int32
        switch server.address {
        case .v4(let value):
            descriptor = socket(AF_INET, kind | flags, 0)
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = server.port.bigEndian
            name.sin_addr.s_addr = value.bigEndian
            status = unsafe connect(descriptor, &name)
        case .v6(let high, let low):
            descriptor = socket(AF_INET6, kind | flags, 0)
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = server.port.bigEndian
            unsafe withUnsafeMutableBytes(of: &name.sin6_addr) { raw in
                unsafe raw.storeBytes(of: high.bigEndian, as: UInt64.self)
                unsafe raw.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            status = unsafe connect(descriptor, &name)
        }
        if descriptor < 0 || status == 0 || errno == EINPROGRESS { return descriptor }
        _ = close(descriptor)
        return -1
    }

    @unsafe private static func connect<Name>(_ descriptor: Int32, _ name: inout Name) -> Int32 {
        unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { base in
                unsafe Glibc.connect(descriptor, base, socklen_t(MemoryLayout<Name>.size))
            }
        }
    }

    /// Whether the kernel took all of it.
    static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    enum Arrival {
        /// Empty at the end of a connection.
        case bytes([UInt8])
        case nothingYet
        case failed
    }

    /// One datagram, or what a connection has.
    static func receive(_ descriptor: Int32) -> Arrival {
        var room = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe recv(descriptor, &room, room.count, 0)
        if count >= 0 { return .bytes(Array(room[..<count])) }
        return errno == EAGAIN || errno == EINTR ? .nothingYet : .failed
    }
}
