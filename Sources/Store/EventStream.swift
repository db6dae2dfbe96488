import Domain
import Postgres
import Runtime
import SQL

/// Events that a reader has not seen, and where it is after them.
package struct StreamPage: Sendable {
    package let events: [Event]
    package let next: StreamPosition
    /// Whether there is nothing more to read now.
    package let isLast: Bool
}

extension Store {
    /// Up to `limit` events of `types`, of those committed since `position`; without one none, and where to begin.
    ///
    /// Every event is given, however long its commit took; and once, but for what happens around a crash of the
    /// database or under more than 64 commits at once: then possibly twice. Within a page the older come first.
    package func streamEvents(
        _ scope: TenantScope, after position: StreamPosition?, types: [[UInt8]], limit: Int
    ) async throws(StoreError) -> StreamPage {
        let rows = try await run(
            scope, .readEventStream,
            [
                .id(scope.subClient), .word(scope.environment),
                .uuid(position?.floor ?? UUIDValue(high: .max, low: .max)),
                .uuid(position?.ceiling ?? UUIDValue(high: .max, low: .max)), .int64(position?.seen.next ?? 0),
                .int64Array(position?.seen.running ?? []),
                position?.pages.map { .int64($0.look.next) } ?? .null,
                .int64Array(position?.pages?.look.running ?? []), .textArray(types), .int32(Int32(limit + 1)),
            ], on: .read)
        let found = rows.indices.filter { !rows.isNull($0, 3) }
        let events = try found.prefix(limit).map { row throws(StoreError) in try Event(rows, row, from: 3) }
        let newest = try Look(
            at: clock.now(), oldest: rows.int64(0, 0), next: rows.int64(0, 1),
            running: rows.int64Array(0, 2).compactMap { $0 })
        var look = position?.pages?.look ?? newest
        // Another node's clock may be a little ahead of ours.
        if let last = events.last { look.at = max(look.at, min(last.id.uuid.moment, clock.now() + .seconds(5))) }
        let isFull = found.count > limit
        if isFull, let position, let last = events.last {
            let pages = StreamPosition.Pages(look: look, last: last.id.uuid)
            return StreamPage(events: events, next: StreamPosition(seen: position.seen, pages: pages), isLast: false)
        }
        return StreamPage(events: events, next: StreamPosition(seen: look), isLast: position?.pages == nil)
    }
}

extension UUIDValue {
    /// The last microsecond of the millisecond in which a version 7 UUID was made.
    fileprivate var moment: Timestamp { Timestamp(microseconds: Int64(high >> 16) * 1_000 + 999) }
}
