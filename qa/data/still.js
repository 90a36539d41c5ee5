// Run in a world of the driver's own, where the page's scripts cannot reach.  Makes the page hold still for a picture, and
// answers with what it could not do; the second function lets it go on.
((whole, limit) => {
	const unmet = [];
	const within = (promise, name) => Promise.race([promise.then(() => 0, () => unmet.push(name)),
		new Promise((resolve) => setTimeout(() => { unmet.push(name); resolve(); }, limit))]);
	const held = [];
	for (const a of of(document).getAnimations()) {
		const timing = a.effect && a.effect.getComputedTiming();
		if (timing && timing.endTime !== Infinity) {
			try { a.finish(); } catch (e) { a.cancel(); }
		} else {
			held.push([a, a.currentTime, a.playState]);
			a.pause();
			a.currentTime = 0;
		}
	}
	const sheet = new CSSStyleSheet();
	sheet.replaceSync('* { caret-color: transparent !important; }');
	of(document).adoptedStyleSheets = [...of(document).adoptedStyleSheets, sheet];
	window.release = () => {
		of(document).adoptedStyleSheets = of(document).adoptedStyleSheets.filter((s) => s !== sheet);
		for (const [a, time, state] of held) {
			a.currentTime = time;
			if (state === 'running')
				a.play();
		}
	};
	const images = [...of(document).images].slice(0, 2000);
	if (whole)
		for (const i of images)
			if (i.loading === 'lazy')
				i.loading = 'eager';
	const loading = images.filter((i) => i.currentSrc && (whole || i.loading !== 'lazy' || i.complete));
	return Promise.all([
		within(of(document).fonts.ready, 'fonts'),
		within(Promise.all(loading.map((i) => i.decode().catch(() => 0))), 'images'),
	]).then(() => ({unmet}));
})
