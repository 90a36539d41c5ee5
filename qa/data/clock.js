// Put into every document before its own scripts.  Time is the driver's: it moves only by tick(), in which timers and
// frames that are due run in order, so that the same page does the same each time, on a busy machine too.  Randomness is
// seeded.  A script that waits for time in a loop sees it pass, too.
((seed, epoch, start) => {
	if (window.__drydock)
		return;
	const real = {
		Date, raf: requestAnimationFrame.bind(window), Channel: MessageChannel,
		apply: Reflect.apply, construct: Reflect.construct, String,
	};
	let now = start, calls = 0, next = 1, frameStamp = 0, windows = 0;
	const timers = new Map(), frames = new Map();
	const read = () => {
		if (++calls > 10000)
			now += 1;
		return now;
	};

	// ---- clocks
	const today = () => epoch + Math.floor(read());
	const FakeDate = new Proxy(real.Date, {
		construct: (target, args, type) => real.construct(target, args.length ? args : [today()], type),
		apply: () => new real.Date(today()).toString(),
		get: (target, key, self) => key === 'now' ? dateNow : Reflect.get(target, key, self),
	});
	const dateNow = function now() { return today(); };
	real.Date.prototype.constructor = FakeDate;
	window.Date = FakeDate;
	Performance.prototype.now = function now() { return read() - start; };
	Object.defineProperty(Performance.prototype, 'timeOrigin', {get: () => epoch + start, configurable: true});

	// ---- timers
	const add = (map, entry) => { map.set(next, entry); return next++; };
	const timer = (repeat) => function (callback, delay, ...args) {
		delay = Math.max(+delay || 0, repeat ? 4 : 0);
		return add(timers, {at: now + delay, delay: repeat ? delay : -1, callback, args});
	};
	const clear = (id) => { timers.delete(+id); };
	window.setTimeout = timer(false);
	window.setInterval = timer(true);
	window.clearTimeout = window.clearInterval = clear;
	window.requestAnimationFrame = (callback) => {
		if (typeof callback !== 'function')
			throw new TypeError("Failed to execute 'requestAnimationFrame' on 'Window': parameter 1 is not of type 'Function'.");
		return add(frames, callback);
	};
	window.cancelAnimationFrame = (id) => { frames.delete(+id); };
	window.requestIdleCallback = (callback) => add(timers, {at: now + 1, delay: -1, args: [],
		callback: () => callback({didTimeout: false, timeRemaining: () => 10})});
	window.cancelIdleCallback = clear;

	const report = (error) => { typeof reportError === 'function' ? reportError(error) : console.error(error); };
	const run = (callback, args) => {
		calls = 0;
		try {
			typeof callback === 'function' ? real.apply(callback, window, args) : (0, eval)(real.String(callback));
		} catch (error) {
			report(error);
		}
	};
	const due = (limit) => {
		let best = 0;
		for (const [id, t] of timers)
			if (t.at <= limit && (!best || t.at < timers.get(best).at))
				best = id;
		return best;
	};
	// Promises that a callback settled have their turn before the next one.
	const channel = new real.Channel(), waiting = [];
	channel.port1.onmessage = () => waiting.shift()();
	const breathe = () => new Promise((resolve) => { waiting.push(resolve); channel.port2.postMessage(0); });
	const runTimers = async (limit) => {
		for (let id, n = 0; (id = due(limit)) && n < 1000; n++) {
			const t = timers.get(id);
			now = Math.max(now, t.at);
			if (t.delay < 0)
				timers.delete(id);
			else
				t.at = now + t.delay;
			run(t.callback, t.args);
			await breathe();
		}
		now = Math.max(now, limit);
	};
	const isIdle = (ms) => !frames.size && !due(now + ms);
	const pass = async (ms) => {
		const end = now + ms;
		while (now < end) {
			frameStamp = Math.max(frameStamp, now) + 1000 / 60;
			await runTimers(Math.min(frameStamp, end));
			const batch = [...frames];
			frames.clear();
			for (const [, callback] of batch)
				run(callback, [now - start]);
			if (batch.length)
				await breathe();
		}
		calls = windows = 0;
		await new Promise((resolve) => { let over = false; const end = () => { over || (over = true, resolve()); };
			real.raf(end); breathe().then(breathe).then(breathe).then(end); });
	};
	// One tick; behind it up to n in all, for as long as none of them has anything to run.  Says how many have passed.
	const tick = async (ms, n) => {
		let passed = 1;
		for (await pass(ms); passed < n && isIdle(ms * (n - passed)); passed++)
			await pass(ms);
		return passed;
	};

	// ---- windows: a blocker of floods
	const open = window.open.bind(window);
	window.open = (...args) => ++windows > 10 ? null : open(...args);

	// ---- randomness (mulberry32)
	let state = seed >>> 0;
	const random32 = () => {
		state = (state + 0x6D2B79F5) >>> 0;
		let t = state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return (t ^ (t >>> 14)) >>> 0;
	};
	Math.random = function random() { return random32() / 4294967296; };
	Crypto.prototype.getRandomValues = function getRandomValues(array) {
		const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
		for (let i = 0; i < bytes.length; i++)
			bytes[i] = random32();
		return array;
	};
	Crypto.prototype.randomUUID = function randomUUID() {
		const b = this.getRandomValues(new Uint8Array(16));
		b[6] = b[6] & 15 | 64;
		b[8] = b[8] & 63 | 128;
		const hex = [...b].map((x) => x.toString(16).padStart(2, '0')).join('');
		return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
	};
	Object.defineProperty(window, '__drydock', {value: {tick}});
})
