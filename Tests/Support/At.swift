/// An element that a test wanted and that was not there.
package struct NoSuchElement: Error, CustomStringConvertible {
    package let description: String
}

extension Collection {
    /// The element `offset` places behind the first; throws `NoSuchElement` where a subscript would end the whole
    /// process of the tests, as it does when what was waited for came short.
    package func at(_ offset: Int, file: StaticString = #fileID, line: UInt = #line) throws(NoSuchElement) -> Element {
        guard let place = index(startIndex, offsetBy: offset, limitedBy: endIndex), place != endIndex else {
            throw NoSuchElement(description: "\(file):\(line): no element \(offset) of \(count): \(self)")
        }
        return self[place]
    }
}
