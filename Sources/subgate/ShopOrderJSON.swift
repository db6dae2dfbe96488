import Domain
import JSON

extension ShopOrder {
    /// What the shop's page is told of an order.
    func write(_ json: inout JSONWriter) {
        json.beginObject()
        json.members([
            ("id", id), ("sku", product.sku), ("name", product.name), ("status", status.rawValue),
            ("amount", product.price), ("symbol", ShopTill.symbol), ("network", ShopTill.network),
            ("address", ShopTill.address), ("madeAt", madeAt.text),
        ])
        json.key("refund")
        if let refund { json.string(refund) } else { json.null() }
        json.key("version")
        json.integer(Int64(version))
        json.key("repeats")
        json.integer(Int64(repeats))
        json.key("exchange")
        if let exchange { exchange.write(&json) } else { json.null() }
        json.key("webhooks")
        json.beginArray()
        for arrival in arrivals { arrival.write(&json) }
        json.endArray()
        json.endObject()
    }
}

extension ShopOrder.Exchange {
    fileprivate func write(_ json: inout JSONWriter) {
        json.beginObject()
        json.members([("method", method), ("url", url)])
        json.headers(headers)
        json.key("body")
        json.string(body)
        json.key("status")
        if let status { json.integer(Int64(status)) } else { json.null() }
        json.key("milliseconds")
        json.integer(Int64(milliseconds))
        json.key("answer")
        json.string(answer)
        json.endObject()
    }
}

extension ShopOrder.Arrival {
    fileprivate func write(_ json: inout JSONWriter) {
        json.beginObject()
        json.members([("id", id), ("at", at.text), ("status", status), ("verdict", verdict.words)])
        json.headers(headers)
        json.key("body")
        json.string(body)
        json.key("origin")
        if let origin {
            json.beginObject()
            json.members([
                ("receivedAt", origin.receivedAt), ("upstreamEventId", origin.upstreamEventID),
                ("transferId", origin.transferID),
            ])
            json.endObject()
        } else {
            json.null()
        }
        json.endObject()
    }
}

extension ShopOrder.Verdict {
    /// For a person.
    var words: String {
        switch self {
        case .moved(.paid): "amount, token, network and address are as ordered: paid"
        case .moved(.processing): "the transfer has begun: nothing is paid yet"
        case .moved(.failed): "the transfer failed: nothing was paid"
        case .moved(let other): other.rawValue
        case .repeated: "it came before: nothing is done twice"
        case .noted: "noted: the order stays as it is"
        case .differs(let words): "\(words): not paid, a person has to look"
        }
    }
}

extension JSONWriter {
    /// Members of the object under way that are texts.
    mutating func members(_ pairs: [(name: String, value: String)]) {
        for (name, value) in pairs {
            key(name)
            string(value)
        }
    }

    fileprivate mutating func headers(_ headers: [(name: String, value: String)]) {
        key("headers")
        beginArray()
        for header in headers {
            beginObject()
            members([("name", header.name), ("value", header.value)])
            endObject()
        }
        endArray()
    }
}

extension Timestamp {
    fileprivate var text: String { String(decoding: rfc3339(.milliseconds), as: UTF8.self) }
}
