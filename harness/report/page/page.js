// SPDX-License-Identifier: GPL-2.0-or-later
// The page of kacheck's results. Data comes from the script element "results": one array of rows, each
// row as report/html.c writes it. Text is only ever set as text, never as markup.
"use strict";

const VERDICTS = ["pass", "fail", "skip", "broken", "known"]; // as enum ka_verdict_kind
const AT = ["client", "server", "gateway", "bench"];
const ROW = 28; // px, as in page.css
const SVG = "http://www.w3.org/2000/svg";

// ---- small helpers ---------------------------------------------------------------------------

const byId = (id) => document.getElementById(id);

function make(tag, attributes, ...children) {
	const e = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes || {}))
		if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
		else if (value !== null && value !== undefined) e.setAttribute(name, value);
	e.append(...children.filter((c) => c !== null && c !== undefined));
	return e;
}

function draw(tag, attributes, text) {
	const e = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes || {})) e.setAttribute(name, value);
	if (text !== undefined) e.textContent = text;
	return e;
}

// 7928.8 -> "2 h 12 min 9 s"; below two minutes as seconds.
function span(s) {
	if (s === null || s === undefined) return "";
	if (Math.abs(s) < 120) return s.toFixed(3) + " s";
	const total = Math.round(s), h = Math.floor(total / 3600), m = Math.floor(total % 3600 / 60);
	return (h ? h + " h " : "") + (m ? m + " min " : "") + total % 60 + " s";
}

const verdictWord = (v) => make("span", { class: "verdict " + v }, v);

// ---- the data ----------------------------------------------------------------------------------

// Rows name their case and kernel only where it is another than in the row before.
function unpack(rows) {
	let theCase = null, kernel = 0;
	const kernels = [];

	for (const r of rows) {
		theCase = r.C || theCase;
		if (r.K) {
			kernel = kernels.findIndex((k) => k.name === r.K.name);
			if (kernel < 0) kernel = kernels.push({ ...r.K, counts: {} }) - 1;
		}
		r.case = theCase;
		r.kernel = kernel;
		r.verdict = VERDICTS[r.v];
		r.name = theCase.case + "/" + r.g + "/" + r.f + "/" + (r.b ? "server" : "client") +
			(r.r ? " #" + (r.r + 1) : "");
		kernels[kernel].counts[r.verdict] = (kernels[kernel].counts[r.verdict] || 0) + 1;
	}
	return { rows, kernels };
}

// One line of the table for each instance: the results of all kernels side by side.
function byInstance(rows) {
	const lines = new Map();

	for (const r of rows) {
		let line = lines.get(r.name);
		if (!line) lines.set(r.name, line = { name: r.name, case: r.case, of: [], order: lines.size });
		line.of[r.kernel] = r;
	}
	return [...lines.values()];
}

const data = unpack(JSON.parse(byId("results").textContent));
const lines = byInstance(data.rows);
const several = data.kernels.length > 1;
const state = { text: "", verdicts: new Set(VERDICTS), theme: null, differ: false, sort: "order", down: false, at: -1 };
let shown = [];

// ---- the head --------------------------------------------------------------------------------

function countOf(verdict) {
	return data.rows.reduce((n, r) => n + (r.verdict === verdict), 0);
}

function showCounts() {
	for (const v of VERDICTS)
		byId("chips").append(make("button", {
			class: "chip " + v, "aria-pressed": "true", "data-verdict": v, title: "show or hide",
			onclick: (e) => {
				const on = !state.verdicts.delete(v);
				if (on) state.verdicts.add(v);
				e.currentTarget.setAttribute("aria-pressed", on);
				refresh();
			},
		}, verdictWord(v), " ", make("b", {}, String(countOf(v)))));
	if (several)
		byId("chips").append(make("button", {
			class: "chip", "aria-pressed": "false", id: "differ", title: "only rows whose kernels differ",
			onclick: (e) => {
				state.differ = !state.differ;
				e.currentTarget.setAttribute("aria-pressed", state.differ);
				refresh();
			},
		}, "kernels differ"));
}

function showKernels() {
	const body = byId("kernels");
	for (const k of data.kernels)
		body.append(make("tr", {}, make("td", { class: "mono" }, k.name),
			make("td", {}, k.release), make("td", { class: "num" }, String(k.hz)),
			make("td", {}, k.clock), make("td", { class: "wide mono" }, k.where),
			...VERDICTS.map((v) => make("td", { class: "num " + (k.counts[v] ? v : "faint") },
				String(k.counts[v] || 0)))));
}

function showThemes() {
	const themes = new Map();
	for (const r of data.rows) {
		const t = themes.get(r.case.theme) || { title: r.case.title, n: 0, bad: 0 };
		t.n++;
		t.bad += r.verdict === "fail" || r.verdict === "broken";
		themes.set(r.case.theme, t);
	}
	const choose = (theme) => {
		state.theme = theme;
		for (const b of byId("themes").children)
			b.setAttribute("aria-pressed", (b.dataset.theme || null) === theme);
		refresh();
	};
	byId("themes").append(make("button", { "aria-pressed": "true", onclick: () => choose(null) },
		"All", make("span", { class: "faint" }, String(data.rows.length))));
	for (const [name, t] of themes)
		byId("themes").append(make("button", {
			"aria-pressed": "false", "data-theme": name, title: name, onclick: () => choose(name),
		}, t.title || name, make("span", { class: t.bad ? "fail" : "faint" },
			t.bad ? t.bad + " ✗" : String(t.n))));
}

// ---- the table -------------------------------------------------------------------------------

const any = (line, what) => line.of.some((r) => r && what(r));
const first = (line) => line.of.find((r) => r);

function differs(line) {
	const one = first(line);
	for (let k = 0; k < data.kernels.length; k++)
		if (!line.of[k] || line.of[k].verdict !== one.verdict) return true;
	return false;
}

function matches(line) {
	if (state.theme && line.case.theme !== state.theme) return false;
	if (!any(line, (r) => state.verdicts.has(r.verdict))) return false;
	if (state.differ && !differs(line)) return false;
	const text = (line.name + " " + line.case.title + " " + line.of.map((r) => r ? r.y || "" : "").join(" "))
		.toLowerCase();
	return state.text.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

const columns = several
	? [["order", "instance", "minmax(160px, 1fr)"],
		...data.kernels.map((k, i) => ["k" + i, k.name, "minmax(92px, 130px)"])]
	: [["v", "verdict", "90px"], ["order", "instance", "minmax(150px, 1fr)"],
		["d", "detected", "110px", "num"], ["w", "window", "160px", "num wide"],
		["o", "off, jiffies", "90px", "num wide"], ["p", "probes", "60px", "num wide"],
		["e", "error", "120px", "wide"]];

function cell(line, key) {
	const r = first(line);
	if (key === "order") return make("span", { class: "mono", title: line.name }, line.name);
	if (key[0] === "k" && key.length > 1) {
		const of = line.of[+key.slice(1)];
		return of ? verdictWord(of.verdict) : make("span", { class: "faint" }, "not run");
	}
	if (key === "v") return verdictWord(r.verdict);
	if (key === "d") return r.d !== undefined ? span(r.d) : r.a !== undefined ? "lives" : "";
	if (key === "w") return r.w ? r.w[0].toFixed(3) + " .. " + r.w[1].toFixed(3) : "";
	const value = r[key];
	return value === undefined ? "" : String(value);
}

// What a column is sorted by; what is not there comes last.
function sortKey(line, key) {
	if (key === "order") return line.order;
	const r = key[0] === "k" && key.length > 1 ? line.of[+key.slice(1)] : first(line);
	if (!r) return Infinity;
	if (key === "v" || key[0] === "k") return [2, 0, 3, 1][r.v];
	const value = key === "w" ? r.w && r.w[0] : r[key];
	return value === undefined ? Infinity : value;
}

function sortShown() {
	const order = state.down ? -1 : 1;
	shown.sort((a, b) => {
		const x = sortKey(a, state.sort), y = sortKey(b, state.sort);
		return x === y ? a.order - b.order : (x < y ? -order : order);
	});
}

function showHead() {
	const head = make("div", { class: "line", role: "row" });
	for (const [key, title, , type] of columns)
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
	}, ...columns.map(([key, , , type]) => make("span", { class: type || "", role: "cell" }, cell(line, key))));
}

// Only what can be seen is in the document: ten thousand rows cost as much as fifty.
function showRows(all) {
	const scroll = byId("scroll");
	const from = all ? 0 : Math.max(0, Math.floor(scroll.scrollTop / ROW) - 10);
	const to = all ? shown.length : Math.min(shown.length, from + Math.ceil(scroll.clientHeight / ROW) + 20);
	const rows = [];

	for (let i = from; i < to; i++) rows.push(lineElement(i));
	byId("space").style.height = shown.length * ROW + "px";
	byId("rows").style.transform = "translateY(" + from * ROW + "px)";
	byId("rows").replaceChildren(...rows);
}

function refresh() {
	shown = lines.filter(matches);
	sortShown();
	state.at = -1;
	byId("found").textContent = shown.length + " of " + lines.length + " instances";
	byId("scroll").style.setProperty("--columns", columns
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

// ---- pictures --------------------------------------------------------------------------------

// Where a time stands: gaps are drawn shorter the longer they are, so that two hours fit on a screen.
function places(events) {
	const y = [];
	let at = 30;
	events.forEach(([t, where], i) => {
		const gap = i ? t - events[i - 1][0] : 0, least = where > 1 ? 22 : 14;
		at += gap < 0.0005 ? least : Math.min(64, Math.max(least, 18 + 12 * Math.log10(1 + gap * 10)));
		y.push(at);
	});
	return y;
}

// The place of any time between those of events.
function placeOf(t, times, y) {
	if (t <= times[0]) return y[0];
	for (let i = 1; i < times.length; i++)
		if (t <= times[i]) return y[i - 1] + (y[i] - y[i - 1]) * (t - times[i - 1]) / (times[i] - times[i - 1] || 1);
	return y[y.length - 1] + Math.min(40, (t - times[times.length - 1]) * 20);
}

// An arrow from the lane that sends to the middle, or from the middle to the lane that receives.
function arrow(svg, x, middle, y, out, kind, met) {
	const from = out ? x : middle, to = out ? middle : x, side = to > from ? -1 : 1;
	const style = kind === "RST" ? "rst" : out ? "out" : "in";
	svg.append(draw("line", { x1: from, y1: y, x2: to, y2: y, class: style }));
	if (!out)
		svg.append(draw("path", { d: `M${to + side * 8},${y - 4} L${to},${y} L${to + side * 8},${y + 4}`, fill: "none", class: style }));
	else if (!met)
		svg.append(draw("path", { d: `M${to - 5},${y - 5} l10,10 m0,-10 l-10,10`, fill: "none", class: "lost" }));
}

// Did what leaves arrive at the other end?
function arrives(events, i) {
	const [t, at, what] = events[i], kind = what.slice(2);
	return events.slice(i + 1, i + 12).some(([u, where, other]) =>
		where === 1 - at && other[0] === "p" && other[1] === "-" && u - t < 1 && kind.startsWith(other.slice(2).replace(/^arrives: /, "")));
}

// Both ends as lanes, time downwards, as in a sequence diagram.
function ladder(r) {
	const events = r.t, times = events.map((e) => e[0]), y = places(events);
	const width = 860, x = [330, 600], middle = 465;
	const bottom = r.w ? Math.max(y[y.length - 1], placeOf(r.w[1], times, y)) : y[y.length - 1];
	const svg = draw("svg", { viewBox: `0 0 ${width} ${bottom + 30}`, width, role: "img", "aria-label": "what passed between the two ends, and when" });

	AT.slice(0, 2).forEach((name, i) => {
		svg.append(draw("text", { x: x[i], y: 14, "text-anchor": "middle" }, name + (i === r.b ? " (probes)" : "")));
		svg.append(draw("line", { x1: x[i], y1: 20, x2: x[i], y2: bottom + 20, class: "lane" }));
	});
	if (r.w) {
		const lo = placeOf(r.w[0], times, y), hi = placeOf(r.w[1], times, y);
		svg.append(draw("rect", { x: x[r.b] - 10, y: lo, width: 20, height: Math.max(3, hi - lo), class: "band" }));
		svg.append(draw("text", { x: x[r.b] + (r.b ? -14 : 14), y: hi + 13, "text-anchor": r.b ? "end" : "start", class: "faint" }, "window " + r.w[0].toFixed(3) + " .. " + r.w[1].toFixed(3)));
	}
	events.forEach(([t, at, what], i) => {
		const text = what.slice(what[0] === "p" ? 2 : 1), kind = what[0];
		svg.append(draw("text", { x: 70, y: y[i] + 4, "text-anchor": "end", class: "faint" }, t.toFixed(3)));
		if (kind === "p" && at < 2) {
			const out = what[1] === "+";
			arrow(svg, x[at], middle, y[i], out, text, !out || arrives(events, i));
			svg.append(draw("text", { x: at ? x[1] + 14 : x[0] - 14, y: y[i] + 4, "text-anchor": at ? "start" : "end" }, text));
		} else if (at < 2) {
			svg.append(draw("circle", { cx: x[at], cy: y[i], r: 3.5, class: "dot" }));
			svg.append(draw("text", { x: at ? x[1] + 14 : x[0] - 14, y: y[i] + 4, "text-anchor": at ? "start" : "end", class: "faint" }, text));
		} else {
			svg.append(draw("line", { x1: 80, y1: y[i], x2: width, y2: y[i], class: "axis", "stroke-dasharray": "3 3" }));
			svg.append(draw("text", { x: 84, y: y[i] - 2 }, text));
		}
	});
	return make("div", { class: "picture" }, svg);
}

// Time from left to right: the last segment received, probes, the window, the end.
function strip(r) {
	const end = Math.max(r.d || 0, r.w ? r.w[1] : 0, r.m || 0) * 1.04;
	if (!(end > 0) || r.d === undefined) return null;
	const width = 860, at = (t) => 20 + (width - 40) * Math.max(0, t) / end;
	const svg = draw("svg", { viewBox: `0 0 ${width} 74`, width, role: "img", "aria-label": "detection against its window" });

	svg.append(draw("line", { x1: 20, y1: 40, x2: width - 20, y2: 40, class: "lane" }));
	if (r.w)
		svg.append(draw("rect", { x: at(r.w[0]), y: 24, width: Math.max(2, at(r.w[1]) - at(r.w[0])), height: 32, class: "band" }));
	svg.append(draw("line", { x1: at(0), y1: 30, x2: at(0), y2: 50, class: "lane" }));
	svg.append(draw("text", { x: at(0), y: 20 }, "last segment received"));
	if (r.m) {
		svg.append(draw("line", { x1: at(r.m), y1: 30, x2: at(r.m), y2: 58, class: "axis" }));
		svg.append(draw("text", { x: at(r.m), y: 70, "text-anchor": "middle", class: "faint" }, "nominal " + r.m + " s"));
	}
	for (const [t, where, what] of r.t)
		if (where === r.b && what.startsWith("p+probe") && t > 0)
			svg.append(draw("line", { x1: at(t), y1: 34, x2: at(t), y2: 46, class: "out" }));
	svg.append(draw("line", { x1: at(r.d), y1: 26, x2: at(r.d), y2: 54, class: r.verdict === "fail" ? "rst" : "out" }));
	svg.append(draw("text", { x: Math.min(at(r.d), width - 60), y: 20, "text-anchor": "middle" }, "end " + span(r.d)));
	return make("div", { class: "picture" }, svg);
}

function histogram() {
	const counts = new Map();
	for (const r of data.rows) if (r.o !== undefined) counts.set(r.o, (counts.get(r.o) || 0) + 1);
	if (!counts.size) return null;
	const keys = [...counts.keys()].sort((a, b) => a - b), lo = keys[0], hi = keys[keys.length - 1];
	const bars = Math.min(40, hi - lo + 1), per = (hi - lo + 1) / bars, sums = Array(bars).fill(0);
	for (const [k, n] of counts) sums[Math.min(bars - 1, Math.floor((k - lo) / per))] += n;
	const most = Math.max(...sums), width = 440, height = 150, w = (width - 30) / bars;
	const svg = draw("svg", { viewBox: `0 0 ${width} ${height + 44}`, width, role: "img", "aria-label": "histogram of off_jiffies" });
	sums.forEach((n, i) => {
		const h = n ? Math.max(2, height * Math.log1p(n) / Math.log1p(most)) : 0;
		const bar = draw("rect", { x: 15 + i * w, y: height - h + 22, width: Math.max(1, w - 2), height: h, class: "bar" });
		bar.append(draw("title", {}, `${Math.round(lo + i * per)} jiffies: ${n}`));
		svg.append(bar);
		if (n && (bars <= 12 || i === 0 || i === bars - 1 || n === most)) {
			svg.append(draw("text", { x: 15 + i * w + w / 2, y: height - h + 18, "text-anchor": "middle" }, String(n)));
			svg.append(draw("text", { x: 15 + i * w + w / 2, y: height + 36, "text-anchor": "middle", class: "faint" }, String(Math.round(lo + i * per))));
		}
	});
	return svg;
}

// Each end where it fell in its window, for each setting.
function spread() {
	const settings = new Map();
	for (const r of data.rows)
		if (r.w && r.d !== undefined && r.w[1] > r.w[0]) {
			if (!settings.has(r.g)) settings.set(r.g, []);
			settings.get(r.g).push(r);
		}
	if (!settings.size) return null;
	const names = [...settings.keys()].slice(0, 40), width = 640, left = 150;
	const svg = draw("svg", { viewBox: `0 0 ${width} ${names.length * 20 + 40}`, width, role: "img", "aria-label": "ends within their windows by setting" });
	const at = (part) => left + 60 + (width - left - 120) * Math.min(1.25, Math.max(-0.25, part));
	svg.append(draw("rect", { x: at(0), y: 14, width: at(1) - at(0), height: names.length * 20 + 4, class: "band" }));
	svg.append(draw("text", { x: at(0), y: 10, "text-anchor": "middle", class: "faint" }, "earliest"));
	svg.append(draw("text", { x: at(1), y: 10, "text-anchor": "middle", class: "faint" }, "latest"));
	names.forEach((name, i) => {
		svg.append(draw("text", { x: left, y: i * 20 + 32, "text-anchor": "end" }, name));
		for (const r of settings.get(name).slice(0, 400)) {
			const dot = draw("circle", { cx: at((r.d - r.w[0]) / (r.w[1] - r.w[0])), cy: i * 20 + 28, r: 3, class: "dot " + r.verdict });
			dot.append(draw("title", {}, r.name + ": " + span(r.d)));
			svg.append(dot);
		}
	});
	return svg;
}

function showCharts() {
	const put = (title, what, picture) => picture && byId("charts").append(make("figure", { style: "margin:0" },
		make("h3", {}, title), make("p", { class: "faint", style: "margin:0 0 6px" }, what), picture));
	put("Jiffies off the prediction", "How many ended so many jiffies after the predicted one (heights are logarithmic).", histogram());
	put("Ends within their windows", "Each dot is an instance; the band is what the kernel's rules allow.", spread());
}

// ---- one instance ----------------------------------------------------------------------------

function arithmetic(r) {
	const [when, idle, intvl, cnt, end, first, gap] = r.l || [], hz = data.kernels[r.kernel].hz;
	if (!when || !hz) return null;
	const j = (n) => n + " jiffies (" + (n / hz).toFixed(3) + " s)";
	const list = make("dl", {});
	const row = (name, text) => list.append(make("dt", {}, name), make("dd", {}, text));
	row("rule", when);
	if (r.m) row("nominal", `${idle} + ${intvl} * ${cnt} = ${r.m} s; the timer wheel rounds each part up`);
	if (first) row("first probe", j(first[0]) + " .. " + j(first[1]));
	if (gap && end) row("between probes", j(gap));
	if (end) row("end", j(end[0]) + " .. " + j(end[1]));
	if (r.w) row("window", r.w[0].toFixed(3) + " .. " + r.w[1].toFixed(3) + " s after the last segment received");
	if (r.s) row("noise", "this host woke its timers up to " + (r.s * 1000).toFixed(1) + " ms late");
	return list;
}

function eventTable(r) {
	const table = make("table", { class: "events" }, make("caption", { class: "faint", style: "text-align:left" }, "seconds after the last segment received"));
	for (const [t, at, what] of r.t)
		table.append(make("tr", {}, make("td", { class: "num mono" }, t.toFixed(4)), make("td", {}, AT[at]),
			make("td", {}, (what.startsWith("p-") ? "arrives: " : "") + what.slice(what[0] === "p" ? 2 : 1))));
	return table;
}

function copyable(text) {
	const button = make("button", { onclick: () => navigator.clipboard && navigator.clipboard.writeText(text).then(() => button.textContent = "copied") }, "copy");
	return make("div", { class: "row" }, make("pre", { style: "flex:1" }, text), button);
}

function details(r) {
	const part = make("section", {});
	const add = (title, ...what) => what.some((w) => w) && part.append(make("h3", {}, title), ...what.filter((w) => w));

	part.append(make("p", {}, verdictWord(r.verdict), several ? " on " + data.kernels[r.kernel].name : "", r.y ? ": " + r.y : ""));
	part.append(make("p", {}, r.case.rule || "", " ", make("span", { class: "faint" }, [r.case.source, r.case.declared].filter((t) => t).join(" · "))));
	if (r.x) add("Findings", make("ul", {}, ...r.x.map(([code, text]) => make("li", {}, make("code", {}, code), " ", text))));
	if (r.E || r.O) add("Expected and observed", make("pre", {}, [r.E && "expected  " + r.E, r.O && "observed  " + r.O].filter((t) => t).join("\n")));
	add("When", strip(r));
	if (r.t && r.t.length) add("What happened", ladder(r));
	add("The prediction", arithmetic(r));
	if (r.t && r.t.length) add("Every event", make("details", {}, make("summary", {}, r.t.length + " events"), eventTable(r)));
	if (r.c) add("Run it again", copyable(r.c));
	return part;
}

function open(line) {
	byId("title").textContent = line.name;
	const trouble = (r) => r.verdict === "fail" || r.verdict === "broken";
	const results = line.of.filter((r) => r);
	byId("detail").replaceChildren(...results.filter(trouble).concat(results.filter((r) => !trouble(r))).map(details));
	byId("dialog").showModal();
	history.replaceState(null, "", "#" + encodeURIComponent(line.name));
	showRows();
}

// ---- keyboard, print, colours ----------------------------------------------------------------

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

function otherColours() {
	const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
	const now = root.dataset.theme || (dark ? "dark" : "light");
	root.dataset.theme = now === "dark" ? "light" : "dark";
}

function begin() {
	showCounts();
	showKernels();
	showThemes();
	if (innerWidth <= 800) document.querySelector("nav details").open = false;
	if (countOf("fail") + countOf("broken")) { // what went wrong comes first
		state.sort = several ? "order" : "v";
	}
	byId("filter").addEventListener("input", (e) => {
		state.text = e.target.value.trim();
		refresh();
	});
	byId("scroll").addEventListener("scroll", () => requestAnimationFrame(() => showRows()));
	byId("colours").addEventListener("click", otherColours);
	byId("close").addEventListener("click", () => byId("dialog").close());
	byId("dialog").addEventListener("close", () => history.replaceState(null, "", location.pathname + location.search));
	addEventListener("keydown", onKey);
	addEventListener("resize", refresh);
	addEventListener("beforeprint", () => showRows(true));
	addEventListener("afterprint", () => showRows());
	refresh();
	showCharts();
	const wanted = decodeURIComponent(location.hash.slice(1));
	const at = wanted ? shown.findIndex((line) => line.name === wanted) : -1;
	if (at >= 0) {
		state.at = at;
		open(shown[at]);
	}
}

begin();
