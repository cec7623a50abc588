import Foundation
import WeirCore

/// The page around a report. It says itself what it may load, namely nothing but its own style: a
/// page that was saved has no headers any more.
enum ReportPage {
    static func html(title: String, body: [UInt8]) -> [UInt8] {
        let title = HTMLEscaping.escape(Array(title.utf8))
        var page = Array(head.utf8)
        page += Array("<title>".utf8) + title + Array("</title>\n".utf8)
        page += Array("<style>\(style)</style>\n</head>\n<body>\n<h1>".utf8) + title
        page += Array("</h1>\n".utf8) + body + Array("</body>\n</html>\n".utf8)
        return page
    }

    /// The one style is known by its hash, so that no other one holds, whoever wrote it.
    static let policy = """
        default-src 'none'; \
        style-src 'sha256-\(Data(sha256(Array(style.utf8))).base64EncodedString())'; \
        base-uri 'none'; form-action 'none'
        """

    private static let head = """
        <!DOCTYPE html>
        <html>
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="\(policy)">
        <meta name="referrer" content="no-referrer">
        <meta name="viewport" content="width=device-width, initial-scale=1">

        """

    /// On a screen, light or dark, and on paper. A wide table or code scrolls by itself.
    private static let style = """

        :root { color-scheme: light dark; --line: #d4d8de; --soft: #f3f5f7; --faint: #59636e; }
        @media (prefers-color-scheme: dark) {
          :root { --line: #3d444d; --soft: #21262d; --faint: #9198a1; }
        }
        body { font: 16px/1.6 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; \
        padding: 2.5rem 1.25rem 4rem; overflow-wrap: break-word; }
        h1, h2, h3, h4, h5, h6 { line-height: 1.25; margin: 1.6em 0 0.6em; }
        h1 { font-size: 1.7rem; }
        h1:first-of-type { font-size: 2rem; margin-top: 0; padding-bottom: 0.4em; \
        border-bottom: 1px solid var(--line); }
        li { margin: 0.2em 0; }
        pre, code { font: 0.9em/1.5 ui-monospace, monospace; background: var(--soft); \
        border-radius: 4px; }
        code { padding: 0.1em 0.3em; }
        pre { overflow-x: auto; padding: 0.9em 1em; }
        pre code { font-size: inherit; padding: 0; }
        table { display: block; width: max-content; max-width: 100%; overflow-x: auto; \
        border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th, td { border: 1px solid var(--line); padding: 0.4em 0.8em; text-align: left; \
        vertical-align: top; }
        th { background: var(--soft); }
        .centre { text-align: center; }
        .right { text-align: right; }
        blockquote { margin: 1em 0; padding: 0 1em; border-left: 4px solid var(--line); \
        color: var(--faint); }
        hr { border: 0; border-top: 1px solid var(--line); margin: 2em 0; }
        @media print {
          body { max-width: none; padding: 0; font-size: 11pt; }
          pre, blockquote, tr { break-inside: avoid; }
          h1, h2, h3 { break-after: avoid; }
        }

        """
}
