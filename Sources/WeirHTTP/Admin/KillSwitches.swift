import WeirCore
import WeirService

extension Routes {
    /// `GET /admin/kill-switches`: the engaged ones.
    func listKillSwitches(_ call: Call) async throws(WeirError) -> Answer {
        let targets = try use.administration.killSwitches.list(by: call.caller)
        return Answer(["kill_switches": .array(targets.map { json($0, true) })])
    }

    /// `PUT /admin/kill-switches`
    func putKillSwitch(_ call: Call) async throws(WeirError) -> Answer {
        let fields = try BodyFields(call.body, allowing: ["target", "engaged"])
        let text = try fields.required("target", try fields.text("target"))
        let engaged = try fields.required("engaged", try fields.bool("engaged"))
        guard let target = KillSwitches.Target(text), target.description == text else {
            throw fields.error(
                "target", "must be all, tenant:…, feature:…, provider:… or model:…")
        }
        try await use.administration.killSwitches.set(target, engaged: engaged, by: call.caller)
        return Answer(json(target, engaged))
    }

    private func json(_ target: KillSwitches.Target, _ engaged: Bool) -> JSON {
        ["target": .string(target.description), "engaged": .bool(engaged)]
    }
}
