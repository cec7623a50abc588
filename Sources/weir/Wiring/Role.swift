import ArgumentParser
import WeirCore
import WeirService

/// Which part of Weir a process is.
enum Role: String, CaseIterable, ExpressibleByArgument {
    case all, service, gateway, worker, autopilot

    /// Why this version can't be it; nil where it can.
    var refusal: String? {
        switch self {
        case .all, .service: nil
        case .gateway, .worker, .autopilot:
            "there is no role \(rawValue) in this version yet; "
                + "serve with --role all or --role service"
        }
    }
}

extension Configuration {
    /// Who vouches for callers: nobody where there is no secret; in the role `service`, nobody
    /// else than a gateway.
    func identityGate(_ role: Role, time: any TimeSource) throws(StartFailure) -> IdentityGate? {
        let secrets = [identity.secret, identity.previousSecret].compactMap { $0 }
        guard !secrets.isEmpty else {
            guard role == .service else { return nil }
            throw StartFailure(
                "the role service needs identity.secret, which its gateways sign by; "
                    + "without one nobody could call it")
        }
        let seal = IdentitySeal(secrets: secrets.map { Array($0.reveal.utf8) })
        return IdentityGate(seal, isOnlyDoor: role == .service, time: time)
    }
}
