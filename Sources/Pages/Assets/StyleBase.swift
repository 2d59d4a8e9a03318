/// The look, from the ground up: colours, type, the frame of a page, forms.
///
/// Every pair of ink and ground has a contrast of at least 4.5 to 1, in both schemes.
let styleBase = """
    :root {
      color-scheme: light dark;
      --page: #f5f6f8; --card: #ffffff; --ink: #18202b; --soft: #525d6c; --line: #e1e5ea; --edge: #c3cad4;
      --wash: #f1f3f6; --accent: #2a5bd0; --accent-deep: #1f49ad; --accent-wash: #e9effc; --on-accent: #ffffff;
      --compliant: #12937a; --due: #e5a413; --violating: #c7402a; --waived: #8a74c9; --unknown: #9aa5b3;
      --bad: #ab2e19; --bad-wash: #fcece8; --bad-deep: #8d2412;
      --heed: #7a5400; --heed-wash: #fcf3db; --good: #0b6856; --good-wash: #e2f4ef;
      --waived-ink: #5c48a3; --waived-wash: #efebfa; --shadow: 0 1px 2px rgb(20 28 40 / .05);
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #0e1218; --card: #161c25; --ink: #e6eaf0; --soft: #9aa6b6; --line: #262f3b; --edge: #3d4857;
        --wash: #1c2430; --accent: #86aaff; --accent-deep: #a9c3ff; --accent-wash: #1b2a49; --on-accent: #0b1526;
        --compliant: #25ab8d; --due: #eeb53a; --violating: #e3624c; --waived: #a591e0; --unknown: #6f7c8c;
        --bad: #ff9a89; --bad-wash: #37201d; --bad-deep: #ffb5a8;
        --heed: #f0c566; --heed-wash: #322815; --good: #62d3b9; --good-wash: #14302b;
        --waived-ink: #c2b4f2; --waived-wash: #292341; --shadow: none;
      }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 16px; }
    body { margin: 0; background: var(--page); color: var(--ink);
      font: 14px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
      font-variant-numeric: tabular-nums; }
    h1, h2, h3, p, ul, ol, dl, dd, table, fieldset, figure { margin: 0; padding: 0; }
    ul, ol { list-style: none; }
    h1 { font-size: 23px; line-height: 1.25; font-weight: 660; letter-spacing: -.015em; overflow-wrap: anywhere;
      text-wrap: balance; }
    h2 { font-size: 15px; line-height: 1.4; font-weight: 650; letter-spacing: -.005em; }
    h3 { font-size: 14px; line-height: 1.5; font-weight: 650; }
    a { color: var(--accent); text-decoration: none; }
    a:hover { text-decoration: underline; text-underline-offset: 2px; }
    code { font: .93em/1.5 ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
      overflow-wrap: anywhere; }
    strong { font-weight: 620; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
    main:focus { outline: none; }
    [hidden] { display: none !important; }
    .quiet { color: var(--soft); font-weight: 400; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
      white-space: nowrap; }
    .skip { position: absolute; left: 12px; top: -60px; z-index: 9; background: var(--accent);
      color: var(--on-accent); padding: 8px 14px; border-radius: 8px; font-weight: 600; }
    .skip:focus { top: 10px; }
    .icon { display: inline-block; width: 18px; height: 18px; flex: none; vertical-align: -4px; }

    .shell { display: grid; grid-template-columns: 208px minmax(0, 1fr); min-height: 100vh; }
    .side { position: sticky; top: 0; height: 100vh; overflow-y: auto; display: flex; flex-direction: column;
      background: var(--card); border-right: 1px solid var(--line); padding: 18px 12px 14px; }
    .brand { display: flex; align-items: center; gap: 9px; padding: 2px 8px; font-size: 16px; font-weight: 700;
      letter-spacing: -.01em; color: var(--ink); }
    .brand:hover { text-decoration: none; }
    .brand .quiet { font-size: 12px; letter-spacing: 0; margin-left: auto; }
    .mark { color: var(--ink); flex: none; } .mark-tip { fill: var(--accent); }
    .menu { margin-top: 20px; flex: 1; }
    .menu .group { font-size: 12px; font-weight: 600; color: var(--soft); padding: 0 10px; margin: 0 0 4px; }
    .menu > ul > li + li { margin-top: 18px; }
    .menu a { display: flex; align-items: center; gap: 10px; padding: 6px 10px; border-radius: 7px; color: var(--ink);
      font-weight: 500; }
    .menu a .icon { color: var(--soft); }
    .menu a:hover { background: var(--wash); text-decoration: none; }
    .menu a[aria-current] { background: var(--accent-wash); color: var(--accent-deep); font-weight: 620; }
    .menu a[aria-current] .icon { color: inherit; }
    .person { display: flex; align-items: center; justify-content: space-between; gap: 8px;
      border-top: 1px solid var(--line); padding: 12px 8px 0; margin-top: 16px; font-size: 13px; line-height: 1.35; }
    .person p { min-width: 0; }
    .person-name { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden;
      font-weight: 600; overflow-wrap: break-word; }
    .person .quiet { font-size: 12px; }
    .main { padding: 22px 28px 56px; min-width: 0; max-width: 1420px; overflow-wrap: anywhere; }

    .head { display: flex; flex-wrap: wrap; align-items: flex-end; justify-content: space-between; gap: 12px 24px;
      margin-bottom: 18px; }
    .head-text { min-width: 0; flex: 1 1 320px; }
    .trail { font-size: 13px; color: var(--soft); margin-bottom: 4px; }
    .trail ol { display: flex; flex-wrap: wrap; }
    .trail li + li::before { content: "/"; padding: 0 7px; color: var(--edge); }
    .trail a { color: inherit; overflow-wrap: anywhere; }
    .lede { color: var(--soft); margin-top: 5px; max-width: 72em; }
    .lede strong { color: var(--ink); } .lede .alarm { color: var(--bad); }
    .actions { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; }

    .button { display: inline-flex; align-items: center; justify-content: center; gap: 6px; min-height: 34px;
      padding: 5px 13px; border: 1px solid var(--edge); border-radius: 8px; background: var(--card);
      white-space: nowrap;
      color: var(--ink); font: inherit; font-weight: 560; line-height: 1.4; text-align: center; cursor: pointer;
      box-shadow: var(--shadow); }
    .button:hover { background: var(--wash); text-decoration: none; }
    .button .icon { margin: 0 -2px; }
    .button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
    .button.primary:hover { background: var(--accent-deep); border-color: var(--accent-deep); }
    .button.danger { color: var(--bad); }
    .button.danger:hover { background: var(--bad-wash); border-color: var(--bad); }
    .button.danger-solid { background: #b3321c; border-color: #b3321c; color: #ffffff; }
    .button.danger-solid:hover { background: #93260f; }
    .button.small { min-height: 27px; padding: 2px 9px; font-size: 12.5px; border-radius: 7px; box-shadow: none; }
    .button.wide { width: 100%; white-space: normal; overflow-wrap: anywhere; }
    .button:disabled { opacity: .5; cursor: not-allowed; }

    input, select, textarea { font: inherit; color: inherit; }
    .field { display: flex; flex-direction: column; gap: 4px; min-width: 0; }
    label, legend { font-weight: 580; }
    label .quiet { font-size: 12.5px; margin-left: 4px; }
    input:not([type="checkbox"], [type="radio"], [type="hidden"]), select, textarea { width: 100%; min-height: 36px;
      padding: 6px 10px; background: var(--card); border: 1px solid var(--edge); border-radius: 8px; }
    textarea { resize: vertical; line-height: 1.5; }
    select { padding-right: 6px; }
    ::placeholder { color: var(--soft); opacity: 1; }
    input:focus-visible, select:focus-visible, textarea:focus-visible { outline-offset: 0; border-radius: 8px;
      border-color: var(--accent); }
    [aria-invalid] { border-color: var(--bad) !important; }
    input:disabled { opacity: .55; }
    .hint, .why { font-size: 12.5px; color: var(--soft); }
    .error { font-size: 13px; font-weight: 560; color: var(--bad); }
    .column { display: flex; flex-direction: column; gap: 16px; }
    .column > * { max-width: 560px; } .column > .wide, .column > .button { max-width: none; align-self: flex-start; }
    .line { display: flex; align-items: flex-end; gap: 8px; } .line .field { flex: 1; }
    .long .card { display: grid; gap: 16px; } .long { max-width: 860px; }
    .long .card-head { margin-bottom: 0; }
    .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; }
    fieldset { border: 0; min-width: 0; }
    legend { padding: 0; margin-bottom: 6px; }
    .box-list { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 8px; }
    .box { display: flex; gap: 10px; align-items: flex-start; padding: 8px 11px; border: 1px solid var(--line);
      border-radius: 8px; font-weight: 400; cursor: pointer; }
    .box:hover { border-color: var(--edge); }
    .box:has(:checked) { border-color: var(--accent); background: var(--accent-wash); }
    .box:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 1px; }
    .box input { flex: none; width: 16px; height: 16px; margin: 3px 0 0; accent-color: var(--accent); }
    .box .quiet, .box .why { display: block; margin: 0; font-size: 12.5px; }
    .box.off { cursor: not-allowed; background: var(--wash); } .box.off code { color: var(--soft); }
    .box .why { font-style: italic; }
    .boxes .hint, .boxes > .button, .warn { margin-bottom: 8px; }
    .radios { display: grid; gap: 10px; } .radios .field { padding-left: 27px; max-width: 420px; }
    .warn { display: flex; gap: 9px; padding: 9px 12px; border-radius: 8px; background: var(--heed-wash);
      color: var(--heed); font-size: 13px; }
    /* Of a token that may write everything: while nothing is left unticked. */
    .boxes:has(.box input:not(:checked)) > .warn { display: none; }
    .form-end { display: flex; flex-wrap: wrap; gap: 8px; max-width: none !important; }
    .long > .form-end { margin-top: 18px; }

    """
