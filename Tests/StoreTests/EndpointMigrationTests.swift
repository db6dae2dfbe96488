import Postgres
import SQL
import Store
import TestSupport
import Testing

@Suite struct EndpointMigrationTests {
    /// Endpoints that were made before they could have several secrets keep the one they have, also where whoever
    /// migrates is no superuser, whom row-level security would stop; removed ones have none.
    @Test(arguments: [true, false])
    func theSecretsThatAreThereStay(asSuperuser: Bool) async throws {
        try await onOwnThread {
            let database = try TestDatabase.makeEmpty()
            let connection = try database.owner()
            let migrating = asSuperuser ? connection : try database.newOwner()
            try Migrator(migrating, known: Migration.all.filter { $0.number < 13 }).run()
            try connection.execute(
                """
                insert into subgate.sub_client (id, legal_name, display_name, country, status, created_at, updated_at)
                values ('00000000-0000-7000-8000-000000000001', 'L', 'D', 'DE', 'active', now(), now());
                insert into subgate.endpoint (sub_client_id, id, environment, url, event_types, payload_format,
                    data_key_id, secret_sealed, enabled, created_at, updated_at, deleted_at)
                select '00000000-0000-7000-8000-000000000001', ('00000000-0000-7000-8000-00000000010' || n)::uuid,
                    'sandbox', 'https://a.example/', '{*}', 'mesh', gen_random_uuid(), n::text::bytea, true,
                    '2026-01-01Z', now(), case n when 2 then now() end
                from generate_series(1, 2) n
                """)
            try Migrator(migrating).run()
            let rows = try connection.query(
                """
                select e.deleted_at is null, k.id = e.id and k.secret_sealed = right(e.id::text, 1)::bytea
                    and k.created_at = e.created_at and num_nulls(k.expires_at, k.seed_sealed, k.public_key) = 3
                    and e.signatures = '{v1}' and e.ordering = 'none' and not e.supersede
                from subgate.endpoint e
                left join subgate.endpoint_secret k on k.sub_client_id = e.sub_client_id and k.endpoint_id = e.id
                order by e.id
                """)
            #expect(rows.indices.map { rows.bool($0, 0) } == [true, false])
            #expect(rows.bool(0, 1) && rows.isNull(1, 1))
            let forced = try connection.query(
                "select relforcerowsecurity from pg_class where oid = 'subgate.endpoint'::regclass")
            #expect(forced.bool(0, 0))
        }
    }
}
