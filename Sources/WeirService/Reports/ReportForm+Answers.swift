import WeirCore

extension ReportForm {
    /// Throws `unsafe_output` for an answer that isn't the JSON object that it has to be, in a code
    /// fence or without, or that lacks members.
    ///
    /// - Parameter envelope: what `POST /ai/complete` has answered.
    func check(_ envelope: [UInt8]) throws(WeirError) {
        guard let requiredFields else { return }
        let content: String?
        do throws(JSONError) {
            content = try JSONParser.parse(envelope, .init())["content"]?.string
        } catch {
            throw WeirError(.internalError, "The answer can't be read: \(error.reason)")
        }
        try JSONAnswer(content ?? "").require(requiredFields.map { [$0] })
    }
}
