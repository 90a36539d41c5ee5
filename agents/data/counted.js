// The lines of some files that programs of node executed, from what V8 counted, as "L<tab>path<tab>line<tab>count".
const fs = require('fs'), url = require('url');
const where = process.env.DRYDOCK_COUNTED;
const wanted = fs.readFileSync(where + '/files', 'utf8').split('\n').filter((p) => p);
const nothing = /^([\]})\];,]*|\/\/.*|\/\*.*|\*.*)$/;

function tell(path, functions) {
	const text = fs.readFileSync(path, 'utf8');
	const counts = new Array(text.length).fill(0);
	for (const f of functions)
		for (const r of f.ranges)
			counts.fill(r.count, r.startOffset, r.endOffset);
	let at = 0;
	text.split('\n').forEach((line, i) => {
		const first = at + line.search(/\S|$/);
		if (!nothing.test(line.trim()))
			console.log(['L', path, i + 1, counts[first] || 0].join('\t'));
		at += line.length + 1;
	});
}

for (const name of fs.existsSync(where + '/v8') ? fs.readdirSync(where + '/v8') : []) {
	let report;
	try {
		report = JSON.parse(fs.readFileSync(where + '/v8/' + name, 'utf8'));
	} catch (e) {
		continue;
	}
	for (const script of report.result) {
		const path = script.url.startsWith('file://') ? url.fileURLToPath(script.url) : '';
		if (wanted.includes(path))
			tell(path, script.functions);
	}
}
