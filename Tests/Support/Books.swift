import Postgres

/// What the database says when a run is over.
package struct Books: Sendable {
    package let delivered: Int
    package let others: Int
    package let leased: Int
    /// Deliveries whose attempts on record differ from those counted.
    package let attempts: Int

    package init(_ installation: Installation) throws {
        let owner = try installation.owner()
        let rows = try owner.query(
            """
            select count(*) filter (where status = 'delivered'), count(*) filter (where status <> 'delivered'),
                count(*) filter (where lease_owner is not null), (select count(*) from subgate.attempt)
            from subgate.delivery
            """)
        delivered = Int(rows.int64(0, 0))
        others = Int(rows.int64(0, 1))
        leased = Int(rows.int64(0, 2))
        attempts = Int(rows.int64(0, 3))
    }
}
