import Dispatch
import Glibc
import HTTPClient
import Runtime
import Synchronization
import Testing

/// What goes over the wire, and how connections are kept.
@Suite(.timeLimit(.minutes(10))) struct HTTPClientTests {
    @Test func aPostGoesOutAsWrittenAndItsAnswerComesBack() async throws {
        let seen = Mutex<PeerRequest?>(nil)
        let server = LoopbackServer { peer in
            guard let request = peer.readRequest() else { return }
            seen.withLock { $0 = request }
            peer.write("HTTP/1.1 201 Made\r\nX-One:  a b \r\nContent-Length: 2\r\nRetry-After: 3\r\n\r\nok")
        }
        defer { server.stop() }
        var request = try OutgoingRequest.test(port: server.port, path: "/a/../b?x=%20y", body: "hello")
        request.headers = [("Content-Type", Array("application/json".utf8)), ("X-Empty", [])]
        let response = try await withClient { [request] in try await $0.send(request) }
        #expect(response.status == 201)
        #expect(response.body == Array("ok".utf8))
        #expect(response.headers["x-one"] == ArraySlice("a b".utf8))
        #expect(response.headers["retry-after"] == ArraySlice("3".utf8))
        #expect(response.peer == "127.0.0.1")
        #expect(!response.bodyWasCut && !response.isIncomplete && !response.connectionWasReused)
        #expect(response.timings.total >= response.timings.firstByte && response.timings.connect > .zero)
        let sent = try #require(seen.withLock { $0 })
        #expect(
            sent.head == """
                POST /a/../b?x=%20y HTTP/1.1\r
                Host: 127.0.0.1:\(server.port)\r
                Content-Type: application/json\r
                X-Empty:\r
                Accept-Encoding: identity\r
                Content-Length: 5
                """)
        #expect(sent.body == Array("hello".utf8))
    }

    @Test func methodsAndBodiesOfAllSizesGoOutOnOneConnection() async throws {
        let lines = Mutex<[String]>([])
        let server = LoopbackServer { peer in
            while let request = peer.readRequest() {
                lines.withLock { $0.append("\(request.line) \(request.body.count)") }
                peer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
        }
        defer { server.stop() }
        let plan: [(OutgoingRequest.Method, Int)] = [
            (.head, 0), (.get, 0), (.post, 0), (.put, 3), (.patch, 100_000), (.delete, 0), (.delete, 2),
            (.post, 1_000_000),
            (.head, 0), (.get, 0),
        ]
        try await withClient { client in
            for (method, count) in plan {
                let request = try OutgoingRequest.test(
                    method, port: server.port, body: String(repeating: "x", count: count))
                let response = try await client.send(request)
                #expect(response.status == 200)
            }
        }
        #expect(lines.withLock { $0 } == plan.map { "\($0.rawValue) / HTTP/1.1 \($1)" })
        #expect(server.connectionCount == 1)
    }

    @Test func connectionsAreReusedWithinAPartitionAndNeverAcross() async throws {
        // Which partitions each connection has carried.
        let carried = Mutex<[Int: Set<String>]>([:])
        let server = LoopbackServer { peer in
            while let request = peer.readRequest() {
                let partition = String(decoding: request.body, as: UTF8.self)
                carried.withLock { _ = $0[peer.number, default: []].insert(partition) }
                peer.answer()
            }
        }
        defer { server.stop() }
        let port = server.port
        let reused = try await withClient { client in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for worker in 0..<40 {
                    group.addTask {
                        var reused = 0
                        for turn in 0..<25 {
                            // Far apart and close together, so that no bit of the partition can be ignored.
                            let partition = UInt64(1) << UInt64((worker + turn) % 32 * 2)
                            let response = try await client.send(
                                .test(port: port, body: "\(partition)", partition: partition))
                            reused += response.connectionWasReused ? 1 : 0
                        }
                        return reused
                    }
                }
                return try await group.reduce(0, +)
            }
        }
        carried.withLock { carried in
            for (connection, partitions) in carried { #expect(partitions.count == 1, "connection \(connection)") }
        }
        #expect(reused > 500)
        #expect(server.connectionCount == 1_000 - reused)
    }

    @Test func anAnswerNobodyAskedForIsNotTakenForTheNextOne() async throws {
        let mayPoison = DispatchSemaphore(value: 0)
        let isPoisoned = DispatchSemaphore(value: 0)
        let server = LoopbackServer { peer in
            switch peer.number {
            case 1:
                _ = peer.readRequest()
                peer.answer(200)
                mayPoison.wait()
                peer.answer(500, body: "forged")
                isPoisoned.signal()
                peer.waitForEnd()
            case 2:
                _ = peer.readRequest()
                isPoisoned.wait()
                peer.answer(204)
            default:
                _ = peer.readRequest()
                peer.answer(201)
            }
        }
        defer { server.stop() }
        let port = server.port
        let statuses = try await withClient { client in
            var statuses = [try await client.send(.test(port: port, partition: 1)).status]
            mayPoison.signal()
            statuses.append(try await client.send(.test(port: port, partition: 9)).status)
            statuses.append(try await client.send(.test(port: port, partition: 1)).status)
            return statuses
        }
        #expect(statuses == [200, 204, 201])
    }

    @Test func bytesAfterAnAnswerEndItsConnection() async throws {
        let server = LoopbackServer { peer in
            while peer.readRequest() != nil {
                peer.write(
                    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Forged\r\nContent-Length: 0\r\n\r\n")
            }
        }
        defer { server.stop() }
        let port = server.port
        try await withClient { client in
            for _ in 0..<3 {
                let response = try await client.send(.test(port: port))
                #expect(response.status == 200 && !response.connectionWasReused)
                #expect(response.body == Array("ok".utf8))
            }
        }
        #expect(server.connectionCount == 3)
    }

    @Test func aConnectionThePeerClosedWhileIdleIsNotUsedAgain() async throws {
        let hasClosed = AsyncStream<Void>.makeStream()
        let server = LoopbackServer { peer in
            _ = peer.readRequest()
            peer.answer()
            peer.end()
            hasClosed.continuation.yield()
        }
        defer { server.stop() }
        let port = server.port
        try await withClient { client in
            var closings = hasClosed.stream.makeAsyncIterator()
            for partition in [1, 2, 1, 2, 1] as [UInt64] {
                let response = try await client.send(.test(port: port, partition: partition))
                #expect(response.status == 200)
                await closings.next()
            }
        }
        #expect(server.connectionCount == 5)
    }

    @Test func aReusedConnectionThatDiesIsReportedAsSuchAndResentOnlyWhenAsked() async throws {
        let requests = Mutex(0)
        let server = LoopbackServer { peer in
            _ = peer.readRequest()
            peer.answer()
            // Takes a second request and closes without a word, as a server does that closes an idle connection just
            // then.
            if peer.readRequest() != nil { requests.withLock { $0 += 1 } }
        }
        defer { server.stop() }
        let port = server.port
        let error = try await withClient { client in
            _ = try await client.send(.test(port: port))
            return await failure { () async throws(ClientError) in try await client.send(test(port)) }
        }
        #expect(error == .connectionReset(.init(requestStarted: true, connectionWasReused: true)))
        #expect(error?.mayHaveReachedPeer == true)
        #expect(requests.withLock { $0 } == 1)
        #expect(server.connectionCount == 1)

        let second = try await withClient { client in
            _ = try await client.send(.test(port: port))
            var request = test(port)
            request.resendsOnStaleConnection = true
            return try await client.send(request)
        }
        #expect(second.status == 200 && second.connectionWasReused)
        #expect(server.connectionCount == 3)
    }

    @Test func redirectsAreAnswers() async throws {
        let trap = LoopbackServer { $0.answer() }
        defer { trap.stop() }
        let trapPort = trap.port
        let server = LoopbackServer { peer in
            while let request = peer.readRequest() {
                let status = request.line.split(separator: "/").dropFirst().first?.prefix(3) ?? "400"
                peer.write(
                    "HTTP/1.1 \(status) Go\r\nLocation: http://127.0.0.1:\(trapPort)/\r\n"
                        + "Refresh: 0; url=http://127.0.0.1:\(trapPort)/\r\n"
                        + "WWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
            }
        }
        defer { server.stop() }
        let port = server.port
        try await withClient { client in
            for status in [301, 302, 303, 307, 308, 401, 407] {
                let response = try await client.send(.test(port: port, path: "/\(status)"))
                #expect(response.status == status)
            }
        }
        #expect(trap.connectionCount == 0)
    }

    @Test func headersThatCouldSmuggleAreRefused() async throws {
        let bad: [(String, [UInt8])] = [
            ("X", Array("a\r\nB: c".utf8)), ("X", Array("a\nb".utf8)), ("X", [0]), ("X", Array(" a".utf8)),
            ("X", [0x7f]),
            ("X Y", []), ("X:", []), ("", []), ("X\r\nY", []), ("Host", [0x61]), ("hOST", [0x61]),
            ("Content-Length", [0x31]),
            ("Transfer-Encoding", Array("chunked".utf8)), ("Connection", Array("close".utf8)), ("X\u{e9}", []),
            ("Accept-Encoding", Array("gzip".utf8)), ("X", [UInt8](repeating: 0x61, count: 9_000)),
        ]
        let errors = try await withClient { client in
            var errors: [ClientError?] = []
            for header in bad {
                var request = test(9)
                request.headers = [header]
                errors.append(
                    await failure { [request] () async throws(ClientError) in try await client.send(request) })
            }
            return errors
        }
        #expect(errors.allSatisfy { $0 == .invalidRequest })
    }
}

/// A request that is known to be well formed.
func test(_ port: UInt16, total: Duration = .seconds(50)) -> OutgoingRequest {
    guard let request = try? OutgoingRequest.test(port: port, total: total) else { preconditionFailure("a good URL") }
    return request
}
