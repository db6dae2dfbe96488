import Postgres
import SQL
import Store
import TestSupport
import Testing

@Suite struct CredentialMigrationTests {
    /// Credentials that were made before they could have several secrets keep the one they have, and the search finds
    /// their sub-clients: also where whoever migrates is no superuser, whom row-level security would stop.
    @Test(arguments: [true, false])
    func theSecretsThatAreThereStay(asSuperuser: Bool) async throws {
        try await onOwnThread {
            let database = try TestDatabase.makeEmpty()
            let connection = try database.owner()
            let migrating = asSuperuser ? connection : try database.newOwner()
            try Migrator(migrating, known: Migration.all.filter { $0.number < 4 }).run()
            try connection.execute(
                """
                insert into subgate.sub_client (id, legal_name, display_name, country, status, created_at, updated_at)
                values ('00000000-0000-7000-8000-000000000001', 'L', 'D', 'DE', 'active', now(), now());
                insert into subgate.credential (sub_client_id, id, client_id, environment, access, name, secret_digest,
                    pepper_id, secret_hint, created_at, expires_at, revoked_at)
                select '00000000-0000-7000-8000-000000000001', ('00000000-0000-7000-8000-00000000010' || n)::uuid,
                    gen_random_uuid(), 'sandbox', 'read', 'n' || n, sha256(n::text::bytea), 'p1', 'abc' || n,
                    '2026-01-01Z', '2099-01-01Z', case n when 2 then now() end
                from generate_series(1, 2) n
                """)
            try Migrator(migrating).run()
            let rows = try connection.query(
                """
                select k.id = c.id and k.digest = sha256(right(c.name, 1)::bytea) and k.pepper_id = 'p1'
                    and k.hint = 'abc' || right(c.name, 1) and k.created_at = c.created_at
                    and num_nulls(k.expires_at, k.revoked_at, k.last_used_at) = 3 and c.allowed_ips = '{}',
                    c.revoked_at is null
                from subgate.credential c
                join subgate.credential_secret k on k.sub_client_id = c.sub_client_id and k.credential_id = c.id
                order by c.id
                """)
            #expect(rows.indices.map { rows.bool($0, 0) } == [true, true])
            #expect(rows.indices.map { rows.bool($0, 1) } == [true, false])
            let forced = try connection.query(
                "select relforcerowsecurity from pg_class where oid = 'subgate.credential'::regclass")
            #expect(forced.bool(0, 0))
            let app = try BlockingConnection(database.connectionString)
            try app.execute("begin; select set_config('subgate.platform', 'on', true)")
            for (filters, count) in [("null, null, null", 1), ("'active', null, null", 1), ("null, null, 'd'", 1)] {
                let found = "select subgate.find_sub_clients(\(filters), null, null, null, null, 9)"
                #expect(try app.query(found).count == count, "\(filters)")
            }
        }
    }
}
