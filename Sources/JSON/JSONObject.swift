/// The members of a JSON object, in the order written.
///
/// Keys are told apart by their bytes. Swift's strings compare by canonical equivalence, by which "é" in its two
/// spellings is one key; to JSON, and in a vocabulary, they are two.
package struct JSONObject: Sendable, Equatable {
    /// A key with its value.
    package struct Member: Sendable, Equatable {
        /// The key.
        package let key: String
        /// Its value.
        package let value: JSONValue
    }

    private struct ExactKey: Hashable {
        let text: String

        static func == (a: Self, b: Self) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

        func hash(into hasher: inout Hasher) {
            var text = text
            text.withUTF8 { unsafe hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }

    /// The members, in the order written.
    package private(set) var members: [Member] = []
    private var places: [ExactKey: Int] = [:]

    /// An object without members.
    package init() {}

    /// The number of members.
    package var count: Int { members.count }

    /// The value of a key; nil when it is not there.
    package subscript(_ key: String) -> JSONValue? {
        places[ExactKey(text: key)].map { members[$0].value }
    }

    /// Adds a member.
    /// - Returns: whether the key was new; otherwise nothing is added.
    package mutating func append(_ key: String, _ value: JSONValue) -> Bool {
        let place = places.updateValue(members.count, forKey: ExactKey(text: key))
        if let place {
            places[ExactKey(text: key)] = place
            return false
        }
        members.append(Member(key: key, value: value))
        return true
    }

    /// Whether two objects have the same members in the same order.
    package static func == (a: Self, b: Self) -> Bool { a.members == b.members }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object as it is written in Swift.
    ///
    /// - Precondition: no key is there twice.
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements {
            let isNew = append(key, value)
            precondition(isNew, "\(key) twice")
        }
    }
}
