"use strict";
// The controls of a page of screens: ways to look at two pictures, and decisions that are saved as a file.
(() => {
	const steps = [...document.querySelectorAll(".step")];
	const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
	const modes = ["side by side", "swipe", "blink", "overlay"];
	const decisions = new Map();
	let at = 0;

	const make = (tag, text, props) => Object.assign(document.createElement(tag), { textContent: text || "" }, props);
	const status = make("p", "", { className: "dim" });
	status.setAttribute("role", "status");

	// ---- ways to look
	const look = (step, mode) => {
		const box = step.querySelector(".compare");
		if (!box)
			return;
		box.dataset.mode = mode;
		clearInterval(box.timer);
		box.classList.remove("flip");
		for (const b of step.querySelectorAll(".modes button"))
			b.setAttribute("aria-pressed", String(b.textContent === mode));
		step.querySelector(".modes input").disabled = mode !== "swipe" && mode !== "overlay";
		slide(step);
		if (mode === "blink" && !still)
			box.timer = setInterval(() => box.classList.toggle("flip"), 700);
	};
	const slide = (step) => {
		const box = step.querySelector(".compare"), v = Number(step.querySelector(".modes input").value);
		const after = box.querySelector(".after .frame");
		after.style.clipPath = box.dataset.mode === "swipe" ? `inset(0 0 0 ${v}%)` : "";
		after.style.opacity = box.dataset.mode === "overlay" ? String(v / 100) : "";
	};
	const together = (step) => {
		const frames = [...step.querySelectorAll(".frame")];
		for (const f of frames)
			f.addEventListener("scroll", () => {
				for (const o of frames)
					if (o !== f && (o.scrollTop !== f.scrollTop || o.scrollLeft !== f.scrollLeft))
						o.scrollTo(f.scrollLeft, f.scrollTop);
			}, { passive: true });
	};
	const compare = (step) => {
		const box = step.querySelector(".compare");
		if (!box)
			return;
		const bar = make("div", "", { className: "modes" });
		bar.setAttribute("role", "group");
		bar.setAttribute("aria-label", "Way to compare");
		for (const m of modes) {
			const b = make("button", m, { type: "button" });
			b.onclick = () => m === "blink" && box.dataset.mode === m ? box.classList.toggle("flip") : look(step, m);
			bar.append(b);
		}
		const range = make("input", "", { type: "range", min: 0, max: 100, value: 50 });
		range.setAttribute("aria-label", "How much of the new picture");
		range.oninput = () => slide(step);
		bar.append(range);
		box.before(bar);
		together(step);
		look(step, modes[0]);
	};

	// ---- decisions
	const show = (step) => {
		const d = decisions.get(step);
		step.querySelector(".decided").textContent = d === "approve" ? "approved" : d ? "rejected" : "";
		status.textContent = `${decisions.size} of ${steps.filter((s) => s.dataset.picture).length} decided`;
	};
	const decide = (step, what) => {
		if (!step.dataset.picture)
			return;
		if (what)
			decisions.set(step, what);
		else
			decisions.delete(step);
		show(step);
	};
	const author = make("input", "", { type: "text", id: "author" });
	const save = () => {
		const list = [];
		for (const [step, decision] of decisions) {
			const reason = step.querySelector(".reason").value.trim();
			if (!reason) {
				status.textContent = "A decision needs a reason.";
				step.querySelector(".reason").focus();
				return;
			}
			list.push({ case: step.dataset.case, environment: step.dataset.environment,
				picture: step.dataset.picture, decision, reason });
		}
		if (!author.value.trim() || !list.length) {
			status.textContent = list.length ? "Who decides?" : "Nothing is decided.";
			author.focus();
			return;
		}
		const text = JSON.stringify({ drydock_decisions: 1, author: author.value.trim(), decisions: list }, null, 2);
		const link = make("a", "", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: "decisions.json" });
		link.click();
		URL.revokeObjectURL(link.href);
		status.textContent = "Saved: drydock qa decide decisions.json applies it.";
	};
	const judge = (step) => {
		if (!step.dataset.picture)
			return;
		const bar = make("div", "", { className: "judge" });
		const label = make("label", "Reason ");
		label.append(make("input", "", { type: "text", className: "reason" }));
		for (const [text, what] of [["Approve", "approve"], ["Reject", "reject"], ["Undo", ""]]) {
			const b = make("button", text, { type: "button" });
			b.onclick = () => decide(step, what);
			bar.append(b);
		}
		bar.append(label, make("strong", "", { className: "decided" }));
		step.append(bar);
	};

	// ---- moving about
	const go = (i) => {
		at = Math.max(0, Math.min(steps.length - 1, i));
		history.replaceState(null, "", "#" + steps[at].id);
		steps[at].scrollIntoView({ block: "start" });
		steps[at].focus({ preventScroll: true });
	};
	const keys = { n: () => go(at + 1), p: () => go(at - 1), a: () => decide(steps[at], "approve"),
		r: () => decide(steps[at], "reject"), u: () => decide(steps[at], ""), s: save };
	addEventListener("keydown", (e) => {
		if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA)$/.test(e.target.tagName) && e.target.type !== "range")
			return;
		const mode = modes[Number(e.key) - 1];
		if (mode)
			look(steps[at], mode);
		else if (keys[e.key])
			keys[e.key]();
		else
			return;
		e.preventDefault();
	});

	// ---- thumbnails of the strip, when they come into sight
	const seen = new IntersectionObserver((entries) => {
		for (const e of entries) {
			const picture = document.querySelector(e.target.hash + " .after img");
			if (!e.isIntersecting || !picture)
				continue;
			seen.unobserve(e.target);
			e.target.prepend(make("img", "", { src: picture.src, alt: "" }));
		}
	});

	if (!steps.length)
		return;
	steps.forEach((step, i) => {
		compare(step);
		judge(step);
		step.addEventListener("focusin", () => { at = i; });
	});
	for (const a of document.querySelectorAll(".strip a"))
		seen.observe(a);
	const bar = make("div", "", { className: "save" });
	const label = make("label", "Your name ");
	label.append(author);
	bar.append(label, make("button", "Save decisions", { type: "button", onclick: save }), status,
		make("p", "Keys: n and p next and previous, 1 to 4 ways to compare, a approve, r reject, u undo, s save.", { className: "dim" }));
	document.querySelector(".verdict").append(bar);
	const first = steps.findIndex((s) => "#" + s.id === location.hash);
	if (first > 0)
		at = first;
})();
