import WeirCore

extension ServerOptions {
    /// Prints an answer: the server's JSON where it was asked for, else what `text` makes of it.
    func print(_ answer: JSON, _ text: () -> String) {
        Console.result(json ? answer.text : text())
    }
}
