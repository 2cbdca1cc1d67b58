// SPDX-License-Identifier: GPL-2.0-or-later
// The pages in a real browser: node page.js CHROMIUM FOLDER SHOTS. FOLDER holds one.html (one kernel),
// two.html (two kernels), hostile.html and big.html of runs, compare.html and compare_hostile.html, sysctl.html and program.html. One line for each thing that was looked at, as the
// shell tests print it.
"use strict";
const { chromium } = require("playwright-core");
const [, , browserPath, folder, shots] = process.argv;
let failures = 0, checks = 0;

function is(what, got, wanted) {
	const good = typeof wanted === "function" ? wanted(got) : got === wanted;
	checks++;
	failures += !good;
	console.log(good ? `ok       ${what}` : `NOT OK   ${what}\n         | got ${JSON.stringify(got)}`);
}

const count = (page, selector) => page.locator(selector).count();
const found = (page) => page.textContent("#found");

async function openPage(browser, name, options, ready) {
	const page = await browser.newPage({ viewport: { width: 1400, height: 900 }, ...options });
	page.trouble = [];
	page.on("console", (m) => page.trouble.push(m.text()));
	page.on("pageerror", (e) => page.trouble.push(e.message));
	page.on("dialog", (d) => {
		page.trouble.push("dialog " + d.message());
		d.dismiss();
	});
	page.on("request", (r) => r.url().startsWith("http") && page.trouble.push("asks for " + r.url()));
	const began = Date.now();
	await page.goto(`file://${folder}/${name}.html`);
	await page.waitForSelector(ready || ".line[data-name]");
	page.took = Date.now() - began;
	return page;
}

async function shot(page, name) {
	if (shots) await page.screenshot({ path: `${shots}/${name}.png` });
}

async function onOneKernel(browser) {
	const page = await openPage(browser, "one");
	const all = +(await found(page)).split(" ")[0];

	is("one: every instance", await found(page), `${all} of ${all} instances`);
	is("one: no errors", page.trouble.join(), "");
	await shot(page, "list");
	await page.keyboard.press("/");
	await page.keyboard.type("silent_drop/1-1-3/v4 client");
	is("one: the filter", await found(page), `1 of ${all} instances`);
	await page.fill("#filter", "");
	await page.click("button[data-chip=pass]");
	is("one: without passes", await count(page, ".line[data-name] .pass"), 0);
	await page.click("button[data-chip=pass]");
	await page.click("button[data-theme=silent_drop]");
	is("one: a theme", await count(page, ".line[data-name]:not([data-name^=silent_drop])"), 0);
	await page.click("button[data-sort=d]");
	const sorted = await page.$$eval(".line[data-name]", (lines) => lines.map((l) => parseFloat(l.children[2].textContent)));
	is("one: sorted by detection", sorted.filter((d) => d === d), (d) => d.every((x, i) => !i || d[i - 1] <= x));
	await page.fill("#filter", "silent_drop/1-1-3/v4/client");
	await page.keyboard.press("Escape");
	await page.keyboard.press("j");
	await page.keyboard.press("Enter");
	is("one: open", await page.locator("#dialog[open]").count(), 1);
	is("one: opened by keyboard", await page.textContent("#title"), "silent_drop/1-1-3/v4/client");
	const picture = page.locator("#detail svg").last();
	is("one: three probes in the picture", await picture.locator("text=/^probe [123]$/").count(), 3);
	is("one: lost on the way", await picture.locator(".lost").count(), (n) => n >= 4);
	is("one: the window in it", await picture.locator(".band").count(), 1);
	is("one: the arithmetic", await page.textContent("#detail dl"), (t) => /1 \+ 1 \* 3 = 4 s/.test(t));
	is("one: the command", await page.textContent("#detail pre >> nth=-1"), (t) => /^kacheck run .*--filter 'silent_drop\/1-1-3\/v4\/client'/.test(t));
	await shot(page, "detail");
	is("one: the address names it", decodeURIComponent(await page.evaluate(() => location.hash)), "#silent_drop/1-1-3/v4/client");
	await page.keyboard.press("Escape");
	is("one: closed", await page.locator("#dialog[open]").count(), 0);
	is("one: charts", await count(page, "#charts svg"), 2);
	await page.click("#colours");
	is("one: the other colours", await page.getAttribute("html", "data-theme"), "dark");
	await shot(page, "dark");
	is("one: still no errors", page.trouble.join(), "");
	await page.close();
}

async function onTwoKernels(browser) {
	const page = await openPage(browser, "two");

	is("two: a column for each kernel", await count(page, "#head button"), 3);
	is("two: both in the list of kernels", await count(page, "#kernels tr"), 2);
	await page.click("button[data-chip='kernels differ']");
	is("two: what differs", await count(page, ".line[data-name]"), 1);
	await page.click(".line[data-name]");
	is("two: both stories", await count(page, "#detail section"), 2);
	is("two: the failure's finding", await page.textContent("#detail"), (t) => /end_late/.test(t));
	await shot(page, "two");
	is("two: no errors", page.trouble.join(), "");
	await page.close();
}

async function onHostile(browser) {
	const page = await openPage(browser, "hostile");

	is("hostile: shown as text", await page.textContent(".line[data-name]"), (t) => t.includes("</script>"));
	await page.click(".line[data-name]");
	is("hostile: nothing ran", await page.evaluate(() => window.owned), undefined);
	is("hostile: no element of it", await count(page, "main img, dialog img, dialog b"), 0);
	is("hostile: no errors", page.trouble.join(), "");
	await page.close();
}

async function onComparison(browser) {
	const page = await openPage(browser, "compare");

	is("compare: the headline counts", await page.textContent("#headline"),
		"1 regressed, 1 moved, 1 changed, 1 fixed, 1 vanished, 1 new · 61 instances");
	is("compare: what matters most comes first", await page.$$eval(".line[data-name]", (l) => l.map((e) => e.children[0].textContent).join()),
		"regressed,moved,changed,fixed,vanished,new");
	is("compare: how many are left out", await page.textContent("#left-out"), (t) => /^55 instances/.test(t));
	await shot(page, "compare");
	await page.click("button[data-chip=new]");
	is("compare: without the new one", await count(page, ".line[data-name]"), 5);
	await page.fill("#filter", "econnreset");
	is("compare: the filter looks into changes", await count(page, ".line[data-name]"), 1);
	await page.fill("#filter", "");
	await page.focus("#scroll");
	await page.keyboard.press("j");
	await page.keyboard.press("Enter");
	is("compare: opened by keyboard", await page.textContent("#title"), "silent_drop/1-1-3/v4/client");
	is("compare: two sides", await count(page, "#detail .side"), 2);
	const [left, right] = await page.$$eval("#detail .side", (sides) => sides.map((e) => e.getBoundingClientRect().x));
	is("compare: side by side", right - left, (d) => d > 300);
	is("compare: both timelines", await count(page, "#detail svg[aria-label^=what]"), 2);
	is("compare: the failure's finding", await page.textContent("#detail .side >> nth=1"), (t) => /end_late/.test(t));
	is("compare: how to run both again", await page.$$eval("#detail pre", (p) => p.filter((e) => /^kacheck run/.test(e.textContent)).length), 2);
	await shot(page, "compare-detail");
	await page.keyboard.press("j");
	is("compare: on to the next", await page.textContent("#title"), "silent_drop/1-1-1/v6/client");
	is("compare: whose address it is", decodeURIComponent(await page.evaluate(() => location.hash)), "#silent_drop/1-1-1/v6/client");
	await page.keyboard.press("Escape");
	await page.click(".line[data-name='silent_drop/2-1-3/v4/client']");
	is("compare: vanished has one story", await page.textContent("#detail .side >> nth=1"), (t) => /no such instance/.test(t));
	is("compare: no errors", page.trouble.join(), "");
	await page.close();

	const hostile = await openPage(browser, "compare_hostile");
	await hostile.fill("#filter", "owned");
	await hostile.click(".line[data-name*=owned]");
	is("compare: hostile text is text", await hostile.textContent("#title"), (t) => t.includes("</script>"));
	is("compare: nothing ran", await hostile.evaluate(() => window.owned), undefined);
	is("compare: no element of it", await count(hostile, "main img, dialog img, dialog b, header img"), 0);
	is("compare: no errors of it", hostile.trouble.join(), "");
	await hostile.close();
}

// The file has a hostile name, and the program says such a thing.
const attack = "<img src=x onerror=owned=1>";

async function onRollout(browser) {
	const page = await openPage(browser, "sysctl", {}, ".reply");

	is("sysctl: the answer", await page.textContent("#banner"), "NO: 1 of 2 questions is answered with no");
	is("sysctl: each question", await page.$$eval("#Questions .reply > :first-child", (e) => e.map((x) => x.textContent).join()), "yes,NO");
	is("sysctl: the limit in the picture", await count(page, "#Questions svg .limit.no"), 1);
	const chart = page.locator("svg[aria-label^='when a dead peer']");
	is("sysctl: before and after, idle and not", await chart.locator("text=/^(idle|data in flight), (before|after)$/").count(), 4);
	is("sysctl: after is measured within its band", await chart.evaluate((svg) => {
		const band = svg.querySelectorAll(".band")[1].getBoundingClientRect(), end = svg.querySelector("line.out").getBoundingClientRect();
		return end.x >= band.x - 1 && end.x <= band.right + 1;
	}), true);
	is("sysctl: values of each key", await page.textContent("#Values"), (t) => /net\.ipv4\.tcp_keepalive_time72001/.test(t));
	is("sysctl: whom not", await page.$$eval("[id='Who is not changed'] li", (e) => e.length), 4);
	is("sysctl: what is proposed can be copied", await page.textContent("#Suggestion pre"), (t) => /tcp_keepalive_/.test(t));
	is("sysctl: a name is text", await page.textContent("h1 code"), (t) => t.includes(attack));
	await page.click("#Experiments summary");
	await page.focus("button.story >> nth=0");
	await page.keyboard.press("Enter");
	is("sysctl: the timeline of an experiment", await count(page, "#detail svg[aria-label^=what]"), 1);
	await page.keyboard.press("Escape");
	is("sysctl: nothing ran", await page.evaluate(() => window.owned), undefined);
	is("sysctl: no element of it", await count(page, "img"), 0);
	is("sysctl: no errors", page.trouble.join(), "");
	await page.evaluate(() => scrollTo(0, 0));
	await shot(page, "sysctl");
	await page.setViewportSize({ width: 360, height: 740 });
	is("sysctl: 360 px", await page.evaluate(() => document.documentElement.scrollWidth), (w) => w <= 360);
	await shot(page, "sysctl-narrow");
	await page.close();
}

async function onProgram(browser) {
	const page = await openPage(browser, "program", {}, ".story");

	is("program: the answer", await page.textContent("#banner"), "NO: 1 of 2 demands is not met");
	is("program: what was demanded", await page.$$eval(".reply > :first-child", (e) => e.map((x) => x.textContent).join()), "yes,NO");
	is("program: a scenario is a row", await page.textContent("tr:has(button:text-is('silent, idle'))"), (t) => /4\.\d+ s/.test(t));
	is("program: with its life", await count(page, "tr:has(button:text-is('silent, idle')) svg.life .band"), 1);
	is("program: what would help", await page.textContent("h3:text-is('What would help') + ul"), (t) => /TCP_USER_TIMEOUT/.test(t));
	await page.focus("button.story:text-is('silent, idle')");
	await page.keyboard.press("Enter");
	is("program: its timeline", await page.locator("#detail svg").last().locator("text=/^probe [12]$/").count(), 2);
	is("program: what arrived is not lost", await page.locator("#detail svg").last().evaluate((svg) => svg.querySelectorAll(".lost").length), (n) => n >= 2 && n <= 4);
	is("program: what it says is text", await page.textContent("#detail"), (t) => t.includes(attack));
	await shot(page, "program-detail");
	await page.keyboard.press("Escape");
	is("program: nothing ran", await page.evaluate(() => window.owned), undefined);
	is("program: no element of it", await count(page, "img"), 0);
	is("program: no errors", page.trouble.join(), "");
	await page.evaluate(() => scrollTo(0, 0));
	await shot(page, "program");
	await page.click("#colours");
	is("program: the other colours", await page.getAttribute("html", "data-theme"), "dark");
	await page.setViewportSize({ width: 360, height: 740 });
	is("program: 360 px", await page.evaluate(() => document.documentElement.scrollWidth), (w) => w <= 360);
	await shot(page, "program-narrow");
	await page.emulateMedia({ media: "print" });
	is("program: printed without buttons of the page", await page.locator("#colours").isVisible(), false);
	await page.close();
}

async function onNarrow(browser) {
	const page = await openPage(browser, "one", { viewport: { width: 360, height: 740 }, colorScheme: "dark" });

	is("360 px: nothing sticks out", await page.evaluate(() => document.documentElement.scrollWidth), (w) => w <= 360);
	await page.click(".line[data-name]");
	is("360 px: the story fits", await page.evaluate(() => document.getElementById("dialog").scrollWidth), (w) => w <= 360);
	await shot(page, "narrow");
	await page.close();
	const both = await openPage(browser, "compare", { viewport: { width: 360, height: 740 } });
	is("360 px: compare fits", await both.evaluate(() => document.documentElement.scrollWidth), (w) => w <= 360);
	await both.click(".line[data-name]");
	is("360 px: one side below the other", await both.$$eval("#detail .side", (sides) => sides[0].getBoundingClientRect().x === sides[1].getBoundingClientRect().x), true);
	is("360 px: both stories fit", await both.evaluate(() => document.getElementById("dialog").scrollWidth), (w) => w <= 360);
	await shot(both, "compare-narrow");
	await both.close();
}

async function onMany(browser) {
	const page = await openPage(browser, "big");

	is("ten thousand: there", await found(page), (t) => +t.split(" ")[0] >= 10000);
	console.log(`info     ten thousand results open in ${page.took} ms`);
	is("ten thousand: few lines in the document", await count(page, ".line[data-name]"), (n) => n < 100);
	await page.evaluate(() => { document.getElementById("scroll").scrollTop = 1e7; });
	await page.waitForFunction(() => document.querySelector(".line[data-name]").id !== "line0");
	is("ten thousand: no errors", page.trouble.join(), "");
	await page.emulateMedia({ media: "print" });
	await page.close();
}

(async () => {
	const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
	for (const test of [onOneKernel, onTwoKernels, onHostile, onComparison, onRollout, onProgram, onNarrow, onMany]) await test(browser);
	await browser.close();
	console.log(`${checks} checks, ${failures} failed`);
	process.exit(failures ? 1 : 0);
})().catch((e) => {
	console.log("NOT OK   " + e.message);
	process.exit(1);
});
