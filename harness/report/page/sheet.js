// SPDX-License-Identifier: GPL-2.0-or-later
// A page of sections: an answer, tables, items, pictures on one scale of time. What is in it is said by
// sysctl.js or program.js.

const REPLIES = { yes: "pass", NO: "fail", "?": "skip", broken: "broken" };
const stories = new Map(); // by name: what opens it

// Nothing is appended where there is nothing to say.
function section(title, ...what) {
	const parts = what.filter((w) => w);
	if (!parts.length) return null;
	const part = make("section", { class: "sheet", id: title }, make("h2", {}, title), ...parts);
	byId("sheet").append(part);
	return part;
}

const para = (...what) => make("p", {}, ...what);
const faint = (text) => make("span", { class: "faint" }, text);
const list = (items) => items.length ? make("ul", {}, ...items.map((i) => make("li", {}, i))) : null;
const answerWord = (word) => make("span", { class: "verdict " + (REPLIES[word] || "skip") }, word);

// heads: [title, class]; a cell is a text or an element.
function table(heads, rows) {
	if (!rows.length) return null;
	return make("div", { class: "picture" }, make("table", { class: "plain" },
		make("thead", {}, make("tr", {}, ...heads.map(([title, type]) => make("th", { class: type }, title)))),
		make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((cell, i) => make("td", { class: heads[i][1] }, cell)))))));
}

function banner(kind, text) {
	byId("banner").classList.add(kind);
	byId("banner").append(make("span", { class: "verdict " + kind }, text));
}

// A replies' row: yes or no, the question, why; perhaps a picture.
function reply(word, question, why, measured, picture) {
	return make("div", { class: "reply" }, answerWord(word), make("div", {}, make("b", {}, question),
		" ", why + ".", measured ? null : faint(" (computed, not measured)"), picture || null));
}

// ---- stories: the timeline of an experiment -------------------------------------------------------

function storyOf(row, kernel, title, ...before) {
	adopt(row, row.C, kernel);
	const show = () => openDialog(title, ...before, details(row));
	stories.set(title, show);
	return show;
}

const opener = (text, show) => show ? make("button", { class: "story", onclick: show, title: "its timeline" }, text) : make("span", {}, text);

// ---- time ------------------------------------------------------------------------------------------

const TICKS = [[0.001, "1 ms"], [0.01, "10 ms"], [0.1, "0.1 s"], [1, "1 s"], [10, "10 s"], [60, "1 min"], [600, "10 min"],
	[3600, "1 h"], [21600, "6 h"], [86400, "1 d"], [864000, "10 d"]];

// Seconds on a logarithmic scale, so that a second and hours fit on one picture. What never comes is at the end.
function timeScale(times, left, right) {
	const all = times.filter((t) => t > 0.001 && Number.isFinite(t));
	const lo = Math.min(1, ...all) / 1.5, hi = Math.max(2, ...all) * 1.6;
	const at = (t) => t === null || t === undefined || !Number.isFinite(t) ? right
		: left + (right - left) * Math.max(0, Math.log(Math.max(t, lo) / lo) / Math.log(hi / lo));
	at.ticks = TICKS.filter(([t]) => t >= lo && t <= hi);
	return at;
}

function drawScale(svg, at, top, bottom) {
	for (const [t, text] of at.ticks) {
		svg.append(draw("line", { x1: at(t), y1: top, x2: at(t), y2: bottom, class: "axis" }));
		svg.append(draw("text", { x: at(t), y: bottom + 14, "text-anchor": "middle", class: "faint" }, text));
	}
}

// One line of time, from the last segment to the end: silence, the window, the end; an arrow: never.
// what: { window, end, second (when the program notices), lives (so long it was watched) }
function drawLife(svg, at, y, what, left, right) {
	const known = what.window && what.window[0] !== null;
	const end = what.end !== undefined && what.end !== null ? what.end : known ? what.window[1] : null;
	const x = end === null ? right : at(end);

	svg.append(draw("line", { x1: left, y1: y, x2: x, y2: y, class: end === null ? "lives" : "lane" }));
	if (known)
		svg.append(draw("rect", { x: at(what.window[0]), y: y - 8, width: Math.max(3, at(what.window[1]) - at(what.window[0])), height: 16, class: "band" }));
	if (end === null)
		svg.append(draw("path", { d: `M${x - 8},${y - 5} L${x},${y} L${x - 8},${y + 5}`, fill: "none", class: "lives" }));
	else if (what.end !== undefined && what.end !== null)
		svg.append(draw("line", { x1: x, y1: y - 8, x2: x, y2: y + 8, class: what.bad ? "rst" : "out" }));
	if (what.second !== undefined && what.second !== null)
		svg.append(draw("path", { d: `M${at(what.second)},${y - 5} l5,5 l-5,5 l-5,-5 z`, class: "dot " + (what.bad ? "fail" : "") }));
}

// Several on one scale: rows { label, text, strong, ... as drawLife }, marks { t, text } across them.
function lifeChart(rows, marks, title) {
	const width = 940, left = 180, right = 500, top = 16 + 14 * marks.length, step = 28;
	const at = timeScale(rows.flatMap((r) => [...(r.window || []), r.end]).concat(marks.map((m) => m.t)), left, right);
	const bottom = top + step * rows.length, svg = draw("svg", { viewBox: `0 0 ${width} ${bottom + 22}`, width, role: "img", "aria-label": title });

	drawScale(svg, at, top, bottom);
	rows.forEach((r, i) => {
		const y = top + step * i + 16;
		svg.append(draw("text", { x: left - 10, y: y + 4, "text-anchor": "end", class: r.strong ? "" : "faint" }, r.label));
		drawLife(svg, at, y, r, left, right);
		svg.append(draw("text", { x: right + 12, y: y + 4, class: r.strong ? "" : "faint" }, r.text));
	});
	marks.forEach((m, i) => {
		const x = at(m.t), y = 12 + 14 * i, end = x > (left + right) / 2;
		svg.append(draw("line", { x1: x, y1: y + 3, x2: x, y2: bottom, class: m.no ? "limit no" : "limit" }));
		svg.append(draw("text", { x: end ? x - 4 : x + 4, y, "text-anchor": end ? "end" : "start" }, m.text));
	});
	return make("div", { class: "picture" }, svg);
}

const between = (w) => !w || w[0] === null ? "never" : w[1] - w[0] < 0.0005 ? span(w[1]) : span(w[0]) + " .. " + span(w[1]);

function beginSheet() {
	beginPage();
	const show = wanted() && stories.get(wanted());
	if (show) show();
	else if (wanted() && byId(wanted())) byId(wanted()).scrollIntoView();
}

