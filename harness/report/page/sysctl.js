// SPDX-License-Identifier: GPL-2.0-or-later
// The page of a rollout: what it answers, what it changes, for whom and for whom not, and how that was tried.
// The data is what kacheck sysctl --format json writes, with the timelines of its experiments.

const kernel = { ...data.kernel, name: "" };
const before = data.before, after = data.after;

function headline() {
	const e = data.experiments, k = data.kernel;
	const rest = [["otherwise", "OTHERWISE than computed"], ["broken", "broken"], ["no_result", "without a result"],
		["skipped", "not possible here"], ["not_run", "not run"]].filter(([key]) => e[key]).map(([key, text]) => ", " + e[key] + " " + text);

	byId("headline").append("TCP keepalive: what ", make("code", {}, data.rollout), " changes");
	byId("lead").append(`Tried on Linux ${k.release}, HZ ${k.hz}, ${k.clock} clock` +
		(k.clock === "virtual" ? ` (${k.where}): NOT this host's kernel, which is Linux ${k.host_release}, HZ ${k.host_hz}. ` : ": this host's kernel. ") +
		`Before: ${data.from}. ${e.all} experiments: ${e.held} as computed${rest.join("")}.`);
}

function answer() {
	const no = data.questions.filter((q) => !q.yes).length, n = data.questions.length, odd = data.experiments.otherwise;

	if (no) banner("fail", `NO: ${no} of ${n} questions ${no === 1 ? "is" : "are"} answered with no`);
	else if (odd) banner("fail", `It differs: ${odd} experiment${odd === 1 ? "" : "s"} came out otherwise than computed`);
	else if (data.exit_status === 77) banner("skip", "Nothing could be tried here");
	else if (data.exit_status) banner("broken", "An experiment has no result that counts");
	else banner("pass", n ? `Yes: ${n === 1 ? "the question is" : "all " + n + " questions are"} answered with yes` : "It does what was computed");
}

// ---- questions ---------------------------------------------------------------------------------------

// A time of after against the limit that was asked about; null: the question is not about one.
function questionPicture(q, side) {
	if (q.limit_s === null || !["detect", "busy", "survive"].includes(q.kind)) return null;
	const window = q.kind === "detect" ? side.window_s : q.kind === "busy" ? side.unacked_window_s : side.period_s;
	const label = { detect: "a dead peer is noticed", busy: "the same with data in flight", survive: "a probe passes" }[q.kind];
	const measured = q.kind === "detect" ? side.measured_s : q.kind === "busy" ? side.unacked_measured_s : null;

	return lifeChart([{ label, window, end: measured, text: between(window), strong: true, bad: !q.yes }],
		[{ t: q.limit_s, text: q.kind === "survive" ? "the gateway forgets: " + span(q.limit_s) : "limit: " + span(q.limit_s), no: !q.yes }], q.question);
}

const replies = (questions, side) => questions.map((q) => reply(q.yes ? "yes" : "NO", q.question, q.why, q.measured, side && questionPicture(q, side)));

// ---- what changes --------------------------------------------------------------------------------------

function noticed() {
	const row = (label, side, window, measured, strong) => ({
		label, strong, window: side[window], end: side[measured],
		text: between(side[window]) + (side[measured] === null ? "" : "; measured " + span(side[measured])),
	});
	const marks = data.questions.filter((q) => q.kind === "detect" || q.kind === "busy")
		.map((q) => ({ t: q.limit_s, text: (q.kind === "busy" ? "limit with data: " : "limit: ") + span(q.limit_s), no: !q.yes }));

	return lifeChart([
		row("idle, before", before, "window_s", "measured_s"), row("idle, after", after, "window_s", "measured_s", true),
		row("data in flight, before", before, "unacked_window_s", "unacked_measured_s"),
		row("data in flight, after", after, "unacked_window_s", "unacked_measured_s", true),
	], marks, "when a dead peer is noticed, before and after");
}

function costs() {
	const period = (s) => between(s.period_s), number = (x) => x === null ? "" : String(+x.toPrecision(4));

	return table([["", ""], ["before", "num"], ["after", "num"]], [
		["nominal", before.nominal_s === null ? "never" : span(before.nominal_s), after.nominal_s === null ? "never" : span(after.nominal_s)],
		["alive and idle: a probe each", period(before), period(after)],
		["probes an hour, alive and idle", number(before.probes_per_hour_alive), number(after.probes_per_hour_alive)],
		["probes an hour, to a dead peer", number(before.probes_per_hour_dead), number(after.probes_per_hour_dead)],
	]);
}

function values() {
	const shown = Object.entries(data.values).filter(([key, v]) => /keepalive|retries2/.test(key) || v.before !== v.after || v.written !== "not written");
	const rows = shown.map(([key, v]) => [make("code", {}, key), String(v.before), make(v.before === v.after ? "span" : "b", {}, String(v.after)),
		v.from, v.written === "not written" ? "" : v.written]);

	if (data.user_timeout_ms) rows.push([make("code", {}, "TCP_USER_TIMEOUT"), "0", make("b", {}, String(data.user_timeout_ms)), "command line", "an option of the sockets (ms): no sysctl sets it"]);
	return table([["sysctl", ""], ["before", "num"], ["after", "num"], ["from", ""], ["on this kernel", ""]], rows);
}

const place = (l) => l.file + (l.line ? ":" + l.line : "");
const unused = () => table([["line", ""], ["sysctl", ""], ["why it is not used", ""]], data.lines.filter((l) => l.why !== null)
	.map((l) => [place(l), make("code", {}, l.key + (l.value === null ? "" : " = " + l.value)), l.why]));
const notes = () => table([["line", ""], ["text", ""], ["what becomes of it", ""]], data.notes.map((n) => [place(n), make("code", {}, n.text), n.why]));

// ---- what is proposed, what was tried ----------------------------------------------------------------------

function suggestion() {
	const s = data.suggestion;

	if (!s) return [];
	if (!s.needed) return [para("Nothing needs to change: no question is answered with no.")];
	if (!s.possible) return [para("There are no values that answer all questions with yes on every usual kernel: the questions exclude each other.")];
	return [...[["file", "a file in /etc/sysctl.d"], ["kubernetes", "Kubernetes (pod)"], ["docker", "Docker"]]
		.filter(([key]) => s[key]).flatMap(([key, caption]) => [make("h3", {}, caption), copyable(s[key].trim())]), ...replies(s.questions)];
}

function experiments() {
	const rows = data.trials.map((t) => {
		const show = t.row && storyOf(t.row, kernel, t.name, para(t.what));
		return [verdictWord(t.verdict || "not run"), opener(t.name, show), t.what, t.row && t.row.d !== undefined ? span(t.row.d) : t.row ? "lives" : "",
			t.row && t.row.w ? between(t.row.w) : ""];
	});
	return rows.length ? make("details", {}, make("summary", {}, rows.length + " experiments, each with its timeline"),
		table([["verdict", ""], ["experiment", "mono"], ["what it shows", "wide"], ["ended", "num"], ["window", "num wide"]], rows)) : null;
}

headline();
answer();
section("Questions", ...replies(data.questions, after));
section("When a dead peer is noticed", noticed(), costs(),
	para(faint("For sockets that say SO_KEEPALIVE and nothing else; seconds since the last segment received. The scale is logarithmic; a band is what the kernel's rules allow, a mark in it what was measured, an arrow: never.")));
section("Values", values());
section("Whom it reaches", para("Sockets that say SO_KEEPALIVE and set none of TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT themselves, in the network namespace where it is written."));
section("Who is not changed", list(data.unchanged.map((w) => make("span", {}, make("b", {}, w.who), w.tried ? ". Tried: " : ": ", w.shown + "."))));
section("To think about", list(data.findings.map((f) => make("span", {}, f.serious ? make("span", { class: "verdict fail" }, "serious") : null, f.serious ? ": " : "", `${f.finding}: ${f.reason} (${f.proof}).`))));
section("Lines that are not used", unused());
section("Lines that do not do what they seem to do, or not everywhere", notes());
section("Experiments that did not come out as computed", list(data.odd.map((o) => `${o.experiment}: ${o.verdict}: ${o.why}`)));
section("Suggestion", ...suggestion());
section("Experiments", experiments());
beginSheet();
