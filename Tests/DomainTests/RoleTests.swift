import Domain
import Testing

@Suite struct RoleTests {
    /// The table once more, cell by cell, as a compliance officer would read it aloud: a change is made in two places.
    private static let expected = """
        viewSubClients      owner admin developer compliance support
        manageSubClients    owner admin
        activateSubClients  owner admin compliance
        manageBranding      owner admin developer
        manageCredentials   owner admin developer
        manageEndpoints     owner admin developer
        viewCompliance      owner admin developer compliance support
        manageCompliance    owner compliance
        viewEvents          owner admin developer compliance support
        operateDeliveries   owner admin developer support
        viewUpstreams       owner admin developer compliance support
        manageUpstreams     owner admin
        manageRegistration  owner admin developer
        viewTeam            owner admin compliance
        manageTeam          owner admin
        viewAudit           owner admin compliance
        erase               owner compliance
        viewUsage           owner admin developer compliance support
        """

    @Test func eachRoleMayWhatTheTableSaysAndNothingElse() {
        var rows: [Substring: Set<Substring>] = [:]
        for line in RoleTests.expected.split(separator: "\n") {
            let words = line.split(separator: " ")
            rows[words[0]] = Set(words.dropFirst())
        }
        #expect(rows.count == Permission.allCases.count)
        for permission in Permission.allCases {
            for role in Role.allCases {
                let may = rows[permission.rawValue[...]]?.contains(role.rawValue[...])
                #expect(role.allows(permission) == may, "\(role) \(permission)")
            }
        }
    }

    @Test func theTableHasOneRowOfEachPermission() {
        #expect(Role.table.map(\.permission) == Permission.allCases)
    }

    @Test func ownersMayEverything() {
        #expect(Permission.allCases.allSatisfy { Role.owner.allows($0) })
    }
}
