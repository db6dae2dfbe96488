import Foundation
import JSON
import Postgres
import TestSupport
import Testing

extension OverTime {
    /// The audit chain of the running program, proved by the program's own command without the service.
    @Suite struct AuditChainTests {
        @Test func anExportIsProvedOfflineAndTamperingIsFound() throws {
            let stage = try Stage()
            let merchant = try stage.merchant("audited")
            _ = try merchant.endpoint("/hooks")
            let export = try stage.admin("GET", "/admin/v1/audit/export")
            #expect(export.status == 200)
            let file = "\(stage.installation.folder)/audit.ndjson"
            try Data(export.body).write(to: URL(fileURLWithPath: file))
            let said = try Program.run(["check", "audit", file])
            let head = try stage.admin("GET", "/admin/v1/audit/verify").json(200).text(at: "head.hash")
            #expect(said.hasPrefix("ok ") && said.hasSuffix(head))

            let text = String(decoding: export.body, as: UTF8.self)
            let changed = text.replacing("member.created", with: "member.deleted")
            try Data(changed.utf8).write(to: URL(fileURLWithPath: file))
            let failure = #expect(throws: Program.Failed.self) { try Program.run(["check", "audit", file]) }
            #expect(failure?.description.contains("entry 1 is the first that is broken") == true)
            #expect(throws: Program.Failed.self) { try Program.run(["check", "audit", "/nonexistent"]) }
        }

        /// A lost key of the only owner is no end: the operator, who holds the pepper, makes another owner.
        @Test func anOwnerIsMadeAgainOnlyWhenNoneCanAct() throws {
            let installation = try Installation()
            #expect(throws: Program.Failed.self) { try installation.bootstrap() }
            try installation.owner().execute("update subgate.admin_key set revoked_at = now()")
            #expect(try installation.bootstrap().hasPrefix("sk_admin_"))
        }
    }
}
