import Glibc
import HTTPClient
import Runtime
import Testing

/// Many requests to a peer that misbehaves in every way at once: each ends, and no answer goes to another's request.
@Suite(.timeLimit(.minutes(10))) struct ChaosTests {
    private enum Manner: Int {
        case answer, answerLate, answerAndClose, answerAndReset, chunked, close, reset, halfStatus, halfBody, garbage,
            hang
        /// Last: left out where answers must be exact. If the second answer comes after the next request has gone out,
        /// no client can tell the two apart; such a peer deceives only its own partition.
        case answerTwice
    }

    private static func serve(_ peer: PeerConnection) {
        while let request = peer.readRequest() {
            let words = String(decoding: request.body, as: UTF8.self).split(separator: " ")
            guard words.count == 2, let manner = Int(words[1]).flatMap(Manner.init) else { return }
            let name = String(words[0])
            switch manner {
            case .answer: peer.answer(body: name)
            case .answerLate:
                guard peer.waitBriefly() else { return }
                peer.answer(body: name)
            case .answerAndClose: return peer.answer(body: name)
            case .answerAndReset:
                peer.answer(body: name)
                return peer.resetOnClose()
            case .answerTwice:
                peer.answer(body: name)
                peer.answer(500, body: "forged")
            case .chunked:
                peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for byte in name.utf8 { peer.write("1\r\n\(Character(UnicodeScalar(byte)))\r\n") }
                peer.write("0\r\n\r\n")
            case .close: return
            case .reset: return peer.resetOnClose()
            case .halfStatus:
                peer.write("HTTP/1.1 2")
                return
            case .halfBody:
                peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n\(name)")
                return
            case .garbage: peer.write("\u{0}\u{1}nonsense\r\n\r\n")
            case .hang: peer.waitForEnd()
            }
        }
    }

    @Test(arguments: 1...6) func everyRequestEndsAndNoAnswerIsAnothers(seed: UInt64) async throws {
        let answersAreExact = seed % 2 == 0
        let manners = UInt64(Manner.answerTwice.rawValue) + (answersAreExact ? 0 : 1)
        let server = LoopbackServer(serve: ChaosTests.serve)
        defer { server.stop() }
        let port = server.port
        var configuration = HTTPClientConfiguration()
        configuration.maximumTransfers = 24
        configuration.maximumIdleConnections = 16
        let ended = try await withClient(configuration) { client, loop in
            let ended = try await withThrowingTaskGroup(of: Int.self) { group in
                for worker in 0..<32 {
                    group.addTask {
                        var random = SplitMix64(state: seed &* 1_000 &+ UInt64(worker))
                        var ended = 0
                        for turn in 0..<25 {
                            let partition = random.next() % 12
                            let name = "p\(partition)w\(worker)t\(turn)"
                            var request = try OutgoingRequest.test(
                                port: port, body: "\(name) \(random.next() % manners)",
                                partition: partition, total: .milliseconds(60 + Int(random.next() % 200)))
                            request.resendsOnStaleConnection = random.next() % 2 == 0
                            let task = Task(executorPreference: loop) { [request] in try? await client.send(request) }
                            if random.next() % 5 == 0 {
                                await loop.sleep(for: .milliseconds(random.next() % 12))
                                task.cancel()
                            }
                            if let response = await task.value, response.status == 200, !response.isIncomplete {
                                let expected = answersAreExact ? name : "p\(partition)w"
                                #expect(response.body.starts(with: expected.utf8))
                            }
                            ended += 1
                        }
                        return ended
                    }
                }
                return try await group.reduce(0, +)
            }
            // After all that a request that has its time is answered.
            let last = try await client.send(.test(port: port, body: "last \(Manner.answer.rawValue)", partition: 99))
            #expect(last.status == 200 && last.body == Array("last".utf8))
            return ended
        }
        #expect(ended == 800)
    }
}

/// Steele's, Lea's and Flood's generator: a few lines, the same everywhere.
private struct SplitMix64 {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
