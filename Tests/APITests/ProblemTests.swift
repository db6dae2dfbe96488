import Testing

@testable import API

@Suite struct ProblemTests {
    private let requestID = Array("req_1".utf8)

    private func text(_ problem: Problem) -> String {
        String(decoding: problem.body(requestID: requestID), as: UTF8.self)
    }

    @Test func aProblemIsRFC9457WithACode() {
        #expect(
            text(.notFound)
                == #"{"type":"about:blank","title":"Not found","status":404,"code":"notFound","#
                + #""detail":"Nothing of yours has this address.","requestId":"req_1"}"#)
    }

    @Test func badFieldsAreListed() {
        let problem = Problem.invalid([.init(field: "a[1]", message: "is \"bad\"")])
        #expect(
            text(problem)
                == #"{"type":"about:blank","title":"Invalid request","status":400,"code":"invalid","#
                + #""detail":"One field is not right.","requestId":"req_1","#
                + #""errors":[{"field":"a[1]","message":"is \"bad\""}]}"#)
    }

    @Test func everyCodeHasItsStatus() {
        let statuses = Problem.Code.allCases.map(\.status)
        #expect(statuses == [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429, 500, 503])
    }

    @Test func theServersOwnAnswersKeepTheirStatus() {
        let answer = Problem.serverError(status: 431, requestID: requestID)
        #expect(answer.contentType == "application/problem+json")
        #expect(String(decoding: answer.body, as: UTF8.self).contains(#""status":431,"code":"invalid""#))
    }

    @Test func anEnvelopeHasMeshsShape() {
        var problem = MeshProblem(400, .badRequest, "The UserId field is required.", errorType: "missingField")
        problem.errorHash = Array("7dcbb73d".utf8)
        #expect(
            String(decoding: problem.body(requestID: requestID), as: UTF8.self)
                == #"{"status":"badRequest","message":"The UserId field is required.","displayMessage":null,"#
                + #""errorHash":"7dcbb73d","teamCode":null,"errorType":"missingField","errorData":null,"content":null}"#
        )
    }

    @Test func anEnvelopeOfSuccessHasAnEmptyMessage() {
        let body = MeshEnvelope.ok(
            content: Array(#"{"linkToken":"x"}"#.utf8), errorHash: nil, teamCode: nil, requestID: requestID)
        #expect(
            String(decoding: body, as: UTF8.self)
                == #"{"content":{"linkToken":"x"},"status":"ok","message":"","displayMessage":null,"#
                + #""errorHash":"\#(String(decoding: MeshEnvelope.errorHash(requestID), as: UTF8.self))","#
                + #""teamCode":null,"errorType":"","errorData":null}"#)
        #expect(MeshEnvelope.errorHash(requestID).count == 8)
    }
}
