import JSON
import Postgres
import TestSupport
import Testing

extension OverTime {
    @Suite struct ErasureTests {
        @Test func anErasureIsFinishedThoughTheNodeIsKilledAndOthersLoseNothing() async throws {
            try await onOwnThread {
                let stage = try Stage()
                let gone = try stage.merchant("zq7-gone")
                let kept = try stage.merchant("kp3-kept")
                for path in ["/zq7-gone", "/kp3-kept"] {
                    stage.receivers.plan(path) { _ in .answer(200, body: "thanks, \(path.dropFirst())") }
                }
                let goneEndpoint = try gone.endpoint("/zq7-gone")
                let keptEndpoint = try kept.endpoint("/kp3-kept")
                let session = try gone.linkSession("zq7-order")
                let events = MeshEvents.stream(1_500, over: [session])
                let keptEvents = MeshEvents.stream(20, over: [try kept.linkSession("kp3-order")])
                let post = stage.post(events + keptEvents)
                _ = try #require(post.wait(forAcks: 1_520, within: .seconds(120)), "\(post.current.refusals)")
                post.stop()
                try Patience.wait(until: "all deliveries", within: .seconds(120)) {
                    try Books(stage.installation).delivered == 1_520
                }
                let owner = try stage.installation.owner()
                #expect(try Remains.find(["zq7-"], owner).count >= 7)

                #expect(try stage.admin("DELETE", "/admin/v1/sub-clients/\(gone.id)").status == 204)
                let erasure = try stage.admin("POST", "/admin/v1/sub-clients/\(gone.id)/erase").json(202)
                let path = "/admin/v1/sub-clients/\(gone.id)/erasures/\(try erasure.text(at: "id"))"
                // Killed amid the chunks.
                try Patience.wait(until: "the first deliveries gone") {
                    try owner.query("select deliveries from subgate.erasure").int64(0, 0) > 0
                }
                stage.node.kill()
                try stage.node.start()
                #expect(try gone.call("GET", "/v1/me").status == 401)
                try Patience.wait(until: "the erasure done", within: .seconds(120)) {
                    try stage.admin("GET", path).json(200).text(at: "status") == "done"
                }
                #expect(try Remains.find(["zq7-", goneEndpoint.secret], owner) == [])
                let rows = try stage.admin("GET", path).json(200)
                #expect(rows["erased"]?["events"]?.integer == 1_500)
                #expect(rows["erased"]?["deliveries"]?.integer == 1_500)
                #expect(try stage.admin("GET", "/admin/v1/audit/verify").json(200)["valid"]?.bool == true)
                #expect(!stage.node.log.contains("zq7-"))

                // What comes late is answered and dropped; the other's goes on.
                let late = MeshEvents.make(session)
                let fresh = MeshEvents.make(try kept.linkSession("kp3-next"))
                let last = stage.post([late, fresh])
                _ = try #require(last.wait(forAcks: 2, within: .seconds(20)), "\(last.current.refusals)")
                last.stop()
                try Patience.wait(until: "the other's delivery") {
                    try Books(stage.installation).delivered == 21
                }
                #expect(try Books(stage.installation).others == 0)
                #expect(try Remains.find(["zq7-"], owner) == [])
                #expect(try kept.call("GET", "/v1/events?limit=100").json(200).data.count == 21)
                #expect(stage.receivers.received.filter { $0.path == keptEndpoint.path }.count == 21)
            }
        }
    }
}
