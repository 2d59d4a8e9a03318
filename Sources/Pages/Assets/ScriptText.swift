/// What is easier with a script. Nothing needs it.
let scriptText = #"""
    (() => {
      "use strict";
      const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
      const one = (selector, root = document) => root.querySelector(selector);

      // Times are told in UTC; the pointer tells them where one is.
      const local = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
      for (const time of all("time[datetime]")) {
        const date = new Date(time.dateTime);
        if (!Number.isNaN(date.getTime())) time.title = local.format(date) + " (your time)";
      }

      // On a phone the menu lies in one line: show where one is.
      const here = one(".menu a[aria-current]");
      if (here && matchMedia("(max-width: 860px)").matches) {
        const menu = here.closest(".menu");
        menu.scrollLeft = here.offsetLeft - (menu.clientWidth - here.offsetWidth) / 2;
      }

      // Copy a value.
      for (const button of all("button[data-copy]")) {
        const field = document.getElementById(button.dataset.copy);
        const told = one(`[data-told="${button.dataset.copy}"]`);
        button.hidden = false;
        button.addEventListener("click", async () => {
          field.select();
          let done = false;
          try {
            await navigator.clipboard.writeText(field.value);
            done = true;
          } catch {
            // Not on a page without TLS, and not where the browser forbids it: the old way may do.
            done = document.execCommand("copy");
          }
          button.textContent = done ? "Copied" : "Press Ctrl+C";
          if (told) told.textContent = done ? "The value was copied." : "It could not be copied; it is selected.";
          setTimeout(() => { button.textContent = "Copy"; }, 2500);
        });
      }

      // Filters apply by themselves, and empty ones stay out of the address.
      for (const form of all("form[data-auto]")) {
        form.addEventListener("change", event => { if (event.target.matches("select")) form.requestSubmit(); });
        form.addEventListener("submit", () => {
          for (const field of all("input, select", form)) {
            const usual = field.name === "state" ? "active" : field.name === "status" ? "any" : "";
            field.disabled = field.value === usual;
          }
        });
        addEventListener("pageshow", () => { for (const field of all("input, select", form)) field.disabled = false; });
      }

      // The name has to be typed before the button can be pressed, as it is read: a gap is a blank.
      const read = text => text.replace(/\s+/g, " ").trim();
      for (const form of all("form[data-confirm]")) {
        const field = one("[name=name]", form);
        const button = one("button[type=submit]", form);
        const check = () => { button.disabled = read(field.value) !== read(form.dataset.confirm); };
        field.addEventListener("input", check);
        addEventListener("pageshow", check);
        check();
      }

      // Tick every scope that only reads, or none of them.
      for (const button of all("button[data-tick]")) {
        const boxes = all("input[type=checkbox]:not(:disabled)", button.closest("fieldset"));
        const tell = () => {
          button.textContent = boxes.every(box => box.checked) ? "Read-only: tick none" : "Read-only: tick all";
        };
        button.hidden = false;
        button.addEventListener("click", () => {
          const ticked = !boxes.every(box => box.checked);
          for (const box of boxes) box.checked = ticked;
          tell();
        });
        for (const box of boxes) box.addEventListener("change", tell);
        tell();
      }

      // An end: only where there is to be one, and also as the clock on the wall has it.
      for (const told of all("[data-local]")) {
        const field = document.getElementById(told.dataset.local);
        const radios = all("input[name=expiry]", field.form);
        const usual = told.textContent;
        const show = () => {
          const date = new Date(field.value + "Z");
          told.textContent = Number.isNaN(date.getTime()) ? usual : "For you that is " + local.format(date) + ".";
        };
        const toggle = () => { field.disabled = radios.some(radio => radio.value === "never" && radio.checked); };
        field.addEventListener("input", show);
        for (const radio of radios) radio.addEventListener("change", toggle);
        addEventListener("pageshow", () => { show(); toggle(); });
        show();
        toggle();
      }
    })();

    """#
