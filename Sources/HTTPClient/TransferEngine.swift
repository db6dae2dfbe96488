package import Runtime

/// The part of the client below name lookup: sends to addresses it is given. Loop-bound.
///
/// It does not judge the addresses beforehand; each is judged when its socket is opened. `HTTPClient` does both.
@safe
package final class TransferEngine: @unchecked Sendable {
    /// curl looks through all connections of a multi handle now and then (for dead ones, for the oldest). Several
    /// handles, with the partitions spread over them, keep these walks short.
    private static let multiCount = 8

    private let loop: EventLoop
    private let multis: [Multi]

    package init(loop: EventLoop, configuration: HTTPClientConfiguration) {
        self.loop = loop
        let idleConnections = max(1, configuration.maximumIdleConnections / TransferEngine.multiCount)
        multis = (0..<TransferEngine.multiCount).map { _ in
            Multi(loop, configuration: configuration, maximumIdleConnections: idleConnections)
        }
    }

    /// Sends a request to one of `pinned`.
    package func send(
        _ request: OutgoingRequest, pinned: [IPAddress], within limit: Duration
    ) async throws(ClientError) -> IncomingResponse {
        let exchange = await exchange(request, pinned: pinned, within: limit)
        return try exchange.result.get()
    }

    /// As `send`, with what is known of a request that has no answer.
    func exchange(_ request: OutgoingRequest, pinned: [IPAddress], within limit: Duration) async -> Exchange {
        loop.assertOnLoop()
        let total = Int(limit.wholeNanoseconds / 1_000_000)
        guard total > 0 else { return Exchange(.failure(.timeout(.notStarted))) }
        let connect = min(max(1, Int(request.connectTimeout.wholeNanoseconds / 1_000_000)), total)
        let multi = multis[Int(request.partition % UInt64(multis.count))]
        let ticket = Ticket()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Exchange, Never>) in
                if Task.isCancelled {
                    return continuation.resume(returning: Exchange(.failure(.cancelled(.notStarted))))
                }
                ticket.transfer = multi.start(request, pinned: pinned, milliseconds: (connect, total)) { exchange in
                    continuation.resume(returning: exchange)
                }
                ticket.generation = ticket.transfer?.generation ?? 0
                if ticket.transfer == nil { continuation.resume(returning: Exchange(.failure(.tooManyTransfers))) }
            }
        } onCancel: {
            loop.execute {
                guard let transfer = ticket.transfer else { return }
                multi.cancel(transfer, generation: ticket.generation) { .cancelled($0) }
            }
        }
    }

    package func close() {
        loop.assertOnLoop()
        for multi in multis {
            multi.cancelAll { .closed($0) }
            multi.shutDown()
        }
    }

    /// Which transfer a task waits for. Loop-bound.
    private final class Ticket: @unchecked Sendable {
        var transfer: Transfer?
        var generation = 0
    }
}
