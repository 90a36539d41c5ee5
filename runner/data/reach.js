// What programs of node executed below one directory, from what V8 counted, in the lines that reach.py writes.
const fs = require('fs'), url = require('url');
const [, , where, root] = process.argv;

function tell(path, text, functions) {
	const counts = new Uint32Array(text.length + 1), inside = new Uint8Array(text.length + 1);
	const starts = [];
	let at = 0, last = 0;
	for (const line of text.split('\n')) {
		starts.push(at);
		at += line.length + 1;
	}
	const lineOf = (offset) => {
		let low = 0, high = starts.length;
		while (high - low > 1) {
			const mid = (low + high) >> 1;
			if (starts[mid] <= offset)
				low = mid;
			else
				high = mid;
		}
		return low + 1;
	};
	console.log(['P', 1, path].join('\t'));
	functions.forEach((f, i) => {
		for (const r of f.ranges)
			counts.fill(r.count, r.startOffset, r.endOffset);
		const whole = f.ranges[0];
		if (i && whole.count) {
			const name = f.functionName.replace(/[^\w.$#]/g, '');
			console.log(['D', ++last, 1, lineOf(whole.startOffset), name].join('\t'));
		}
		if (i)
			inside.fill(1, whole.startOffset, whole.endOffset);
	});
	starts.forEach((start, i) => {
		const first = start + text.slice(start, starts[i + 1]).search(/\S|$/);
		if (counts[first])
			console.log([inside[first] ? 'L' : 'M', 1, i + 1].join('\t'));
	});
}

for (const name of fs.existsSync(where) ? fs.readdirSync(where) : []) {
	let report;
	try {
		report = JSON.parse(fs.readFileSync(where + '/' + name, 'utf8'));
	} catch (e) {
		console.log('X'); // it was killed while it wrote
		continue;
	}
	for (const script of report.result || []) {
		const path = script.url.startsWith('file://') ? url.fileURLToPath(script.url) : '';
		if (!path.startsWith(root + '/') || /[\n\t]/.test(path))
			continue;
		let text;
		try {
			text = fs.readFileSync(path, 'utf8');
		} catch (e) {
			continue; // it is gone
		}
		// What was made of a file before it ran has its lines elsewhere: nothing is told of it.
		if (script.functions[0]?.ranges[0].endOffset !== text.length)
			continue;
		console.log('N');
		tell(path.slice(root.length + 1), text, script.functions);
	}
}
