import HTTPServer

/// `POST /sandbox/v1/account-faults`: which failures the next account calls meet. It replaces those that wait.
/// Loop-bound.
struct AccountFaultRoutes: Sendable {
    let faults: AccountFaults

    func set(_ request: Request) async -> Response {
        let id = request.head.requestId
        guard MediaType.isJSON(request.head.headers) else {
            return Problem.unsupportedMediaType.response(requestId: id)
        }
        let body: [UInt8]
        do throws(BodyError) {
            body = try await request.body.collect(upTo: SandboxLimits.controlBodyBytes)
        } catch {
            return (error == .tooLarge ? Problem.tooLarge : .unreadable).response(requestId: id)
        }
        do throws(Completion.Fault) {
            faults.set(try AccountFault.parse(body))
            return Response(status: 204)
        } catch {
            return Problem.invalid(error).response(requestId: id)
        }
    }
}
