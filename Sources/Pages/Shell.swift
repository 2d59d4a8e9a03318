import HTML

extension Page {
    /// The whole page, in UTF-8.
    package func render(in frame: Frame) -> [UInt8] { shell(around: self, in: frame).bytes }
}

func shell(around page: some Page, in frame: Frame) -> Markup { page.content(in: frame) }
