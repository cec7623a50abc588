/// How each provider words its complaints about a request.
struct SandboxVoice: Sendable {
    let provider: SandboxProvider

    /// Protocol buffers' JSON: field names in either case, null for unset.
    var isProto: Bool { provider == .gemini }

    func unknown(_ name: String, at path: String) -> SandboxFailure {
        let full = path.isEmpty ? name : "\(path).\(name)"
        switch provider {
        case .openai, .compatible, .deepseek:
            return .init(
                status: 400, "Unknown parameter: '\(full)'.", parameter: full,
                code: provider == .deepseek ? nil : "unknown_parameter")
        case .anthropic:
            return .init(status: 400, "\(dotted(full)): Extra inputs are not permitted")
        case .gemini:
            let place = path.isEmpty ? "" : " at '\(path)'"
            return .init(
                status: 400,
                "Invalid JSON payload received. Unknown name \"\(name)\"\(place): "
                    + "Cannot find field.", parameter: path)
        }
    }

    func missing(_ path: String) -> SandboxFailure {
        switch provider {
        case .openai, .compatible:
            return .init(
                status: 400, "Missing required parameter: '\(path)'.", parameter: path,
                code: "missing_required_parameter")
        case .deepseek:
            return .init(
                status: 422,
                "Failed to deserialize the JSON body into the target type: "
                    + "missing field `\(path)`")
        case .anthropic:
            return .init(status: 400, "\(dotted(path)): Field required")
        case .gemini:
            return .init(
                status: 400, "* GenerateContentRequest.\(path): \(path) is not specified\n",
                parameter: path)
        }
    }

    func wrongType(_ path: String, _ expected: String, _ value: SandboxJSON) -> SandboxFailure {
        switch provider {
        case .openai, .compatible:
            return .init(
                status: 400,
                "Invalid type for '\(path)': expected \(expected), but got \(value.typeName) "
                    + "instead.", parameter: path, code: "invalid_type")
        case .deepseek:
            return .init(
                status: 422,
                "Failed to deserialize the JSON body into the target type: \(path): invalid "
                    + "type: \(value.typeName), expected \(expected)")
        case .anthropic:
            let noun = expected.split(separator: " ").dropFirst().joined(separator: " ")
            return .init(status: 400, "\(dotted(path)): Input should be a valid \(noun)")
        case .gemini:
            return .init(
                status: 400,
                "Invalid value at '\(path)', expected \(expected), got \(value.text())",
                parameter: path)
        }
    }

    func outOfRange(
        _ path: String, _ value: SandboxJSON, _ lowest: String, _ highest: String
    ) -> SandboxFailure {
        self.value(path, "expected a value between \(lowest) and \(highest), got \(value.text())")
    }

    func empty(_ path: String) -> SandboxFailure {
        value(path, "at least one item is required")
    }

    /// Any other fault of a field's value.
    func value(_ path: String, _ reason: String) -> SandboxFailure {
        switch provider {
        case .openai, .compatible:
            .init(
                status: 400, "Invalid '\(path)': \(reason).", parameter: path,
                code: "invalid_value")
        case .deepseek: .init(status: 400, "Invalid \(path) value: \(reason)")
        case .anthropic: .init(status: 400, "\(dotted(path)): \(reason)")
        case .gemini:
            .init(status: 400, "* GenerateContentRequest.\(path): \(reason)\n", parameter: path)
        }
    }

    func malformed(_ fault: SandboxJSON.Malformed) -> SandboxFailure {
        switch provider {
        case .openai, .compatible, .deepseek:
            .init(
                status: 400,
                "We could not parse the JSON body of your request: \(fault.reason) at byte "
                    + "\(fault.offset).")
        case .anthropic:
            .init(
                status: 400,
                "The request body is not valid JSON: \(fault.reason): byte \(fault.offset)")
        case .gemini:
            .init(
                status: 400,
                "Invalid JSON payload received. \(fault.reason) at byte \(fault.offset)")
        }
    }

    func modelNotFound(_ model: String) -> SandboxFailure {
        switch provider {
        case .openai, .compatible:
            .init(
                status: 404,
                "The model `\(model)` does not exist or you do not have access to it.",
                code: "model_not_found")
        case .deepseek: .init(status: 400, "Model Not Exist")
        case .anthropic: .init(status: 404, "model: \(model)")
        case .gemini:
            .init(
                status: 404,
                "models/\(model) is not found for API version v1beta, or is not supported for "
                    + "generateContent.")
        }
    }

    /// `messages[0].role` → `messages.0.role`.
    private func dotted(_ path: String) -> String {
        var out = ""
        for scalar in path.unicodeScalars where scalar != "]" {
            out.unicodeScalars.append(scalar == "[" ? "." : scalar)
        }
        return out
    }
}
