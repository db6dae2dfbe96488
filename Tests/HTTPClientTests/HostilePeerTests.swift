import HTTPClient
import Runtime
import Testing

/// Peers that lie, stall, flood and break off.
@Suite(.timeLimit(.minutes(10))) struct HostilePeerTests {
    /// The result of one request to a server that reads the request and then does as told.
    private func send(
        total: Duration = .seconds(50), _ serve: @escaping @Sendable (PeerConnection) -> Void
    ) async throws -> Result<IncomingResponse, ClientError> {
        let server = LoopbackServer { peer in
            _ = peer.readRequest()
            serve(peer)
        }
        defer { server.stop() }
        let request = test(server.port, total: total)
        return try await withClient { client in
            do throws(ClientError) { return .success(try await client.send(request)) } catch { return .failure(error) }
        }
    }

    private static let started = ClientError.Progress(requestStarted: true, connectionWasReused: false)

    @Test func anEndlessBodyIsCutAtTheLimit() async throws {
        for head in [
            "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1000000000000000000\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\n",
        ] {
            let response = try await send { peer in
                peer.write(head)
                let block = [UInt8](repeating: 0x61, count: 65_536)
                while peer.write(block) {}
            }.get()
            #expect(response.status == 200)
            #expect(response.body.count == 64 * 1_024)
            #expect(response.bodyWasCut && !response.isIncomplete)
        }
    }

    @Test func endlessChunksAreCutAtTheLimit() async throws {
        let response = try await send { peer in
            peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n")
            while peer.write("400;name=value\r\n" + String(repeating: "b", count: 1_024) + "\r\n") {}
        }.get()
        #expect(response.body.count == 64 * 1_024)
        #expect(response.bodyWasCut)
    }

    @Test func aBodyOfExactlyTheLimitIsNotCut() async throws {
        let response = try await send { $0.answer(200, body: String(repeating: "c", count: 64 * 1_024)) }.get()
        #expect(response.body.count == 64 * 1_024)
        #expect(!response.bodyWasCut && !response.isIncomplete)
    }

    @Test func compressedBodiesAreLeftAsTheyAre() async throws {
        let response = try await send { peer in
            peer.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\u{1f}abc")
        }.get()
        #expect(response.body == Array("\u{1f}abc".utf8))
    }

    @Test func aPeerThatNeverAnswersMeetsTheDeadline() async throws {
        for text in ["", "HTTP/1.1 20", "HTTP/1.1 103 Early Hints\r\n\r\n"] {
            let start = EventLoop.monotonicNanoseconds
            let result = try await send(total: .seconds(1)) { peer in
                peer.write(text)
                peer.waitForEnd()
            }
            #expect(throws: ClientError.timeout(HostilePeerTests.started)) { try result.get() }
            #expect(EventLoop.monotonicNanoseconds - start > 900_000_000)
        }
    }

    @Test func aDripDoesNotStretchTheDeadline() async throws {
        let result = try await send(total: .seconds(1)) { peer in
            peer.write("HTTP/1.1 200 OK")
            // One byte at a time, each well within any timeout for reads.
            while peer.write("x") { _ = peer.waitBriefly() }
        }
        #expect(throws: ClientError.timeout(HostilePeerTests.started)) { try result.get() }
    }

    @Test func aStatusCountsEvenIfTheStreamFailsAfterIt() async throws {
        let cases: [@Sendable (PeerConnection) -> Void] = [
            { peer in
                peer.write("HTTP/1.1 204 No Content\r\nX-A: b\r\n")
                peer.resetOnClose()
                peer.waitUntilRead()
            },
            { $0.write("HTTP/1.1 204 No Content\r\nX-A: b") },
            { $0.write("HTTP/1.1 204 No Content\r\n") },
            { peer in
                peer.write("HTTP/1.1 204 No Content\r\nX-A: b\r\n")
                peer.waitForEnd()
            },
        ]
        for serve in cases {
            let response = try await send(total: .seconds(2), serve).get()
            #expect(response.status == 204)
            #expect(response.isIncomplete)
        }
        let short = try await send { $0.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc") }.get()
        #expect(short.status == 200 && short.isIncomplete && short.body == Array("abc".utf8))
    }

    @Test func anEndBeforeTheStatusIsAResetThatMayHaveReachedThePeer() async throws {
        let ends: [@Sendable (PeerConnection) -> Void] = [
            { _ in }, { $0.resetOnClose() }, { $0.write("HTTP/1.1 2") },
            { peer in
                peer.write("HTTP/1.1 100 Continue\r\n\r\n")
            },
        ]
        for end in ends {
            let result = try await send(end)
            guard case .failure(let error) = result else {
                Issue.record("an answer without a status")
                continue
            }
            #expect(error.mayHaveReachedPeer && !error.connectionWasReused)
            #expect(["connectionReset", "badResponse"].contains(error.code))
        }
    }

    @Test(arguments: [
        "HELLO\r\n\r\n", "http/1.1 200 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1\t200 OK\r\n\r\n", "HTTP/1.1 200OK\r\n\r\n", "ICY 200 OK\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/3 200 OK\r\n\r\n",
        // Framing with two readings.
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab", "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab", "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nab", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n 3\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 200 OK\r\nNo colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: empty\r\n\r\n", "HTTP/1.1 200 OK\r\nA\u{0}: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\u{0}c\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded: first\r\n\r\n", "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
    ])
    func whatIsNotPlainHTTPIsABadResponse(text: String) async throws {
        let result = try await send { $0.write(text) }
        #expect(throws: ClientError.badResponse(HostilePeerTests.started)) { try result.get() }
    }

    @Test func headersBeyondTheLimitAreABadResponse() async throws {
        let floods: [@Sendable (PeerConnection) -> Void] = [
            { peer in
                peer.write("HTTP/1.1 200 OK\r\n")
                while peer.write("X-A: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n") {}
            },
            { peer in
                peer.write("HTTP/1.1 200 OK\r\nX: ")
                while peer.write([UInt8](repeating: 0x61, count: 65_536)) {}
            },
            { peer in while peer.write([UInt8](repeating: 0x61, count: 65_536)) {} },
            { peer in while peer.write("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n") {} },
        ]
        for flood in floods {
            let result = try await send(flood)
            #expect(throws: ClientError.badResponse(HostilePeerTests.started)) { try result.get() }
        }
    }

    @Test func toleratedSpellingsAreRead() async throws {
        for text in [
            "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.0 200 OK\r\n\r\nok", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: y\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nTrailer: x\r\n\r\n",
        ] {
            let response = try await send { $0.write(text) }.get()
            #expect(response.status == 200 && response.body == Array("ok".utf8) && !response.isIncomplete, "\(text)")
        }
    }

    @Test func aPeerThatAnswersBeforeReadingIsHeard() async throws {
        for status in [200, 413] {
            let server = LoopbackServer { peer in
                peer.answer(status)
                peer.waitForEnd()
            }
            defer { server.stop() }
            var request = test(server.port)
            request.body = [UInt8](repeating: 0x61, count: 3_000_000)
            let response = try await withClient { [request] in try await $0.send(request) }
            #expect(response.status == status)
        }
    }
}
