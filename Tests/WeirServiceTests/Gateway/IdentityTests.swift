import Testing
import WeirCore
import WeirTesting

@testable import WeirService

/// Who calls, passed from a gateway to an instance: nothing of it can be made up, changed or used
/// twice.
@Suite struct IdentityTests {
    private static let secret = Array("a secret of thirty-two characters".utf8)
    private static let other = Array("another one of thirty-two characters".utf8)
    private static let body = Array(#"{"tenant_id": 42}"#.utf8)
    private let time = ManualTime()

    /// - Parameter audience: nil: the instance whose gate `gate` makes.
    private func identity(
        _ number: UInt8 = 1, for audience: InstanceID? = nil, ageInSeconds: Int64 = 0
    ) throws -> CallerIdentity {
        CallerIdentity(
            audience: audience ?? gate().instance,
            request: try #require(RequestID("req_1")),
            caller: Caller(
                key: try #require(KeyID("key_1")), role: .service,
                reach: .tenants([try #require(TenantID(42)), try #require(TenantID(44))])),
            issuedAt: time.now().advanced(seconds: -ageInSeconds),
            nonce: try #require(CallerIdentity.Nonce([UInt8](repeating: number, count: 16))),
            bodyDigest: sha256(Self.body))
    }

    private func sealed(
        _ identity: CallerIdentity, by secret: [UInt8] = secret
    ) throws -> String {
        try IdentitySeal(secrets: [secret])
            .seal(identity, method: "POST", target: "/ai/complete?a=b")
    }

    private func gate(
        _ secrets: [[UInt8]] = [secret], capacity: Int = 100
    ) -> IdentityGate {
        IdentityGate(
            IdentitySeal(secrets: secrets), isOnlyDoor: true, time: time, capacity: capacity,
            random: { [UInt8](repeating: 9, count: $0) })
    }

    private func admit(_ sealed: String, at gate: IdentityGate) throws(WeirError) -> CallerIdentity
    {
        try gate.admit(sealed, method: "POST", target: "/ai/complete?a=b")
    }

    private func refusal(_ sealed: String, at gate: IdentityGate) -> WeirError.Code? {
        do {
            _ = try admit(sealed, at: gate)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func `what was sealed is what is read`() throws {
        let identity = try identity()
        #expect(try admit(try sealed(identity), at: gate()) == identity)
    }

    @Test(arguments: [
        ServiceKey.Reach.all, .tenants([]), .tenants([TenantID(1)].compactMap(\.self)),
    ])
    func `every reach and role comes through`(reach: ServiceKey.Reach) throws {
        for (number, role) in ServiceKey.Role.allCases.enumerated() {
            let known = try identity()
            let identity = CallerIdentity(
                audience: known.audience, request: known.request,
                caller: Caller(key: known.caller.key, role: role, reach: reach),
                issuedAt: known.issuedAt,
                nonce: try #require(
                    CallerIdentity.Nonce([UInt8](repeating: UInt8(number), count: 16))),
                bodyDigest: known.bodyDigest)
            #expect(try admit(try sealed(identity), at: gate()).caller == identity.caller)
        }
    }

    @Test func `no byte of it can be another one`() throws {
        let bytes = Array(try sealed(try identity()).utf8)
        let gate = gate()
        for index in bytes.indices {
            for flip: UInt8 in [0x01, 0x02, 0x04] {
                var forged = bytes
                forged[index] ^= flip
                let text = String(decoding: forged, as: UTF8.self)
                #expect(refusal(text, at: gate) == .unauthorized, "byte \(index)")
            }
            #expect(
                refusal(String(decoding: bytes[..<index], as: UTF8.self), at: gate)
                    == .unauthorized)
        }
        #expect(refusal(String(decoding: bytes, as: UTF8.self), at: gate) == nil)
    }

    @Test(arguments: [
        ("GET", "/ai/complete?a=b"), ("POST", "/ai/complete"), ("POST", "/ai/complete?a=c"),
        ("POST", "/v1/messages"), ("post", "/ai/complete?a=b"),
    ])
    func `it holds for one method and one target`(method: String, target: String) throws {
        let sealed = try sealed(try identity())
        #expect(throws: WeirError.self) {
            try gate().admit(sealed, method: method, target: target)
        }
    }

    @Test func `it holds for one body`() throws {
        let identity = try admit(try sealed(try identity()), at: gate())
        try identity.require(body: Self.body)
        #expect(throws: WeirError.self) { try identity.require(body: []) }
        #expect(throws: WeirError.self) { try identity.require(body: Self.body + [0x20]) }
    }

    @Test(arguments: [
        (-31, false), (-30, true), (0, true), (30, true), (31, false), (Int64.max, false),
        (Int64.min, false),
    ])
    func `its time must be near`(age: Int64, isAdmitted: Bool) throws {
        let known = try identity()
        let issued =
            age.magnitude > 1_000
            ? Timestamp(milliseconds: age) : known.issuedAt.advanced(seconds: -age)
        let identity = CallerIdentity(
            audience: known.audience, request: known.request, caller: known.caller,
            issuedAt: issued, nonce: known.nonce, bodyDigest: known.bodyDigest)
        let expected: WeirError.Code? = isAdmitted ? nil : .unauthorized
        #expect(refusal(try sealed(identity), at: gate()) == expected)
    }

    @Test func `it is accepted by one instance, until that ends`() throws {
        let seal = IdentitySeal(secrets: [Self.secret])
        // The second one may be the first after a restart.
        let gates = (0..<2).map { _ in IdentityGate(seal, isOnlyDoor: true, time: time) }
        #expect(gates[0].instance != gates[1].instance)
        for (number, gate) in gates.enumerated() {
            let sealed = try sealed(try identity(for: gate.instance))
            #expect(refusal(sealed, at: gates[1 - number]) == .unauthorized)
            #expect(refusal(sealed, at: gate) == nil)
        }
    }

    @Test func `one that names no instance is accepted by none`() throws {
        let known = try identity()
        let identity = CallerIdentity(
            audience: nil, request: known.request, caller: known.caller,
            issuedAt: known.issuedAt, nonce: known.nonce, bodyDigest: known.bodyDigest)
        let sealed = try sealed(identity)
        #expect(refusal(sealed, at: gate()) == .unauthorized)
        let read = try IdentitySeal(secrets: [Self.secret])
            .open(sealed, method: "POST", target: "/ai/complete?a=b")
        #expect(read == identity)
    }

    @Test func `it is accepted once, for as long as it could be`() throws {
        let gate = gate()
        // The youngest that is accepted stays in time for a minute.
        let sealed = try sealed(try identity(ageInSeconds: -30))
        #expect(refusal(sealed, at: gate) == nil)
        for _ in 0..<70 {
            #expect(refusal(sealed, at: gate) == .unauthorized)
            time.advance(seconds: 1)
        }
    }

    @Test func `a clock that goes back opens nothing`() throws {
        let gate = gate()
        let early = try sealed(try identity(1))
        #expect(refusal(early, at: gate) == nil)
        let start = time.now()
        time.advance(seconds: 120)
        #expect(refusal(try sealed(try identity(2)), at: gate) == nil)
        time.set(start)
        #expect(refusal(early, at: gate) == .unauthorized)
    }

    @Test func `what can't be remembered isn't accepted, until there is room`() throws {
        let gate = gate(capacity: 3)
        for number in 1...3 {
            #expect(refusal(try sealed(try identity(UInt8(number))), at: gate) == nil)
        }
        #expect(refusal(try sealed(try identity(4)), at: gate) == .overloaded)
        #expect(refusal(try sealed(try identity(3)), at: gate) == .unauthorized)
        time.advance(seconds: 41)
        #expect(refusal(try sealed(try identity(4)), at: gate) == nil)
    }

    @Test(arguments: [
        ([secret], secret, true), ([secret, other], other, true), ([other, secret], other, true),
        ([secret], other, false), ([other], secret, false),
    ])
    func `two secrets are believed while one is changed`(
        accepted: [[UInt8]], signer: [UInt8], isAdmitted: Bool
    ) throws {
        let sealed = try sealed(try identity(), by: signer)
        let expected: WeirError.Code? = isAdmitted ? nil : .unauthorized
        #expect(refusal(sealed, at: gate(accepted)) == expected)
    }

    @Test func `a reach that no header could hold is refused`() throws {
        let known = try identity()
        let tenants = (1...2_000).compactMap { TenantID(1_000_000 + $0) }
        let identity = CallerIdentity(
            audience: known.audience, request: known.request,
            caller: Caller(key: known.caller.key, role: .service, reach: .tenants(tenants)),
            issuedAt: known.issuedAt, nonce: known.nonce, bodyDigest: known.bodyDigest)
        #expect(throws: WeirError.self) { try sealed(identity) }
    }
}
