import Domain
import HTTPClient
import Runtime
import Store
import TestSupport
import Testing

@testable import API

/// Rows that hold what they cannot, as after a repair by hand or a restore gone wrong: they fail what reads them, and
/// nothing else.
@Suite struct UnreadableRowsTests {
    @Test func anUnexpectedNullFailsOneRequest() async throws {
        try await APIFixture.with { fixture in
            let body = #"{"legalName":"L","displayName":"D","country":"DE"}"#
            let broken = try #require(try await fixture.admin(.post, "/sub-clients", body: body).string("id"))
            let whole = try #require(try await fixture.admin(.post, "/sub-clients", body: body).string("id"))
            let id = try #require(SubClientID(text: Array(broken.utf8)))
            try await fixture.asOwner(
                """
                alter table subgate.sub_client alter column legal_name drop not null;
                update subgate.sub_client set legal_name = null
                where id = '\(String(decoding: id.uuid.text, as: UTF8.self))'
                """)
            let refused = try await fixture.admin(.get, "/sub-clients/\(broken)")
            #expect(try refused.status == 500 && refused.string("code") == "internal")
            #expect(!refused.text.contains("legal"))
            #expect(try await fixture.admin(.get, "/sub-clients").status == 500)
            #expect(try await fixture.admin(.get, "/sub-clients/\(whole)").status == 200)
            await #expect(throws: StoreError.unexpected(sqlState: "get_sub_client, column 1")) {
                _ = try await fixture.store.subClient(.system, id)
            }
        }
    }

    /// The others are sent, and it is looked at again when its lease has ended.
    @Test func aDeliveryThatCannotBeReadKeepsNoOtherFromBeingSent() async throws {
        try await APIFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            _ = try await seed.endpoint()
            let session = try await seed.linkSession()
            let events = (0..<3).map { _ in
                seed.received("Pending", session, transfer: fixture.store.identifiers.nextUUID())
            }
            _ = try await fixture.store.accept(events, lease: nil)
            let unreadable = String(decoding: try events.at(1).id.uuid.text, as: UTF8.self)
            try await fixture.asOwner(
                """
                alter table subgate.event alter column payload drop not null;
                update subgate.event set payload = null
                where id = '\(unreadable)'
                """)
            let lease = Lease(
                node: fixture.store.identifiers.nextUUID(), end: fixture.clock.clock.now() + .seconds(60))
            let claimed = try await fixture.store.claimDue(limit: 10, busy: [], lease: lease).deliveries
            #expect(try Set(claimed.map(\.event.id)) == Set([events.at(0).id, events.at(2).id]))
        }
    }
}
