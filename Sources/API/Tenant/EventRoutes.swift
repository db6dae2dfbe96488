import Delivery
import Domain
import HTTPServer
import JSON
import Store

/// `/v1/events`: what upstreams reported about a sub-client's transfers.
enum EventRoutes {
    static let all: [Route] = [
        .tenant(.get, "/v1/events") { call, principal throws(Problem) in try await list(call, principal.scope) },
        .tenant(.get, "/v1/events/stream", EventStreamRoutes.read),
        .tenant(.get, "/v1/events/{eventId}") { call, principal throws(Problem) in
            try await get(call, principal.scope, try call.identifier(0))
        },
    ]

    @Sendable static func list(_ call: Call, _ scope: TenantScope) async throws(Problem) -> Response {
        var query = QueryParameters(call)
        var filter = EventListFilter()
        filter.type = query.word("type")
        filter.transfer = query.identifier("transferId", TransferID.self)
        filter.window = query.window()
        let page = query.page()
        try query.finish()
        let wanted = filter
        let found = try await call.store { store throws(StoreError) in
            try await store.events(scope, page, matching: wanted)
        }
        return .json(200, found.json(write))
    }

    static func get(_ call: Call, _ scope: TenantScope, _ id: EventID) async throws(Problem) -> Response {
        let event = try await call.store { store throws(StoreError) in try await store.event(scope, id) }
        return .json(200, jsonObject { write(event, &$0) })
    }

    @Sendable static func write(_ event: Event, _ json: inout JSONWriter) {
        json.member("id", event.id)
        json.member("type", word: event.type)
        json.member("transferId", event.transfer)
        json.member("linkSessionId", event.linkSession)
        json.member("origin", word: event.origin)
        json.member("upstreamEventId", event.upstreamEventID)
        json.member("occurredAt", event.occurredAt)
        json.member("receivedAt", event.receivedAt)
        json.member("payload", json: payload(event))
    }

    /// The payload with the merchant's own references in place of ours; a test event has none.
    static func payload(_ event: Event) -> [UInt8] {
        event.linkSession == nil
            ? event.payload
            : WebhookBody.restored(event.payload, transactionID: event.transactionID, userID: event.userID)
    }
}
