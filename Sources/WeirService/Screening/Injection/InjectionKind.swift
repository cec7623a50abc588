/// What an injected text tries.
enum InjectionKind: String, CaseIterable {
    case ignoreInstructions = "injection.ignore_instructions"
    case revealPrompt = "injection.reveal_prompt"
    case roleOverride = "injection.role_override"
    case jailbreak = "injection.jailbreak"
    /// A chat template's own marker, which parts roles in the model's input.
    case roleMarker = "injection.role_marker"
}
