import WeirCore

extension InputScreen {
    /// The text as it is to be sent; nil where it may stay as it is.
    func mended(
        _ text: String, at place: InputRefusal.Place, _ review: inout InputReview
    ) -> String? {
        let survey = TextSurvey(text)
        var result: String?
        if survey.hasControls || survey.hasNonASCII {
            result = mendCharacters(text, at: place, &review)
        }
        if policy.html != .off, survey.hasAngle {
            result = mendMarkup(result ?? text, at: place, &review) ?? result
        }
        if let personalData {
            result = mendPersonalData(result ?? text, personalData, at: place, &review) ?? result
        }
        return result
    }

    private func mendCharacters(
        _ text: String, at place: InputRefusal.Place, _ review: inout InputReview
    ) -> String? {
        let characters = CharacterReview(text)
        if policy.controlCharacters != .off { review.tally.add("control", characters.controls) }
        if policy.invisibleCharacters != .off {
            review.tally.add("invisible", characters.invisibles)
        }
        review.refuse(
            at: place,
            if: policy.controlCharacters == .block && characters.controls > 0
                || policy.invisibleCharacters == .block && characters.invisibles > 0)
        if !characters.hidden.isEmpty { review.hidden.append((place, characters.hidden)) }
        let cleansControls = policy.controlCharacters == .clean && characters.controls > 0
        let cleansInvisibles = policy.invisibleCharacters == .clean && characters.invisibles > 0
        guard cleansControls || cleansInvisibles else { return nil }
        return CharacterReview.clean(
            text, controls: cleansControls, invisibles: cleansInvisibles)
    }

    private func mendMarkup(
        _ text: String, at place: InputRefusal.Place, _ review: inout InputReview
    ) -> String? {
        let bytes = Array(text.utf8)
        let elements = HTMLElements.count(in: bytes)
        review.tally.add("html", elements)
        review.refuse(at: place, if: policy.html == .block && elements > 0)
        guard policy.html == .clean, elements > 0 else { return nil }
        let stripped = String(decoding: TagStripper.strip(bytes).text, as: UTF8.self)
        guard policy.controlCharacters == .clean || policy.invisibleCharacters == .clean else {
            return stripped
        }
        // What stood on either side of a tag are neighbours now.
        return CharacterReview.clean(
            stripped, controls: policy.controlCharacters == .clean,
            invisibles: policy.invisibleCharacters == .clean)
    }

    private func mendPersonalData(
        _ text: String, _ scanner: PersonalDataScanner, at place: InputRefusal.Place,
        _ review: inout InputReview
    ) -> String? {
        let bytes = Array(text.utf8)
        let isScrubbed = policy.personalData.mode == .scrub
        let (scrubbed, matches) =
            isScrubbed ? scanner.scrub(bytes) : (nil, scanner.matches(in: bytes))
        PersonalDataScanner.count(matches, in: &review.tally)
        review.refuse(at: place, if: policy.personalData.mode == .block && !matches.isEmpty)
        return scrubbed.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Over all messages of one role as over one text: a phrase may be split between them.
    func searchInjection(
        _ system: String?, _ messages: [ChatMessage], _ review: inout InputReview
    ) {
        var search = InjectionSearch()
        if policy.injectionCoversSystemPrompt, let system {
            search.read(system, role: .user)
            review.refuse(at: .system, if: policy.injection == .block && search.takeNews())
        }
        for (index, message) in messages.enumerated() {
            search.read(message.text, role: message.role)
            let isNew = search.takeNews()
            review.refuse(at: .message(index), if: policy.injection == .block && isNew)
        }
        for hidden in review.hidden {
            search.readHidden(hidden.text)
            let isNew = search.takeNews()
            review.refuse(at: hidden.place, if: policy.injection == .block && isNew)
        }
        search.report(to: &review.tally)
    }
}
