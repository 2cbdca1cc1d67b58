// SPDX-License-Identifier: GPL-2.0-or-later
// The page of a run: verdicts, kernels as columns, charts.

const verdicts = new Set(VERDICTS);
const kernels = [];

// Rows name their case and kernel only where it is another than in the row before.
function unpack() {
	let theCase = null, kernel = 0;

	for (const r of data) {
		theCase = r.C || theCase;
		if (r.K) {
			kernel = kernels.findIndex((k) => k.name === r.K.name);
			if (kernel < 0) kernel = kernels.push({ ...r.K, counts: {} }) - 1;
		}
		r.kernel = kernel;
		adopt(r, theCase, kernels[kernel]);
		kernels[kernel].counts[r.verdict] = (kernels[kernel].counts[r.verdict] || 0) + 1;
	}
	if (kernels.length > 1) for (const k of kernels) k.shown = k.name;
}

// One line of the table for each instance: the results of all kernels side by side.
function byInstance() {
	const lines = new Map();

	for (const r of data) {
		let line = lines.get(r.name);
		if (!line) lines.set(r.name, line = { name: r.name, case: r.case, of: [], order: lines.size });
		line.of[r.kernel] = r;
	}
	return [...lines.values()];
}

unpack();
const lines = byInstance();
const several = kernels.length > 1;
let onlyDifferent = false;

// ---- the head --------------------------------------------------------------------------------

function countOf(verdict) {
	return data.reduce((n, r) => n + (r.verdict === verdict), 0);
}

function showCounts() {
	for (const v of VERDICTS)
		byId("chips").append(chip(v, v, true, countOf(v), () => {
			const on = !verdicts.delete(v);
			if (on) verdicts.add(v);
			return on;
		}));
	if (several)
		byId("chips").append(chip("kernels differ", "", false, null, () => onlyDifferent = !onlyDifferent));
}

function showKernels() {
	const body = byId("kernels");
	for (const k of kernels)
		body.append(make("tr", {}, make("td", { class: "mono" }, k.name),
			make("td", {}, k.release), make("td", { class: "num" }, String(k.hz)),
			make("td", {}, k.clock), make("td", { class: "wide mono" }, k.where),
			...VERDICTS.map((v) => make("td", { class: "num " + (k.counts[v] ? v : "faint") },
				String(k.counts[v] || 0)))));
}

// ---- the table -------------------------------------------------------------------------------

const any = (line, what) => line.of.some((r) => r && what(r));
const first = (line) => line.of.find((r) => r);

function differs(line) {
	const one = first(line);
	for (let k = 0; k < kernels.length; k++)
		if (!line.of[k] || line.of[k].verdict !== one.verdict) return true;
	return false;
}

function matches(line) {
	if (!any(line, (r) => verdicts.has(r.verdict))) return false;
	if (onlyDifferent && !differs(line)) return false;
	return hasWords(line, line.of.map((r) => r ? r.y || "" : "").join(" "));
}

const columns = several
	? [["order", "instance", "minmax(160px, 1fr)"],
		...kernels.map((k, i) => ["k" + i, k.name, "minmax(92px, 130px)"])]
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
	if (key === "v" || key[0] === "k") return [3, 0, 4, 1, 2][r.v];
	const value = key === "w" ? r.w && r.w[0] : r[key];
	return value === undefined ? Infinity : value;
}

function histogram() {
	const counts = new Map();
	for (const r of data) if (r.o !== undefined) counts.set(r.o, (counts.get(r.o) || 0) + 1);
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
	for (const r of data)
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

const view = {
	lines, columns, matches, cell, sortKey,
	story: (line) => {
		const trouble = (r) => r.verdict === "fail" || r.verdict === "broken";
		const results = line.of.filter((r) => r);
		return results.filter(trouble).concat(results.filter((r) => !trouble(r))).map((r) => details(r));
	},
};

showCounts();
showKernels();
showThemes((line) => any(line, (r) => r.verdict === "fail" || r.verdict === "broken"));
if (countOf("fail") + countOf("broken") && !several) state.sort = "v"; // what went wrong comes first
beginList();
showCharts();
