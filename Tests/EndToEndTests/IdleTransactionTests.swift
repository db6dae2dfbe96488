import Foundation
import JSON
import Postgres
import SQL
import TestSupport
import Testing

extension UnderLoad {
    /// Somebody's transaction that stays open keeps every dead row: there must be few, and none in the way of claims.
    @Suite struct IdleTransactionTests {
        /// How many events; a release candidate does 50 000.
        private static let events =
            ProcessInfo.processInfo.environment["SUBGATE_IDLE_EVENTS"].flatMap { Int($0) } ?? 1_500

        @Test func aSessionIdleInATransactionDoesNotSlowClaims() async throws {
            try await onOwnThread {
                let stage = try Stage(arguments: ["--retry-time-divisor", "1000"])
                let load = try Load(stage, merchants: 3, endpoints: 2, events: Self.events)
                // One of the six fails every fifth time, one is limited in its rate and so served from its lane.
                stage.receivers.plan("/0/0") { $0.index % 5 == 0 ? .answer(500) : .answer(200) }
                let owner = try stage.installation.owner()
                try owner.execute("create extension pgstattuple")
                try owner.execute(
                    """
                    update subgate.endpoint set rate_limit_per_second = 2000, version = version + 1
                    where url like '%/1/0'
                    """)
                let before = try Claims.measure(owner)
                let idle = try stage.installation.owner()
                try idle.execute("begin isolation level repeatable read")
                _ = try idle.query("select count(*) from subgate.delivery")
                let post = stage.post(load.events)
                defer { post.stop() }
                try #require(post.wait(forAcks: Self.events, within: .seconds(120)) != nil, "\(post.current.refusals)")
                try Patience.wait(until: "every delivery", within: .seconds(120)) {
                    try Books(stage.installation).delivered == load.deliveries
                }
                // Vacuum can do nothing for us.
                try owner.execute("vacuum subgate.delivery, subgate.lane, subgate.handover, subgate.transfer")
                let retried = try owner.query("select count(*) from subgate.delivery where attempts > 1").int64(0, 0)
                #expect(retried > 0)
                let dead = try DeadRows(owner)
                let after = try Claims.measure(owner)
                print(
                    "idle transaction: \(load.deliveries) deliveries, \(retried) retried; \(dead); "
                        + "buffers of claims before \(before), after \(after)")
                // What was taken at the first attempt was written once: dead are the versions of the others.
                #expect(dead.counts["event"] == 0 && dead.counts["attempt"] == 0)
                #expect(try #require(dead.counts["delivery"]) <= 4 * retried + Self.limited(owner) * 2 + 50)
                #expect(after.timed <= before.timed + 100)
                #expect(after.waiting <= before.waiting + 100)
                try idle.execute("rollback")
            }
        }

        /// Deliveries that went through a lane: written when they came, when they were taken and when they were done.
        private static func limited(_ owner: BlockingConnection) throws -> Int64 {
            try owner.query(
                """
                select count(*) from subgate.delivery d
                join subgate.endpoint e on e.sub_client_id = d.sub_client_id and e.id = d.endpoint_id
                where e.is_governed
                """
            ).int64(0, 0)
        }
    }
}

/// Rows that nobody will see and nobody may remove yet, by table.
private struct DeadRows: CustomStringConvertible {
    let counts: [String: Int64]

    init(_ owner: BlockingConnection) throws {
        let rows = try owner.query(
            """
            select split_part(c.relname, '_', 1), sum((pgstattuple(c.oid)).dead_tuple_count)::bigint
            from pg_class c
            where c.relnamespace = 'subgate'::regnamespace and c.relkind = 'r'
                and c.relname ~ '^(event|delivery|attempt|lane|handover|transfer)(_[0-9]{6}|_default)?$'
            group by 1
            """)
        counts = Dictionary(uniqueKeysWithValues: rows.indices.map { (rows.string($0, 0), rows.int64($0, 1)) })
    }

    var description: String {
        "dead: " + counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}

/// How many buffers a look for due deliveries reads that finds none: a count, which no busy machine changes.
private struct Claims: CustomStringConvertible {
    let timed: Int64
    let waiting: Int64

    /// As a dispatcher looks that has looked before, ten minutes from now: a look passes over what died in the last
    /// quarter of a minute, and over nothing else.
    static func measure(_ owner: BlockingConnection) throws -> Claims {
        let common = "gen_random_uuid(), now() + interval '600 seconds', now() + interval '660 seconds', 500, '{}'"
        let from = "now() + interval '585 seconds'"
        return Claims(
            timed: try buffers(owner, .claimTimed, "\(common), \(from)"),
            waiting: try buffers(owner, .claimWaiting, "\(common), 20, \(from), 20, 500, null, null"))
    }

    private static func buffers(
        _ owner: BlockingConnection, _ statement: Statement, _ parameters: String
    ) throws -> Int64 {
        try owner.execute("begin; set local search_path = subgate, pg_catalog; set local enable_seqscan = off")
        defer { try? owner.execute("rollback; deallocate all") }
        // As the service's sessions are set; compiled, a look would take seconds.
        try owner.execute("set local plan_cache_mode = force_generic_plan; set local jit = off")
        try owner.execute("prepare look as \(statement.text)")
        // Counted with the look's own is what the session reads of catalogs: hundreds at the first time, and again
        // whenever other databases of the cluster, of other tests, have changed so much that it forgets what it knew.
        return try #require(try (0..<10).map { _ in try buffers(of: "execute look(\(parameters))", owner) }.min())
    }

    private static func buffers(of statement: String, _ owner: BlockingConnection) throws -> Int64 {
        let plan = try owner.query("explain (analyze, buffers, timing off, format json) \(statement)")
        let root = try JSONDocument.parse(Array(plan.string(0, 0).utf8)).root
        let whole = try #require(root.elements.first { _ in true }?["Plan"])
        return ["Shared Hit Blocks", "Shared Read Blocks"].reduce(0) { $0 + (whole[$1]?.integer ?? 0) }
    }

    var description: String { "\(timed) and \(waiting)" }
}
