package import Postgres

/// Looks for texts in every row of every table of the service, whichever columns they stand in.
package enum Remains {
    /// The tables with a row that holds one of the texts, plain or in bytes, and the text: `table: text`.
    package static func find(_ texts: [String], _ owner: BlockingConnection) throws -> [String] {
        let tables = try owner.query(
            """
            select c.relname::text from pg_class c
            where c.relnamespace = 'subgate'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
            order by 1
            """)
        var found: [String] = []
        for table in tables.indices.map({ tables.string($0, 0) }) {
            for text in texts {
                // A row as text shows bytes in hexadecimal.
                let rows = try owner.query(
                    """
                    select count(*) from subgate.\(table) t
                    where position($1 in t::text) > 0 or position(encode(convert_to($1, 'UTF8'), 'hex') in t::text) > 0
                    """, parameters: [.string(text)])
                if rows.int64(0, 0) > 0 { found.append("\(table): \(text)") }
            }
        }
        return found
    }
}
