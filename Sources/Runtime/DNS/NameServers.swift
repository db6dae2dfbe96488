import Glibc

/// The machine's name servers, as `/etc/resolv.conf` names them.
enum NameServers {
    static let file = "/etc/resolv.conf"

    /// The addresses after `nameserver`, three at most as the C library takes; this machine's own if there is none.
    /// Addresses with a zone are left out.
    static func parse(_ text: [UInt8]) -> [IPAddress] {
        var found: [IPAddress] = []
        for line in text.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }) {
            let words = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 })
            guard words.count >= 2, words[0].elementsEqual("nameserver".utf8), let address = IPAddress(text: words[1])
            else { continue }
            found.append(address)
        }
        return found.isEmpty ? [.v4(0x7f00_0001)] : Array(found.prefix(3))
    }

    static func read() -> [IPAddress] { parse(contents()) }

    /// At most 64 KiB of the file; nothing if it cannot be read.
    private static func contents() -> [UInt8] {
        let descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { _ = close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while bytes.count < 65_536, case let count = unsafe Glibc.read(descriptor, &chunk, chunk.count), count > 0 {
            bytes += chunk[..<count]
        }
        return bytes
    }
}
