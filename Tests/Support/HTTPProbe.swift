/// A small blocking HTTP client for tests, which sends exactly what it is told. One thread at a time.
///
/// It keeps one connection and opens another when the server closed it. A request is never repeated, but for one case:
/// the connection had been used before and ended without a byte of an answer, as an idle connection does.
package final class HTTPProbe {
    package let port: UInt16
    private let limit: Duration
    private var connection: LoopbackSocket?
    /// Whether the answer under way has begun.
    private var hasBegun = false

    package init(port: UInt16, limit: Duration = .seconds(20)) {
        self.port = port
        self.limit = limit
    }

    package func send(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) throws(LoopbackSocket.Failure) -> HTTPAnswer {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost:\(port)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body { head += "Content-Length: \(body.count)\r\n" }
        let bytes = Array((head + "\r\n").utf8) + (body ?? [])
        let wasUsed = connection != nil
        do throws(LoopbackSocket.Failure) {
            return try exchange(bytes, hasBody: method != "HEAD")
        } catch {
            connection = nil
            guard wasUsed, error == .ended, !hasBegun else { throw error }
        }
        do throws(LoopbackSocket.Failure) {
            return try exchange(bytes, hasBody: method != "HEAD")
        } catch {
            connection = nil
            throw error
        }
    }

    private func exchange(_ bytes: [UInt8], hasBody: Bool) throws(LoopbackSocket.Failure) -> HTTPAnswer {
        let socket: LoopbackSocket
        if let connection { socket = connection } else { socket = try LoopbackSocket(port: port, limit: limit) }
        connection = socket
        hasBegun = false
        try socket.write(bytes)
        var received: [UInt8] = []
        while true {
            if let (message, _) = HTTPMessage.take(from: received[...], hasBody: hasBody) {
                guard let answer = HTTPAnswer(message) else { throw .ended }
                if answer.header("connection")?.lowercased() == "close" { connection = nil }
                return answer
            }
            guard let more = try socket.read() else { throw .ended }
            received += more
            hasBegun = true
        }
    }
}
