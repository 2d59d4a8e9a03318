import HTML
import RotaCore

/// A form that is posted, with the proof that it comes from a page of ours.
func form(_ action: Markup, _ frame: Frame, look: Markup = "", extra: Markup = "", _ content: Markup...) -> Markup {
    """
    <form method="post" action="\(action)" class="\(look)"\(extra)>
    <input type="hidden" name="csrf" value="\(frame.csrf)"/>
    \(content)</form>

    """
}

func hidden(_ name: Markup, _ value: String) -> Markup {
    "<input type=\"hidden\" name=\"\(name)\" value=\"\(value)\"/>"
}

/// A field with its label, a hint below it, and what is wrong with it.
struct FieldText {
    var id: Markup
    var name: Markup
    var label: String
    var hint: Markup = ""
    var error: String?
    var isOptional = false

    /// - parameter control: given the attributes that tie it to the rest.
    func around(_ control: (Markup) -> Markup) -> Markup {
        let hintID: Markup = hint.isEmpty ? "" : "\(id)-hint"
        let errorID: Markup = error == nil ? "" : "\(id)-error"
        let ids: Markup = hint.isEmpty || error == nil ? "\(hintID)\(errorID)" : "\(errorID) \(hintID)"
        let described: Markup = ids.isEmpty ? "" : " aria-describedby=\"\(ids)\""
        let invalid: Markup = error == nil ? "" : " aria-invalid=\"true\""
        let optional: Markup = isOptional ? " <span class=\"quiet\">optional</span>" : ""
        let message: Markup = error.map { "<p class=\"error\" id=\"\(errorID)\">\($0)</p>" } ?? ""
        let below: Markup = hint.isEmpty ? "" : "<p class=\"hint\" id=\"\(hintID)\">\(hint)</p>"
        return """
            <div class="field"><label for="\(id)">\(label)\(optional)</label>
            \(control(" id=\"\(id)\" name=\"\(name)\"\(described)\(invalid)"))
            \(message)\(below)</div>

            """
    }
}

/// - parameter attributes: as ` maxlength="200" required="required"`.
func textField(
    _ id: Markup, _ name: Markup, _ label: String, _ value: String, hint: Markup = "", error: String? = nil,
    isOptional: Bool = false, attributes: Markup = "", list: [String] = []
) -> Markup {
    let text = FieldText(id: id, name: name, label: label, hint: hint, error: error, isOptional: isOptional)
    let listed: Markup = list.isEmpty ? "" : " list=\"\(id)-list\""
    let options = list.map { "<option value=\"\($0)\"></option>" as Markup }
    let datalist: Markup = list.isEmpty ? "" : "<datalist id=\"\(id)-list\">\(options)</datalist>"
    return text.around { "<input type=\"text\"\($0) value=\"\(value)\"\(attributes)\(listed)/>\(datalist)" }
}

/// A date and a time, in UTC.
func timeField(
    _ id: Markup, _ label: String, _ value: String, hint: Markup = "", error: String? = nil, isOptional: Bool = false,
    attributes: Markup = ""
) -> Markup {
    FieldText(id: id, name: id, label: label, hint: hint, error: error, isOptional: isOptional).around {
        "<input type=\"datetime-local\"\($0) value=\"\(value)\" step=\"60\"\(attributes)/>"
    }
}

func textArea(
    _ id: Markup, _ name: Markup, _ label: String, _ value: String, hint: Markup = "", error: String? = nil,
    isOptional: Bool = false, rows: Int = 3, attributes: Markup = ""
) -> Markup {
    let text = FieldText(id: id, name: name, label: label, hint: hint, error: error, isOptional: isOptional)
    let lines = value.split(separator: "\n", omittingEmptySubsequences: false).enumerated().map {
        index, line -> Markup in
        index == 0 ? Markup(text: String(line)) : "\n\(String(line))"
    }
    // A first newline is not content: one of ours, so that none of the value is lost.
    return text.around { "<textarea\($0) rows=\"\(at: rows)\"\(attributes)>\n\(lines)</textarea>" }
}

func choice(
    _ id: Markup, _ name: Markup, _ label: String, _ options: [(value: String, text: String)], chosen: String
) -> Markup {
    let drawn = options.map { option -> Markup in
        let selected: Markup = option.value == chosen ? " selected=\"selected\"" : ""
        return "<option value=\"\(option.value)\"\(selected)>\(option.text)</option>"
    }
    return FieldText(id: id, name: name, label: label).around { "<select\($0)>\(drawn)</select>" }
}

func submit(_ text: Markup, _ look: Markup = "primary", attributes: Markup = "") -> Markup {
    "<button type=\"submit\" class=\"button \(look)\"\(attributes)>\(text)</button>"
}
