import JSON
import PolicyFiles
import Testing

@Suite struct PolicySchemaTests {
    @Test func `every key that the reader knows is described and no other`() {
        #expect(PolicySchema().undescribedKeys == [])
    }

    @Test func `no object takes a key that is not described, and every property says what it means`() throws {
        var objects = 0
        func look(_ schema: JSON, _ path: String) {
            if let properties = schema["properties"]?.object {
                objects += 1
                #expect(schema["additionalProperties"] == false, "\(path)")
                for member in properties {
                    #expect(member.value["description"] != nil, "\(path)/\(member.key)")
                }
            }
            for member in schema.object ?? [:] { look(member.value, "\(path)/\(member.key)") }
            for (index, value) in (schema.array ?? []).enumerated() { look(value, "\(path)/\(index)") }
        }
        look(PolicySchema().document, "")
        #expect(objects == 13)
    }
}
