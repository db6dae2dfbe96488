import Domain
import Postgres
import Runtime
import Store
import TestSupport
import Testing

/// Mesh's list on a sub-client with more transfers than may be looked at.
@Suite struct MeshTransferTests {
    /// As many more than `MeshTransferLimits.sifted` as there are seconds in ten minutes, one each second.
    private static let count = MeshTransferLimits.sifted + 600

    private static func with(
        _ body: @escaping @Sendable (Store, Seed, _ newest: Timestamp) async throws -> Void
    ) async throws {
        try await StoreFixture.with { fixture in
            let seed = try await Seed.make(fixture.store)
            let newest = Timestamp(seconds: fixture.store.clock.now().seconds)
            try await onOwnThread {
                let owner = try fixture.testDatabase.owner()
                _ = try owner.query(
                    """
                    insert into subgate.transfer (sub_client_id, id, link_session_id, upstream_id, upstream_transfer_id,
                        environment, transaction_id, user_id, status, created_at, updated_at)
                    select $1, overlay(subgate.first_uuid(at)::text placing '7' from 15)::uuid, $1, $1,
                        gen_random_uuid(), 'sandbox', 'order-' || i, 'user-' || i % 2,
                        case when i % 2 = 0 then 'failed' else 'succeeded' end::subgate.transfer_status, at, at
                    from generate_series(0, $2 - 1) as i, to_timestamp($3 - i) as at
                    """,
                    parameters: [
                        .uuid(high: seed.subClient.uuid.high, low: seed.subClient.uuid.low), .int64(Self.count),
                        .int64(newest.seconds),
                    ])
            }
            try await body(fixture.store, seed, newest)
        }
    }

    private static func orders(_ page: MeshTransferPage) -> [String] {
        page.transfers.map { String(decoding: $0.transfer.transactionID ?? [], as: UTF8.self) }
    }

    @Test func theTotalIsAFloorAndPagesGoOn() async throws {
        try await Self.with { store, seed, _ in
            var query = MeshTransferQuery()
            let first = try await store.meshTransfers(seed.scope, query)
            #expect(Self.orders(first).first == "order-0" && first.transfers.count == 10 && !first.isTooWide)
            #expect(first.total == MeshTransferLimits.counted + 1)
            (query.offset, query.count) = (40_000, 2)
            let deep = try await store.meshTransfers(seed.scope, query)
            #expect(Self.orders(deep) == ["order-40000", "order-40001"] && deep.total == 40_003)
            query = MeshTransferQuery()
            query.isDescending = false
            let oldest = try await store.meshTransfers(seed.scope, query)
            #expect(Self.orders(oldest).first == "order-\(Self.count - 1)")
        }
    }

    @Test func nothingIsSiftedIncompletely() async throws {
        try await Self.with { store, seed, newest in
            let wide: [@Sendable (inout MeshTransferQuery) -> Void] = [
                { $0.statuses = [.failed] }, { $0.txHash = Seed.bytes("0x1") }, { $0.order = .symbol },
                { $0.minAmountInFiat = Seed.bytes("1") }, { $0.providers = [Seed.bytes("Coinbase")] },
            ]
            for change in wide {
                var query = MeshTransferQuery()
                change(&query)
                let page = try await store.meshTransfers(seed.scope, query)
                #expect(page.isTooWide)
                query.from = newest - .seconds(9)
                query.until = newest
                #expect(try await !store.meshTransfers(seed.scope, query).isTooWide)
            }
            var query = MeshTransferQuery()
            query.statuses = [.failed]
            query.until = newest - .seconds(MeshTransferLimits.sifted)
            let old = try await store.meshTransfers(seed.scope, query)
            #expect(!old.isTooWide && old.total == 299)
            // A key leads to what it names, however many there are beside it.
            query = MeshTransferQuery()
            query.transactionID = Seed.bytes("order-\(Self.count - 1)")
            query.statuses = [.succeeded, .failed]
            #expect(try await store.meshTransfers(seed.scope, query).transfers.count == 1)
            query.userID = Seed.bytes("user-0")
            #expect(try await store.meshTransfers(seed.scope, query).total == (Self.count % 2 == 1 ? 1 : 0))
            query = MeshTransferQuery()
            query.userID = Seed.bytes("user-1")
            query.isDescending = false
            let users = try await store.meshTransfers(seed.scope, query)
            #expect(!users.isTooWide && users.total == Self.count / 2)
            #expect(Self.orders(users).first == "order-\(Self.count - 1)")
        }
    }
}
