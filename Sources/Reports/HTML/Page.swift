import Engine
import HTML
import RotaCore

/// The beginning of a page of its own, up to its first part: without script and without anything from the network.
func pageHead(_ title: String, generator: String, store: StoreIdentity) -> Markup {
    """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8"/>
    <meta name="viewport" content="width=device-width, initial-scale=1"/>
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
    <meta name="referrer" content="no-referrer"/><meta name="generator" content="\(generator)"/>
    <title>\(title)</title>
    <style>
    \(styleSheet)
    </style></head>
    <body><main class="page">
    <header class="masthead"><div class="brand">\(mark)Rota</div>
    <div>Store <code>\(store.instance)</code>, generation \
    \(Int(store.generation))</div></header>

    """
}

let pageEnd: Markup = "</main></body></html>\n"

/// A turn that comes round.
private let mark: Markup = """
    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M20 12a8 8 0 1 1-2.6-5.9" fill="none" \
    stroke="currentColor" stroke-width="2.6" stroke-linecap="round"/><path class="fill-accent" \
    d="M21.8 2.6v6.6h-6.6z"/></svg>
    """
