// Its defaults, with the trace on, on one worker, as `drydock qa play` has one browser.
import {defineConfig} from '@playwright/test';

export default defineConfig({
	testDir: '.',
	testMatch: process.env.TESTS || 'play.spec.mjs',
	outputDir: '/tmp/results',
	snapshotDir: '/tmp/snapshots',
	reporter: [['html', {outputFolder: '/tmp/report', open: 'never'}]],
	workers: 1,
	use: {baseURL: process.env.BASE_URL, trace: 'on', launchOptions: {executablePath: process.env.BROWSER}},
});
