// One step of a scenario, as Playwright does it.
export async function act(page, step) {
	const by = (t) => page.getByRole(t.role, {name: t.name, exact: true});
	if (step.go)
		await page.goto(step.go);
	else if (step.click)
		await by(step.click).click();
	else if (step.type)
		await by(step.type).fill(step.type.text);
	else if (step.expect)
		await page.getByText(step.expect.text, {exact: true}).first().waitFor({timeout: 5000});
}

// What `drydock qa play` keeps of a step, as far as Playwright has it: a picture of the window and one of the whole page,
// the tree, the document.  Console and requests are listened to.
export async function keep(page, to) {
	const picture = await page.screenshot({animations: 'disabled'});
	const whole = await page.screenshot({animations: 'disabled', fullPage: true});
	await to('picture.png', picture);
	await to('whole.png', whole);
	await to('tree.yaml', Buffer.from(await page.locator('body').ariaSnapshot()));
	await to('dom.html', Buffer.from(await page.content()));
}
