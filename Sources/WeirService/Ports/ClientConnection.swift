/// The connection that a call came on, as far as what works for it has to know it.
package protocol ClientConnection: Sendable {
    /// What is done when the client leaves, at once where it has left; nil: nothing any more. One
    /// thing at a time.
    func onLeaving(_ action: (@Sendable () -> Void)?)
}
