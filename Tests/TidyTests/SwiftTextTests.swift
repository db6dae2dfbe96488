import Testing

@Suite struct SwiftTextTests {
    @Test func commentsAndLiteralsAreBlankedAndLinesStay() {
        let text = SwiftText("let a = \"x{\" // {\n/* { /* { */\n*/ let b = #\"\"\"\n\"{\n\"\"\"#\nlet c = 1\n")
        #expect(!text.code.contains("{"))
        #expect(text.codeLines.count == 7)
        #expect(text.codeLines[5] == "let c = 1")
        #expect(text.literals == [.init(line: 1, text: "x{"), .init(line: 3, text: "\n\"{\n")])
    }

    @Test func interpolatedCodeIsCode() {
        let text = SwiftText(#"let a = "x\(b(")") + 1)y\"z""#)
        #expect(text.code.contains("b("))
        #expect(text.literals.map(\.text) == [")", "x y\"z"])
    }
}
