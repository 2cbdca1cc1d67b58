// SPDX-License-Identifier: GPL-2.0-or-later
// The page of a comparison: what became of each instance, the stories of all runs side by side.

// What matters most comes first; "same" is there with --all only.
const CHANGES = ["regressed", "moved", "changed", "fixed", "vanished", "new", "same"];
const MEANS = {
	regressed: "it passed, and fails or is broken", moved: "its end came at another time than the timers explain",
	changed: "it passes by other signs, or has another verdict", fixed: "it failed, and passes",
	vanished: "only A has it", new: "A does not have it", same: "nothing changed",
};
const wantedChanges = new Set(CHANGES);
const runs = data.runs.map((run, i) => {
	const letter = String.fromCharCode(65 + i);
	return { ...run.kernel, name: letter, shown: letter, run };
});

function unpackRow(row, order) {
	const of = row.of.map((cell, i) => {
		if (cell.r) adopt(cell.r, row.C, runs[i]);
		return cell;
	});
	const worst = Math.min(...of.slice(1).map((cell) => CHANGES.indexOf(cell.ch)));
	const why = [...new Set(of.slice(1).map((cell) => cell.why).filter((w) => w))].join("; ");
	return { name: row.n, case: row.C, of, order, worst, why };
}

const lines = data.rows.map(unpackRow);

// ---- the head --------------------------------------------------------------------------------

const changeWord = (name) => make("span", { class: "verdict " + name, title: MEANS[name] }, name);
const countOf = (change) => lines.reduce((n, line) => n + (CHANGES[line.worst] === change), 0);

function showHeadline() {
	const parts = CHANGES.slice(0, 6).map((c) => [c, countOf(c)]).filter(([, n]) => n).map(([c, n]) => n + " " + c);
	const left = data.instances - lines.length;

	byId("headline").textContent = (parts.join(", ") || "no difference") + " · " + data.instances + " instances";
	document.title = "kacheck: " + (parts.join(", ") || "no difference");
	if (left) byId("left-out").textContent = left + " instances in which nothing changed are not in this page (kacheck compare --all has them, too).";
	for (const c of CHANGES)
		if (countOf(c))
			byId("chips").append(chip(c, c, true, countOf(c), () => {
				const on = !wantedChanges.delete(c);
				if (on) wantedChanges.add(c);
				return on;
			}));
}

function showRuns() {
	for (const k of runs) {
		const counts = CHANGES.filter((c) => k.run.changes[c] && c !== "same").map((c) => [changeWord(k.run.changes[c] + " " + c), c]);
		for (const [word, c] of counts) word.className = "verdict " + c;
		byId("kernels").append(make("tr", {}, make("td", {}, make("b", {}, k.name)),
			make("td", {}, k.release + " (" + k.where.split(":")[0] + ")"), make("td", { class: "num" }, String(k.hz)),
			make("td", { class: "wide" }, k.clock), make("td", { class: "wide mono" }, k.run.file),
			...VERDICTS.map((v) => make("td", { class: "num " + (k.run.verdicts[v] ? v : "faint") }, String(k.run.verdicts[v] || 0))),
			make("td", {}, ...(k === runs[0] ? [] : counts.length ? counts.flatMap(([word], i) => i ? [" ", word] : [word]) : ["no difference"]))));
	}
}

// ---- the table -------------------------------------------------------------------------------

const two = runs.length === 2;
const columns = [["ch", "change", "110px"], ["order", "instance", "minmax(150px, 1fr)"],
	...runs.map((k, i) => ["k" + i, k.name + " " + k.release, two ? "110px" : "minmax(90px, 130px)", two ? "wide" : ""]),
	...(two ? [["why", "what changed", "minmax(0, 1.4fr)", "wide"]] : [])];

function cell(line, key) {
	if (key === "ch") return changeWord(CHANGES[line.worst]);
	if (key === "order") return make("span", { class: "mono", title: line.name }, line.name);
	if (key === "why") return make("span", { title: line.why }, line.why);
	const of = line.of[+key.slice(1)];
	if (!of.r) return make("span", { class: "faint" }, "–");
	return of.ch === "same" || two ? verdictWord(of.r.verdict) : make("span", { title: of.why || "" }, verdictWord(of.r.verdict), " ", make("span", { class: "faint" }, of.ch));
}

function sortKey(line, key) {
	if (key === "ch") return line.worst;
	if (key === "why") return line.why;
	if (key === "order") return line.order;
	const of = line.of[+key.slice(1)];
	return of.r ? [3, 0, 4, 1, 2][of.r.v] : Infinity;
}

// ---- both stories ----------------------------------------------------------------------------

function side(line, i) {
	const of = line.of[i], k = runs[i];
	const part = make("section", { class: "side" }, make("h3", {}, k.name + ": " + k.release + ", HZ " + k.hz + " ", make("span", { class: "faint mono" }, k.run.file)));

	if (of.why) part.append(make("p", {}, changeWord(of.ch), ": " + of.why));
	part.append(of.r ? details(of.r, true) : make("p", { class: "faint" }, "This run has no such instance."));
	return part;
}

const view = {
	lines, columns, cell, sortKey,
	matches: (line) => wantedChanges.has(CHANGES[line.worst]) && hasWords(line, line.why),
	story: (line) => [make("div", { class: "sides" }, ...runs.map((_, i) => side(line, i)))],
};

state.sort = "ch";
showHeadline();
showRuns();
showThemes((line) => line.worst <= 1);
beginList();
