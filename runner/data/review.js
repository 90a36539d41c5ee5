"use strict";
// The controls of a page of screens: ways to look at two pictures, and decisions that are saved as a file.
(() => {
	const links = [...document.querySelectorAll(".strip a")], groups = [...document.querySelectorAll(".group")];
	const whole = document.querySelector(".strip").dataset; // data-group: steps of a group, of which the last may have fewer
	const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
	const modes = ["side by side", "swipe", "blink", "overlay"];
	const decisions = new Map();
	let at = 0;

	const make = (tag, text, props) => Object.assign(document.createElement(tag), { textContent: text || "" }, props);
	const status = make("p", "", { className: "dim" });
	status.setAttribute("role", "status");

	// ---- what is text until it is looked at, or there is time: steps, by groups, and pictures
	const parsed = (kept) => new DOMParser().parseFromString(kept.textContent, "text/html").body;
	const load = (picture) => {
		if (!picture.src)
			picture.src = parsed(document.getElementById("kept-" + picture.dataset.picture)).querySelector("image").getAttribute("href");
	};
	const show = (step) => step.querySelectorAll("img").forEach(load);
	const place = (svg) => {
		const picture = make("img", "", { alt: svg.getAttribute("aria-label"), decoding: "async" });
		picture.dataset.picture = svg.dataset.picture;
		if (svg.getAttribute("width") > 0)
			for (const side of ["width", "height"])
				picture.setAttribute(side, svg.getAttribute(side));
		svg.replaceWith(picture);
	};
	const furnish = (group) => {
		const kept = group.querySelector("noscript");
		if (!kept)
			return;
		const body = parsed(kept);
		body.querySelectorAll("svg").forEach(place);
		kept.replaceWith(...body.childNodes);
		group.classList.remove("waiting");
		for (const step of group.querySelectorAll(".step")) {
			compare(step);
			judge(step);
			near.observe(step);
		}
	};
	const stepAt = (i) => {
		furnish(groups[Math.floor(i / whole.group)]);
		return document.getElementById(`step-${i + 1}`);
	};
	const indexOf = (id) => Number(id.replace(/^#?step-/, "")) - 1;
	const inTime = window.requestIdleCallback || ((f) => setTimeout(f, 1));
	const furnishFrom = (i) => {
		furnish(groups[i]);
		if (i + 1 < groups.length)
			inTime(() => furnishFrom(i + 1));
	};
	const sight = (what, margin) => {
		const seen = new IntersectionObserver((entries) => {
			for (const { target } of entries.filter((e) => e.isIntersecting)) {
				seen.unobserve(target);
				what(target);
			}
		}, { rootMargin: margin });
		return seen;
	};
	const near = sight(show, "50%"), nearGroups = sight(furnish, "50%");

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
	const tell = (step) => {
		const d = decisions.get(step);
		step.querySelector(".decided").textContent = d === "approve" ? "approved" : d ? "rejected" : "";
		status.textContent = `${decisions.size} of ${whole.decidable} decided`;
	};
	const decide = (step, what) => {
		if (!step.dataset.picture)
			return;
		if (what)
			decisions.set(step, what);
		else
			decisions.delete(step);
		tell(step);
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
		at = Math.max(0, Math.min(links.length - 1, i));
		const step = stepAt(at);
		show(step);
		history.replaceState(null, "", "#" + step.id);
		step.scrollIntoView({ block: "start" });
		step.focus({ preventScroll: true });
	};
	const keys = { n: () => go(at + 1), p: () => go(at - 1), a: () => decide(stepAt(at), "approve"),
		r: () => decide(stepAt(at), "reject"), u: () => decide(stepAt(at), ""), s: save };
	addEventListener("keydown", (e) => {
		if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA)$/.test(e.target.tagName) && e.target.type !== "range")
			return;
		const mode = modes[Number(e.key) - 1];
		if (mode)
			look(stepAt(at), mode);
		else if (keys[e.key])
			keys[e.key]();
		else
			return;
		e.preventDefault();
	});

	// ---- thumbnails of the strip, when they come into sight
	const thumb = (link) => {
		const of = stepAt(indexOf(link.hash)).querySelector(".after img");
		if (!of)
			return;
		const picture = make("img", "", { alt: "", decoding: "async" });
		picture.dataset.picture = of.dataset.picture;
		load(picture);
		link.prepend(picture);
	};

	if (!links.length)
		return;
	const bar = make("div", "", { className: "save" });
	const label = make("label", "Your name ");
	label.append(author);
	bar.append(label, make("button", "Save decisions", { type: "button", onclick: save }), status,
		make("p", "Keys: n and p next and previous, 1 to 4 ways to compare, a approve, r reject, u undo, s save.", { className: "dim" }));
	document.querySelector(".verdict").append(bar);
	for (const group of groups) {
		group.classList.add("waiting");
		nearGroups.observe(group);
	}
	furnishFrom(0);
	const strip = sight(thumb, "0%");
	links.forEach((link) => strip.observe(link));
	addEventListener("focusin", (e) => {
		const step = e.target.closest(".step");
		if (step)
			at = indexOf(step.id);
	});
	addEventListener("hashchange", () => links[indexOf(location.hash)] && go(indexOf(location.hash)));
	// Where a link leads is there before it is followed.
	document.querySelector(".strip").addEventListener("click", (e) => e.target.closest("a") && show(stepAt(indexOf(e.target.closest("a").hash))));
	addEventListener("beforeprint", () => links.forEach((_, i) => show(stepAt(i))));
	if (links[indexOf(location.hash)])
		go(indexOf(location.hash));
})();
