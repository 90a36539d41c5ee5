'use strict';
const ms = require('ms');

// From one high water to the next: half a lunar day.
const PERIOD = ms('12h') + ms('25m') + ms('14s');

// High waters between two moments in milliseconds, given one that is known.
exports.between = function between(known, from, to) {
	const first = known + Math.ceil((from - known) / PERIOD) * PERIOD;
	const times = [];
	for (let t = first; t < to; t += PERIOD) times.push(t);
	return times;
};
exports.describe = (duration) => ms(duration, { long: true });
