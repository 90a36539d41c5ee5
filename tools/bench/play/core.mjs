// The scenarios of SCENARIOS in one process with one browser, a context each; what is kept of each step is written to /tmp/core.
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {chromium} from 'playwright-core';
import {act, keep} from './step.mjs';

const browser = await chromium.launch({executablePath: process.env.BROWSER});
for (const [n, scenario] of JSON.parse(readFileSync(process.env.SCENARIOS, 'utf8')).scenarios.entries()) {
	const context = await browser.newContext({baseURL: process.env.BASE_URL}), page = await context.newPage();
	const dir = `/tmp/core/${n}`, said = [];
	mkdirSync(dir, {recursive: true});
	page.on('console', (message) => said.push(['console', message.text()]));
	page.on('requestfinished', (request) => said.push(['request', request.url()]));
	for (const [i, step] of scenario.steps.entries()) {
		await act(page, step);
		await keep(page, (name, body) => writeFileSync(`${dir}/${i + 1}-${name}`, body));
	}
	writeFileSync(`${dir}/said.json`, JSON.stringify(said));
	await context.close();
}
await browser.close();
