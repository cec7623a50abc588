import WeirCore

/// Gemini's own schemas, a subset of OpenAPI 3.0 with types in capitals, as the JSON schemas that
/// all other wires take.
///
/// What isn't known stays as it is. Numbers may come as text, as protocol buffers write 64 bits.
/// https://ai.google.dev/api/caching#Schema
enum GeminiSchema {
    static func jsonSchema(_ schema: JSON) -> JSON {
        guard let members = schema.object?.members else { return schema }
        var result = JSONObject()
        var isNullable = false
        var order: [String] = []
        for member in members {
            let name = camelCase(member.name)
            switch name {
            case "type":
                guard member.value != "TYPE_UNSPECIFIED" else { continue }
                result.append(
                    "type", member.value.string.map { .string($0.lowercased()) } ?? member.value)
            case "nullable": isNullable = member.value == true
            case "propertyOrdering": order = member.value.array?.compactMap(\.string) ?? []
            case "format" where member.value == "enum": continue
            case "example": result.append("examples", [member.value])
            case "properties", "defs", "$defs":
                result.append(name == "defs" ? "$defs" : name, eachMember(member.value))
            case "items", "additionalProperties": result.append(name, jsonSchema(member.value))
            case "anyOf", "oneOf", "allOf", "prefixItems":
                let schemas = member.value.array?.map(jsonSchema)
                result.append(name, schemas.map(JSON.array) ?? member.value)
            case "ref": result.append("$ref", reference(member.value))
            case _ where counts.contains(name): result.append(name, number(member.value))
            default: result.append(name, member.value)
            }
        }
        sort(&result, by: order)
        if isNullable { addNull(&result) }
        return .object(result)
    }

    private static let counts: Set<String> = [
        "minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties",
    ]

    /// Names of properties are the caller's own: only what they name is a schema.
    private static func eachMember(_ json: JSON) -> JSON {
        guard let members = json.object?.members else { return json }
        return .object(
            JSONObject(members.map { .init(name: $0.name, value: jsonSchema($0.value)) }))
    }

    private static func number(_ json: JSON) -> JSON {
        guard let text = json.string, let number = Int64(text) else { return json }
        return JSON(number)
    }

    private static func reference(_ json: JSON) -> JSON {
        let start = "#/defs/"
        guard let text = json.string, text.utf8.starts(with: start.utf8) else { return json }
        return .string(
            "#/$defs/" + text.unicodeScalars.dropFirst(start.utf8.count).map(String.init).joined())
    }

    /// The order in which the model is to write the properties, which JSON schemas tell by theirs.
    private static func sort(_ schema: inout JSONObject, by order: [String]) {
        guard !order.isEmpty, let properties = schema["properties"]?.object else { return }
        var ranks: [String: Int] = [:]
        for (rank, name) in order.enumerated() where ranks[name] == nil { ranks[name] = rank }
        let sorted = properties.members.enumerated().sorted { left, right in
            let ranked = (
                ranks[left.element.name] ?? order.count, ranks[right.element.name] ?? order.count
            )
            return (ranked.0, left.offset) < (ranked.1, right.offset)
        }
        schema.set("properties", .object(JSONObject(sorted.map(\.element))))
    }

    private static func addNull(_ schema: inout JSONObject) {
        if let type = schema["type"]?.string {
            schema.set("type", [.string(type), "null"])
        } else if let choices = schema["anyOf"]?.array {
            schema.set("anyOf", .array(choices + [["type": "null"]]))
        }
        if let values = schema["enum"]?.array, !values.contains(.null) {
            schema.set("enum", .array(values + [.null]))
        }
    }
}
