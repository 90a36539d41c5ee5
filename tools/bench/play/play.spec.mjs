// The scenarios of SCENARIOS as tests of the runner; EVIDENCE=all: with what `drydock qa play` keeps of each step attached.
import {readFileSync} from 'node:fs';
import {test} from '@playwright/test';
import {act, keep} from './step.mjs';

for (const scenario of JSON.parse(readFileSync(process.env.SCENARIOS, 'utf8')).scenarios)
	test(scenario.name, async ({page}) => {
		for (const [i, step] of scenario.steps.entries()) {
			await act(page, step);
			if (process.env.EVIDENCE === 'all')
				await keep(page, (name, body) => test.info().attach(`${i + 1}-${name}`, {body}));
		}
	});
