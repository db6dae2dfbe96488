import Postgres
import TestSupport
import Testing

extension OverTime {
    @Suite struct HousekeepingTests {
        /// Two old months, of which one still owes something.
        @Test func aNodeDropsWhatIsOldAndSaysWhatItKeeps() async throws {
            try await onOwnThread {
                let installation = try Installation()
                let owner = try installation.owner()
                for month in ["2020-01-01", "2020-05-01"] {
                    try owner.execute("select subgate.ensure_partitions('\(month)', 1)")
                }
                try owner.execute(
                    """
                    insert into subgate.delivery (sub_client_id, id, event_id, endpoint_id, environment, event_type,
                        status, attempts, failures, created_at, updated_at)
                    select gen_random_uuid(), subgate.first_uuid('2020-05-17'), subgate.first_uuid('2020-05-17'),
                        gen_random_uuid(), 'sandbox', 'transfer.pending', 'held', 0, 0, '2020-05-17', '2020-05-17'
                    """)
                let node = ServiceProcess(installation, arguments: ["--retention-days", "400"])
                defer { node.kill() }
                try node.start()
                func months() throws -> [String] {
                    let rows = try owner.query(
                        "select relname::text from pg_class where relkind = 'r' and relname ~ '_2020[0-9]{2}$' "
                            + "order by 1")
                    return rows.indices.map { rows.string($0, 0) }
                }
                try Patience.wait(until: "January dropped", within: .seconds(60)) { try months().count == 3 }
                #expect(try months() == ["attempt_202005", "delivery_202005", "event_202005"])
                try Patience.wait(until: "a line about May", within: .seconds(20)) {
                    node.log.contains("event_202005") && node.log.contains("openDeliveries")
                }
                #expect(node.log.contains("event_202001"))
            }
        }

        @Test func anAgeThatWouldDropWhatIsStillTriedIsRefused() async throws {
            try await onOwnThread {
                let installation = try Installation()
                for bad in ["7", "0", "x"] {
                    let node = ServiceProcess(installation, arguments: ["--retention-days", bad])
                    #expect(throws: (any Error).self) { try node.start() }
                    #expect(node.log.contains("--retention-days is a whole number from 8"))
                }
            }
        }
    }
}
