import FoundationEssentials
import Pages
import Testing

/// What holds for every page, whatever is on it.
struct PageRuleTests {
    private static let ordinary = Samples().pages
    private static let all = ordinary + Samples(isHostile: true).pages

    @Test func `every page is well formed`() {
        for sample in Self.all {
            #expect(sample.markings.faults.isEmpty, "\(sample.name)")
        }
    }

    @Test func `no text becomes an element, an attribute or a script`() {
        for sample in Samples(isHostile: true).pages {
            let markings = sample.markings
            #expect(markings.all("img").isEmpty, "\(sample.name)")
            #expect(markings.all("script").count == 1, "\(sample.name)")
            #expect(!String(decoding: sample.bytes, as: UTF8.self).contains("<script>"), "\(sample.name)")
        }
    }

    @Test func `no markup is taken for text`() {
        for sample in Self.ordinary {
            let text = String(decoding: sample.bytes, as: UTF8.self)
            for mark in ["&lt;", "&gt;", "&amp;#", "&amp;lt;", "Markup("] {
                let isThere = text.contains(mark)
                #expect(!isThere, "\(sample.name): \(mark)")
            }
        }
    }

    @Test func `nothing needs more than the content security policy allows`() {
        for sample in Self.all {
            let markings = sample.markings
            #expect(markings.all("style", "iframe", "object", "base", "embed").isEmpty, "\(sample.name)")
            for element in markings.elements {
                #expect(element["style"] == nil, "\(sample.name): \(element.name)")
                #expect(!element.attributes.keys.contains { $0.hasPrefix("on") }, "\(sample.name): \(element.name)")
                for key in ["href", "src", "action"] {
                    guard let target = element[key] else { continue }
                    let isOurs = target.hasPrefix("/admin/") || target.hasPrefix("#")
                    #expect(isOurs, "\(sample.name): \(target)")
                    #expect(!target.contains(" "), "\(sample.name): \(target)")
                }
            }
            for script in markings.all("script") {
                #expect(script["src"] == PageAssets.script.path && script.text.isEmpty, "\(sample.name)")
            }
        }
    }

    @Test func `every form that changes something proves where it comes from`() {
        for sample in Self.all {
            let markings = sample.markings
            for form in markings.all("form") where form["method"] == "post" {
                let proof = markings.of(form, "input").filter { $0["name"] == "csrf" }
                #expect(proof.count == 1 && proof[0]["value"] == "c5rf-of-this-session", "\(sample.name)")
                #expect(!markings.of(form, "button").isEmpty, "\(sample.name)")
            }
            #expect(markings.all("form").allSatisfy { ["post", "get"].contains($0["method"]) }, "\(sample.name)")
        }
    }

    @Test func `every field has a label`() {
        for sample in Self.all {
            let markings = sample.markings
            let labelled = Set(markings.all("label").compactMap { $0["for"] })
            for field in markings.all("input", "select", "textarea") where field["type"] != "hidden" {
                let isLabelled = field["id"].map(labelled.contains) ?? false || markings.isWithin(field, "label")
                #expect(isLabelled, "\(sample.name): \(field.attributes)")
            }
        }
    }

    @Test func `ids are there once, and what refers to one finds it`() {
        for sample in Self.all {
            let markings = sample.markings
            let ids = markings.elements.compactMap { $0["id"] }
            #expect(Set(ids).count == ids.count, "\(sample.name): \(ids.sorted())")
            for element in markings.elements {
                for key in ["for", "aria-labelledby", "aria-describedby", "list", "data-copy", "data-local"] {
                    for id in (element[key] ?? "").split(separator: " ") {
                        #expect(ids.contains(String(id)), "\(sample.name): \(key)=\(id)")
                    }
                }
                if let target = element["href"], target.hasPrefix("#") {
                    #expect(ids.contains(String(target.dropFirst())), "\(sample.name): \(target)")
                }
            }
        }
    }

    @Test func `headings come in order, and one stands above all`() {
        for sample in Self.all {
            let levels = sample.markings.all("h1", "h2", "h3", "h4").compactMap { $0.name.last?.wholeNumberValue }
            #expect(levels.first == 1 && levels.count { $0 == 1 } == 1, "\(sample.name): \(levels)")
            #expect(zip(levels, levels.dropFirst()).allSatisfy { $1 <= $0 + 1 }, "\(sample.name): \(levels)")
        }
    }

    @Test func `tables say what their cells belong to`() {
        for sample in Self.all {
            let markings = sample.markings
            #expect(markings.all("th").allSatisfy { $0["scope"] != nil }, "\(sample.name)")
            for table in markings.all("table") {
                #expect(markings.of(table, "caption").count == 1, "\(sample.name)")
            }
        }
    }

    @Test func `a page has its landmarks, and the menu says where one is`() {
        for sample in Self.ordinary {
            let markings = sample.markings
            #expect(markings.all("main").count == 1, "\(sample.name)")
            #expect(markings.all("a").first?["href"] == "#content", "\(sample.name)")
            guard sample.frame.person != nil else { continue }
            let here = markings.all("a").filter { $0["aria-current"] == "page" && $0["href"] == sample.place }
            #expect(here.count == 1, "\(sample.name)")
        }
    }

    @Test func `whoever may nothing is offered nothing`() {
        for sample in Self.ordinary where sample.frame.person != nil {
            var sample = sample
            sample.frame.person?.may = []
            let forms = sample.markings.all("form").filter { $0["method"] == "post" }.compactMap { $0["action"] }
            // Those two are forms as a whole: who may not use them is not sent there.
            guard !(sample.page is NewTokenPage), !(sample.page is EditTokenPage) else { continue }
            #expect(forms == ["/admin/sign-out"], "\(sample.name)")
        }
    }

    /// Writes every page into a folder, to look at them.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["ROTA_PAGES_FOLDER"] != nil))
    func `pages can be looked at`() throws {
        let folder = ProcessInfo.processInfo.environment["ROTA_PAGES_FOLDER"] ?? ""
        try FileManager.default.createDirectory(atPath: "\(folder)/admin/assets", withIntermediateDirectories: true)
        for asset in PageAssets.all { try Data(asset.bytes).write(to: URL(filePath: folder + asset.path)) }
        for sample in Self.ordinary { try Data(sample.bytes).write(to: URL(filePath: "\(folder)/\(sample.name).html")) }
        for sample in Samples(isHostile: true).pages {
            try Data(sample.bytes).write(to: URL(filePath: "\(folder)/hostile-\(sample.name).html"))
        }
    }
}

extension SamplePage {
    /// Where the menu leads to it.
    fileprivate var place: String { "/admin/\(page.section?.rawValue ?? "")" }
}
