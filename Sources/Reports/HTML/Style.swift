import HTML

/// The look: system fonts, one accent colour, and status colours that differ in lightness as well as in hue,
/// so that they can be told apart without colour vision and on a grey printer.
let styleSheet: Markup = """
    :root {
      color-scheme: light dark;
      --page: #f6f7f9; --card: #ffffff; --ink: #17202b; --soft: #566272; --line: #dfe3e9; --wash: #f0f3f7;
      --accent: #2a5bd0; --accent-wash: #e8eefb; --edge: rgb(16 24 40 / 0.22);
      --compliant: #0f8f75; --due: #e8a713; --violating: #c23a22; --waived: #8a74c9; --unknown: #9aa5b3;
      --violating-ink: #ad2f19; --due-ink: #7d5600; --compliant-ink: #0b6b58; --waived-ink: #6350a8;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #0e131a; --card: #161d27; --ink: #e7ebf1; --soft: #9ba8b8; --line: #2a3442; --wash: #1d2631;
        --accent: #84a9ff; --accent-wash: #1c2a47; --edge: rgb(190 208 235 / 0.3);
        --compliant: #23a98b; --due: #efb73a; --violating: #e2604a; --waived: #a591e0; --unknown: #6f7c8c;
        --violating-ink: #ff9583; --due-ink: #f2c35c; --compliant-ink: #5bd3b8; --waived-ink: #bfb0f0;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
    body {
      margin: 0; background: var(--page); color: var(--ink);
      font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
      font-variant-numeric: tabular-nums;
    }
    .page { max-width: 1120px; margin: 0 auto; padding: 40px 32px 64px; }
    a { color: var(--accent); text-decoration: none; }
    a:hover, a:focus-visible { text-decoration: underline; }
    h1, h2, h3, p, table, ul, dl, figure { margin: 0; }
    h2 { font-size: 20px; line-height: 1.3; letter-spacing: -0.01em; font-weight: 650; }
    h3 { font-size: 14px; line-height: 1.4; font-weight: 650; margin: 28px 0 10px; }
    .masthead { display: flex; justify-content: space-between; align-items: center; gap: 24px;
      margin-bottom: 20px;
      color: var(--soft); font-size: 13px; }
    .brand { display: flex; align-items: center; gap: 9px; font-weight: 700; font-size: 16px; color:
      var(--ink); }
    .brand svg { width: 24px; height: 24px; display: block; }
    .hero { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 30px
      32px 28px; }
    .hero .eyebrow { font-size: 14px; font-weight: 600; color: var(--soft); margin-bottom: 8px; }
    .headline { font-size: 31px; line-height: 1.22; letter-spacing: -0.02em; font-weight: 680;
      max-width: 26em;
      text-wrap: balance; }
    .lede { font-size: 16px; color: var(--soft); max-width: 54em; margin-top: 12px; }
    .lede strong { color: var(--ink); font-weight: 600; overflow-wrap: anywhere; }
    .hero figure { margin-top: 26px; }
    .banner { border: 1px solid var(--due); background: var(--wash); border-radius: 10px; padding: 12px 18px;
      margin-bottom: 16px; }
    .meter { display: block; width: 100%; height: 14px; border-radius: 4px; overflow: hidden;
      background: var(--wash); }
    .hero .meter { height: 22px; border-radius: 6px; }
    .legend { display: flex; flex-wrap: wrap; gap: 6px 24px; margin-top: 12px; font-size: 14px; padding: 0;
      list-style: none; }
    .legend b { font-weight: 650; }
    .key { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 7px; }
    .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(156px, 1fr)); gap: 12px;
      margin: 12px 0 0; }
    .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 16px 18px; }
    .card dt { font-size: 13px; color: var(--soft); }
    .card dd { margin: 0; }
    .card .figure { font-size: 27px; line-height: 1.2; font-weight: 660; letter-spacing: -0.02em;
      margin: 2px 0; }
    .card .note { font-size: 12.5px; line-height: 1.4; color: var(--soft); }
    .card.alarm .figure { color: var(--violating-ink); }
    .card.heed .figure { color: var(--due-ink); }
    nav { margin: 24px 0 0; font-size: 13.5px; }
    nav ul { display: flex; flex-wrap: wrap; gap: 4px 20px; list-style: none; padding: 0 2px; }
    section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding:
      28px 32px 30px;
      margin-top: 20px; scroll-margin-top: 12px; }
    .intro { color: var(--soft); max-width: 50em; margin: 6px 0 18px; }
    /* A shadow at the side where there is more to see: the card's colour, which scrolls along, covers it at the end. */
    .scroll { overflow-x: auto; background:
      linear-gradient(to right, var(--card) 40%, transparent) left / 30px 100% no-repeat local,
      linear-gradient(to left, var(--card) 40%, transparent) right / 30px 100% no-repeat local,
      linear-gradient(to right, var(--edge), transparent) left / 12px 100% no-repeat scroll,
      linear-gradient(to left, var(--edge), transparent) right / 12px 100% no-repeat scroll; }
    * + .scroll { margin-top: 30px; } .intro + .scroll { margin-top: 0; } .scroll + .facts {
      margin-top: 14px; }
    table { width: 100%; border-collapse: collapse; font-size: 13.5px; line-height: 1.45; }
    caption { text-align: left; font-size: 14px; font-weight: 650; line-height: 1.4; padding: 0 0 6px; }
    th, td { text-align: left; vertical-align: top; padding: 9px 14px 9px 0; border-bottom: 1px solid
      var(--line); }
    th:last-child, td:last-child { padding-right: 0; }
    thead th { font-size: 12.5px; font-weight: 600; color: var(--soft); vertical-align: bottom; }
    thead th.number { white-space: normal; }
    tbody:last-child tr:last-child > * { border-bottom: 0; }
    .grouped tbody tr:not(:last-child) > td:not([rowspan]) { border-bottom: 0; padding-bottom: 2px; }
    .grouped tbody:last-child [rowspan] { border-bottom: 0; }
    tbody th { font-weight: 600; overflow-wrap: anywhere; min-width: 11em; }
    tr.part th { font-weight: 400; padding-left: 20px; color: var(--soft); }
    tr.group > * { border-bottom: 0; padding-bottom: 2px; }
    .number { text-align: right; white-space: nowrap; }
    .number + td:not(.number), .number + th:not(.number) { padding-left: 14px; }
    a.count { color: inherit; text-decoration: underline; text-decoration-color: var(--unknown);
      text-decoration-thickness: 1px; text-underline-offset: 3px; }
    a.count:hover, a.count:focus-visible { text-decoration-color: currentColor; }
    .anchored { scroll-margin-top: 12px; } .anchored + .anchored { margin-top: 30px; }
    .word.quiet-word { color: var(--soft); font-weight: 500; }
    .zero { color: var(--soft); }
    .bar { width: 26%; min-width: 130px; padding-top: 12px; }
    .time { white-space: nowrap; }
    .quiet { color: var(--soft); font-size: 12.5px; font-weight: 400; overflow-wrap: break-word; }
    .wrap { overflow-wrap: anywhere; } .wide { min-width: 17em; overflow-wrap: anywhere; }
    .middling { min-width: 10em; overflow-wrap: anywhere; } .address { min-width: 14em; overflow-wrap: anywhere; }
    .tag { display: inline-block; border: 1px solid var(--line); border-radius: 5px; padding: 0 6px;
      font-size: 12px;
      line-height: 1.6; color: var(--soft); background: var(--wash); white-space: nowrap; }
    .word { font-weight: 600; white-space: nowrap; }
    .word.violating, .word.failed { color: var(--violating-ink); }
    .word.due, .word.blocked { color: var(--due-ink); }
    .word.compliant, .word.done { color: var(--compliant-ink); }
    .word.waived { color: var(--waived-ink); }
    .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr));
      gap: 28px 40px; }
    .charts figcaption { font-weight: 650; font-size: 14px; margin-bottom: 2px; }
    figcaption { font-weight: 650; font-size: 14px; margin-bottom: 2px; }
    .chart { display: block; width: 100%; height: auto; }
    .chart text { font-size: 11.5px; fill: var(--soft); }
    .chart .value { fill: var(--ink); font-weight: 600; }
    .chart .grid { stroke: var(--line); stroke-width: 1; }
    .chart .limit { stroke: var(--ink); stroke-width: 1.25; stroke-dasharray: 4 3; }
    .chart .limit-name { fill: var(--ink); font-weight: 600; paint-order: stroke; stroke: var(--card);
      stroke-width: 4px; }
    .chart .cell { fill: var(--wash); }
    .chart .outside { fill: none; stroke: var(--line); stroke-dasharray: 2 3; }
    .fill-accent { fill: var(--accent); } .fill-compliant { fill: var(--compliant); } .fill-due { fill:
      var(--due); }
    .fill-violating { fill: var(--violating); } .fill-waived { fill: var(--waived); }
    .fill-unknown { fill: var(--unknown); }
    .key-accent { background: var(--accent); } .key-compliant { background: var(--compliant); }
    .key-due { background: var(--due); } .key-violating { background: var(--violating); }
    .key-waived { background: var(--waived); } .key-unknown { background: var(--unknown); }
    .heat-1 { fill-opacity: .16; } .heat-2 { fill-opacity: .34; } .heat-3 { fill-opacity: .88; } .heat-4
      { fill-opacity: 1; }
    .chart .on-dark { fill: var(--card); font-weight: 650; } .chart .on-light { fill: var(--ink);
      font-weight: 600; }
    .facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr));
      gap: 0 40px; }
    .facts div { display: flex; justify-content: space-between; gap: 20px; padding: 8px 0;
      border-bottom: 1px solid var(--line); font-size: 14px; }
    .facts dt { color: var(--soft); } .facts dd { margin: 0; text-align: right; font-weight: 600;
      overflow-wrap: anywhere; flex: none; max-width: 62%; }
    pre { font: 12.5px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre-wrap;
      overflow-wrap: anywhere; margin: 6px 0 0; }
    .reading { max-width: 52em; } .reading p + p, .reading li + li { margin-top: 8px; }
    .reading ul { padding-left: 20px; margin: 10px 0; }
    code { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap:
      anywhere; }
    .empty { color: var(--soft); }
    footer { margin-top: 24px; font-size: 12.5px; color: var(--soft); text-align: center; }
    @media (max-width: 1000px) { .cards { grid-template-columns: repeat(3, 1fr); } }
    @media (max-width: 900px) {
      .page { padding: 28px 18px 48px; } .hero, section { padding: 24px 22px 26px; }
      th, td { padding-right: 10px; } tbody th, .middling { min-width: 9em; } .wide { min-width: 13em; }
      .bar { min-width: 90px; width: 18%; } thead th { white-space: normal; }
    }
    @media (max-width: 640px) { .cards { grid-template-columns: repeat(2, 1fr); }
      .page { padding: 20px 14px 40px; } .hero, section { padding: 22px 18px; } .headline { font-size: 24px; }
      .masthead { flex-wrap: wrap; gap: 6px; }
    }
    \(sortingStyle)
    @page { size: A4; margin: 15mm 14mm 17mm; @bottom-right { content: counter(page) " / " counter(pages);
      font: 9px system-ui, sans-serif; color: #566272; } }
    @media print {
      :root {
        color-scheme: light;
        --page: #fff; --card: #fff; --ink: #17202b; --soft: #4c5766; --line: #d5dae1; --wash: #f0f3f7;
        --accent: #2a5bd0; --accent-wash: #e8eefb;
        --compliant: #0f8f75; --due: #e8a713; --violating: #c23a22; --waived: #8a74c9; --unknown: #9aa5b3;
        --violating-ink: #ad2f19; --due-ink: #7d5600; --compliant-ink: #0b6b58; --waived-ink: #6350a8;
      }
      * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
      body { font-size: 10.5pt; }
      .page { max-width: none; padding: 0; }
      nav { display: none; }
      .hero, section { border: 0; border-radius: 0; padding: 0; }
      section { margin-top: 26px; padding-top: 18px; border-top: 1px solid var(--line); }
      .cards { grid-template-columns: repeat(3, 1fr); }
      .headline { font-size: 22pt; }
      table { font-size: 8.5pt; } table .quiet, .tag { font-size: 7.6pt; }
      th, td { padding: 5px 6px 5px 0; overflow-wrap: anywhere; }
      thead th { font-size: 7.6pt; white-space: normal; overflow-wrap: normal; }
      .time { padding-right: 12px; } .word, .tag { white-space: normal; }
      thead { break-after: avoid; } thead:not(:is(.sortable:has(.order input:not(.by-0):checked) *)) {
        display: table-header-group; } .intro, .charts { break-inside: avoid; }
      tr, figure, .card, .grouped tbody, .facts div, .banner { break-inside: avoid; }
      table:not(.grouped):not(:has(tbody tr:nth-child(7))) { break-inside: avoid; }
      h2, h3, caption, .intro { break-after: avoid; }
      .order label:not(:has(:checked)), .order input { display: none; } .order { font-size: 7.6pt; }
      .sortable:not(:has(.order input:not(.by-0):checked)) .order { display: none; }
      .scroll { overflow: visible; background: none; } tbody th { min-width: 6em; } .wide { min-width: 7em; } .middling
        { min-width: 5em; } .address { min-width: 8em; } .bar { min-width: 50px; width: 18%; padding-top: 6px; }
      .bar .meter { height: 11px; }
      a { color: inherit; } a.count { text-decoration: none; }
      .charts { grid-template-columns: 1fr 1fr; gap: 20px; }
    }
    """
