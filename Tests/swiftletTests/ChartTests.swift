import Foundation
import Testing

@testable import swiftlet

@Suite("Pages and charts")
struct ChartTests {
    @Test("a text cannot become markup")
    func escaping() {
        #expect(HTMLPage.escaped("<b a=\"'\">&amp;\u{0}\u{7}é😀") == "&lt;b a=&quot;&#39;&quot;&gt;&amp;amp;  é😀")
        var page = HTMLPage(title: "</title><script>")
        page.addSection("<i>", HTMLPage.table(heading: ["<th>"], [["<td>", "\"x\""]]))
        page.addFigures([("<dt>", "<dd>")])
        for markup in ["<script>", "<i>", "<th>\"", ">\"x\"<"] { #expect(!page.text.contains(markup), "\(markup)") }
    }

    @Test("a page asks for nothing from outside")
    func outside() {
        let page = HTMLPage(title: "A page").text
        for part in ["http://", "https://", "src=", "href=", "url(", "@import", "<script"] {
            #expect(!page.contains(part), "\(part)")
        }
        #expect(page.contains("prefers-color-scheme: dark"))
    }

    @Test("a chart is drawn inside its frame, whatever the values are")
    func frame() throws {
        let series: [[Double]] = [
            [1, 1], [0, 0], [-3, 7, 1e12], [1e-30, 2e-30], [.nan, 1, .infinity, 2], [1e300, 1, 2, -1e308],
            [0.913, 0.914, 0.9135],
        ]
        for values in series {
            for form in [Chart.Form.lines, .points, .comparison] {
                let points = values.enumerated().map { (x: Double($0 + 1), y: $1) }
                let chart = Chart(
                    title: "T",
                    xName: "step",
                    series: [.init(name: "s", points: points, hasMarks: true)],
                    mark: (2, "best"),
                    form: form,
                    yName: "value"
                )
                let html = try #require(chart.html)
                #expect(!html.contains("nan") && !html.contains("inf") && !html.contains(">-0<"), "\(values)")
                for match in html.matches(of: #/c[xy]="([^"]*)"/#) {
                    let place = try #require(Double(match.1))
                    #expect((0...400).contains(place), "\(values): \(place)")
                }
            }
        }
        #expect(Chart(title: "T", xName: "x", series: [.init(name: "s", points: [(1, 2)])]).html == nil)
        #expect(Chart(title: "T", xName: "x", series: []).html == nil)
    }
}
