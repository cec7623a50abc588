package import WeirCore

/// A call as it came in, on its way to an instance.
package struct GatewayCall: Sendable {
    package let request: RequestID
    /// Whom an identity names; nil: none is sent.
    package let caller: Caller?
    /// Whose turn it is where calls wait; nil: no one tenant's.
    package let tenant: TenantID?
    package let destination: Destination
    package let method: String
    package let target: String
    /// Without the caller's credential, and without an identity.
    package let headers: [HeaderField]
    package let body: [UInt8]
    /// Whether it asks for WebSocket.
    package let isUpgrade: Bool
    /// Who may leave; nil: nobody.
    package let client: (any ClientConnection)?

    package enum Destination: Sendable {
        /// The pool of a feature; nil for the default one.
        case ai(FeatureSlug?)
        /// The workers, who keep jobs.
        case jobs
        case regular(InstancePoolName)
    }

    package init(
        request: RequestID, caller: Caller?, tenant: TenantID?, destination: Destination,
        method: String, target: String, headers: [HeaderField], body: [UInt8],
        isUpgrade: Bool = false, client: (any ClientConnection)? = nil
    ) {
        self.request = request
        self.caller = caller
        self.tenant = tenant
        self.destination = destination
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.isUpgrade = isUpgrade
        self.client = client
    }

    /// Whether the exchange ends where its client leaves. One with an instance of the AI service
    /// goes on: what it costs is spent.
    var endsWithClient: Bool {
        if case .regular = destination { true } else { false }
    }

    /// Whether it is for a process that accepts an identity under its own id alone.
    var namesInstance: Bool {
        if case .regular = destination { false } else { caller != nil }
    }

    /// Whether an instance says by its reply that it isn't well itself. One of the AI service says
    /// the code of every error, so that a 5xx without one is none of its own; what a provider
    /// failed at, or a caller, is not to be blamed on it.
    func blames(status: Int, _ headers: [HeaderField]) -> Bool {
        switch destination {
        case .ai, .jobs:
            let code = headers.first { $0.hasName(GatewayCall.errorField) }?.value
            return code == WeirError.Code.serviceUnavailable.rawValue
                || (code == nil && (500..<600).contains(status))
        case .regular: return status == 503
        }
    }

    /// The header in which an instance says an error's code.
    package static let errorField = "x-weir-error"
    /// The header, or the trailer, in which it says what a call used.
    package static let tokensField = "x-weir-tokens"
    /// The header in which it says, of a refusal for want of budget, when that begins anew.
    package static let budgetResetField = "x-weir-budget-resets-at"

    /// The header in which it says its id.
    package static let instanceField = "x-weir-instance"

    /// The tokens that a call used, where an instance says them; nil where it doesn't, and the call
    /// counts nothing.
    package static func tokens(_ fields: [HeaderField]) -> Int64? {
        fields.first { $0.hasName(tokensField) }
            .flatMap { Int64($0.value) }
            .flatMap { $0 >= 0 ? $0 : nil }
    }
}

extension [HeaderField] {
    /// The id of the instance whose answer this is the head of; nil where it says none.
    var instance: InstanceID? {
        first { $0.hasName(GatewayCall.instanceField) }.flatMap { InstanceID($0.value) }
    }
}

extension HeaderField {
    /// - Parameter text: in lower case.
    package func hasName(_ text: String) -> Bool {
        name.utf8.count == text.utf8.count
            && zip(name.utf8, text.utf8).allSatisfy { byte, letter in
                byte == letter || ((0x41...0x5A).contains(byte) && byte | 0x20 == letter)
            }
    }
}
