/// A page that is one file, without scripts and without anything from outside.
struct HTMLPage {
    private let title: String
    private var body = ""

    /// - Parameter title: as plain text.
    init(title: String) { self.title = title }

    /// A text without the characters that HTML interprets, and without control characters.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default:
                if scalar.properties.generalCategory == .control {
                    result += " "
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result
    }

    /// Adds HTML.
    mutating func add(_ html: String) { body += html + "\n" }

    /// Adds a section with a heading.
    mutating func addSection(_ heading: String, _ html: String) {
        add("<section>\n<h2>\(Self.escaped(heading))</h2>\n\(html)\n</section>")
    }

    /// Adds a row of numbers with what they are.
    mutating func addFigures(_ figures: [(name: String, value: String)]) {
        let cells = figures.map { "<div><dt>\(Self.escaped($0.name))</dt><dd>\(Self.escaped($0.value))</dd></div>" }
        add("<dl class=\"figures\">\(cells.joined())</dl>")
    }

    /// A table of texts. Columns but the first are numbers, aligned right, unless `isText`.
    static func table(heading: [String], _ rows: [[String]], isText: Bool = false) -> String {
        let cell = { (name: String, index: Int, text: String) in
            "<\(name)\(index > 0 && !isText ? " class=\"number\"" : "") dir=\"auto\">\(escaped(text))</\(name)>"
        }
        let head =
            heading.isEmpty
            ? "" : "<thead><tr>\(heading.enumerated().map { cell("th", $0, $1) }.joined())</tr></thead>"
        let body = rows.map { row in
            "<tr>" + row.enumerated().map { cell($0 == 0 ? "th" : "td", $0, $1) }.joined() + "</tr>"
        }
        return "<div class=\"wide\"><table>\(head)<tbody>\n\(body.joined(separator: "\n"))\n</tbody></table></div>"
    }

    /// The file.
    var text: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>\(Self.escaped(title))</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <main>
        \(body)</main>
        </body>
        </html>

        """
    }

    private static let style = """
        :root {
          --paper: #fff; --card: #f6f7f9; --ink: #1b1f24; --quiet: #59636e; --line: #d9dee3;
          --series0: #1f6feb; --series1: #c2410c; --series2: #15803d; --series3: #7c3aed;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #0f1419; --card: #182028; --ink: #e6e9ec; --quiet: #9aa5b1; --line: #303a45;
            --series0: #5aa2ff; --series1: #ff9557; --series2: #56d17f; --series3: #b69cff;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
        main { max-width: 64rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
        h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
        h3 { font-size: .95rem; margin: 0 0 .25rem; }
        p { margin: .25rem 0 .75rem; max-width: 46rem; overflow-wrap: anywhere; }
        .quiet { color: var(--quiet); }
        .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem;
          margin: 1.25rem 0 0; }
        .figures div, .chart { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; }
        .figures div { padding: .6rem .8rem; }
        .figures dt { color: var(--quiet); font-size: .85rem; }
        .figures dd { margin: 0; font-size: 1.3rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1rem; }
        .chart { margin: 0; padding: .8rem; }
        .chart svg { display: block; width: 100%; height: auto; }
        .square { max-width: 30rem; }
        .legend { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: .85rem; color: var(--quiet); }
        .legend i { display: inline-block; width: .75rem; height: .2rem; margin-right: .4rem; vertical-align: middle; }
        svg text { fill: var(--quiet); font: 12px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
        svg .grid { stroke: var(--line); stroke-width: 1; }
        svg .mark { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 3 3; }
        svg .series { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
        th, td { padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); text-align: start;
          vertical-align: top; overflow-wrap: anywhere; }
        th { font-weight: 500; }
        thead th { color: var(--quiet); }
        .number { text-align: end; }
        .matrix td, .matrix thead th { text-align: center; vertical-align: middle;
          min-width: 3.5rem; padding: .4rem .6rem; border: 0; }
        .matrix tbody th { border: 0; max-width: 12rem; vertical-align: middle; }
        .matrix td { --hue: var(--series1); border-radius: .25rem;
          background: color-mix(in srgb, var(--hue) calc(var(--part) * 45%), var(--card)); }
        .matrix td.right { --hue: var(--series0); }
        .matrix table { border-collapse: separate; border-spacing: 2px; }
        .texts { list-style: none; margin: 0; padding: 0; }
        .texts li { padding: .6rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
        .texts p { margin: 0 0 .2rem; max-width: none; }
        .facts { display: flex; flex-wrap: wrap; gap: 0 1.25rem; color: var(--quiet); font-size: .85rem; }
        .texts b { color: var(--ink); font-weight: 600; }
        """
}
