/// The look of what pages are put together from, and of narrow screens.
let styleParts = """
    .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px 20px;
      box-shadow: var(--shadow); }
    .card + .card, .card + .columns, .columns + .card, .alert + .card, .figures + .card, .long .card + .card
      { margin-top: 16px; }
    .card + .alert { margin-top: 16px; }
    .card.flush { padding: 0; overflow: hidden; }
    .card-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 12px; margin-bottom: 12px; }
    .card-head .quiet { font-size: 13px; }
    .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(400px, 100%), 1fr)); gap: 16px; }
    .columns .card + .card { margin-top: 0; }
    .columns.forms { gap: 20px 32px; align-items: end; }
    .columns.forms > .alert { margin: 0; }
    .remark { margin-top: 12px; color: var(--soft); font-size: 13px; }
    .lines { display: grid; gap: 4px; margin-top: 4px; } dd > .lines { margin-top: 0; }

    .badge { display: inline-block; padding: 1px 8px; border-radius: 20px; font-size: 12px; font-weight: 580;
      line-height: 1.6; white-space: nowrap; background: var(--wash); color: var(--soft); }
    .badge.good { background: var(--good-wash); color: var(--good); }
    .badge.heed { background: var(--heed-wash); color: var(--heed); }
    .badge.bad { background: var(--bad-wash); color: var(--bad); }
    .badge.waived { background: var(--waived-wash); color: var(--waived-ink); }
    .badge.accent { background: var(--accent-wash); color: var(--accent-deep); }
    .badges { display: inline-flex; flex-wrap: wrap; gap: 4px; }
    .lede .badges { margin-right: 6px; }
    .tags { display: inline-flex; flex-wrap: wrap; gap: 4px; }
    .tag { display: inline-block; padding: 0 6px; border-radius: 5px; background: var(--wash); color: var(--ink);
      font-size: 12px; line-height: 1.65; overflow-wrap: anywhere; }
    .tag.more { color: var(--soft); font-weight: 600; cursor: help; }

    .alert, .brake { display: flex; gap: 11px; padding: 11px 15px; border-radius: 10px; margin-bottom: 16px;
      background: var(--heed-wash); color: var(--heed); overflow-wrap: anywhere; }
    .alert > div, .brake > div { min-width: 0; }
    .alert .icon, .brake .icon { margin-top: 1px; }
    .alert .quiet, .brake .quiet { color: inherit; }
    .alert a { color: inherit; text-decoration: underline; text-underline-offset: 2px; }
    .alert.done { background: var(--good-wash); color: var(--good); }
    .alert.failed { background: var(--bad-wash); color: var(--bad); }
    .alert ul { margin-top: 4px; } .alert .tag { background: var(--card); }
    .brake { border: 1px solid var(--due); }

    .filters { display: grid; gap: 10px; margin-bottom: 14px; }
    .filter-line { display: flex; align-items: flex-end; gap: 8px; }
    .filter-line .field { flex: 1 1 auto; max-width: 560px; }
    .filter-choices { display: grid; grid-template-columns: repeat(auto-fit, minmax(118px, 1fr)); gap: 10px; }
    .filters .field { gap: 2px; }
    .filters label { font-size: 12.5px; font-weight: 500; color: var(--soft); }
    .filters input, .filters select { min-height: 34px !important; }
    .filters select { text-overflow: ellipsis; }
    .fold > summary { cursor: pointer; padding: 6px 0; font-size: 13.5px; color: var(--accent); }
    .fold[open] > summary { margin-bottom: 6px; }
    @supports selector(::details-content) { @media (min-width: 701px) {
      .fold > summary { display: none; }
      .fold::details-content { content-visibility: visible; } } }

    .scroll { overflow-x: auto; position: relative; }
    table { width: 100%; border-collapse: collapse; font-size: 13px; line-height: 1.45; }
    th, td { text-align: left; vertical-align: top; padding: 10px 8px; border-bottom: 1px solid var(--line);
      font-weight: 400; overflow-wrap: break-word; }
    th:first-child, td:first-child { padding-left: 0; } th:last-child, td:last-child { padding-right: 0; }
    .flush th:first-child { padding-left: 20px; } .flush th:last-child, .flush td:last-child { padding-right: 16px; }
    thead th { font-size: 12.5px; font-weight: 560; color: var(--soft); white-space: nowrap; padding-top: 0;
      padding-bottom: 7px; overflow-wrap: normal; }
    .flush thead th { padding-top: 10px; background: var(--wash); }
    thead a { color: inherit; } thead [aria-sort] { color: var(--ink); } thead .icon { width: 15px; height: 15px; }
    tbody tr:last-child > * { border-bottom: 0; }
    .card:not(.flush) tbody tr:last-child > * { padding-bottom: 0; }
    .flush tbody tr:hover { background: var(--wash); } .flush tbody tr:hover .tag { background: var(--line); }
    tbody th { font-weight: 580; min-width: 10em; overflow-wrap: anywhere; }
    pre { margin: 14px 0 0; padding: 12px 14px; border-radius: 8px; background: var(--wash); white-space: pre-wrap;
      overflow-wrap: anywhere; font: .88em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
    dd code { overflow-wrap: anywhere; }
    td code { overflow-wrap: anywhere; } td .tag { overflow-wrap: normal; }
    td .id, th .id { white-space: nowrap; overflow-wrap: normal; } .change b { font-weight: 580; color: var(--ink); }
    .log { table-layout: fixed; } .log td, .log td .id { white-space: normal; overflow-wrap: anywhere; }
    .log thead th:nth-child(1) { width: 84px; } .log thead th:nth-child(2) { width: 108px; }
    .log thead th:nth-child(3) { width: 18%; } .log thead th:nth-child(5) { width: 25%; }
    .number { text-align: right; white-space: nowrap; }
    .below { display: block; color: var(--soft); font-size: 12px; font-weight: 400; }
    td time { display: inline-block; } time .below { white-space: nowrap; } .relative { white-space: nowrap; }
    .near { color: var(--heed); } .never { font-style: italic; color: var(--soft); }
    .row-actions { display: inline-flex; flex-direction: column; align-items: flex-end; gap: 2px; }
    .row-actions .button { border: 0; background: none; box-shadow: none; min-height: 22px; padding: 0 6px;
      color: var(--accent); margin-right: -6px; }
    .row-actions .button.danger { color: var(--bad); }
    .row-actions .button:hover { text-decoration: underline; background: none; }
    .tokens td:nth-child(4) time { white-space: nowrap; }
    .tokens td:nth-child(6) { min-width: 106px; } .tokens td:nth-child(8) { max-width: 104px; }
    .tokens tbody th { min-width: 140px; } .tokens td .below { max-width: 220px; }
    .tokens td:nth-child(2) { min-width: 88px; max-width: 150px; overflow-wrap: break-word; }
    .tokens th:not(:first-child), .tokens td:not(:last-child) { padding-inline: 5px; }
    .policies .bar { min-width: 130px; margin: 4px 0 3px; }

    .facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(340px, 100%), 1fr)); gap: 9px 32px; }
    .facts div { display: grid; grid-template-columns: 116px minmax(0, 1fr); gap: 12px; }
    .facts dt { color: var(--soft); } .facts dd { overflow-wrap: anywhere; }
    .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 12px;
      margin-bottom: 16px; }
    .figure { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 13px 16px;
      box-shadow: var(--shadow); }
    .figure dt { font-size: 13px; color: var(--soft); } .figure .quiet { font-size: 12.5px; }
    .figure .value { font-size: 26px; line-height: 1.25; font-weight: 650; letter-spacing: -.02em; }
    .figure.bad .value { color: var(--bad); } .figure.heed .value { color: var(--heed); }
    .bar { display: block; width: 100%; height: 10px; border-radius: 5px; background: var(--wash); overflow: hidden; }
    .card > .bar { height: 16px; }
    .legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 11px; font-size: 13px; }
    .legend b { font-weight: 640; }
    .key { display: inline-block; width: 9px; height: 9px; border-radius: 3px; margin-right: 7px; }
    .fill-compliant, .fill-done { fill: var(--compliant); } .key-compliant, .key-done { background: var(--compliant); }
    .fill-due, .fill-blocked { fill: var(--due); } .key-due, .key-blocked { background: var(--due); }
    .fill-violating, .fill-failed { fill: var(--violating); }
    .key-violating, .key-failed { background: var(--violating); }
    .fill-waived { fill: var(--waived); } .key-waived { background: var(--waived); }
    .fill-started { fill: var(--accent); } .key-started { background: var(--accent); }
    .fill-unknown, .fill-waiting { fill: var(--unknown); } .key-unknown, .key-waiting { background: var(--unknown); }
    .fill-skipped { fill: var(--edge); } .key-skipped { background: var(--edge); }

    .steps { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; margin: 4px 0 18px; }
    .steps li { position: relative; padding: 20px 10px 0 0; font-size: 13px; color: var(--soft); }
    .steps li::before { content: ""; position: absolute; left: 0; right: 0; top: 5px; height: 2px;
      background: var(--line); }
    .steps li:last-child::before { right: calc(100% - 12px); }
    .steps li::after { content: ""; position: absolute; left: 0; top: 0; width: 12px; height: 12px; border-radius: 50%;
      background: var(--card); border: 2px solid var(--edge); }
    .steps .past { color: var(--ink); } .steps .past::before { background: var(--accent); }
    .steps .past::after { background: var(--accent); border-color: var(--accent); }
    .steps .present { color: var(--ink); font-weight: 620; }
    .steps .present::after { border-color: var(--accent); box-shadow: 0 0 0 4px var(--accent-wash); }
    .timeline li { position: relative; padding: 0 0 15px 22px; }
    .timeline li::before { content: ""; position: absolute; left: 4px; top: 7px; bottom: -7px; width: 1px;
      background: var(--line); }
    .timeline li:last-child { padding-bottom: 0; } .timeline li:last-child::before { display: none; }
    .timeline li::after { content: ""; position: absolute; left: 0; top: 7px; width: 9px; height: 9px;
      border-radius: 50%; background: var(--edge); }
    .timeline .quiet { font-size: 13px; } .timeline div { overflow-wrap: anywhere; }
    .happens { counter-reset: step; display: grid; gap: 8px; }
    .happens li { counter-increment: step; position: relative; padding-left: 30px; }
    .happens li::before { content: counter(step); position: absolute; left: 0; top: 0; width: 20px; height: 20px;
      border-radius: 50%; background: var(--accent-wash); color: var(--accent-deep); font-size: 12px; font-weight: 620;
      line-height: 20px; text-align: center; }
    .items { display: grid; gap: 18px; }
    .item + .item { border-top: 1px solid var(--line); padding-top: 18px; }
    .item > p { margin: 2px 0 10px; } .item .columns { margin-top: 14px; }
    .item h3 code { font-size: 12.5px; } .item h3 .badge { margin: 0 4px; }
    .downloads { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 10px; }
    .downloads a { display: block; height: 100%; padding: 12px 14px; border: 1px solid var(--line);
      border-radius: 10px; }
    .downloads a:hover { border-color: var(--accent); text-decoration: none; }
    .downloads .quiet { display: block; font-size: 13px; }
    .tabs ul { display: flex; gap: 4px; margin-bottom: 12px; }
    .tabs a { display: block; padding: 5px 13px; border-radius: 8px; color: var(--soft); font-weight: 560; }
    .tabs a[aria-current] { background: var(--accent-wash); color: var(--accent-deep); }
    .paging { display: flex; gap: 8px; margin-top: 14px; }
    .empty { padding: 44px 24px; text-align: center; color: var(--soft); }
    .empty > .icon { width: 30px; height: 30px; color: var(--edge); margin-bottom: 6px; }
    .empty-title { font-size: 15px; font-weight: 620; color: var(--ink); } .empty .button { margin-top: 14px; }

    .once { border: 2px solid var(--due); margin-bottom: 16px; display: grid; gap: 12px; }
    .once h2 { display: flex; gap: 9px; font-size: 16px; color: var(--heed); } .once h2 .icon { margin-top: 2px; }
    .once p { max-width: 68em; }
    .copy { display: flex; gap: 8px; } .copy .button { flex: none; }
    .secret { font: 14px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace !important;
      background: var(--wash) !important; }
    p.actions { margin-top: 18px; }
    .alone { min-height: 100vh; display: grid; align-content: center; justify-content: center; padding: 28px 16px;
      grid-template-columns: minmax(0, 400px); }
    .sign-in { display: grid; gap: 16px; } .sign-in > .quiet { text-align: center; font-size: 12.5px; }
    .sign-in > .brand { justify-content: center; font-size: 20px; }
    .sign-in .card { padding: 26px 26px 28px; box-shadow: 0 8px 30px rgb(20 28 40 / .07); }
    .sign-in .lede { margin-bottom: 20px; } .sign-in .column > .button { align-self: stretch; }
    .or { display: flex; align-items: center; gap: 12px; margin: 18px 0; color: var(--soft); font-size: 13px; }
    .or::before, .or::after { content: ""; flex: 1; height: 1px; background: var(--line); }
    .providers { display: grid; gap: 8px; }
    .error-page { padding: 9vh 0 0; max-width: 600px; } .error-page p { margin-top: 12px; }
    .error-status { font-size: 15px; font-weight: 650; color: var(--accent); margin-bottom: 4px; }
    .alone .error-page { padding: 0; }

    @media (max-width: 860px) {
      .shell { display: block; }
      .side { position: static; height: auto; padding: 10px 0 0; border-right: 0; display: grid;
        grid-template-columns: minmax(0, 1fr) auto; align-items: center; border-bottom: 1px solid var(--line); }
      .side > * { min-width: 0; } .side > .brand { padding-left: 16px; }
      .brand .quiet { margin-left: 0; }
      .person { border: 0; margin: 0; padding: 0 16px 0 0; max-width: 66vw; }
      .person p { text-align: right; } .person p .quiet { display: none; }
      .menu { position: relative; grid-column: 1 / -1; grid-row: 2; margin-top: 8px; }
      .menu > ul { display: flex; flex-wrap: wrap; padding: 0 10px; }
      .menu > ul > li, .menu ul ul { display: contents; }
      .menu > ul > li + li { margin: 0; }
      .menu .group { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
      .menu a { padding: 8px 10px 10px; border-radius: 0; white-space: nowrap; gap: 7px; }
      .menu a[aria-current] { background: none; box-shadow: inset 0 -2px var(--accent); }
      .main { padding: 18px 16px 44px; }
    }
    @media (max-width: 1240px) {
      .stack, .stack tbody, .stack tr, .stack th, .stack td { display: block; width: auto; }
      .stack thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
      .stack tr { padding: 12px 0; border-bottom: 1px solid var(--line); }
      .flush .stack tr { padding: 13px 16px; }
      .stack tr:last-child { border-bottom: 0; }
      .card:not(.flush) .stack tr:first-child { padding-top: 0; }
      .card:not(.flush) .stack tr:last-child { padding-bottom: 0; }
      .stack tbody th, .stack td, .flush .stack tbody th, .flush .stack td:last-child { border: 0; padding: 2px 0;
        min-width: 0; max-width: none; white-space: normal; text-align: left; overflow-wrap: anywhere; }
      .stack td .tag { overflow-wrap: anywhere; } .stack .id { white-space: normal; overflow-wrap: anywhere; }
      .stack tbody th { font-size: 14.5px; margin-bottom: 3px; }
      .stack td[data-label] { display: grid; grid-template-columns: 96px minmax(0, 1fr); gap: 2px 12px; }
      .stack td[data-label]::before { content: attr(data-label); color: var(--soft); }
      .stack td > div { min-width: 0; }
      .row-actions { flex-direction: row; gap: 8px; padding-top: 8px; }
      .row-actions .button { border: 1px solid var(--edge); min-height: 30px; padding: 2px 12px; margin: 0; }
      .tokens td:nth-child(n), .tokens tbody th { min-width: 0; max-width: none; padding-inline: 0; }
    }
    @media (max-width: 700px) {
      .menu a { padding: 7px 8px 8px; } .menu a .icon { display: none; }
      .filter-choices { grid-template-columns: 1fr 1fr; }
      .pair { grid-template-columns: 1fr; }
      input, select, textarea { font-size: 16px; }
      .card { padding: 16px; }
      .line { flex-wrap: wrap; } .line .field { flex: 1 1 100%; }
      .steps { grid-auto-flow: row; gap: 12px; }
      .steps li { padding: 0 0 0 24px; } .steps li::after { top: 4px; }
      .steps li::before { left: 5px; right: auto; width: 2px; top: 8px; height: calc(100% + 12px); }
      .steps li:last-child::before { display: none; }
      .facts div { grid-template-columns: 96px minmax(0, 1fr); }
      .figures { grid-template-columns: 1fr 1fr; }
      .copy { flex-direction: column; }
      .form-end .button { flex: 1; }
    }
    @media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; }
      .button, .box, .menu a { transition: background-color .12s, border-color .12s; } }
    @media print { .side, .skip, .filters, .actions, .paging, .row-actions { display: none; } .shell { display: block; }
      .main { padding: 0; } .card { break-inside: avoid; box-shadow: none; } }

    """
