// Put behind axe-core into a copy of a page: what it finds is said to the console, a line each.
addEventListener("load", async () => {
	const { violations } = await axe.run();
	for (const v of violations)
		console.log(`${v.id}: ${v.nodes.map((n) => n.html).join(" ").slice(0, 400)}`);
	console.log("axe: done");
});
