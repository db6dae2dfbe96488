package import Domain
import Postgres
import Runtime
import SQL

// `webhook.test` events: made for one endpoint, whatever it filters.

/// A test that is to be stored, and the delivery that it makes.
struct NewEndpointTest {
    let delivery: DeliveryID
    let queries: [Query]
}

extension Store {
    /// Stores a `webhook.test` event for one endpoint, with a delivery that is due now, or held while the endpoint is
    /// disabled. Throws `.notFound`.
    package func createTestEvent(
        _ scope: TenantScope, for endpoint: EndpointID, payload: @escaping TestPayload
    ) async throws(StoreError) -> Delivery {
        guard let test = try await newTest(payload, for: endpoint, scope, now: clock.now()) else { throw .notFound }
        let results = try await audited(
            scope,
            AuditedChange(.endpointTested, of: .delivery, test.delivery.uuid, subClient: scope.subClient),
            test.queries)
        if results[0].isEmpty { throw .notFound }
        return try Delivery(results[0], 0)
    }

    /// What stores a test; nil without a payload. The delivery's identifier is asked for first, because an audit entry
    /// and a kept answer name it before it is there.
    func newTest(
        _ payload: TestPayload?, for endpoint: EndpointID, _ scope: TenantScope, now: Timestamp
    ) async throws(StoreError) -> NewEndpointTest? {
        guard let payload else { return nil }
        let event: EventID = identifiers.next()
        let rows = try await run(scope, .deliveryIdentifier, [.id(event), .id(endpoint)], on: .read)
        let create = Query(
            .createTestEvent,
            [
                .id(scope.subClient), .id(endpoint), .id(event), .bytes(payload(event, endpoint, now)), .time(now),
                .word(scope.environment),
            ])
        return try NewEndpointTest(delivery: rows.id(0, 0), queries: [create])
    }
}
