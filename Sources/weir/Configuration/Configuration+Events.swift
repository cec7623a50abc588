import WeirCore
import WeirService

extension EventSettings {
    /// The section `events`.
    init(_ section: ConfigurationSection) {
        self.init()
        retention = section.duration(
            "retention", in: .seconds(60) ... .seconds(365 * 86_400), default: retention)
        keepAlive = section.duration(
            "keep_alive", in: .seconds(1) ... .seconds(300), default: keepAlive)
        stall = section.duration("stall", in: .seconds(1) ... .seconds(300), default: stall)
        perTenant = section.integer(
            "streams_per_tenant", in: 1...100_000, default: perTenant)
        inAll = section.integer("streams_in_all", in: 1...100_000, default: inAll)
    }

    var listed: JSON {
        [
            "retention": .string(retention.configured),
            "keep_alive": .string(keepAlive.configured), "stall": .string(stall.configured),
            "streams_per_tenant": JSON(perTenant), "streams_in_all": JSON(inAll),
        ]
    }
}
