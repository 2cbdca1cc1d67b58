// SPDX-License-Identifier: GPL-2.0-or-later
// What all pages of kacheck have in common: results and their pictures. Data comes from the script element
// "results"; a result is a row as report/html_row.c writes it. Text is only ever set as text, never as
// markup.
"use strict";

const VERDICTS = ["pass", "fail", "skip", "broken", "known"]; // as enum ka_verdict_kind
const AT = ["client", "server", "gateway", "bench"];
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
	if (Math.abs(s) < 120) return (Number.isInteger(s) ? s : s.toFixed(3)) + " s";
	const total = Math.round(s), h = Math.floor(total / 3600), m = Math.floor(total % 3600 / 60), rest = total % 60;
	return [h && h + " h", m && m + " min", rest && rest + " s"].filter((part) => part).join(" ");
}

const verdictWord = (v) => make("span", { class: "verdict " + v }, v);

// A row knows its case, its kernel (name, release, hz) and what it is called.
function adopt(r, theCase, on) {
	r.case = theCase;
	r.on = on;
	r.verdict = VERDICTS[r.v];
	r.name = theCase.case + "/" + r.g + "/" + r.f + "/" + (r.b ? "server" : "client") +
		(r.r ? " #" + (r.r + 1) : "");
	return r;
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

// Which of those that leave an end arrive at the other one; each arrival counts once. Where computing takes no
// time, it may stand before what left.
function arrived(events) {
	const taken = new Set(), met = new Set();
	events.forEach(([t, at, what], i) => {
		if (!what.startsWith("p+")) return;
		for (let j = Math.max(0, i - 12); j < events.length && events[j][0] - t < 1; j++) {
			const [u, where, other] = events[j];
			if (where !== 1 - at || taken.has(j) || u < t - 0.0005 || !other.startsWith("p-") || !what.slice(2).startsWith(other.slice(2))) continue;
			taken.add(j);
			met.add(i);
			break;
		}
	});
	return met;
}

const LETTER = 6.8; // px, of most texts in a picture
const fit = (text, room) => text.length * LETTER <= room ? text : text.slice(0, Math.floor(room / LETTER) - 1) + "…";
const saidOf = (what) => what.slice(what[0] === "p" ? 2 : 1);

// Both ends as lanes, time downwards, as in a sequence diagram.
function ladder(r, narrow) {
	const events = r.t, times = events.map((e) => e[0]), y = places(events);
	const x = narrow ? [300, 460] : [330, 600], middle = (x[0] + x[1]) / 2, met = arrived(events);
	const longest = Math.max(0, ...events.filter(([, at]) => at === 1).map(([, , what]) => saidOf(what).length * LETTER));
	const width = Math.min(narrow ? 720 : 1060, Math.max(narrow ? 720 : 860, x[1] + 20 + longest));
	const room = [x[0] - 92, width - x[1] - 16];
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
		const text = at < 2 ? fit(saidOf(what), room[at]) : saidOf(what), kind = what[0];
		svg.append(draw("text", { x: 70, y: y[i] + 4, "text-anchor": "end", class: "faint" }, t.toFixed(3)));
		if (kind === "p" && at < 2) {
			const out = what[1] === "+";
			arrow(svg, x[at], middle, y[i], out, saidOf(what), !out || met.has(i));
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
function strip(r, narrow) {
	const end = Math.max(r.d || 0, r.w ? r.w[1] : 0, r.m || 0) * 1.04;
	if (!(end > 0) || r.d === undefined) return null;
	const width = narrow ? 640 : 860, at = (t) => 20 + (width - 40) * Math.max(0, t) / end;
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

// ---- one instance ----------------------------------------------------------------------------

function arithmetic(r) {
	const [when, idle, intvl, cnt, end, first, gap] = r.l || [], hz = r.on.hz;
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

function details(r, narrow) {
	const part = make("section", {});
	const add = (title, ...what) => what.some((w) => w) && part.append(make("h3", {}, title), ...what.filter((w) => w));

	part.append(make("p", {}, verdictWord(r.verdict), r.on.shown ? " on " + r.on.shown : "", r.y ? ": " + r.y : ""));
	part.append(make("p", {}, r.case.rule || "", " ", make("span", { class: "faint" }, [r.case.source, r.case.declared].filter((t) => t).join(" · "))));
	if (r.x) add("Findings", make("ul", {}, ...r.x.map(([code, text]) => make("li", {}, make("code", {}, code), " ", text))));
	if (r.E || r.O) add("Expected and observed", make("pre", {}, [r.E && "expected  " + r.E, r.O && "observed  " + r.O].filter((t) => t).join("\n")));
	add("When", strip(r, narrow));
	if (r.t && r.t.length) add("What happened", ladder(r, narrow));
	add("The prediction", arithmetic(r));
	if (r.t && r.t.length) add("Every event", make("details", {}, make("summary", {}, r.t.length + " events"), eventTable(r)));
	if (r.c) add("Run it again", copyable(r.c));
	return part;
}

// ---- a story of its own, over the page ----------------------------------------------------------

function openDialog(title, ...what) {
	byId("title").textContent = title;
	byId("detail").replaceChildren(...what);
	byId("dialog").showModal();
	byId("dialog").scrollTop = 0;
	history.replaceState(null, "", "#" + encodeURIComponent(title));
}

// What the address asks for: "#silent_drop/1-1-3/v4/client".
const wanted = () => decodeURIComponent(location.hash.slice(1));

function otherColours() {
	const root = document.documentElement, dark = matchMedia("(prefers-color-scheme: dark)").matches;
	const now = root.dataset.theme || (dark ? "dark" : "light");
	root.dataset.theme = now === "dark" ? "light" : "dark";
}

function beginPage() {
	byId("colours").addEventListener("click", otherColours);
	byId("close").addEventListener("click", () => byId("dialog").close());
	byId("dialog").addEventListener("close", () => { // perhaps the next one is open by now
		if (!byId("dialog").open) history.replaceState(null, "", location.pathname + location.search);
	});
}

const data = JSON.parse(byId("results").textContent);
