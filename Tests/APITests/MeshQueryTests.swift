import Domain
import Store
import Testing

@testable import API

@Suite struct MeshQueryTests {
    private func blamed(_ query: String) -> String? {
        do throws(MeshProblem) {
            _ = try MeshTransferRequest(MeshQuery(Array(query.utf8)[...]))
            return nil
        } catch {
            #expect(error.status == 400 && error.word == .badRequest && error.errorType == Array("invalidField".utf8))
            return String(decoding: error.message, as: UTF8.self).split(separator: " ").dropFirst(2).first.map {
                String($0)
            }
        }
    }

    @Test(arguments: [
        ("Count=0", "Count"), ("count=1001", "Count"), ("COUNT=1.0", "Count"), ("Count=%201", "Count"),
        ("Offset=-1", "Offset"), ("Offset=49001", "Offset"), ("Id=x", "Id"),
        ("ClientTransactionId=%00", "ClientTransactionId"), ("UserId=%FF", "UserId"),
        ("IntegrationIds=1", "IntegrationIds"),
        ("Statuses=pending&Statuses=done", "Statuses"), ("statuses=pending,failed", "Statuses"),
        ("FromTimestamp=soon", "FromTimestamp"), ("ToTimestamp=253402300800", "ToTimestamp"),
        ("MinAmountInFiat=-1", "MinAmountInFiat"), ("MaxAmountInFiat=1e999", "MaxAmountInFiat"),
        ("MaxAmountInFiat=1%20", "MaxAmountInFiat"), ("OrderBy=price", "OrderBy"),
        ("DescendingOrder=1", "DescendingOrder"),
        ("Hash=%0a", "Hash"), ("SubClientId=sc_1", "SubClientId"), ("IsSandBox=maybe", "IsSandBox"),
        ("IncludeWebhooksLogs=yes", "IncludeWebhooksLogs"), ("Count=1&count=2", "Count"),
        (String(repeating: "Statuses=failed&", count: 6), "Statuses"),
    ])
    func whatIsWrongIsNamed(query: String, name: String) { #expect(blamed(query) == name) }

    @Test func absentEmptyAndUnknownAreAsGoodAsNone() throws {
        for query in ["", "Id=&Count=", "utm=1&Id", "&&", "Statuses="] {
            let request = try MeshTransferRequest(MeshQuery(Array(query.utf8)[...]))
            #expect(request.query.count == 10 && request.query.offset == 0)
            #expect(request.query.upstreamTransferID == nil && request.query.statuses == nil)
            #expect(request.query.isDescending && request.query.order == .createdTimestamp)
        }
    }

    @Test func namesAndWordsMatchWithoutCase() throws {
        let text =
            "COUNT=25&offset=5&STATUSES=Pending&Statuses=FAILED&orderby=AMOUNTINFIAT&minamountinfiat=1.50e1&"
            + "fromtimestamp=10&totimestamp=10&clienttransactionid=Order+1&isSANDbox=TRUE&IncludeWebhooksLogs=True"
        let query = try MeshTransferRequest(MeshQuery(Array(text.utf8)[...])).query
        #expect(query.count == 25 && query.offset == 5 && query.order == .amountInFiat && !query.isDescending)
        #expect(query.statuses == [.unknown, .pending, .failed])
        #expect(query.minAmountInFiat == Array("15".utf8) && query.transactionID == Array("Order 1".utf8))
        #expect(query.from == Timestamp(seconds: 10) && query.until == Timestamp(seconds: 11))
        #expect(query.includesWebhookLogs)
    }
}
