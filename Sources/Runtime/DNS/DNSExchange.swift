import Glibc

/// One question put to one name server: by UDP, and by TCP when the answer does not fit. Loop-bound.
///
/// It has no deadline of its own: whoever asks closes it.
final class DNSExchange {
    private let loop: EventLoop
    private let question: DNSQuestion
    private let server: NameServer
    private let done: (DNSAnswer) -> Void
    private var descriptor: Int32 = -1
    private var watcher: SocketWatcher?
    /// Of a TCP answer, its length in front.
    private var received: [UInt8] = []

    /// - Parameter done: called once, never before `start()` returns; not after `close()`. Never with `.truncated` or
    ///   `.foreign`.
    init(_ loop: EventLoop, _ question: DNSQuestion, _ server: NameServer, done: @escaping (DNSAnswer) -> Void) {
        self.loop = loop
        self.question = question
        self.server = server
        self.done = done
    }

    /// False if the server cannot even be asked.
    func start() -> Bool {
        descriptor = DNSSocket.datagrams(to: server)
        guard descriptor >= 0 else { return false }
        guard DNSSocket.send(question.message, to: descriptor) else {
            _ = Glibc.close(descriptor)
            descriptor = -1
            return false
        }
        watch(.readable) { [weak self] in self?.readDatagram() }
        return true
    }

    func close() {
        watcher?.close()
        watcher = nil
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    private func watch(_ readiness: SocketWatcher.Readiness, _ body: @escaping () -> Void) {
        let watcher = watcher ?? SocketWatcher(loop, socket: descriptor)
        self.watcher = watcher
        watcher.watch(readiness) { _ in body() }
    }

    private func end(_ answer: DNSAnswer) {
        close()
        done(answer)
    }

    private func readDatagram() {
        switch DNSSocket.receive(descriptor) {
        case .nothingYet: break
        // Nobody listens there.
        case .failed: end(.failed)
        case .bytes(let message):
            switch DNSAnswer(message, to: question) {
            case .foreign: break
            case .truncated: askByTCP()
            case let answer: end(answer)
            }
        }
    }

    // MARK: TCP

    private func askByTCP() {
        close()
        descriptor = DNSSocket.connection(to: server)
        guard descriptor >= 0 else { return done(.failed) }
        watch(.writable) { [weak self] in self?.sendByTCP() }
    }

    private func sendByTCP() {
        let message = question.message
        let length = [UInt8(message.count >> 8), UInt8(truncatingIfNeeded: message.count)]
        // A connection that came to nothing fails here.
        guard DNSSocket.send(length + message, to: descriptor) else { return end(.failed) }
        watch(.readable) { [weak self] in self?.readByTCP() }
    }

    private func readByTCP() {
        switch DNSSocket.receive(descriptor) {
        case .nothingYet: break
        case .failed: end(.failed)
        case .bytes(let bytes):
            received += bytes
            let length = received.count < 2 ? 0 : Int(received[0]) << 8 | Int(received[1])
            if received.count >= 2, received.count >= length + 2 {
                switch DNSAnswer(Array(received[2..<length + 2]), to: question) {
                case .foreign, .truncated: end(.failed)
                case let answer: end(answer)
                }
            } else if bytes.isEmpty {
                end(.failed)
            }
        }
    }
}
