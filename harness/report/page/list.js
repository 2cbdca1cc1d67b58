// SPDX-License-Identifier: GPL-2.0-or-later
// A long list of instances: filter, sort, themes, keyboard, and the story of each. Which lines there are, and
// what is in their columns, is said by "view" (run.js, compare.js): { lines, columns, matches(line),
// cell(line, key), sortKey(line, key), story(line) }; a line has at least name, case and order.

const ROW = 28; // px, as in page.css
const state = { text: "", theme: null, sort: "order", down: false, at: -1 };
let shown = [];

// The words that were typed, each in the name, the theme or what else is said of it.
function hasWords(line, more) {
	const text = (line.name + " " + line.case.title + " " + more).toLowerCase();
	return state.text.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

// A button that shows or hides a kind of lines, or only lets one through.
function chip(name, kind, pressed, n, toggle) {
	const on = (e) => {
		e.currentTarget.setAttribute("aria-pressed", toggle());
		refresh();
	};
	return make("button", {
		class: "chip " + kind, "aria-pressed": pressed, "data-chip": name, title: "show or hide", onclick: on,
	}, make("span", { class: "verdict " + kind }, name), n === null ? null : " ", n === null ? null : make("b", {}, String(n)));
}

// Of each theme how many lines it has, or how many that are bad.
function showThemes(isBad) {
	const themes = new Map();
	for (const line of view.lines) {
		const t = themes.get(line.case.theme) || { title: line.case.title, n: 0, bad: 0 };
		t.n++;
		t.bad += isBad(line);
		themes.set(line.case.theme, t);
	}
	const choose = (theme) => {
		state.theme = theme;
		for (const b of byId("themes").children)
			b.setAttribute("aria-pressed", (b.dataset.theme || null) === theme);
		refresh();
	};
	byId("themes").append(make("button", { "aria-pressed": "true", onclick: () => choose(null) },
		"All", make("span", { class: "faint" }, String(view.lines.length))));
	for (const [name, t] of themes)
		byId("themes").append(make("button", {
			"aria-pressed": "false", "data-theme": name, title: name, onclick: () => choose(name),
		}, t.title || name, make("span", { class: t.bad ? "fail" : "faint" },
			t.bad ? t.bad + " ✗" : String(t.n))));
}

// ---- the table -------------------------------------------------------------------------------

function sortShown() {
	const order = state.down ? -1 : 1;
	shown.sort((a, b) => {
		const x = view.sortKey(a, state.sort), y = view.sortKey(b, state.sort);
		return x === y ? a.order - b.order : (x < y ? -order : order);
	});
}

function showHead() {
	const head = make("div", { class: "line", role: "row" });
	for (const [key, title, , type] of view.columns)
		head.append(make("span", {
			class: type || "", role: "columnheader",
			"aria-sort": state.sort === key ? (state.down ? "descending" : "ascending") : "none",
		}, make("button", {
			"data-sort": key,
			onclick: () => {
				state.down = state.sort === key && !state.down;
				state.sort = key;
				refresh();
			},
		}, title + (state.sort === key && key !== "order" ? (state.down ? " ▾" : " ▴") : ""))));
	byId("head").replaceChildren(head);
}

function lineElement(i) {
	const line = shown[i];
	return make("div", {
		class: "line", role: "row", "data-name": line.name, "aria-selected": i === state.at, id: "line" + i,
		onclick: () => {
			state.at = i;
			open(line);
		},
	}, ...view.columns.map(([key, , , type]) => make("span", { class: type || "", role: "cell" }, view.cell(line, key))));
}

// Only what can be seen is in the document: ten thousand rows cost as much as fifty.
function showRows(all) {
	const scroll = byId("scroll");
	byId("space").style.height = shown.length * ROW + "px";
	const from = all ? 0 : Math.max(0, Math.floor(scroll.scrollTop / ROW) - 10);
	const to = all ? shown.length : Math.min(shown.length, from + Math.ceil(scroll.clientHeight / ROW) + 20);
	const rows = [];

	for (let i = from; i < to; i++) rows.push(lineElement(i));
	byId("rows").style.transform = "translateY(" + from * ROW + "px)";
	byId("rows").replaceChildren(...rows);
}

function refresh() {
	shown = view.lines.filter((line) => (!state.theme || line.case.theme === state.theme) && view.matches(line));
	sortShown();
	state.at = -1;
	byId("found").textContent = shown.length + " of " + view.lines.length + " instances";
	byId("scroll").style.setProperty("--columns", view.columns
		.filter(([, , , type]) => innerWidth > 800 || !/wide/.test(type || "")).map((c) => c[2]).join(" "));
	showHead();
	showRows();
}

function move(by) {
	if (!shown.length) return;
	const scroll = byId("scroll"), before = state.at;
	state.at = Math.min(shown.length - 1, Math.max(0, before + by));
	const y = state.at * ROW;
	if (y < scroll.scrollTop || y > scroll.scrollTop + scroll.clientHeight - 3 * ROW)
		scroll.scrollTop = y - scroll.clientHeight / 2;
	showRows();
}

// ---- keyboard, print ---------------------------------------------------------------------------

function onKey(e) {
	if (byId("dialog").open) {
		const by = e.key === "ArrowRight" || e.key === "j" ? 1 : e.key === "ArrowLeft" || e.key === "k" ? -1 : 0;
		if (by && shown[state.at + by]) {
			byId("dialog").close();
			state.at += by;
			open(shown[state.at]);
		}
		return;
	}
	if (e.target.matches("input, select")) {
		if (e.key === "Escape") e.target.blur();
		return;
	}
	if (e.key === "/") {
		e.preventDefault();
		byId("filter").focus();
	} else if (e.key === "j" || e.key === "ArrowDown") {
		e.preventDefault();
		move(1);
	} else if (e.key === "k" || e.key === "ArrowUp") {
		e.preventDefault();
		move(-1);
	} else if (e.key === "Enter" && shown[state.at] && !e.target.matches("button, summary")) {
		e.preventDefault(); // else it presses the dialog's first button, too
		open(shown[state.at]);
	}
}

function open(line) {
	openDialog(line.name, ...view.story(line));
	showRows();
}

function beginList() {
	if (innerWidth <= 800) document.querySelector("nav details").open = false;
	byId("filter").addEventListener("input", (e) => {
		state.text = e.target.value.trim();
		refresh();
	});
	byId("scroll").addEventListener("scroll", () => requestAnimationFrame(() => showRows()));
	addEventListener("keydown", onKey);
	addEventListener("resize", refresh);
	addEventListener("beforeprint", () => showRows(true));
	addEventListener("afterprint", () => showRows());
	beginPage();
	refresh();
	const at = wanted() ? shown.findIndex((line) => line.name === wanted()) : -1;
	if (at >= 0) {
		state.at = at;
		open(shown[at]);
	}
}

