import ArgumentParser
import WeirCore
import WeirService

/// Which part of Weir a process is.
enum Role: String, CaseIterable, ExpressibleByArgument {
    case all, service, gateway, worker, autopilot

    /// Why this version can't be it; nil where it can.
    var refusal: String? {
        switch self {
        case .all, .service, .gateway, .worker: nil
        case .autopilot:
            "there is no role \(rawValue) in this version yet; "
                + "serve with --role all, service, gateway or worker"
        }
    }
}

extension Configuration {
    /// Who vouches for callers: nobody where there is no secret; in the roles `service` and
    /// `worker`, nobody else than a gateway.
    func identityGate(_ role: Role, time: any TimeSource) -> IdentityGate? {
        identitySeal.map { IdentityGate($0, isOnlyDoor: role != .all, time: time) }
    }

    /// Signs by the secret, and accepts the previous one as well; nil where there is none.
    var identitySeal: IdentitySeal? {
        let secrets = [identity.secret, identity.previousSecret].compactMap { $0 }
        guard !secrets.isEmpty else { return nil }
        return IdentitySeal(secrets: secrets.map { Array($0.reveal.utf8) })
    }
}
