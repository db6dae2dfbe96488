/// One operation of Mesh's Account Management API.
package enum AccountOperation: String, CaseIterable, Sendable {
    case createToken, listSubClients, createSubClient, getSubClient, replaceSubClient, deleteSubClient
    case uploadLogo, deleteLogo, getCallbackUrls, setCallbackUrls, getAccount, setAccount
}
