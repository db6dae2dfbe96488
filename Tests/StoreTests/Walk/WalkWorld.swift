import Domain
import Postgres
import Runtime
import Store
import TestSupport

/// A sub-client with one endpoint, two nodes that take deliveries, and the means to put all of it back as it was: so a
/// walk can go on from any state it has been in.
struct WalkWorld: Sendable {
    /// What stands in one delivery's row.
    struct Row: Hashable, Sendable {
        enum Due: String, Sendable { case never, now, later }
        enum Owner: String, Sendable { case nobody, a, b }
        var id: DeliveryID
        var type: EventType
        var status: DeliveryStatus
        var due: Due
        var owner: Owner
        var attempts: Int32
        var failures: Int32
        /// Rows of attempts.
        var recorded: Int64
        var isOldNews: Bool
    }

    /// What stands in the database, as far as it matters to deliveries.
    struct Facts: Hashable, Sendable {
        var rows: [Row] = []
        var isEnabled = true
        var isDeleted = false
        /// Types of stored events.
        var events: [String] = []
        /// Of handovers: whose, and whether the lease has ended.
        var handovers: [String] = []
        /// Of the lane: when it is looked at, whether it closes, its breaker and its pause.
        var lane = ""
        var laneIsLookedAt = false
        /// Rows that wait before the place from which the lane is looked through.
        var passedOver: Int64 = 0
        var isErasing = false
    }

    let fixture: StoreFixture
    let seed: Seed
    let endpoint: EndpointID
    let session: LinkSessionID
    let upstreamTransfer: UUIDValue
    let nodes: [UUIDValue]
    private let owner: BlockingConnection
    var store: Store { fixture.store }
    var now: Timestamp { store.clock.now() }

    private static let tables = [
        "endpoint", "endpoint_secret", "lane", "delivery", "handover", "event", "event_key", "attempt", "transfer",
        "link_session", "operator_notice", "node", "recovery", "erasure",
    ]

    init(_ fixture: StoreFixture, governed: Bool) async throws {
        self.fixture = fixture
        seed = try await Seed.make(fixture.store)
        endpoint = try await seed.endpoint()
        session = try await seed.linkSession()
        upstreamTransfer = fixture.store.identifiers.nextUUID()
        nodes = [fixture.store.identifiers.nextUUID(), fixture.store.identifiers.nextUUID()]
        owner = try fixture.testDatabase.owner()
        if governed {
            try owner.execute("update subgate.endpoint set ordering = 'transfer', supersede = true")
        }
        // No trigger answers what is put back.
        try owner.execute(
            "set jit = off; set session_replication_role = replica; set search_path = subgate, pg_catalog")
        try owner.execute(try Self.functions(owner))
    }

    // MARK: All of it, and back

    /// What there is, as JSON.
    func save() throws -> [UInt8] { try owner.query("select save_walk()::text").text(0, 0) }

    /// Puts back what was saved at `moment`, and the time.
    func restore(_ saved: [UInt8], _ moment: Timestamp) throws {
        _ = try owner.query("select restore_walk($1::text::jsonb)", parameters: [.text(saved)])
        fixture.clock.advance(by: moment - now)
    }

    /// What is put back again and again leaves dead rows, which every look reads past.
    func tidy() throws { try owner.execute("vacuum \(Self.tables.joined(separator: ", "))") }

    /// In a language that keeps its plans.
    private static func functions(_ owner: BlockingConnection) throws -> String {
        let saving = tables.map { "'\($0)', (select coalesce(jsonb_agg(to_jsonb(t)), '[]') from \($0) t)" }
        let restoring = try tables.map { table in
            let columns = try owner.query(
                """
                select string_agg(quote_ident(attname), ', ') from pg_attribute
                where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = ''
                """, parameters: [.string(table)]
            ).string(0, 0)
            return """
                delete from \(table);
                insert into \(table) (\(columns))
                select \(columns) from jsonb_populate_recordset(null::\(table), saved -> '\(table)');
                """
        }
        return """
            create function save_walk() returns jsonb language plpgsql as $$
            begin
                return jsonb_build_object(\(saving.joined(separator: ", ")));
            end $$;
            create function restore_walk(saved jsonb) returns void language plpgsql as $$
            begin
                \(restoring.joined(separator: "\n"))
            end $$;
            create function walk_rows(moment timestamptz, a uuid, b uuid) returns table (id uuid, type text,
                status text, due text, owner text, attempts int, failures int, recorded bigint, is_old_news boolean)
                language plpgsql as $$
            #variable_conflict use_column
            begin
                return query \(rowsQuery);
            end $$;
            create function walk_rest(moment timestamptz, a uuid) returns table (is_enabled boolean, is_deleted boolean,
                events text[], handovers text[], lane text, is_looked_at boolean, passed_over bigint,
                is_erasing boolean)
                language plpgsql as $$
            #variable_conflict use_column
            begin
                return query \(restQuery);
            end $$;
            """
    }

    // MARK: Looking

    func facts() throws -> Facts {
        var facts = Facts()
        let moment: Parameter = .timestamp(microsecondsSince1970: now.microseconds)
        let names: [Parameter] = [moment] + nodes.map { .uuid(high: $0.high, low: $0.low) }
        let rows = try owner.query("select * from walk_rows($1, $2, $3)", parameters: names)
        facts.rows = rows.indices.map { row in
            Row(
                id: WalkWorld.id(rows, row), type: .init(rawValue: rows.string(row, 1))!,
                status: .init(rawValue: rows.string(row, 2))!, due: .init(rawValue: rows.string(row, 3))!,
                owner: .init(rawValue: rows.string(row, 4))!, attempts: rows.int32(row, 5),
                failures: rows.int32(row, 6), recorded: rows.int64(row, 7), isOldNews: rows.bool(row, 8))
        }
        let rest = try owner.query("select * from walk_rest($1, $2)", parameters: Array(names.prefix(2)))
        facts.isEnabled = rest.bool(0, 0)
        facts.isDeleted = rest.bool(0, 1)
        facts.events = rest.stringArray(0, 2).compactMap { $0 }
        facts.handovers = rest.stringArray(0, 3).compactMap { $0 }
        facts.lane = rest.string(0, 4)
        facts.laneIsLookedAt = rest.bool(0, 5)
        facts.passedOver = rest.int64(0, 6)
        facts.isErasing = rest.bool(0, 7)
        return facts
    }

    private static func id(_ rows: Rows, _ row: Int) -> DeliveryID {
        let (high, low) = rows.uuid(row, 0)
        return DeliveryID(UUIDValue(high: high, low: low))
    }

    private static let rowsQuery = """
        select d.id, d.event_type, d.status::text,
            case when d.due_at is null then 'never' when d.due_at <= moment then 'now' else 'later' end,
            case when d.lease_owner is null then 'nobody' when d.lease_owner = a then 'a'
                when d.lease_owner = b then 'b' end,
            d.attempts, d.failures,
            (select count(*) from attempt t where t.sub_client_id = d.sub_client_id and t.delivery_id = d.id),
            d.last_error is not distinct from 'superseded'
        from delivery d
        order by d.id
        """

    private static let restQuery = """
        select e.enabled, e.deleted_at is not null,
            array(select v.type from event v order by v.id),
            array(select case when h.node_id = a then 'a' else 'b' end
                || case when h.lease_end <= moment then ' ended' else '' end from handover h),
            coalesce(case when l.ready_at is null then 'never' when l.ready_at <= moment then 'now' else 'later' end
                || case when l.is_closing then ' closing ' else ' ' end || l.breaker
                || case when l.paused_until > moment then ' paused' else '' end, ''),
            l.ready_at is not null,
            (select count(*) from delivery d where d.due_at is null and d.id < l.scan_from
                and (d.status in ('pending', 'retrying') or d.status = 'held' and e.enabled)),
            exists (select from erasure)
        from endpoint e
        left join lane l on l.endpoint_id = e.id
        """
}
