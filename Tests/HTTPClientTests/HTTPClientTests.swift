import Glibc
import HTTPClient
import Runtime
import Synchronization
import Testing

/// What goes over the wire, and how connections are kept.
@Suite(.timeLimit(.minutes(1))) struct HTTPClientTests {
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
}
