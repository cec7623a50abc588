import Synchronization
package import WeirCore

/// Lets in, at an instance of the AI service, those whom a gateway vouches for.
package final class IdentityGate: Sendable {
    private let seal: IdentitySeal
    private let time: any TimeSource
    private let nonces: Mutex<NonceMemory>
    /// Drawn for this process; whoever wants an identity accepted here has it signed for this id.
    package let instance: InstanceID
    /// Whether nobody comes in by a service key alone.
    package let isOnlyDoor: Bool

    /// - Parameters:
    ///   - isOnlyDoor: whether calls that no gateway vouches for are refused.
    ///   - capacity: how many identities are remembered, which is for a minute each.
    package init(
        _ seal: IdentitySeal, isOnlyDoor: Bool, time: any TimeSource, capacity: Int = 1_000_000,
        random: RandomBytes = systemRandomBytes
    ) {
        guard let instance = InstanceID(hexadecimal(random(16))) else {
            preconditionFailure("there are no random bytes")
        }
        self.seal = seal
        self.instance = instance
        self.isOnlyDoor = isOnlyDoor
        self.time = time
        nonces = Mutex(NonceMemory(capacity: capacity))
    }

    /// The identity of one request, accepted once. The body is left to `require(body:)`.
    ///
    /// - Throws: `unauthorized` where it is forged, made for another request or instance, too old,
    ///   too young or used before; `overloaded` where its nonce can't be remembered.
    package func admit(
        _ sealed: String, method: String, target: String
    ) throws(WeirError) -> CallerIdentity {
        let identity = try seal.open(sealed, method: method, target: target)
        guard identity.audience == instance else {
            throw WeirError(.unauthorized, "The identity is for another instance than this one")
        }
        let now = time.now()
        let verdict = nonces.withLock {
            $0.take(identity.nonce, issuedAt: identity.issuedAt, now: now)
        }
        switch verdict {
        case .fresh: return identity
        case .replayed: throw WeirError(.unauthorized, "The identity was used before")
        case .outdated:
            throw WeirError(
                .unauthorized, "The identity is too old or too young; are the clocks right?")
        case .full: throw WeirError(.overloaded, "Too many calls to tell new ones from repeated")
        }
    }
}
