// open.mjs FILE: how long a page takes from the disk until it is loaded and a frame of it is drawn, ms: the median of five times.
import {chromium} from 'playwright-core';

const browser = await chromium.launch({executablePath: process.env.BROWSER}), times = [];
for (let i = 0; i < 5; i++) {
	const page = await browser.newPage();
	const begin = performance.now();
	await page.goto(`file://${process.argv[2]}`);
	await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
	times.push(performance.now() - begin);
	await page.close();
}
console.log(Math.round(times.sort((a, b) => a - b)[2]));
await browser.close();
