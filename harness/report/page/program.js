// SPDX-License-Identifier: GPL-2.0-or-later
// The page of programs: what a dead peer costs each, scenario by scenario, what was demanded, what would help.
// The data is what kacheck program --format json writes, with the timelines of its experiments.

const kernel = { ...data.kernel, name: "" };
const nameOf = (p) => p.program + (p.variant ? "." + p.variant : "");

function headline() {
	const k = data.kernel;

	byId("headline").append("Dead peers of ", make("code", {}, data.programs.length === 1 ? nameOf(data.programs[0]) : data.programs.length + " programs"));
	byId("lead").append(`Linux ${k.release}, HZ ${k.hz}, ${k.clock} clock, ${k.where}.` + (data.note ? " " + data.note : ""));
}

function answer() {
	const demands = data.programs.flatMap((p) => p.demands), no = demands.filter((d) => d.reply === "NO").length;
	const all = data.programs.flatMap((p) => p.experiments), failed = all.filter((e) => e.verdict === "fail").length;
	const measured = all.filter((e) => e.measured).length;

	if (no) banner("fail", `NO: ${no} of ${demands.length} demands ${no === 1 ? "is" : "are"} not met`);
	else if (failed) banner("fail", `${failed} of ${all.length} experiments failed`);
	else if (data.exit_status === 77) banner("skip", "Something is not possible here");
	else if (data.exit_status) banner("broken", "An experiment did not happen");
	else banner("pass", (demands.length ? `Yes: all ${demands.length} demands are met; ` : "") + `${measured} of ${all.length} experiments measured, none otherwise than predicted`);
}

// ---- scenarios -----------------------------------------------------------------------------------------

function lifeOf(e, at, left, right) {
	const svg = draw("svg", { viewBox: "0 0 300 20", width: 300, class: "life", role: "img", "aria-label": e.title + ": " + e.text });

	for (const [t] of at.ticks) svg.append(draw("line", { x1: at(t), y1: 2, x2: at(t), y2: 18, class: "axis" }));
	drawLife(svg, at, 10, { window: e.window_s, end: e.kernel_s === null ? e.program_s : e.kernel_s, second: e.program_s, bad: e.verdict === "fail" }, left, right);
	return svg;
}

function scaleRow(at) {
	const svg = draw("svg", { viewBox: "0 0 300 16", width: 300, class: "life", "aria-hidden": "true" });

	at.ticks.filter((_, i) => at.ticks.length < 7 || !(i % 2)).forEach(([t, text]) => svg.append(draw("text", { x: at(t), y: 12, "text-anchor": "middle", class: "faint" }, text)));
	return svg;
}

function scenarios(p) {
	const left = 4, right = 292;
	const shown = p.experiments.filter((e) => e.measured || e.why || e.window_s[0] !== null || e.kernel_s !== null);
	const at = timeScale(shown.flatMap((e) => [e.kernel_s, e.program_s, ...e.window_s]), left, right);
	const rows = shown.map((e) => {
		const row = data.rows[e.case], show = row && storyOf(row, kernel, e.case, para(e.text));
		const remark = e.verdict && e.verdict !== "pass" ? verdictWord(e.verdict) : e.off_jiffies !== null ? `off ${e.off_jiffies < 0 ? "" : "+"}${e.off_jiffies} j` : e.why || "";
		const back = e.returns === null ? "" : e.returns ? "; served again" : "; not served again";
		return [opener(e.title + (e.gateway ? " " + e.gateway : ""), show), lifeOf(e, at, left, right), e.kernel_s === null ? "" : span(e.kernel_s), e.text + back, remark];
	});

	return table([["what happens", ""], [scaleRow(at), "wide"], ["kernel", "num"], ["program", "num"], ["", ""]], rows);
}

const FATES = { kept: ["pass", "kept"], luck: ["skip", "by luck"], cut: ["fail", "cut off"] };
const gateways = (p) => p.gateways.length ? make("p", {}, "An idle connection behind: ", ...p.gateways.flatMap((g) => [make("span", { class: "gateway" },
	`${g.gateway} (${span(g.timeout_s)}) `, make("span", { class: "verdict " + FATES[g.fate][0] }, FATES[g.fate][1]), g.measured ? null : faint(" computed")), " "])) : null;

function showProgram(p) {
	section(nameOf(p), p.about ? para(faint(p.about)) : null, para(p.answer), p.survey === "pass" ? null : para(verdictWord(p.survey), p.why ? ": " + p.why : ""),
		...p.demands.map((d) => reply(d.reply, d.demand, d.why, d.measured || d.reply === "?" || d.reply === "broken")),
		scenarios(p), gateways(p),
		p.advice.length ? make("div", {}, make("h3", {}, "What would help"), list(p.advice)) : null);
}

// ---- side by side ------------------------------------------------------------------------------------------

const MAIN = [["silent", "silent, idle"], ["silent-busy", "answer unacknowledged"], ["reboot", "host rebooted"], ["frozen", "frozen, window closed"], ["healthy", "healthy, idle"]];

function sideBySide() {
	const options = (o) => !o ? "?" : o.keepalive ? `${o.idle}/${o.intvl}/${o.cnt}` + (o.user_timeout_ms ? `, ${o.user_timeout_ms} ms` : "") : "off";
	const rows = data.programs.map((p) => [make("a", { href: "#" + encodeURIComponent(nameOf(p)) }, nameOf(p)), options(p.connection),
		...MAIN.map(([name]) => {
			const e = p.experiments.find((one) => one.scenario === name);
			return e ? make("span", { class: e.verdict === "fail" ? "fail" : "" }, e.text) : "";
		})]);

	return table([["program", ""], ["options", ""], ...MAIN.map(([, title]) => [title, "num"])], rows);
}

headline();
answer();
if (data.programs.length > 1) section("Side by side", sideBySide());
data.programs.forEach(showProgram);
section("How to read it", para(faint("Times count from the last segment that the program's kernel accepted; the scale is logarithmic. A band is what the kernel's rules allow, a line in it is when its kernel noticed, a diamond when the program itself let go; an arrow: never, as long as it was watched. A scenario's name opens its timeline.")));
beginSheet();
