import WeirCore

/// The page around a report. It says itself what it may load, namely nothing: a page that was saved
/// has no headers any more.
enum ReportPage {
    static func html(title: String, body: [UInt8]) -> [UInt8] {
        let title = HTMLEscaping.escape(Array(title.utf8))
        var page = Array(head.utf8)
        page += Array("<title>".utf8) + title + Array("</title>\n".utf8)
        page += Array("<style>\n\(style)\n</style>\n</head>\n<body>\n<h1>".utf8) + title
        page += Array("</h1>\n".utf8) + body + Array("</body>\n</html>\n".utf8)
        return page
    }

    private static let head = """
        <!DOCTYPE html>
        <html>
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="\(policy)">
        <meta name="referrer" content="no-referrer">
        <meta name="viewport" content="width=device-width, initial-scale=1">

        """

    private static let policy = """
        default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'
        """

    private static let style = """
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 46em; margin: 2em auto; \
        padding: 0 1em; overflow-wrap: anywhere; }
        pre { overflow-x: auto; background: #f4f4f4; padding: 0.8em; }
        table { border-collapse: collapse; }
        th, td { border: 1px solid #bbb; padding: 0.3em 0.6em; text-align: left; }
        .centre { text-align: center; }
        .right { text-align: right; }
        blockquote { border-left: 3px solid #bbb; margin-left: 0; padding-left: 1em; }
        """
}
