// Looks at a page as it is laid out now, and answers what stands in somebody's way: a list of [rule, what, where].
// What it cannot know: what is painted over something else by its position, and whether a text is a good one.
() => {
  const found = [];
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const short = (text) => text.trim().replace(/\s+/g, " ").replace(/^(.{40}).+$/, "$1…");
  const place = ({ localName, id, classList }) =>
    localName + (id ? `#${id}` : "") + [...classList].map((name) => `.${name}`).join("");
  const tell = (rule, what, element = document.documentElement) => found.push([rule, what, place(element)]);

  // Names.
  const referred = (element) => (element.getAttribute("aria-labelledby") || "").split(/\s+/).filter(Boolean)
    .map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
  const given = (element) => (referred(element) || element.getAttribute("aria-label") || "").trim();
  const content = (element) => element.textContent + all("img[alt]", element).map((image) => image.alt).join(" ")
    + all("svg[aria-label]", element).map(given).join(" ");
  const buttons = ["submit", "reset", "button"];
  for (const field of all("input, select, textarea")) {
    if (field.type === "hidden" || !shown(field)) continue;
    if (buttons.includes(field.type)) {
      // The two others have a text of the browser's.
      const bare = field.type === "button" && !field.value.trim() && !given(field);
      if (bare) tell("name", "a button without a text", field);
    } else if (field.type === "image") {
      if (!field.alt.trim() && !given(field)) tell("name", "a button without a text", field);
    } else if (!given(field) && ![...field.labels].some((label) => label.textContent.trim())) {
      tell("label", `no label for '${field.name}'`, field);
    }
  }
  for (const element of all("a[href], button, summary")) {
    if (shown(element) && !given(element) && !content(element).trim()) tell("name", "nothing to read out", element);
  }

  // The document.
  if (!document.documentElement.lang) tell("language", "the page does not say its language");
  if (!document.title.trim()) tell("title", "the page has no title");
  const device = document.querySelector("meta[name=viewport]")?.content ?? "";
  if (!device.includes("width=device-width")) tell("viewport", "a phone lays it out as wide as a screen");
  if (/user-scalable\s*=\s*(no|0)|maximum-scale\s*=\s*1\b/.test(device)) tell("viewport", "it cannot be made larger");
  const ids = new Set();
  for (const element of all("[id]")) {
    if (ids.has(element.id)) tell("id", `'${element.id}' is there twice`, element);
    ids.add(element.id);
  }
  const headings = all("h1, h2, h3, h4, h5, h6").filter(shown);
  const first = headings.filter((heading) => heading.localName === "h1").length;
  if (first !== 1) tell("heading", `${first} h1 where one should be`);
  headings.reduce((before, heading) => {
    const level = Number(heading.localName[1]);
    const last = before ? `h${before}` : "nothing";
    if (level > before + 1) tell("heading", `h${level} after ${last}: '${short(heading.textContent)}'`, heading);
    return level;
  }, 0);

  // Pictures and tables.
  for (const image of all("img")) if (!image.hasAttribute("alt")) tell("alt", "a picture without alt", image);
  for (const drawing of all("svg")) {
    if (drawing.closest("[aria-hidden=true]")) continue;
    const named = given(drawing) || drawing.querySelector(":scope > title")?.textContent.trim();
    if (drawing.getAttribute("role") !== "img" || !named) tell("alt", "a drawing neither hidden nor named", drawing);
  }
  for (const table of all("table:not([role=presentation])")) {
    const heads = all("th", table);
    if (!heads.length) tell("table", "a table without th", table);
    for (const head of heads) {
      if (!["col", "row", "colgroup", "rowgroup"].includes(head.getAttribute("scope"))) {
        tell("table", `th without scope: '${short(head.textContent)}'`, head);
      }
    }
  }

  // Colours: [red, green, blue, alpha], of whatever notation.
  const painter = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const read = (text) => {
    const plain = text.match(/^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/);
    if (plain) return [...plain.slice(1, 4).map(Number), Number(plain[4] ?? 1)];
    painter.clearRect(0, 0, 1, 1);
    painter.fillStyle = text;
    painter.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = painter.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const colour = (text) => { if (!known.has(text)) known.set(text, read(text)); return known.get(text); };
  const mix = (below, above, part) => below.map((value, index) => value + (above[index] - value) * part);
  const over = (below, [red, green, blue, alpha]) => mix(below, [red, green, blue], alpha);
  const light = (rgb) => rgb.map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  // What the browser paints a page on: dark, where the page says that it can be.
  const probe = document.documentElement.appendChild(document.createElement("i"));
  probe.style.color = "Canvas";
  const canvas = colour(getComputedStyle(probe).color).slice(0, 3);
  probe.remove();

  // What is behind a text, through every ancestor; and how it and its ground come out of the groups with an opacity.
  const ground = (element) => {
    const chain = [];
    for (let at = element; at; at = at.parentElement) chain.unshift(at);
    let behind = canvas, picture = false;
    const groups = [];
    for (const at of chain) {
      const style = getComputedStyle(at);
      if (style.opacity !== "1") groups.unshift([behind, Number(style.opacity)]);
      const own = colour(style.backgroundColor);
      if (own[3] === 1) picture = false;
      // The arrow of a field is not behind its text.
      if (style.backgroundImage !== "none" && !at.matches("select, input")) picture = true;
      behind = over(behind, own);
    }
    // In a drawing, what was painted before at the same place.
    if (element instanceof SVGElement && element.ownerSVGElement) {
      const box = element.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
      for (const shape of element.ownerSVGElement.querySelectorAll("rect")) {
        const place = shape.getBoundingClientRect();
        const isUnder = place.left <= x && x <= place.right && place.top <= y && y <= place.bottom;
        if (!isUnder || !(shape.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)) continue;
        const style = getComputedStyle(shape);
        if (style.fill === "none") continue;
        const [red, green, blue, alpha] = colour(style.fill);
        behind = over(behind, [red, green, blue, alpha * Number(style.fillOpacity) * Number(style.opacity)]);
      }
    }
    const leave = (rgb) => groups.reduce((inside, [outside, opacity]) => mix(outside, inside, opacity), rgb);
    return { behind, picture, seen: (text) => contrast(leave(over(behind, text)), leave(behind)) };
  };

  // Only for those who listen: as large as a dot, or cut away.
  const unseen = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (/^inset\((50|100)%/.test(style.clipPath)) return true;
      const dot = at.clientWidth <= 1 && at.clientHeight <= 1 && style.position === "absolute";
      if (dot && style.overflow !== "visible") return true;
    }
    return false;
  };
  const legible = (element, text, style = getComputedStyle(element)) => {
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const drawn = element instanceof SVGElement ? style.fill : style.color;
    const { picture, seen } = ground(element);
    const ratio = seen(colour(drawn));
    if (picture) tell("contrast", `'${short(text)}' stands on a picture`, element);
    else if (ratio < needed) {
      tell("contrast", `${Math.floor(ratio * 100) / 100} of ${needed} for '${short(text)}'`, element);
    }
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, text = walker.currentNode.data;
    const inactive = element.closest(":disabled, [aria-disabled=true], option, textarea, script, style");
    if (text.trim() && !inactive && shown(element) && !unseen(element)) legible(element, text);
  }
  for (const field of all("input, select, textarea")) {
    if (field.type === "hidden" || field.matches(":disabled") || !shown(field) || unseen(field)) continue;
    if (field.placeholder && !field.value) {
      legible(field, field.placeholder, getComputedStyle(field, "::placeholder"));
    } else if (!["checkbox", "radio", "image", "range", "color"].includes(field.type)) {
      legible(field, field.value || field.name);
    }
  }

  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) {
    tell("scroll", `${document.documentElement.scrollWidth} wide in ${document.documentElement.clientWidth}`);
  }

  // Last, since it moves the focus: some of what is painted has to change, and an outline has to stand out.
  const painted = ["boxShadow", "backgroundColor", "color", "borderTopColor", "borderLeftColor", "textDecorationLine"];
  const look = (element) => {
    for (const animation of element.getAnimations()) try { animation.finish(); } catch { /* one without an end */ }
    const style = getComputedStyle(element);
    return painted.map((name) => style[name]).join("; ");
  };
  const before = document.activeElement;
  before?.blur?.();
  for (const element of all("a[href], button, input, select, textarea, summary, [tabindex]")) {
    if (element.tabIndex < 0 || element.matches(":disabled") || !shown(element)) continue;
    const rest = look(element);
    element.focus({ preventScroll: true });
    if (document.activeElement !== element) continue;
    const changed = look(element) !== rest;
    const style = getComputedStyle(element);
    const line = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    const stands = style.outlineStyle === "auto" || ground(element.parentElement).seen(colour(style.outlineColor)) >= 3;
    element.blur();
    if (!changed && !(line && stands)) {
      tell("focus", line ? "an outline that does not stand out" : "no focus to be seen", element);
    }
  }
  before?.focus?.({ preventScroll: true });
  return found;
}
