import Testing

@testable import Inference

@Suite("Inputs")
struct TextInputTests {
    @Test("are equal if their bytes are, not if their characters are")
    func bytes() {
        #expect("\u{E9}" == "e\u{301}")
        #expect(TextInput.text("\u{E9}") != .text("e\u{301}"))
        #expect(TextInput.pair("a", "\u{E9}") != .pair("a", "e\u{301}"))
        #expect(TextInput.pair("a", "b") == .pair("a", "b"))
        #expect(Set([TextInput.text("\u{E9}"), .text("e\u{301}"), .text("\u{E9}")]).count == 2)
        #expect(TextInput.ids([1, 2]) == .ids([1, 2]))
        #expect(TextInput.text("a") != .pair("a", ""))
    }
}
