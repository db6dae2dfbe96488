import Domain
import JSON
import Store

/// Members of answers, one line each: a name, and a value of one of our types. Nil is null.
extension JSONWriter {
    mutating func member(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    mutating func member(_ name: String, _ value: [UInt8]) {
        key(name)
        string(value)
    }

    mutating func member(_ name: String, _ value: [UInt8]?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    mutating func member(_ name: String, _ value: Int64) {
        key(name)
        integer(value)
    }

    mutating func member(_ name: String, _ value: Int32?) {
        key(name)
        if let value { integer(Int64(value)) } else { null() }
    }

    mutating func member(_ name: String, _ value: Bool) {
        key(name)
        bool(value)
    }

    mutating func member<Kind>(_ name: String, _ value: Identifier<Kind>?) { member(name, value?.text) }

    mutating func member(_ name: String, _ value: UUIDValue?) { member(name, value?.text) }

    mutating func member(_ name: String, _ value: Timestamp?) { member(name, value?.rfc3339()) }

    mutating func member(_ name: String, word value: (some RawRepresentable<String>)?) {
        key(name)
        if let value { string(value.rawValue) } else { null() }
    }

    /// A value that is JSON already.
    mutating func member(_ name: String, json value: [UInt8]) {
        key(name)
        raw(value)
    }
}

/// One JSON object.
func jsonObject(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    write(&json)
    json.endObject()
    return json.bytes
}

extension Page {
    /// `{"data":[…],"nextCursor":…}`
    func json(_ write: (Item, inout JSONWriter) -> Void) -> [UInt8] {
        jsonObject { json in
            json.key("data")
            json.beginArray()
            for item in items {
                json.beginObject()
                write(item, &json)
                json.endObject()
            }
            json.endArray()
            json.member("nextCursor", next?.text)
        }
    }
}
