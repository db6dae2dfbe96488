import HTTPClient
import JSON
import Runtime

/// Calls this machine's own admin and tenant API, as anyone else would.
struct AdminClient: Sendable {
    let client: HTTPClient
    let baseURL: String
    let key: String

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The answer's JSON. Throws for anything but a 2xx.
    func call(
        _ method: OutgoingRequest.Method, _ path: String, _ body: [UInt8] = [], type: String = "application/json"
    ) async throws(Failure) -> JSONValue {
        let url: TargetURL
        do {
            url = try TargetURL(Array((baseURL + path).utf8), options: .development)
        } catch {
            throw Failure(description: "\(baseURL)\(path) is no URL: \(error)")
        }
        let response: IncomingResponse
        do {
            response = try await client.send(
                OutgoingRequest(
                    method: method, url: url,
                    headers: [
                        (name: "authorization", value: Array("Bearer \(key)".utf8)),
                        (name: "content-type", value: Array(type.utf8)),
                    ], body: body, connectTimeout: .seconds(5), totalTimeout: .seconds(15),
                    responseLimit: 1 << 20, policy: .allowPrivate, partition: 0))
        } catch {
            throw Failure(description: "\(method.rawValue) \(path): \(error.code)")
        }
        guard (200..<300).contains(response.status) else {
            throw Failure(
                description:
                    "\(method.rawValue) \(path): \(response.status) \(String(decoding: response.body, as: UTF8.self))")
        }
        let text = response.body.isEmpty ? Array("null".utf8) : response.body
        guard let document = try? JSONDocument.parse(text) else {
            throw Failure(description: "\(method.rawValue) \(path): the answer is not JSON")
        }
        return document.root
    }

    /// A flat JSON object of strings and lists of strings.
    static func object(_ members: [(String, Member)]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        for (name, member) in members {
            writer.key(name)
            switch member {
            case .text(let text): writer.string(text)
            case .list(let items):
                writer.beginArray()
                for item in items { writer.string(item) }
                writer.endArray()
            }
        }
        writer.endObject()
        return writer.bytes
    }

    enum Member: Sendable {
        case text(String)
        case list([String])
    }
}
