import WeirCore
import WeirService

extension BatchSettings {
    init(_ section: ConfigurationSection) {
        self.init()
        let wait = Duration.milliseconds(100) ... .seconds(86_400)
        window = section.duration("window", in: wait, default: window)
        calls = section.integer("calls", in: 1...10_000, default: calls)
        poll = section.duration("poll", in: wait, default: poll)
        search = section.duration("search", in: .seconds(1) ... .seconds(86_400), default: search)
        // Shorter, it would charge batches that vendors may still be running.
        patience = section.duration(
            "patience", in: .seconds(25 * 3_600) ... .seconds(29 * 86_400), default: patience)
    }

    var listed: JSON {
        [
            "window": .string(window.configured), "calls": JSON(calls),
            "poll": .string(poll.configured), "search": .string(search.configured),
            "patience": .string(patience.configured),
        ]
    }
}
