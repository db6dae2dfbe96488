import Delivery
import Runtime

/// What a node holds at the moment of a scrape. The loops publish it; the scraping one reads.
enum NodeGauges {
    static func declare(_ metrics: Metrics, _ shards: [Shard]) {
        let waiting = metrics.gauge("subgate_deliveries_waiting", help: "Deliveries waiting in this node's memory.")
        let inFlight = metrics.gauge("subgate_attempts_in_flight", help: "Attempts under way.")
        for shard in shards {
            shard.loop.spawn {
                var last = (waiting: 0, inFlight: 0)
                while !Task.isCancelled {
                    let now = shard.dispatcher.load
                    waiting.add(now.waiting - last.waiting)
                    inFlight.add(now.inFlight - last.inFlight)
                    last = now
                    await shard.loop.sleep(for: .seconds(1))
                }
            }
        }
    }
}
